//! Databases as the program sees them: events in, changes of rows for the core out.

use std::collections::HashMap;

use ovn_incremental::Side;
use ovn_incremental::databases::Databases;
use ovsdb_data::{Row, RowChange, TableIdx, Uuid};
use ovsdb_idl::session::Event;

/// What an event of a client means.
pub enum Seen {
    /// Rows changed.
    Changes(Vec<RowChange>),
    /// The lock is ours now, or not any more.
    Lock,
    /// It follows a server, or no longer.
    Connected(bool),
    /// Nothing to us.
    Nothing,
}

/// Makes changes of an event. First contents become the difference to the rows that are known: what did not change
/// while nobody was connected costs nothing.
pub fn see(side: Side, event: Event, known: &Databases) -> Seen {
    match event {
        Event::Changed { changes, .. } => Seen::Changes(changes),
        Event::Reset { rows, .. } => Seen::Changes(difference(side, rows, known)),
        Event::Connected(is_connected) => Seen::Connected(is_connected),
        Event::Locked | Event::Stolen | Event::LockLost => Seen::Lock,
        _ => Seen::Nothing,
    }
}

/// What must change for these to be the rows.
pub fn difference(side: Side, rows: Vec<(TableIdx, Row)>, known: &Databases) -> Vec<RowChange> {
    let mut before: HashMap<(TableIdx, Uuid), Row> = known
        .all(side)
        .filter_map(|change| Some(((change.table, change.uuid), change.new?)))
        .collect();
    let mut changes = Vec::new();
    for (table, row) in rows {
        let uuid = row.uuid();
        let old = before.remove(&(table, uuid));
        if old.as_ref() != Some(&row) {
            changes.push(RowChange {
                table,
                uuid,
                old,
                new: Some(row),
            });
        }
    }
    let gone = before.into_iter();
    changes.extend(gone.map(|((table, uuid), old)| RowChange {
        table,
        uuid,
        old: Some(old),
        new: None,
    }));
    changes.sort_by_key(|change| (change.table, change.uuid));
    changes
}
