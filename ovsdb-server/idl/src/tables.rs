//! Rows and changes as the types of their tables.
//!
//! In: a replica kept under the schema that the types were made from ([`crate::session::Config::schema`]), changes of
//! it. Out: typed rows, borrowed.

pub use ovsdb_data::typed::Table;
use ovsdb_data::{RowChange, Uuid};

use crate::replica::Replica;

/// What happened to a row of a table.
#[derive(Clone, Copy, Debug)]
pub enum Change<T> {
    /// It is new.
    Inserted(T),
    /// It was the first, it is the second.
    Modified(T, T),
    /// It is gone.
    Deleted(T),
}

impl Replica {
    /// The rows of a table by id.
    pub fn table<'a, T: Table<'a>>(&'a self) -> impl ExactSizeIterator<Item = T> {
        self.rows(T::TABLE_INDEX).map(T::of)
    }

    /// A row of a table.
    pub fn find<'a, T: Table<'a>>(&'a self, uuid: Uuid) -> Option<T> {
        self.row(T::TABLE_INDEX, uuid).map(T::of)
    }
}

/// The changes of one table among those of an update.
pub fn changes_of<'a, T: Table<'a> + 'a>(changes: &'a [RowChange]) -> impl Iterator<Item = Change<T>> {
    let of_table = changes.iter().filter(|change| change.table == T::TABLE_INDEX);
    of_table.filter_map(|change| match (&change.old, &change.new) {
        (None, Some(new)) => Some(Change::Inserted(T::of(new))),
        (Some(old), Some(new)) => Some(Change::Modified(T::of(old), T::of(new))),
        (Some(old), None) => Some(Change::Deleted(T::of(old))),
        (None, None) => None,
    })
}
