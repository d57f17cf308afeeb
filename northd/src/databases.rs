//! The two databases as the program sees them: events in, changes of rows for the core out.

use std::collections::{BTreeMap, HashMap};

use northd_core::Side;
use northd_core::databases::Databases;
use ovn_schemas::Db;
use ovn_schemas::rows::{ovn_northbound as nb, ovn_southbound as sb};
use ovsdb_data::typed::Table;
use ovsdb_data::{Row, RowChange, TableIdx, Uuid};
use ovsdb_idl::session::{Event, Interest};

/// Tables that say nothing to northd.
const TABLES: [&str; 5] = [
    nb::Connection::TABLE_NAME,
    nb::Ssl::TABLE_NAME,
    sb::Connection::TABLE_NAME,
    sb::Ssl::TABLE_NAME,
    sb::ControllerEvent::TABLE_NAME,
];

/// Southbound columns that say nothing to it: what ovn-controller writes for others.
const COLUMNS: [(&str, &str); 6] = [
    (sb::SbGlobal::TABLE_NAME, "connections"),
    (sb::SbGlobal::TABLE_NAME, "ssl"),
    (sb::SbGlobal::TABLE_NAME, "external_ids"),
    (sb::Chassis::TABLE_NAME, "nb_cfg"),
    (sb::Chassis::TABLE_NAME, "external_ids"),
    (sb::ChassisPrivate::TABLE_NAME, "external_ids"),
];

/// The northbound tables of whose `external_ids` something is made. Others write long ones into all tables.
const WITH_IDS: [&str; 5] = [
    nb::LogicalSwitch::TABLE_NAME,
    nb::LogicalSwitchPort::TABLE_NAME,
    nb::LogicalRouter::TABLE_NAME,
    nb::LogicalRouterPort::TABLE_NAME,
    nb::NbGlobal::TABLE_NAME,
];

/// What to follow of a database: all but what says nothing to northd.
pub fn interest(db: Db) -> Interest {
    let schema = ovn_schemas::schema(db);
    let is_wanted = |table: &str, column: &str| match db {
        Db::OvnNorthbound => {
            let is_none = table == nb::NbGlobal::TABLE_NAME && ["connections", "ssl"].contains(&column);
            !is_none && (column != "external_ids" || WITH_IDS.contains(&table))
        }
        _ => !COLUMNS.contains(&(table, column)),
    };
    let tables = schema.iter().filter(|(_, table)| !TABLES.contains(&&*table.name));
    let tables: BTreeMap<String, Option<Vec<String>>> = tables
        .map(|(_, table)| {
            let columns = table.iter().skip(2).map(|(_, column)| column.name.to_string());
            let columns = columns.filter(|column| is_wanted(&table.name, column));
            (table.name.to_string(), Some(columns.collect()))
        })
        .collect();
    Interest::Tables(tables)
}

/// What an event of a client means.
pub enum Seen {
    /// Rows changed.
    Changes(Vec<RowChange>),
    /// The lock is ours, or not any more.
    Lock(bool),
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
        Event::Locked => Seen::Lock(true),
        Event::Stolen | Event::LockLost => Seen::Lock(false),
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
