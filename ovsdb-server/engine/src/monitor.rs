//! What a monitor sees of a change: conditions and selects turn a committed change into the one a client is told.

use ovsdb_data::monitor::{MonitorSpec, TableMonitor};
use ovsdb_data::{DatabaseSchema, Row, RowChange, TableIdx, Uuid};

use crate::by_value::{self, Indexes};
use crate::database::Snapshot;

/// A change as a monitor sees it: a row that starts matching is inserted, one that stops is deleted, one that keeps
/// matching is modified. None where nothing monitored changed or `select` leaves it out.
pub fn view(spec: &MonitorSpec, schema: &DatabaseSchema, change: &RowChange) -> Option<RowChange> {
    let table = spec.tables.get(&change.table)?;
    let table_schema = schema.table(change.table);
    let visible = |row: &&Row| table.condition.matches(row, table_schema);
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
            let schema = snapshot.schema.table(*idx);
            let everything = table.condition.is_true();
            let (known, searched) = match by_value::matching(*idx, table, snapshot, indexes) {
                Some(rows) => (rows, None),
                None => (Vec::new(), Some(snapshot.table(*idx).values())),
            };
            let matching = searched.into_iter().flatten();
            let matching = matching.filter(move |row| everything || table.condition.matches(row, schema));
            known.into_iter().chain(matching).map(|row| (*idx, row))
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
        if let Some(known) = by_value::reconditioned(*idx, before, table, snapshot, indexes) {
            changes.extend(known);
            continue;
        }
        let schema = snapshot.schema.table(*idx);
        changes.extend(snapshot.table(*idx).iter().filter_map(|(uuid, row)| {
            let was = before.matches(row, schema);
            let is = table.condition.matches(row, schema);
            shown_or_hidden(*idx, *uuid, row, was, is, table)
        }));
    }
    changes
}

/// A row whose condition changed, as the client is told of it.
pub(crate) fn shown_or_hidden(
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
