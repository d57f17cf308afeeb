//! A server inside another program: databases opened, changed and watched without a socket and without JSON.
//!
//! In: files or schemas, typed changes. Out: snapshots, committed changes, merged for a watcher that is slow. Clients
//! over sockets may be served beside ([`Embedded::serve`]); they and the program see the same commits in the same
//! order.
//!
//! ```
//! use ovn_schemas::rows::ovn_northbound::{LogicalSwitch, LogicalSwitchPort};
//! use ovn_schemas::{Db, schema};
//! use ovsdb_data::typed::{Columns, Table};
//! use ovsdb_server::embed::Embedded;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let runtime = tokio::runtime::Runtime::new()?;
//! # runtime.block_on(async {
//! let server = Embedded::start(tokio::runtime::Handle::current())?;
//! let db = server.in_memory(schema(Db::OvnNorthbound)).await?;
//! let (_, mut watch) = db.watch().await?;
//!
//! db.transact(|edit| {
//!     let port = edit.insert(Columns::new().set(LogicalSwitchPort::NAME, "lp1"))?;
//!     edit.insert(Columns::new().set(LogicalSwitch::NAME, "ls1").set(LogicalSwitch::PORTS, [port]))
//! })
//! .await?;
//!
//! let now = db.snapshot().await?;
//! let switch = now.table(LogicalSwitch::TABLE_INDEX).values().map(LogicalSwitch::of).next();
//! assert_eq!(switch.map(|switch| switch.name()), Some("ls1"));
//! let (changes, _) = watch.next().await.ok_or("the database is gone")?;
//! assert_eq!(changes.len(), 2);
//! # Ok(())
//! # })
//! # }
//! ```

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use ovsdb_data::typed::{Columns, Table};
use ovsdb_data::{DatabaseSchema, Datum, OvsdbError, Row, RowChange, TxnId, Uuid};
use ovsdb_engine::pending::Pending;
use ovsdb_engine::{Database, Snapshot};
use ovsdb_transport::connection;
use ovsdb_transport::link::Link;
use ovsdb_transport::stream::Stream;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::actor::Actor;
use crate::control::ask;
use crate::database::{DbError, Model, OpenDatabase};
use crate::host::{TokioHost, fresh_uuid};
use crate::link::{LinkOutlet, SessionId};
use crate::remotes::SessionHandler;
use crate::server::{Event, Server};
use crate::session::Profile;

/// Bytes that may be under way between the two ends of an in-process connection.
const PIPE: usize = 1 << 20;

/// Sessions of in-process connections are numbered from here, far from those of sockets.
const FIRST_SESSION: u64 = 1 << 32;

/// Why something cannot be done with an embedded database.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The file, or the name.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The transaction breaks a rule of the database; nothing has changed.
    #[error(transparent)]
    Refused(#[from] OvsdbError),
    /// The file is of another schema than the program's types were made from.
    #[error("{0}: the file's schema is version {1}, the program is made for {2}: convert it with ovsdb-tool")]
    Schema(String, String, String),
    /// The database is closed, or the server stopped.
    #[error("{0} is not open any more")]
    Gone(String),
    /// No thread could be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// The server. Dropping it stops it.
pub struct Embedded {
    runtime: Handle,
    actor: Actor<Server>,
    sessions: AtomicU64,
}

impl Embedded {
    /// A server without databases. Its timers and connections run on `runtime`.
    pub fn start(runtime: Handle) -> Result<Embedded, EmbedError> {
        let weak = Arc::new(OnceLock::new());
        let host = TokioHost::new(runtime.clone(), weak.clone(), Box::new(|| ()));
        let actor = Actor::start("ovsdb", Server::new(Box::new(host)))?;
        // Set once, here.
        let _ = weak.set(actor.downgrade());
        actor.post(Event::Timer);
        Ok(Embedded {
            runtime,
            actor,
            sessions: AtomicU64::new(FIRST_SESSION),
        })
    }

    /// Opens a standalone database's file, which must be of this schema where one is given: the types of rows are
    /// made from one.
    pub async fn open(&self, path: &Path, schema: Option<&DatabaseSchema>) -> Result<LocalDb, EmbedError> {
        let file = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || OpenDatabase::open(&file)).await;
        let opened = opened.map_err(|_| EmbedError::Gone(path.display().to_string()))?;
        let db = opened.map_err(DbError::from)?;
        let found = &db.snapshot().schema;
        if let Some(wanted) = schema.filter(|wanted| **wanted != **found) {
            let version = |schema: &DatabaseSchema| schema.version.to_string();
            let (found, wanted) = (version(found), version(wanted));
            return Err(EmbedError::Schema(path.display().to_string(), found, wanted));
        }
        self.add(db).await
    }

    /// A database in memory, gone with the server.
    pub async fn in_memory(&self, schema: DatabaseSchema) -> Result<LocalDb, EmbedError> {
        let db = Database::new(Arc::new(schema), TxnId(fresh_uuid()));
        self.add(OpenDatabase::in_memory(Model::Standalone, db)).await
    }

    async fn add(&self, db: OpenDatabase) -> Result<LocalDb, EmbedError> {
        let name = db.name.clone();
        let added = ask(&self.actor, move |server| server.add_database(db));
        added.await.map_err(|_| EmbedError::Gone(name.clone()))??;
        Ok(LocalDb {
            actor: self.actor.clone(),
            name,
        })
    }

    /// Serves a client on a stream, for example one that the program accepted.
    pub fn serve(&self, stream: Stream) {
        let session = SessionId(self.sessions.fetch_add(1, Ordering::Relaxed));
        let link = Arc::new(Link::new(None));
        let actor = self.actor.clone();
        actor.post(Event::Connected {
            session,
            link: Arc::new(LinkOutlet(link.clone())),
            profile: Profile::default(),
        });
        self.runtime.spawn(async move {
            let mut handler = SessionHandler {
                session,
                actor: actor.clone(),
            };
            let why = connection::serve(stream, link, &mut handler).await;
            tracing::debug!(target: "jsonrpc", "in-process: {why}");
            actor.post(Event::Closed(session));
        });
    }

    /// A connection within the process, for a client that speaks the protocol ([`ovsdb_transport::drive`]).
    pub fn connect(&self) -> Stream {
        let (ours, theirs) = tokio::io::duplex(PIPE);
        self.serve(Stream::Memory(ours));
        Stream::Memory(theirs)
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.actor.stop();
    }
}

/// A database of an embedded server. Cloning shares it.
#[derive(Clone)]
pub struct LocalDb {
    actor: Actor<Server>,
    name: String,
}

impl LocalDb {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The present state: it does not change, and holds up nobody.
    pub async fn snapshot(&self) -> Result<Snapshot, EmbedError> {
        self.with(|_, db| Ok(db.snapshot().clone())).await
    }

    /// Changes the database: `edit` sees the present state and says what changes; all of it is committed, or nothing
    /// where `edit` fails or a rule of the database is broken. Returns when the commit is in the file (but perhaps not
    /// on the disk yet).
    pub async fn transact<R: Send + 'static>(
        &self,
        edit: impl FnOnce(&mut Edit<'_>) -> Result<R, OvsdbError> + Send + 'static,
    ) -> Result<R, EmbedError> {
        self.with(|server, db| {
            if !matches!(db.model, Model::Standalone | Model::ActiveBackup(None)) {
                let text = format!("{} is a copy of another server's database", db.name);
                return Err(OvsdbError::new("not allowed", text).into());
            }
            let present = db.snapshot().clone();
            let mut editing = Edit {
                present: &present,
                changes: Vec::new(),
            };
            let result = edit(&mut editing)?;
            let changes = db.db.check(editing.changes, &mut fresh_uuid)?;
            db.commit(changes, None, false, server.host.as_mut())?;
            Ok(result)
        })
        .await
    }

    /// The present state, and every commit from then on.
    pub async fn watch(&self) -> Result<(Snapshot, Watch), EmbedError> {
        self.with(|_, db| {
            let mailbox = Arc::new(Mailbox::new(db.snapshot()));
            db.watchers.push(Arc::downgrade(&mailbox));
            Ok((db.snapshot().clone(), Watch(mailbox)))
        })
        .await
    }

    async fn with<R: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Server, &mut OpenDatabase) -> Result<R, EmbedError> + Send + 'static,
    ) -> Result<R, EmbedError> {
        let name = self.name.clone();
        let done = ask(&self.actor, move |server| {
            let Some(mut db) = server.databases.remove(&name) else {
                return Err(EmbedError::Gone(name));
            };
            let result = f(server, &mut db);
            server.databases.insert(name.clone(), db);
            server.rerun_touched(&name);
            result
        });
        done.await.map_err(|_| EmbedError::Gone(self.name.clone()))?
    }
}

/// A transaction in the making.
pub struct Edit<'a> {
    present: &'a Snapshot,
    changes: Vec<RowChange>,
}

impl<'a> Edit<'a> {
    /// The state before the transaction.
    pub fn present(&self) -> &'a Snapshot {
        self.present
    }

    /// The rows of a table, before the transaction.
    pub fn rows<T: Table<'a>>(&self) -> impl Iterator<Item = T> + use<'a, T> {
        self.present.table(T::TABLE_INDEX).values().map(T::of)
    }

    /// Inserts a row; columns not named are at their defaults. Returns its id, for references.
    pub fn insert<T: Table<'static>>(&mut self, row: Columns<T>) -> Result<Uuid, OvsdbError> {
        let uuid = fresh_uuid();
        let columns = self.checked::<T>(row)?;
        let table = self.present.schema.table(T::TABLE_INDEX);
        let new = table.new_row(uuid, fresh_uuid(), columns)?;
        self.put::<T>(uuid, Some(new));
        Ok(uuid)
    }

    /// Changes columns of a row.
    pub fn update<T: Table<'static>>(&mut self, uuid: Uuid, row: Columns<T>) -> Result<(), OvsdbError> {
        let columns = self.checked::<T>(row)?;
        let Some(old) = self.get::<T>(uuid) else {
            let text = format!("table {} has no row {uuid}", T::TABLE_NAME);
            return Err(OvsdbError::new("no such row", text));
        };
        let new = old.with(columns);
        self.put::<T>(uuid, Some(new));
        Ok(())
    }

    /// Deletes a row, if it is there.
    pub fn delete<T: Table<'static>>(&mut self, uuid: Uuid) {
        self.put::<T>(uuid, None);
    }

    fn checked<T: Table<'static>>(
        &self,
        row: Columns<T>,
    ) -> Result<Vec<(ovsdb_data::ColumnIdx, Datum)>, OvsdbError> {
        let table = self.present.schema.table(T::TABLE_INDEX);
        let columns = row.into_values();
        for (column, value) in &columns {
            let column = table.column_schema(*column);
            value.check(&column.ty)?;
            if !column.ty.allows_len(value.len()) {
                let text = format!("column {} may not hold {} values", column.name, value.len());
                return Err(OvsdbError::constraint(text));
            }
        }
        Ok(columns)
    }

    fn get<T: Table<'static>>(&self, uuid: Uuid) -> Option<&Row> {
        let made = self
            .changes
            .iter()
            .rfind(|c| c.table == T::TABLE_INDEX && c.uuid == uuid);
        match made {
            Some(change) => change.new.as_ref(),
            None => self.present.get(T::TABLE_INDEX, &uuid),
        }
    }

    fn put<T: Table<'static>>(&mut self, uuid: Uuid, new: Option<Row>) {
        let table = T::TABLE_INDEX;
        let old = self.present.get(table, &uuid).cloned();
        self.changes.push(RowChange {
            table,
            uuid,
            old,
            new,
        });
    }
}

/// Commits of a database, from the moment it was made.
pub struct Watch(Arc<Mailbox>);

impl Watch {
    /// The changes since the last call, merged, and the state after them; waits until there are any. None when the
    /// database is closed or converted.
    pub async fn next(&mut self) -> Option<(Vec<RowChange>, Snapshot)> {
        loop {
            {
                let mut inner = self.0.inner.lock();
                let Inner { pending, now, closed } = &mut *inner;
                let changes = pending.take(now);
                if !changes.is_empty() {
                    return Some((changes, now.clone()));
                }
                if *closed {
                    return None;
                }
            }
            self.0.wake.notified().await;
        }
    }
}

/// What a watcher has not taken yet. However slow it is, no more than one change of each row is kept.
pub(crate) struct Mailbox {
    inner: Mutex<Inner>,
    wake: Notify,
}

struct Inner {
    pending: Pending,
    now: Snapshot,
    closed: bool,
}

impl Mailbox {
    fn new(now: &Snapshot) -> Mailbox {
        Mailbox {
            inner: Mutex::new(Inner {
                pending: Pending::default(),
                now: now.clone(),
                closed: false,
            }),
            wake: Notify::new(),
        }
    }

    /// A commit.
    pub(crate) fn put(&self, changes: &[RowChange], now: &Snapshot) {
        let mut inner = self.inner.lock();
        inner.pending.absorb(changes);
        inner.now = now.clone();
        drop(inner);
        self.wake.notify_one();
    }

    /// There will be no more.
    pub(crate) fn close(&self) {
        self.inner.lock().closed = true;
        self.wake.notify_one();
    }
}
