//! The server as one state machine: every database, every session, the locks.
//!
//! In: [`Event`]s. Out: frames on links, records in files, jobs for other threads (whose results come back as
//! events). Never here: sockets, listeners, TLS, JSON text; time and randomness come from [`Host`].
//!
//! ```text
//!   connection tasks ──Message──►┐                       ┌──frames──► links
//!   control socket ────Call─────►│  Server::handle       ├──records─► files
//!   timers ────────────Timer────►│  (one event at once)  ├──jobs────► threads ──Dumped, Compacted──┐
//!                 ┌─────────────►┘                       └                                         │
//!                 └────────────────────────────────────────────────────────────────────────────────┘
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ovsdb_data::Uuid;
use ovsdb_engine::lock::{Locks, Notice, OwnersLocks};
use ovsdb_wire::message::Message;
use ovsdb_wire::method::Call;
use ovsdb_wire::reply;
use serde_json::Value;

use crate::actor::Machine;
use crate::cluster::ClusterEvent;
use crate::config::DbColumn;
use crate::database::{DbError, Model, OpenDatabase};
use crate::dump::DumpDone;
use crate::link::{Outlet, SessionId};
use crate::remotes::RemoteState;
use crate::session::{Profile, Session};
use crate::source::{SourceEvent, SourceSpec};
use crate::status::ServerRows;

/// Requests of more bytes than this run on the server's own thread.
const HEAVY_BYTES: usize = 64 << 10;

/// What the server asks of the world.
pub trait Host: Send {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;
    /// The wall clock, ms since 1970.
    fn date_ms(&self) -> i64;
    /// A random uuid.
    fn fresh_uuid(&mut self) -> Uuid;
    /// Runs a job elsewhere; its event comes back to this server.
    fn spawn(&self, job: Box<dyn FnOnce() -> Event + Send>);
    /// Asks for [`Event::Timer`] at a time (of [`Host::now`]), if not before.
    fn wake_at(&self, when: Duration);
    /// Rows that configure the program itself have changed ([`Server::watch_config_quietly`]).
    fn config_changed(&self);
}

/// What happens to the server.
pub enum Event {
    /// A client connected.
    Connected {
        /// Its session from now on.
        session: SessionId,
        /// The way out.
        link: Arc<dyn Outlet>,
        /// What its remote allows it.
        profile: Profile,
    },
    /// A client sent a message (never an echo request: connections answer those).
    Message {
        /// Whose.
        session: SessionId,
        /// What.
        message: Message,
        /// Its size on the wire.
        n_bytes: usize,
    },
    /// A link that was full has room.
    Drained(SessionId),
    /// A connection ended.
    Closed(SessionId),
    /// A monitor's contents have been made.
    Dumped(DumpDone),
    /// A function to run on the server: control commands, embedding programs, reconfiguration.
    Call(Box<dyn FnOnce(&mut Server) + Send>),
    /// Something happened on the connection to the source of a database that is a copy.
    Source {
        /// The database.
        db: String,
        /// Of which way to the source, see [`SourceSpec`].
        generation: u64,
        /// What.
        event: SourceEvent,
    },
    /// The member of a clustered database reports.
    Cluster(String, ClusterEvent),
    /// Time to look at the clock.
    Timer,
    /// A job that has nothing to tell ended.
    Nothing,
}

/// The server.
pub struct Server {
    /// The world.
    pub host: Box<dyn Host>,
    /// By name; `_Server` is one of them.
    pub databases: BTreeMap<String, OpenDatabase>,
    /// The connected clients.
    pub sessions: BTreeMap<SessionId, Session>,
    /// Named locks, by session.
    pub locks: Locks,
    /// Answer of `get_server_id`.
    pub server_id: Uuid,
    /// Whether `monitor_cond*` exist (`ovsdb-server/disable-monitor-cond`).
    pub monitor_cond: bool,
    pub(crate) rows: ServerRows,
    /// Numbers given to ways to sources.
    pub(crate) generations: u64,
}

impl Machine for Server {
    type Event = Event;

    fn handle(&mut self, event: Event) {
        Server::handle(self, event);
    }

    fn is_heavy(event: &Event) -> bool {
        match event {
            Event::Message { n_bytes, .. }
            | Event::Source {
                event: SourceEvent::Message(_, n_bytes),
                ..
            } => *n_bytes > HEAVY_BYTES,
            // What comes from a member runs on no thread of its cluster: heartbeats never wait for a database.
            Event::Call(_) | Event::Timer | Event::Cluster(..) => true,
            _ => false,
        }
    }
}

impl Server {
    /// A server with no database but `_Server`.
    pub fn new(mut host: Box<dyn Host>) -> Server {
        let server_id = host.fresh_uuid();
        let mut server = Server {
            databases: BTreeMap::new(),
            sessions: BTreeMap::new(),
            locks: Locks::default(),
            server_id,
            monitor_cond: true,
            rows: ServerRows::default(),
            generations: 0,
            host,
        };
        let own = OpenDatabase::server(server.host.as_mut());
        server.databases.insert(own.name.clone(), own);
        server.refresh_server_rows();
        server
    }

    /// Takes one event.
    pub fn handle(&mut self, event: Event) {
        match event {
            Event::Connected {
                session,
                link,
                profile,
            } => {
                self.sessions.insert(session, Session::new(link, profile));
            }
            Event::Message {
                session,
                message,
                n_bytes,
            } => self.message(session, message, n_bytes),
            Event::Drained(session) => {
                self.catch_up(session);
                self.serve_held(session);
            }
            Event::Closed(session) => self.closed(session),
            Event::Dumped(done) => self.dumped(done),
            Event::Call(call) => call(self),
            Event::Source {
                db,
                generation,
                event,
            } => self.source_event(&db, generation, event),
            Event::Cluster(db, event) => self.cluster_event(&db, event),
            Event::Timer => self.expire(),
            Event::Nothing => {}
        }
        self.notice_config_changes();
    }

    /// Names the tables, by database, whose commits are reported by [`Host::config_changed`] from now on.
    pub fn watch_config_quietly(&mut self, tables: BTreeMap<String, BTreeSet<String>>) {
        for (name, db) in &mut self.databases {
            let schema = db.db.snapshot().schema.clone();
            let names = tables.get(name).into_iter().flatten();
            db.config_tables = names.filter_map(|table| schema.table_idx(table)).collect();
            db.config_changed = false;
        }
    }

    fn notice_config_changes(&mut self) {
        // Each flag is cleared, whichever is found first.
        let flags = self
            .databases
            .values_mut()
            .map(|db| std::mem::take(&mut db.config_changed));
        if flags.fold(false, |any, flag| any | flag) {
            self.host.config_changed();
        }
    }

    /// Where each copy comes from at present.
    pub fn sources(&self) -> BTreeMap<String, SourceSpec> {
        let spec = |db: &OpenDatabase| match &db.model {
            Model::ActiveBackup(Some(backup)) => Some(backup.spec.clone()),
            Model::Relay(relay) => relay.spec.clone(),
            _ => None,
        };
        self.databases
            .iter()
            .filter_map(|(name, db)| Some((name.clone(), spec(db)?)))
            .collect()
    }

    fn source_event(&mut self, name: &str, generation: u64, event: SourceEvent) {
        let Some(db) = self.databases.get(name) else {
            return;
        };
        let of = |spec: &SourceSpec| spec.generation == generation;
        match &db.model {
            Model::ActiveBackup(Some(backup)) if of(&backup.spec) => self.backup_event(name, event),
            Model::Relay(relay) if relay.spec.as_ref().is_some_and(of) => self.relay_event(name, event),
            _ => {}
        }
    }

    /// Starts what runs from time to time.
    pub fn start_timers(&mut self) {
        self.expire();
    }

    /// Writes the state of remotes to the rows that configure them.
    pub fn write_remote_status(&mut self, column: &DbColumn, states: &BTreeMap<String, RemoteState>) {
        let locks = |state: &RemoteState| {
            let mut all = OwnersLocks::default();
            for session in &state.sessions {
                let of = self.locks.of(session.0);
                all.held.extend(of.held);
                all.waiting.extend(of.waiting);
                all.lost.extend(of.lost);
            }
            all
        };
        // A cluster's members would overwrite each other's.
        let is_clustered = |db: &OpenDatabase| matches!(db.model, Model::Clustered(_));
        if self.databases.get(&column.db).is_some_and(is_clustered) {
            return;
        }
        let operations = column.status(self, &|target| states.get(target).cloned(), &locks);
        if !operations.is_empty()
            && let Err(error) = self.transact_internally(&column.db, &operations)
        {
            tracing::warn!(target: "ovsdb_server", "Failed to update remote status: {error}");
        }
    }

    fn message(&mut self, id: SessionId, message: Message, n_bytes: usize) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.is_held() {
            session.hold(message, n_bytes);
            return;
        }
        session.link.release(n_bytes);
        self.serve(id, message);
    }

    /// Serves messages that waited for a monitor's contents or for room on the link.
    pub(crate) fn serve_held(&mut self, id: SessionId) {
        while let Some((message, n_bytes)) = self.sessions.get_mut(&id).and_then(Session::next_held) {
            if let Some(session) = self.sessions.get(&id) {
                session.link.release(n_bytes);
            }
            self.serve(id, message);
        }
    }

    /// Tells a session's monitors what they lag behind.
    pub(crate) fn catch_up(&mut self, session: SessionId) {
        for db in self.databases.values_mut() {
            db.catch_up(session);
        }
    }

    fn serve(&mut self, session: SessionId, message: Message) {
        // What a reply says must not be newer than what the monitors have been told.
        self.catch_up(session);
        match message {
            Message::Request { id, method, params } => match Call::parse(&method, params) {
                Ok(call) => self.call(session, id, call),
                Err(error) => self.send(session, reply::error(&id, &error)),
            },
            Message::Notification { method, params } => {
                if method == "cancel"
                    && let Some(request) = params.first()
                {
                    self.cancel(session, request);
                }
            }
            // Replies to probes end in the connection; the server asks clients for nothing else.
            Message::Response { .. } => self.close(session, "reply to a request that was not made"),
        }
    }

    fn closed(&mut self, id: SessionId) {
        if self.sessions.remove(&id).is_none() {
            return;
        }
        for db in self.databases.values_mut() {
            db.forget_session(id);
        }
        let notices = self.locks.drop_owner(id.0);
        self.notify_locks(notices);
    }

    /// Tells sessions what became of their locks.
    pub(crate) fn notify_locks(&mut self, notices: Vec<Notice>) {
        for notice in notices {
            let (owner, method, lock) = match notice {
                Notice::Locked(owner, lock) => (owner, "locked", lock),
                Notice::Stolen(owner, lock) => (owner, "stolen", lock),
            };
            self.send(
                SessionId(owner),
                reply::notification(method, &[Value::from(lock)]),
            );
        }
    }

    /// Queues a frame for a session, if it is still there.
    pub(crate) fn send(&self, session: SessionId, frame: ovsdb_wire::Frame) {
        if let Some(session) = self.sessions.get(&session) {
            session.link.send(frame);
        }
    }

    /// Asks a connection to end; [`Event::Closed`] follows.
    pub(crate) fn close(&self, session: SessionId, reason: &str) {
        if let Some(session) = self.sessions.get(&session) {
            session.link.close(reason);
        }
    }

    /// Closes every session (`ovsdb-server/reconnect`).
    pub fn reconnect(&self, reason: &str) {
        for session in self.sessions.values() {
            session.link.close(reason);
        }
    }

    /// Opens a database for clients.
    pub fn add_database(&mut self, mut db: OpenDatabase) -> Result<(), DbError> {
        if self.databases.contains_key(&db.name) {
            return Err(DbError::Duplicate(db.name));
        }
        db.compacted_at = self.host.now();
        self.disconnect_unaware(&format!("adding {} database", db.name));
        self.databases.insert(db.name.clone(), db);
        self.refresh_server_rows();
        Ok(())
    }

    /// Closes a database: its monitors end, its pending transactions are canceled.
    pub fn remove_database(&mut self, name: &str) -> Result<OpenDatabase, DbError> {
        if name.starts_with('_') {
            return Err(DbError::Reserved);
        }
        let mut db = self.databases.remove(name).ok_or(DbError::NotFound)?;
        self.end_service(&mut db);
        self.refresh_server_rows();
        Ok(db)
    }
}
