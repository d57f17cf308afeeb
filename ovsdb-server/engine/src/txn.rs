//! A transaction under way: the rows it touched, and the checks that make it a commit (RFC 7047 §4.1.3), in the
//! order in which clients may see them fail.
//!
//! Net changes, strong references, garbage of non-root tables, `maxRows`, weak references (which may make more
//! garbage), uniqueness ([`crate::indexes`]), fresh `_version`s.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;
use ovsdb_data::base_type::RefKind;
use ovsdb_data::{Atom, ColumnIdx, ColumnType, Condition, Datum, OvsdbError, Row, RowChange, TableIdx, Uuid};

use crate::database::{Database, Key};
use crate::refs::{Change, for_each_ref, for_each_ref_change, for_each_weak_ref, has_refs, refs_of};

/// One row that a transaction touched.
#[derive(Clone)]
pub(crate) struct Touched {
    pub old: Option<Row>,
    pub new: Option<Row>,
}

/// A transaction on the present state of a database.
pub(crate) struct Txn<'a> {
    pub db: &'a Database,
    pub rows: BTreeMap<Key, Touched>,
    /// Changes of strong reference counts.
    counts: HashMap<Key, i64>,
}

impl<'a> Txn<'a> {
    pub fn new(db: &'a Database) -> Self {
        Txn {
            db,
            rows: BTreeMap::new(),
            counts: HashMap::default(),
        }
    }

    /// A transaction that makes these changes, whose `old` is known to be the present row. Of several changes of one
    /// row the last counts.
    pub fn of(db: &'a Database, changes: Vec<RowChange>) -> Self {
        let touched = changes.into_iter().map(|change| {
            let (old, new) = (change.old, change.new);
            ((change.table, change.uuid), Touched { old, new })
        });
        Txn {
            rows: touched.collect(),
            ..Txn::new(db)
        }
    }

    /// A row as the transaction left it.
    pub fn get(&self, key: Key) -> Option<&Row> {
        match self.rows.get(&key) {
            Some(touched) => touched.new.as_ref(),
            None => self.db.head.get(key.0, &key.1),
        }
    }

    /// Whether a uuid is taken: by a row, or by one that the transaction deleted.
    pub fn is_taken(&self, key: Key) -> bool {
        self.rows.contains_key(&key) || self.db.head.get(key.0, &key.1).is_some()
    }

    /// Stores a row, or deletes it.
    pub fn put(&mut self, key: Key, new: Option<Row>) {
        match self.rows.get_mut(&key) {
            // Inserted and deleted again: as if it had never been, and its uuid is free.
            Some(touched) if touched.old.is_none() && new.is_none() => {
                self.rows.remove(&key);
            }
            Some(touched) => touched.new = new,
            None => {
                let old = self.db.head.get(key.0, &key.1).cloned();
                self.rows.insert(key, Touched { old, new });
            }
        }
    }

    /// The rows of a table as the transaction left them.
    pub fn table(&self, table: TableIdx) -> impl Iterator<Item = &Row> {
        let touched = self.touched(table);
        let untouched = self.db.head.table(table).iter().filter(move |(uuid, _)| {
            // Most transactions touch nothing of a table they scan.
            self.rows.is_empty() || !self.rows.contains_key(&(table, **uuid))
        });
        untouched
            .map(|(_, row)| row)
            .chain(touched.filter_map(|(_, t)| t.new.as_ref()))
    }

    /// The rows that a condition selects.
    pub fn matching<'b>(
        &'b self,
        table: TableIdx,
        condition: &'b Condition,
    ) -> impl Iterator<Item = &'b Row> {
        let schema = self.db.head.schema.table(table);
        let (one, all) = match condition.uuid() {
            Some(uuid) => (self.get((table, uuid)), None),
            None => (None, Some(self.table(table))),
        };
        one.into_iter()
            .chain(all.into_iter().flatten())
            .filter(move |row| condition.matches_all(row, schema))
    }

    fn touched(&self, table: TableIdx) -> impl Iterator<Item = (&Key, &Touched)> {
        self.rows.range((table, Uuid::nil())..=(table, Uuid::max()))
    }

    /// Checks and completes the transaction: the changes to log and apply.
    pub fn commit(mut self, fresh: &mut dyn FnMut() -> Uuid) -> Result<Vec<RowChange>, OvsdbError> {
        self.rows.retain(|_, touched| !is_same(touched));
        if self.rows.is_empty() {
            return Ok(Vec::new());
        }
        self.count_strong_refs()?;
        self.collect_garbage(None);
        self.check_max_rows()?;
        self.assess_weak_refs()?;
        self.rows.retain(|_, touched| !is_same(touched));
        crate::indexes::check(&self)?;
        Ok(self
            .rows
            .into_iter()
            .map(|((table, uuid), Touched { old, new })| {
                let new = new.map(|row| match &old {
                    // New, or given a version by whoever made it.
                    Some(old) if old.version() == row.version() => with_version(row, fresh()),
                    _ => row,
                });
                RowChange {
                    table,
                    uuid,
                    old,
                    new,
                }
            })
            .collect())
    }

    fn n_refs(&self, key: Key) -> i64 {
        i64::from(self.db.n_strong_refs(key.0, key.1)) + self.counts.get(&key).copied().unwrap_or(0)
    }

    /// Adds a row's strong references to the counts.
    fn count(&mut self, from: Key, row: &Row, by: i64) {
        let schema = &self.db.head.schema;
        let counts = &mut self.counts;
        for_each_ref(schema.table(from.0), row, |to, kind| {
            if kind == RefKind::Strong && to != from {
                *counts.entry(to).or_insert(0) += by;
            }
        });
    }

    fn count_strong_refs(&mut self) -> Result<(), OvsdbError> {
        let mut counts = std::mem::take(&mut self.counts);
        for (key, Touched { old, new }) in &self.rows {
            let mut missing = None;
            let table = self.db.head.schema.table(key.0);
            for_each_ref_change(table, old.as_ref(), new.as_ref(), |to, kind, change| {
                if kind == RefKind::Weak {
                    return;
                }
                if to != *key {
                    *counts.entry(to).or_insert(0) += if change == Change::Gained { 1 } else { -1 };
                }
                // A row that this transaction deletes is missed below, where its references are counted.
                if change == Change::Gained && missing.is_none() && !self.is_taken(to) {
                    missing = Some(to);
                }
            });
            if let (Some(to), Some(row)) = (missing, new) {
                return Err(self.nonexistent(*key, row, to));
            }
        }
        self.counts = counts;
        for (key, Touched { new, .. }) in &self.rows {
            let n = self.n_refs(*key);
            if new.is_none() && n > 0 {
                let table = self.db.head.schema.table(key.0);
                return Err(OvsdbError::new(
                    "referential integrity violation",
                    format!(
                        "cannot delete {} row {} because of {n} remaining reference(s)",
                        table.name, key.1
                    ),
                ));
            }
        }
        Ok(())
    }

    fn nonexistent(&self, key: Key, row: &Row, to: Key) -> OvsdbError {
        let schema = &self.db.head.schema;
        let table = schema.table(key.0);
        let mut name = "";
        for (column, column_schema) in table.iter().filter(|(_, c)| has_refs(&c.ty)) {
            refs_of(row.get(column), &column_schema.ty, &mut |found, kind| {
                if found == to && kind == RefKind::Strong && name.is_empty() {
                    name = &column_schema.name;
                }
            });
        }
        OvsdbError::new(
            "referential integrity violation",
            format!(
                "Table {} column {name} row {} references nonexistent row {} in table {}.",
                table.name,
                key.1,
                to.1,
                schema.table(to.0).name
            ),
        )
    }

    /// Deletes rows of non-root tables that nothing refers to any more, and what only they referred to. `only` limits
    /// the search to rows that may have lost a reference; the rows deleted are returned.
    fn collect_garbage(&mut self, only: Option<Vec<Key>>) -> Vec<Key> {
        let schema = self.db.head.schema.clone();
        let mut candidates: Vec<Key> = match only {
            Some(keys) => keys,
            None => self.rows.keys().chain(self.counts.keys()).copied().collect(),
        };
        let mut deleted = Vec::new();
        while let Some(key) = candidates.pop() {
            if schema.table(key.0).is_root || self.n_refs(key) > 0 {
                continue;
            }
            let Some(row) = self.get(key).cloned() else {
                continue;
            };
            self.count(key, &row, -1);
            self.put(key, None);
            deleted.push(key);
            for_each_ref(schema.table(key.0), &row, |to, kind| {
                if kind == RefKind::Strong && to != key {
                    candidates.push(to);
                }
            });
        }
        deleted
    }

    fn check_max_rows(&self) -> Result<(), OvsdbError> {
        for (table, schema) in self.db.head.schema.iter() {
            let Some(max_rows) = schema.max_rows else { continue };
            let mut n_rows = self.db.head.table(table).len();
            for (_, touched) in self.touched(table) {
                n_rows -= usize::from(touched.old.is_some());
                n_rows += usize::from(touched.new.is_some());
            }
            if self.touched(table).next().is_some() && n_rows > max_rows as usize {
                return Err(OvsdbError::constraint(format!(
                    "transaction causes \"{}\" table to contain {n_rows} rows, greater than the \
                     schema-defined limit of {max_rows} row(s)",
                    schema.name
                )));
            }
        }
        Ok(())
    }

    /// Drops weak references to rows that are not there. A pair of a map may take a strong reference with it, which
    /// may make garbage, which other weak references may name: so it repeats until nothing moves.
    fn assess_weak_refs(&mut self) -> Result<(), OvsdbError> {
        let mut todo: BTreeSet<Key> = self
            .rows
            .iter()
            .filter(|(_, t)| t.new.is_some())
            .map(|(key, _)| *key)
            .collect();
        let gone = self.rows.iter().filter(|(_, t)| t.new.is_none());
        todo.extend(
            gone.filter_map(|(key, _)| self.db.weak.get(key))
                .flat_map(BTreeMap::keys),
        );
        // References that this transaction itself makes are not in the database's index yet.
        let mut own: HashMap<Key, Vec<Key>> = HashMap::default();
        let mut own_known = false;
        while let Some(key) = todo.pop_first() {
            if !self.get(key).is_some_and(|row| self.has_dangling(key, row)) {
                continue;
            }
            let gone = self.drop_dangling(key)?;
            if !gone.is_empty() && !own_known {
                own_known = true;
                own = self.own_weak_refs();
            }
            for key in &gone {
                todo.extend(self.db.weak.get(key).into_iter().flat_map(BTreeMap::keys));
                todo.extend(own.get(key).into_iter().flatten());
            }
        }
        Ok(())
    }

    /// Which of the rows touched refer weakly to each row.
    fn own_weak_refs(&self) -> HashMap<Key, Vec<Key>> {
        let mut refs: HashMap<Key, Vec<Key>> = HashMap::default();
        for (key, touched) in &self.rows {
            if let Some(row) = &touched.new {
                for_each_weak_ref(self.db.head.schema.table(key.0), row, |to| {
                    refs.entry(to).or_default().push(*key);
                });
            }
        }
        refs
    }

    fn has_dangling(&self, key: Key, row: &Row) -> bool {
        let mut found = false;
        for_each_weak_ref(self.db.head.schema.table(key.0), row, |to| {
            found |= self.get(to).is_none()
        });
        found
    }

    /// Drops a row's dangling weak references; returns the rows that became garbage by it.
    fn drop_dangling(&mut self, key: Key) -> Result<Vec<Key>, OvsdbError> {
        let schema = self.db.head.schema.clone();
        let table = schema.table(key.0);
        let Some(row) = self.get(key).cloned() else {
            return Ok(Vec::new());
        };
        let mut changed = Vec::new();
        for (column, column_schema) in table.iter().filter(|(_, c)| has_refs(&c.ty)) {
            let ty = &column_schema.ty;
            let old = row.get(column);
            let (new, n_dropped, zero) = self.without_dangling(old, ty);
            if n_dropped == 0 {
                continue;
            }
            if new.len() < ty.n_min as usize {
                let (column, table, uuid) = (&column_schema.name, &table.name, key.1);
                let inserted = self.rows.get(&key).is_some_and(|t| t.old.is_none());
                return Err(OvsdbError::constraint(if zero && inserted {
                    format!(
                        "Weak reference column \"{column}\" in \"{table}\" row {uuid} (inserted within this \
                         transaction) contained all-zeros UUID (probably as the default value for this column) \
                         but deleting this value caused a constraint volation because this column is not allowed \
                         to be empty."
                    )
                } else {
                    format!(
                        "Deletion of {n_dropped} weak reference(s) to deleted (or never-existing) rows from \
                         column \"{column}\" in \"{table}\" row {uuid} {}caused this column to become empty, but \
                         constraints on this column disallow an empty column.",
                        if inserted {
                            "(inserted within this transaction) "
                        } else {
                            ""
                        }
                    )
                }));
            }
            changed.push((column, new));
        }
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        let new = row.with(changed);
        self.count(key, &row, -1);
        self.count(key, &new, 1);
        self.put(key, Some(new));
        let mut lost = Vec::new();
        for_each_ref(table, &row, |to, kind| {
            if kind == RefKind::Strong {
                lost.push(to);
            }
        });
        Ok(self.collect_garbage(Some(lost)))
    }

    /// A value without its dangling weak references, how many those were, and whether one was the zero uuid.
    fn without_dangling(&self, datum: &Datum, ty: &ColumnType) -> (Datum, usize, bool) {
        let mut zero = false;
        let mut keep = |key: &Atom, value: Option<&Atom>| {
            let mut dangles = |atom: &Atom, reference: Option<(TableIdx, RefKind)>| match (reference, atom) {
                (Some((table, RefKind::Weak)), Atom::Uuid(uuid)) if self.get((table, *uuid)).is_none() => {
                    zero |= uuid.is_nil();
                    true
                }
                _ => false,
            };
            let value_ref = ty.value.as_ref().and_then(|v| v.reference());
            !(dangles(key, ty.key.reference()) || value.is_some_and(|v| dangles(v, value_ref)))
        };
        let new = match datum {
            Datum::Map(pairs) => Datum::map_unique(pairs.iter().filter(|(k, v)| keep(k, Some(v))).cloned()),
            other => Datum::set_unique(other.atoms().filter(|atom| keep(atom, None)).cloned()),
        };
        let n_dropped = datum.len() - new.len();
        (new, n_dropped, zero)
    }
}

fn with_version(mut row: Row, version: Uuid) -> Row {
    row.replace(|column, datum| {
        if column == ColumnIdx::VERSION {
            *datum = Datum::One(Atom::Uuid(version));
        }
    });
    row
}

/// True where nothing but perhaps `_version` differs.
fn is_same(touched: &Touched) -> bool {
    match (&touched.old, &touched.new) {
        (None, None) => true,
        (Some(old), Some(new)) => old.same_values(new),
        _ => false,
    }
}
