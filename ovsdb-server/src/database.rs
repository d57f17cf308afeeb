//! One open database: its state, its file, its history, its monitors and its waiting transactions.
//!
//! In: committed changes. Out: records in its file, what its monitors are told. Never here: sessions' requests.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use ovn_schemas::Db;
use ovsdb_data::{DatabaseSchema, OvsdbError, RowChange, TableIdx, TxnId, json};
use ovsdb_engine::trigger::Triggers;
use ovsdb_engine::{Database, History, Snapshot};
use ovsdb_store::StoreError;
use ovsdb_store::log::Mode;
use ovsdb_store::standalone::Standalone;

use crate::asker::Asker;
use crate::backup::Backup;
use crate::cluster::Cluster;
use crate::dump::Dumps;
use crate::embed::Mailbox;
use crate::fanout::{Fanout, MonitorName};
use crate::host::fresh_uuid;
use crate::link::SessionId;
use crate::relay::Relay;
use crate::server::Host;
use crate::triggers::Waiting;

/// Why a database cannot be added, removed or used.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A name is taken.
    #[error("ovsdb error: {0}: duplicate database name")]
    Duplicate(String),
    /// `_Server`.
    #[error("Cannot remove reserved database.")]
    Reserved,
    /// No such name.
    #[error("Failed to find the database.")]
    NotFound,
    /// Its file.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a database is served (ovsdb(7), "Service Models").
pub enum Model {
    /// A file of its own.
    Standalone,
    /// A file of its own, kept equal to another server's database while there is a backup.
    ActiveBackup(Option<Backup>),
    /// A copy in memory of another server's database, to which writes are forwarded.
    Relay(Box<Relay>),
    /// A member's share of a database that several servers agree on.
    Clustered(Box<Cluster>),
    /// `_Server`: kept by the server itself.
    Own,
}

/// An open database.
pub struct OpenDatabase {
    /// Its name.
    pub name: String,
    /// How it is served.
    pub model: Model,
    /// Its state.
    pub db: Database,
    /// What happened lately.
    pub history: History,
    /// Its file; none for `_Server` and relays.
    pub file: Option<Standalone>,
    pub(crate) fanout: Fanout,
    pub(crate) triggers: Triggers<u64>,
    pub(crate) waiting: Waiting,
    pub(crate) dumps: Dumps,
    /// When it was opened or last compacted, of [`Host::now`].
    pub(crate) compacted_at: Duration,
    pub(crate) compacting: bool,
    /// The last error of its storage (`get-db-storage-status`).
    pub storage_error: Option<OvsdbError>,
    /// Tables whose rows configure the program itself, and whether they may have changed.
    pub(crate) config_tables: BTreeSet<TableIdx>,
    pub(crate) config_changed: bool,
    /// Parts of an embedding program that watch.
    pub(crate) watchers: Vec<Weak<Mailbox>>,
    /// Tables whose changes go to the log (`ovsdb-server/tlog-set`).
    pub(crate) logged: BTreeSet<TableIdx>,
}

impl OpenDatabase {
    /// Opens a standalone database's file and takes its lock. Rows are replayed; a damaged tail is left out with a
    /// warning in the log and overwritten by the next commit.
    pub fn open(path: &Path) -> Result<OpenDatabase, StoreError> {
        let opened = Standalone::open(path, Mode::ReadWrite, &fresh_uuid)?;
        if let Some(warning) = &opened.warning {
            tracing::warn!(target: "ovsdb_log", "{warning}");
        }
        let mut history = History::default();
        history.start(opened.database.snapshot().txn_id);
        Ok(Self::with(
            Model::Standalone,
            opened.database,
            history,
            Some(opened.file),
        ))
    }

    /// A database without a file: a relay before its first copy, or one in memory for an embedding program.
    pub fn in_memory(model: Model, db: Database) -> OpenDatabase {
        Self::with(model, db, History::default(), None)
    }

    /// A relay, empty until its source is reached.
    pub fn relay(name: &str, host: &mut dyn Host) -> Result<OpenDatabase, OvsdbError> {
        let db = empty(name, TxnId(host.fresh_uuid()))?;
        let model = Model::Relay(Box::new(Relay::new(name)));
        Ok(Self::in_memory(model, db))
    }

    /// A clustered database, empty until its member has read its folder or been told by others.
    pub fn clustered(name: &str, cluster: Cluster) -> Result<OpenDatabase, OvsdbError> {
        let model = Model::Clustered(Box::new(cluster));
        Ok(Self::in_memory(model, empty(name, TxnId::default())?))
    }

    /// `_Server`.
    pub fn server(host: &mut dyn Host) -> OpenDatabase {
        let schema = Arc::new(ovn_schemas::schema(Db::Server));
        let db = Database::new(schema, TxnId(host.fresh_uuid()));
        Self::with(Model::Own, db, History::default(), None)
    }

    fn with(model: Model, db: Database, history: History, file: Option<Standalone>) -> Self {
        OpenDatabase {
            name: db.snapshot().schema.name.to_string(),
            model,
            db,
            history,
            file,
            fanout: Fanout::default(),
            triggers: Triggers::default(),
            waiting: Waiting::default(),
            dumps: Dumps::default(),
            // Known once a server takes it.
            compacted_at: Duration::ZERO,
            compacting: false,
            storage_error: None,
            config_tables: BTreeSet::new(),
            config_changed: true,
            watchers: Vec::new(),
            logged: BTreeSet::new(),
        }
    }

    /// Commits changes that were executed on the present state: file first, then memory, then monitors.
    /// An error leaves the state as it was.
    pub fn commit(
        &mut self,
        changes: Vec<RowChange>,
        comment: Option<&str>,
        durable: bool,
        host: &mut dyn Host,
    ) -> Result<(), OvsdbError> {
        if changes.is_empty() && comment.is_none() {
            return Ok(());
        }
        let txn_id = match &mut self.file {
            Some(file) => {
                let written = file.append(&self.db.snapshot().schema, &changes, comment, host.date_ms());
                let synced = written.and_then(|id| if durable { file.sync().map(|()| id) } else { Ok(id) });
                match synced {
                    Ok(txn_id) => {
                        self.storage_error = None;
                        txn_id
                    }
                    Err(error) => return Err(self.storage_failed(error)),
                }
            }
            None => TxnId(host.fresh_uuid()),
        };
        self.committed(changes, txn_id);
        Ok(())
    }

    /// Takes changes that are already durable somewhere (a relay's source) or need not be.
    pub fn committed(&mut self, mut changes: Vec<RowChange>, txn_id: TxnId) {
        self.db.share(&mut changes);
        self.touch(&changes);
        self.db.apply(&changes, txn_id);
        let after = self.db.snapshot().clone();
        self.publish(changes.into(), txn_id, &after);
    }

    /// Tells everybody who watches of a commit, `after` being the state that it led to.
    pub(crate) fn publish(&mut self, changes: Arc<[RowChange]>, txn_id: TxnId, after: &Snapshot) {
        if !self.logged.is_empty() {
            self.log_changes(&changes);
        }
        self.config_changed |= changes.iter().any(|c| self.config_tables.contains(&c.table));
        self.fanout.committed(&changes, after);
        self.watchers.retain(|watcher| match watcher.upgrade() {
            Some(watcher) => {
                watcher.put(&changes, after);
                true
            }
            None => false,
        });
        self.history.push(txn_id, changes, after.n_atoms);
    }

    /// Wakes what waits for the tables of changes.
    pub(crate) fn touch(&mut self, changes: &[RowChange]) {
        let tables: Vec<TableIdx> = changes.iter().map(|change| change.table).collect();
        self.triggers.touch(&tables);
    }

    fn log_changes(&self, changes: &[RowChange]) {
        let schema = &self.db.snapshot().schema;
        for change in changes.iter().filter(|c| self.logged.contains(&c.table)) {
            let table = schema.table(change.table);
            let (op, row) = match (&change.old, &change.new) {
                (None, Some(new)) => ("inserted", new),
                (_, Some(new)) => ("updated", new),
                (Some(old), None) => ("deleted", old),
                (None, None) => continue,
            };
            let columns = table.iter().map(|(idx, column)| {
                let value = json::to_string(&row.get(idx).to_json(&column.ty));
                format!("{}:{value}", column.name)
            });
            let columns: Vec<String> = columns.collect();
            tracing::info!(target: "transaction", "table:{},op:{op},{}", table.name, columns.join(","));
        }
    }

    /// The transaction fails; whether the file still takes writes, it knows itself: it refuses all of them once what
    /// the disk holds is no longer known.
    fn storage_failed(&mut self, error: StoreError) -> OvsdbError {
        tracing::error!(target: "ovsdb_file", "{}: {error}", self.name);
        let told = OvsdbError::new("I/O error", error.to_string());
        self.storage_error = Some(told.clone());
        told
    }

    /// Puts a converted database in place of this one, file first.
    pub(crate) fn replace(&mut self, mut db: Database, date_ms: i64) -> Result<(), OvsdbError> {
        if let Some(file) = &mut self.file {
            let written = file
                .compaction()
                .write(db.snapshot(), "converted by ovsdb-server", date_ms);
            let finished = written
                .and_then(|w| w.finish(file))
                .map_err(|e| self.storage_failed(e))?;
            db.apply(&[], finished.txn_id);
            finished.settle();
        }
        self.db = db;
        self.config_changed = true;
        Ok(())
    }

    /// The state that clients see.
    pub fn snapshot(&self) -> &Snapshot {
        seen(&self.model, &self.db)
    }

    /// Whether clients may use it: a relay has nothing before its first copy, a member nothing before it has joined.
    pub fn is_available(&self) -> bool {
        match &self.model {
            Model::Relay(relay) => relay.is_synced(),
            Model::Clustered(cluster) => cluster.is_loaded(),
            _ => true,
        }
    }

    /// Whether this server keeps it, rather than a copy of another's.
    pub fn is_kept(&self) -> bool {
        matches!(
            self.model,
            Model::Standalone | Model::ActiveBackup(None) | Model::Clustered(_)
        )
    }

    /// Whether writes are refused: while a backup copies.
    pub fn is_read_only(&self) -> bool {
        matches!(self.model, Model::Own | Model::ActiveBackup(Some(_)))
    }

    /// Tells a session's monitors what they lag behind.
    pub(crate) fn catch_up(&mut self, session: SessionId) {
        self.fanout.catch_up(session, seen(&self.model, &self.db));
    }

    /// Tells a monitor what it lags behind.
    pub(crate) fn flush(&mut self, monitor: &MonitorName) {
        self.fanout.flush(monitor, seen(&self.model, &self.db));
    }

    /// A monitor's first contents have been sent.
    pub(crate) fn loaded(&mut self, monitor: &MonitorName) {
        self.fanout.loaded(monitor, seen(&self.model, &self.db));
    }

    /// Those who have not been answered: service ends.
    pub(crate) fn take_unanswered(&mut self) -> Vec<Asker> {
        let waiting = self.waiting.drain().into_iter();
        let mut taken: Vec<Asker> = waiting.map(|parked| parked.asker).collect();
        if let Model::Clustered(cluster) = &mut self.model {
            taken.extend(cluster.take_unanswered());
        }
        taken
    }

    /// A session is gone.
    pub(crate) fn forget_session(&mut self, session: SessionId) {
        self.fanout.remove_session(session);
        for id in self.waiting.forget_session(session) {
            self.triggers.remove(id);
        }
        if let Model::Clustered(cluster) = &mut self.model {
            cluster.forget_session(session);
        }
    }
}

/// The state that clients see: on a cluster's leader the head may be ahead of it.
fn seen<'a>(model: &'a Model, db: &'a Database) -> &'a Snapshot {
    match model {
        Model::Clustered(cluster) => cluster.committed().unwrap_or(db.snapshot()),
        _ => db.snapshot(),
    }
}

/// A database whose schema is not known yet.
fn empty(name: &str, txn_id: TxnId) -> Result<Database, OvsdbError> {
    let schema = DatabaseSchema::from_json(&serde_json::json!({"name": name, "tables": {}}))?;
    Ok(Database::new(Arc::new(schema), txn_id))
}
