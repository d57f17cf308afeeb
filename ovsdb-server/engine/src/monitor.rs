//! What a monitor sees of a change: conditions and selects turn a committed change into the one a client is told.

use ovsdb_data::monitor::{MonitorSpec, TableMonitor};
use ovsdb_data::{DatabaseSchema, Row, RowChange, TableIdx};

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

/// The initial contents: every row that matches, by table and uuid.
pub fn initial<'a>(
    spec: &'a MonitorSpec,
    snapshot: &'a Snapshot,
) -> impl Iterator<Item = (TableIdx, &'a Row)> {
    spec.tables
        .iter()
        .filter(|(_, table)| table.select.initial)
        .flat_map(move |(idx, table)| {
            let schema = snapshot.schema.table(*idx);
            let everything = table.condition.is_true();
            let rows = snapshot.table(*idx).values();
            rows.filter(move |row| everything || table.condition.matches(row, schema))
                .map(|row| (*idx, row))
        })
}

/// What a change of conditions shows and hides on one state: newly matching rows as insertions, rows that no longer
/// match as deletions.
pub fn reconditioned(old: &MonitorSpec, new: &MonitorSpec, snapshot: &Snapshot) -> Vec<RowChange> {
    let mut changes = Vec::new();
    for (idx, table) in &new.tables {
        let Some(before) = old
            .tables
            .get(idx)
            .filter(|before| before.condition != table.condition)
        else {
            continue;
        };
        let schema = snapshot.schema.table(*idx);
        for (uuid, row) in snapshot.table(*idx) {
            let was = before.condition.matches(row, schema);
            let is = table.condition.matches(row, schema);
            let wanted = (is && !was && table.select.insert) || (was && !is && table.select.delete);
            if wanted {
                changes.push(RowChange {
                    table: *idx,
                    uuid: *uuid,
                    old: was.then(|| row.clone()),
                    new: is.then(|| row.clone()),
                });
            }
        }
    }
    changes
}
