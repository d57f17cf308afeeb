//! What the server sees of a connection.

use ovsdb_wire::Frame;

/// Numbers sessions for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// The way out to a client. Never blocks.
pub trait Outlet: Send + Sync {
    /// Queues a frame.
    fn send(&self, frame: Frame);
    /// Bytes queued and not yet taken by the peer.
    fn queued_bytes(&self) -> usize;
    /// Gives back the room that a handled request took.
    fn release(&self, n_bytes: usize);
    /// Closes the connection; `reason` goes to the log.
    fn close(&self, reason: &str);
}
