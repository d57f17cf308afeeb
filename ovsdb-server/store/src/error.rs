//! What can go wrong with a database file, worded as the C programs word it.

use std::io::{self, ErrorKind};

use ovsdb_data::{OvsdbError, os_text};

/// Why a database file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused.
    #[error("I/O error: {what} ({}){}", os_text(.source), remedy(.source))]
    Io {
        /// The file and what was tried.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// The file is locked, or its lock cannot be had.
    #[error("I/O error: {file}: failed to lock lockfile ({}){}", os_text(.source), remedy(.source))]
    Locked {
        /// The file.
        file: String,
        /// Why not: `EAGAIN` while another process holds it, `EDEADLK` while this one does.
        source: io::Error,
    },
    /// The file ends within a record.
    #[error("I/O error: {0} (End of file)")]
    UnexpectedEnd(String),
    /// The file is not what its place asks for.
    #[error("ovsdb error: {0}")]
    Format(String),
    /// The file is that of a cluster's member, where only a standalone database will do.
    #[error("ovsdb error: {0}: cannot apply this operation to clustered database file")]
    Clustered(String),
    /// Bytes of the file are damaged.
    #[error("syntax error: {0}")]
    Damaged(String),
    /// A record breaks OVSDB's rules.
    #[error("{file}: record {number} at offset {offset}: {why}")]
    Record {
        /// The file.
        file: String,
        /// How many records come before it.
        number: u64,
        /// Where it starts.
        offset: u64,
        /// What is wrong with it.
        why: OvsdbError,
    },
    /// An earlier write failed and could not be taken back; nothing is written until the file is opened again.
    #[error("I/O error: {0}: write failed earlier, reopen the database")]
    Stopped(String),
}

impl StoreError {
    pub(crate) fn io(source: io::Error, what: impl Into<String>) -> StoreError {
        StoreError::Io {
            what: what.into(),
            source,
        }
    }
}

/// What to do, where the C programs' text and the system's do not say it.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => "; make room for it",
        ErrorKind::PermissionDenied => "; let this user in, or run as the file's owner",
        ErrorKind::ReadOnlyFilesystem => "; mount its file system for writing",
        _ => "",
    }
}
