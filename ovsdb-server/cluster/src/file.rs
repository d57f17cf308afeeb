//! The file that names a member, beside the hidden folder with its log: what is there, and what a server is to make
//! of it.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use ovsdb_raft::types::{ClusterId, ServerId};
use ovsdb_store::StoreError;
use ovsdb_store::lockfile::Lockfile;

/// The election timer where nobody chose one, in milliseconds (ovsdb-server(1)).
pub const ELECTION_TIMER_MS: u64 = 1000;

/// A member's file, locked.
#[derive(Debug)]
pub struct Opened {
    /// Held until this is dropped.
    pub lock: Lockfile,
    /// The database's name.
    pub name: String,
    /// This server's id.
    pub server: ServerId,
    /// Its cluster; none for a server that joins and has not been told which.
    pub cluster: Option<ClusterId>,
    /// Where it listens for its peers.
    pub address: String,
    /// Where its log and snapshots are, or will be; it exists and names the server.
    pub folder: PathBuf,
    /// The election timer to start with, in milliseconds.
    pub election_timer_ms: u64,
    /// What the server is to do with it.
    pub kind: Kind,
    /// The file, symbolic links resolved.
    pub(crate) file: PathBuf,
}

/// What a server is to do with a member's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Serve what is in the folder.
    Existing,
    /// Found a cluster with these contents, unless the folder has contents already; then [`settle`].
    Founding {
        /// The schema's JSON text.
        schema: String,
        /// All rows, as `Restore` wants them.
        record: Bytes,
        /// The last log index of the file: the public index goes on from here.
        index: u64,
    },
    /// Ask these members to be taken in; then [`settle`].
    Joining {
        /// Their addresses; never none.
        remotes: Vec<String>,
    },
}

/// Why a member's file cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file, as a file.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens a member's file and locks it.
pub fn open(_path: &Path) -> Result<Opened, FileError> {
    Err(StoreError::Format("not yet".to_owned()).into())
}

/// Rewrites the file to its header, once the folder holds everything.
pub fn settle(_opened: &Opened, _cluster: ClusterId) -> Result<(), FileError> {
    Ok(())
}

/// Writes down that the member has left its cluster: it is not opened again.
pub fn left(_opened: &Opened, _cluster: ClusterId) -> Result<(), FileError> {
    Ok(())
}

/// Writes down the election timer that a later start begins with.
pub fn set_election_timer(_opened: &Opened, _ms: u64) -> Result<(), FileError> {
    Ok(())
}
