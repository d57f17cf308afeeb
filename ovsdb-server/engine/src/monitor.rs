//! What a monitor sees of a change: conditions and selects turn a committed change into the one a client is told.

use ovsdb_data::monitor::{MonitorSpec, TableMonitor};
use ovsdb_data::{Row, RowChange, TableIdx, Uuid};

use crate::by_value::{self, Indexes};
use crate::database::Snapshot;

/// A change as a monitor sees it: a row that starts matching is inserted, one that stops is deleted, one that keeps
/// matching is modified. None where nothing monitored changed or `select` leaves it out.
pub fn view(spec: &MonitorSpec, change: &RowChange) -> Option<RowChange> {
    let table = spec.tables.get(&change.table)?;
    let visible = |row: &&Row| table.condition.matches(row);
    let old = change.old.as_ref().filter(visible);
    let new = change.new.as_ref().filter(visible);
    let wanted = match (old, new) {
        (None, None) => false,
        (None, Some(_)) => table.select.insert,
        (Some(_), None) => table.select.delete,
        (Some(old), Some(new)) => table.select.modify && differs(table, old, new),
    };
    wanted.then(|| RowChange {
        table: change.table,
        uuid: change.uuid,
        old: old.cloned(),
        new: new.cloned(),
    })
}

fn differs(table: &TableMonitor, old: &Row, new: &Row) -> bool {
    table
        .columns
        .iter()
        .any(|(column, select)| select.modify && old.get(*column) != new.get(*column))
}

/// The initial contents: every row that matches, by table and uuid. Where an index can tell which rows those are, the
/// others are not looked at.
pub fn initial<'a>(
    spec: &'a MonitorSpec,
    snapshot: &'a Snapshot,
    indexes: Indexes<'a>,
) -> impl Iterator<Item = (TableIdx, &'a Row)> {
    spec.tables
        .iter()
        .filter(|(_, table)| table.select.initial)
        .flat_map(move |(idx, table)| {
            let candidates = by_value::may_match(*idx, &table.condition, snapshot, indexes);
            rows(snapshot, *idx, candidates)
                .filter(|(_, row)| table.condition.matches(row))
                .map(|(_, row)| (*idx, row))
        })
}

/// What a change of conditions shows and hides on one state: newly matching rows as insertions, rows that no longer
/// match as deletions.
pub fn reconditioned(
    old: &MonitorSpec,
    new: &MonitorSpec,
    snapshot: &Snapshot,
    indexes: Indexes<'_>,
) -> Vec<RowChange> {
    let mut changes = Vec::new();
    for (idx, table) in &new.tables {
        let Some(before) = old
            .tables
            .get(idx)
            .map(|before| &before.condition)
            .filter(|before| **before != table.condition)
        else {
            continue;
        };
        let candidates = by_value::may_differ(*idx, before, &table.condition, snapshot, indexes);
        changes.extend(rows(snapshot, *idx, candidates).filter_map(|(uuid, row)| {
            let was = before.matches(row);
            let is = table.condition.matches(row);
            shown_or_hidden(*idx, uuid, row, was, is, table)
        }));
    }
    changes
}

/// The rows of a table that are candidates, or all where nobody knows which.
fn rows(
    snapshot: &Snapshot,
    table: TableIdx,
    candidates: Option<Vec<Uuid>>,
) -> impl Iterator<Item = (Uuid, &Row)> {
    let all = candidates.is_none().then(|| snapshot.table(table).iter());
    let all = all.into_iter().flatten().map(|(uuid, row)| (*uuid, row));
    let candidates = candidates.into_iter().flatten();
    all.chain(candidates.filter_map(move |uuid| Some((uuid, snapshot.get(table, &uuid)?))))
}

/// A row whose condition changed, as the client is told of it.
fn shown_or_hidden(
    table: TableIdx,
    uuid: Uuid,
    row: &Row,
    was: bool,
    is: bool,
    monitor: &TableMonitor,
) -> Option<RowChange> {
    let wanted = (is && !was && monitor.select.insert) || (was && !is && monitor.select.delete);
    wanted.then(|| RowChange {
        table,
        uuid,
        old: was.then(|| row.clone()),
        new: is.then(|| row.clone()),
    })
}
