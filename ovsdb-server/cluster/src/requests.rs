//! The latest requests that were executed, and what their clients were told: a request that was sent twice is executed
//! once.
//!
//! The same on every member after the same entry, so that all of them take or ignore the next one alike.

use bytes::Bytes;
use imbl::{OrdMap, Vector};
use ovsdb_data::Uuid;
use ovsdb_raft::types::{Request, ServerId};

/// Requests kept. A client's request is sent again within seconds, in which a cluster does a few thousand.
pub const N_MAX: usize = 16_384;

/// Bytes of replies kept: 4 KiB for each request. The latest one is kept whatever its size.
pub const BYTES_MAX: usize = N_MAX * 4096;

/// A ring of executed requests. Cloning shares all of it.
#[derive(Clone, Default)]
pub struct Requests {
    replies: OrdMap<Request, Bytes>,
    /// Oldest first.
    order: Vector<Request>,
    n_bytes: usize,
}

/// The name of a conversion among requests: its entry says which state it leads to, not who asked.
pub fn of_conversion(id: Uuid) -> Request {
    Request {
        server: ServerId::default(),
        id,
    }
}

impl Requests {
    /// Adds an executed request, which becomes the latest; the oldest go when there are too many. A request that is
    /// there already stays as it is.
    pub fn insert(&mut self, request: Request, reply: Bytes) {
        if self.replies.contains_key(&request) {
            return;
        }
        self.n_bytes += reply.len();
        self.replies.insert(request, reply);
        self.order.push_back(request);
        while self.order.len() > 1 && (self.order.len() > N_MAX || self.n_bytes > BYTES_MAX) {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            let reply = self.replies.remove(&oldest);
            self.n_bytes -= reply.map_or(0, |reply| reply.len());
        }
    }

    /// What the client of an executed request was told.
    pub fn get(&self, request: &Request) -> Option<&Bytes> {
        self.replies.get(request)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (&Request, &Bytes)> {
        self.order
            .iter()
            .filter_map(|request| Some((request, self.replies.get(request)?)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}
