//! Faults that tests bring about on purpose (`cluster/failure-test`).
//!
//! In: a scenario's name. Out: at the places in this crate that ask, a crash of the process, a delay or a silence.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::types::ServerId;

/// How often what is stalled looks whether it may go on.
const STALL: Duration = Duration::from_millis(10);

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failpoint {
    /// The leader dies instead of sending entries.
    CrashBeforeSendingAppendRequest = 1,
    /// The leader dies once it has sent entries to all.
    CrashAfterSendingAppendRequest,
    /// The leader dies when it would let the asker of a forwarded request know that it was executed.
    CrashBeforeSendingExecuteCommandReply,
    /// The leader dies right after that.
    CrashAfterSendingExecuteCommandReply,
    /// A follower dies instead of forwarding a request.
    CrashBeforeSendingExecuteCommandRequest,
    /// A follower dies right after it forwarded a request.
    CrashAfterSendingExecuteCommandRequest,
    /// A follower dies when it gets entries, before it has written them.
    CrashAfterReceivingAppendRequestUpdate,
    /// A follower dies instead of confirming a snapshot, and a server that joins instead of confirming its first entries.
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

/// What is done before the process dies: what its supervisor and its clients look for goes away.
pub type CrashHook = Box<dyn Fn() + Send + Sync>;

/// The fault that is brought about at present: one at most.
#[derive(Default)]
pub struct Failpoints {
    engaged: AtomicU8,
    /// To hand over leadership is asked for.
    pub(crate) transfer: Notify,
    /// How many voters there are besides this member.
    pub(crate) n_others: AtomicUsize,
    /// Who was sent entries since the fault was engaged.
    sent: Mutex<BTreeSet<ServerId>>,
    hook: Mutex<Option<CrashHook>>,
}

impl Failpoints {
    /// Engages the fault of that name in place of the one before; `clear` leaves none.
    pub fn engage(&self, scenario: &str) -> Result<(), UnknownScenario> {
        let engaged = match scenario {
            "clear" => 0,
            name => {
                let found = NAMES.iter().find(|(known, _)| *known == name);
                found.ok_or(UnknownScenario)?.1 as u8
            }
        };
        self.sent.lock().clear();
        self.engaged.store(engaged, Ordering::Release);
        if engaged == Failpoint::TransferLeadership as u8 {
            self.hand_over();
        }
        Ok(())
    }

    /// Sets what is done before the process dies.
    pub fn on_crash(&self, hook: CrashHook) {
        *self.hook.lock() = Some(hook);
    }

    /// Whether this fault is engaged.
    pub(crate) fn is(&self, failpoint: Failpoint) -> bool {
        self.engaged.load(Ordering::Acquire) == failpoint as u8
    }

    /// Dies here if this fault is engaged.
    pub(crate) fn crash(&self, failpoint: Failpoint) {
        if self.is(failpoint) {
            tracing::error!(target: "raft", "failure test: {failpoint:?}");
            self.vanish();
            std::process::abort();
        }
    }

    /// It is about to die: what others see of the process goes already.
    pub(crate) fn vanish(&self) {
        if let Some(hook) = &*self.hook.lock() {
            hook();
        }
    }

    /// Entries were sent to a server. The fault strikes once all others have them; until then their answers must not be
    /// heard.
    pub(crate) async fn sent_append(&self, to: ServerId) {
        if self.is(Failpoint::TransferLeadershipAfterSendingAppendRequest) {
            self.hand_over();
        }
        if !self.is(Failpoint::CrashAfterSendingAppendRequest) {
            return;
        }
        let n_sent = {
            let mut sent = self.sent.lock();
            sent.insert(to);
            sent.len()
        };
        if n_sent >= self.n_others.load(Ordering::Acquire) {
            self.crash(Failpoint::CrashAfterSendingAppendRequest);
        }
        while self.is(Failpoint::CrashAfterSendingAppendRequest) {
            tokio::time::sleep(STALL).await;
        }
    }

    /// A server is being added.
    pub(crate) fn adding(&self) {
        if self.is(Failpoint::TransferLeadershipAfterStartingToAdd) {
            self.hand_over();
        }
    }

    /// Waits for as long as nothing is to be heard from peers or sent to them.
    pub(crate) async fn stall(&self) {
        while self.is(Failpoint::StopRaftRpc) {
            tokio::time::sleep(STALL).await;
        }
    }

    fn hand_over(&self) {
        self.engaged.store(0, Ordering::Release);
        self.transfer.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_go_by_their_names() {
        let failpoints = Failpoints::default();
        for (name, failpoint) in NAMES {
            assert_eq!(failpoints.engage(name), Ok(()));
            // This one is over at once: what it does is under way.
            let over = failpoint == Failpoint::TransferLeadership;
            assert_eq!(failpoints.is(failpoint), !over, "{name}");
        }
        assert_eq!(failpoints.engage("clear"), Ok(()));
        assert!(NAMES.iter().all(|(_, failpoint)| !failpoints.is(*failpoint)));
        assert_eq!(failpoints.engage("crash"), Err(UnknownScenario));
    }
}
