//! Rows, changes of rows, and the ids of the transactions that change them.

use std::cmp::Ordering;
use std::fmt;

use triomphe::{Arc, ThinArc};
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
///
/// Most columns of most rows are empty, so only the others are kept: one allocation holds a bit for each of the first
/// columns, set where it is not empty, and the datums in order.
#[derive(Clone, PartialEq, Eq)]
pub struct Row(ThinArc<u64, Datum>);

/// Columns with a bit of their own. The last bit of the word stands for all further columns: they are kept, empty or
/// not, or none of them is.
const N_BITS: usize = 63;

/// The bit of the further columns.
const REST: u64 = 1 << N_BITS;

static EMPTY: Datum = Datum::Empty;

impl Row {
    /// A row of these datums, in the order of the table's columns.
    pub fn new(columns: impl IntoIterator<Item = Datum>) -> Self {
        let columns: Vec<Datum> = columns.into_iter().collect();
        let (first, rest) = columns.split_at(columns.len().min(N_BITS));
        let mut present = 0;
        for (i, datum) in first.iter().enumerate() {
            present |= u64::from(!datum.is_empty()) << i;
        }
        // Trailing empty columns are cut off, so that equal rows are kept equally.
        let n_rest = rest
            .iter()
            .rposition(|datum| !datum.is_empty())
            .map_or(0, |i| i + 1);
        if n_rest > 0 {
            present |= REST;
        }
        let n = (present & !REST).count_ones() as usize + n_rest;
        let kept = columns
            .into_iter()
            .enumerate()
            .take(N_BITS + n_rest)
            .filter(|(i, datum)| *i >= N_BITS || !datum.is_empty())
            .map(|(_, datum)| datum);
        Row(ThinArc::from_header_and_iter(present, Counted { iter: kept, n }))
    }

    /// The value of a column.
    #[inline]
    pub fn get(&self, column: ColumnIdx) -> &Datum {
        let (present, kept) = (self.0.header.header, &self.0.slice);
        let i = usize::from(column.0);
        if i < N_BITS {
            let bit = 1 << i;
            return match present & bit {
                0 => &EMPTY,
                _ => &kept[(present & (bit - 1)).count_ones() as usize],
            };
        }
        let before = (present & !REST).count_ones() as usize;
        kept.get(before + i - N_BITS).unwrap_or(&EMPTY)
    }

    /// The columns that are not empty (some empty ones among them in tables of more than 63 columns), ascending,
    /// `_uuid` and `_version` first.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = (ColumnIdx, &Datum)> {
        let (present, kept) = (self.0.header.header, &self.0.slice);
        let first = (0..N_BITS).filter(move |i| present & (1 << i) != 0);
        let columns = first.chain(N_BITS..).map(|i| ColumnIdx(i as u16));
        columns.zip(kept)
    }

    /// This row with some columns changed.
    pub fn with(&self, changes: impl IntoIterator<Item = (ColumnIdx, Datum)>) -> Row {
        let mut columns: Vec<Datum> = Vec::with_capacity(N_BITS);
        let mut set = |column: ColumnIdx, datum: Datum| {
            let i = usize::from(column.0);
            if i >= columns.len() {
                columns.resize(i + 1, Datum::Empty);
            }
            columns[i] = datum;
        };
        for (column, datum) in self.iter() {
            set(column, datum.clone());
        }
        for (column, datum) in changes {
            set(column, datum);
        }
        Row::new(columns)
    }

    /// This row with one column changed.
    pub fn with_column(&self, column: ColumnIdx, datum: Datum) -> Row {
        let i = usize::from(column.0);
        if i >= N_BITS {
            return self.with([(column, datum)]);
        }
        let (present, kept) = (self.0.header.header, &self.0.slice);
        let bit = 1 << i;
        let (before, rest) = kept.split_at((present & (bit - 1)).count_ones() as usize);
        let after = &rest[usize::from(present & bit != 0)..];
        let datum = Some(datum).filter(|datum| !datum.is_empty());
        let present = if datum.is_some() {
            present | bit
        } else {
            present & !bit
        };
        let n = before.len() + usize::from(datum.is_some()) + after.len();
        let iter = before.iter().cloned().chain(datum).chain(after.iter().cloned());
        Row(ThinArc::from_header_and_iter(present, Counted { iter, n }))
    }

    /// Replaces datums that are not empty by others that are not: in place where nobody else holds the row.
    pub fn replace(&mut self, mut f: impl FnMut(ColumnIdx, &mut Datum)) {
        let present = self.0.header.header;
        let columns = (0..N_BITS)
            .filter(move |i| present & (1 << i) != 0)
            .chain(N_BITS..);
        let mut columns = columns.map(|i| ColumnIdx(i as u16));
        let mut each = |datum: &mut Datum| {
            // As many columns as there are datums.
            if let Some(column) = columns.next() {
                f(column, datum);
            }
        };
        let changed = self.0.with_arc_mut(|row| match Arc::get_mut(row) {
            Some(mine) => {
                mine.slice_mut().iter_mut().for_each(&mut each);
                None
            }
            None => Some(row.slice().to_vec()),
        });
        if let Some(mut datums) = changed {
            datums.iter_mut().for_each(each);
            self.0 = ThinArc::from_header_and_iter(present, datums.into_iter());
        }
    }

    /// The atoms of all columns but `_uuid` and `_version`: the measure of a database's and a history's length.
    #[inline]
    pub fn n_atoms(&self) -> usize {
        self.values().map(|(_, datum)| datum.n_atoms()).sum()
    }

    /// True where nothing but perhaps `_uuid` and `_version` differs.
    #[inline]
    pub fn same_values(&self, other: &Row) -> bool {
        self.same(other)
            || self.0.header.header == other.0.header.header && self.0.slice[2..] == other.0.slice[2..]
    }

    /// Compares column by column, `_uuid` and `_version` left out.
    pub fn cmp_values(&self, other: &Row) -> Ordering {
        let n = |row: &Row| row.iter().last().map_or(0, |(column, _)| column.0);
        (2..=n(self).max(n(other)))
            .map(|i| self.get(ColumnIdx(i)).cmp(other.get(ColumnIdx(i))))
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    #[inline]
    fn values(&self) -> impl Iterator<Item = (ColumnIdx, &Datum)> {
        self.iter().skip(2)
    }

    /// `_version`.
    #[inline]
    pub fn version(&self) -> Uuid {
        match self.get(ColumnIdx::VERSION) {
            Datum::One(Atom::Uuid(version)) => *version,
            other => unreachable!("column _version holds {other:?}"),
        }
    }

    /// `_uuid`.
    #[inline]
    pub fn uuid(&self) -> Uuid {
        match self.get(ColumnIdx::UUID) {
            Datum::One(Atom::Uuid(uuid)) => *uuid,
            other => unreachable!("column _uuid holds {other:?}"),
        }
    }

    /// True when both are the very same allocation.
    #[inline]
    pub fn same(&self, other: &Row) -> bool {
        std::ptr::eq(self.0.as_ptr(), other.0.as_ptr())
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(c, datum)| (c.0, datum)))
            .finish()
    }
}

/// An iterator whose length is known to whoever made it.
struct Counted<I> {
    iter: I,
    n: usize,
}

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.n = self.n.saturating_sub(1);
        self.iter.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.n, Some(self.n))
    }
}

impl<I: Iterator> ExactSizeIterator for Counted<I> {}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of these integers, none being an empty column; read back column by column, and changed.
    fn check(columns: &[Option<i64>]) {
        let datum = |column: &Option<i64>| column.map_or(Datum::Empty, |i| Datum::One(Atom::Integer(i)));
        let row = Row::new(columns.iter().map(datum));
        let read: Vec<Datum> = (0..columns.len())
            .map(|i| row.get(ColumnIdx(i as u16)).clone())
            .collect();
        assert_eq!(read, columns.iter().map(datum).collect::<Vec<_>>());
        assert_eq!(*row.get(ColumnIdx(500)), Datum::Empty);
        let filled: Vec<u16> = row
            .iter()
            .filter(|(_, d)| !d.is_empty())
            .map(|(c, _)| c.0)
            .collect();
        let expected = (0..columns.len() as u16).filter(|i| columns[usize::from(*i)].is_some());
        assert_eq!(filled, expected.collect::<Vec<_>>());
        for i in 0..columns.len() + 2 {
            let column = ColumnIdx(i as u16);
            for value in [Datum::Empty, Datum::One(Atom::Integer(-7))] {
                let changed = row.with([(column, value.clone())]);
                assert_eq!(*changed.get(column), value);
                assert_eq!(row.with_column(column, value.clone()), changed);
                assert_eq!(changed.with([(column, row.get(column).clone())]), row);
            }
        }
    }

    /// Rows are changed in place only where nobody else sees it.
    #[test]
    fn replacing_leaves_shared_rows_alone() {
        let mut row = Row::new((0..70).map(|i| match i % 2 {
            0 => Datum::One(Atom::Integer(i)),
            _ => Datum::Empty,
        }));
        let shared = row.clone();
        for _ in 0..2 {
            row.replace(|column, datum| {
                if !datum.is_empty() {
                    *datum = Datum::One(Atom::Integer(i64::from(column.0) + 1));
                }
            });
        }
        for i in (0..70).step_by(2) {
            let column = ColumnIdx(i);
            assert_eq!(*row.get(column), Datum::One(Atom::Integer(i64::from(i) + 1)));
            assert_eq!(*shared.get(column), Datum::One(Atom::Integer(i64::from(i))));
        }
    }

    #[test]
    fn rows_keep_what_is_not_empty() {
        check(&[]);
        check(&[Some(1), Some(2), None, Some(4)]);
        check(&[Some(1), Some(2), None, None]);
        for n in [62, 63, 64, 65, 130] {
            check(&(0..n).map(Some).collect::<Vec<_>>());
            check(&(0..n).map(|i| (i % 3 == 0).then_some(i)).collect::<Vec<_>>());
            check(&(0..n).map(|i| (i < 2).then_some(i)).collect::<Vec<_>>());
        }
    }
}
