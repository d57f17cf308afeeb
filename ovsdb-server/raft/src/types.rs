//! Who is who in a cluster, and what its log holds.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use openraft::impls::leader_id_std::LeaderId;
use openraft::vote::RaftLeaderId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::peer::MAX_FRAME;

/// A member's id: made when it is created or joins, never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServerId(pub Uuid);

/// The first four digits of the id, as people name servers.
impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}", self.0.as_fields().0 >> 16)
    }
}

/// openraft's storage suite numbers its nodes.
impl From<u64> for ServerId {
    fn from(n: u64) -> Self {
        ServerId(Uuid::from_u128(n.into()))
    }
}

/// A cluster's id: made by its first member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClusterId(pub Uuid);

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}", self.0.as_fields().0 >> 16)
    }
}

/// How a member is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// `tcp:IP:PORT`, `ssl:IP:PORT` or `unix:PATH`, as ovsdb-tool(1) has it.
    pub address: String,
}

/// The types that this project puts into openraft. One leader per term, as in the RAFT paper: a log id is a term and an
/// index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeConfig;

impl openraft::RaftTypeConfig for TypeConfig {
    type D = Command;
    type R = ();
    type NodeId = ServerId;
    type Node = Peer;
    type Term = u64;
    type LeaderId = LeaderId<u64, ServerId>;
    type Vote = openraft::impls::Vote<Self::LeaderId>;
    type Payload = EntryPayload<Command, ServerId, Peer>;
    type Entry = openraft::Entry<<Self::LeaderId as RaftLeaderId>::Committed, Self::Payload>;
    type AsyncRuntime = crate::runtime::Runtime;
    type Responder<T>
        = Told<T>
    where
        T: Send + 'static;
    type Batch<T>
        = openraft::impls::InlineBatch<T>
    where
        T: Send + 'static;
    type ErrorSource = openraft::impls::BoxedErrorSource;
}

/// Is told what became of a proposal.
pub struct Told<T>(pub Box<dyn FnOnce(T) + Send>);

impl<T: Send + 'static> openraft::raft::responder::Responder<TypeConfig, T> for Told<T> {
    fn on_complete(self, result: T) {
        (self.0)(result);
    }
}

/// A position in the log, and the term of the leader that put it there.
pub type LogId = openraft::alias::LogIdOf<TypeConfig>;

/// A log entry.
pub type Entry = openraft::alias::EntryOf<TypeConfig>;

pub use openraft::EntryPayload;

/// A vote, as it is kept on disk.
pub type Vote = openraft::alias::VoteOf<TypeConfig>;

/// A membership with the entry that made it so.
pub type StoredMembership = openraft::alias::StoredMembershipOf<TypeConfig>;

/// What a member proposes and all members do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// A transaction's effects.
    Transaction(Transaction),
    /// Another schema, to which every member converts its contents.
    Convert {
        /// The id of the state it leads to.
        id: Uuid,
        /// The id of the state it was checked on: void on any other.
        prerequisite: Uuid,
        /// The schema's JSON text.
        schema: Arc<str>,
    },
    /// Schema and contents in place of everything: a cluster that is founded from a file, imported or restored.
    Restore {
        /// The id of the state it leads to.
        id: Uuid,
        /// The schema's JSON text.
        schema: Arc<str>,
        /// All rows: one JSON object `{TABLE: {UUID: ROW}}`.
        record: Bytes,
        /// What the public index is raised to, at least.
        index_at_least: u64,
    },
    /// Another election timer, in milliseconds.
    ElectionTimer(u64),
    /// Every member is to look what its contents come to at this entry ([`Member::state_hashes`]).
    ///
    /// [`Member::state_hashes`]: crate::Member::state_hashes
    Verify(Uuid),
}

/// Bytes of a command, or of a request that is passed on, at most: with what goes along it fits into one frame.
pub const MAX_COMMAND: usize = MAX_FRAME as usize - (1 << 20);

/// More than the log takes at once. It must not be proposed: whoever has it in its log could never send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{n_bytes} bytes are too many for one entry of a cluster's log, which takes {MAX_COMMAND}: make it smaller"
)]
pub struct TooLarge {
    /// How many it has.
    pub n_bytes: usize,
}

impl TooLarge {
    /// Whether so many bytes can be proposed, or passed on.
    pub fn check(n_bytes: usize) -> Result<(), TooLarge> {
        match n_bytes <= MAX_COMMAND {
            true => Ok(()),
            false => Err(TooLarge { n_bytes }),
        }
    }
}

impl Command {
    /// Whether it can be proposed. Whoever proposes looks before.
    pub fn check(&self) -> Result<(), TooLarge> {
        TooLarge::check(match self {
            Command::Transaction(txn) => txn.record.len() + txn.reply.len(),
            Command::Convert { schema, .. } => schema.len(),
            Command::Restore { schema, record, .. } => schema.len() + record.len(),
            Command::ElectionTimer(_) | Command::Verify(_) => 0,
        })
    }
}

/// A transaction that was executed by a leader. What every member does with it is certain: it holds row differences,
/// not operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The id of the state it leads to, the same on every member (`last-txn-id`).
    pub id: Uuid,
    /// The id of the state it was executed on: void on any other.
    pub prerequisite: Uuid,
    /// Who asked for it: a request sent again after a change of leader is not executed twice.
    pub request: Option<Request>,
    /// The changed rows as the JSON text of a standalone file's record (ovsdb-server(5)).
    pub record: Bytes,
    /// What the requesting client is told once it is committed: the members of the result array.
    pub reply: Bytes,
}

/// Names a client's request in the whole cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The member that the client is connected to.
    pub server: ServerId,
    /// One of that member's, since it started; never used twice.
    pub id: Uuid,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Transaction(txn) => write!(f, "transaction {}", txn.id),
            Command::Convert { id, .. } => write!(f, "conversion {id}"),
            Command::Restore { id, .. } => write!(f, "contents {id}"),
            Command::ElectionTimer(ms) => write!(f, "election timer {ms} ms"),
            Command::Verify(id) => write!(f, "verification {id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_fits_or_is_refused() {
        for (n_bytes, fits) in [
            (0, true),
            (MAX_COMMAND, true),
            (MAX_COMMAND + 1, false),
            (MAX_FRAME as usize, false),
        ] {
            assert_eq!(TooLarge::check(n_bytes).is_ok(), fits, "{n_bytes}");
        }
    }
}
