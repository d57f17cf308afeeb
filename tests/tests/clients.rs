//! Unmodified clients against our server, their output compared with the same session on the C server.

use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::Server;
use ferrovn_tests::transcript::{KINDS, compare};
use ovn_schemas::Db;

/// Runs the same commands of a program on both servers; every output must be equal but for uuids.
fn check(test: &str, db: Db, program: &str, commands: &[&[&str]]) {
    compare(test, db.text(), &[], |session| {
        for command in commands {
            session.run(program, &[&["--db=@db"], *command].concat());
        }
    });
}

#[test]
fn ovn_nbctl_sees_no_difference() {
    check(
        "nbctl",
        Db::OvnNorthbound,
        "ovn-nbctl",
        &[
            &["init"],
            &["ls-add", "sw0"],
            &["lsp-add", "sw0", "p0"],
            &["lsp-set-addresses", "p0", "02:00:00:00:00:01 10.0.0.1", "unknown"],
            &["lsp-add", "sw0", "p0"],
            &["--may-exist", "lsp-add", "sw0", "p0"],
            &["lr-add", "lr0"],
            &["lrp-add", "lr0", "lrp0", "02:00:00:00:01:00", "10.0.0.254/24"],
            &["lr-route-add", "lr0", "0.0.0.0/0", "10.0.0.253"],
            &["lr-nat-add", "lr0", "snat", "172.16.0.1", "10.0.0.0/24"],
            &["lb-add", "lb0", "10.1.0.1:80", "10.0.0.1:80,10.0.0.2:80"],
            &["ls-lb-add", "sw0", "lb0"],
            &[
                "acl-add",
                "sw0",
                "to-lport",
                "1000",
                "ip4.src == 10.0.0.9",
                "drop",
            ],
            &["set", "logical_switch", "sw0", "other_config:subnet=10.0.0.0/24"],
            &["get", "logical_switch", "sw0", "other_config"],
            &["--columns=name,ports", "list", "logical_switch"],
            &["lsp-list", "sw0"],
            &["lr-route-list", "lr0"],
            &["lr-nat-list", "lr0"],
            &["lb-list"],
            &["acl-list", "sw0"],
            &["set", "logical_switch_port", "p0", "type=[nonsense"],
            &["destroy", "logical_switch", "sw1"],
            &["lsp-del", "p0"],
            &["ls-del", "sw0"],
            &["list", "logical_switch_port"],
            &["set-connection", "ptcp:0:127.0.0.1"],
            &["get-connection"],
            &["del-connection"],
        ],
    );
}

#[test]
fn ovn_sbctl_sees_no_difference() {
    check(
        "sbctl",
        Db::OvnSouthbound,
        "ovn-sbctl",
        &[
            &["init"],
            &["chassis-add", "hv1", "geneve", "10.0.0.1"],
            &["chassis-add", "hv2", "geneve", "10.0.0.2"],
            &["chassis-add", "hv1", "geneve", "10.0.0.3"],
            &["get", "chassis", "hv1", "name", "hostname"],
            &["create", "datapath_binding", "tunnel_key=1"],
            &["create", "datapath_binding", "tunnel_key=99999999"],
            &["--columns=tunnel_key", "list", "datapath_binding"],
            &["chassis-del", "hv2"],
            &["show"],
        ],
    );
}

/// A server that refuses `monitor_cond` and its kin: the IDLs fall back to the RFC's notation.
#[test]
fn ovn_nbctl_sees_no_difference_without_conditions() {
    compare("nbctl-v1", Db::OvnNorthbound.text(), &[], |session| {
        session.control(&["ovsdb-server/disable-monitor-cond"]);
        for command in [
            &["ls-add", "sw0"][..],
            &["lsp-add", "sw0", "p0"],
            &["lsp-set-addresses", "p0", "02:00:00:00:00:01 10.0.0.1", "unknown"],
            &["lsp-get-addresses", "p0"],
            &["lsp-del", "p0"],
            &["show"],
        ] {
            session.run("ovn-nbctl", &[&["--db=@db"], command].concat());
        }
    });
}

#[test]
fn python_idl_follows_and_writes_in_every_notation() {
    const SCRIPT: &str = r#"
import sys, ovs.db.idl, ovs.jsonrpc, ovs.poller
remote, schema = sys.argv[1], sys.argv[2]
sent = []
send = ovs.jsonrpc.Session.send
def noting(self, message):
    if message.method and message.method != "echo":
        sent.append(message.method)
    return send(self, message)
ovs.jsonrpc.Session.send = noting
helper = ovs.db.idl.SchemaHelper(schema)
helper.register_all()
idl = ovs.db.idl.Idl(remote, helper)
idl.cond_change("Logical_Switch", [["name", "==", "from-python"]])
switches = idl.tables["Logical_Switch"].rows
def wait(done):
    while True:
        idl.run()
        if done(): break
        poller = ovs.poller.Poller()
        idl.wait(poller)
        poller.block()
wait(idl.has_ever_connected)
def commit(change):
    txn = ovs.db.idl.Transaction(idl)
    change(txn)
    print(txn.commit_block())
def insert(txn):
    for name in "from-python", "hidden":
        row = txn.insert(idl.tables["Logical_Switch"])
        row.name = name
        row.other_config = {"a": "1", "b": "2"}
        row.ports = [txn.insert(idl.tables["Logical_Switch_Port"])]
        row.ports[0].name = "port-of-" + name
commit(insert)
wait(lambda: any(r.name == "from-python" for r in switches.values()))
def change(txn):
    for r in switches.values():
        r.setkey("other_config", "a", "3")
        r.delkey("other_config", "b")
commit(change)
idl.cond_change("Logical_Switch", [True])
if "monitor_cond_since" in sent and "monitor" not in sent:
    wait(lambda: len(switches) == 2)
def show():
    for r in sorted(switches.values(), key=lambda r: r.name):
        print(r.name, dict(r.other_config), [p.name for p in r.ports])
show()
def delete(txn):
    for r in list(switches.values()):
        r.delete()
commit(delete)
wait(lambda: not switches)
show()
print(len(idl.tables["Logical_Switch_Port"].rows), "ports are left")
print("sent:", *sorted(set(sent)))
"#;
    let [c, ours] = KINDS.map(|kind| {
        let scratch = Scratch::new("pyidl");
        let server = Server::start(kind, &scratch, "db", Db::OvnNorthbound.text(), &[]);
        std::fs::write(scratch.host("idl.py"), SCRIPT).expect("the folder is writable");
        let remote = format!("unix:{}", scratch.inner("db.sock").display());
        let script = scratch.inner("idl.py").display().to_string();
        let schema = scratch.inner("db.ovsschema").display().to_string();
        let run = || scratch.run("python3", &[&script, &remote, &schema]);
        let newest = run();
        let ctl = scratch.inner("db.ctl").display().to_string();
        scratch.run("ovs-appctl", &["-t", &ctl, "ovsdb-server/disable-monitor-cond"]);
        let oldest = run();
        drop(server);
        [newest, oldest]
    });
    assert_eq!(ours, c);
    // The newest notation for the database, the middle one for `_Server`; then the oldest.
    assert!(
        ours[0].contains(" monitor_cond monitor_cond_change monitor_cond_since"),
        "{}",
        ours[0]
    );
    assert!(ours[1].contains(" monitor "), "{}", ours[1]);
    assert!(
        ours[0].contains("from-python {'a': '3'} ['port-of-from-python']"),
        "{}",
        ours[0]
    );
}
