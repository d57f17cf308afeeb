//! Files of clusters with entries that were replaced, or never committed: what the C server serves, what the C
//! `ovsdb-tool` makes a standalone database of, and what ours does.

use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server, tool};
use ovsdb_store::Magic;
use ovsdb_store::log::compose;
use std::process::Output;

const SCHEMA: &str = r#"{"name": "D", "version": "1.0.0", "tables": {
  "T": {"isRoot": true, "columns": {"name": {"type": "string"}}}}}"#;

const SELECT: &str = r#"["D", {"op": "select", "table": "T", "where": [], "columns": ["name"]}]"#;

const ID: &str = "12345678-9abc-4def-8123-456789abcde";

/// Ends a record that is not whole.
const TORN: &str = "~";

/// A record's text from a short one: `TERM INDEX +ROW`, `TERM INDEX -ROW` (a digit), `TERM INDEX !` for a transaction
/// that does not apply, or JSON.
fn record(short: &str) -> String {
    let words: Vec<&str> = short.split(' ').collect();
    let [term, index, change] = words[..] else {
        return short.to_owned();
    };
    let (sign, row) = change.split_at(1);
    let txn = match sign {
        "+" => format!(r#"{{"T": {{"{ID}{row}": {{"name": "{row}"}}}}}}"#),
        "-" => format!(r#"{{"T": {{"{ID}{row}": null}}}}"#),
        _ => format!(r#"{{"U": {{"{ID}0": null}}}}"#),
    };
    format!(r#"{{"term": {term}, "index": {index}, "eid": "{ID}f", "data": [null, {txn}]}}"#)
}

/// The names in T as the answer to [`SELECT`] has them, or the last line of what was said instead.
fn names(output: &Output) -> String {
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return said.lines().last().unwrap_or_default().to_owned();
    }
    let reply: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a reply is JSON");
    let rows = reply[0]["rows"].as_array().expect("a select has rows");
    let mut names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    names.sort_unstable();
    names.join("")
}

fn converted(kind: Kind, scratch: &Scratch) -> String {
    // The C program leaves what it cannot finish.
    let _ = std::fs::remove_file(scratch.host("out"));
    let made = tool(kind, scratch, &["cluster-to-standalone", "out", "db"]);
    match made.status.success() {
        true => names(&tool(kind, scratch, &["query", "out", SELECT])),
        false => names(&made),
    }
}

/// A file of these records after its header. What is expected of each program is the rows' names, or part of an error.
fn check(records: &[&str], c_server: &str, c_tool: &str, own: &str) {
    let scratch = Scratch::new("import");
    std::fs::write(scratch.host("schema"), SCHEMA).expect("the folder is writable");
    scratch.run("ovsdb-tool", &["create-cluster", "db", "schema", "unix:raft"]);
    let mut bytes = std::fs::read(scratch.host("db")).expect("just made");
    for short in records {
        let (record, _) = compose(Magic::Cluster, record(short.trim_end_matches(TORN)).as_bytes());
        let n = if short.ends_with(TORN) { 5 } else { 0 };
        bytes.extend_from_slice(&record[..record.len() - n]);
    }
    std::fs::write(scratch.host("db"), bytes).expect("the folder is writable");
    for (kind, expected) in [(Kind::C, c_tool), (Kind::Ours, own)] {
        let found = converted(kind, &scratch);
        match expected.contains(' ') {
            true => assert!(found.contains(expected), "{records:?}, {kind:?}'s tool: {found}"),
            false => assert_eq!(found, expected, "{records:?}, {kind:?}'s tool"),
        }
    }
    // The server writes to the file.
    if c_server.contains(' ') {
        let refused = scratch.output("ovsdb-server", &["--remote=punix:db.sock", "db"]);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(
            !refused.status.success() && said.contains(c_server),
            "{records:?}, C's server: {said}"
        );
    } else {
        let _server = Server::start_on(Kind::C, &scratch, "db", &["db"], &[]);
        let found = names(&scratch.output("ovsdb-client", &["transact", "unix:db.sock", SELECT]));
        assert_eq!(found, c_server, "{records:?}, C's server");
    }
}

#[test]
fn replaced_entries() {
    // One, the last.
    check(
        &["1 2 +a", "1 3 +b", r#"{"term":2}"#, "2 3 +c"],
        "ac",
        "abc",
        "ac",
    );
    // And all after it.
    check(
        &["1 2 +a", "1 3 +b", "1 4 +d", r#"{"term":2}"#, "2 2 +c"],
        "c",
        "abcd",
        "c",
    );
    // What the C tool makes of it may be no database.
    check(
        &["1 2 +a", "1 3 -a", r#"{"term":2}"#, "2 3 -a"],
        "",
        "transaction deletes row 12345678-9abc-4def-8123-456789abcdea that does not exist",
        "",
    );
}

#[test]
fn committed_entries() {
    const COMMIT: &str = r#"{"commit_index":3}"#;
    // A cluster of one commits what it finds.
    check(&["1 2 +a", r#"{"commit_index":2}"#, "1 3 +b"], "ab", "ab", "ab");
    check(&["1 2 +a", "1 3 +b", COMMIT, "2 3 +c"], "ac", "abc", "ac");
    check(
        &["1 2 +a", "1 3 +b", COMMIT, "2 2 +c"],
        "attempts to truncate log from 4 to 2 entries, but commit index is already 3",
        "abc",
        "entry 2 would take back what is committed up to 3",
    );
}

#[test]
fn contradictions() {
    let beyond = "advances commit index to 9 but last log index is 2";
    check(&["1 2 +a", r#"{"commit_index":9}"#], beyond, "a", "a");
    check(
        &["1 2 +a", "1 4 +b"],
        "skips past expected index 3",
        "ab",
        "entry 4 does not follow",
    );
    let back = "term 2 precedes previous entry's term 3";
    check(&["3 2 +a", "2 3 +b"], back, "ab", "ab");
    let left = "indicates server has left the cluster";
    check(&["1 2 +a", r#"{"note":"left"}"#], left, "a", "a");
    check(
        &["1 2 +a", "1 3 !", "1 4 +c"],
        "ac",
        "No table named U.",
        "No table named U.",
    );
}
