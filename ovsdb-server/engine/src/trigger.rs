//! Transactions that wait for a table to change or for a time to come.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ovsdb_data::TableIdx;

/// What waits, by the caller's ids. Times are of the caller's clock.
pub struct Triggers<Id> {
    by_table: BTreeMap<TableIdx, BTreeSet<Id>>,
    by_deadline: BTreeSet<(Duration, Id)>,
    parked: BTreeMap<Id, (TableIdx, Option<Duration>)>,
    touched: BTreeSet<Id>,
}

impl<Id> Default for Triggers<Id> {
    fn default() -> Self {
        Triggers {
            by_table: BTreeMap::new(),
            by_deadline: BTreeSet::new(),
            parked: BTreeMap::new(),
            touched: BTreeSet::new(),
        }
    }
}

impl<Id: Copy + Ord> Triggers<Id> {
    /// Something waits for a table to change, until a deadline.
    pub fn park(&mut self, id: Id, table: TableIdx, deadline: Option<Duration>) {
        self.remove(id);
        self.parked.insert(id, (table, deadline));
        self.by_table.entry(table).or_default().insert(id);
        if let Some(deadline) = deadline {
            self.by_deadline.insert((deadline, id));
        }
    }

    /// Forgets something.
    pub fn remove(&mut self, id: Id) {
        self.touched.remove(&id);
        let Some((table, deadline)) = self.parked.remove(&id) else {
            return;
        };
        if let Some(ids) = self.by_table.get_mut(&table) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_table.remove(&table);
            }
        }
        if let Some(deadline) = deadline {
            self.by_deadline.remove(&(deadline, id));
        }
    }

    /// These tables changed.
    pub fn touch(&mut self, tables: &[TableIdx]) {
        if !self.parked.is_empty() {
            self.touched.extend(
                tables
                    .iter()
                    .filter_map(|table| self.by_table.get(table))
                    .flatten(),
            );
        }
    }

    /// What waited for tables that changed since the last call.
    pub fn take_touched(&mut self) -> Vec<Id> {
        std::mem::take(&mut self.touched).into_iter().collect()
    }

    /// What has waited long enough. It stays until removed.
    pub fn expired(&self, now: Duration) -> Vec<Id> {
        self.by_deadline
            .iter()
            .take_while(|(deadline, _)| *deadline <= now)
            .map(|(_, id)| *id)
            .collect()
    }

    /// When something will have waited long enough.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.by_deadline.first().map(|(deadline, _)| *deadline)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.parked.len()
    }

    /// True when nothing waits.
    pub fn is_empty(&self) -> bool {
        self.parked.is_empty()
    }
}
