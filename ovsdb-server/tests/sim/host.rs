//! The world as a simulated server sees it: what it asks for is collected, and done when the simulation gets to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ovsdb_data::Uuid;
use ovsdb_server::link::Outlet;
use ovsdb_server::server::{Event, Host};
use ovsdb_wire::Frame;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A job for another thread.
pub type Job = Box<dyn FnOnce() -> Event + Send>;

/// The simulation's clock, in microseconds.
pub type Clock = Arc<AtomicU64>;

/// What one run of one server asks of the world.
pub struct Outside {
    clock: Clock,
    pub jobs: Mutex<Vec<Job>>,
    /// Times to be woken at that were asked for lately.
    pub wakes: Mutex<Vec<Duration>>,
    next_wake: Mutex<Option<Duration>>,
}

impl Outside {
    pub fn new(clock: Clock) -> Arc<Outside> {
        Arc::new(Outside {
            clock,
            jobs: Mutex::default(),
            wakes: Mutex::default(),
            next_wake: Mutex::default(),
        })
    }

    fn now(&self) -> Duration {
        Duration::from_micros(self.clock.load(Ordering::Relaxed))
    }
}

/// A host whose uuids come from a seed.
pub struct SimHost {
    outside: Arc<Outside>,
    rng: StdRng,
}

impl SimHost {
    pub fn new(outside: Arc<Outside>, seed: u64) -> SimHost {
        SimHost {
            outside,
            rng: StdRng::seed_from_u64(seed),
        }
    }
}

impl Host for SimHost {
    fn now(&self) -> Duration {
        self.outside.now()
    }

    fn date_ms(&self) -> i64 {
        self.outside.now().as_millis() as i64
    }

    fn fresh_uuid(&mut self) -> Uuid {
        Uuid::from_u128(self.rng.random())
    }

    fn spawn(&self, job: Job) {
        self.outside.jobs.lock().push(job);
    }

    fn wake_at(&self, when: Duration) {
        let mut next = self.outside.next_wake.lock();
        if next.is_some_and(|next| next <= when && next > self.now()) {
            return;
        }
        *next = Some(when);
        self.outside.wakes.lock().push(when);
    }

    fn config_changed(&self) {}
}

/// A connection as the server sees it.
#[derive(Default)]
pub struct Line {
    pub frames: Mutex<Vec<Frame>>,
    /// The client does not read at the moment.
    pub is_full: AtomicBool,
    pub closed: AtomicBool,
}

impl Outlet for Line {
    fn send(&self, frame: Frame) {
        self.frames.lock().push(frame);
    }

    fn queued_bytes(&self) -> usize {
        match self.is_full.load(Ordering::Relaxed) {
            true => 1 << 30,
            false => 0,
        }
    }

    fn release(&self, _n_bytes: usize) {}

    fn close(&self, _reason: &str) {
        self.closed.store(true, Ordering::Relaxed);
    }
}
