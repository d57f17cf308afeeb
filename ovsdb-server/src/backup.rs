//! Active-backup: a database that is kept equal to the same one on another server, and refuses writes meanwhile
//! (ovsdb(7) "Active-Backup Database Service Model").
//!
//! In: the active server's messages. Out: requests to it, transactions on our copy. Never here: connecting.
//!
//! ```text
//!   get_server_id ─► list_dbs ─► get_schema ─► monitor ─► replicating ── update ─► transaction here
//!        │ ourselves    │ not there   │ does not fit
//!        └──────────────┴─────────────┴─► failed: the database serves writes again
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use ovsdb_data::{DatabaseSchema, OvsdbError, Row, RowChange, TableSchema, Uuid, json};
use ovsdb_engine::Snapshot;
use ovsdb_wire::message::Message;
use serde_json::{Map, Value, json};

use crate::database::Model;
use crate::link::Outlet;
use crate::relay::send;
use crate::server::Server;
use crate::service::{Source, names};
use crate::source::{SourceEvent, SourceSpec};

/// How far a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No connection yet.
    Waiting,
    ServerId,
    Databases,
    Schema,
    Monitor,
    Replicating,
}

/// What a message of the active server asks for.
#[derive(Debug, PartialEq)]
enum Step {
    Ask(&'static str, Vec<Value>),
    /// All rows of the tables that are copied, in place of ours.
    Fill(Value),
    /// Changed rows.
    Update(Value),
    Nothing,
}

/// A backup's side of its source.
pub struct Backup {
    /// Where it copies from.
    pub spec: SourceSpec,
    db: String,
    /// Our tables that are left as they are.
    pub(crate) excluded: BTreeSet<String>,
    /// This server, which must not copy itself.
    server_id: Uuid,
    state: State,
    asked: u64,
    link: Option<Arc<dyn Outlet>>,
}

impl Backup {
    /// A backup of a database, not connected yet. `exclude`: `DB:TABLE` or `TABLE`, separated by commas or blanks.
    pub fn new(db: &str, spec: SourceSpec, exclude: Option<&str>, server_id: Uuid) -> Backup {
        let excluded = names(exclude.unwrap_or_default()).filter_map(|name| match name.split_once(':') {
            Some((of, table)) => (of == db).then(|| table.to_owned()),
            None => Some(name.to_owned()),
        });
        Backup {
            spec,
            db: db.to_owned(),
            excluded: excluded.collect(),
            server_id,
            state: State::Waiting,
            asked: 0,
            link: None,
        }
    }

    /// Its lines of `ovsdb-server/sync-status`.
    pub fn status(&self) -> String {
        let source = &self.spec.source.target;
        if self.state != State::Replicating {
            return format!("connecting: {source}");
        }
        let mut text = format!("replicating: {source}\n");
        if !self.excluded.is_empty() {
            let tables: Vec<String> = self.excluded.iter().map(|t| format!("{}:{t}", self.db)).collect();
            text.push_str(&format!("exclude: {}", tables.join(",")));
        }
        text
    }

    fn ask(&mut self, state: State, method: &str, params: Vec<Value>) {
        self.state = state;
        self.asked += 1;
        let id = Value::from(self.asked);
        let method = method.to_owned();
        send(self.link.as_deref(), &Message::Request { id, method, params });
    }

    /// Takes a message; an error ends the backup.
    fn take(&self, message: Message, ours: &DatabaseSchema) -> Result<Step, String> {
        let result = match message {
            Message::Notification { method, mut params } if method == "update" => {
                let about_us = params.len() == 2 && params[0] == *self.db;
                return match (about_us, params.pop()) {
                    (true, Some(updates)) if self.state == State::Replicating => Ok(Step::Update(updates)),
                    (true, _) => Ok(Step::Nothing),
                    (false, _) => Err("received update for unexpected database".into()),
                };
            }
            Message::Response { id, result } if id == self.asked => {
                result.map_err(|error| format!("the active server refuses: {}", json::to_string(&error)))?
            }
            _ => return Ok(Step::Nothing),
        };
        match self.state {
            State::ServerId => match result.as_str().and_then(|text| Uuid::try_parse(text).ok()) {
                None => Err("get_server_id failed: Server ID is not valid UUID".into()),
                Some(id) if id == self.server_id => {
                    Err("Server ID check failed: Self replicating is not allowed".into())
                }
                Some(_) => Ok(Step::Ask("list_dbs", Vec::new())),
            },
            State::Databases => match result.as_array() {
                None => Err("list_dbs failed: list_dbs response is not array".into()),
                Some(dbs) if !dbs.iter().any(|db| *db == *self.db) => {
                    Err("list_dbs failed: database name is not in the list".into())
                }
                Some(_) => Ok(Step::Ask("get_schema", vec![self.db.as_str().into()])),
            },
            State::Schema => {
                let theirs = DatabaseSchema::from_json(&result).map_err(|error| error.to_string())?;
                self.check_schema(ours, &theirs)?;
                let db = Value::from(self.db.as_str());
                let params = vec![db.clone(), db, self.monitor_requests(&theirs)];
                Ok(Step::Ask("monitor", params))
            }
            State::Monitor => Ok(Step::Fill(result)),
            State::Waiting | State::Replicating => Ok(Step::Nothing),
        }
    }

    fn check_schema(&self, ours: &DatabaseSchema, theirs: &DatabaseSchema) -> Result<(), String> {
        if *theirs.name != *self.db {
            return Err(format!("unexpected schema {}.", theirs.name));
        }
        if ours == theirs {
            return Ok(());
        }
        let db = &self.db;
        tracing::info!(
            target: "replication",
            "{db}: Schema version mismatch, checking if {db} can still be replicated or not."
        );
        match lacking(ours, theirs) {
            None => {
                tracing::info!(target: "replication", "{db} can be replicated.");
                Ok(())
            }
            Some(what) => {
                tracing::info!(target: "replication", "{what}");
                Err(format!("{db} cannot be replicated."))
            }
        }
    }

    fn monitor_requests(&self, theirs: &DatabaseSchema) -> Value {
        let wanted = theirs
            .iter()
            .filter(|(_, table)| !self.excluded.contains(&*table.name));
        let requests = wanted.map(|(_, table)| {
            // Every column but _uuid and _version, which is the active server's own.
            let columns: Vec<&str> = table.iter().skip(2).map(|(_, column)| &*column.name).collect();
            (table.name.to_string(), json!([{"columns": columns}]))
        });
        Value::Object(requests.collect())
    }

    /// The changes that make our copy what `updates` says; with `reset`, rows that it does not name go. Rows that we
    /// have are not inserted twice, those that we lack not changed: two servers may copy each other for a moment.
    fn changes(&self, present: &Snapshot, updates: Value, reset: bool) -> Result<Vec<RowChange>, String> {
        let Value::Object(mut tables) = updates else {
            return Err("Not a JSON object: <table-updates> is not object".into());
        };
        let mut changes = Vec::new();
        for (idx, table) in present.schema.iter() {
            let rows = match tables.remove(&*table.name) {
                None if reset => Map::new(),
                None => continue,
                Some(Value::Object(rows)) => rows,
                Some(_) => return Err("Not a JSON object: <table-update> for table is not object".into()),
            };
            if reset && !self.excluded.contains(&*table.name) {
                let gone = present
                    .table(idx)
                    .values()
                    .filter(|r| !rows.contains_key(&r.uuid().to_string()));
                changes.extend(gone.map(|row| RowChange {
                    table: idx,
                    uuid: row.uuid(),
                    old: Some(row.clone()),
                    new: None,
                }));
            }
            for (uuid, update) in rows {
                let uuid = Uuid::try_parse(&uuid)
                    .map_err(|_| "bad row UUID: <table-update> names must be UUIDs".to_owned())?;
                let old = present.get(idx, &uuid).cloned();
                let is_insertion = update.get("old").is_none();
                let new = match update.get("new") {
                    None => None,
                    Some(_) if old.is_none() && !is_insertion => None,
                    Some(new) => Some(row(table, uuid, old.as_ref(), new).map_err(|e| e.to_string())?),
                };
                changes.push(RowChange {
                    table: idx,
                    uuid,
                    old,
                    new,
                });
            }
        }
        match tables.keys().next() {
            Some(name) => Err(format!("unknown table: unknown table {name}")),
            None => Ok(changes),
        }
    }
}

/// A row with the columns that the active server tells; the others as they were, or at their defaults.
fn row(table: &TableSchema, uuid: Uuid, old: Option<&Row>, new: &Value) -> Result<Row, OvsdbError> {
    let columns = table.row_from_json(new, None)?;
    match old {
        Some(old) => Ok(old.with(columns)),
        None => table.new_row(uuid, crate::host::fresh_uuid(), columns),
    }
}

/// What of the active server's schema ours lacks.
fn lacking(ours: &DatabaseSchema, theirs: &DatabaseSchema) -> Option<String> {
    let (ours_json, theirs_json) = (ours.to_json(), theirs.to_json());
    for (_, table) in theirs.iter() {
        let Some(idx) = ours.table_idx(&table.name) else {
            return Some(format!("Table {} not present in the local db schema", table.name));
        };
        let local = ours.table(idx);
        for (_, column) in table.iter().skip(2) {
            if local.column(&column.name).is_none() {
                return Some(format!(
                    "Column {} not present in the local db schema table {}.",
                    column.name, table.name
                ));
            }
            let at = |schema: &Value| schema["tables"][&*table.name]["columns"][&*column.name].clone();
            if at(&ours_json) != at(&theirs_json) {
                return Some(format!(
                    "Column {} mismatch in local db schema table {}.",
                    column.name, table.name
                ));
            }
        }
    }
    None
}

impl Server {
    /// Begins to copy a database from another server, or copies from another one or other tables; stops with none.
    /// What is the same as before goes on undisturbed.
    pub fn set_backup(&mut self, name: &str, source: Option<&Source>, exclude: Option<&str>) {
        let server_id = self.server_id;
        self.generations += 1;
        let generation = self.generations;
        let Some(open) = self.databases.get_mut(name) else {
            return;
        };
        let Model::ActiveBackup(present) = &mut open.model else {
            return;
        };
        let Some(source) = source else {
            *present = None;
            return;
        };
        let spec = SourceSpec {
            source: source.clone(),
            generation,
        };
        let wanted = Backup::new(name, spec, exclude, server_id);
        match present {
            Some(backup)
                if backup.spec.source.target == source.target && backup.excluded == wanted.excluded =>
            {
                backup.spec.source = source.clone();
            }
            _ => *present = Some(wanted),
        }
    }

    /// Something happened on a backup's connection.
    pub(crate) fn backup_event(&mut self, name: &str, event: SourceEvent) {
        let Some(open) = self.databases.get_mut(name) else {
            return;
        };
        let Model::ActiveBackup(Some(backup)) = &mut open.model else {
            return;
        };
        match event {
            SourceEvent::Up(link) => {
                backup.link = Some(link);
                backup.ask(State::ServerId, "get_server_id", Vec::new());
            }
            SourceEvent::Down => backup.link = None,
            SourceEvent::Message(message, n_bytes) => {
                if let Some(link) = &backup.link {
                    link.release(n_bytes);
                }
                if let Err(error) = self.backup_message(name, message) {
                    self.backup_failed(name, &error);
                }
            }
        }
    }

    fn backup_message(&mut self, name: &str, message: Message) -> Result<(), String> {
        let Some(open) = self.databases.get_mut(name) else {
            return Ok(());
        };
        let present = open.db.snapshot().clone();
        let Model::ActiveBackup(Some(backup)) = &mut open.model else {
            return Ok(());
        };
        let changes = match backup.take(message, &present.schema)? {
            Step::Nothing => return Ok(()),
            Step::Ask(method, params) => {
                let state = match method {
                    "list_dbs" => State::Databases,
                    "get_schema" => State::Schema,
                    _ => State::Monitor,
                };
                backup.ask(state, method, params);
                return Ok(());
            }
            Step::Fill(rows) => {
                tracing::info!(
                    target: "replication", "{name}: Monitor reply received. Resetting the database."
                );
                backup.state = State::Replicating;
                backup.changes(&present, rows, true)?
            }
            Step::Update(updates) => backup.changes(&present, updates, false)?,
        };
        self.commit_copied(name, changes)
    }

    /// Commits what the active server has committed.
    fn commit_copied(&mut self, name: &str, changes: Vec<RowChange>) -> Result<(), String> {
        let Server { databases, host, .. } = self;
        let Some(open) = databases.get_mut(name) else {
            return Ok(());
        };
        let checked = open.db.check(changes, &mut || host.fresh_uuid());
        let changes = checked.map_err(|error| error.to_string())?;
        open.commit(changes, None, false, host.as_mut())
            .map_err(|error| error.to_string())?;
        self.rerun_touched(name);
        Ok(())
    }

    fn backup_failed(&mut self, name: &str, error: &str) {
        tracing::warn!(target: "replication", "{name}: {error}; the database is active from now on");
        if let Some(open) = self.databases.get_mut(name)
            && let Model::ActiveBackup(backup) = &mut open.model
        {
            *backup = None;
        }
        // What is configured follows.
        self.host.config_changed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "00000000-0000-0000-0000-00000000000a";
    const B: &str = "00000000-0000-0000-0000-00000000000b";
    const C: &str = "00000000-0000-0000-0000-00000000000c";

    fn schema(version: &str, extra: &str) -> Value {
        let text = format!(
            r#"{{"name": "D", "version": "{version}", "tables": {{
                "A": {{"isRoot": true, "columns": {{"n": {{"type": "integer"}},
                    "fixed": {{"type": "string", "mutable": false}}{extra}}}}},
                "B": {{"isRoot": true, "columns": {{"n": {{"type": "integer"}}}}}}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn backup() -> Backup {
        let spec = SourceSpec {
            source: Source::of_backup("unix:a"),
            generation: 1,
        };
        Backup::new("D", spec, Some("D:B,X:A"), Uuid::nil())
    }

    /// What a reply or notification leads to, in a state.
    fn check(state: State, message: Value, expected: &str) {
        let ours = DatabaseSchema::from_json(&schema("1.0.0", "")).unwrap();
        let mut backup = backup();
        backup.state = state;
        let step = backup.take(Message::from_json(message).unwrap(), &ours);
        let rendered = match step {
            Ok(Step::Ask(method, params)) => format!("{method}{}", json::to_string(&params.into())),
            Ok(Step::Fill(rows)) => changes(&backup, rows, true),
            Ok(Step::Update(rows)) => changes(&backup, rows, false),
            Ok(Step::Nothing) => String::new(),
            Err(error) => error,
        };
        assert_eq!(rendered, expected);
    }

    /// The changes of a copy that holds row `a` of table A, and row `b` of the excluded table B.
    fn changes(backup: &Backup, rows: Value, reset: bool) -> String {
        let schema = Arc::new(DatabaseSchema::from_json(&schema("1.0.0", "")).unwrap());
        let mut db = ovsdb_engine::Database::new(schema.clone(), ovsdb_data::TxnId::default());
        for (table, uuid) in [("A", A), ("B", B)] {
            let table = schema.table_idx(table).unwrap();
            let uuid = Uuid::try_parse(uuid).unwrap();
            let new = row(schema.table(table), uuid, None, &json!({"n": 7})).unwrap();
            let change = RowChange {
                table,
                uuid,
                old: None,
                new: Some(new),
            };
            db.apply(&[change], ovsdb_data::TxnId::default());
        }
        match backup.changes(db.snapshot(), rows, reset) {
            Ok(changes) => changes.iter().map(show).collect::<Vec<_>>().join(" "),
            Err(error) => error,
        }
    }

    fn show(change: &RowChange) -> String {
        let n = |row: &Option<Row>| match row {
            Some(row) => row
                .get(ovsdb_data::ColumnIdx(3))
                .one()
                .unwrap()
                .as_integer()
                .unwrap()
                .to_string(),
            None => "-".into(),
        };
        format!(
            "{}:{}>{}",
            change.uuid.as_bytes()[15],
            n(&change.old),
            n(&change.new)
        )
    }

    fn reply(result: Value) -> Value {
        json!({"id": 0, "result": result, "error": null})
    }

    #[test]
    fn the_handshake() {
        use State::*;
        check(
            ServerId,
            reply(json!("00000000-0000-0000-0000-000000000001")),
            "list_dbs[]",
        );
        check(
            ServerId,
            reply(json!("00000000-0000-0000-0000-000000000000")),
            "Server ID check failed: Self replicating is not allowed",
        );
        check(Databases, reply(json!(["C", "D"])), r#"get_schema["D"]"#);
        check(
            Databases,
            reply(json!(["C"])),
            "list_dbs failed: database name is not in the list",
        );
        let monitor = r#"monitor["D","D",{"A":[{"columns":["fixed","n"]}]}]"#;
        check(Schema, reply(schema("1.0.0", "")), monitor);
        check(Schema, reply(schema("0.9.0", "")), monitor);
        check(
            Schema,
            reply(schema("1.1.0", r#","new": {"type": "string"}"#)),
            "D cannot be replicated.",
        );
        check(
            Schema,
            json!({"id": 0, "result": null, "error": "no"}),
            r#"the active server refuses: "no""#,
        );
    }

    #[test]
    fn updates_become_changes_of_our_copy() {
        let update = |rows: Value| json!({"id": null, "method": "update", "params": ["D", rows]});
        let check = |rows: Value, filled: &str, updated: &str| {
            check(State::Monitor, reply(rows.clone()), filled);
            check(State::Replicating, update(rows), updated);
        };
        check(json!({"A": {C: {"new": {"n": 1}}}}), "10:7>- 12:->1", "12:->1");
        check(json!({"A": {A: {"new": {"n": 1}}}}), "10:7>1", "10:7>1");
        check(
            json!({"A": {A: {"old": {"n": 7}, "new": {"n": 2}}}}),
            "10:7>2",
            "10:7>2",
        );
        check(
            json!({"A": {C: {"old": {"n": 7}, "new": {"n": 2}}}}),
            "10:7>- 12:->-",
            "12:->-",
        );
        check(json!({"A": {A: {"old": {"n": 7}}}}), "10:7>-", "10:7>-");
        check(json!({}), "10:7>-", "");
        let unknown = "unknown table: unknown table Z";
        check(json!({"Z": {}}), unknown, unknown);
        let error = "Not a JSON object: <table-updates> is not object";
        check(json!(7), error, error);
    }

    #[test]
    fn updates_of_other_databases_are_refused() {
        check(
            State::Replicating,
            json!({"id": null, "method": "update", "params": ["E", {}]}),
            "received update for unexpected database",
        );
    }
}
