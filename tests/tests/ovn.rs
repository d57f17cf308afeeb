//! The real OVN 25.03 on our northbound and southbound databases: two nodes, two pods, packets across Geneve; and the
//! same after both servers were killed.

use ferrovn_tests::node::{Network, wait_for};
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::translator;
use ovn_schemas::Db;
use serde_json::json;

const SB_PORT: u16 = 16642;

#[test]
fn two_pods_on_two_nodes_reach_each_other_before_and_after_a_crash_of_the_databases() {
    // One after the other: the nodes' devices have fixed names.
    check(Kind::C);
    check(Kind::Ours);
}

/// With the packaged `ovn-northd`, or ours.
fn check(northd: Kind) {
    let scratch = Scratch::new("ovn");
    let mut network = Network::new();
    let mut nb = Server::start(Kind::Ours, &scratch, "nb", Db::OvnNorthbound.text(), &[]);
    // Only the nodes reach it.
    let remote = format!("--remote=ptcp:{SB_PORT}:{}", network.address());
    let mut sb = Server::start(Kind::Ours, &scratch, "sb", Db::OvnSouthbound.text(), &[&remote]);
    let _northd = translator::northd(northd, &scratch, "northd");
    let nbctl = |args: &[&str]| {
        let args: Vec<&str> = ["--db=unix:nb.sock", "--timeout=60"]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        scratch.run("ovn-nbctl", &args)
    };
    let nodes = [network.node(1, SB_PORT), network.node(2, SB_PORT)];
    let count = |table: &str| {
        let mut client = sb.client(&scratch);
        let rows = client.transact(json!(["OVN_Southbound", {"op": "select", "table": table, "where": []}]));
        rows[0]["rows"].as_array().map_or(0, Vec::len)
    };
    wait_for("both chassis", || count("Chassis") == 2);
    nbctl(&["ls-add", "sw0"]);
    for n in 1..=2 {
        let (port, address) = (format!("pod{n}"), format!("02:00:00:00:00:0{n} 10.0.0.{n}"));
        nbctl(&[
            "lsp-add",
            "sw0",
            &port,
            "--",
            "lsp-set-addresses",
            &port,
            &address,
        ]);
    }
    let pods = [
        network.pod(&nodes[0], "pod1", "02:00:00:00:00:01", "10.0.0.1"),
        network.pod(&nodes[1], "pod2", "02:00:00:00:00:02", "10.0.0.2"),
    ];
    nbctl(&["--wait=hv", "sync"]);
    wait_for("pod1 to reach pod2", || pods[0].pings("10.0.0.2"));
    assert!(pods[1].pings("10.0.0.1"));
    assert!(!pods[0].pings("10.0.0.3"), "nobody has that address");

    nb.crash(&scratch);
    sb.crash(&scratch);

    // What was acknowledged is there, and the whole chain works again: a new port on the second node.
    assert_eq!(nbctl(&["lsp-list", "sw0"]).lines().count(), 2);
    nbctl(&[
        "lsp-add",
        "sw0",
        "pod3",
        "--",
        "lsp-set-addresses",
        "pod3",
        "02:00:00:00:00:03 10.0.0.3",
    ]);
    let pod3 = network.pod(&nodes[1], "pod3", "02:00:00:00:00:03", "10.0.0.3");
    wait_for("pod1 to reach the new pod", || pods[0].pings("10.0.0.3"));
    assert!(pod3.pings("10.0.0.1"));
    assert!(pods[0].pings("10.0.0.2"));
    nbctl(&["--wait=hv", "sync"]);
}
