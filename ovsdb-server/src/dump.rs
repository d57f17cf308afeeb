//! The first contents of monitors, and what changed conditions show and hide: made from snapshots on other threads,
//! so that a commit never waits for them, and made once for all who ask for the same of the same state.
//!
//! In: wishes for contents. Out: jobs; and when they are done, replies followed by what was committed meanwhile.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ovsdb_data::monitor::{MonitorSpec, MonitorVersion};
use ovsdb_data::{RowChange, TableIdx, TxnId};
use ovsdb_engine::Snapshot;
use ovsdb_engine::monitor::{initial, reconditioned, view};
use ovsdb_wire::{reply, update};
use serde_json::{Map, Value};

use crate::fanout::MonitorName;
use crate::link::SessionId;
use crate::lookup::Lookups;
use crate::server::{Event, Server};

/// Monitors over fewer rows than this are served at once: a job costs about as much.
const SMALL_ROWS: usize = 500;

/// How long finished contents are kept for others who may ask for the same.
const KEEP: Duration = Duration::from_secs(1);

/// What a monitor waits for.
pub(crate) enum Want {
    /// All that matches.
    Initial,
    /// What happened since a known transaction.
    Since(Vec<RowChange>),
    /// What a change from these conditions shows and hides.
    Recondition(Arc<MonitorSpec>),
}

/// Finished contents.
pub struct DumpDone {
    db: String,
    key: Key,
    chunks: Arc<[Bytes]>,
}

#[derive(Clone)]
struct Key {
    spec: Arc<MonitorSpec>,
    old: Option<Arc<MonitorSpec>>,
    v1: bool,
    txn_id: TxnId,
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        let same = |a: &Option<Arc<MonitorSpec>>, b: &Option<Arc<MonitorSpec>>| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        self.txn_id == other.txn_id
            && self.v1 == other.v1
            && Arc::ptr_eq(&self.spec, &other.spec)
            && same(&self.old, &other.old)
    }
}

/// A monitor that waits for contents.
#[derive(Clone)]
struct Waiter {
    name: MonitorName,
    request: Value,
    version: MonitorVersion,
}

struct Job {
    key: Key,
    waiters: Vec<Waiter>,
    /// When done: the contents, and until when they are kept.
    done: Option<(Arc<[Bytes]>, Duration)>,
}

/// The contents being made or just made for one database.
#[derive(Default)]
pub(crate) struct Dumps {
    jobs: Vec<Job>,
    lookups: Lookups,
}

impl Dumps {
    /// Forgets contents that have been kept long enough.
    pub fn expire(&mut self, now: Duration) {
        self.lookups.expire();
        self.jobs
            .retain(|job| job.done.as_ref().is_none_or(|(_, until)| *until > now));
    }

    /// Whoever still waits: the database's service ends.
    pub fn take_waiting(&mut self) -> Vec<(SessionId, Value)> {
        let jobs = std::mem::take(&mut self.jobs);
        jobs.into_iter()
            .flat_map(|job| job.waiters)
            .map(|w| (w.name.session, w.request))
            .collect()
    }
}

impl Server {
    /// Makes what a new or changed monitor waits for, at once or elsewhere.
    pub(crate) fn load(
        &mut self,
        db: &str,
        name: MonitorName,
        request: Value,
        version: MonitorVersion,
        spec: Arc<MonitorSpec>,
        want: Want,
    ) {
        let now = self.host.now();
        let Some(open) = self.databases.get_mut(db) else {
            return;
        };
        let snapshot = open.snapshot().clone();
        let waiter = Waiter {
            name,
            request,
            version,
        };
        let old = match want {
            Want::Since(changes) => {
                let seen: Vec<RowChange> = changes.iter().filter_map(|c| view(&spec, c)).collect();
                let body = update::encode(version, &spec, &snapshot.schema, &seen);
                let frame = reply::monitor_since(&waiter.request, true, snapshot.txn_id, &[body]);
                self.send(waiter.name.session, frame);
                self.loaded(db, &waiter.name);
                return;
            }
            Want::Initial => None,
            Want::Recondition(old) => Some(old),
        };
        let key = Key {
            spec,
            old,
            v1: version == MonitorVersion::V1,
            txn_id: snapshot.txn_id,
        };
        if let Some(job) = open.dumps.jobs.iter_mut().find(|job| job.key == key) {
            match &mut job.done {
                Some((chunks, until)) => {
                    *until = now + KEEP;
                    let chunks = chunks.clone();
                    self.deliver(db, &key, &waiter, &chunks);
                }
                None => {
                    job.waiters.push(waiter.clone());
                    self.begin_load(waiter.name.session);
                }
            }
            return;
        }
        let n_rows: usize = key
            .spec
            .tables
            .keys()
            .map(|t: &TableIdx| snapshot.table(*t).len())
            .sum();
        if n_rows <= SMALL_ROWS {
            let chunks = make(&key, version, &snapshot, &open.dumps.lookups);
            self.deliver(db, &key, &waiter, &chunks);
            return;
        }
        open.dumps.jobs.push(Job {
            key: key.clone(),
            waiters: vec![waiter.clone()],
            done: None,
        });
        let (db, lookups) = (db.to_owned(), open.dumps.lookups.clone());
        self.begin_load(waiter.name.session);
        self.host.spawn(Box::new(move || {
            let chunks = make(&key, version, &snapshot, &lookups);
            Event::Dumped(DumpDone { db, key, chunks })
        }));
    }

    fn begin_load(&mut self, session: SessionId) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.begin_load();
        }
    }

    /// Contents have been made: everybody who waits gets them.
    pub(crate) fn dumped(&mut self, done: DumpDone) {
        let until = self.host.now() + KEEP;
        let Some(open) = self.databases.get_mut(&done.db) else {
            return;
        };
        let Some(job) = open.dumps.jobs.iter_mut().find(|job| job.key == done.key) else {
            return;
        };
        let waiters = std::mem::take(&mut job.waiters);
        job.done = Some((done.chunks.clone(), until));
        self.host.wake_at(until);
        for waiter in waiters {
            self.deliver(&done.db, &done.key, &waiter, &done.chunks);
            let session = waiter.name.session;
            if let Some(session) = self.sessions.get_mut(&session) {
                session.end_load();
            }
            self.serve_held(session);
        }
    }

    fn deliver(&mut self, db: &str, key: &Key, waiter: &Waiter, chunks: &[Bytes]) {
        let session = waiter.name.session;
        if key.old.is_some() {
            if !chunks.is_empty() {
                let id = serde_json::from_str(&waiter.name.id).unwrap_or(Value::Null);
                self.send(
                    session,
                    update::notification(waiter.version, &id, key.txn_id, chunks),
                );
            }
            self.send(
                session,
                reply::result(&waiter.request, &Value::Object(Map::new())),
            );
        } else if waiter.version == MonitorVersion::V3 {
            self.send(
                session,
                reply::monitor_since(&waiter.request, false, key.txn_id, chunks),
            );
        } else {
            self.send(session, reply::raw_result(&waiter.request, chunks));
        }
        self.loaded(db, &waiter.name);
    }

    fn loaded(&mut self, db: &str, name: &MonitorName) {
        if let Some(open) = self.databases.get_mut(db) {
            open.loaded(name);
        }
    }
}

/// The contents, as pieces of one JSON object; none when changed conditions change nothing.
fn make(key: &Key, version: MonitorVersion, snapshot: &Snapshot, lookups: &Lookups) -> Arc<[Bytes]> {
    let indexes = |snapshot: &Snapshot, table, column| lookups.get(snapshot, table, column);
    match &key.old {
        None => {
            let rows = initial(&key.spec, snapshot, &indexes);
            update::dump(version, &key.spec, &snapshot.schema, rows).into()
        }
        Some(old) => {
            let changes = reconditioned(old, &key.spec, snapshot, &indexes);
            if changes.is_empty() {
                return Arc::new([]);
            }
            Arc::new([update::encode(version, &key.spec, &snapshot.schema, &changes)])
        }
    }
}
