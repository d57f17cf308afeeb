//! Transactions on a database, and what follows from each commit.

use super::data::SCHEMA;
use super::fresh;
use ovsdb_data::monitor::{MonitorSpec, MonitorVersion};
use ovsdb_data::{ColumnIdx, Datum, RowChange, TxnId, Uuid, json};
use ovsdb_engine::{Context, Database, Outcome, Snapshot, monitor};
use ovsdb_store::text;
use ovsdb_wire::update;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Each line is a transaction. What is kept beside the rows follows from them; a copy that replays the log's records
/// has the same rows; updates are JSON.
pub fn transact(lines: &[u8]) {
    let mut fresh = fresh();
    let mut database = Database::new(Arc::new(SCHEMA.clone()), TxnId::default());
    let mut copy = Database::new(Arc::new(SCHEMA.clone()), TxnId::default());
    for (n, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        let Ok(Value::Array(operations)) = json::parse(line) else {
            continue;
        };
        let mut context = Context {
            fresh: &mut fresh,
            read_only: false,
            identity: None,
            holds_lock: &|lock| lock == "held",
            elapsed: Duration::ZERO,
        };
        let Outcome::Done { replies, changes, .. } = database.execute(&operations, &mut context) else {
            continue;
        };
        assert_eq!(replies.len(), operations.len());
        let id = TxnId(Uuid::from_u128(n as u128 + 1));
        database.apply(&changes, id);
        assert_eq!(database.check_invariants(), Ok(()));
        updates_are_json(&changes, id);
        if !changes.iter().all(keeps_its_values) {
            return;
        }
        replay(&mut copy, &changes, id);
        assert_same_rows(database.snapshot(), copy.snapshot());
    }
}

fn updates_are_json(changes: &[RowChange], id: TxnId) {
    let requests = json!({"Shapes": {}, "Target": {}});
    for version in [MonitorVersion::V1, MonitorVersion::V2, MonitorVersion::V3] {
        let spec = MonitorSpec::from_json(&requests, &SCHEMA, version).expect("the schema has the tables");
        let seen: Vec<RowChange> = changes
            .iter()
            .filter_map(|change| monitor::view(&spec, change))
            .collect();
        let body = update::encode(version, &spec, &SCHEMA, &seen);
        let message = update::notification(version, &json!("m"), id, &[body]);
        assert!(
            json::parse(&message.to_vec()).is_ok(),
            "{}",
            String::from_utf8_lossy(&message.to_vec())
        );
    }
}

/// Files hold reals with 15 digits: of one that needs more, the copy cannot know.
fn keeps_its_values(change: &RowChange) -> bool {
    let Some(row) = &change.new else { return true };
    SCHEMA.table(change.table).iter().all(|(column, schema)| {
        let (datum, mut text) = (row.get(column), Vec::new());
        datum.write_json(&schema.ty, &mut text);
        let value = json::parse(&text).expect("a value is written as JSON");
        Datum::from_json_trusted(&value, &schema.ty).is_ok_and(|again| again == *datum)
    })
}

fn replay(copy: &mut Database, changes: &[RowChange], id: TxnId) {
    let Some(record) = text::encode(&SCHEMA, changes, None, 0, true) else {
        return;
    };
    let record = json::parse(&record).expect("a record is JSON");
    let changes =
        text::decode(copy.snapshot(), &record, false, &mut fresh()).expect("a record fits its state");
    copy.replay(changes, id, &mut fresh())
        .expect("what was committed commits again");
}

/// Equal but for `_version`, which is made anew, and ephemeral columns, which files do not hold.
fn assert_same_rows(a: &Snapshot, b: &Snapshot) {
    for (table, schema) in SCHEMA.iter() {
        assert!(
            a.table(table).keys().eq(b.table(table).keys()),
            "{} has other rows",
            schema.name
        );
        for (a, b) in a.table(table).values().zip(b.table(table).values()) {
            for (column, column_schema) in schema.iter() {
                if column != ColumnIdx::VERSION && column_schema.persistent {
                    assert_eq!(a.get(column), b.get(column), "{}", column_schema.name);
                }
            }
        }
    }
}
