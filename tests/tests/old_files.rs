//! Files as the C programs of Open vSwitch 2.13 wrote them, beside the same files as 3.5 writes them: all of them come
//! to the same rows, in the packaged programs and in ours, read, imported and served.
//!
//! What changed in between: a change of a row was written with the whole of its changed columns, and is written as a
//! difference since 2.15 (`_is_diff`); a cluster's conversion brought all contents along, and since 3.2 members convert
//! what they have. No file from before 2.13 has an election timer; later ones have it in their header once the log was
//! compacted, or somebody joined.

use ferrovn_tests::member::*;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server};
use ovsdb_store::Magic;
use ovsdb_store::log::compose;
use serde_json::{Value, json};

const COLUMNS: &str = r#""name": {"type": "string"},
  "n": {"type": {"key": "integer", "min": 0, "max": "unlimited"}},
  "m": {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}}"#;

/// Rows as files name them.
const A: &str = "0a000000-0000-4000-8000-00000000000a";
const B: &str = "0b000000-0000-4000-8000-00000000000b";
const SERVER: &str = "5e000000-0000-4000-8000-0000000000e5";

const ROWS: &str = r#"["D", {"op": "select", "table": "T", "where": [], "columns": ["name", "n", "m"]}]"#;

/// The schema of a version; the second has a column more.
fn schema(version: usize) -> Value {
    let more = ["", r#", "more": {"type": "integer"}"#][version - 1];
    let text = format!(
        r#"{{"name": "D", "version": "{version}.0.0", "tables": {{
             "T": {{"isRoot": true, "columns": {{{COLUMNS}{more}}}}}}}}}"#
    );
    serde_json::from_str(&text).expect("JSON")
}

fn insert_both() -> Value {
    json!({
        A: {"name": "a", "n": ["set", [1, 2]], "m": ["map", [["k", "v"], ["gone", "x"]]]},
        B: {"name": "b", "n": 7},
    })
}

/// What A becomes: all of it, and the difference to what it was.
fn change(is_diff: bool) -> Value {
    match is_diff {
        false => json!({"n": ["set", [2, 3]], "m": ["map", [["k", "w"], ["l", "x"]]]}),
        true => json!({"n": ["set", [1, 3]], "m": ["map", [["gone", "x"], ["k", "w"], ["l", "x"]]]}),
    }
}

/// A transaction's record.
fn txn(rows: Value, is_diff: bool) -> Value {
    let mut record = json!({"T": rows, "_date": 1_584_000_000_000_i64, "_comment": "ovn-nbctl: of old"});
    if is_diff {
        record["_is_diff"] = true.into();
    }
    record
}

/// The transactions of all files.
fn txns(is_diff: bool) -> [Value; 3] {
    [
        txn(insert_both(), is_diff),
        txn(json!({A: change(is_diff)}), is_diff),
        txn(json!({B: null}), is_diff),
    ]
}

/// What they lead to.
fn rows() -> Value {
    json!([{"rows": [{"name": "a", "n": ["set", [2, 3]], "m": ["map", [["k", "w"], ["l", "x"]]]}]}])
}

fn write(scratch: &Scratch, name: &str, magic: Magic, records: &[Value]) {
    let record = |record: &Value| compose(magic, record.to_string().as_bytes()).0;
    let bytes: Vec<u8> = records.iter().flat_map(record).collect();
    std::fs::write(scratch.host(name), bytes).expect("the folder is writable");
}

/// A standalone database's file.
fn check_in_file(scratch: &Scratch, name: &str) {
    for kind in [Kind::C, Kind::Ours] {
        let reply = said(kind, scratch, &["query", name, ROWS]);
        let reply: Value = serde_json::from_str(&reply).expect("JSON");
        assert_eq!(reply, rows(), "{name}, {kind:?}");
    }
}

fn check_served(scratch: &Scratch, server: &Server) {
    let select: Value = serde_json::from_str(ROWS).expect("JSON");
    assert_eq!(server.client(scratch).transact(select), rows());
    insert(server, scratch, "new");
    assert_eq!(names(server, scratch), "anew");
}

#[test]
fn standalone_files() {
    for (name, is_diff) in [("2.13", false), ("3.5", true)] {
        let scratch = folder("old");
        let records: Vec<Value> = [schema(1)].into_iter().chain(txns(is_diff)).collect();
        write(&scratch, name, Magic::Json, &records);
        check_in_file(&scratch, name);
        // A cluster of it, and itself.
        let [cluster] = found_of(&scratch, name, ["cluster"]);
        check_served(&scratch, &cluster);
        let server = start(Kind::Ours, &scratch, name, &[]);
        check_served(&scratch, &server);
        server.stop();
        // What was added is read by the packaged program.
        assert_eq!(names_in(&scratch, name), "anew");
    }
}

/// Whether members convert what they have, or are told all contents; whether the header has an election timer.
struct Format {
    name: &'static str,
    is_diff: bool,
    conversion_has_rows: bool,
    has_timer: bool,
}

#[test]
fn files_of_clusters() {
    for format in [
        Format {
            name: "2.12",
            is_diff: false,
            conversion_has_rows: true,
            has_timer: false,
        },
        Format {
            name: "2.13",
            is_diff: false,
            conversion_has_rows: true,
            has_timer: true,
        },
        Format {
            name: "3.5",
            is_diff: true,
            conversion_has_rows: false,
            has_timer: true,
        },
    ] {
        check_cluster(&format);
    }
}

fn check_cluster(format: &Format) {
    let scratch = folder("old-cluster");
    let name = format.name;
    let at = address();
    let eid = |n: usize| format!("e1d00000-0000-4000-8000-{n:012}");
    let mut header = json!({
        "server_id": SERVER, "local_address": at, "name": "D", "cluster_id": eid(0),
        "prev_servers": {SERVER: at}, "prev_index": 1, "prev_term": 1, "prev_eid": eid(1),
        "prev_data": [schema(1), {}],
    });
    if format.has_timer {
        header["prev_election_timer"] = 2000.into();
    }
    let converted = match format.conversion_has_rows {
        true => {
            let mut all = insert_both();
            for (column, value) in change(false).as_object().expect("columns") {
                all[A][column] = value.clone();
            }
            json!([schema(2), txn(all, false)])
        }
        false => json!([schema(2), null]),
    };
    let [first, second, third] = txns(format.is_diff);
    let mut records = vec![
        header,
        json!({"term": 2}),
        json!({"term": 2, "vote": SERVER}),
        json!({"term": 2, "leader": SERVER}),
    ];
    // A leader's first entry is empty.
    let mut last = 2;
    records.push(json!({"term": 2, "index": last}));
    for data in [
        json!([null, first]),
        json!([null, second]),
        converted,
        json!([null, third]),
    ] {
        last += 1;
        records.push(json!({"term": 2, "index": last, "eid": eid(last), "data": data}));
        records.push(json!({"commit_index": last}));
    }
    if format.has_timer {
        last += 1;
        records.push(json!({"term": 2, "index": last, "election_timer": 4000}));
        records.push(json!({"commit_index": last}));
    }
    records.push(json!({"note": "transfer leadership"}));
    write(&scratch, name, Magic::Cluster, &records);
    assert_eq!(said(Kind::Ours, &scratch, &["check-cluster", name]), "");

    for (kind, out) in [(Kind::C, "by-c"), (Kind::Ours, "by-us")] {
        said(kind, &scratch, &["cluster-to-standalone", out, name]);
        check_in_file(&scratch, out);
    }
    let [new] = found_of(&scratch, name, ["new"]);
    check_served(&scratch, &new);
    // Itself, which goes on where it was.
    let own = serve(Kind::Ours, &scratch, name);
    assert!(index(&own, &scratch) > last as u64);
    check_served(&scratch, &own);
    let timer = if format.has_timer {
        "Election timer: 4000"
    } else {
        "Election timer: 1000"
    };
    let seen = status(&scratch, name);
    assert!(seen.contains(timer), "{name}: {seen}");
    assert!(seen.contains(SERVER), "{name}: {seen}");
}
