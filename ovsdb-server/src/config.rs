//! Configuration that lives in databases: `--remote=db:DB,TABLE,COLUMN` and TLS options of the same form, and the
//! status written back to the rows (ovsdb-server(1) "Remotes").
//!
//! In: snapshots, the state of remotes. Out: desired remotes, file names, status transactions.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use ovsdb_data::{Atom, ColumnIdx, Datum, Row, TableIdx};
use ovsdb_engine::Snapshot;
use ovsdb_engine::lock::OwnersLocks;
use serde_json::{Value, json};

use crate::database::{Model, OpenDatabase};
use crate::remotes::{RemoteOptions, RemoteState};
use crate::server::Server;

/// `db:DB,TABLE,COLUMN`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DbColumn {
    /// The database.
    pub db: String,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
}

/// Why a `db:` name leads nowhere; texts as the C server logs them.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DbColumnError {
    /// Not three names.
    #[error("\"{0}\": invalid syntax")]
    Syntax(String),
    /// No such database.
    #[error("\"{0}\": no database named {1}")]
    Database(String, String),
    /// No such table.
    #[error("\"{0}\": no table named {1}")]
    Table(String, String),
    /// No such column.
    #[error("\"{0}\": table \"{1}\" has no column \"{2}\"")]
    Column(String, String, String),
}

impl FromStr for DbColumn {
    type Err = DbColumnError;

    fn from_str(text: &str) -> Result<DbColumn, DbColumnError> {
        let names: Vec<&str> = text.strip_prefix("db:").unwrap_or(text).splitn(3, ',').collect();
        match names.as_slice() {
            [db, table, column] => {
                let own = |s: &str| s.to_owned();
                Ok(DbColumn {
                    db: own(db),
                    table: own(table),
                    column: own(column),
                })
            }
            _ => Err(DbColumnError::Syntax(text.to_owned())),
        }
    }
}

impl std::fmt::Display for DbColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "db:{},{},{}", self.db, self.table, self.column)
    }
}

/// A `db:` name, resolved against an open database.
struct Place<'a> {
    snapshot: &'a Snapshot,
    table: TableIdx,
    column: ColumnIdx,
}

impl DbColumn {
    fn resolve<'a>(&self, databases: &'a BTreeMap<String, OpenDatabase>) -> Result<Place<'a>, DbColumnError> {
        let text = || self.to_string();
        let db = databases
            .get(&self.db)
            .ok_or_else(|| DbColumnError::Database(text(), self.db.clone()))?;
        let snapshot = db.snapshot();
        let table = snapshot.schema.table_idx(&self.table);
        let table = table.ok_or_else(|| DbColumnError::Table(text(), self.table.clone()))?;
        let column = snapshot.schema.table(table).column(&self.column);
        let column =
            column.ok_or_else(|| DbColumnError::Column(text(), self.table.clone(), self.column.clone()))?;
        Ok(Place {
            snapshot,
            table,
            column,
        })
    }

    /// Checks that the name leads to a column.
    pub fn check(&self, server: &Server) -> Result<(), DbColumnError> {
        self.resolve(&server.databases).map(|_| ())
    }

    /// The tables whose rows matter: the column's own and the one it refers to.
    pub fn tables(&self, server: &Server) -> BTreeSet<String> {
        let mut tables = BTreeSet::from([self.table.clone()]);
        if let Ok(place) = self.resolve(&server.databases)
            && let Some(target) = place.target()
        {
            tables.insert(place.snapshot.schema.table(target).name.to_string());
        }
        tables
    }

    /// The remotes that the column's values or the rows it refers to name.
    pub fn remotes(&self, server: &Server) -> BTreeMap<String, RemoteOptions> {
        let Ok(place) = self.resolve(&server.databases) else {
            return BTreeMap::new();
        };
        match place.target() {
            None => place
                .strings()
                .map(|s| (s.to_owned(), RemoteOptions::default()))
                .collect(),
            Some(target) => {
                let mut remotes = BTreeMap::new();
                for row in place.rows(target) {
                    let row = Named {
                        snapshot: place.snapshot,
                        table: target,
                        row,
                    };
                    let Some(name) = row.text("target") else { continue };
                    let options = RemoteOptions {
                        max_backoff_ms: row.integer("max_backoff").and_then(|ms| u64::try_from(ms).ok()),
                        inactivity_probe_ms: row
                            .integer("inactivity_probe")
                            .and_then(|ms| ms.try_into().ok()),
                        read_only: row.truth("read_only").unwrap_or(false),
                        role: row.text("role").map(str::to_owned),
                    };
                    remotes.entry(name.to_owned()).or_insert(options);
                }
                remotes
            }
        }
    }

    /// The first string in the column, for TLS options.
    pub fn string(&self, server: &Server) -> Option<String> {
        let place = self.resolve(&server.databases).ok()?;
        place.strings().find(|s| !s.is_empty()).map(str::to_owned)
    }

    /// The operations that write the state of remotes back to their rows; none where nothing changed or the model
    /// of the database has no such columns (clustered databases never do).
    pub fn status(
        &self,
        server: &Server,
        state: &dyn Fn(&str) -> Option<RemoteState>,
        locks: &dyn Fn(&RemoteState) -> OwnersLocks,
    ) -> Vec<Value> {
        let Ok(place) = self.resolve(&server.databases) else {
            return Vec::new();
        };
        let standalone = server
            .databases
            .get(&self.db)
            .is_some_and(|db| matches!(db.model, Model::Standalone | Model::ActiveBackup(_)));
        let Some(target) = place.target().filter(|_| standalone) else {
            return Vec::new();
        };
        let table = place.snapshot.schema.table(target);
        let mut operations = Vec::new();
        for row in place.rows(target) {
            let named = Named {
                snapshot: place.snapshot,
                table: target,
                row,
            };
            let Some(state) = named.text("target").and_then(state) else {
                continue;
            };
            let wanted = [
                (
                    "is_connected",
                    Datum::One(Atom::Boolean(!state.sessions.is_empty())),
                ),
                ("status", status_map(&state, locks(&state))),
            ];
            let mut members = serde_json::Map::new();
            for (name, value) in wanted {
                if let Some(column) = table.column(name)
                    && *row.get(column) != value
                {
                    members.insert(name.to_owned(), value.to_json(&table.column_schema(column).ty));
                }
            }
            if !members.is_empty() {
                let uuid = row.uuid().to_string();
                operations.push(json!({
                    "op": "update", "table": &*table.name, "row": members,
                    "where": [["_uuid", "==", ["uuid", uuid]]],
                }));
            }
        }
        operations
    }
}

fn status_map(state: &RemoteState, locks: OwnersLocks) -> Datum {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let name = match (state.state, state.sessions.is_empty()) {
        ("LISTENING", false) => "ACTIVE",
        ("", _) => "VOID",
        (name, _) => name,
    };
    pairs.push(("state", name.to_owned()));
    let seconds = |at: Option<std::time::Instant>| at.map(|at| at.elapsed().as_secs().to_string());
    pairs.extend(seconds(state.connected_at).map(|s| ("sec_since_connect", s)));
    pairs.extend(seconds(state.disconnected_at).map(|s| ("sec_since_disconnect", s)));
    pairs.extend(state.last_error.clone().map(|e| ("last_error", e)));
    for (name, locks) in [
        ("locks_held", locks.held),
        ("locks_waiting", locks.waiting),
        ("locks_lost", locks.lost),
    ] {
        if !locks.is_empty() {
            pairs.push((name, locks.join(" ")));
        }
    }
    if state.sessions.len() > 1 {
        pairs.push(("n_connections", state.sessions.len().to_string()));
    }
    pairs.extend(state.bound_port.map(|port| ("bound_port", port.to_string())));
    Datum::map_unique(pairs.into_iter().map(|(k, v)| (Atom::from(k), Atom::from(&*v))))
}

impl<'a> Place<'a> {
    /// The table that the column refers to.
    fn target(&self) -> Option<TableIdx> {
        let ty = &self
            .snapshot
            .schema
            .table(self.table)
            .column_schema(self.column)
            .ty;
        ty.key.reference().map(|(table, _)| table)
    }

    fn values(&self) -> impl Iterator<Item = &'a Atom> {
        let (snapshot, column): (&'a Snapshot, _) = (self.snapshot, self.column);
        snapshot
            .table(self.table)
            .values()
            .flat_map(move |row| row.get(column).atoms())
    }

    fn strings(&self) -> impl Iterator<Item = &'a str> {
        self.values().filter_map(Atom::as_str)
    }

    fn rows(&self, target: TableIdx) -> impl Iterator<Item = &'a Row> {
        let snapshot: &'a Snapshot = self.snapshot;
        self.values()
            .filter_map(Atom::as_uuid)
            .filter_map(move |uuid| snapshot.get(target, &uuid))
    }
}

/// A row read by column names, any of which its schema may lack.
struct Named<'a> {
    snapshot: &'a Snapshot,
    table: TableIdx,
    row: &'a Row,
}

impl<'a> Named<'a> {
    fn one(&self, name: &str) -> Option<&'a Atom> {
        let column = self.snapshot.schema.table(self.table).column(name)?;
        self.row.get(column).one()
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.one(name).and_then(Atom::as_str)
    }

    fn integer(&self, name: &str) -> Option<i64> {
        self.one(name).and_then(Atom::as_integer)
    }

    fn truth(&self, name: &str) -> Option<bool> {
        self.one(name).and_then(Atom::as_bool)
    }
}
