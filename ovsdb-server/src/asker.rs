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
    /// The ways back for what makes no log entry: one for each time that it came. Those that came first may be closed,
    /// and the latest may have been overtaken.
    answers: Vec<oneshot::Sender<Handled>>,
}

impl Passed {
    /// One that came once.
    pub fn new(identity: Option<Identity>, answer: oneshot::Sender<Handled>) -> Passed {
        Passed {
            identity,
            answers: vec![answer],
        }
    }

    /// It came again.
    pub fn join(&mut self, again: Passed) {
        self.answers.retain(|answer| !answer.is_closed());
        self.answers.extend(again.answers);
    }

    /// Tells the other member what came of it.
    pub fn reply(self, results: Bytes) {
        self.tell(&Handled::Replied(results));
    }

    /// Tells the other member to look for the leader elsewhere.
    pub fn refuse(self) {
        self.tell(&Handled::NotLeading);
    }

    fn tell(self, handled: &Handled) {
        for answer in self.answers {
            // It may have given up: then it asks again, or its client is gone.
            let _ = answer.send(handled.clone());
        }
    }
}
