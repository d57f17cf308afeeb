//! What happened since a transaction: the source of `monitor_cond_since`.

use std::sync::Arc;

use ovsdb_data::{RowChange, TxnId};

/// A bounded run of the latest commits.
#[derive(Default)]
pub struct History {
    entries: std::collections::VecDeque<(TxnId, Arc<[RowChange]>)>,
}

impl History {
    /// Records the commit that led to `txn_id`. The oldest go while there are more than `limit` commits or their
    /// atoms outnumber `n_atoms`, those of the database; one is kept.
    pub fn push(&mut self, _txn_id: TxnId, _changes: Arc<[RowChange]>, _n_atoms: usize) {
        todo!()
    }

    /// The net changes after `since`, merged per row; none when it is not known here.
    pub fn since(&self, _since: TxnId) -> Option<Vec<RowChange>> {
        todo!()
    }

    /// Number of commits and of atoms held (`txn-history`, `txn-history-atoms` of `memory/show`).
    pub fn len(&self) -> (usize, usize) {
        todo!()
    }

    /// Forgets everything (schema conversion).
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
