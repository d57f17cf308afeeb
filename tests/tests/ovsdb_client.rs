//! Every command of the real `ovsdb-client` against our server, its output compared with the same on the C server.

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
        // Columns come in the order of the client's hash table.
        for args in [
            &["list-columns", "@db", "D"][..],
            &["list-columns", "@db", "D", "T"],
            &["-f", "csv", "list-columns", "@db", "D", "C"],
            &["list-columns", "@db", "D", "Absent"],
            &["list-columns", "@db", "_Server"],
        ] {
            session.run_unordered("ovsdb-client", args);
        }
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
                    "-f", format, "dump", "@db", "D", "T", "name", "n", "set", "map", "opt",
                ],
            );
        }
        client(session, &["--pretty", "-f", "json", "dump", "@db", "D", "C"]);
        for data in ["bare", "json", "string"] {
            let data = format!("--data={data}");
            client(
                session,
                &[
                    "--no-headings",
                    &data,
                    "dump",
                    "@db",
                    "D",
                    "T",
                    "name",
                    "map",
                    "opt",
                ],
            );
        }
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
fn follow(session: &mut Session, command: &[&str], mask: fn(&str) -> String) {
    session.begin(
        "ovsdb-client",
        &[&["-f", "csv", "--no-headings"], command].concat(),
    );
    session.until_control("memory/show", "monitors:1 ");
    let has_old = command[0] == "monitor";
    // Each change is awaited before the next, so that neither server may merge two into one update.
    for (change, seen) in [
        (
            r#"{"op": "insert", "table": "T", "row": {"name": "second", "n": 2, "set": ["set", [1, 2]]}}"#,
            "insert,second,2",
        ),
        (
            r#"{"op": "update", "table": "T", "where": [["name", "==", "second"]], "row": {"n": 3}}"#,
            if has_old { "new,second,3" } else { "modify,,3," },
        ),
        (
            r#"{"op": "mutate", "table": "T", "where": [["n", "==", 3]], "mutations": [["set", "insert", 9]]}"#,
            if has_old { "\"[1, 2, 9]\"" } else { "modify,,,[9]" },
        ),
        (
            r#"{"op": "delete", "table": "T", "where": [["name", "==", "second"]]}"#,
            ",delete,",
        ),
        (
            r#"{"op": "insert", "table": "T", "row": {"name": "last", "n": 4}}"#,
            "insert,last,4",
        ),
    ] {
        session.transact(&format!(r#"["D", {change}]"#));
        session.until(seen);
    }
    session.end_masked(mask);
    session.transact(r#"["D", {"op": "delete", "table": "T", "where": [["name", "==", "last"]]}]"#);
}

#[test]
fn monitors_of_every_notation() {
    const ZERO: &str = "00000000-0000-0000-0000-000000000000";
    fn as_it_is(line: &str) -> String {
        line.to_owned()
    }
    // Ours keeps a history of standalone databases too, and names its transactions.
    fn without_id(line: &str) -> String {
        line.split_once("last_id:")
            .map_or(line, |(before, _)| before)
            .to_owned()
    }
    compare("monitor", SCHEMA, &[], |session| {
        session.transact(&insert("first", 1));
        follow(session, &["monitor", "@db", "D", "T", "name,n,set"], as_it_is);
        follow(
            session,
            &["monitor", "@db", "D", "T", "name,n,!initial", "set"],
            as_it_is,
        );
        for where_ in ["[true]", r#"[["n","<",100],["name","==","x"]]"#, "[]"] {
            follow(
                session,
                &["monitor-cond", "@db", "D", where_, "T", "name,n,set"],
                as_it_is,
            );
            for since in [&["@db", "D"][..], &["@db", "D", ZERO]] {
                let command = [&["monitor-cond-since"], since, &[where_, "T", "name,n,set"]].concat();
                follow(session, &command, without_id);
            }
        }
        // Columns come in the order of the client's hash table.
        session.begin("ovsdb-client", &["-f", "csv", "monitor", "@db", "D", "ALL"]);
        session.until_control("memory/show", "monitors:1 ");
        session.transact(FULL_ROW);
        session.until("insert");
        session.end_masked(|line| {
            let line: String = line.chars().filter(|c| !c.is_ascii_hexdigit()).collect();
            let mut fields: Vec<&str> = line.split(',').collect();
            fields.sort_unstable();
            fields.join(",")
        });
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
            CONVERTED.replace("\"integer\"", "\"boolean\""),
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
        client(session, &["--timeout=1", "unlock", "@db", "free"]);
        client(session, &["--timeout=1", "lock", "@db", "not a name"]);
        // When a waiting client leaves, the C server tells the holder once more that it holds the lock: no part of
        // what is compared.
        let mut holder = session.server.client(&session.scratch);
        holder.call("lock", json!(["held"]));
        client(session, &["--timeout=1", "lock", "@db", "held"]);
        session.begin("ovsdb-client", &["lock", "@db", "l"]);
        session.until("{\"locked\":true}");
        client(session, &["--timeout=1", "steal", "@db", "l"]);
        // The thief's end gives the lock back.
        session.until("stolen\n[\"l\"]\nlocked\n[\"l\"]\n");
        session.end();
        client(session, &["wait", "@db", "D", "added"]);
        client(session, &["wait", "@db", "D", "connected"]);
        client(session, &["wait", "@db", "Absent", "removed"]);
        client(session, &["--timeout=1", "wait", "@db", "D", "removed"]);
        client(session, &["--timeout=1", "wait", "@db", "Absent", "added"]);
        client(session, &["wait", "@db", "D", "nonsense"]);
        session.begin("ovsdb-client", &["wait", "@db", "D", "removed"]);
        session.until("connected");
        session.control(&["ovsdb-server/remove-db", "D"]);
        session.end_by_itself();
        client(session, &["wait", "@db", "D", "removed"]);
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
        let dump = |session: &mut Session| {
            // A restored row has another uuid.
            let columns = ["name", "n", "set", "map"];
            let output = session.output(
                "ovsdb-client",
                &[&["-f", "csv", "dump", "@db", "D", "T"], &columns[..]].concat(),
            );
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
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
        let lost = before.len() - dump(session).len();
        session.note(&lost.to_string());
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
