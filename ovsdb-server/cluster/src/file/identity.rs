//! What a member's folder says of itself, in a small file of its own.

use std::io;
use std::path::{Path, PathBuf};

use ovsdb_data::{Uuid, json};
use serde::{Deserialize, Serialize};

use super::steps::Step;

/// The file's name.
const NAME: &str = "member.json";

/// Whose folder it is, and what it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The server's id.
    pub server: Uuid,
    /// The file that the folder was made for, until it holds everything that the file did.
    pub source: Option<String>,
    /// The election timer to start with, ms.
    pub election_timer_ms: u64,
}

impl Identity {
    /// What a folder says; an error of kind `InvalidData` when that makes no sense.
    pub fn read(folder: &Path) -> io::Result<Identity> {
        let text = std::fs::read(folder.join(NAME))?;
        let value = json::parse(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        serde_json::from_value(value).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Writes it.
    pub fn step(&self, folder: &Path) -> Step {
        let value = serde_json::to_value(self).expect("it has texts, numbers and null");
        Step::Write(folder.join(NAME), format!("{value:#}\n").into_bytes())
    }
}

/// The folder that belongs to a file: `.NAME.raft` beside it.
pub(crate) fn folder_of(file: &Path) -> PathBuf {
    hidden(file, ".raft")
}

/// A name for a folder that nobody owns, free.
pub(crate) fn orphan_of(file: &Path) -> PathBuf {
    let name = |n: u32| hidden(file, &format!(".raft.orphan-{n}"));
    let mut n = 1;
    while name(n).exists() {
        n += 1;
    }
    name(n)
}

fn hidden(file: &Path, suffix: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(suffix);
    file.with_file_name(name)
}
