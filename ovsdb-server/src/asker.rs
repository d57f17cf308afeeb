//! Who waits for what a transaction comes to.

use bytes::Bytes;
use ovsdb_engine::rbac::Identity;
use ovsdb_raft::machine::Handled;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::link::SessionId;

/// Who asked.
pub(crate) enum Asker {
    /// A client of this server: its session and the request's id.
    Client(SessionId, Value),
    /// A client of another member, which passed the request on.
    Member(Passed),
}

/// A request that another member passed on.
pub(crate) struct Passed {
    /// The role and id of that member's client, when RBAC applies to it.
    pub identity: Option<Identity>,
    /// The way back for what makes no log entry.
    pub answer: oneshot::Sender<Handled>,
}

impl Passed {
    /// Tells the other member what came of it.
    pub fn reply(self, results: Bytes) {
        // It may have given up: then it asks again, or its client is gone.
        let _ = self.answer.send(Handled::Replied(results));
    }

    /// Tells the other member to look for the leader elsewhere.
    pub fn refuse(self) {
        let _ = self.answer.send(Handled::NotLeading);
    }
}
