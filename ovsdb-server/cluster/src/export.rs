//! A member's file and folder, read without a server: nothing is locked, nothing is written. The member may be at
//! work; what is seen is a moment of it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use ovsdb_engine::Database;
use ovsdb_raft::Command;
use ovsdb_raft::store::Store;
use ovsdb_raft::types::{ClusterId, Entry, EntryPayload, LogId, ServerId};
use ovsdb_store::Fresh;

use crate::contents::ContentsError;
use crate::file::{self, FileError};
use crate::image::ImageError;
use crate::state::State;

/// A member, as its file and folder have it.
pub struct Exported {
    /// The database's name.
    pub name: String,
    /// Its id.
    pub server: ServerId,
    /// Its cluster; none for a server that joins and has not been told which.
    pub cluster: Option<ClusterId>,
    /// Where it listens for its peers.
    pub address: String,
    /// Its term.
    pub term: u64,
    /// For whom it voted in its term.
    pub voted_for: Option<ServerId>,
    /// Who it knows to lead in its term.
    pub leader: Option<ServerId>,
    /// The last entry that is in the snapshot alone.
    pub purged: Option<LogId>,
    /// The last entry of the log, or of the snapshot.
    pub last: Option<LogId>,
    /// The last entry that it knows to be committed.
    pub committed: Option<LogId>,
    /// The members after the last entry: addresses, and whether they vote.
    pub members: BTreeMap<ServerId, (String, bool)>,
    store: Store,
    folder: PathBuf,
}

/// What is in the log up to somewhere.
pub struct Contents {
    /// None where no entry gives any.
    pub db: Option<Database>,
    /// The public index.
    pub index: u64,
    /// The election timer, in milliseconds.
    pub election_timer_ms: u64,
}

/// Up to where a log counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upto {
    /// What is known to be committed: no member can lack it for ever.
    Committed,
    /// All of it, as the C `ovsdb-tool cluster-to-standalone` does.
    Last,
}

/// Why a member cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Its file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its folder cannot be read.
    #[error(
        "{}: {error}; a damaged member is replaced: kick it, remove its file, and let a new one join", folder.display()
    )]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Its snapshot.
    #[error(
        "{}: {error}; a damaged member is replaced: kick it, remove its file, and let a new one join", folder.display()
    )]
    Image {
        /// Its folder.
        folder: PathBuf,
        /// What is wrong with it.
        error: ImageError,
    },
    /// An entry of its log.
    #[error(
        "{}: entry {index} of the log: {error}; a damaged member is replaced: kick it, remove its file, and let a new \
         one join", folder.display()
    )]
    Entry {
        /// Its folder.
        folder: PathBuf,
        /// The entry's index.
        index: u64,
        /// What is wrong with it.
        error: ContentsError,
    },
}

/// Reads a member's file and what its folder says of it. None where the file itself holds all there is: that of a
/// member of a C cluster, or one whose server has not started yet.
pub fn read_only(path: &Path) -> Result<Option<Exported>, ExportError> {
    let Some((read, folder)) = file::beside(path)? else {
        return Ok(None);
    };
    let failed = |error| ExportError::Folder {
        folder: folder.clone(),
        error,
    };
    let store = Store::read_only(&folder).map_err(failed)?;
    if !read.header.is_joining() && store.lacks_beginning().map_err(failed)? {
        return Err(file::without_log(path, folder).into());
    }
    let vote = store.vote().map_err(failed)?;
    let snapshot = store.snapshot().map_err(failed)?;
    let in_snapshot = snapshot.as_ref().and_then(|s| s.description.contents.last);
    let membership = store.membership().map_err(failed)?;
    let voters: Vec<ServerId> = membership.membership().voter_ids().collect();
    let members = membership.membership().nodes();
    Ok(Some(Exported {
        name: read.header.name,
        server: ServerId(read.header.server_id),
        cluster: read.header.cluster_id.map(ClusterId),
        address: read.header.local_address.to_string(),
        term: vote.map_or(0, |vote| vote.leader_id.term),
        voted_for: vote.map(|vote| vote.leader_id.voted_for),
        leader: vote
            .filter(|vote| vote.committed)
            .map(|vote| vote.leader_id.voted_for),
        purged: store.purged().map_err(failed)?,
        last: store.last().map_err(failed)?.max(in_snapshot),
        committed: store.committed().map_err(failed)?.max(in_snapshot),
        members: members
            .map(|(id, peer)| (*id, (peer.address.clone(), voters.contains(id))))
            .collect(),
        store,
        folder,
    }))
}

impl Exported {
    /// The entries of the log, each with its bytes, up to the first damaged one.
    pub fn entries(&self) -> impl Iterator<Item = io::Result<(Entry, Box<[u8]>)>> {
        self.store.entries(0)
    }

    /// The last entry in the snapshot, and its size in bytes.
    pub fn snapshot(&self) -> io::Result<Option<(LogId, u64)>> {
        let snapshot = self.store.snapshot()?.map(|snapshot| snapshot.description);
        Ok(snapshot.and_then(|description| Some((description.contents.last?, description.n_bytes))))
    }

    /// What the snapshot holds; nothing where there is none.
    pub fn in_snapshot(&self, fresh: Fresh<'_>) -> Result<Contents, ExportError> {
        let (state, last) = self.load(fresh)?;
        Ok(done(state, last.map_or(0, |last| last.index)))
    }

    /// What the log leads to.
    pub fn contents(&self, upto: Upto, fresh: Fresh<'_>) -> Result<Contents, ExportError> {
        let (mut state, last) = self.load(fresh)?;
        let end = match upto {
            Upto::Last => self.last,
            Upto::Committed => self.committed,
        };
        let mut index = last.map_or(0, |last| last.index);
        let from = last.map_or(0, |last| last.index + 1);
        for entry in self.store.entries(from) {
            let (entry, _) = entry.map_err(|error| self.failed(error))?;
            if end.is_none_or(|end| entry.log_id.index > end.index) {
                break;
            }
            index = entry.log_id.index;
            if let EntryPayload::Normal(command) = entry.payload {
                let applied = state.apply(index, command, fresh);
                applied.map_err(|error| ExportError::Entry {
                    folder: self.folder.clone(),
                    index,
                    error,
                })?;
            }
        }
        Ok(done(state, index))
    }

    /// The state of the snapshot, and its last entry.
    fn load(&self, fresh: Fresh<'_>) -> Result<(State, Option<LogId>), ExportError> {
        match self.store.snapshot().map_err(|error| self.failed(error))? {
            None => Ok((State::new(), None)),
            Some(snapshot) => {
                let state = State::load(snapshot.pieces(), fresh);
                let state = state.map_err(|error| ExportError::Image {
                    folder: self.folder.clone(),
                    error,
                })?;
                Ok((state, snapshot.description.contents.last))
            }
        }
    }

    /// The index of the first entry of the log.
    pub fn first(&self) -> u64 {
        self.purged.map_or(0, |purged| purged.index + 1)
    }

    /// An error of the folder, with its name.
    pub fn failed(&self, error: io::Error) -> ExportError {
        ExportError::Folder {
            folder: self.folder.clone(),
            error,
        }
    }
}

fn done(state: State, index: u64) -> Contents {
    Contents {
        db: state.db,
        index: state.index_base + index,
        election_timer_ms: state.election_timer_ms,
    }
}

/// The command of an entry, for those who show it.
pub fn command(entry: &Entry) -> Option<&Command> {
    match &entry.payload {
        EntryPayload::Normal(command) => Some(command),
        EntryPayload::Blank | EntryPayload::Membership(_) => None,
    }
}

/// The members that an entry sets, for those who show it.
pub fn members(entry: &Entry) -> Option<BTreeMap<ServerId, String>> {
    match &entry.payload {
        EntryPayload::Membership(membership) => Some(
            membership
                .nodes()
                .map(|(id, peer)| (*id, peer.address.clone()))
                .collect(),
        ),
        EntryPayload::Blank | EntryPayload::Normal(_) => None,
    }
}
