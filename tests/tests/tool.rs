//! `ovsdb-tool`: the same command lines by the packaged C program and by ours; output and exit status must be equal,
//! and each reads what the other made.

use std::fmt::Write as _;

use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server, tool};
use ferrovn_tests::transcript::ordinals;
use ovsdb_store::Magic;
use ovsdb_store::backup::first_index;
use ovsdb_store::log::compose;

const SCHEMA: &str = r#"{"name": "D", "version": "1.2.3", "cksum": "12 345", "tables": {
  "T": {"isRoot": true, "indexes": [["name"]], "columns": {"name": {"type": "string"},
    "n": {"type": {"key": "integer", "min": 0, "max": "unlimited"}}}}}}"#;

/// The next version: a column and a table more.
const NEXT: &str = r#"{"name": "D", "version": "2.0.0", "tables": {
  "T": {"isRoot": true, "columns": {"name": {"type": "string"}, "more": {"type": "integer"},
    "n": {"type": {"key": "integer", "min": 0, "max": "unlimited"}}}},
  "U": {"isRoot": true, "columns": {"name": {"type": "string"}}}}}"#;

/// A folder with what the command lines name.
fn folder(test: &str) -> Scratch {
    let scratch = Scratch::new(test);
    for (file, text) in [
        ("schema", SCHEMA),
        ("next", NEXT),
        ("garbage", "no database\n"),
        ("bad-schema", r#"{"name": "D", "tables": {"T": {"columns": {}}}}"#),
        ("not-json", "{"),
        ("empty", ""),
    ] {
        std::fs::write(scratch.host(file), text).expect("the folder is writable");
    }
    std::fs::create_dir(scratch.host("folder")).expect("the folder is writable");
    scratch
}

/// What a command line came to, as one text.
fn shown(kind: Kind, scratch: &Scratch, args: &[&str]) -> String {
    let output = tool(kind, scratch, args);
    let mut text = format!("$ {} -> {}\n", args.join(" "), output.status);
    for part in [&output.stdout, &output.stderr] {
        let text_of = String::from_utf8_lossy(part);
        for line in text_of.lines().filter(|line| !line.is_empty()) {
            writeln!(text, "{}", masked(line)).expect("a text takes more");
        }
    }
    text
}

/// A line without times, and without the beginnings of uuids that stand for whole ones.
fn masked(line: &str) -> String {
    let is_time = |word: &str| {
        word.len() >= 10
            && word.bytes().all(|b| b.is_ascii_digit() || b"-:.TZ".contains(&b))
            && word.contains(['-', ':'])
    };
    let mut out = String::new();
    for word in line.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "-:.".contains(c))) {
        let end = word.len()
            - word
                .chars()
                .next_back()
                .filter(|c| !(c.is_ascii_alphanumeric() || "-:.".contains(*c)))
                .map_or(0, char::len_utf8);
        let (word, delimiter) = word.split_at(end);
        let is_short_id = (word.len() == 4 || word.len() == 8) && word.bytes().all(|b| b.is_ascii_hexdigit());
        out.push_str(match word {
            _ if is_time(word.trim_end_matches(':')) => "<time>",
            _ if is_short_id => "<id>",
            _ => word,
        });
        out.push_str(delimiter);
    }
    out
}

// Left out, as the C program does otherwise: it runs a `query` that writes and fails when it saves; it makes a file
// without a schema of a member that has not joined its cluster; it leaves to chance which row of a duplicate comes
// first, and in which order `show-log` tells columns.

/// Runs the same command lines with both programs, each in a folder of its own, then those that only read with each
/// program in the other's folder.
fn check(test: &str, commands: &[&[&str]], readings: &[&[&str]]) {
    let c = folder(&format!("{test}-c"));
    let own = folder(&format!("{test}-ours"));
    let mut differences = String::new();
    let mut compare = |what: &str, c: String, ours: String| {
        let (c, ours) = (ordinals(&c), ordinals(&ours));
        if c != ours {
            writeln!(differences, "== {what}\n-- C\n{c}-- ours\n{ours}").expect("a text takes more");
        }
    };
    for args in commands {
        compare("made", shown(Kind::C, &c, args), shown(Kind::Ours, &own, args));
    }
    for args in readings {
        compare("C's file", shown(Kind::C, &c, args), shown(Kind::Ours, &c, args));
        compare(
            "our file",
            shown(Kind::C, &own, args),
            shown(Kind::Ours, &own, args),
        );
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn standalone_files() {
    let insert = r#"["D", {"op": "comment", "comment": "made by hand"}, {"op": "insert", "table": "T", "row": {"name": "a"}}]"#;
    check(
        "tool",
        &[
            &["create", "db", "schema"],
            &["create", "db", "schema"],
            &["create", "absent/db", "schema"],
            &["create", "other", "absent"],
            &["create", "other", "bad-schema"],
            &["create", "other", "not-json"],
            &["create", "other", "empty"],
            &["transact", "db", insert],
            &[
                "transact",
                "db",
                r#"["E", {"op": "select", "table": "T", "where": []}]"#,
            ],
            &["transact", "db", r#"["D", {"op": "abort"}]"#],
            &["transact", "db", "["],
            &[
                "transact",
                "db",
                r#"["D", {"op": "update", "table": "T", "where": [], "row": {"n": 5}}]"#,
            ],
            &[
                "transact",
                "db",
                r#"["D", {"op": "insert", "table": "T", "row": {"name": "b"}}]"#,
            ],
            &[
                "transact",
                "db",
                r#"["D", {"op": "delete", "table": "T", "where": [["name", "==", "b"]]}]"#,
            ],
            &["query", "absent", "[]"],
            &["query", "garbage", "[]"],
            &["query", "empty", "[]"],
            &["transact", "empty", "[]"],
            &["compact", "empty"],
            &["compact", "empty", "elsewhere"],
            &["convert", "empty", "next"],
            &["db-name", "empty"],
            &["db-version", "empty"],
            &["db-sid", "empty"],
            &["db-is-clustered", "empty"],
            &["db-is-standalone", "empty"],
            &["create", "empty", "schema"],
            &["compact", "db", "compacted"],
            // What is there is replaced if it is a database.
            &["compact", "db", "compacted"],
            &["compact", "db", "garbage"],
            &["compact", "db", "empty"],
            &["compact", "db", "folder"],
            &["compact", "db", "absent/db"],
            &["convert", "db", "next", "garbage"],
            &["convert", "db", "next", "empty"],
            &["needs-conversion", "empty", "next"],
            &["needs-conversion", "db", "schema"],
            &["needs-conversion", "db", "next"],
            &["convert", "db", "next", "converted"],
            &["convert", "db", "bad-schema"],
            &["needs-conversion", "converted", "next"],
            &["convert", "compacted", "next"],
            &["compact", "compacted"],
            &["db-version", "garbage"],
            &["db-name", "absent"],
            &["schema-name", "schema"],
            &["schema-version", "schema"],
            &["schema-cksum", "schema"],
            &["schema-cksum", "next"],
            &["schema-name", "not-json"],
            &["schema-version", "bad-schema"],
            &["schema-name", "absent"],
            &["compare-versions", "1.2.3", "<", "1.10.0"],
            &["compare-versions", "1.2.3", "==", "1.2.3"],
            &["compare-versions", "1.2.3", ">=", "2.0.0"],
            &["compare-versions", "1.2.3", "!=", "2.0.0"],
            &["compare-versions", "1.2", "<", "2.0.0"],
            &["compare-versions", "1.2.3", "~", "2.0.0"],
            &["db-is-clustered", "absent"],
            &["db-is-standalone", "garbage"],
            &["db-cid", "db"],
            &["db-sid", "db"],
            &["db-local-address", "db"],
            &["check-cluster", "db"],
            &["nonsense"],
            &["--nonsense"],
            &["db-cid"],
            &["db-name", "a", "b"],
            &["compare-versions", "1.2.3"],
            &[],
            &["--version"],
        ],
        &[
            &["db-name", "db"],
            &["db-version", "db"],
            &["db-cksum", "db"],
            &["db-version", "converted"],
            &["db-cksum", "converted"],
            &["db-is-clustered", "db"],
            &["db-is-standalone", "db"],
            &[
                "query",
                "db",
                r#"["D", {"op": "select", "table": "T", "where": [], "columns": ["name", "n"]}]"#,
            ],
            &[
                "query",
                "converted",
                r#"["D", {"op": "select", "table": "T", "where": [], "columns": ["name", "more"]}]"#,
            ],
            &[
                "query",
                "compacted",
                r#"["D", {"op": "select", "table": "U", "where": []}]"#,
            ],
            &["show-log", "db"],
            &["show-log", "-m", "db"],
            &["show-log", "-mm", "db"],
            &["show-log", "-m", "compacted"],
            &["show-log", "-m", "empty"],
            &["show-log", "absent"],
            &["show-log", "garbage"],
        ],
    );
}

#[test]
fn cluster_files() {
    const SID: &str = "--cid=12345678-9abc-4def-8123-456789abcdef";
    check(
        "tool-cluster",
        &[
            &["create", "db", "schema"],
            &[
                "transact",
                "db",
                r#"["D", {"op": "insert", "table": "T", "row": {"name": "a", "n": 5}}]"#,
            ],
            &["create-cluster", "one", "schema", "tcp:127.0.0.1:6641"],
            &["create-cluster", "one", "schema", "tcp:127.0.0.1:6641"],
            &["create-cluster", "filled", "db", "unix:filled.raft"],
            &[
                "--election-timer=5000",
                "create-cluster",
                "timer",
                "schema",
                "ssl:[::1]:6641",
            ],
            &[
                "--election-timer=5",
                "create-cluster",
                "wrong",
                "schema",
                "tcp:127.0.0.1:6641",
            ],
            &["create-cluster", "wrong", "schema", "127.0.0.1"],
            &["create-cluster", "wrong", "schema", "udp:127.0.0.1:6641"],
            &["create-cluster", "wrong", "absent", "tcp:127.0.0.1:6641"],
            &["create-cluster", "wrong", "garbage", "tcp:127.0.0.1:6641"],
            &[
                "join-cluster",
                "two",
                "D",
                "tcp:127.0.0.1:6642",
                "tcp:127.0.0.1:6641",
            ],
            &[
                "join-cluster",
                "two",
                "D",
                "tcp:127.0.0.1:6642",
                "tcp:127.0.0.1:6641",
            ],
            &[
                SID,
                "join-cluster",
                "three",
                "D",
                "tcp:127.0.0.1:6643",
                "tcp:127.0.0.1:6641",
                "tcp:127.0.0.1:6642",
            ],
            &[
                "--cid=nonsense",
                "join-cluster",
                "wrong",
                "D",
                "tcp:127.0.0.1:6642",
                "tcp:127.0.0.1:6641",
            ],
            &["join-cluster", "wrong", "D", "tcp:127.0.0.1:6642", "nonsense"],
            &[
                "join-cluster",
                "wrong",
                "D",
                "tcp:127.0.0.1:6642",
                "tcp:127.0.0.1:6642",
            ],
            &[
                "join-cluster",
                "wrong",
                "no name",
                "tcp:127.0.0.1:6642",
                "tcp:127.0.0.1:6641",
            ],
            &["cluster-to-standalone", "alone", "filled"],
            &["cluster-to-standalone", "alone2", "garbage"],
            &["cluster-to-standalone", "alone2", "empty"],
            &["cluster-to-standalone", "alone3", "db"],
            &[
                "query",
                "alone",
                r#"["D", {"op": "select", "table": "T", "where": [], "columns": ["name", "n"]}]"#,
            ],
            &[
                "query",
                "one",
                r#"["D", {"op": "select", "table": "T", "where": []}]"#,
            ],
            &["compact", "one"],
            &["compact", "one", "elsewhere"],
            &["compact", "db", "one"],
            &["convert", "one", "next"],
        ],
        &[
            &["db-name", "one"],
            &["db-version", "one"],
            &["db-cksum", "filled"],
            &["db-name", "two"],
            &["db-version", "two"],
            &["db-cid", "one"],
            &["db-sid", "one"],
            &["db-cid", "two"],
            &["db-cid", "three"],
            &["db-sid", "three"],
            &["db-local-address", "one"],
            &["db-local-address", "two"],
            &["db-is-clustered", "one"],
            &["db-is-standalone", "one"],
            &["check-cluster", "garbage"],
            &["show-log", "one"],
            &["show-log", "-m", "filled"],
            &["show-log", "-mm", "timer"],
            &["show-log", "two"],
            &["show-log", "-mm", "three"],
        ],
    );
}

/// Where the C program does not say which file is at fault, or what to do, ours does.
#[test]
fn errors_name_the_file() {
    let scratch = folder("tool-errors");
    for args in [
        &["create-cluster", "one", "schema", "tcp:127.0.0.1:6641"][..],
        &["create-cluster", "two", "schema", "tcp:127.0.0.1:6642"],
        &[
            "join-cluster",
            "joining",
            "D",
            "tcp:127.0.0.1:6643",
            "tcp:127.0.0.1:6641",
        ],
    ] {
        assert!(tool(Kind::Ours, &scratch, args).status.success());
    }
    let with = |file: &str, records: &[&str]| {
        let mut bytes = std::fs::read(scratch.host("one")).expect("just made");
        for record in records {
            bytes.extend_from_slice(&compose(Magic::Cluster, record.as_bytes()).0);
        }
        std::fs::write(scratch.host(file), bytes).expect("the folder is writable");
    };
    with("nonsense", &[r#"{"term":1}"#, r#"{"index":2}"#]);
    with("no-data", &[r#"{"term":1,"index":2,"eid":"x","data":[]}"#]);
    with(
        "no-row",
        &[&format!(
            r#"{{"term":1,"index":2,"eid":"{}","data":[null,{{"T":{{"x":null}}}}]}}"#,
            ovsdb_data::Uuid::nil()
        )],
    );
    std::fs::write(scratch.host("header"), compose(Magic::Cluster, b"{}").0).expect("the folder is writable");
    std::fs::write(scratch.host("bad-db"), compose(Magic::Json, b"{}").0).expect("the folder is writable");
    const JOINED: &str = "all logs are empty; name the file of a member that has joined its cluster and run";
    const RECORD: &str = "Parsing raft log record failed: Required 'term' member is missing.";
    const HEADER: &str = "Parsing raft header failed: Required 'server_id' member is missing.";
    const SCHEMA: &str = "Parsing database schema failed: Required 'name' member is missing.";
    for (line, c, ours) in [
        (
            "check-cluster one",
            "all logs are empty",
            &*format!("one: {JOINED}"),
        ),
        (
            "check-cluster joining two",
            "all logs are empty",
            &format!("joining, two: {JOINED}"),
        ),
        ("check-cluster nonsense", RECORD, "nonsense: record 2 at offset "),
        ("check-cluster header", HEADER, "header: record 0 at offset 0: "),
        ("db-sid header", HEADER, "header: record 0 at offset 0: "),
        ("db-name bad-db", SCHEMA, "bad-db: record 0 at offset 0: "),
        ("query bad-db []", SCHEMA, "bad-db: record 0 at offset 0: "),
        ("show-log bad-db", SCHEMA, "bad-db: record 0 at offset 0: "),
        (
            "cluster-to-standalone out header",
            HEADER,
            "header: record 0 at offset 0: ",
        ),
        (
            "cluster-to-standalone out no-row",
            "",
            "no-row: record 1 at offset ",
        ),
        (
            "cluster-to-standalone out no-data",
            "",
            "no-data: record 1 at offset ",
        ),
        (
            "cluster-to-standalone out joining",
            "",
            "joining: has not joined its cluster yet",
        ),
    ] {
        let args: &[&str] = &line.split(' ').collect::<Vec<_>>();
        // The C program makes the file before it knows.
        let _ = std::fs::remove_file(scratch.host("out"));
        let c_said = shown(Kind::C, &scratch, args);
        let _ = std::fs::remove_file(scratch.host("out"));
        let our_said = shown(Kind::Ours, &scratch, args);
        assert!(c_said.contains(c), "{c_said}");
        assert!(
            our_said.contains(c) && our_said.contains(&format!("ovsdb-tool: {ours}")),
            "{our_said}"
        );
        assert!(!scratch.host("out").exists());
    }
    // Damage: what is said to be done about it helps.
    with("torn", &[r#"{"term":2}"#, r#"{"term":3}"#]);
    let bytes = std::fs::read(scratch.host("torn")).expect("just made");
    let remedy = "(End of file); \"ovsdb-tool fix-cluster torn\" keeps what comes before";
    for args in [
        &["check-cluster", "torn"][..],
        &["cluster-to-standalone", "out", "torn"],
    ] {
        std::fs::write(scratch.host("torn"), &bytes[..bytes.len() - 1]).expect("the folder is writable");
        let said = shown(Kind::Ours, &scratch, args);
        assert!(said.contains(remedy), "{said}");
        let fixed = shown(Kind::Ours, &scratch, &["fix-cluster", "torn"]);
        assert!(fixed.contains("exit status: 0"), "{fixed}");
        let said = shown(Kind::Ours, &scratch, args);
        assert!(said.contains("exit status: 0"), "{said}");
    }
}

/// A file that a server holds is read and not written, whoever serves and whoever asks.
#[test]
fn served_files() {
    for kind in [Kind::C, Kind::Ours] {
        let scratch = folder("tool-served");
        let _server = Server::start(kind, &scratch, "db", SCHEMA, &[]);
        let path = scratch.host("db.db");
        let before = std::fs::read(&path).expect("it is served");
        let address = "tcp:127.0.0.1:6641";
        for args in [
            &["transact", "db.db", r#"["D"]"#][..],
            &["create", "db.db", "schema"],
            &["compact", "db.db"],
            &["compact", "db.db", "db.db"],
            &["convert", "db.db", "next"],
            &["create-cluster", "db.db", "schema", address],
            &["join-cluster", "db.db", "D", address, "tcp:127.0.0.1:6642"],
            &["query", "db.db", r#"["D"]"#],
            &["db-name", "db.db"],
            &["needs-conversion", "db.db", "next"],
        ] {
            let (c, ours) = (shown(Kind::C, &scratch, args), shown(Kind::Ours, &scratch, args));
            assert_eq!(ours, c, "{kind:?}'s server");
            let reads = ["query", "db-name", "needs-conversion"].contains(&args[0]);
            assert_eq!(c.contains("it is already locked by pid "), !reads, "{c}");
        }
        assert_eq!(std::fs::read(&path).expect("it is served"), before);
    }
}

/// What Kube-OVN added to the C program.
#[test]
fn members_that_keep_their_identity() {
    const SID: &str = "12345678-9abc-4def-8123-456789abcdef";
    let scratch = folder("tool-members");
    let text = |args: &[&str]| {
        let output = tool(Kind::Ours, &scratch, args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {errors}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    text(&["create-cluster", "one", "schema", "tcp:127.0.0.1:6641"]);
    let (cid, sid) = (text(&["db-cid", "one"]), text(&["db-sid", "one"]));
    let header = text(&["db-raft-header", "one"]);
    for part in [cid.trim(), sid.trim(), "tcp:127.0.0.1:6641", "\"D\""] {
        assert!(header.contains(part), "{part} is not in {header}");
    }
    std::fs::write(scratch.host("header"), &header).expect("the folder is writable");
    text(&[
        "rejoin-cluster",
        "again",
        "header",
        "tcp:127.0.0.1:6641",
        "tcp:127.0.0.1:6642",
    ]);
    assert_eq!(
        (text(&["db-cid", "again"]), text(&["db-sid", "again"])),
        (cid.clone(), sid.clone())
    );
    text(&["fix-cluster", "one"]);
    assert_eq!((text(&["db-cid", "one"]), text(&["db-sid", "one"])), (cid, sid));
    let option = format!("--sid={SID}");
    text(&[
        &option,
        "join-cluster",
        "two",
        "D",
        "tcp:127.0.0.1:6643",
        "tcp:127.0.0.1:6641",
    ]);
    assert_eq!(text(&["db-sid", "two"]).trim(), SID);
    // The C program reads them all.
    for file in ["one", "again", "two"] {
        assert_eq!(
            shown(Kind::C, &scratch, &["db-sid", file]),
            shown(Kind::Ours, &scratch, &["db-sid", file])
        );
        assert_eq!(
            shown(Kind::C, &scratch, &["db-name", file]),
            shown(Kind::Ours, &scratch, &["db-name", file])
        );
    }
}

/// A cluster that is made of another one's export goes on from its index, whatever was done to the file between.
#[test]
fn an_export_keeps_its_index() {
    let scratch = folder("tool-index");
    let run = |line: &str| {
        let args: Vec<&str> = line.split(' ').collect();
        let output = tool(Kind::Ours, &scratch, &args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {errors}");
    };
    let export = [
        SCHEMA,
        r#"{"T":{},"_comment":"backup of D at index 41","_date":1}"#,
    ];
    let bytes = export.map(|record| compose(Magic::Json, record.as_bytes()).0);
    std::fs::write(scratch.host("export"), bytes.concat()).expect("the folder is writable");
    for (line, file) in [
        ("compact export compacted", "compacted"),
        ("compact compacted", "compacted"),
        ("convert compacted next converted", "converted"),
        ("convert export next", "export"),
        ("compact export", "export"),
    ] {
        run(line);
        assert_eq!(first_index(&scratch.host(file)), 42, "{line}");
    }
    for (from, again) in [("converted", 43), ("export", 43)] {
        run(&format!(
            "create-cluster {from}-cluster {from} tcp:127.0.0.1:6641"
        ));
        run(&format!("cluster-to-standalone {from}-again {from}-cluster"));
        assert_eq!(first_index(&scratch.host(&format!("{from}-again"))), again);
    }
    // Other files say what was done to them, and no more.
    run("create db schema");
    run("compact db");
    assert_eq!(first_index(&scratch.host("db")), 1);
}
