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

use ovsdb_data::{DatabaseSchema, TableSchema, Uuid, json};
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

    /// The operations that make our copy what `updates` says; `reset` empties the tables that are copied first.
    fn operations(&self, ours: &DatabaseSchema, updates: Value, reset: bool) -> Result<Vec<Value>, String> {
        let mut operations = Vec::new();
        if reset {
            let copied = ours.iter().filter(|(_, t)| !self.excluded.contains(&*t.name));
            operations.extend(copied.map(|(_, t)| json!({"op": "delete", "table": &*t.name, "where": []})));
        }
        let Value::Object(tables) = updates else {
            return Err("Not a JSON object: <table-updates> is not object".into());
        };
        for (name, rows) in tables {
            let idx = ours.table_idx(&name);
            let table = ours.table(idx.ok_or_else(|| format!("unknown table: unknown table {name}"))?);
            let Value::Object(rows) = rows else {
                return Err("Not a JSON object: <table-update> for table is not object".into());
            };
            for (uuid, mut update) in rows {
                if Uuid::try_parse(&uuid).is_err() {
                    return Err("bad row UUID: <table-update> names must be UUIDs".into());
                }
                let (is_there, new) = (update.get("old").is_some(), update["new"].take());
                operations.push(operation(table, &uuid, is_there, new));
            }
        }
        Ok(operations)
    }
}

/// One row's change as an operation.
fn operation(table: &TableSchema, uuid: &str, is_there: bool, new: Value) -> Value {
    let name = &*table.name;
    let row = json!([["_uuid", "==", ["uuid", uuid]]]);
    match new {
        Value::Object(new) if !is_there => json!({"op": "insert", "table": name, "uuid": uuid, "row": new}),
        Value::Object(new) => {
            // What may not change has not, though the active server repeats it.
            let mutable = |column: &str| {
                let idx = table.column(column);
                idx.is_none_or(|idx| table.column_schema(idx).mutable)
            };
            let new: Map<String, Value> = new.into_iter().filter(|(column, _)| mutable(column)).collect();
            json!({"op": "update", "table": name, "where": row, "row": new})
        }
        _ => json!({"op": "delete", "table": name, "where": row}),
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
        let schema = open.db.snapshot().schema.clone();
        let Model::ActiveBackup(Some(backup)) = &mut open.model else {
            return Ok(());
        };
        let operations = match backup.take(message, &schema)? {
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
                backup.operations(&schema, rows, true)?
            }
            Step::Update(updates) => backup.operations(&schema, updates, false)?,
        };
        self.transact_internally(name, &operations)
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
            Ok(Step::Fill(rows)) => operations(&backup, &ours, rows, true),
            Ok(Step::Update(rows)) => operations(&backup, &ours, rows, false),
            Ok(Step::Nothing) => String::new(),
            Err(error) => error,
        };
        assert_eq!(rendered, expected);
    }

    fn operations(backup: &Backup, ours: &DatabaseSchema, rows: Value, reset: bool) -> String {
        match backup.operations(ours, rows, reset) {
            Ok(operations) => operations.iter().map(json::to_string).collect::<Vec<_>>().join("\n"),
            Err(error) => error,
        }
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
    fn updates_are_transactions() {
        let a = "00000000-0000-0000-0000-00000000000a";
        let inserted = format!(r#"{{"op":"insert","row":{{"n":1}},"table":"A","uuid":"{a}"}}"#);
        check(
            State::Monitor,
            reply(json!({"A": {a: {"new": {"n": 1}}}})),
            &format!("{{\"op\":\"delete\",\"table\":\"A\",\"where\":[]}}\n{inserted}"),
        );
        let update = |rows: Value| json!({"id": null, "method": "update", "params": ["D", {"A": rows}]});
        check(
            State::Replicating,
            update(json!({a: {"new": {"n": 1}}})),
            &inserted,
        );
        let row = format!(r#"[["_uuid","==",["uuid","{a}"]]]"#);
        check(
            State::Replicating,
            update(json!({a: {"old": {"n": 1}, "new": {"n": 2, "fixed": "x"}}})),
            &format!(r#"{{"op":"update","row":{{"n":2}},"table":"A","where":{row}}}"#),
        );
        check(
            State::Replicating,
            update(json!({a: {"old": {"n": 1}}})),
            &format!(r#"{{"op":"delete","table":"A","where":{row}}}"#),
        );
        check(
            State::Replicating,
            json!({"id": null, "method": "update", "params": ["D", {"Z": {}}]}),
            "unknown table: unknown table Z",
        );
        check(
            State::Replicating,
            json!({"id": null, "method": "update", "params": ["E", {}]}),
            "received update for unexpected database",
        );
    }
}
