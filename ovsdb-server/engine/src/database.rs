//! Committed state: one persistent map of rows per table, shared structurally between snapshots, and beside it
//! what only the writer needs (reference counts, uniqueness indexes).

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;
use imbl::OrdMap;
use ovsdb_data::base_type::RefKind;
use ovsdb_data::intern::Interner;
use ovsdb_data::{ColumnIdx, DatabaseSchema, Datum, OvsdbError, Row, RowChange, TableIdx, TxnId, Uuid};

use crate::refs::{Change, for_each_ref_change};
use crate::txn::Txn;

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
    #[inline]
    pub fn get(&self, table: TableIdx, uuid: &Uuid) -> Option<&Row> {
        self.tables[table.0 as usize].get(uuid)
    }

    /// The rows of a table.
    #[inline]
    pub fn table(&self, table: TableIdx) -> &OrdMap<Uuid, Row> {
        &self.tables[table.0 as usize]
    }
}

/// A row's place in the database.
pub(crate) type Key = (TableIdx, Uuid);

/// The values of an index's columns in one row.
pub(crate) type IndexKey = Box<[Datum]>;

/// A database open for writing.
pub struct Database {
    pub(crate) head: Snapshot,
    /// Strong references to each row, those from itself left out.
    pub(crate) strong: HashMap<Key, u32>,
    /// Who refers weakly to each row, and how often. Sorted, because the order of effects is seen.
    pub(crate) weak: HashMap<Key, BTreeMap<Key, u32>>,
    /// For each table, for each of its indexes: which row has which values.
    pub(crate) indexes: Vec<Vec<HashMap<IndexKey, Uuid>>>,
    interner: Interner,
}

impl Database {
    /// An empty database.
    pub fn new(schema: Arc<DatabaseSchema>, txn_id: TxnId) -> Database {
        let tables = schema.tables.iter().map(|_| OrdMap::new()).collect();
        let indexes = schema
            .tables
            .iter()
            .map(|t| vec![HashMap::default(); t.indexes.len()])
            .collect();
        Database {
            head: Snapshot {
                schema,
                tables,
                txn_id,
                n_atoms: 0,
            },
            strong: HashMap::default(),
            weak: HashMap::default(),
            indexes,
            interner: Interner::default(),
        }
    }

    /// The latest state.
    #[inline]
    pub fn snapshot(&self) -> &Snapshot {
        &self.head
    }

    /// Makes new rows share equal strings and maps with those seen lately. Whoever keeps changes beside the database
    /// does this before [`Database::apply`]: then both keep the same rows.
    pub fn share(&mut self, changes: &mut [RowChange]) {
        self.interner.changes(changes);
    }

    /// Makes changes that [`Database::execute`] produced (or that a log holds) the latest state. They must follow
    /// from the present state: each `old` is the present row.
    pub fn apply(&mut self, changes: &[RowChange], txn_id: TxnId) {
        for RowChange {
            table,
            uuid,
            old,
            new,
        } in changes
        {
            self.account(*table, *uuid, old.as_ref(), new.as_ref());
            // Rows may swap the values of an index: an entry is removed only by the row it still names.
            self.index(*table, *uuid, old.as_ref(), new.as_ref());
            let rows = &mut self.head.tables[table.0 as usize];
            match new {
                Some(new) => {
                    rows.insert(*uuid, new.clone());
                }
                None => {
                    rows.remove(uuid);
                }
            }
        }
        self.head.txn_id = txn_id;
    }

    /// Runs the whole commit pipeline on rows that another server made, without applying the result: what changes
    /// here, garbage collection and weak references included. Each `old` must be the present row. Rows that come
    /// with another `_version` than the present row keep it, others get a fresh one.
    pub fn check(
        &self,
        changes: Vec<RowChange>,
        fresh: &mut dyn FnMut() -> Uuid,
    ) -> Result<Vec<RowChange>, OvsdbError> {
        Txn::of(self, changes).commit(fresh)
    }

    /// Takes the changes of a log record, which must pass the commit pipeline like any transaction's, and applies
    /// what comes of them. Each `old` must be the present row.
    pub fn replay(
        &mut self,
        changes: Vec<RowChange>,
        txn_id: TxnId,
        fresh: &mut dyn FnMut() -> Uuid,
    ) -> Result<(), OvsdbError> {
        let changes = Txn::of(self, changes).commit(fresh)?;
        self.apply(&changes, txn_id);
        Ok(())
    }

    /// Strong references to a row from other rows (what garbage collection counts).
    #[inline]
    pub fn n_strong_refs(&self, table: TableIdx, uuid: Uuid) -> u32 {
        self.strong.get(&(table, uuid)).copied().unwrap_or(0)
    }

    /// Brings what is kept beside the rows from one state of a row to the next.
    fn account(&mut self, table: TableIdx, uuid: Uuid, old: Option<&Row>, new: Option<&Row>) {
        let schema = self.head.schema.clone();
        let table_schema = schema.table(table);
        let from = (table, uuid);
        self.head.n_atoms += new.map_or(0, Row::n_atoms);
        self.head.n_atoms -= old.map_or(0, Row::n_atoms);
        for_each_ref_change(table_schema, old, new, |to, kind, change| match (kind, change) {
            (RefKind::Strong, _) if to == from => {}
            (RefKind::Strong, Change::Gained) => *self.strong.entry(to).or_insert(0) += 1,
            (RefKind::Strong, Change::Lost) => {
                if let Some(n) = self.strong.get_mut(&to) {
                    *n -= 1;
                    if *n == 0 {
                        self.strong.remove(&to);
                    }
                }
            }
            (RefKind::Weak, Change::Gained) => {
                *self.weak.entry(to).or_default().entry(from).or_insert(0) += 1
            }
            (RefKind::Weak, Change::Lost) => self.forget_weak(to, from),
        });
    }

    fn forget_weak(&mut self, to: Key, from: Key) {
        let Some(sources) = self.weak.get_mut(&to) else {
            return;
        };
        if let Some(n) = sources.get_mut(&from) {
            *n -= 1;
            if *n == 0 {
                sources.remove(&from);
            }
        }
        if sources.is_empty() {
            self.weak.remove(&to);
        }
    }

    fn index(&mut self, table: TableIdx, uuid: Uuid, old: Option<&Row>, new: Option<&Row>) {
        let schema = self.head.schema.clone();
        for (index, columns) in schema.table(table).indexes.iter().enumerate() {
            let map = &mut self.indexes[table.0 as usize][index];
            if let (Some(old), Some(new)) = (old, new)
                && columns.iter().all(|c| old.get(*c) == new.get(*c))
            {
                continue;
            }
            if let Some(key) = old.map(|row| index_key(columns, row))
                && map.get(&key) == Some(&uuid)
            {
                map.remove(&key);
            }
            if let Some(new) = new {
                map.insert(index_key(columns, new), uuid);
            }
        }
    }

    /// Recomputes what is kept beside the rows and compares; for tests and for `verify` commands.
    pub fn check_invariants(&self) -> Result<(), String> {
        let mut fresh = Database::new(self.head.schema.clone(), self.head.txn_id);
        for (table, rows) in self.head.tables.iter().enumerate() {
            for row in rows.values() {
                let table = TableIdx(table as u16);
                fresh.account(table, row.uuid(), None, Some(row));
                fresh.index(table, row.uuid(), None, Some(row));
            }
        }
        for (what, same) in [
            ("atom count", fresh.head.n_atoms == self.head.n_atoms),
            ("strong reference counts", fresh.strong == self.strong),
            ("weak references", fresh.weak == self.weak),
            ("indexes", fresh.indexes == self.indexes),
        ] {
            if !same {
                return Err(format!("{what} do not follow from the rows"));
            }
        }
        let exists = |key: &Key| self.head.get(key.0, &key.1).is_some();
        match fresh
            .strong
            .keys()
            .chain(fresh.weak.keys())
            .find(|key| !exists(key))
        {
            Some(key) => Err(format!("a reference to a row that is not there: {key:?}")),
            None => Ok(()),
        }
    }
}

/// The values that an index compares.
pub(crate) fn index_key(columns: &[ColumnIdx], row: &Row) -> IndexKey {
    columns.iter().map(|c| row.get(*c).clone()).collect()
}
