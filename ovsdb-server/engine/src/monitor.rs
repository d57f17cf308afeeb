//! What a monitor sees of a change: conditions and selects turn a committed change into the one a client is told.

use ovsdb_data::monitor::MonitorSpec;
use ovsdb_data::{DatabaseSchema, RowChange};

use crate::database::Snapshot;

/// A change as a monitor sees it: a row that starts matching is inserted, one that stops is deleted, one that keeps
/// matching is modified. None where nothing monitored changed or `select` leaves it out.
pub fn view(_spec: &MonitorSpec, _schema: &DatabaseSchema, _change: &RowChange) -> Option<RowChange> {
    todo!()
}

/// The initial contents: every row that matches, as insertions.
pub fn initial<'a>(
    _spec: &'a MonitorSpec,
    _snapshot: &'a Snapshot,
) -> Box<dyn Iterator<Item = RowChange> + 'a> {
    todo!()
}

/// What a change of conditions shows and hides on one state: newly matching rows as insertions, rows that no longer
/// match as deletions.
pub fn reconditioned(_old: &MonitorSpec, _new: &MonitorSpec, _snapshot: &Snapshot) -> Vec<RowChange> {
    todo!()
}
