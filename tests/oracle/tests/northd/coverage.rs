//! No stage without a flow of its own in some case, no column and no option that no case sets.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use northd_core::flow::Stage;
use northd_oracle::keys::KEYS;
use ovn_schemas::Db;
use ovn_schemas::rows::{ovn_northbound as nb, ovn_southbound as sb};
use ovsdb_data::typed::Table;
use ovsdb_data::{Row, RowChange, TableIdx};

use crate::{RUNS, variable};

/// The case whose flows every switch and every router has.
const BARE: &str = "global/bare";

/// Columns that the packaged northd does not read, and why; `*` is every column, or every table.
const NOT_READ: &[(&str, &str, &str)] = &[
    (
        "*",
        "external_ids",
        "others' notes; the keys that are read are among the options",
    ),
    ("NB_Global", "name", "the zone's name is for ovn-ic"),
    ("NB_Global", "connections", "for the database server"),
    ("NB_Global", "ssl", "for the database server"),
    ("NB_Global", "nb_cfg_timestamp", "a time, which northd writes"),
    ("NB_Global", "sb_cfg", "what northd has done"),
    ("NB_Global", "sb_cfg_timestamp", "a time, which northd writes"),
    ("NB_Global", "hv_cfg", "what the chassis have done"),
    ("NB_Global", "hv_cfg_timestamp", "a time, which northd writes"),
    ("Connection", "*", "for the database server"),
    ("SSL", "*", "for the database server"),
    ("BFD", "options", "nothing is said there"),
    ("Gateway_Chassis", "name", "a name for commands"),
    ("Gateway_Chassis", "options", "nothing is said there"),
    ("Copp", "name", "a name for commands"),
    ("DHCP_Relay", "name", "a name for commands"),
    ("DHCP_Relay", "options", "nothing is said there"),
    ("Sample_Collector", "name", "a name for commands"),
    ("Forwarding_Group", "name", "a name for commands"),
    ("Load_Balancer_Group", "name", "a name for commands"),
];

/// Options that no case has to set, and why.
const NOT_SET: &[(&str, &str)] = &[
    ("DHCP_Relay.options:a", "there is none that is known"),
    (
        "Chassis.other_config:ovn-bridge-mappings",
        "northd does not look there",
    ),
];

/// Stages that have no more than the flows that every switch or router has.
const ALWAYS_THE_SAME: &[&str] = &[
    "ls_in_stateful",
    "ls_out_pre_stateful",
    "ls_out_stateful",
    "ls_out_check_port_sec",
];

fn is_read(table: &str, column: &str) -> bool {
    let matches = |pattern: &str, name: &str| pattern == "*" || pattern == name;
    !(NOT_READ.iter()).any(|(t, c, _)| matches(t, table) && matches(c, column))
}

/// Whether all cases run: nothing can be said of a part of them.
fn is_whole() -> bool {
    variable("ORACLE_CASE").is_none()
}

/// The flows of a southbound database by stage.
fn flows(changes: &[RowChange]) -> BTreeMap<String, BTreeSet<String>> {
    let mut flows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(changes, sb::LogicalFlow::TABLE_INDEX) {
        let flow = sb::LogicalFlow::of(row);
        let stage = flow
            .external_ids()
            .get("stage-name")
            .unwrap_or_default()
            .to_owned();
        let what = format!("{} {} -> {}", flow.priority(), flow.r#match(), flow.actions());
        flows.entry(stage).or_default().insert(what);
    }
    flows
}

fn rows(changes: &[RowChange], table: TableIdx) -> impl Iterator<Item = &Row> {
    let of_table = changes.iter().filter(move |change| change.table == table);
    of_table.filter_map(|change| change.new.as_ref())
}

#[test]
fn every_stage_has_flows_in_some_case() {
    if !is_whole() {
        return;
    }
    let all: HashMap<&str, _> = (RUNS.iter())
        .map(|(case, contents)| (case.name.as_str(), flows(&contents.sb)))
        .collect();
    let bare = &all[BARE];
    let has_more = |stage: &&str| {
        let more = |flows: &BTreeMap<String, BTreeSet<String>>| {
            flows.get(*stage).is_some_and(|there| {
                let usual = bare.get(*stage);
                there
                    .iter()
                    .any(|flow| usual.is_none_or(|usual| !usual.contains(flow)))
            })
        };
        all.values().any(more)
    };
    let stages = Stage::ALL.iter().map(|stage| stage.name());
    let missing: Vec<&str> = stages.filter(|stage| !has_more(stage)).collect();
    assert_eq!(missing, ALWAYS_THE_SAME);
}

#[test]
fn every_column_is_set_in_some_case() {
    if !is_whole() {
        return;
    }
    let schema = ovn_schemas::schema(Db::OvnNorthbound);
    let mut missing = Vec::new();
    for (idx, table) in schema.iter() {
        for (column, of) in table.iter().skip(2) {
            let is_set = |row: &Row| !row.get(column).is_default(&of.ty);
            let mut all = RUNS.iter().flat_map(|(_, contents)| rows(&contents.nb, idx));
            if is_read(&table.name, &of.name) && !all.any(is_set) {
                missing.push(format!("{}.{}", table.name, of.name));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_option_is_set_in_some_case() {
    if !is_whole() {
        return;
    }
    let mut missing = Vec::new();
    for (table, column, keys) in KEYS {
        let keys: BTreeSet<&str> = keys.split(' ').collect();
        let north = ovn_schemas::schema(Db::OvnNorthbound);
        let is_north = north.table_idx(table).is_some();
        let schema = if is_north {
            north
        } else {
            ovn_schemas::schema(Db::OvnSouthbound)
        };
        let idx = schema.table_idx(table).expect("a table of the schema");
        let at = schema.table(idx).column(column).expect("a column of the schema");
        let changes = RUNS
            .iter()
            .map(|(_, contents)| if is_north { &contents.nb } else { &contents.sb });
        let set: BTreeSet<String> = changes
            .flat_map(|changes| rows(changes, idx))
            .flat_map(|row| row.get(at).pairs().map(|(key, _)| key.to_text()))
            .collect();
        let is_set = |key: &str| set.contains(key) || set.contains(&format!("\"{key}\""));
        let keys = keys.into_iter().filter(|key| !is_set(key));
        missing.extend(keys.map(|key| format!("{table}.{column}:{key}")));
    }
    let not_set: Vec<&str> = NOT_SET.iter().map(|(key, _)| *key).collect();
    assert_eq!(missing, not_set);
}

#[test]
fn what_is_not_read_is_there() {
    let schema = ovn_schemas::schema(Db::OvnNorthbound);
    for (table, column, _) in NOT_READ.iter().filter(|(table, ..)| *table != "*") {
        let idx = schema.table_idx(table).unwrap_or_else(|| panic!("{table}"));
        let is_there = *column == "*" || schema.table(idx).column(column).is_some();
        assert!(is_there, "{table}.{column}");
    }
    assert!(
        RUNS.iter()
            .all(|(_, contents)| rows(&contents.nb, nb::NbGlobal::TABLE_INDEX).count() == 1)
    );
}
