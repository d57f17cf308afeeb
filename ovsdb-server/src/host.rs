//! The world as a running server sees it: tokio, the clocks, randomness.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ovsdb_data::Uuid;
use parking_lot::Mutex;
use rand::Rng;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::actor::WeakActor;
use crate::server::{Event, Host, Server};

/// A [`Host`] on tokio.
pub struct TokioHost {
    runtime: Handle,
    started: Instant,
    actor: Arc<OnceLock<WeakActor<Server>>>,
    /// Jobs that run at once: one for each processor but the one that serves.
    jobs: Arc<Semaphore>,
    next_wake: Arc<Mutex<Option<Duration>>>,
    config_changed: Box<dyn Fn() + Send>,
}

impl TokioHost {
    /// A host whose server is told later, because each needs the other. `config_changed` is called when rows change
    /// that configure the program itself.
    pub fn new(
        runtime: Handle,
        actor: Arc<OnceLock<WeakActor<Server>>>,
        config_changed: Box<dyn Fn() + Send>,
    ) -> TokioHost {
        let n_jobs = std::thread::available_parallelism().map_or(2, |n| n.get()).max(2);
        TokioHost {
            runtime,
            started: Instant::now(),
            actor,
            jobs: Arc::new(Semaphore::new(n_jobs)),
            next_wake: Arc::default(),
            config_changed,
        }
    }
}

/// A random (version 4) uuid.
pub fn fresh_uuid() -> Uuid {
    let mut bytes = [0; 16];
    rand::rng().fill(&mut bytes);
    // Version 4, variant 1: what peers expect a random uuid to look like.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Uuid::from_bytes(bytes)
}

impl Host for TokioHost {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn date_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_millis() as i64)
    }

    fn fresh_uuid(&mut self) -> Uuid {
        fresh_uuid()
    }

    fn spawn(&self, job: Box<dyn FnOnce() -> Event + Send>) {
        let (jobs, actor, runtime) = (self.jobs.clone(), self.actor.clone(), self.runtime.clone());
        self.runtime.spawn(async move {
            let permit = jobs.acquire_owned().await;
            runtime.spawn_blocking(move || {
                let event = job();
                drop(permit);
                if let Some(actor) = actor.get().and_then(WeakActor::upgrade) {
                    actor.post(event);
                }
            });
        });
    }

    fn wake_at(&self, when: Duration) {
        let mut next = self.next_wake.lock();
        let now = self.now();
        if next.is_some_and(|next| next <= when && next > now) {
            return;
        }
        *next = Some(when);
        drop(next);
        let actor = self.actor.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(when.saturating_sub(now)).await;
            if let Some(actor) = actor.get().and_then(WeakActor::upgrade) {
                actor.post(Event::Timer);
            }
        });
    }

    fn config_changed(&self) {
        (self.config_changed)();
    }
}
