//! Relays, active and backup servers, configuration files: ours and the packaged C server beside one another.

use ferrovn_tests::client::{Client, names};
use ferrovn_tests::node::wait_for;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server};
use serde_json::{Value, json};

const SCHEMA: &str = r#"{"name": "D", "version": "1.0.0", "tables": {
  "T": {"isRoot": true, "indexes": [["name"]], "columns": {"name": {"type": "string"}, "n": {"type": "integer"}}}}}"#;

fn insert(client: &mut Client, name: &str) -> Value {
    client.transact(json!(["D", {"op": "insert", "table": "T", "row": {"name": name}}]))
}

fn inserted(client: &mut Client, name: &str) {
    let reply = insert(client, name);
    assert!(reply[0]["uuid"].is_array() && reply.get(1).is_none(), "{reply}");
}

/// What `_Server` says of a database: its model, whether it is connected, whether there is a schema. None when the
/// session is cut.
fn try_server_row(client: &mut Client) -> Option<(Value, Value, bool)> {
    let select = json!({"op": "select", "table": "Database", "where": [["name", "==", "D"]]});
    let mut reply = client.try_call("transact", json!(["_Server", select]))?["result"].take();
    let mut row = reply[0]["rows"][0].take();
    let has_schema = row["schema"].is_string();
    Some((row["model"].take(), row["connected"].take(), has_schema))
}

fn server_row(client: &mut Client) -> (Value, Value, bool) {
    try_server_row(client).expect("the server answers")
}

fn unix(kind: Kind, scratch: &Scratch, name: &str) -> String {
    format!("unix:{}", kind.path(scratch, &format!("{name}.sock")))
}

fn appctl(scratch: &Scratch, name: &str, command: &[&str]) -> String {
    let control = scratch.inner(&format!("{name}.ctl")).display().to_string();
    scratch.run("ovs-appctl", &[&["-t", &control], command].concat())
}

fn until_connected(relay: &Server, scratch: &Scratch, connected: bool) {
    wait_for(&format!("the relay's connected = {connected}"), || {
        let row = try_server_row(&mut relay.client(scratch));
        row.is_some_and(|(model, now, _)| model == "relay" && now == connected)
    });
}

fn check_relay(of: Kind, by: Kind) {
    let scratch = Scratch::new("relay");
    let mut source = Server::start(of, &scratch, "source", SCHEMA, &[]);
    inserted(&mut source.client(&scratch), "before");
    let remote = format!("relay:D:{}", unix(by, &scratch, "source"));
    let relay = Server::start_on(by, &scratch, "relay", &[&remote], &[]);
    until_connected(&relay, &scratch, true);
    let mut client = relay.client(&scratch);
    assert_eq!(server_row(&mut client), (json!("relay"), json!(true), true));
    assert_eq!(client.call("get_schema", json!(["D"]))["result"]["name"], "D");
    assert_eq!(names(&mut client), ["before"]);

    // Writes go to the source and come back; so do its errors.
    inserted(&mut client, "by the relay");
    assert_eq!(names(&mut source.client(&scratch)), ["before", "by the relay"]);
    wait_for("the relay's own row", || {
        names(&mut relay.client(&scratch)).len() == 2
    });
    let reply = insert(&mut client, "before");
    assert_eq!(reply[1]["error"], "constraint violation", "{reply}");
    let reply = client.transact(json!(["D", {"op": "insert", "table": "Absent", "row": {}}]));
    assert_eq!(reply[0]["error"], "syntax error", "{reply}");

    // A monitor on the relay is told of the source's changes.
    let requests = json!({"T": [{"columns": ["name"]}]});
    let initial = client.call(
        "monitor_cond_since",
        json!(["D", "m", requests, "00000000-0000-0000-0000-000000000000"]),
    );
    let rows = initial["result"][2]["T"].as_object().map(serde_json::Map::len);
    assert_eq!(rows, Some(2), "{initial}");
    inserted(&mut source.client(&scratch), "by the source");
    let update = loop {
        let message = client.notifications.pop_front().or_else(|| client.receive());
        let message = message.expect("the relay goes on");
        if message["method"] == "update3" {
            break message;
        }
    };
    assert!(update.to_string().contains("by the source"), "{update}");

    // A real client writes through it.
    let inner = unix(Kind::C, &scratch, "relay");
    let insertion = r#"["D", {"op": "insert", "table": "T", "row": {"name": "by ovsdb-client"}}]"#;
    let printed = scratch.run("ovsdb-client", &["transact", &inner, insertion]);
    assert!(printed.contains("uuid"), "{printed}");
    assert_eq!(names(&mut source.client(&scratch)).len(), 4);

    // Without its source it goes on being read.
    source.kill();
    until_connected(&relay, &scratch, false);
    assert_eq!(names(&mut relay.client(&scratch)).len(), 4);
    source.restart(&scratch);
    until_connected(&relay, &scratch, true);
    inserted(&mut relay.client(&scratch), "after the crash");
    let all = [
        "after the crash",
        "before",
        "by ovsdb-client",
        "by the relay",
        "by the source",
    ];
    assert_eq!(names(&mut source.client(&scratch)), all);
    wait_for("the row written after the crash", || {
        names(&mut relay.client(&scratch)) == all
    });
}

/// Half a minute passes before a relay, ours or C, says that its source is gone: the cases wait for it together.
#[test]
fn a_relay_is_its_source_and_outlives_it() {
    std::thread::scope(|scope| {
        for (of, by) in [
            (Kind::Ours, Kind::Ours),
            (Kind::C, Kind::Ours),
            (Kind::Ours, Kind::C),
        ] {
            let case = std::thread::Builder::new().name(format!("{by:?} relays {of:?}"));
            case.spawn_scoped(scope, move || check_relay(of, by))
                .expect("a thread starts");
        }
    });
}

fn until_status(scratch: &Scratch, name: &str, wanted: &str) {
    let mut last = String::new();
    wait_for(&format!("\"{wanted}\" of {name}"), || {
        last = appctl(scratch, name, &["ovsdb-server/sync-status"]);
        last.contains(wanted)
    });
}

fn check_backup(active: Kind, backup: Kind) {
    let scratch = Scratch::new("backup");
    let mut first = Server::start(active, &scratch, "first", SCHEMA, &[]);
    inserted(&mut first.client(&scratch), "before");
    let sync_from = format!("--sync-from={}", unix(backup, &scratch, "first"));
    let second = Server::start(backup, &scratch, "second", SCHEMA, &[&sync_from]);
    until_status(&scratch, "first", "state: active");
    until_status(&scratch, "second", "state: backup");
    until_status(&scratch, "second", "replicating: ");
    assert_eq!(names(&mut second.client(&scratch)), ["before"]);
    let reply = insert(&mut second.client(&scratch), "refused");
    assert_eq!(reply[0]["error"], "not allowed", "{reply}");
    inserted(&mut first.client(&scratch), "while replicated");
    wait_for("the copy", || {
        names(&mut second.client(&scratch)) == ["before", "while replicated"]
    });

    // The active one dies and comes back.
    first.crash(&scratch);
    inserted(&mut first.client(&scratch), "after a crash");
    wait_for("the copy after a crash", || {
        names(&mut second.client(&scratch)).len() == 3
    });
    until_status(&scratch, "second", "replicating: ");

    // The roles change places.
    appctl(
        &scratch,
        "second",
        &["ovsdb-server/disconnect-active-ovsdb-server"],
    );
    until_status(&scratch, "second", "state: active");
    inserted(&mut second.client(&scratch), "by the second");
    let remote = unix(active, &scratch, "second");
    appctl(
        &scratch,
        "first",
        &["ovsdb-server/set-active-ovsdb-server", &remote],
    );
    assert_eq!(
        appctl(&scratch, "first", &["ovsdb-server/get-active-ovsdb-server"]).trim_end(),
        remote
    );
    appctl(&scratch, "first", &["ovsdb-server/connect-active-ovsdb-server"]);
    until_status(&scratch, "first", "state: backup");
    let all = ["after a crash", "before", "by the second", "while replicated"];
    wait_for("the first one's copy", || {
        names(&mut first.client(&scratch)) == all
    });
    let reply = insert(&mut first.client(&scratch), "refused");
    assert_eq!(reply[0]["error"], "not allowed", "{reply}");
    // What was copied is on file.
    first.stop();
    let query = r#"["D", {"op": "select", "table": "T", "where": [], "columns": ["name"]}]"#;
    let file = scratch.inner("first.db").display().to_string();
    let printed = scratch.run("ovsdb-tool", &["query", &file, query]);
    for name in all {
        assert!(printed.contains(name), "{name} is not in {printed}");
    }
}

#[test]
fn ours_backs_up_ours() {
    check_backup(Kind::Ours, Kind::Ours);
}

#[test]
fn ours_backs_up_the_c_server() {
    check_backup(Kind::C, Kind::Ours);
}

#[test]
fn the_c_server_backs_up_ours() {
    check_backup(Kind::Ours, Kind::C);
}

/// The same steps on a server told by a file what to serve.
fn check_config(kind: Kind) {
    let scratch = Scratch::new("config");
    let source = Server::start(kind, &scratch, "source", SCHEMA, &[]);
    inserted(&mut source.client(&scratch), "of the source");
    let other = SCHEMA.replace("\"D\"", "\"E\"");
    std::fs::write(scratch.host("other.ovsschema"), other).expect("the folder is writable");
    let inner = |file: &str| scratch.inner(file).display().to_string();
    scratch.run(
        "ovsdb-tool",
        &["create", &inner("other.db"), &inner("other.ovsschema")],
    );
    let path = |file: &str| kind.path(&scratch, file);
    let write = |databases: Value| {
        let socket = format!("punix:{}", path("configured.sock"));
        let config = json!({"remotes": {socket: {}}, "databases": databases});
        std::fs::write(scratch.host("config.json"), config.to_string()).expect("the folder is writable");
    };
    let relay = json!({"service-model": "relay", "source": {unix(kind, &scratch, "source"): {}}});
    write(json!({path("other.db"): {}}));
    let option = format!("--config-file={}", path("config.json"));
    let server = Server::start_on(kind, &scratch, "configured", &[], &[&option]);
    // Sessions are cut when databases come and go: a new one may be among them.
    let list = || {
        let mut reply = None;
        wait_for("an answer", || {
            reply = server.client(&scratch).try_call("list_dbs", json!([]));
            reply.is_some()
        });
        let mut result = reply.expect("waited for")["result"].take();
        result
            .as_array_mut()
            .expect("names")
            .sort_by_key(Value::to_string);
        result
    };
    assert_eq!(list(), json!(["E", "_Server"]));

    write(json!({path("other.db"): {}, "D": relay}));
    appctl(&scratch, "configured", &["ovsdb-server/reload"]);
    until_connected(&server, &scratch, true);
    assert_eq!(names(&mut server.client(&scratch)), ["of the source"]);
    assert_eq!(list(), json!(["D", "E", "_Server"]));

    // A file that cannot be read changes nothing.
    std::fs::write(scratch.host("config.json"), "{").expect("the folder is writable");
    let refused = scratch.output(
        "ovs-appctl",
        &["-t", &inner("configured.ctl"), "ovsdb-server/reload"],
    );
    assert!(!refused.status.success());
    assert_eq!(list(), json!(["D", "E", "_Server"]));

    write(json!({"D": relay}));
    appctl(&scratch, "configured", &["ovsdb-server/reload"]);
    assert_eq!(list(), json!(["D", "_Server"]));
}

#[test]
fn our_config_file() {
    check_config(Kind::Ours);
}

#[test]
fn the_c_servers_config_file() {
    check_config(Kind::C);
}
