//! Faults that tests bring about on purpose (`cluster/failure-test`).

use parking_lot::Mutex;

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failpoint {
    /// The leader dies instead of sending entries.
    CrashBeforeSendingAppendRequest,
    /// The leader dies right after it sent entries.
    CrashAfterSendingAppendRequest,
    /// The leader dies instead of answering a forwarded request.
    CrashBeforeSendingExecuteCommandReply,
    /// The leader dies right after it answered a forwarded request.
    CrashAfterSendingExecuteCommandReply,
    /// A follower dies instead of forwarding a request.
    CrashBeforeSendingExecuteCommandRequest,
    /// A follower dies right after it forwarded a request.
    CrashAfterSendingExecuteCommandRequest,
    /// A follower dies when the leader lets it know that entries are committed.
    CrashAfterReceivingAppendRequestUpdate,
    /// A follower dies instead of confirming a snapshot.
    CrashBeforeSendingInstallSnapshotReply,
    /// The next election of this member comes late.
    DelayElection,
    /// A candidate asks nobody for a vote.
    DontSendVoteRequest,
    /// Nothing is sent to peers, and what they send is not heard.
    StopRaftRpc,
    /// The leader hands over at once.
    TransferLeadership,
    /// The leader hands over once it has sent entries.
    TransferLeadershipAfterSendingAppendRequest,
    /// The leader hands over once it begins to take a server in.
    TransferLeadershipAfterStartingToAdd,
}

/// Every fault under the name by which it is asked for.
const NAMES: [(&str, Failpoint); 14] = [
    (
        "crash-before-sending-append-request",
        Failpoint::CrashBeforeSendingAppendRequest,
    ),
    (
        "crash-after-sending-append-request",
        Failpoint::CrashAfterSendingAppendRequest,
    ),
    (
        "crash-before-sending-execute-command-reply",
        Failpoint::CrashBeforeSendingExecuteCommandReply,
    ),
    (
        "crash-after-sending-execute-command-reply",
        Failpoint::CrashAfterSendingExecuteCommandReply,
    ),
    (
        "crash-before-sending-execute-command-request",
        Failpoint::CrashBeforeSendingExecuteCommandRequest,
    ),
    (
        "crash-after-sending-execute-command-request",
        Failpoint::CrashAfterSendingExecuteCommandRequest,
    ),
    (
        "crash-after-receiving-append-request-update",
        Failpoint::CrashAfterReceivingAppendRequestUpdate,
    ),
    (
        "crash-before-sending-install-snapshot-reply",
        Failpoint::CrashBeforeSendingInstallSnapshotReply,
    ),
    ("delay-election", Failpoint::DelayElection),
    ("dont-send-vote-request", Failpoint::DontSendVoteRequest),
    ("stop-raft-rpc", Failpoint::StopRaftRpc),
    ("transfer-leadership", Failpoint::TransferLeadership),
    (
        "transfer-leadership-after-sending-append-request",
        Failpoint::TransferLeadershipAfterSendingAppendRequest,
    ),
    (
        "transfer-leadership-after-starting-to-add",
        Failpoint::TransferLeadershipAfterStartingToAdd,
    ),
];

/// A name of no fault.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown test scenario")]
pub struct UnknownScenario;

/// The fault that is brought about at present: one at most.
#[derive(Debug, Default)]
pub struct Failpoints(Mutex<Option<Failpoint>>);

impl Failpoints {
    /// Engages the fault of that name in place of the one before; `clear` leaves none.
    pub fn engage(&self, scenario: &str) -> Result<Option<Failpoint>, UnknownScenario> {
        let engaged = match scenario {
            "clear" => None,
            name => {
                let found = NAMES.iter().find(|(known, _)| *known == name);
                Some(found.ok_or(UnknownScenario)?.1)
            }
        };
        *self.0.lock() = engaged;
        Ok(engaged)
    }

    /// Whether this fault is engaged.
    pub(crate) fn is(&self, failpoint: Failpoint) -> bool {
        *self.0.lock() == Some(failpoint)
    }
}
