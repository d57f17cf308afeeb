//! Why a member cannot do what it was asked to.

use std::io;

use openraft::ConfigError;
use openraft::errors::{ClientWriteError, Fatal, RaftError};

use crate::types::{ServerId, TypeConfig};

/// Why a member cannot start or do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// Its folder.
    #[error(
        "{0}; unless the disk is full, a permission is missing, another server has it open or a later version wrote it, \
         it is damaged, and the member is replaced: kick it, remove its file, and let a new one join"
    )]
    Store(#[from] io::Error),
    /// Its address.
    #[error("{address}: {error}")]
    Address {
        /// As it was given.
        address: String,
        /// What is wrong.
        error: String,
    },
    /// Its settings.
    #[error("invalid settings of the cluster: {0}")]
    Settings(#[from] ConfigError),
    /// It has stopped.
    #[error("the member has stopped: {0}")]
    Stopped(String),
    /// Another member leads.
    #[error("not the leader")]
    NotLeader(Option<ServerId>),
    /// Too few members are there to take out a voter.
    #[error(
        "cannot take out server {server}: only {n_there} of the {n} {which} members are there, and nothing could be \
         agreed on; start the others again or kick those that are gone first; if most are gone for good, begin anew \
         with ovsdb-tool force-new-cluster"
    )]
    NoMajority {
        /// Which.
        server: ServerId,
        /// How many are there.
        n_there: usize,
        /// Of how many.
        n: usize,
        /// The present ones, which have to agree on it, or those that remain, which agree on everything after it.
        which: &'static str,
    },
    /// openraft refuses.
    #[error("{0}")]
    Refused(String),
}

impl From<Fatal<TypeConfig>> for MemberError {
    fn from(error: Fatal<TypeConfig>) -> Self {
        MemberError::Stopped(error.to_string())
    }
}

impl From<RaftError<TypeConfig, ClientWriteError<TypeConfig>>> for MemberError {
    fn from(error: RaftError<TypeConfig, ClientWriteError<TypeConfig>>) -> Self {
        match error {
            RaftError::Fatal(error) => error.into(),
            RaftError::APIError(ClientWriteError::ForwardToLeader(forward)) => {
                MemberError::NotLeader(forward.leader_id)
            }
            RaftError::APIError(other) => MemberError::Refused(other.to_string()),
        }
    }
}
