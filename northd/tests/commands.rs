//! `ovn-northd plan`, `diff` and `explain` on small database files: words out, exit statuses, and what is said of files
//! that are none.
//!
//! A database is the operations in `commands/NAME.json`. What is to be printed stands in `commands/NAME.txt`; with
//! `UPDATE=1` in the environment it is written there, to be read as a difference.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ovn_schemas::Db;
use ovsdb_data::{TxnId, Uuid};
use ovsdb_engine::{Context, Database, Outcome};
use ovsdb_store::Standalone;
use serde_json::Value;
use tempfile::TempDir;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/commands")
        .join(name)
}

/// A folder with the databases of these tests.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for name in ["base", "changed"] {
        let text = std::fs::read_to_string(data(&format!("{name}.json"))).expect("operations");
        let operations: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        write(
            &folder.path().join(format!("{name}.db")),
            Db::OvnNorthbound,
            &operations,
        );
    }
    write(&folder.path().join("sb.db"), Db::OvnSouthbound, &[]);
    folder
}

fn write(path: &Path, db: Db, operations: &[Value]) {
    let schema = Arc::new(ovn_schemas::schema(db));
    let database = Database::new(schema.clone(), TxnId::default());
    let mut n = 1 << 100;
    let mut fresh = || {
        n += 1;
        Uuid::from_u128(n)
    };
    let mut context = Context {
        fresh: &mut fresh,
        read_only: false,
        identity: None,
        holds_lock: &|_| false,
        elapsed: Duration::ZERO,
    };
    let Outcome::Done { changes, .. } = database.execute(operations, &mut context) else {
        panic!("{}: operations that are refused", path.display());
    };
    let mut file = Standalone::create(path, &schema).expect("a new file");
    file.append(&schema, &changes, None, 0)
        .expect("a file that can be written");
}

/// Exit status, standard output, standard error.
fn run(folder: &TempDir, words: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ovn-northd"))
        .args(shlex::split(words).expect("a shell's words"))
        .current_dir(folder.path())
        .output()
        .expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (
        output.status.code().expect("an end by itself"),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A text without the numbers of source lines, which change with every edit above them.
fn without_lines(text: &str) -> String {
    let line = |line: &str| match line.split_once(".rs:") {
        Some((before, _)) if line.starts_with("  source") => format!("{before}.rs\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn what_is_printed_is_what_is_written_down() {
    let folder = folder();
    for (words, name, status) in [
        ("diff base.db changed.db", "diff", 1),
        (
            "explain --nb=base.db --stage=ls_out_acl_eval 'tcp.dst == 5432'",
            "explain_acl",
            0,
        ),
        (
            "explain --nb=base.db --stage=lr_in_ip_routing 000000f1",
            "explain_route",
            0,
        ),
        (
            "explain --nb=base.db --datapath=sw0 --stage=ls_in_l2_lkup 0xa1",
            "explain_port",
            0,
        ),
    ] {
        let (got, out, error) = run(&folder, words);
        assert_eq!((got, error), (status, String::new()), "{words}");
        let out = without_lines(&out);
        let path = data(&format!("{name}.txt"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &out).expect("a file that can be written");
        }
        let expected = std::fs::read_to_string(&path).expect("a file of what is expected");
        assert_eq!(out, expected, "{words}");
    }
}

#[test]
fn a_plan_is_the_same_every_time_and_in_every_form() {
    let folder = folder();
    let (status, text, _) = run(&folder, "plan base.db");
    assert_eq!(status, 0);
    assert_eq!(run(&folder, "plan base.db").1, text);
    for line in [
        "switch sw0",
        "router r0",
        "  ls_out_acl_eval (Egress Table 6: to-lport ACL evaluation)",
        "Port_Binding db",
        "    datapath: <sw0>",
    ] {
        assert!(text.lines().any(|of| of == line), "{line}");
    }
    let (status, json, _) = run(&folder, "plan --format=json base.db");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let n_lines = text.lines().filter(|line| line.contains("  ->  ")).count();
    assert_eq!(
        (status, json["flows"].as_array().map(Vec::len)),
        (0, Some(n_lines))
    );
    let (status, _, error) = run(&folder, "plan --format=db --output=planned.db base.db");
    assert_eq!((status, error), (0, String::new()));
    // On a database that is as it is to be, it is as it is to be. (Northbound ports are said to be down only where
    // southbound ones are.)
    let southbound = |text: &str| {
        let (southbound, _) = text.split_once("\nnorthbound ").expect("both");
        southbound.to_owned()
    };
    let (status, again, _) = run(&folder, "plan --sb=planned.db base.db");
    assert_eq!((status, southbound(&again)), (0, southbound(&text)));
    let (status, none, _) = run(&folder, "diff --sb=planned.db base.db base.db");
    assert_eq!((status, none), (0, String::new()));
}

#[test]
fn flows_are_found_in_the_southbound_database_by_uuid_and_cookie() {
    let folder = folder();
    run(&folder, "plan --format=db --output=planned.db base.db");
    let (_, out, _) = run(&folder, "explain --nb=base.db --sb=planned.db 'tcp.dst == 5432'");
    let digits = out.split_whitespace().nth(1).expect("a flow's first digits");
    for wanted in [digits.to_owned(), format!("0x{}", digits.trim_start_matches('0'))] {
        let (status, one, _) = run(&folder, &format!("explain --nb=base.db --sb=planned.db {wanted}"));
        assert_eq!(status, 0, "{wanted}");
        assert!(
            one.starts_with(&format!("flow {digits} of switch sw0\n")),
            "{one}"
        );
    }
    // The same flow, when the northbound database has changed since.
    let (status, gone, _) = run(
        &folder,
        &format!("explain --nb=changed.db --sb=planned.db {digits}"),
    );
    assert!(status == 0 && gone.contains("made by   nothing here"), "{gone}");
}

#[test]
fn trouble_is_told_in_words() {
    let folder = folder();
    let path = folder.path();
    let whole = std::fs::read(path.join("base.db")).expect("a file");
    std::fs::write(path.join("empty.db"), b"").expect("a file");
    std::fs::write(path.join("text.db"), b"hello\n").expect("a file");
    std::fs::write(path.join("first.db"), &whole[..100]).expect("a file");
    for (words, status, said) in [
        ("plan nowhere.db", 2, "nowhere.db"),
        ("plan empty.db", 2, "empty.db"),
        ("plan text.db", 2, "text.db"),
        ("plan first.db", 2, "first.db"),
        (
            "plan sb.db",
            2,
            "sb.db: the file of a database OVN_Southbound, where one of OVN_Northbound is wanted",
        ),
        (
            "plan --sb=base.db base.db",
            2,
            "the file of a database OVN_Northbound",
        ),
        ("plan", 2, "NB-FILE is missing"),
        (
            "plan --format=xml base.db",
            2,
            "--format: text, json or db expected",
        ),
        ("plan --format=db base.db", 2, "--format=db needs --output"),
        ("plan --format=db --output=sb.db base.db", 2, "sb.db"),
        ("plan base.db changed.db", 2, "changed.db"),
        ("diff base.db", 2, "two NB-FILEs are wanted"),
        ("diff --colour base.db base.db", 2, "--colour"),
        ("explain --nb=base.db", 2, "WHAT is missing"),
        (
            "explain --nb=base.db --stage=ls_in_nowhere x",
            2,
            "ls_in_nowhere: no stage",
        ),
        ("explain --sb=sb.db x", 2, "--sb needs --nb"),
        ("explain --nb=base.db ffffffff", 1, "no flow is or has ffffffff"),
    ] {
        let (got, out, error) = run(&folder, words);
        assert_eq!((got, out.as_str()), (status, ""), "{words}: {error}");
        assert!(
            error.starts_with("ovn-northd: ") && error.contains(said),
            "{words}: {error}"
        );
    }
    // A damaged end is told, and the rest is used.
    std::fs::write(path.join("tail.db"), [&whole[..], b"OVSDB JSON 99 "].concat()).expect("a file");
    let (status, out, error) = run(&folder, "plan tail.db");
    assert!(
        status == 0 && out.contains("switch sw0") && error.contains("tail.db"),
        "{error}"
    );
    for command in ["plan", "diff", "explain"] {
        let (status, out, _) = run(&folder, &format!("{command} --help"));
        assert!(status == 0 && out.contains("Exit status"), "{command}");
    }
}
