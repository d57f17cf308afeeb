//! What the rest of the program holds of a connection: a bounded way out, and how much of what came in still waits.
//!
//! In: frames, from any thread. Out: bytes for the connection's task. Never blocks.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use tokio::sync::Notify;

pub use ovsdb_wire::Frame;

/// A link is full while more bytes than this wait to be sent. Requests are not read then: who does not read replies
/// may not ask for more. What the server sends of its own accord it merges, and in the end gives up, by the same
/// measure. A frame is queued whole, so that a full link holds this and one frame, most often.
pub const FULL_BYTES: usize = 1 << 20;

/// Requests are not read while this many bytes of them wait to be served.
const HOLD_LIMIT: usize = 1 << 20;

/// A link that was above [`FULL_BYTES`] counts as drained below this.
const LOW_WATER: usize = FULL_BYTES / 4;

/// Pieces handed to one system call; Linux takes up to 1024.
const MAX_SLICES: usize = 64;

#[derive(Default)]
struct Queue {
    pieces: VecDeque<Bytes>,
    closing: Option<String>,
    /// The queue has been above the limit since it was last drained.
    was_full: bool,
}

/// A connection, seen from the other side. Shared by reference counting.
#[derive(Default)]
pub struct Link {
    queue: Mutex<Queue>,
    queued: AtomicUsize,
    held: AtomicUsize,
    /// Milliseconds; 0 is off.
    probe_ms: AtomicU64,
    /// The connection's task is serving requests: it will look at the queue by itself.
    awake: AtomicBool,
    pub(crate) wake: Notify,
}

impl Link {
    /// A link whose peer is probed after this much silence; none is never.
    pub fn new(probe_interval: Option<Duration>) -> Link {
        let link = Link::default();
        link.set_probe_interval(probe_interval);
        link
    }

    /// Queues a frame.
    pub fn send(&self, frame: Frame) {
        let n_bytes = frame.len();
        let mut queue = self.queue.lock();
        if queue.closing.is_some() {
            return;
        }
        queue
            .pieces
            .extend(frame.0.into_iter().filter(|piece| !piece.is_empty()));
        let queued = self.queued.fetch_add(n_bytes, Ordering::Relaxed) + n_bytes;
        queue.was_full |= queued > FULL_BYTES;
        drop(queue);
        self.wake();
    }

    /// Tells the connection's task of something new. While it is awake that costs nothing: what was put before the
    /// flag was seen, it sees after it has lowered the flag.
    fn wake(&self) {
        if !self.awake.load(Ordering::SeqCst) {
            self.wake.notify_one();
        }
    }

    /// The task raises the flag before it serves requests and lowers it before it looks at the queue.
    pub(crate) fn set_awake(&self, awake: bool) {
        self.awake.store(awake, Ordering::SeqCst);
    }

    /// Bytes queued and not yet taken by the peer.
    pub fn queued_bytes(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// Ends the connection once its task sees it; what is queued is sent if the peer takes it soon
    /// ([`crate::connection::GRACE`]), nothing more is queued.
    pub fn close(&self, reason: &str) {
        self.queue.lock().closing.get_or_insert_with(|| reason.to_owned());
        self.wake();
    }

    /// Changes after how much silence the peer is probed.
    pub fn set_probe_interval(&self, interval: Option<Duration>) {
        let ms = interval.map_or(0, |i| i.as_millis() as u64);
        self.probe_ms.store(ms, Ordering::Relaxed);
        self.wake.notify_one();
    }

    pub(crate) fn probe_interval(&self) -> Option<Duration> {
        match self.probe_ms.load(Ordering::Relaxed) {
            0 => None,
            ms => Some(Duration::from_millis(ms)),
        }
    }

    /// A request of this size was handed on.
    pub(crate) fn hold(&self, n_bytes: usize) {
        self.held.fetch_add(n_bytes, Ordering::Relaxed);
    }

    /// A request of this size is being served.
    pub fn release(&self, n_bytes: usize) {
        let before = self.held.fetch_sub(n_bytes, Ordering::SeqCst);
        if before > HOLD_LIMIT && before - n_bytes <= HOLD_LIMIT {
            self.wake();
        }
    }

    /// Whether the peer's bytes are welcome.
    pub(crate) fn may_read(&self) -> bool {
        self.queued_bytes() <= FULL_BYTES && self.held.load(Ordering::SeqCst) <= HOLD_LIMIT
    }

    pub(crate) fn closing(&self) -> Option<String> {
        self.queue.lock().closing.clone()
    }

    /// Copies the handles of the first queued pieces.
    pub(crate) fn peek(&self, out: &mut Vec<Bytes>) {
        out.clear();
        out.extend(self.queue.lock().pieces.iter().take(MAX_SLICES).cloned());
    }

    /// Drops bytes that were sent; true when a link that was full has room again.
    pub(crate) fn sent(&self, mut n_bytes: usize) -> bool {
        let mut queue = self.queue.lock();
        let left = self.queued.fetch_sub(n_bytes, Ordering::Relaxed) - n_bytes;
        while n_bytes > 0 {
            let Some(piece) = queue.pieces.front_mut() else {
                break;
            };
            if piece.len() > n_bytes {
                piece.advance(n_bytes);
                break;
            }
            n_bytes -= piece.len();
            queue.pieces.pop_front();
        }
        queue.was_full && left <= LOW_WATER && {
            queue.was_full = false;
            true
        }
    }
}

/// The pieces as a vectored write wants them.
pub(crate) fn slices(pieces: &[Bytes]) -> Vec<IoSlice<'_>> {
    pieces.iter().map(|piece| IoSlice::new(piece)).collect()
}
