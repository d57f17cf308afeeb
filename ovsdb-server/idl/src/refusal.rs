//! Why a server will not do: what the `_Server` database says of it, or how it answers.

use crate::replica::UpdateError;

/// The server is no use at present; the next remote may be. The first texts are the C client's, which operators and
/// scripts look for in logs (after the remote's name and a colon).
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// It serves other databases.
    #[error("server does not have {0} database")]
    NoDatabase(String),
    /// A member that still joins.
    #[error("clustered database server has not yet joined cluster; trying another server")]
    NotJoined,
    /// A member without a quorum.
    #[error("clustered database server is disconnected from cluster; trying another server")]
    Disconnected,
    /// A follower, where the leader is wanted.
    #[error("clustered database server is not cluster leader; trying another server")]
    NotLeader,
    /// A member behind one that was followed before.
    #[error("clustered database server has stale data; trying another server")]
    Stale,
    /// A relay before its first snapshot.
    #[error("relay database server has not yet connected to the relay source; trying another server")]
    RelayNotConnected,
    /// A relay whose source is gone.
    #[error("relay database server is disconnected from the relay source; trying another server")]
    RelayDisconnected,
    /// A relay, where the leader is wanted.
    #[error("relay database server cannot be a leader; trying another server")]
    RelayNotLeader,
    /// A standalone database without a schema.
    #[error("missing database schema")]
    NoSchema,
    /// A step of the handshake was answered with an error.
    #[error("{method} failed: {error}")]
    Failed {
        /// The step.
        method: &'static str,
        /// The error, as JSON.
        error: String,
    },
    /// An update did not fit; everything is to be read anew.
    #[error("inconsistent update: {0}; reading everything anew")]
    Inconsistent(#[from] UpdateError),
    /// A message of a shape that no server sends.
    #[error("unexpected {0}")]
    Unexpected(String),
}

impl Refusal {
    /// Stale or wrong data deserve a warning; the others are everyday life.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Refusal::Stale | Refusal::Failed { .. } | Refusal::Inconsistent(_) | Refusal::Unexpected(_)
        )
    }
}
