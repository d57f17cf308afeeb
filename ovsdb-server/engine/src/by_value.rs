//! Rows by the value of one column: what a monitor's condition `column == value` selects is looked up, not searched.
//!
//! In: one state of a table. Out: the uuids of rows that may match on that state or on a later one, which shares most
//! of its rows. Never here: whether they do match; who keeps an index, and for how long.

use foldhash::HashMap;
use imbl::OrdMap;
use ovsdb_data::monitor::{EqSet, MonitorCondition};
use ovsdb_data::{ColumnIdx, Datum, Row, TableIdx, Uuid};

use crate::database::Snapshot;

/// A look-up that would give more than one row in this many is no better than a search.
const SELECTIVE: usize = 4;

/// A later state with more than one row in this many changed is not worth the comparison.
const SIMILAR: usize = 16;

/// One table's rows by the values of one column.
pub struct ByValue {
    table: OrdMap<Uuid, Row>,
    rows: HashMap<Datum, Vec<Uuid>>,
}

impl ByValue {
    /// Indexes a table.
    pub fn new(snapshot: &Snapshot, table: TableIdx, column: ColumnIdx) -> ByValue {
        let mut rows: HashMap<Datum, Vec<Uuid>> = HashMap::default();
        let table = snapshot.table(table).clone();
        for (uuid, row) in &table {
            match rows.get_mut(row.get(column)) {
                Some(uuids) => uuids.push(*uuid),
                None => {
                    rows.insert(row.get(column).clone(), vec![*uuid]);
                }
            }
        }
        ByValue { table, rows }
    }

    /// Adds the rows with one of these values; false once there are too many of them.
    fn look_up<'a>(&self, values: impl Iterator<Item = &'a Datum>, found: &mut Vec<Uuid>) -> bool {
        let limit = self.table.len() / SELECTIVE;
        for value in values {
            found.extend(self.rows.get(value).into_iter().flatten());
            if found.len() > limit {
                return false;
            }
        }
        true
    }

    /// Adds the rows of a later state that are not as they were; false where it has too little in common.
    fn changed_since(&self, table: &OrdMap<Uuid, Row>, found: &mut Vec<Uuid>) -> bool {
        let limit = found.len() + self.table.len() / SIMILAR;
        for item in self.table.diff(table) {
            found.push(match item {
                imbl::ordmap::DiffItem::Add(uuid, _) | imbl::ordmap::DiffItem::Remove(uuid, _) => *uuid,
                imbl::ordmap::DiffItem::Update { old: (uuid, _), .. } => *uuid,
            });
            if found.len() > limit {
                return false;
            }
        }
        true
    }
}

/// Gives the index of a column, if it has one.
pub type Indexes<'a> = &'a dyn Fn(&Snapshot, TableIdx, ColumnIdx) -> Option<std::sync::Arc<ByValue>>;

/// No index: everything is searched.
pub const NONE: Indexes<'static> = &|_, _, _| None;

/// Rows by uuid, among them every row that matches; None where only a search tells.
pub(crate) fn may_match(
    table: TableIdx,
    condition: &MonitorCondition,
    snapshot: &Snapshot,
    indexes: Indexes<'_>,
) -> Option<Vec<Uuid>> {
    if condition.is_true() || !condition.includes_sets().is_empty() || !condition.other_clauses().is_empty() {
        return None;
    }
    let values = condition
        .eq_sets()
        .iter()
        .map(|set| (set.column, set.values.iter()));
    candidates(table, values, snapshot, indexes)
}

/// Rows by uuid, among them every row that only one of two conditions matches; None where only a search tells.
pub(crate) fn may_differ(
    table: TableIdx,
    old: &MonitorCondition,
    new: &MonitorCondition,
    snapshot: &Snapshot,
    indexes: Indexes<'_>,
) -> Option<Vec<Uuid>> {
    // Clauses that both have change nothing: only values that one of them names are of interest.
    let same = |a: &MonitorCondition, b: &MonitorCondition| {
        a.other_clauses() == b.other_clauses()
            && a.includes_sets().len() == b.includes_sets().len()
            && (a.includes_sets().iter().zip(b.includes_sets()))
                .all(|(a, b)| a.column == b.column && a.values == b.values)
    };
    if old.is_true() || new.is_true() || !same(old, new) {
        return None;
    }
    let sets = [old.eq_sets(), new.eq_sets()];
    let mut columns: Vec<ColumnIdx> = sets
        .iter()
        .flat_map(|sets| sets.iter().map(|s| s.column))
        .collect();
    columns.sort_unstable();
    columns.dedup();
    let of = |sets: &'_ [EqSet<Datum>], column| sets.iter().position(|set| set.column == column);
    let mut values: Vec<(ColumnIdx, Vec<&Datum>)> = Vec::new();
    for column in columns {
        let [before, after] = sets.map(|sets| of(sets, column).map(|i| &sets[i]));
        let mut named = Vec::new();
        for (a, b) in [(before, after), (after, before)] {
            let values = a.map(|set| set.values.as_slice()).unwrap_or_default();
            named.extend(
                values
                    .iter()
                    .filter(|value| !b.is_some_and(|set| set.contains(value))),
            );
        }
        values.push((column, named));
    }
    let values = values
        .iter()
        .map(|(column, values)| (*column, values.iter().copied()));
    candidates(table, values, snapshot, indexes)
}

/// The uuids of rows with one of these values in one of these columns, and of some that have none; ascending.
fn candidates<'a, V: Iterator<Item = &'a Datum>>(
    table: TableIdx,
    values: impl Iterator<Item = (ColumnIdx, V)>,
    snapshot: &Snapshot,
    indexes: Indexes<'_>,
) -> Option<Vec<Uuid>> {
    let mut found = Vec::new();
    for (column, values) in values {
        let index = indexes(snapshot, table, column)?;
        if !index.look_up(values, &mut found) || !index.changed_since(snapshot.table(table), &mut found) {
            return None;
        }
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}
