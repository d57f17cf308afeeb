//! What is followed of the databases: all but what says nothing to northd.

use std::collections::BTreeMap;

use ovn_schemas::Db;
use ovn_schemas::rows::{ovn_northbound as nb, ovn_southbound as sb};
use ovsdb_data::typed::Table;
use ovsdb_idl::session::Interest;

/// Tables that say nothing to northd.
const TABLES: [&str; 5] = [
    nb::Connection::TABLE_NAME,
    nb::Ssl::TABLE_NAME,
    sb::Connection::TABLE_NAME,
    sb::Ssl::TABLE_NAME,
    sb::ControllerEvent::TABLE_NAME,
];

/// Southbound columns that say nothing to it: what ovn-controller writes for others, and what is said about flows, which
/// is long and never looked at again.
const COLUMNS: [(&str, &str); 9] = [
    (sb::SbGlobal::TABLE_NAME, "connections"),
    (sb::SbGlobal::TABLE_NAME, "ssl"),
    (sb::SbGlobal::TABLE_NAME, "external_ids"),
    (sb::Chassis::TABLE_NAME, "nb_cfg"),
    (sb::Chassis::TABLE_NAME, "external_ids"),
    (sb::ChassisPrivate::TABLE_NAME, "external_ids"),
    (sb::LogicalFlow::TABLE_NAME, "external_ids"),
    (sb::LogicalFlow::TABLE_NAME, "tags"),
    (sb::LogicalFlow::TABLE_NAME, "flow_desc"),
];

/// The northbound tables of whose `external_ids` something is made. Others write long ones into all tables.
const WITH_IDS: [&str; 6] = [
    nb::LoadBalancer::TABLE_NAME,
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
