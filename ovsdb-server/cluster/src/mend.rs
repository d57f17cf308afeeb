//! Members that no server has open, changed by hand: one goes on alone, because too many others are lost for ever;
//! one loses the damaged end of its log.
//!
//! A member that goes on alone keeps contents, log and index, as a cluster with an id of its own: members that come
//! back find a stranger, not a peer that forgot them.

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

/// Why a member cannot be mended.
#[derive(Debug, thiserror::Error)]
pub enum MendError {
    /// Its file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its folder.
    #[error(
        "{}: {error}; a damaged member is replaced: kick it, remove its file, and let a new one join", folder.display()
    )]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It is no member any more: were it to go on under its id, it would have to be one.
    #[error(
        "{0}: its server was taken out of its cluster; \"ovsdb-tool create-cluster NEW {0} ADDRESS\" makes another \
         cluster of what it holds"
    )]
    Left(String),
    /// There is nothing that could be done.
    #[error("{0}")]
    Nothing(String),
}

/// Makes a member that no server has open the only one of `cluster`, a new id.
pub fn force_new_cluster(path: &Path, cluster: ClusterId) -> Result<Forced, MendError> {
    let display = path.display();
    let opened = file::open(path).map_err(|error| match error {
        FileError::Left { .. } => MendError::Left(display.to_string()),
        error => error.into(),
    })?;
    match opened.kind {
        Kind::Existing => {}
        Kind::Founding { .. } => {
            return Err(MendError::Nothing(format!(
                "{display}: is the only member of its cluster; start its server"
            )));
        }
        Kind::Joining { .. } => {
            return Err(MendError::Nothing(format!(
                "{display}: has not joined its cluster and holds nothing; use the file of another member"
            )));
        }
    }
    let failed = |error| MendError::Folder {
        folder: opened.folder.clone(),
        error,
    };
    let store = open(path, &opened.folder)?;
    // A crash right after this leaves a member that reaches nobody, until the command is run again.
    file::move_to(&opened, cluster)?;
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

/// An entry that is not there any more.
#[derive(Debug)]
pub struct Cut {
    /// Its index: nothing from here on is in the log.
    pub index: u64,
    /// What was wrong with it.
    pub error: io::Error,
}

/// Cuts the log of a member that no server has open at its first damaged entry. None where it is whole, or not beside
/// the file. The caller holds the file's lock.
pub fn cut_at_damage(path: &Path) -> Result<Option<Cut>, MendError> {
    // One that has not joined has nothing to lose.
    let Some((_, folder)) = file::beside(path)?.filter(|(read, _)| !read.header.is_joining()) else {
        return Ok(None);
    };
    let failed = |error| MendError::Folder {
        folder: folder.clone(),
        error,
    };
    let store = open(path, &folder)?;
    let mut next = store
        .purged()
        .map_err(failed)?
        .map_or(0, |purged| purged.index + 1);
    let damage = store.entries(next).find_map(|entry| match entry {
        Ok((entry, _)) => {
            next = entry.log_id.index + 1;
            None
        }
        Err(error) => Some(error),
    });
    let Some(error) = damage else {
        return Ok(None);
    };
    let snapshot = store.snapshot().map_err(failed)?;
    let in_snapshot = snapshot.and_then(|snapshot| snapshot.description.contents.last);
    if in_snapshot.is_some_and(|last| next <= last.index) {
        return Err(MendError::Nothing(format!(
            "{}: {error}; entries before the last snapshot cannot be cut off: remove the file and let the server join \
             anew with \"ovsdb-tool join-cluster\"",
            path.display()
        )));
    }
    store.cut(next).map_err(failed)?;
    Ok(Some(Cut { index: next, error }))
}

/// Opens what can be mended. What cannot is told before anything is changed: opening it deletes what seems to be no part
/// of it.
fn open(path: &Path, folder: &Path) -> Result<Store, MendError> {
    let failed = |error| MendError::Folder {
        folder: folder.to_owned(),
        error,
    };
    let found = Store::read_only(folder).map_err(failed)?;
    if found.lacks_beginning().map_err(failed)? {
        return Err(file::without_log(path, folder.to_owned()).into());
    }
    found.membership().map_err(failed)?;
    Store::open(folder).map_err(failed)
}
