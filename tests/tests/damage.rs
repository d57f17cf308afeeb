//! `ovsdb-tool` on damaged files, cut and with bits flipped: every command that reads gives what it gives for a whole
//! prefix of the file, or an error that names the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::ours;
use ovsdb_store::log::compose;
use ovsdb_store::{Log, Magic, Mode};

const SCHEMA: &str = r#"{"name": "D", "version": "1.2.3", "cksum": "12 345", "tables": {
  "T": {"isRoot": true, "columns": {"name": {"type": "string"},
    "n": {"type": {"key": "integer", "min": 0, "max": "unlimited"}}}}}}"#;

const SELECT: &str = r#"["D", {"op": "select", "table": "T", "where": [], "columns": ["name", "n"]}]"#;

/// Commands that only read the file, which is called `damaged`.
const READ: &[&[&str]] = &[
    &["show-log", "damaged"],
    &["show-log", "-mm", "damaged"],
    &["query", "damaged", SELECT],
    &["needs-conversion", "damaged", "schema"],
    &["db-name", "damaged"],
    &["db-version", "damaged"],
    &["db-cksum", "damaged"],
    &["db-cid", "damaged"],
    &["db-sid", "damaged"],
    &["db-local-address", "damaged"],
    &["db-raft-header", "damaged"],
    &["db-is-clustered", "damaged"],
    &["db-is-standalone", "damaged"],
    &["check-cluster", "damaged"],
];

/// Commands that make the file `out` of it.
const MAKE: &[&[&str]] = &[
    &["compact", "damaged", "out"],
    &["convert", "damaged", "schema", "out"],
    &["cluster-to-standalone", "out", "damaged"],
];

/// Runs the tool with little processor time and memory: what goes round in circles, or believes what a damaged file
/// says of its size, is killed.
fn run(scratch: &Scratch, args: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"ulimit -t 20; ulimit -v 4000000; exec "$0" "$@""#])
        .arg(ours("ovsdb-tool"))
        .args(args)
        .current_dir(scratch.host(""));
    for variable in ["OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR"] {
        command.env(variable, scratch.host(""));
    }
    command.output().expect("it runs")
}

/// What a command comes to: its status, and what it prints or the contents of the file that it makes.
fn outcome(scratch: &Scratch, args: &[&str]) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let out = scratch.host("out");
    let made = run(scratch, args);
    let mut printed = text(&made.stdout);
    if MAKE.contains(&args) {
        assert_eq!(
            out.exists(),
            made.status.success(),
            "{args:?}: nothing half made is left"
        );
    }
    if out.exists() {
        printed = text(&run(scratch, &["query", "out", SELECT]).stdout);
        std::fs::remove_file(&out).expect("it exists");
    }
    (made.status.code(), printed, text(&made.stderr))
}

/// Where the records of a file end.
fn ends(path: &Path, bytes: &[u8]) -> Vec<usize> {
    std::fs::write(path, bytes).expect("the folder is writable");
    let mut log = Log::open(path, &[Magic::Json, Magic::Cluster], Mode::ReadOnly).expect("it is whole");
    let mut ends = Vec::new();
    while log.read().expect("it is whole").is_some() {
        ends.push(usize::try_from(log.offset()).expect("it is short"));
    }
    assert_eq!(ends.last(), Some(&bytes.len()), "it is whole");
    ends
}

fn check(scratch: &Scratch, whole: &[u8]) {
    let damaged = scratch.host("damaged");
    let put = |bytes: &[u8]| std::fs::write(&damaged, bytes).expect("the folder is writable");
    let commands = || READ.iter().chain(MAKE).copied();
    // By command: what it comes to for each whole prefix.
    let mut right: BTreeMap<&[&str], BTreeSet<(Option<i32>, String)>> = BTreeMap::new();
    // Of whole files, too: they are of the wrong kind for some commands.
    let mut refused = BTreeSet::new();
    for end in ends(&damaged, whole) {
        put(&whole[..end]);
        for args in commands() {
            let (status, printed, said) = outcome(scratch, args);
            right.entry(args).or_default().insert((status, printed));
            refused.insert(said);
        }
    }
    let works = |status| {
        right
            .values()
            .filter(|all| all.iter().any(|(s, _)| *s == status))
            .count()
    };
    assert!(works(Some(0)) >= 8, "the whole file is read: {right:?}");

    // About this many places, spread over the file.
    let step = whole.len() / 150;
    let cut = (0..whole.len())
        .step_by(step)
        .map(|n| (format!("cut at {n}"), whole[..n].to_vec()));
    let flipped = (0..whole.len()).step_by(step).map(|n| {
        let bit = n / step % 8;
        let mut bytes = whole.to_vec();
        bytes[n] ^= 1 << bit;
        (format!("bit {bit} of byte {n} flipped"), bytes)
    });
    for (damage, bytes) in cut.chain(flipped) {
        put(&bytes);
        for args in commands() {
            let (status, printed, said) = outcome(scratch, args);
            let right = &right[args];
            let what =
                format!("{args:?}, {damage}: {status:?}\n{printed}\n{said}\nwhole prefixes give {right:?}");
            assert!(!said.contains("panicked"), "{what}");
            if status == Some(1) {
                assert!(
                    said.contains("damaged") || refused.contains(&said),
                    "the error names no file: {what}"
                );
                // What was told before the damage was right.
                let begins = right.iter().any(|(_, whole)| whole.starts_with(&printed));
                assert!(begins || printed.is_empty(), "{what}");
            } else {
                assert!(right.contains(&(status, printed)), "{what}");
            }
        }
        assert_eq!(
            std::fs::read(&damaged).expect("it exists"),
            bytes,
            "{damage}: reading changes nothing"
        );
    }
}

fn folder(test: &str) -> Scratch {
    let scratch = Scratch::new(test);
    std::fs::write(scratch.host("schema"), SCHEMA).expect("the folder is writable");
    scratch
}

#[test]
fn standalone_files() {
    let scratch = folder("damage");
    assert!(run(&scratch, &["create", "whole", "schema"]).status.success());
    for operation in [
        r#"{"op": "insert", "table": "T", "row": {"name": "a", "n": ["set", [1, 2]]}}"#,
        r#"{"op": "insert", "table": "T", "row": {"name": "é \" \\"}}"#,
        r#"{"op": "update", "table": "T", "where": [], "row": {"n": 3}}"#,
        r#"{"op": "delete", "table": "T", "where": [["name", "==", "a"]]}"#,
    ] {
        let made = run(
            &scratch,
            &["transact", "whole", &format!(r#"["D", {operation}]"#)],
        );
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    check(
        &scratch,
        &std::fs::read(scratch.host("whole")).expect("just made"),
    );
}

#[test]
fn cluster_files() {
    let scratch = folder("damage-cluster");
    let args = ["create-cluster", "whole", "schema", "tcp:127.0.0.1:6641"];
    assert!(run(&scratch, &args).status.success());
    let mut bytes = std::fs::read(scratch.host("whole")).expect("just made");
    let printed = run(&scratch, &["db-sid", "whole"]).stdout;
    let sid = String::from_utf8_lossy(&printed).trim().to_owned();
    let id = "12345678-9abc-4def-8123-456789abcdef";
    for record in [
        r#"{"term": 2}"#.to_owned(),
        format!(r#"{{"term": 2, "vote": "{sid}"}}"#),
        format!(r#"{{"term": 2, "leader": "{sid}"}}"#),
        format!(
            r#"{{"term": 2, "index": 2, "servers": {{"{sid}": "tcp:127.0.0.1:6641", "{id}": "ssl:[::1]:6642"}}}}"#
        ),
        format!(
            r#"{{"term": 2, "index": 3, "eid": "{id}", "data": [null, {{"T": {{"{id}": {{"name": "a"}}}}}}]}}"#
        ),
        r#"{"commit_index": 3}"#.to_owned(),
        format!(r#"{{"term": 2, "index": 4, "eid": "{id}", "data": [null, {{"T": {{"{id}": null}}}}]}}"#),
        r#"{"term": 2, "index": 5, "election_timer": 5000}"#.to_owned(),
        r#"{"note": "transfer leadership", "comment": "made by hand"}"#.to_owned(),
    ] {
        bytes.extend_from_slice(&compose(Magic::Cluster, record.as_bytes()).0);
    }
    check(&scratch, &bytes);
}
