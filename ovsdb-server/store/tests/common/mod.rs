//! What the tests of database files share.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ovsdb_data::{ColumnIdx, DatabaseSchema, Datum, RowChange, TableIdx, TxnId, Uuid, json};
use ovsdb_engine::{Database, Snapshot};
use ovsdb_store::standalone::{self, Opened};
use ovsdb_store::{Log, Magic, Mode, Standalone, StoreError, record, text};
use serde_json::Value;

/// What a file can keep: for each row, its persistent columns.
pub type Contents = BTreeMap<(TableIdx, Uuid), Vec<(ColumnIdx, Datum)>>;

/// Unique uuids, from any thread.
pub fn fresh() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128((0xf << 100) + u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// A schema from its text.
pub fn schema(text: &str) -> Arc<DatabaseSchema> {
    let json = json::parse(text.as_bytes()).expect("a schema is JSON");
    Arc::new(DatabaseSchema::from_json(&json).expect("the schema is valid"))
}

/// What a file of this state holds.
pub fn contents(snapshot: &Snapshot) -> Contents {
    let mut all = Contents::new();
    for (table, schema) in snapshot.schema.iter() {
        for row in snapshot.table(table).values() {
            let persistent = schema.iter().skip(2).filter(|(_, c)| c.persistent);
            let columns = persistent.map(|(column, _)| (column, row.get(column).clone()));
            all.insert((table, row.uuid()), columns.collect());
        }
    }
    all
}

/// A new file, and the database that it holds.
pub fn create(path: &Path, schema: &Arc<DatabaseSchema>) -> (Standalone, Database) {
    let file = Standalone::create(path, schema).expect("room");
    (file, Database::new(Arc::clone(schema), TxnId::default()))
}

/// Opens a database's file.
pub fn open(path: &Path, mode: Mode) -> Result<Opened, StoreError> {
    Standalone::open(path, mode, &fresh)
}

/// Reads a file one record at a time, each parsed as a tree: the state at its end, or at the first record that does
/// not apply.
pub fn read_slowly(path: &Path) -> (Database, Option<String>) {
    let mut log = Log::open(path, &[Magic::Json], Mode::ReadOnly).expect("it is a database");
    let (schema, _) = standalone::read_schema(&mut log).expect("it has a schema");
    let mut db = Database::new(schema, TxnId::default());
    loop {
        let record = match log.read() {
            Ok(Some(record)) => record,
            Ok(None) => return (db, None),
            Err(error) => return (db, Some(error.to_string())),
        };
        let applied = record::parse(&log, &record).and_then(|value: Value| {
            text::decode(db.snapshot(), &value, false, &mut fresh)
                .and_then(|changes| db.replay(changes, TxnId::default(), &mut fresh))
                .map_err(|why| log.not_valid(&record, why))
        });
        if let Err(error) = applied {
            return (db, Some(error.to_string()));
        }
    }
}

/// Runs row changes through the commit checks and applies them; what was committed.
pub fn commit(db: &mut Database, changes: Vec<RowChange>) -> Vec<RowChange> {
    let changes = db.check(changes, &mut fresh).expect("the changes are valid");
    db.apply(&changes, TxnId(fresh()));
    changes
}

/// A change of a row to these columns; of a new row the others have their defaults.
pub fn change(
    db: &Database,
    table: TableIdx,
    uuid: Uuid,
    columns: Option<Vec<(ColumnIdx, Datum)>>,
) -> RowChange {
    let old = db.snapshot().get(table, &uuid).cloned();
    let new = columns.map(|columns| match &old {
        Some(row) => row.with(columns),
        None => db.snapshot().schema.table(table).row_of(uuid, fresh(), columns),
    });
    RowChange {
        table,
        uuid,
        old,
        new,
    }
}
