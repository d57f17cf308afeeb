//! What the server tells about itself in rows: the `_Server` database (ovsdb-server(7) "Database"), and the status
//! columns of `Connection` and `Manager` rows.
//!
//! In: the open databases, the state of remotes. Out: commits on `_Server` and on standalone databases.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ovsdb_data::{Atom, ColumnIdx, DatabaseSchema, Datum, Row, RowChange, TableIdx, TxnId, Uuid, json};

use crate::database::{Model, OpenDatabase};
use crate::server::Server;

pub(crate) const SERVER: &str = "_Server";
const DATABASE: TableIdx = TableIdx(0);

/// The `_Server` rows by database name.
#[derive(Default)]
pub struct ServerRows {
    shown: BTreeMap<String, Shown>,
}

/// One row.
struct Shown {
    uuid: Uuid,
    /// The schema that was put into words last: that takes longer than all the rest, and seldom changes.
    schema: Option<(Arc<DatabaseSchema>, Atom)>,
}

impl Shown {
    fn schema(&mut self, db: &OpenDatabase) -> Datum {
        if !db.is_available() {
            return Datum::Empty;
        }
        let schema = &db.snapshot().schema;
        match &self.schema {
            Some((shown, text)) if Arc::ptr_eq(shown, schema) => Datum::One(text.clone()),
            _ => {
                let text = Atom::from(json::to_string(&schema.to_json()).as_str());
                self.schema = Some((schema.clone(), text.clone()));
                Datum::One(text)
            }
        }
    }
}

impl Server {
    /// Brings the rows of `_Server` in line with the open databases. A row keeps its uuid as long as its database
    /// stays open.
    pub fn refresh_server_rows(&mut self) {
        let Some(own) = self.databases.get(SERVER) else {
            return;
        };
        let now = self.host.now();
        let present = own.snapshot().clone();
        let mut changes = Vec::new();
        let mut all_shown = BTreeMap::new();
        for (name, db) in &self.databases {
            let mut shown = self.rows.shown.remove(name).unwrap_or_else(|| Shown {
                uuid: self.host.fresh_uuid(),
                schema: None,
            });
            let uuid = shown.uuid;
            let old = present.get(DATABASE, &uuid).cloned();
            let values = describe(db, shown.schema(db), now);
            let values = values.map(|(name, value)| (column(&present.schema, name), value));
            all_shown.insert(name.clone(), shown);
            let same = old
                .as_ref()
                .is_some_and(|row| values.iter().all(|(c, v)| row.get(*c) == v));
            if same {
                continue;
            }
            let version = self.host.fresh_uuid();
            let base = [
                (ColumnIdx::UUID, Datum::One(Atom::Uuid(uuid))),
                (ColumnIdx::VERSION, Datum::One(Atom::Uuid(version))),
            ];
            let blank = Row::new(
                present
                    .schema
                    .table(DATABASE)
                    .columns
                    .iter()
                    .map(|c| c.default.clone()),
            );
            let new = old.clone().unwrap_or(blank).with(base.into_iter().chain(values));
            changes.push(RowChange {
                table: DATABASE,
                uuid,
                old,
                new: Some(new),
            });
        }
        for Shown { uuid, .. } in std::mem::replace(&mut self.rows.shown, all_shown).into_values() {
            let old = present.get(DATABASE, &uuid).cloned();
            changes.push(RowChange {
                table: DATABASE,
                uuid,
                old,
                new: None,
            });
        }
        changes.sort_by_key(|c| (c.table, c.uuid));
        if !changes.is_empty() {
            let txn_id = TxnId(self.host.fresh_uuid());
            if let Some(own) = self.databases.get_mut(SERVER) {
                own.committed(changes, txn_id);
            }
            self.rerun_touched(SERVER);
        }
    }
}

fn column(schema: &DatabaseSchema, name: &str) -> ColumnIdx {
    schema
        .table(DATABASE)
        .column(name)
        .expect("a column of the _Server schema in this program")
}

fn describe(db: &OpenDatabase, schema: Datum, now: Duration) -> [(&'static str, Datum); 8] {
    let text = |s: &str| Datum::One(Atom::from(s));
    let truth = |b: bool| Datum::One(Atom::Boolean(b));
    let uuid = |uuid: Option<Uuid>| uuid.map_or(Datum::Empty, |uuid| Datum::One(Atom::Uuid(uuid)));
    let (mut cid, mut sid, mut index) = (None, None, Datum::Empty);
    let (model, connected, leader) = match &db.model {
        Model::Standalone | Model::ActiveBackup(_) | Model::Own => ("standalone", true, true),
        // Clients of a relay must not insist on a leader.
        Model::Relay(relay) => ("relay", relay.is_connected(now), false),
        Model::Clustered(cluster) => {
            cid = cluster.id();
            sid = Some(cluster.server.0);
            if cluster.is_loaded() {
                index = Datum::One(Atom::Integer(i64::try_from(cluster.index()).unwrap_or(i64::MAX)));
            }
            (
                "clustered",
                cluster.is_connected(),
                cluster.standing.leads.is_some(),
            )
        }
    };
    [
        ("name", text(&db.name)),
        ("model", text(model)),
        ("connected", truth(connected)),
        ("leader", truth(leader)),
        ("schema", schema),
        ("cid", uuid(cid)),
        ("sid", uuid(sid)),
        ("index", index),
    ]
}
