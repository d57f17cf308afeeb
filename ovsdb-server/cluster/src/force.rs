//! A member that goes on alone, because too many others are lost for ever: with its contents, its log and its index,
//! as a cluster of its own.
//!
//! The new cluster has an id of its own: members that come back find a stranger, not a peer that forgot them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use ovsdb_raft::store::Store;
use ovsdb_raft::types::{ClusterId, LogId, Peer, ServerId};

use crate::file::{self, FileError, Kind};

/// What was done.
#[derive(Clone, Debug)]
pub struct Forced {
    /// The database's name.
    pub name: String,
    /// The server.
    pub server: ServerId,
    /// Where it listens for its peers.
    pub address: String,
    /// Its cluster before.
    pub was: Option<ClusterId>,
    /// The members before, with their addresses; the server itself is one of them.
    pub before: BTreeMap<ServerId, Peer>,
    /// The entry that makes it the only member.
    pub at: LogId,
}

/// Why a member cannot go on alone.
#[derive(Debug, thiserror::Error)]
pub enum ForceError {
    /// Its file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its folder.
    #[error("{}: {error}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It is alone already, or has nothing to go on with.
    #[error("{0}")]
    Nothing(String),
}

/// Makes a member that no server has open the only one of `cluster`, a new id.
pub fn force_new_cluster(path: &Path, cluster: ClusterId) -> Result<Forced, ForceError> {
    let opened = file::open(path)?;
    let display = path.display();
    match opened.kind {
        Kind::Existing => {}
        Kind::Founding { .. } => {
            return Err(ForceError::Nothing(format!(
                "{display}: is the only member of its cluster; start its server"
            )));
        }
        Kind::Joining { .. } => {
            return Err(ForceError::Nothing(format!(
                "{display}: has not joined its cluster and holds nothing; use the file of another member"
            )));
        }
    }
    let failed = |error| ForceError::Folder {
        folder: opened.folder.clone(),
        error,
    };
    // A crash right after this leaves a member that reaches nobody, until the command is run again.
    file::move_to(&opened, cluster)?;
    let store = Store::open(&opened.folder).map_err(failed)?;
    let own = Peer {
        address: opened.address.clone(),
    };
    let alone = store.make_alone(opened.server, own).map_err(failed)?;
    Ok(Forced {
        server: opened.server,
        was: opened.cluster,
        before: alone.before,
        at: alone.at,
        name: opened.name,
        address: opened.address,
    })
}
