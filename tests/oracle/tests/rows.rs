//! Which southbound rows a change writes: a group keeps its row, and what cannot be costs only itself.

use std::collections::BTreeSet;

use northd_core::Side;
use northd_oracle::live::Live;
use ovn_schemas::rows::ovn_southbound::{
    DatapathBinding, IpMulticast, LogicalDpGroup, LogicalFlow, MacBinding, PortBinding,
};
use ovsdb_data::typed::Table;
use ovsdb_data::{TableIdx, Uuid};
use serde_json::json;

fn add_switches(live: &mut Live, names: impl Iterator<Item = u32>, other_config: &[(&str, &str)]) {
    let operations: Vec<_> = names
        .map(|n| {
            json!({"op": "insert", "table": "Logical_Switch", "uuid": Uuid::from_u128(n.into()).to_string(),
                "row": {"name": format!("s{n}"), "other_config": ["map", other_config]}})
        })
        .collect();
    assert!(live.transact(&operations));
    live.settle();
}

fn uuids<T: Table<'static>>(live: &Live) -> BTreeSet<Uuid> {
    let table: TableIdx = T::TABLE_INDEX;
    let rows = live.northd.databases().rows(Side::Sb, table);
    rows.map(ovsdb_data::Row::uuid).collect()
}

#[test]
fn a_group_keeps_its_row_when_switches_come_and_go() {
    let mut live = Live::default();
    add_switches(&mut live, 1..3, &[]);
    let groups = uuids::<LogicalDpGroup<'_>>(&live);
    assert_eq!(groups.len(), 1);
    let n_flows = uuids::<LogicalFlow<'_>>(&live).len();
    for n in 3..6 {
        let before = live.n_operations;
        add_switches(&mut live, n..n + 1, &[]);
        assert_eq!(uuids::<LogicalDpGroup<'_>>(&live), groups);
        assert!(live.n_operations - before < n_flows / 2);
    }
    for n in [2_u32, 4] {
        let uuid = Uuid::from_u128(n.into()).to_string();
        let is = json!([["_uuid", "==", ["uuid", uuid]]]);
        assert!(live.transact(&[json!({"op": "delete", "table": "Logical_Switch", "where": is})]));
        live.settle();
        assert_eq!(uuids::<LogicalDpGroup<'_>>(&live), groups);
    }
    assert_eq!(live.what_is_missing(), Vec::<serde_json::Value>::new());
}

#[test]
fn a_recompute_finds_what_nobody_told_of() {
    let mut live = Live::default();
    add_switches(&mut live, 1..3, &[]);
    assert_eq!(live.recompute(), Vec::<serde_json::Value>::new());
    let switch = json!([["_uuid", "==", ["uuid", Uuid::from_u128(1).to_string()]]]);
    let delete = json!({"op": "delete", "table": "Logical_Switch", "where": switch});
    assert!(live.transact(&[delete]));
    // What that touches is lost.
    live.northd.settle();
    let found = live.recompute();
    let flows = found
        .iter()
        .filter(|operation| operation["table"] == "Logical_Flow");
    assert!(flows.count() > 0, "{found:?}");
}

#[test]
fn a_row_goes_with_most_of_its_flows() {
    let mut live = Live::default();
    let uuid = |n: u32| json!(["uuid", Uuid::from_u128(n.into()).to_string()]);
    let balancers = (100..140).map(|n| {
        json!({"op": "insert", "table": "Load_Balancer", "uuid": uuid(n)[1], "row": {
            "name": format!("lb{n}"), "vips": ["map", [[format!("10.0.0.{n}:80"), "10.1.0.1:80"]]]}})
    });
    let mut operations: Vec<_> = balancers.collect();
    let all: Vec<_> = (100..140).map(uuid).collect();
    operations.push(
        json!({"op": "insert", "table": "Load_Balancer_Group", "uuid": uuid(99)[1],
        "row": {"name": "all", "load_balancer": ["set", all]}}),
    );
    assert!(live.transact(&operations));
    let mut add = |names: std::ops::Range<u32>, other_config: &[(&str, &str)]| {
        let switches = names.map(|n| {
            json!({"op": "insert", "table": "Logical_Switch", "uuid": uuid(n)[1], "row": {
                "name": format!("s{n}"), "load_balancer_group": uuid(99), "other_config": ["map", other_config]}})
        });
        assert!(live.transact(&switches.collect::<Vec<_>>()));
        live.settle();
        let missing = live.what_is_missing();
        assert_eq!(missing, Vec::<serde_json::Value>::new());
        (live.n_operations, uuids::<LogicalFlow<'_>>(&live).len())
    };
    // Flows of snooping are on both, and only they: they stay when a third one joins the group.
    let snooping = [("mcast_snoop", "true")];
    let (before, n_flows) = add(1..3, &snooping);
    let (after, _) = add(3..4, &[]);
    assert!(after - before < n_flows / 2, "{} of {n_flows}", after - before);
    let (last, _) = add(4..5, &snooping);
    assert!(last - after < n_flows / 2, "{} of {n_flows}", last - after);
}

#[test]
fn switches_beyond_the_last_key_are_left_out() {
    let mut live = Live::default();
    let config = [("ic-vxlan_mode", "true"), ("mcast_snoop", "true")];
    add_switches(&mut live, 1..1026, &config);
    assert_eq!(uuids::<DatapathBinding<'_>>(&live).len(), 1023);
    assert_eq!(uuids::<IpMulticast<'_>>(&live).len(), 1023);
    // Without VXLAN there is a key for each.
    let options = json!({"op": "update", "table": "Logical_Switch", "where": [],
        "row": {"other_config": ["map", [["mcast_snoop", "true"]]]}});
    assert!(live.transact(&[options]));
    live.settle();
    assert_eq!(uuids::<DatapathBinding<'_>>(&live).len(), 1025);
    assert_eq!(uuids::<IpMulticast<'_>>(&live).len(), 1025);
}

/// A switch with a port, and a router with another.
fn switch_and_router() -> Live {
    let mut live = Live::default();
    let insert = |table: &str, row: serde_json::Value| json!({"op": "insert", "table": table, "uuid-name": table, "row": row});
    let named = |table: &str| json!(["named-uuid", table]);
    assert!(live.transact(&[
        insert("Logical_Switch_Port", json!({"name": "p"})),
        insert(
            "Logical_Switch",
            json!({"name": "s", "ports": named("Logical_Switch_Port")})
        ),
        insert(
            "Logical_Router_Port",
            json!({"name": "r-p", "mac": "00:00:00:00:00:01", "networks": "10.0.0.1/24"})
        ),
        insert(
            "Logical_Router",
            json!({"name": "r", "ports": named("Logical_Router_Port")})
        ),
    ]));
    live.settle();
    live
}

#[test]
fn a_port_of_which_nobody_says_that_it_is_up_is_down() {
    let mut live = switch_and_router();
    let is = json!([["logical_port", "==", "p"]]);
    let mut check = |up: serde_json::Value, then: &[bool]| {
        let update = json!({"op": "update", "table": "Port_Binding", "where": is, "row": {"up": up}});
        assert!(live.transact_sb(&[update]));
        live.settle();
        let rows = live.northd.databases().rows(Side::Sb, PortBinding::TABLE_INDEX);
        let ports = rows.map(PortBinding::of).filter(|row| row.logical_port() == "p");
        assert_eq!(ports.filter_map(PortBinding::up).collect::<Vec<_>>(), then);
    };
    // Only then does ovn-controller say that it is up.
    check(json!(["set", []]), &[false]);
    check(json!(true), &[true]);
}

#[test]
fn neighbors_of_known_ports_are_left_alone() {
    let mut live = switch_and_router();
    let rows = live
        .northd
        .databases()
        .rows(Side::Sb, DatapathBinding::TABLE_INDEX);
    let datapaths: Vec<Uuid> = rows.map(ovsdb_data::Row::uuid).collect();
    assert_eq!(datapaths.len(), 2);
    for (n, datapath) in datapaths.iter().enumerate() {
        for port in ["r-p", "gone"] {
            let row = json!({"logical_port": port, "ip": format!("10.0.0.{n}"), "mac": "00:00:00:00:00:02",
                "datapath": ["uuid", datapath.to_string()]});
            assert!(live.transact_sb(&[json!({"op": "insert", "table": "MAC_Binding", "row": row})]));
        }
    }
    live.settle();
    let rows = live.northd.databases().rows(Side::Sb, MacBinding::TABLE_INDEX);
    let ports: Vec<&str> = rows.map(|row| MacBinding::of(row).logical_port()).collect();
    assert_eq!(ports, ["r-p", "r-p"]);
}
