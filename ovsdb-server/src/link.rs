//! What the server sees of a connection.

use std::sync::Arc;

use ovsdb_transport::link::Link;
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

/// A connection of the transport as an outlet.
pub(crate) struct LinkOutlet(pub Arc<Link>);

impl Outlet for LinkOutlet {
    fn send(&self, frame: Frame) {
        self.0.send(frame);
    }

    fn queued_bytes(&self) -> usize {
        self.0.queued_bytes()
    }

    fn release(&self, n_bytes: usize) {
        self.0.release(n_bytes);
    }

    fn close(&self, reason: &str) {
        self.0.close(reason);
    }
}
