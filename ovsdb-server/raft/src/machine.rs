//! What a cluster agrees on goes here: the member's database, behind a trait.

use std::io;

use futures_util::future::BoxFuture;

use crate::types::{Command, LogId};

/// A committed log entry.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Where it is in the log.
    pub log_id: LogId,
    /// What it does; none where a leader began its term or the membership changed.
    pub command: Option<Command>,
}

/// A snapshot on its way into or out of the store: pieces of about a megabyte.
pub type Pieces = Box<dyn Iterator<Item = io::Result<Vec<u8>>> + Send + Sync>;

/// The state that the log leads to. Calls come one at a time, in order.
pub trait Machine: Send + Sync + 'static {
    /// Takes committed entries; ready when their effects are seen.
    fn apply(&self, entries: Vec<Applied>) -> BoxFuture<'_, io::Result<()>>;

    /// The state after the last entry taken, as pieces that are made while others are written. Must be quick: what
    /// takes time happens in the iterator, on another thread.
    fn snapshot(&self) -> BoxFuture<'_, io::Result<Pieces>>;

    /// Takes a whole state in place of its own: the one after `last`.
    fn install(&self, last: Option<LogId>, pieces: Pieces) -> BoxFuture<'_, io::Result<()>>;
}
