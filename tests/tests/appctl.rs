//! The commands of the control socket, by the real `ovs-appctl`: what comes back must be what the C server says.

use ferrovn_tests::transcript::{Session, compare};
use serde_json::json;

const SCHEMA: &str = r#"{"name": "D", "version": "1.0.0", "tables": {
  "T": {"columns": {"name": {"type": "string"}, "set": {"type": {"key": "integer", "min": 0, "max": "unlimited"}}}},
  "Remote": {"columns": {"target": {"type": "string"}, "targets": {"type": {"key": "string", "min": 0, "max": 9}}}}}}"#;

fn write(session: &mut Session, file: &str, text: &str) {
    std::fs::write(session.scratch.host(file), text).expect("the folder is writable");
}

#[test]
fn what_it_is_and_what_it_can() {
    compare("appctl", SCHEMA, &[], |session| {
        session.control(&["version"]);
        session.control(&["list-commands"]);
        session.control(&["--format=json", "version"]);
        session.control(&["--format=json", "ovsdb-server/list-dbs"]);
        session.control(&["--format=json", "--pretty", "nonsense"]);
        session.control(&["set-options", "--format", "xml"]);
        session.control(&["set-options", "--nonsense"]);
        for wrong in [
            &["nonsense"][..],
            &["version", "x"],
            &["ovsdb-server/add-db"],
            &["ovsdb-server/add-remote"],
            &["ovsdb-server/remove-db", "a", "b"],
            &["coverage/read-counter", "nonsense"],
            &["cluster/status", "D"],
            &["cluster/cid", "D"],
        ] {
            session.control(wrong);
        }
    });
}

#[test]
fn databases_come_and_go() {
    compare("appctl-db", SCHEMA, &[], |session| {
        write(session, "second.schema", &SCHEMA.replace("\"D\"", "\"E\""));
        session.run("ovsdb-tool", &["create", "@dir/second", "@dir/second.schema"]);
        session.run("ovsdb-tool", &["create", "@dir/same-name", "@dir/db.ovsschema"]);
        write(session, "garbage", "no database\n");
        for command in [
            &["ovsdb-server/list-dbs"][..],
            &["ovsdb-server/add-db", "@srv/second"],
            &["ovsdb-server/list-dbs"],
            &["ovsdb-server/add-db", "@srv/second"],
            &["ovsdb-server/add-db", "@srv/absent"],
            &["ovsdb-server/add-db", "@srv/garbage"],
            &["ovsdb-server/remove-db", "E"],
            &["ovsdb-server/remove-db", "E"],
            &["ovsdb-server/remove-db", "_Server"],
            &["ovsdb-server/list-dbs"],
            &["ovsdb-server/add-db", "@srv/second"],
            &["ovsdb-server/get-db-storage-status", "E"],
            &["ovsdb-server/get-db-storage-status", "Absent"],
            &["ovsdb-server/get-db-storage-status", "_Server"],
            &["ovsdb-server/compact"],
            &["ovsdb-server/compact", "E"],
            &["ovsdb-server/compact", "Absent"],
            &["ovsdb-server/compact", "_Server"],
            &["ovsdb-server/memory-trim-on-compaction", "on"],
            &["ovsdb-server/memory-trim-on-compaction", "off"],
            &["ovsdb-server/memory-trim-on-compaction", "maybe"],
            &["ovsdb-server/tlog-set", "D:T", "on"],
            &["ovsdb-server/tlog-set", "D:Absent", "on"],
            &["ovsdb-server/tlog-set", "Absent:T", "on"],
            &["ovsdb-server/tlog-set", "nonsense", "on"],
            &["ovsdb-server/tlog-set", "D:T", "maybe"],
        ] {
            session.control(command);
        }
        session.transact(r#"["D", {"op": "insert", "table": "T", "row": {"name": "kept"}}]"#);
        session.control(&["ovsdb-server/compact", "D"]);
        session.run(
            "ovsdb-tool",
            &[
                "query",
                "@dir/db.db",
                r#"["D", {"op": "select", "table": "T", "where": []}]"#,
            ],
        );
        // The name is free again once the file's lock is.
        session.control(&["ovsdb-server/remove-db", "D"]);
        session.control(&["ovsdb-server/add-db", "@srv/same-name"]);
        session.run("ovsdb-client", &["dump", "@db", "D"]);
    });
}

#[test]
fn remotes_come_and_go() {
    compare("appctl-remote", SCHEMA, &[], |session| {
        session
            .transact(r#"["D", {"op": "insert", "table": "Remote", "row": {"target": "punix:one.sock"}}]"#);
        for command in [
            &["ovsdb-server/list-remotes"][..],
            &["ovsdb-server/add-remote", "punix:@srv/more.sock"],
            &["ovsdb-server/add-remote", "punix:@srv/more.sock"],
            &["ovsdb-server/add-remote", "db:D,Remote,target"],
            &["ovsdb-server/add-remote", "db:D,Remote,targets"],
            &["ovsdb-server/list-remotes"],
            &["ovsdb-server/add-remote", "db:D,Remote"],
            &["ovsdb-server/add-remote", "db:D,Absent,target"],
            &["ovsdb-server/add-remote", "db:D,Remote,absent"],
            &["ovsdb-server/add-remote", "db:D,T,set"],
            &["ovsdb-server/add-remote", "db:Absent,T,name"],
            &["ovsdb-server/remove-remote", "db:D,Remote,target"],
            &["ovsdb-server/remove-remote", "ptcp:1"],
            &["ovsdb-server/list-remotes"],
        ] {
            session.control(command);
        }
        session.run("ovsdb-client", &["list-dbs", "unix:@dir/more.sock"]);
        session.control(&["ovsdb-server/remove-remote", "punix:@srv/more.sock"]);
        session.run("ovsdb-client", &["list-dbs", "unix:@dir/more.sock"]);
    });
}

#[test]
fn a_reconnect_drops_every_session() {
    compare("appctl-reconnect", SCHEMA, &[], |session| {
        let mut one = session.server.client(&session.scratch);
        let mut two = session.server.client(&session.scratch);
        one.call("echo", json!([]));
        two.call("echo", json!([]));
        session.control(&["ovsdb-server/reconnect"]);
        assert!(
            one.receive().is_none() && two.receive().is_none(),
            "{:?}",
            session.kind
        );
        session.run("ovsdb-client", &["list-dbs", "@db"]);
    });
}

#[test]
fn log_levels_and_patterns() {
    compare(
        "appctl-vlog",
        SCHEMA,
        &["-vconsole:off", "--log-file=file.log"],
        |session| {
            for command in [
                &["vlog/set", "PATTERN:file:%c|%p|%m"][..],
                &["vlog/set", "PATTERN:console:X %m", "PATTERN:ANY:%p %m"],
                &["vlog/set", "PATTERN:syslog:%m"],
                &["vlog/set", "PATTERN:nowhere:x"],
                &["vlog/set", "PATTERN:file"],
                &["vlog/set", "PATTERN"],
                &["vlog/set", "FACILITY:daemon"],
                &["vlog/set", "FACILITY:nobody"],
                &["vlog/set", "file:console"],
                &["vlog/set", "info:dbg"],
                &["vlog/set", "jsonrpc:raft"],
                &["vlog/set", "jsonrpc:file:err"],
                &["vlog/set", "raft,console,warn", "reconnect:dbg"],
                &["vlog/set", "any:syslog:off"],
                &["vlog/reopen"],
                &["vlog/close"],
                &["vlog/reopen"],
                &["vlog/enable-rate-limit", "jsonrpc"],
                &["vlog/disable-rate-limit", "jsonrpc"],
            ] {
                session.control(command);
            }
            // The prefix of syslog lines depends on how the syslog daemon is reached.
            let output = session.output("ovs-appctl", &["-t", "@ctl", "vlog/list-pattern"]);
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            for line in printed.lines().filter(|line| !line.starts_with("SYSLOG")) {
                session.note(line);
            }
            // Of the modules, those that both programs have.
            let output = session.output("ovs-appctl", &["-t", "@ctl", "vlog/list"]);
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            let named = [
                "  ",
                "jsonrpc ",
                "raft ",
                "reconnect ",
                "ovsdb_server ",
                "stream_ssl ",
                "vlog ",
            ];
            for line in printed
                .lines()
                .filter(|line| named.iter().any(|name| line.starts_with(name)))
            {
                session.note(line);
            }
        },
    );
}

#[test]
fn memory_is_counted_alike() {
    // What the C server counts beyond these follows from the way it works.
    const COMMON: [&str; 4] = ["atoms", "cells", "monitors", "sessions"];
    compare("appctl-memory", SCHEMA, &[], |session| {
        for n in 0..3 {
            let values: Vec<u32> = (0..n).collect();
            let row = json!({"name": format!("row{n}"), "set": ["set", values]});
            session.transact(&json!(["D", {"op": "insert", "table": "T", "row": row}]).to_string());
        }
        let mut client = session.server.client(&session.scratch);
        client.call("monitor", json!(["D", 1, {"T": {}}]));
        let output = session.output("ovs-appctl", &["-t", "@ctl", "memory/show"]);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        for pair in printed.split_whitespace() {
            if COMMON
                .iter()
                .any(|key| pair.split_once(':').is_some_and(|(name, _)| name == *key))
            {
                session.note(pair);
            }
        }
    });
}

#[test]
fn the_server_leaves_in_order() {
    for (how, args) in [("exit", &["exit"][..]), ("exit-cleanup", &["exit", "--cleanup"])] {
        compare(how, SCHEMA, &["--pidfile=server.pid"], |session| {
            session.transact(r#"["D", {"op": "insert", "table": "T", "row": {"name": "kept"}}]"#);
            session.control(args);
            if args.len() == 1 {
                session.server.wait_for_end();
                session.run("sh", &["-c", "ls"]);
                session.control(&["version"]);
            }
        });
    }
}
