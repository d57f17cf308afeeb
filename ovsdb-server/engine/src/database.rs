//! Committed state: one persistent map of rows per table, shared structurally between snapshots, and beside it
//! what only the writer needs (reference counts, uniqueness indexes).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use imbl::OrdMap;
use ovsdb_data::base_type::RefKind;
use ovsdb_data::{
    Atom, ColumnIdx, ColumnType, DatabaseSchema, Datum, OvsdbError, Row, RowChange, TableIdx, TableSchema,
    TxnId, Uuid,
};

use crate::intern::Interner;
use crate::txn::{Checks, Txn};

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

/// A row's place in the database.
pub(crate) type Key = (TableIdx, Uuid);

/// The values of an index's columns in one row.
pub(crate) type IndexKey = Box<[Datum]>;

/// A database open for writing.
pub struct Database {
    pub(crate) head: Snapshot,
    /// Strong references to each row, those from itself left out.
    pub(crate) strong: HashMap<Key, u32>,
    /// Who refers weakly to each row. Sorted, because the order of effects is seen.
    pub(crate) weak: HashMap<Key, BTreeSet<Key>>,
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
            .map(|t| vec![HashMap::new(); t.indexes.len()])
            .collect();
        Database {
            head: Snapshot {
                schema,
                tables,
                txn_id,
                n_atoms: 0,
            },
            strong: HashMap::new(),
            weak: HashMap::new(),
            indexes,
            interner: Interner::default(),
        }
    }

    /// The latest state.
    pub fn snapshot(&self) -> &Snapshot {
        &self.head
    }

    /// Makes changes that [`Database::execute`] produced (or that a log holds) the latest state. They must follow
    /// from the present state: each `old` is the present row.
    pub fn apply(&mut self, changes: &[RowChange], txn_id: TxnId) {
        // Every departure before every arrival: rows may swap the values of an index.
        for change in changes {
            if let Some(old) = &change.old {
                self.forget(change.table, old);
            }
        }
        for change in changes {
            match &change.new {
                Some(new) => {
                    let new = self.interner.row(new);
                    self.remember(change.table, &new);
                    self.head.tables[change.table.0 as usize].insert(change.uuid, new);
                }
                None => {
                    self.head.tables[change.table.0 as usize].remove(&change.uuid);
                }
            }
        }
        self.head.txn_id = txn_id;
    }

    /// Takes the changes of a log record: runs the reference part of the commit pipeline (existence of strong
    /// targets, garbage collection, weak references) and applies the result; constraints are trusted.
    pub fn replay(
        &mut self,
        changes: Vec<RowChange>,
        txn_id: TxnId,
        fresh: &mut dyn FnMut() -> Uuid,
    ) -> Result<(), OvsdbError> {
        let mut txn = Txn::new(self);
        for change in changes {
            txn.put((change.table, change.uuid), change.new);
        }
        let changes = txn.commit(Checks::References, fresh)?;
        self.apply(&changes, txn_id);
        Ok(())
    }

    /// Strong references to a row from other rows (what garbage collection counts).
    pub fn n_strong_refs(&self, table: TableIdx, uuid: Uuid) -> u32 {
        self.strong.get(&(table, uuid)).copied().unwrap_or(0)
    }

    fn remember(&mut self, table: TableIdx, row: &Row) {
        let schema = self.head.schema.clone();
        let table_schema = schema.table(table);
        let from = (table, row.uuid());
        self.head.n_atoms += n_atoms(row);
        for_each_ref(table_schema, row, |to, kind| match kind {
            RefKind::Strong if to == from => {}
            RefKind::Strong => *self.strong.entry(to).or_insert(0) += 1,
            RefKind::Weak => {
                self.weak.entry(to).or_default().insert(from);
            }
        });
        for (index, columns) in table_schema.indexes.iter().enumerate() {
            self.indexes[table.0 as usize][index].insert(index_key(columns, row), from.1);
        }
    }

    fn forget(&mut self, table: TableIdx, row: &Row) {
        let schema = self.head.schema.clone();
        let table_schema = schema.table(table);
        let from = (table, row.uuid());
        self.head.n_atoms -= n_atoms(row);
        for_each_ref(table_schema, row, |to, kind| match kind {
            RefKind::Strong if to == from => {}
            RefKind::Strong => {
                if let Some(n) = self.strong.get_mut(&to) {
                    *n -= 1;
                    if *n == 0 {
                        self.strong.remove(&to);
                    }
                }
            }
            RefKind::Weak => {
                if let Some(sources) = self.weak.get_mut(&to) {
                    sources.remove(&from);
                    if sources.is_empty() {
                        self.weak.remove(&to);
                    }
                }
            }
        });
        for (index, columns) in table_schema.indexes.iter().enumerate() {
            let map = &mut self.indexes[table.0 as usize][index];
            let key = index_key(columns, row);
            if map.get(&key) == Some(&from.1) {
                map.remove(&key);
            }
        }
    }

    /// Recomputes what is kept beside the rows and compares; for tests and for `verify` commands.
    pub fn check_invariants(&self) -> Result<(), String> {
        let mut fresh = Database::new(self.head.schema.clone(), self.head.txn_id);
        for (table, rows) in self.head.tables.iter().enumerate() {
            for row in rows.values() {
                fresh.remember(TableIdx(table as u16), row);
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

/// Atoms in a row, `_uuid` and `_version` left out.
pub(crate) fn n_atoms(row: &Row) -> usize {
    row.columns()[2..].iter().map(Datum::n_atoms).sum()
}

/// Calls `f` for every reference that a row holds.
pub(crate) fn for_each_ref(table: &TableSchema, row: &Row, mut f: impl FnMut(Key, RefKind)) {
    for (column, schema) in table.iter() {
        if has_refs(&schema.ty) {
            refs_of(row.get(column), &schema.ty, &mut f);
        }
    }
}

/// True where a column's type holds references.
pub(crate) fn has_refs(ty: &ColumnType) -> bool {
    ty.key.reference().is_some() || ty.value.as_ref().is_some_and(|v| v.reference().is_some())
}

/// Calls `f` for every reference in a value.
pub(crate) fn refs_of(datum: &Datum, ty: &ColumnType, f: &mut impl FnMut(Key, RefKind)) {
    let mut one = |atom: &Atom, reference: Option<(TableIdx, RefKind)>| {
        if let (Some((table, kind)), Atom::Uuid(uuid)) = (reference, atom) {
            f((table, *uuid), kind);
        }
    };
    let key = ty.key.reference();
    let value = ty.value.as_ref().and_then(|v| v.reference());
    match datum {
        Datum::Empty => {}
        Datum::One(atom) => one(atom, key),
        Datum::Set(atoms) => atoms.iter().for_each(|atom| one(atom, key)),
        Datum::Map(pairs) => pairs.iter().for_each(|(k, v)| {
            one(k, key);
            one(v, value);
        }),
    }
}
