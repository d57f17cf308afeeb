//! Rows, changes of rows, and the ids of the transactions that change them.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::atom::Atom;
use crate::datum::Datum;
use crate::schema::{ColumnIdx, TableIdx};

/// The id of a committed state of a database; the *eid* of the C server, the `last-txn-id` of
/// `monitor_cond_since` (ovsdb-server(7) §4.1.15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TxnId(pub Uuid);

impl fmt::Display for TxnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One row: a datum for every column of its table, `_uuid` and `_version` first. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(Arc<[Datum]>);

impl Row {
    /// A row of these datums, in the order of the table's columns.
    pub fn new(columns: impl IntoIterator<Item = Datum>) -> Self {
        Row(columns.into_iter().collect())
    }

    /// The value of a column.
    pub fn get(&self, column: ColumnIdx) -> &Datum {
        &self.0[column.0 as usize]
    }

    /// Every column, `_uuid` and `_version` first.
    pub fn columns(&self) -> &[Datum] {
        &self.0
    }

    /// This row with some columns changed.
    pub fn with(&self, changes: impl IntoIterator<Item = (ColumnIdx, Datum)>) -> Row {
        let mut columns: Arc<[Datum]> = self.0.iter().cloned().collect();
        if let Some(columns) = Arc::get_mut(&mut columns) {
            for (column, datum) in changes {
                columns[usize::from(column.0)] = datum;
            }
        }
        Row(columns)
    }

    /// The atoms of all columns: the measure of a history's length.
    pub fn n_atoms(&self) -> usize {
        self.0.iter().map(Datum::n_atoms).sum()
    }

    /// `_version`.
    pub fn version(&self) -> Uuid {
        match self.get(ColumnIdx::VERSION) {
            Datum::One(Atom::Uuid(version)) => *version,
            other => unreachable!("column _version holds {other:?}"),
        }
    }

    /// `_uuid`.
    pub fn uuid(&self) -> Uuid {
        match self.get(ColumnIdx::UUID) {
            Datum::One(Atom::Uuid(uuid)) => *uuid,
            other => unreachable!("column _uuid holds {other:?}"),
        }
    }

    /// True when both are the very same allocation.
    pub fn same(&self, other: &Row) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// One committed change of one row: inserted (`old` is none), deleted (`new` is none) or modified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// Its table.
    pub table: TableIdx,
    /// Its `_uuid`.
    pub uuid: Uuid,
    /// The row before.
    pub old: Option<Row>,
    /// The row after.
    pub new: Option<Row>,
}
