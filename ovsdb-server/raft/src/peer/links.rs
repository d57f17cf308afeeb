//! Who is connected with whom, and who was heard of when: for the status, and to tell a silent peer from one that is
//! gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::types::ServerId;

/// The connections of one member.
#[derive(Default)]
pub struct Links(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// How many there are, by direction.
    open: BTreeMap<(ServerId, Direction), usize>,
    heard: BTreeMap<ServerId, Instant>,
    n_broken: u64,
    n_bytes: usize,
}

/// Who made a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// This member.
    Outgoing,
    /// The other server.
    Incoming,
}

/// One connection, as long as it is there.
pub struct Link {
    links: Arc<Links>,
    server: ServerId,
    direction: Direction,
}

/// Bytes that wait to go out to another member, as long as they do.
pub struct Sending {
    links: Arc<Links>,
    n_bytes: usize,
}

impl Links {
    /// A connection was made.
    pub fn open(self: &Arc<Self>, server: ServerId, direction: Direction) -> Link {
        *self.0.lock().open.entry((server, direction)).or_default() += 1;
        Link {
            links: self.clone(),
            server,
            direction,
        }
    }

    /// A message came.
    pub fn heard(&self, server: ServerId) {
        self.0.lock().heard.insert(server, Instant::now());
    }

    /// So many bytes wait to go out.
    pub fn sending(self: &Arc<Self>, n_bytes: usize) -> Sending {
        self.0.lock().n_bytes += n_bytes;
        Sending {
            links: self.clone(),
            n_bytes,
        }
    }

    /// Bytes that wait to go out.
    pub fn backlog(&self) -> usize {
        self.0.lock().n_bytes
    }

    /// How many connections there are.
    pub fn n_open(&self) -> usize {
        self.0.lock().open.values().sum()
    }

    /// A connection ended that should not have.
    pub fn broken(&self) {
        self.0.lock().n_broken += 1;
    }

    /// How many connections have broken.
    pub fn n_broken(&self) -> u64 {
        self.0.lock().n_broken
    }

    /// When a message last came from a server.
    pub fn last_heard(&self, server: ServerId) -> Option<Instant> {
        self.0.lock().heard.get(&server).copied()
    }

    /// Whether there is a connection.
    pub fn is_open(&self, server: ServerId, direction: Direction) -> bool {
        self.0.lock().open.contains_key(&(server, direction))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let mut known = self.links.0.lock();
        let key = (self.server, self.direction);
        if let Some(n) = known.open.get_mut(&key) {
            *n -= 1;
            if *n == 0 {
                known.open.remove(&key);
            }
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.links.0.lock().n_bytes -= self.n_bytes;
    }
}
