//! Changes that a slow client has not been told yet, merged: each row's state when the client last heard of it.
//! It grows with the rows touched, never with the number of commits; a row that came and went leaves nothing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use ovsdb_data::{Row, RowChange, TableIdx, Uuid};

use crate::database::Snapshot;

/// Merged changes since some state.
#[derive(Default)]
pub struct Pending {
    old: BTreeMap<(TableIdx, Uuid), Option<Row>>,
}

impl Pending {
    /// Adds a commit.
    pub fn absorb<'a>(&mut self, changes: impl IntoIterator<Item = &'a RowChange>) {
        for change in changes {
            match self.old.entry((change.table, change.uuid)) {
                Entry::Vacant(entry) => drop(entry.insert(change.old.clone())),
                Entry::Occupied(entry) if entry.get().is_none() && change.new.is_none() => {
                    drop(entry.remove())
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    /// The net changes up to `now`; nothing is pending then.
    pub fn take(&mut self, now: &Snapshot) -> Vec<RowChange> {
        std::mem::take(&mut self.old)
            .into_iter()
            .map(|((table, uuid), old)| RowChange {
                table,
                uuid,
                old,
                new: now.get(table, &uuid).cloned(),
            })
            .filter(|change| change.old != change.new)
            .collect()
    }

    /// Rows touched.
    pub fn n_rows(&self) -> usize {
        self.old.len()
    }

    /// True when nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.old.is_empty()
    }
}
