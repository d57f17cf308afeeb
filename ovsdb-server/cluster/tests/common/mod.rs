//! What the tests of this crate share: a small database, random transactions on it, and comparisons that leave
//! `_version`s out.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use ovsdb_cluster::{Image, Requests};
use ovsdb_data::{Atom, ColumnIdx, DatabaseSchema, Datum, Row, RowChange, TableIdx, TxnId, Uuid, json};
use ovsdb_engine::{Database, History, Snapshot};
use ovsdb_raft::ServerId;
use ovsdb_raft::types::Request;
use proptest::prelude::*;

/// Every kind of column, references of both strengths, an index.
pub const SCHEMA: &str = r#"{
    "name": "Sample", "version": "1.0.0", "tables": {
        "Kinds": {"isRoot": true, "columns": {
            "name": {"type": "string"},
            "n": {"type": {"key": "integer", "min": 0, "max": 1}},
            "reals": {"type": {"key": "real", "min": 0, "max": "unlimited"}},
            "on": {"type": "boolean"},
            "ids": {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}},
            "counts": {"type": {"key": "string", "value": "integer", "min": 0, "max": 5}},
            "parts": {"type": {"key": {"type": "uuid", "refTable": "Part"}, "min": 0, "max": "unlimited"}},
            "friend": {"type": {"key": {"type": "uuid", "refTable": "Kinds", "refType": "weak"}, "min": 0, "max": 1}}
        }},
        "Part": {"isRoot": false, "columns": {"text": {"type": "string"}}}
    }}"#;

pub const KINDS: TableIdx = TableIdx(0);
pub const PART: TableIdx = TableIdx(1);

/// Unique uuids, from any thread.
pub fn fresh() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128((0xf << 100) + u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

pub fn schema() -> Arc<DatabaseSchema> {
    let json = json::parse(SCHEMA.as_bytes()).expect("a schema is JSON");
    Arc::new(DatabaseSchema::from_json(&json).expect("the schema is valid"))
}

/// A row without its `_version`.
type Columns = Vec<(ColumnIdx, Datum)>;

pub fn columns(row: &Row) -> Columns {
    let all = row.iter().filter(|(column, _)| *column != ColumnIdx::VERSION);
    all.map(|(column, datum)| (column, datum.clone())).collect()
}

pub fn contents(snapshot: &Snapshot) -> BTreeMap<(TableIdx, Uuid), Columns> {
    let tables = snapshot
        .schema
        .iter()
        .map(|(table, _)| (table, snapshot.table(table)));
    let rows =
        tables.flat_map(|(table, rows)| rows.iter().map(move |(uuid, row)| ((table, *uuid), columns(row))));
    rows.collect()
}

/// A change without `_version`s.
pub type Plain = (TableIdx, Uuid, Option<Columns>, Option<Columns>);

pub fn plain(changes: &[RowChange]) -> Vec<Plain> {
    let one = |change: &RowChange| {
        let (old, new) = (&change.old, &change.new);
        (
            change.table,
            change.uuid,
            old.as_ref().map(columns),
            new.as_ref().map(columns),
        )
    };
    changes.iter().map(one).collect()
}

pub fn commits(history: &History) -> Vec<(TxnId, Vec<Plain>)> {
    history
        .commits()
        .map(|(id, changes)| (id, plain(changes)))
        .collect()
}

/// A member's state, and what leads to it.
pub struct State {
    pub db: Database,
    pub history: History,
    pub requests: Requests,
}

impl State {
    pub fn new() -> State {
        let id = TxnId(fresh());
        let mut history = History::default();
        history.start(id);
        State {
            db: Database::new(schema(), id),
            history,
            requests: Requests::default(),
        }
    }

    /// Commits changes; those that the commit checks refuse change nothing.
    pub fn commit(&mut self, changes: Vec<RowChange>) -> Arc<[RowChange]> {
        let changes: Arc<[RowChange]> = self.db.check(changes, &mut fresh).unwrap_or_default().into();
        let id = TxnId(fresh());
        self.db.apply(&changes, id);
        self.history.push(id, changes.clone(), self.db.snapshot().n_atoms);
        let request = Request {
            server: ServerId(Uuid::from_u128(7)),
            id: fresh(),
        };
        self.requests
            .insert(request, Bytes::from(format!("{{\"count\":{}}}", changes.len())));
        changes
    }

    pub fn image(&self) -> Image {
        Image {
            snapshot: Some(self.db.snapshot().clone()),
            history: self.history.clone(),
            requests: self.requests.clone(),
            index_base: 17,
            election_timer_ms: 2000,
        }
    }
}

/// One row's change: which row of which table, and what becomes of it.
#[derive(Clone, Debug)]
pub enum Edit {
    Delete(u8),
    Kinds {
        row: u8,
        name: String,
        n: Option<i64>,
        reals: Vec<i16>,
        ids: Vec<(u8, String)>,
        counts: Vec<(u8, i64)>,
        parts: Vec<u8>,
        friend: Option<u8>,
    },
    Part {
        row: u8,
        text: String,
    },
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-c]{0,2}", 1 => "[\"\\\\/{}\\[\\],:\u{1}\t\n\u{7f}é€😀]{0,6}"]
}

pub fn edit() -> impl Strategy<Value = Edit> {
    use proptest::collection::vec;
    let row = || 0..8_u8;
    let kinds = (
        (row(), text(), prop::option::of(-3..4_i64), vec(-9..9_i16, 0..4)),
        vec((0..4_u8, text()), 0..4),
        vec((0..4_u8, any::<i64>()), 0..4),
        vec(row(), 0..3),
        prop::option::of(row()),
    );
    let kinds = kinds.prop_map(
        |((row, name, n, reals), ids, counts, parts, friend)| Edit::Kinds {
            row,
            name,
            n,
            reals,
            ids,
            counts,
            parts,
            friend,
        },
    );
    prop_oneof![
        1 => row().prop_map(Edit::Delete),
        4 => kinds,
        2 => (row(), text()).prop_map(|(row, text)| Edit::Part { row, text }),
    ]
}

fn uuid(table: TableIdx, row: u8) -> Uuid {
    Uuid::from_u128((u128::from(table.0) + 1) << 64 | u128::from(row))
}

/// Edits as changes of the present state.
pub fn changes(db: &Database, edits: &[Edit]) -> Vec<RowChange> {
    let mut changes: BTreeMap<(TableIdx, Uuid), RowChange> = BTreeMap::new();
    for edit in edits {
        let (table, row, values) = match edit {
            Edit::Delete(row) => (KINDS, *row, None),
            Edit::Part { row, text } => (
                PART,
                *row,
                Some(vec![("text", Datum::One(Atom::from(text.as_str())))]),
            ),
            Edit::Kinds {
                row,
                name,
                n,
                reals,
                ids,
                counts,
                parts,
                friend,
            } => {
                let key = |n: &u8| Atom::from(format!("k{n}").as_str());
                let refs = |table, rows: &[u8]| {
                    Datum::set_unique(rows.iter().map(|row| Atom::Uuid(uuid(table, *row))))
                };
                let values = vec![
                    ("name", Datum::One(Atom::from(name.as_str()))),
                    ("n", Datum::set_unique(n.map(Atom::Integer))),
                    ("on", Datum::One(Atom::Boolean(n.is_some()))),
                    (
                        "reals",
                        Datum::set_unique(reals.iter().map(|r| Atom::Real(f64::from(*r) / 8.0))),
                    ),
                    (
                        "ids",
                        Datum::map_unique(ids.iter().map(|(k, v)| (key(k), Atom::from(v.as_str())))),
                    ),
                    (
                        "counts",
                        Datum::map_unique(counts.iter().map(|(k, v)| (key(k), Atom::Integer(*v)))),
                    ),
                    ("parts", refs(PART, parts)),
                    ("friend", refs(KINDS, friend.as_slice())),
                ];
                (KINDS, *row, Some(values))
            }
        };
        let uuid = uuid(table, row);
        let schema = db.snapshot().schema.table(table).clone();
        let old = db.snapshot().get(table, &uuid).cloned();
        let new = values.map(|values| {
            let column = |name| schema.column(name).expect("a column of the schema");
            let values: Vec<_> = values
                .into_iter()
                .map(|(name, datum)| (column(name), datum))
                .collect();
            match &old {
                Some(row) => row.with(
                    values
                        .into_iter()
                        .chain([(ColumnIdx::VERSION, Datum::One(Atom::Uuid(fresh())))]),
                ),
                None => schema.row_of(uuid, fresh(), values),
            }
        });
        let change = RowChange {
            table,
            uuid,
            old,
            new,
        };
        if change.old.is_some() || change.new.is_some() {
            changes.insert((table, uuid), change);
        }
    }
    changes.into_values().collect()
}

/// Transactions.
pub fn transactions(n: usize) -> impl Strategy<Value = Vec<Vec<Edit>>> {
    use proptest::collection::vec;
    vec(vec(edit(), 1..6), 0..n)
}
