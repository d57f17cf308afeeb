//! What happened since a transaction: the source of `monitor_cond_since`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ovsdb_data::{Row, RowChange, TableIdx, TxnId, Uuid};

/// Commits kept (ovsdb-server(7); the C server keeps as many).
const LIMIT: usize = 100;

#[derive(Clone)]
struct Entry {
    /// The state this commit led to.
    txn_id: TxnId,
    changes: Arc<[RowChange]>,
    n_atoms: usize,
}

/// A bounded run of the latest commits, and the state before the oldest of them. Clones share the changes.
#[derive(Clone, Default)]
pub struct History {
    /// The state before the first entry.
    base: Option<TxnId>,
    entries: VecDeque<Entry>,
    n_atoms: usize,
}

impl History {
    /// Forgets everything but that the database is in the state of `txn_id`.
    pub fn start(&mut self, txn_id: TxnId) {
        *self = History {
            base: Some(txn_id),
            ..History::default()
        };
    }

    /// Records the commit that led to `txn_id`. The oldest go while there are more than 100 commits or their atoms
    /// outnumber `n_atoms`, those of the database; one is kept.
    pub fn push(&mut self, txn_id: TxnId, changes: Arc<[RowChange]>, n_atoms_db: usize) {
        let count = |row: &Option<Row>| row.as_ref().map_or(0, Row::n_atoms);
        let n = changes.iter().map(|c| count(&c.old) + count(&c.new)).sum();
        self.entries.push_back(Entry {
            txn_id,
            changes,
            n_atoms: n,
        });
        self.n_atoms += n;
        while self.entries.len() > 1 && (self.entries.len() > LIMIT || self.n_atoms > n_atoms_db) {
            if let Some(oldest) = self.entries.pop_front() {
                self.n_atoms -= oldest.n_atoms;
                self.base = Some(oldest.txn_id);
            }
        }
    }

    /// The net changes after `since`, merged per row; none when it is not known here.
    pub fn since(&self, since: TxnId) -> Option<Vec<RowChange>> {
        let start = match self.entries.iter().rposition(|entry| entry.txn_id == since) {
            Some(position) => position + 1,
            None if self.base == Some(since) => 0,
            None => return None,
        };
        let mut merged: BTreeMap<(TableIdx, Uuid), RowChange> = BTreeMap::new();
        for change in self.entries.range(start..).flat_map(|entry| entry.changes.iter()) {
            merged
                .entry((change.table, change.uuid))
                .and_modify(|known| known.new = change.new.clone())
                .or_insert_with(|| change.clone());
        }
        let is_net = |change: &RowChange| match (&change.old, &change.new) {
            (None, None) => false,
            (Some(old), Some(new)) => old != new,
            _ => true,
        };
        Some(merged.into_values().filter(is_net).collect())
    }

    /// The state before the first commit held.
    pub fn base(&self) -> Option<TxnId> {
        self.base
    }

    /// The commits held, oldest first: the state that each led to, and what it changed.
    pub fn commits(&self) -> impl DoubleEndedIterator<Item = (TxnId, &Arc<[RowChange]>)> {
        self.entries.iter().map(|entry| (entry.txn_id, &entry.changes))
    }

    /// A history of these commits, oldest first, as another one held them.
    pub fn of(base: Option<TxnId>, commits: impl IntoIterator<Item = (TxnId, Arc<[RowChange]>)>) -> History {
        let mut history = History {
            base,
            ..History::default()
        };
        for (txn_id, changes) in commits {
            history.push(txn_id, changes, usize::MAX);
        }
        history
    }

    /// Number of commits and of atoms held (`txn-history`, `txn-history-atoms` of `memory/show`).
    pub fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.n_atoms)
    }

    /// Forgets everything (schema conversion).
    pub fn clear(&mut self) {
        *self = History::default();
    }
}
