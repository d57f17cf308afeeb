//! Committed state: one persistent map of rows per table, shared structurally between snapshots, and beside it
//! what only the writer needs (reference counts, uniqueness indexes).

use std::sync::Arc;

use imbl::OrdMap;
use ovsdb_data::{DatabaseSchema, OvsdbError, Row, RowChange, TableIdx, TxnId, Uuid};

/// One committed state. Cloning costs one pointer per table; rows are shared; nothing ever blocks a writer.
#[derive(Clone)]
pub struct Snapshot {
    /// The schema in force.
    pub schema: Arc<DatabaseSchema>,
    /// The rows of each table, by uuid.
    pub tables: Vec<OrdMap<Uuid, Row>>,
    /// The transaction that made this state.
    pub txn_id: TxnId,
    /// Atoms in all rows (memory accounting, history's cap).
    pub n_atoms: usize,
}

impl Snapshot {
    /// A row.
    pub fn get(&self, table: TableIdx, uuid: &Uuid) -> Option<&Row> {
        self.tables[table.0 as usize].get(uuid)
    }

    /// The rows of a table.
    pub fn table(&self, table: TableIdx) -> &OrdMap<Uuid, Row> {
        &self.tables[table.0 as usize]
    }
}

/// A database open for writing.
pub struct Database {
    head: Snapshot,
}

impl Database {
    /// An empty database.
    pub fn new(schema: Arc<DatabaseSchema>, txn_id: TxnId) -> Database {
        let tables = schema.tables.iter().map(|_| OrdMap::new()).collect();
        Database { head: Snapshot { schema, tables, txn_id, n_atoms: 0 } }
    }

    /// The latest state.
    pub fn snapshot(&self) -> &Snapshot {
        &self.head
    }

    /// Makes changes that [`crate::execute`] produced (or that a log holds) the latest state. They must follow from
    /// the present state: each `old` is the present row.
    pub fn apply(&mut self, _changes: &[RowChange], _txn_id: TxnId) {
        todo!()
    }

    /// Takes the changes of a log record: runs the reference part of the commit pipeline (existence of strong
    /// targets, garbage collection, weak references) and applies the result; constraints are trusted.
    pub fn replay(
        &mut self,
        _changes: Vec<RowChange>,
        _txn_id: TxnId,
        _fresh: &mut dyn FnMut() -> Uuid,
    ) -> Result<(), OvsdbError> {
        todo!()
    }
}
