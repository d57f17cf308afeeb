//! Every command of the real `ovsdb-client` against our server, its output compared with the same on the C server.

use std::fmt::Write as _;

use ferrovn_tests::transcript::{Session, compare};
use serde_json::json;

const SCHEMA: &str = r#"{"name": "D", "version": "1.2.3", "cksum": "12345 678", "tables": {
  "T": {"isRoot": true, "indexes": [["name"]], "maxRows": 40000, "columns": {
    "name": {"type": "string"},
    "n": {"type": {"key": {"type": "integer", "minInteger": 0, "maxInteger": 100000}}},
    "real": {"type": "real"},
    "flag": {"type": "boolean"},
    "kind": {"type": {"key": {"type": "string", "enum": ["set", ["", "a", "b"]]}}},
    "opt": {"type": {"key": "string", "min": 0, "max": 1}},
    "set": {"type": {"key": "integer", "min": 0, "max": "unlimited"}},
    "map": {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}},
    "now": {"type": "string", "ephemeral": true},
    "fixed": {"type": "string", "mutable": false},
    "child": {"type": {"key": {"type": "uuid", "refTable": "C"}, "min": 0, "max": "unlimited"}}}},
  "C": {"columns": {"name": {"type": "string"}}}}}"#;

/// The schema with one column more and one less.
const CONVERTED: &str = r#"{"name": "D", "version": "2.0.0", "tables": {
  "T": {"isRoot": true, "columns": {"name": {"type": "string"}, "n": {"type": "integer"},
    "added": {"type": {"key": "integer", "min": 0, "max": 1}}}}}}"#;

/// A row with something in every column.
const FULL_ROW: &str = r#"["D",
  {"op": "insert", "table": "C", "uuid-name": "c", "row": {"name": "child"}},
  {"op": "insert", "table": "T", "row": {"name": "full", "n": 5, "real": 1.5, "flag": true, "kind": "a",
    "opt": "some \"text\" é", "set": ["set", [3, 1, 2]], "map": ["map", [["k", "v"], ["a", "b,c"]]], "now": "now",
    "fixed": "f", "child": ["named-uuid", "c"]}},
  {"op": "comment", "comment": "a full row"}]"#;

fn client(session: &mut Session, args: &[&str]) {
    session.run("ovsdb-client", args);
}

fn insert(name: &str, n: u32) -> String {
    json!(["D", {"op": "insert", "table": "T", "row": {"name": name, "n": n}}]).to_string()
}

#[test]
fn what_there_is() {
    compare("what", SCHEMA, &[], |session| {
        for command in [
            "list-dbs",
            "get-schema",
            "get-schema-version",
            "get-schema-cksum",
            "list-tables",
        ] {
            client(session, &[command, "@db"]);
            client(session, &[command, "@db", "D"]);
            client(session, &["-f", "csv", command, "@db", "_Server"]);
            client(session, &[command, "@db", "Absent"]);
        }
        client(session, &["--pretty", "get-schema", "@db", "D"]);
        client(session, &["list-columns", "@db", "D"]);
        client(session, &["list-columns", "@db", "D", "T"]);
        client(session, &["-f", "list", "list-columns", "@db", "D", "C"]);
        client(session, &["list-columns", "@db", "D", "Absent"]);
        client(session, &["list-columns", "@db", "_Server"]);
        client(session, &["get-schema", "unix:@dir/absent.sock", "D"]);
    });
}

#[test]
fn transact_query_and_dump() {
    compare("dump", SCHEMA, &[], |session| {
        session.transact(FULL_ROW);
        session.transact(&insert("other", 7));
        for transaction in [
            r#"["D", {"op": "select", "table": "T", "where": [["n", "<", 6]], "columns": ["name", "n", "set", "map"]}]"#,
            r#"["D", {"op": "update", "table": "T", "where": [["name", "==", "other"]], "row": {"n": 8}}]"#,
            r#"["D", {"op": "mutate", "table": "T", "where": [], "mutations": [["n", "+=", 1]]}]"#,
            r#"["D", {"op": "insert", "table": "T", "row": {"name": "other", "n": 1}}]"#,
            r#"["D", {"op": "insert", "table": "T", "row": {"name": "x", "n": 100001}}]"#,
            r#"["D", {"op": "insert", "table": "T", "row": {"kind": "c"}}]"#,
            r#"["D", {"op": "wait", "table": "T", "where": [], "until": "==", "rows": [], "columns": ["name"], "timeout": 0}]"#,
            r#"["D", {"op": "abort"}]"#,
            r#"["D", {"op": "nonsense"}]"#,
            r#"["Absent", {"op": "select", "table": "T", "where": []}]"#,
            r#"["_Server", {"op": "select", "table": "Database", "where": [["name", "==", "D"]], "columns": ["name", "model", "leader", "connected", "cid", "sid", "index"]}]"#,
            r#"["_Server", {"op": "delete", "table": "Database", "where": []}]"#,
            r#"["D"]"#,
            r#"[]"#,
            r#"{}"#,
            r#"["D", {"op": "select""#,
        ] {
            session.transact(transaction);
            client(session, &["query", "@db", transaction]);
        }
        for format in ["table", "list", "html", "csv", "json"] {
            client(
                session,
                &[
                    "-f", format, "dump", "@db", "D", "T", "name", "n", "set", "map", "opt", "child",
                ],
            );
        }
        client(session, &["--pretty", "-f", "json", "dump", "@db", "D", "C"]);
        client(session, &["--no-headings", "--data=bare", "dump", "@db", "D"]);
        client(session, &["--bare", "dump", "@db", "D", "C"]);
        client(session, &["dump", "@db", "D", "T", "absent"]);
        client(
            session,
            &[
                "dump", "@db", "_Server", "Database", "name", "model", "leader", "schema",
            ],
        );
    });
}

/// Follows a table through one row's life by a command that prints every update.
fn follow(session: &mut Session, command: &[&str]) {
    let headings = ["-f", "csv", "--no-headings"];
    session.begin("ovsdb-client", &[&headings, command].concat());
    session.until(",first,");
    // Each change is awaited before the next, so that neither server may merge two into one update.
    for (change, seen) in [
        (
            r#"{"op": "insert", "table": "T", "row": {"name": "second", "n": 2, "set": ["set", [1, 2]]}}"#,
            "insert,second,2",
        ),
        (
            r#"{"op": "update", "table": "T", "where": [["name", "==", "second"]], "row": {"n": 3}}"#,
            "second,3",
        ),
        (
            r#"{"op": "mutate", "table": "T", "where": [["n", "==", 3]], "mutations": [["set", "insert", 9]]}"#,
            "9",
        ),
        (
            r#"{"op": "delete", "table": "T", "where": [["name", "==", "second"]]}"#,
            "delete,second",
        ),
        (
            r#"{"op": "insert", "table": "T", "row": {"name": "last", "n": 4}}"#,
            "insert,last,4",
        ),
    ] {
        session.transact(&format!(r#"["D", {change}]"#));
        session.until(seen);
    }
    session.end();
    session.transact(r#"["D", {"op": "delete", "table": "T", "where": [["name", "==", "last"]]}]"#);
}

#[test]
fn monitors_of_every_notation() {
    const ZERO: &str = "00000000-0000-0000-0000-000000000000";
    compare("monitor", SCHEMA, &[], |session| {
        session.transact(&insert("first", 1));
        follow(session, &["monitor", "@db", "D", "T", "name,n,set"]);
        for where_ in ["[true]", r#"[["n","<",100],["name","==","x"]]"#, "[]"] {
            follow(session, &["monitor-cond", "@db", "D", where_, "T", "name,n,set"]);
            follow(
                session,
                &["monitor-cond-since", "@db", "D", where_, "T", "name,n,set"],
            );
            follow(
                session,
                &["monitor-cond-since", "@db", "D", ZERO, where_, "T", "name,n,set"],
            );
        }
        follow(
            session,
            &["monitor", "@db", "D", "T", "name,n,!initial", "set,!modify"],
        );
        follow(session, &["monitor", "@db", "D", "ALL"]);
        for wrong in [
            &["monitor", "@db", "D", "Absent"][..],
            &["monitor", "@db", "D", "T", "absent"],
            &["monitor-cond", "@db", "D", r#"[["n","<","x"]]"#, "T"],
            &["monitor-cond", "@db", "D", r#"[["absent","==",1]]"#, "T"],
            &["monitor-cond-since", "@db", "D", "not-a-uuid", "[true]", "T"],
            &["monitor", "@db", "Absent", "T"],
        ] {
            client(session, &[&["--timeout=2"], wrong].concat());
        }
    });
}

#[test]
fn conversions() {
    compare("convert", SCHEMA, &[], |session| {
        std::fs::write(session.scratch.host("new"), CONVERTED).expect("the folder is writable");
        std::fs::write(session.scratch.host("other"), CONVERTED.replace("\"D\"", "\"E\"")).expect("writable");
        std::fs::write(session.scratch.host("wrong"), CONVERTED.replace("root", "rout")).expect("writable");
        std::fs::write(
            session.scratch.host("narrow"),
            CONVERTED.replace("\"type\": \"integer\"", "\"type\": \"real\""),
        )
        .expect("writable");
        session.transact(FULL_ROW);
        session.begin("ovsdb-client", &["-f", "csv", "monitor", "@db", "D", "T", "name"]);
        session.until("full");
        for file in ["@dir/new", "@dir/other", "@dir/wrong", "@dir/absent"] {
            client(session, &["needs-conversion", "@db", file]);
        }
        for file in ["@dir/other", "@dir/wrong", "@dir/narrow", "@dir/new"] {
            client(session, &["convert", "@db", file]);
        }
        session.end();
        client(session, &["needs-conversion", "@db", "@dir/new"]);
        client(session, &["get-schema-version", "@db", "D"]);
        client(session, &["list-columns", "@db", "D"]);
        client(session, &["dump", "@db", "D"]);
        session.transact(&insert("after", 200_000));
        session.server.crash(&session.scratch);
        client(session, &["dump", "@db", "D"]);
    });
}

#[test]
fn locks_and_waiting() {
    compare("locks", SCHEMA, &[], |session| {
        client(session, &["--timeout=2", "unlock", "@db", "free"]);
        client(session, &["--timeout=2", "lock", "@db", "not a name"]);
        session.begin("ovsdb-client", &["lock", "@db", "l"]);
        session.until("\n");
        client(session, &["--timeout=1", "lock", "@db", "l"]);
        client(session, &["--timeout=1", "steal", "@db", "l"]);
        session.until("stolen");
        session.end();
        client(session, &["wait", "@db", "D", "added"]);
        client(session, &["wait", "@db", "D", "connected"]);
        client(session, &["wait", "@db", "Absent", "removed"]);
        client(session, &["--timeout=1", "wait", "@db", "D", "removed"]);
        client(session, &["--timeout=1", "wait", "@db", "Absent", "added"]);
        client(session, &["wait", "@db", "D", "nonsense"]);
        session.begin("ovsdb-client", &["wait", "@db", "D", "removed"]);
        session.control(&["ovsdb-server/remove-db", "D"]);
        session.end_by_itself();
    });
}

#[test]
fn a_large_database_survives_backup_and_restore() {
    const ROWS: u32 = 30_000;
    compare("backup", SCHEMA, &[], |session| {
        let mut writer = session.server.client(&session.scratch);
        for start in (0..ROWS).step_by(1000) {
            let mut params = vec![json!("D")];
            for i in start..start + 1000 {
                params.push(
                    json!({"op": "insert", "table": "C", "uuid-name": format!("c{i}"), "row": {"name": "c"}}),
                );
                params.push(
                    json!({"op": "insert", "table": "T", "row": {"name": format!("row{i}"), "n": i,
                    "set": ["set", [i, i + 1]], "map": ["map", [["k", format!("é{i}")]]],
                    "child": ["named-uuid", format!("c{i}")], "now": "lost"}}),
                );
            }
            let results = writer.transact(json!(params));
            assert_eq!(results.as_array().map(Vec::len), Some(2000), "{results}");
        }
        let shell = |session: &mut Session, script: &str| session.run("sh", &["-c", script]);
        let mut dump = |session: &mut Session| {
            let args = [
                "-f", "csv", "dump", "@db", "D", "T", "_uuid", "name", "n", "set", "map", "child",
            ];
            let args: Vec<String> = args.iter().map(|arg| arg.to_string()).collect();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let db = format!("unix:{}", session.scratch.inner("db.sock").display());
            let args: Vec<&str> = args
                .iter()
                .map(|arg| if *arg == "@db" { &*db } else { arg })
                .collect();
            let mut lines: Vec<String> = session
                .scratch
                .run("ovsdb-client", &args)
                .lines()
                .map(str::to_owned)
                .collect();
            lines.sort_unstable();
            lines
        };
        let before = dump(session);
        assert_eq!(before.len(), ROWS as usize + 2);
        shell(session, "exec ovsdb-client backup @db D > @dir/backup");
        shell(session, "ovsdb-tool show-log @dir/backup | wc -l");
        shell(
            session,
            "ovsdb-tool db-name @dir/backup; ovsdb-tool db-version @dir/backup",
        );
        writer.transact(
            json!(["D", {"op": "delete", "table": "T", "where": [["n", "<", 20_000]]},
            {"op": "insert", "table": "T", "row": {"name": "other"}}]),
        );
        let mut lost = String::new();
        write!(lost, "{}", before.len() - dump(session).len()).expect("a text takes text");
        session.note(&lost);
        shell(session, "exec ovsdb-client restore @db < @dir/backup");
        let after = dump(session);
        assert!(
            after == before,
            "{:?}: the restored contents differ",
            session.kind
        );
        // Another schema is refused, unless forced.
        shell(
            session,
            "sed -i '1,2s/1.2.3/1.2.4/' @dir/backup; ovsdb-client restore @db < @dir/backup 2>&1 | cut -c1-60",
        );
        session.server.crash(&session.scratch);
        assert!(
            dump(session) == before,
            "{:?}: the contents after a restart differ",
            session.kind
        );
    });
}
