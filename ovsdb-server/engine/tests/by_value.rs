//! What is looked up by value is what a search finds, on the indexed state and on later ones.

use std::sync::Arc;

use ovsdb_data::monitor::{MonitorSpec, MonitorVersion};
use ovsdb_data::{ColumnIdx, DatabaseSchema, Datum, Row, RowChange, TableIdx, TxnId, Uuid};
use ovsdb_engine::by_value::{ByValue, NONE};
use ovsdb_engine::monitor::{initial, reconditioned};
use ovsdb_engine::{Database, Snapshot};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

const TABLE: TableIdx = TableIdx(0);
const ROWS: u128 = 300;

fn schema() -> Arc<DatabaseSchema> {
    let column = |ty: &str| json!({"type": {"key": ty, "min": 0, "max": 3}});
    let columns = json!({"a": column("integer"), "b": column("string"), "c": {"type": "integer"}});
    let schema = json!({"name": "db", "tables": {"t": {"columns": columns, "isRoot": true}}});
    Arc::new(DatabaseSchema::from_json(&schema).expect("a schema"))
}

/// A row of small numbers, so that values repeat.
fn row(schema: &DatabaseSchema, uuid: Uuid, (a, b, c): (i64, i64, i64)) -> Row {
    let set = |n: i64, atom: &dyn Fn(i64) -> Value| {
        json!(["set", (0..n % 3).map(|i| atom(n + i)).collect::<Vec<_>>()])
    };
    let json = json!({"a": set(a, &|n| json!(n)), "b": set(b, &|n| json!(n.to_string())), "c": c});
    let table = schema.table(TABLE);
    let partial = table.row_from_json(&json, None).expect("a row");
    table.row_of(uuid, Uuid::from_u128(1), partial)
}

/// A condition's clauses: column, value, and whether it is an equality.
type Clauses = Vec<(usize, i64, bool)>;

fn spec(schema: &DatabaseSchema, clauses: &Clauses) -> MonitorSpec {
    let mut wheres: Vec<Value> = clauses
        .iter()
        .map(|(column, n, equal)| {
            let value = match column {
                0 => json!(["set", (0..n % 3).map(|i| json!(n + i)).collect::<Vec<_>>()]),
                1 => json!([
                    "set",
                    (0..n % 3).map(|i| json!((n + i).to_string())).collect::<Vec<_>>()
                ]),
                _ => json!(n),
            };
            let function = if *equal { "==" } else { "!=" };
            let name = ["a", "b", "c"][*column];
            json!([name, function, value])
        })
        .collect();
    if wheres.is_empty() {
        wheres.push(json!(false));
    }
    let requests = json!({"t": [{"where": wheres}]});
    MonitorSpec::from_json(&requests, schema, MonitorVersion::V2).expect("a monitor")
}

fn clauses() -> impl Strategy<Value = Clauses> {
    vec((0..3usize, 0..40i64, prop::bool::weighted(0.97)), 0..6)
}

fn values() -> impl Strategy<Value = (i64, i64, i64)> {
    (0..40i64, 0..40i64, 0..40i64)
}

proptest! {
    #[test]
    fn looking_up_is_searching(
        rows in vec(values(), ROWS as usize),
        changed in vec((0..ROWS + 10, prop::option::of(values())), 0..30),
        before in clauses(),
        after in clauses(),
    ) {
        let schema = schema();
        let mut db = Database::new(schema.clone(), TxnId::default());
        let put = |db: &mut Database, n: u128, new: Option<(i64, i64, i64)>| {
            let uuid = Uuid::from_u128(n);
            let old = db.snapshot().get(TABLE, &uuid).cloned();
            let new = new.map(|values| row(&schema, uuid, values));
            if old.is_some() || new.is_some() {
                db.apply(&[RowChange { table: TABLE, uuid, old, new }], TxnId::default());
            }
        };
        for (n, values) in rows.iter().enumerate() {
            put(&mut db, n as u128, Some(*values));
        }
        let indexed: Vec<Arc<ByValue>> = (0..5)
            .map(|column| Arc::new(ByValue::new(db.snapshot(), TABLE, ColumnIdx(column))))
            .collect();
        for (n, values) in changed {
            put(&mut db, n, values);
        }
        let (old, new) = (spec(&schema, &before), spec(&schema, &after));
        let indexes = |_: &Snapshot, _, column: ColumnIdx| indexed.get(usize::from(column.0)).cloned();
        let now = db.snapshot();
        let found = |indexes| -> Vec<Vec<Datum>> {
            initial(&new, now, indexes)
                .map(|(_, row)| (0..5).map(|c| row.get(ColumnIdx(c)).clone()).collect())
                .collect()
        };
        prop_assert_eq!(found(&indexes), found(NONE));
        prop_assert_eq!(
            reconditioned(&old, &new, now, &indexes),
            reconditioned(&old, &new, now, NONE)
        );
    }
}
