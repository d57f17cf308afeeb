//! The file that names a member, beside the hidden folder with its log: what is there, and what a server is to make
//! of it.
//!
//! In: a path. Out: who the member is and what it is to do; the file and the folder in order. Never here: what is in
//! the log. The file stays a regular one that is the C format's: its header says who the member is, to `ovsdb-tool`
//! and to scripts.
//!
//! | the file | its folder | what is made of it |
//! |---|---|---|
//! | a header | of this server, with its log | served as it is |
//! | a header | missing, of another server, or without a log | refused: `inconsistent data` |
//! | with contents, of a cluster of one | missing | a cluster is founded with them |
//! | with contents, of a cluster of one | of this server, made for this very file | founding goes on |
//! | with contents, of a cluster of one | of this server, in use since | refused: an old copy |
//! | with contents, of a cluster of one | of another server or file | put aside; then as if missing |
//! | with contents, of several members | any | refused |
//! | of a server that joins | as with contents | it joins, or goes on joining |
//! | of a server that left | any | refused |
//!
//! Nothing is changed before a file was accepted, and nothing is ever deleted.

mod identity;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ovsdb_data::{Uuid, json};
use ovsdb_raft::types::{ClusterId, ServerId, TooLarge};
use ovsdb_store::clustered::{self, Address, ClusterRecord, Header, Import, Standing};
use ovsdb_store::lockfile::{Lockfile, follow_symlinks};
use ovsdb_store::log::compose;
use ovsdb_store::text::encode_snapshot;
use ovsdb_store::{Log, Magic, Mode, StoreError};
use sha1::{Digest as _, Sha1};

use identity::Identity;
use steps::Step;

pub(crate) use identity::folder_of;

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
    file: PathBuf,
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
    /// The file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something beside it cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It holds no clustered database.
    #[error("ovsdb error: {0}: not a clustered database")]
    Standalone(String),
    /// The log that belongs to the file is not there.
    #[error(
        "ovsdb error: {file}: inconsistent data: {} {found}; put back the folder that belongs to the file, or kick the \
         server out of its cluster, remove the file and use \"ovsdb-tool join-cluster\" to add a new server", folder.display()
    )]
    Inconsistent {
        /// The file.
        file: String,
        /// Where its log ought to be.
        folder: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// A file as it was before its folder held what the server has written since: somebody put a copy back. What the
    /// server acknowledged and voted for must not be forgotten under its id.
    #[error(
        "ovsdb error: {file}: an old copy: {} holds what its server has written since; put back the file that belongs \
         to the folder, or kick the server out of its cluster, remove the file and use \"ovsdb-tool join-cluster\" to \
         add a new server, or make another cluster of what the folder holds with \"ovsdb-tool create-cluster NEW \
         {file} ADDRESS\"",
        folder.display()
    )]
    Outdated {
        /// The file.
        file: String,
        /// The folder that is newer.
        folder: PathBuf,
    },
    /// A C cluster's file whose cluster has other members, with which this server cannot speak.
    #[error(
        "ovsdb error: {file}: belongs to a cluster of {n_servers} servers of another program; stop all of them, use \
         \"ovsdb-tool cluster-to-standalone\" and \"ovsdb-tool create-cluster\" on the file of one of them, and let \
         the others join anew"
    )]
    Members {
        /// The file.
        file: String,
        /// How many members.
        n_servers: usize,
    },
    /// It left its cluster.
    #[error(
        "ovsdb error: error reading record {record} from {name} log: record {record} indicates server has left the \
         cluster; it cannot be added back (use \"ovsdb-tool join-cluster\" to add a new server)"
    )]
    Left {
        /// The database.
        name: String,
        /// The number of the record that says so.
        record: u64,
    },
    /// Contents that no cluster can begin with.
    #[error(
        "ovsdb error: {file}: a cluster cannot begin with these contents: {error}, or serve it as a standalone database"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// How large they are, and how large they may be.
        error: TooLarge,
    },
    /// It names no schema and no member to get one from.
    #[error(
        "ovsdb error: {0}: has no schema; remove it and use \"ovsdb-tool join-cluster\" to add a new server"
    )]
    Empty(String),
}

fn io_error((path, error): (PathBuf, io::Error)) -> FileError {
    FileError::Io { path, error }
}

/// What a file holds.
pub(crate) struct Read {
    pub header: Header,
    pub import: Import,
    /// Names these very bytes.
    pub source: String,
}

/// Reads a member's file, without a lock.
pub(crate) fn read(path: &Path) -> Result<Read, FileError> {
    let mut log = Log::open(path, &[Magic::Json, Magic::Cluster], Mode::ReadOnly)?;
    if log.magic() == Magic::Json {
        return Err(FileError::Standalone(log.display().to_owned()));
    }
    let header = Header::read(&mut log)?;
    // What is made of it is written at once: its rows' versions are nobody's.
    let import = clustered::import(&header, &mut log, &mut Uuid::nil)?;
    let digest = Sha1::digest(header.to_text());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Read {
        header,
        import,
        source: format!("{digest}:{}", log.offset()),
    })
}

/// What a folder is to a file.
pub(crate) enum Folder {
    Missing,
    /// Of this server.
    Own(Identity),
    /// Of another one, or not to be understood.
    Foreign(String),
}

fn look(folder: &Path, server: Uuid) -> Result<Folder, FileError> {
    let error = |error| io_error((folder.to_owned(), error));
    if !folder.try_exists().map_err(error)? {
        return Ok(Folder::Missing);
    }
    match Identity::read(folder) {
        Ok(identity) if identity.server == server => Ok(Folder::Own(identity)),
        Ok(identity) => Ok(Folder::Foreign(format!("belongs to server {}", identity.server))),
        Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
            Ok(Folder::Foreign("does not say whose it is".to_owned()))
        }
        Err(why) => Err(error(why)),
    }
}

/// Whether RocksDB has been made in a folder: it writes this name when all else is there.
fn has_log(folder: &Path) -> bool {
    folder.join("CURRENT").exists()
}

/// A member's file and its folder, as they are.
pub(crate) fn look_at(path: &Path) -> Result<(Read, Folder), FileError> {
    let read = read(path)?;
    let found = look(&folder_of(&follow_symlinks(path)), read.header.server_id)?;
    Ok((read, found))
}

/// A member's file and the folder that holds its log; none where the file itself holds all there is. What an old copy
/// of a file holds, the folder has, and more.
pub(crate) fn beside(path: &Path) -> Result<Option<(Read, PathBuf)>, FileError> {
    let mut log = Log::open(path, &[Magic::Json, Magic::Cluster], Mode::ReadOnly)?;
    if log.magic() == Magic::Json {
        return Err(FileError::Standalone(log.display().to_owned()));
    }
    let header = Header::read(&mut log)?;
    let folder = folder_of(&follow_symlinks(path));
    let is_newer = |found: &Folder| {
        matches!(found, Folder::Own(identity) if identity.source.is_none()) && has_log(&folder)
    };
    // A long file is not read twice.
    if header.snapshot().is_some() && !is_newer(&look(&folder, header.server_id)?) {
        return Ok(None);
    }
    let (read, found) = look_at(path)?;
    match (found, read.header.is_joining()) {
        (found, _) if read.import.database.is_some() && is_newer(&found) => {
            tracing::warn!(
                target: "raft",
                "{}: an old copy: {} holds what its server has written since, and is read instead",
                path.display(),
                folder.display()
            );
            Ok(Some((read, folder)))
        }
        _ if read.import.database.is_some() => Ok(None),
        (Folder::Own(_), _) if has_log(&folder) => Ok(Some((read, folder))),
        (_, true) => Ok(None),
        (found, false) => Err(FileError::Inconsistent {
            file: path.display().to_string(),
            folder,
            found: match found {
                Folder::Missing => "is missing".to_owned(),
                Folder::Foreign(why) => why,
                Folder::Own(_) => "holds no log".to_owned(),
            },
        }),
    }
}

/// A member whose folder has forgotten what it began with.
pub(crate) fn without_log(path: &Path, folder: PathBuf) -> FileError {
    FileError::Inconsistent {
        file: path.display().to_string(),
        folder,
        found: "holds no log, or not the beginning of it".to_owned(),
    }
}

/// Opens a member's file and locks it.
pub fn open(path: &Path) -> Result<Opened, FileError> {
    let display = path.display().to_string();
    // A file that is not there needs no lock beside it.
    if let Err(source) = std::fs::metadata(path) {
        let what = format!("{display}: open failed");
        return Err(StoreError::Io { what, source }.into());
    }
    let lock = Lockfile::lock(path).map_err(|source| StoreError::Locked {
        file: display,
        source,
    })?;
    let (opened, steps) = plan(path, lock)?;
    steps::run(&steps).map_err(io_error)?;
    Ok(opened)
}

/// What opening a file comes to, and what has to be done for it.
fn plan(path: &Path, lock: Lockfile) -> Result<(Opened, Vec<Step>), FileError> {
    let display = path.display().to_string();
    let file = follow_symlinks(path);
    let (read, found) = look_at(path)?;
    let Read {
        header,
        import,
        source,
    } = read;
    if let Some(record) = import.left {
        let name = header.name;
        return Err(FileError::Left { name, record });
    }
    let folder = folder_of(&file);
    let election_timer_ms = import.election_timer.unwrap_or(ELECTION_TIMER_MS);
    let kind = kind(&display, &header, import, &folder, &found)?;
    let (identity, steps) = match (kind == Kind::Existing, found) {
        (true, Folder::Own(identity)) => {
            let settled = identity.settled();
            let steps = match settled == identity {
                true => Vec::new(),
                // A crash came right after the file was settled.
                false => vec![settled.step(&folder)],
            };
            (settled, steps)
        }
        (false, Folder::Own(identity)) if identity.source.is_none() => {
            return Err(FileError::Outdated {
                file: display,
                folder,
            });
        }
        (false, Folder::Own(identity)) if identity.source.as_ref() == Some(&source) => (identity, Vec::new()),
        (_, found) => {
            let identity = Identity {
                server: header.server_id,
                source: Some(source),
                election_timer_ms,
            };
            let mut steps = Vec::new();
            if !matches!(found, Folder::Missing) {
                steps.push(aside(&file, &folder));
            }
            // The folder takes its name when it says whose it is.
            let new = folder.with_extension("raft.new");
            steps.push(Step::MakeFolder(new.clone()));
            steps.push(identity.step(&new));
            steps.push(Step::Rename(new, folder.clone()));
            (identity, steps)
        }
    };
    let opened = Opened {
        lock,
        name: header.name,
        server: ServerId(header.server_id),
        cluster: header.cluster_id.map(ClusterId),
        address: header.local_address.to_string(),
        folder,
        election_timer_ms: identity.election_timer_ms,
        kind,
        file,
    };
    Ok((opened, steps))
}

fn kind(
    display: &str,
    header: &Header,
    import: Import,
    folder: &Path,
    found: &Folder,
) -> Result<Kind, FileError> {
    let inconsistent = |found: &str| FileError::Inconsistent {
        file: display.to_owned(),
        folder: folder.to_owned(),
        found: found.to_owned(),
    };
    let servers = match (&header.standing, &import.database) {
        (Standing::Joining { remote_addresses }, None) => {
            let others = remote_addresses
                .iter()
                .filter(|remote| **remote != header.local_address);
            return Ok(Kind::Joining {
                remotes: others.map(Address::to_string).collect(),
            });
        }
        (Standing::Member { .. }, None) => {
            return match found {
                // Its log and its vote are gone: it would vote again, for another one.
                Folder::Own(_) if !has_log(folder) => Err(inconsistent("holds no log")),
                Folder::Own(_) => Ok(Kind::Existing),
                Folder::Missing => Err(inconsistent("is missing")),
                Folder::Foreign(why) => Err(inconsistent(why)),
            };
        }
        (_, Some(_)) => import.servers.unwrap_or_default(),
    };
    if servers.len() > 1 || !servers.contains_key(&header.server_id) {
        return Err(FileError::Members {
            file: display.to_owned(),
            n_servers: servers.len(),
        });
    }
    match import.database {
        Some(database) => {
            let snapshot = database.snapshot();
            let schema = json::to_string(&snapshot.schema.to_json());
            let record = encode_snapshot(snapshot, "cluster founded", 0, true);
            fits(display, &schema, &record)?;
            Ok(Kind::Founding {
                schema,
                record: record.into(),
                index: import.index,
            })
        }
        None => Err(FileError::Empty(display.to_owned())),
    }
}

/// Whether a schema and a record of all rows, from a file of that name, can be the first entry of a cluster's log.
pub(crate) fn fits(from: &str, schema: &str, record: &[u8]) -> Result<(), FileError> {
    TooLarge::check(schema.len() + record.len()).map_err(|error| FileError::TooLarge {
        file: from.to_owned(),
        error,
    })
}

/// Puts a folder aside that does not belong to the file.
fn aside(file: &Path, folder: &Path) -> Step {
    let orphan = identity::orphan_of(file);
    tracing::warn!(
        target: "raft",
        "{}: does not belong to {}, renamed to {}", folder.display(), file.display(), orphan.display()
    );
    Step::Rename(folder.to_owned(), orphan)
}

/// Puts the folder aside that another file left, for a file that is made anew. To be called with the new file's lock
/// held, or before anybody else knows of it.
pub fn put_aside(path: &Path) -> Result<(), FileError> {
    let file = follow_symlinks(path);
    let folder = folder_of(&file);
    match folder.try_exists() {
        Ok(false) => Ok(()),
        Ok(true) => steps::run(&[aside(&file, &folder)]).map_err(io_error),
        Err(error) => Err(io_error((folder, error))),
    }
}

/// Rewrites the file to its header, once the folder holds everything. Again does no harm.
pub fn settle(opened: &Opened, cluster: ClusterId) -> Result<(), FileError> {
    steps::run(&opened.settling(cluster)?).map_err(io_error)
}

/// Writes down that the member has left its cluster: the file is not opened again.
pub fn left(opened: &Opened, cluster: ClusterId) -> Result<(), FileError> {
    let mut bytes = opened.header(cluster)?;
    bytes.extend(compose(Magic::Cluster, &ClusterRecord::note("left")).0);
    steps::run(&[Step::Write(opened.file.clone(), bytes)]).map_err(io_error)
}

/// Writes down that the member belongs to another cluster from now on.
pub(crate) fn move_to(opened: &Opened, cluster: ClusterId) -> Result<(), FileError> {
    steps::run(&[Step::Write(opened.file.clone(), opened.header(cluster)?)]).map_err(io_error)
}

impl Identity {
    fn settled(&self) -> Identity {
        Identity {
            source: None,
            ..self.clone()
        }
    }
}

impl Opened {
    /// First the file, then the folder: a folder that is settled beside a file with contents means that somebody put
    /// an old copy of the file there.
    fn settling(&self, cluster: ClusterId) -> Result<Vec<Step>, FileError> {
        let identity =
            Identity::read(&self.folder).map_err(|error| io_error((self.folder.clone(), error)))?;
        Ok(vec![
            Step::Write(self.file.clone(), self.header(cluster)?),
            identity.settled().step(&self.folder),
        ])
    }

    /// The bytes of a file that holds nothing but who the member is.
    fn header(&self, cluster: ClusterId) -> Result<Vec<u8>, FileError> {
        let address = Address::parse(&self.address);
        let local_address = address.map_err(|error| StoreError::Format(error.to_string()))?;
        let header = Header {
            name: self.name.clone(),
            server_id: self.server.0,
            cluster_id: Some(cluster.0),
            local_address: local_address.clone(),
            standing: Standing::Member {
                servers: BTreeMap::from([(self.server.0, local_address)]),
                snapshot: None,
            },
        };
        Ok(compose(Magic::Cluster, &header.to_text()).0)
    }
}
