//! The program `ovn-northd` on real databases: what it takes over, what it repairs, who is active.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use ferrovn_tests::server::Kind;
use northd_oracle::zone::Zone;
use northd_oracle::{Case, Step, cases};
use ovn_schemas::Db;
use serde_json::{Value, json};

/// Takes the northbound steps of a case.
fn run(zone: &Zone, case: &Case) {
    for step in &case.steps {
        if let Step::Nb(words) = step {
            zone.nbctl(&words.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}

/// The rows of the southbound database with their versions, which change with every write.
fn versions(zone: &Zone) -> Vec<(String, Value)> {
    let tables = [
        "Address_Set",
        "Port_Group",
        "HA_Chassis",
        "Meter",
        "Load_Balancer",
        "DHCP_Options",
        "RBAC_Role",
        "IP_Multicast",
        "Datapath_Binding",
        "Port_Binding",
        "Logical_Flow",
        "Logical_DP_Group",
        "Multicast_Group",
    ];
    let mut client = zone.sb.client(&zone.scratch);
    let rows = tables.map(|table| {
        let results = client.transact(json!([
            "OVN_Southbound",
            {"op": "select", "table": table, "where": [], "columns": ["_uuid", "_version"]}
        ]));
        (table.to_owned(), results[0]["rows"].clone())
    });
    rows.into()
}

#[test]
fn one_is_active_and_the_other_takes_over() {
    let zone = Zone::new("northd-lock");
    let first = zone.start(Kind::Ours, "first", &[]);
    zone.wait_until(&first, "active");
    let second = zone.start(Kind::Ours, "second", &[]);
    assert_eq!(zone.ask(&second, &["status"]), "Status: standby\n");
    zone.nbctl(&["--wait=sb", "ls-add", "sw0"]);
    drop(first);
    zone.wait_until(&second, "active");
    zone.nbctl(&["--wait=sb", "ls-add", "sw1"]);
    assert_eq!(zone.ask(&second, &["pause"]), "");
    zone.wait_until(&second, "paused");
    assert_eq!(zone.ask(&second, &["resume"]), "");
    zone.nbctl(&["--wait=sb", "ls-add", "sw2"]);
}

#[test]
fn whoever_is_paused_does_not_wait_for_the_lock() {
    let zone = Zone::new("northd-pause");
    let first = zone.start(Kind::Ours, "first", &[]);
    zone.wait_until(&first, "active");
    let [second, third] = ["second", "third"].map(|name| {
        let northd = zone.start(Kind::Ours, name, &[]);
        // The lock is asked for with the first contents.
        zone.sync();
        zone.wait_until(&northd, "standby");
        northd
    });
    assert_eq!(zone.ask(&second, &["pause"]), "");
    drop(first);
    zone.wait_until(&third, "active");
    zone.sync();
    assert_eq!(zone.ask(&second, &["resume"]), "");
    zone.wait_until(&second, "standby");
}

#[test]
fn what_others_change_is_put_right() {
    let zone = Zone::new("northd-repair");
    let _northd = zone.start(Kind::Ours, "northd", &[]);
    zone.nbctl(&["--wait=sb", "ls-add", "sw0", "--", "lsp-add", "sw0", "a"]);
    let before = versions(&zone);
    let count = |versions: &[(String, Value)]| -> Vec<usize> {
        versions
            .iter()
            .map(|(_, rows)| rows.as_array().map_or(0, Vec::len))
            .collect()
    };
    let mut client = zone.sb.client(&zone.scratch);
    client.transact(json!([
        "OVN_Southbound",
        {"op": "delete", "table": "Logical_Flow", "where": [["priority", "==", 0]]},
        {"op": "update", "table": "Logical_Flow", "where": [["priority", "==", 50]], "row": {"priority": 51}},
        {"op": "insert", "table": "Logical_Flow", "row": {"pipeline": "ingress", "table_id": 3, "priority": 7,
            "match": "nonsense", "actions": "drop;"}},
    ]));
    zone.wait("as many rows as before", || {
        count(&versions(&zone)) == count(&before)
    });
    let wrong = client.transact(json!([
        "OVN_Southbound",
        {"op": "select", "table": "Logical_Flow", "where": [["priority", "==", 51]]},
        {"op": "select", "table": "Logical_Flow", "where": [["match", "==", "nonsense"]]},
    ]));
    assert_eq!(
        (
            wrong[0]["rows"].as_array().map(Vec::len),
            wrong[1]["rows"].as_array().map(Vec::len)
        ),
        (Some(0), Some(0))
    );
}

#[test]
fn a_database_that_is_in_step_is_left_alone() {
    let zone = Zone::new("northd-again");
    let northd = zone.start(Kind::Ours, "first", &[]);
    for case in cases().iter().filter(|case| case.name == "switch/two_ports") {
        run(&zone, case);
    }
    zone.sync();
    let before = versions(&zone);
    drop(northd);
    let northd = zone.start(Kind::Ours, "second", &[]);
    zone.wait_until(&northd, "active");
    assert_eq!(zone.ask(&northd, &["inc-engine/recompute"]), "");
    zone.sync();
    assert_eq!(versions(&zone), before);
}

#[test]
fn what_the_packaged_one_has_written_is_taken_over() {
    let mut rewritten = Vec::new();
    // What is written anew, rightly: groups of next hops are numbered otherwise; where load balancers are, the packaged
    // northd has two groups of the same datapaths, of which all that is ours gets one; Ethernet addresses of NAT rules
    // are in the order of a hash there, and so is which of two
    // switch ports that lead to one router port it knows; and bands of meters that are alike may change places.
    let words = [
        "ecmp",
        "nexthop",
        "polic",
        "lb-",
        "oad_",
        "dnat_and_snat",
        "meter-add",
        "arp_proxy_of_a_second",
    ];
    let is_renamed = |case: &&Case| {
        words
            .iter()
            .any(|word| format!("{case:?}").to_lowercase().contains(word))
    };
    for case in cases().iter().filter(|case| !is_renamed(case)).step_by(6) {
        let zone = Zone::new("northd-takeover");
        let northd = zone.start(Kind::C, "packaged", &[]);
        run(&zone, case);
        zone.sync();
        zone.sync();
        zone.ask(&northd, &["exit"]);
        drop(northd);
        let before = versions(&zone);
        let _northd = zone.start(Kind::Ours, "ours", &[]);
        zone.sync();
        zone.sync();
        for ((table, before), (_, after)) in before.into_iter().zip(versions(&zone)) {
            let rows = |rows: &Value| -> BTreeSet<String> {
                rows.as_array()
                    .into_iter()
                    .flatten()
                    .map(Value::to_string)
                    .collect()
            };
            let (before, after) = (rows(&before), rows(&after));
            let n_changed = before.symmetric_difference(&after).count();
            if n_changed != 0 {
                rewritten.push(format!(
                    "{}: {n_changed} of {} rows of {table}",
                    case.name,
                    before.len()
                ));
            }
        }
    }
    assert_eq!(rewritten, Vec::<String>::new());
}

#[test]
fn what_is_too_old_is_deleted_in_time() {
    let zone = Zone::new("northd-ageing");
    let _northd = zone.start(Kind::Ours, "northd", &[]);
    zone.nbctl(&[
        "lr-add",
        "r",
        "--",
        "lrp-add",
        "r",
        "p",
        "00:00:00:00:00:01",
        "10.0.0.1/24",
    ]);
    zone.nbctl(&[
        "--wait=sb",
        "set",
        "Logical_Router",
        "r",
        "options:mac_binding_age_threshold=1",
    ]);
    let mut client = zone.sb.client(&zone.scratch);
    let found = client.transact(json!([
        "OVN_Southbound",
        {"op": "select", "table": "Datapath_Binding", "where": [], "columns": ["_uuid"]}
    ]));
    let now = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        i64::try_from(now.expect("it is after 1970").as_millis()).expect("it is not that late")
    };
    let (seen, was_seen) = (now(), now() - 999);
    let row = |ip: &str, timestamp: i64| {
        json!({"op": "insert", "table": "MAC_Binding", "row": {"logical_port": "p", "ip": ip, "timestamp": timestamp,
            "datapath": found[0]["rows"][0]["_uuid"]}})
    };
    let rows = [
        row("10.0.0.2", seen),
        row("10.0.0.3", was_seen),
        row("10.0.0.4", seen + 3_600_000),
    ];
    client.transact(json!(["OVN_Southbound", rows[0], rows[1], rows[2]]));
    let mut n_left = || {
        let rows = client.transact(json!([
            "OVN_Southbound",
            {"op": "select", "table": "MAC_Binding", "where": [], "columns": ["ip"]}
        ]));
        rows[0]["rows"].as_array().map_or(0, Vec::len)
    };
    zone.wait("the older one is gone", || n_left() < 3);
    zone.wait("the other one is gone", || n_left() == 1);
    assert!(now() >= seen + 1000);
}

#[test]
fn a_row_that_is_refused_keeps_nothing_else_from_being_written() {
    let mut schema: Value = serde_json::from_str(Db::OvnSouthbound.text()).expect("it is JSON");
    schema["tables"]["Address_Set"]["columns"]["name"]["type"] =
        json!({"key": {"type": "string", "maxLength": 20}});
    schema["tables"]["Meter"]["columns"]["unit"]["type"]["key"]["enum"] = json!(["set", ["kbps"]]);
    schema["tables"]["Port_Binding"]["indexes"] = json!([["logical_port"], ["datapath"]]);
    let zone = Zone::with_schema("northd-refused", &schema.to_string());
    zone.nbctl(&[
        "create",
        "Address_Set",
        "name=much_longer_than_that",
        "addresses=10.0.0.1",
    ]);
    zone.nbctl(&["create", "Address_Set", "name=short", "addresses=10.0.0.1"]);
    zone.nbctl(&[
        "meter-add",
        "m",
        "drop",
        "10",
        "pktps",
        "--",
        "meter-add",
        "k",
        "drop",
        "10",
        "kbps",
    ]);
    // Their second ports are refused because of the first, or the other way round.
    zone.nbctl(&[
        "ls-add", "sw0", "--", "lsp-add", "sw0", "a", "--", "lsp-add", "sw0", "b",
    ]);
    let northd = zone.start(Kind::Ours, "northd", &[]);
    let mut client = zone.sb.client(&zone.scratch);
    let mut names = |table: &str, column: &str| -> BTreeSet<String> {
        let rows = client.transact(json!([
            "OVN_Southbound",
            {"op": "select", "table": table, "where": [], "columns": [column]}
        ]));
        let rows = rows[0]["rows"].as_array().cloned().unwrap_or_default();
        rows.iter()
            .filter_map(|row| Some(row[column].as_str()?.to_owned()))
            .collect()
    };
    zone.sync();
    assert!(names("Address_Set", "name").contains("short"));
    assert_eq!(names("Meter", "name"), BTreeSet::from(["k".to_owned()]));
    assert_eq!(names("Port_Binding", "logical_port").len(), 1);
    // What comes later is written as well.
    zone.nbctl(&["--wait=sb", "ls-add", "sw1", "--", "lsp-add", "sw1", "c"]);
    assert!(names("Port_Binding", "logical_port").contains("c"));
    let log = zone.log(&northd);
    for table in ["Address_Set", "Meter", "Port_Binding"] {
        assert!(log.contains(&format!("Sb: {table} ")), "{table}: {log}");
    }
}
