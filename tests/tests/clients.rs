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

#[test]
fn a_large_database_survives_backup_and_restore() {
    let rows = 3000;
    for kind in KINDS {
        let scratch = Scratch::new("backup");
        let server = Server::start(kind, &scratch, "db", Db::OvnNorthbound.text(), &[]);
        let mut client = server.client(&scratch);
        for start in (0..rows).step_by(500) {
            let mut params = vec![serde_json::json!("OVN_Northbound")];
            params.extend((start..start + 500).map(|i| {
                serde_json::json!({"op": "insert", "table": "Address_Set",
                    "row": {"name": format!("as{i}"), "addresses": ["set", [format!("10.0.{}.{}", i / 256, i % 256)]]}})
            }));
            client.transact(serde_json::Value::Array(params));
        }
        let remote = format!("unix:{}", scratch.inner("db.sock").display());
        let backup = scratch.run("ovsdb-client", &["backup", &remote, "OVN_Northbound"]);
        std::fs::write(scratch.host("backup"), &backup).expect("the folder is writable");
        let dump = |scratch: &Scratch| {
            scratch.run(
                "ovsdb-client",
                &[
                    "dump",
                    &remote,
                    "OVN_Northbound",
                    "Address_Set",
                    "name",
                    "addresses",
                ],
            )
        };
        let before = dump(&scratch);
        client.transact(serde_json::json!(["OVN_Northbound",
            {"op": "delete", "table": "Address_Set", "where": []},
            {"op": "insert", "table": "Address_Set", "row": {"name": "other"}}]));
        let restore = format!(
            "exec ovsdb-client restore {remote} < {}",
            scratch.inner("backup").display()
        );
        scratch.run("sh", &["-c", &restore]);
        let after = dump(&scratch);
        assert_eq!(after.lines().count(), before.lines().count(), "{kind:?}");
        assert!(after == before, "{kind:?}: the restored contents differ");
    }
}

#[test]
fn python_idl_follows_and_writes() {
    const SCRIPT: &str = r#"
import sys, ovs.db.idl, ovs.poller
remote, schema = sys.argv[1], sys.argv[2]
helper = ovs.db.idl.SchemaHelper(schema)
helper.register_all()
idl = ovs.db.idl.Idl(remote, helper)
def wait(done):
    while not done():
        idl.run()
        if done(): break
        poller = ovs.poller.Poller()
        idl.wait(poller)
        poller.block()
wait(idl.has_ever_connected)
txn = ovs.db.idl.Transaction(idl)
row = txn.insert(idl.tables["Logical_Switch"])
row.name = "from-python"
row.other_config = {"a": "1", "b": "2"}
status = txn.commit_block()
print(status)
wait(lambda: any(r.name == "from-python" for r in idl.tables["Logical_Switch"].rows.values()))
txn = ovs.db.idl.Transaction(idl)
for r in idl.tables["Logical_Switch"].rows.values():
    r.setkey("other_config", "a", "3")
    r.delkey("other_config", "b")
print(txn.commit_block())
for r in idl.tables["Logical_Switch"].rows.values():
    print(r.name, dict(r.other_config))
"#;
    let outputs = KINDS.map(|kind| {
        let scratch = Scratch::new("pyidl");
        let server = Server::start(kind, &scratch, "db", Db::OvnNorthbound.text(), &[]);
        std::fs::write(scratch.host("idl.py"), SCRIPT).expect("the folder is writable");
        let remote = format!("unix:{}", scratch.inner("db.sock").display());
        let script = scratch.inner("idl.py").display().to_string();
        let schema = scratch.inner("db.ovsschema").display().to_string();
        let output = scratch.run("python3", &[&script, &remote, &schema]);
        drop(server);
        output
    });
    assert_eq!(outputs[1], outputs[0]);
    assert!(outputs[0].contains("from-python {'a': '3'}"), "{}", outputs[0]);
}
