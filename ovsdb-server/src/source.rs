//! Connections to the servers that databases are copied from, kept equal to what is configured.
//!
//! In: which database copies from where. Out: [`SourceEvent`]s for the server. Never here: what is said on them.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ovsdb_transport::connection::{self, Handler};
use ovsdb_transport::dialer::Dialer;
use ovsdb_transport::link::Link;
use ovsdb_transport::remote::Remote;
use ovsdb_transport::stream::Stream;
use ovsdb_transport::tls::Tls;
use ovsdb_wire::message::Message;
use parking_lot::Mutex;
use rand::seq::SliceRandom;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::actor::Actor;
use crate::link::{LinkOutlet, Outlet};
use crate::server::{Event, Server};
use crate::service::{Source, names};

/// What happens on the connection to a source.
pub enum SourceEvent {
    /// It is there.
    Up(Arc<dyn Outlet>),
    /// The source says something, of so many bytes.
    Message(Message, usize),
    /// It ended.
    Down,
}

/// One database's way to its source, numbered so that what an earlier one still says is not taken for its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSpec {
    /// Where.
    pub source: Source,
    /// The number.
    pub generation: u64,
}

struct Entry {
    spec: SourceSpec,
    task: AbortHandle,
    link: Arc<Mutex<Option<Arc<Link>>>>,
}

/// The connections of a server to its sources.
pub struct Sources {
    runtime: Handle,
    actor: Actor<Server>,
    tls: Arc<Tls>,
    entries: BTreeMap<String, Entry>,
}

impl Sources {
    /// No sources yet.
    pub fn new(runtime: Handle, actor: Actor<Server>, tls: Arc<Tls>) -> Sources {
        Sources {
            runtime,
            actor,
            tls,
            entries: BTreeMap::new(),
        }
    }

    /// Makes the connections equal to `desired`, by database.
    pub fn configure(&mut self, desired: BTreeMap<String, SourceSpec>) {
        self.entries.retain(|db, entry| {
            let same = desired.get(db).is_some_and(|spec| {
                spec.generation == entry.spec.generation && spec.source.target == entry.spec.source.target
            });
            if !same {
                entry.task.abort();
                if let Some(link) = entry.link.lock().as_ref() {
                    link.close("source removed or changed");
                }
            }
            same
        });
        for (db, spec) in desired {
            match self.entries.get_mut(&db) {
                Some(entry) => {
                    if let Some(link) = entry.link.lock().as_ref() {
                        link.set_probe_interval(probe_interval(&spec.source));
                    }
                    entry.spec = spec;
                }
                None => self.start(db, spec),
            }
        }
    }

    fn start(&mut self, db: String, spec: SourceSpec) {
        let follower = Follower {
            db: db.clone(),
            spec: spec.clone(),
            actor: self.actor.clone(),
            tls: self.tls.clone(),
            link: Arc::default(),
        };
        let link = follower.link.clone();
        let task = self.runtime.spawn(follower.keep_dialing()).abort_handle();
        self.entries.insert(db, Entry { spec, task, link });
    }
}

impl Drop for Sources {
    fn drop(&mut self) {
        for entry in self.entries.values() {
            entry.task.abort();
        }
    }
}

fn probe_interval(source: &Source) -> Option<Duration> {
    match source.probe_ms {
        0 => None,
        ms => Some(Duration::from_millis(ms.max(1000))),
    }
}

/// The task of one source.
#[derive(Clone)]
struct Follower {
    db: String,
    spec: SourceSpec,
    actor: Actor<Server>,
    tls: Arc<Tls>,
    link: Arc<Mutex<Option<Arc<Link>>>>,
}

impl Follower {
    /// Follows one target after the other, in random order so that many followers spread.
    async fn keep_dialing(self) {
        let mut targets: Vec<Remote> = Vec::new();
        for target in names(&self.spec.source.target) {
            match target.parse() {
                Ok(remote) => targets.push(remote),
                Err(error) => tracing::error!(target: "ovsdb_cs", "{}: {error}", self.db),
            }
        }
        targets.shuffle(&mut rand::rng());
        let max_wait = self.spec.source.max_backoff_ms;
        let max_wait = max_wait.map(|ms| Duration::from_millis(ms.max(1000)));
        let mut dialer = Dialer::new(targets, max_wait, self.tls.clone());
        while let Some((target, stream)) = dialer.connect().await {
            let began = Instant::now();
            // A task of its own: it must end in order even when this one is aborted.
            let follower = self.clone();
            let served = tokio::spawn(async move { follower.serve(stream).await });
            let why = served.await.unwrap_or_else(|error| error.to_string());
            tracing::info!(target: "reconnect", "{target}: {why}");
            dialer.ended(began.elapsed());
        }
        tracing::error!(
            target: "ovsdb_cs", "{}: no source to connect to in \"{}\"", self.db, self.spec.source.target
        );
    }

    async fn serve(mut self, stream: Stream) -> String {
        let link = Arc::new(Link::new(probe_interval(&self.spec.source)));
        *self.link.lock() = Some(link.clone());
        self.post(SourceEvent::Up(Arc::new(LinkOutlet(link.clone()))));
        let why = connection::serve(stream, link, &mut self).await;
        *self.link.lock() = None;
        self.post(SourceEvent::Down);
        why.to_string()
    }

    fn post(&self, event: SourceEvent) {
        self.actor.post(Event::Source {
            db: self.db.clone(),
            generation: self.spec.generation,
            event,
        });
    }
}

impl Handler for Follower {
    fn message(&mut self, message: Message, n_bytes: usize) -> ControlFlow<String> {
        self.post(SourceEvent::Message(message, n_bytes));
        ControlFlow::Continue(())
    }

    fn drained(&mut self) {}
}
