//! Files of members, beside the folders of their servers: what `ovsdb-tool` makes of them while they are served and
//! after, what comes from files of the C programs, and what the C programs make of ours.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server, tool};
use serde_json::{Value, json};

const SCHEMA: &str = r#"{"name": "D", "version": "1.2.3", "tables": {
  "T": {"isRoot": true, "columns": {"name": {"type": "string"}, "n": {"type": "integer"}}}}}"#;

const SELECT: &str = r#"["D", {"op": "select", "table": "T", "where": [], "columns": ["name"]}]"#;

/// A folder with a schema in it.
fn folder(test: &str) -> Scratch {
    let scratch = Scratch::new(test);
    std::fs::write(scratch.host("schema"), SCHEMA).expect("the folder is writable");
    scratch
}

/// An address that nobody else listens on at this moment.
fn address() -> String {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    format!("tcp:{}", free.local_addr().expect("it is bound"))
}

/// What a command says, standard error included; it must end by itself with 0, 1 or 2.
fn run(kind: Kind, scratch: &Scratch, args: &[&str]) -> (i32, String) {
    let output = tool(kind, scratch, args);
    let status = output.status.code().unwrap_or(-1);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!((0..=2).contains(&status), "{args:?}: {}\n{said}", output.status);
    (status, said)
}

/// What a command says that must succeed.
fn said(kind: Kind, scratch: &Scratch, args: &[&str]) -> String {
    let (status, said) = run(kind, scratch, args);
    assert_eq!(status, 0, "{args:?}: {said}");
    said.trim_end().to_owned()
}

/// What a command says that must fail.
fn refused(kind: Kind, scratch: &Scratch, args: &[&str]) -> String {
    let (status, said) = run(kind, scratch, args);
    assert_eq!(status, 1, "{args:?}: {said}");
    said
}

/// Serves a member, once it leads or follows somebody.
fn serve(kind: Kind, scratch: &Scratch, name: &str, file: &str) -> Server {
    let server = Server::start_on(kind, scratch, name, &[&kind.path(scratch, file)], &[]);
    wait("a schema", || {
        let row = database_row(&server, scratch)?;
        (row["connected"] == true && row["schema"].is_string()).then_some(())
    });
    server
}

fn wait<T>(what: &str, mut get: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(got) = get() {
            return got;
        }
        assert!(Instant::now() < until, "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A server that joins serves while it only learns; its file says when it is a member.
fn wait_for_membership(scratch: &Scratch, file: &str) {
    wait("membership", || {
        let (_, said) = run(Kind::Ours, scratch, &["check-cluster", file]);
        said.is_empty().then_some(())
    });
}

/// What `_Server` says of the database; none while the server closes connections because its databases change.
fn database_row(server: &Server, scratch: &Scratch) -> Option<Value> {
    let select = json!({"op": "select", "table": "Database", "where": [["name", "==", "D"]]});
    let reply = server
        .client(scratch)
        .try_call("transact", json!(["_Server", select]))?;
    reply["result"][0]["rows"][0]
        .as_object()
        .map(|row| Value::Object(row.clone()))
}

fn index(server: &Server, scratch: &Scratch) -> u64 {
    let row = database_row(server, scratch).expect("it is served");
    row["index"].as_u64().expect("a member has an index")
}

fn insert(server: &Server, scratch: &Scratch, name: &str) {
    let row = json!({"op": "insert", "table": "T", "row": {"name": name}});
    let results = server.client(scratch).transact(json!(["D", row]));
    assert!(results[0]["uuid"].is_array(), "{results}");
}

fn names_of(results: &Value) -> String {
    let rows = results[0]["rows"].as_array().expect("a select has rows");
    let mut names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    names.sort_unstable();
    names.join("")
}

fn names(server: &Server, scratch: &Scratch) -> String {
    let select: Value = serde_json::from_str(SELECT).expect("JSON");
    names_of(&server.client(scratch).transact(select))
}

/// The names in what a member's file comes to as a standalone database.
fn exported(scratch: &Scratch, file: &str) -> String {
    let _ = std::fs::remove_file(scratch.host("out"));
    said(Kind::Ours, scratch, &["cluster-to-standalone", "out", file]);
    let results = said(Kind::C, scratch, &["query", "out", SELECT]);
    names_of(&serde_json::from_str(&results).expect("a reply is JSON"))
}

fn control(scratch: &Scratch, server: &str, args: &[&str]) {
    let socket = scratch.inner(&format!("{server}.ctl")).display().to_string();
    scratch.run("ovs-appctl", &[&["-t", &socket], args].concat());
}

/// Every file in a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let files = entries.map(|entry| {
        let entry = entry.expect("an entry");
        let bytes = std::fs::read(entry.path()).expect("it is readable");
        (entry.file_name().to_string_lossy().into_owned(), bytes)
    });
    files.collect()
}

#[test]
fn members_are_read_while_they_are_served_and_after() {
    let scratch = folder("member");
    said(
        Kind::Ours,
        &scratch,
        &["create-cluster", "db", "schema", &address()],
    );
    let server = serve(Kind::Ours, &scratch, "s", "db");
    insert(&server, &scratch, "a");
    insert(&server, &scratch, "b");
    wait("the file is settled", || {
        (std::fs::metadata(scratch.host("db")).expect("it is there").len() < 1000).then_some(())
    });
    let check = |expected: &str| {
        assert_eq!(exported(&scratch, "db"), expected);
        assert_eq!(said(Kind::Ours, &scratch, &["check-cluster", "db"]), "");
        let shown = said(Kind::Ours, &scratch, &["-mm", "show-log", "db"]);
        for name in expected.chars() {
            assert!(shown.contains(&format!("name={name}")), "{name} in\n{shown}");
        }
    };
    check("ab");
    control(&scratch, "s", &["ovsdb-server/compact", "D"]);
    insert(&server, &scratch, "c");
    check("abc");
    let last = index(&server, &scratch);
    let refusal = refused(Kind::Ours, &scratch, &["force-new-cluster", "db"]);
    assert!(refusal.contains("failed to lock lockfile"), "{refusal}");
    server.stop();
    let before = files(&scratch.host(".db.raft"));
    check("abc");
    assert_eq!(files(&scratch.host(".db.raft")), before, "reading writes nothing");

    // What the file is, by either program.
    for command in ["db-name", "db-sid", "db-cid", "db-local-address"] {
        let args = [command, "db"];
        assert_eq!(said(Kind::C, &scratch, &args), said(Kind::Ours, &scratch, &args));
    }
    assert_eq!(run(Kind::C, &scratch, &["db-is-clustered", "db"]).0, 0);
    assert_eq!(run(Kind::C, &scratch, &["db-is-standalone", "db"]).0, 2);
    for args in [
        &["query", "db", SELECT][..],
        &["transact", "db", SELECT],
        &["db-version", "db"],
        &["compact", "db"],
    ] {
        assert_eq!(
            refused(Kind::C, &scratch, args),
            refused(Kind::Ours, &scratch, args)
        );
    }

    // Another cluster of it goes on where it was.
    said(
        Kind::Ours,
        &scratch,
        &["create-cluster", "next", "db", &address()],
    );
    assert_eq!(exported(&scratch, "next"), "abc");
    let next = serve(Kind::Ours, &scratch, "n", "next");
    assert_eq!(names(&next, &scratch), "abc");
    assert!(index(&next, &scratch) > last);
    next.stop();
    assert_ne!(
        said(Kind::Ours, &scratch, &["db-cid", "next"]),
        said(Kind::Ours, &scratch, &["db-cid", "db"])
    );
    // The same contents, but not the same cluster.
    let refusal = refused(Kind::Ours, &scratch, &["check-cluster", "db", "next"]);
    assert!(refusal.contains("has cluster ID"), "{refusal}");

    let again = serve(Kind::Ours, &scratch, "s", "db");
    assert_eq!(names(&again, &scratch), "abc");
    assert!(index(&again, &scratch) >= last);
    again.stop();
}

#[test]
fn clusters_come_from_the_c_program_and_go_to_it() {
    let scratch = folder("from-c");
    let at = address();
    said(Kind::C, &scratch, &["create-cluster", "db", "schema", &at]);
    let identity = |kind| {
        ["db-name", "db-sid", "db-cid", "db-local-address"]
            .map(|command| said(kind, &scratch, &[command, "db"]))
    };
    let before = identity(Kind::C);
    let c = serve(Kind::C, &scratch, "c", "db");
    for name in ["a", "b", "c"] {
        insert(&c, &scratch, name);
    }
    let last = index(&c, &scratch);
    c.stop();
    std::fs::copy(scratch.host("db"), scratch.host("kept")).expect("it is readable");

    // A new cluster of the old one's file, by the tool.
    said(
        Kind::Ours,
        &scratch,
        &["create-cluster", "new", "kept", &address()],
    );
    let new = serve(Kind::Ours, &scratch, "n", "new");
    assert_eq!(names(&new, &scratch), "abc");
    assert!(
        index(&new, &scratch) > last,
        "{} after {last}",
        index(&new, &scratch)
    );
    let refusal = refused(Kind::Ours, &scratch, &["check-cluster", "new", "kept"]);
    assert!(refusal.contains("has cluster ID"), "{refusal}");
    new.stop();

    // The same file, served by us.
    let own = serve(Kind::Ours, &scratch, "s", "db");
    assert_eq!(names(&own, &scratch), "abc");
    assert!(
        index(&own, &scratch) > last,
        "{} after {last}",
        index(&own, &scratch)
    );
    insert(&own, &scratch, "d");
    wait("the file is settled", || {
        (std::fs::metadata(scratch.host("db")).expect("it is there").len() < 1000).then_some(())
    });
    assert_eq!(identity(Kind::C), before);
    assert_eq!(identity(Kind::Ours), before);
    let refusal = refused(Kind::Ours, &scratch, &["check-cluster", "db", "kept"]);
    assert!(refusal.contains("Duplicate server ID"), "{refusal}");
    assert_eq!(exported(&scratch, "db"), "abcd");
    let last = index(&own, &scratch);
    own.stop();

    // Back: a standalone database of the C program, and a cluster of it.
    assert_eq!(exported(&scratch, "db"), "abcd");
    let standalone = Server::start_on(
        Kind::C,
        &scratch,
        "o",
        &[&scratch.inner("out").display().to_string()],
        &[],
    );
    assert_eq!(names(&standalone, &scratch), "abcd");
    standalone.stop();
    said(
        Kind::Ours,
        &scratch,
        &["create-cluster", "rebuilt", "out", &address()],
    );
    let rebuilt = serve(Kind::Ours, &scratch, "r", "rebuilt");
    assert_eq!(names(&rebuilt, &scratch), "abcd");
    assert!(
        index(&rebuilt, &scratch) > last,
        "{} after {last}",
        index(&rebuilt, &scratch)
    );
    rebuilt.stop();
    said(Kind::C, &scratch, &["create-cluster", "back", "out", &address()]);
    let back = serve(Kind::C, &scratch, "b", "back");
    assert_eq!(names(&back, &scratch), "abcd");
    back.stop();
}

/// Has a server restore a file; the answer, which an error is.
fn restore(scratch: &Scratch, server: &str, args: &[&str]) -> Result<(), String> {
    let socket = scratch.inner(&format!("{server}.ctl")).display().to_string();
    let file = scratch.host(args[0]).display().to_string();
    let command = ["-t", &socket, "ovsdb-server/restore", "D", &file];
    let output = scratch.output("ovs-appctl", &[&command, &args[1..]].concat());
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

#[test]
fn backups_are_restored_whole_or_not_at_all() {
    let scratch = folder("backup");
    said(
        Kind::Ours,
        &scratch,
        &["create-cluster", "db", "schema", &address()],
    );
    let server = serve(Kind::Ours, &scratch, "s", "db");
    insert(&server, &scratch, "a");
    insert(&server, &scratch, "b");
    let saved = scratch.host("saved").display().to_string();
    control(&scratch, "s", &["ovsdb-server/backup", "D", &saved]);
    let last = index(&server, &scratch);

    // It is a database to all programs.
    for kind in [Kind::C, Kind::Ours] {
        let results = said(kind, &scratch, &["query", "saved", SELECT]);
        assert_eq!(names_of(&serde_json::from_str(&results).expect("JSON")), "ab");
    }
    std::fs::copy(&saved, scratch.host("copy")).expect("it is readable");
    let c = Server::start_on(Kind::C, &scratch, "c", &[&Kind::C.path(&scratch, "copy")], &[]);
    assert_eq!(names(&c, &scratch), "ab");
    c.stop();
    said(
        Kind::Ours,
        &scratch,
        &["create-cluster", "next", "saved", &address()],
    );
    let next = serve(Kind::Ours, &scratch, "n", "next");
    assert_eq!(names(&next, &scratch), "ab");
    assert!(
        index(&next, &scratch) > last,
        "it goes on from the backup's index"
    );
    next.stop();

    insert(&server, &scratch, "c");
    let before = index(&server, &scratch);
    let refused = |name: &str, bytes: Option<&[u8]>, expected: &str| {
        if let Some(bytes) = bytes {
            std::fs::write(scratch.host(name), bytes).expect("the folder is writable");
        }
        let refusal = restore(&scratch, "s", &[name]).expect_err(name);
        assert!(refusal.contains(expected), "{name}: {refusal}");
        assert!(
            refusal.contains(&*scratch.host(name).to_string_lossy()),
            "{refusal}"
        );
        assert_eq!(names(&server, &scratch), "abc", "{name}");
        assert_eq!(index(&server, &scratch), before, "{name}");
    };
    let bytes = std::fs::read(&saved).expect("it is readable");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let contents = text.rfind("OVSDB JSON").expect("two records");
    refused(
        "cut-between",
        Some(&bytes[..contents]),
        "no contents behind the schema",
    );
    for cut in [contents + 5, (contents + bytes.len()) / 2, bytes.len() - 1] {
        refused("cut", Some(&bytes[..cut]), "damaged, and not used");
    }
    let flipped = |at: usize| {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        flipped
    };
    let middle = flipped((contents + bytes.len()) / 2);
    refused("flipped", Some(&middle), "damaged, and not used");
    refused("flipped-schema", Some(&flipped(contents / 2)), "");
    for (name, from, to) in [
        ("other-name", "\"D\"", "\"E\""),
        ("other-schema", "1.2.3", "1.2.4"),
    ] {
        let schema = format!("{name}.ovsschema");
        std::fs::write(scratch.host(&schema), SCHEMA.replace(from, to)).expect("the folder is writable");
    }
    said(
        Kind::Ours,
        &scratch,
        &["create", "other-name", "other-name.ovsschema"],
    );
    refused("other-name", None, "a backup of database E, not of D");
    said(
        Kind::Ours,
        &scratch,
        &["convert", "saved", "other-schema.ovsschema", "other-schema"],
    );
    refused("other-schema", None, "schema version \"1.2.4\"");

    let mut last = before;
    let mut restored = |args: &[&str]| {
        restore(&scratch, "s", args).expect("it is restored");
        assert_eq!(names(&server, &scratch), "ab", "{args:?}");
        let now = index(&server, &scratch);
        assert!(now > last, "{args:?}: {now} after {last}");
        last = now;
    };
    restored(&["saved"]);
    // With force the schema comes along; then what was refused is what fits.
    restored(&["other-schema", "force"]);
    restored(&["other-schema"]);
    let refusal = restore(&scratch, "s", &["saved"]).expect_err("of another schema");
    assert!(refusal.contains("ovsdb-tool convert"), "{refusal}");
    said(
        Kind::Ours,
        &scratch,
        &["convert", "saved", "other-schema.ovsschema"],
    );
    restored(&["saved"]);
    server.stop();
}

#[test]
fn one_member_goes_on_alone() {
    let scratch = folder("alone");
    let first = address();
    said(Kind::Ours, &scratch, &["create-cluster", "s1", "schema", &first]);
    let one = serve(Kind::Ours, &scratch, "s1", "s1");
    said(
        Kind::Ours,
        &scratch,
        &["join-cluster", "s2", "D", &address(), &first],
    );
    let two = serve(Kind::Ours, &scratch, "s2", "s2");
    wait_for_membership(&scratch, "s2");
    insert(&two, &scratch, "a");
    assert_eq!(said(Kind::Ours, &scratch, &["check-cluster", "s1", "s2"]), "");
    let cid = said(Kind::Ours, &scratch, &["db-cid", "s1"]);
    assert_eq!(said(Kind::Ours, &scratch, &["db-cid", "s2"]), cid);
    wait("both have it", || (names(&one, &scratch) == "a").then_some(()));
    let last = index(&two, &scratch);
    one.stop();
    two.stop();
    assert_eq!(said(Kind::Ours, &scratch, &["check-cluster", "s1", "s2"]), "");

    let told = said(Kind::Ours, &scratch, &["force-new-cluster", "s2"]);
    for part in [
        "is the only member of \"D\" now",
        &format!("(was {cid})"),
        &format!(" at {first}"),
    ] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
    assert_ne!(said(Kind::Ours, &scratch, &["db-cid", "s2"]), cid);
    let alone = serve(Kind::Ours, &scratch, "s2", "s2");
    assert_eq!(names(&alone, &scratch), "a");
    insert(&alone, &scratch, "b");
    assert!(index(&alone, &scratch) > last);
    // Whoever comes back is no member; whoever joins is.
    let back = Server::start_on(
        Kind::Ours,
        &scratch,
        "s1",
        &[&scratch.host("s1").display().to_string()],
        &[],
    );
    let port = said(Kind::Ours, &scratch, &["db-local-address", "s2"]);
    said(
        Kind::Ours,
        &scratch,
        &["join-cluster", "s3", "D", &address(), &port],
    );
    let three = serve(Kind::Ours, &scratch, "s3", "s3");
    wait_for_membership(&scratch, "s3");
    insert(&three, &scratch, "c");
    wait("both have it", || {
        (names(&alone, &scratch) == "abc").then_some(())
    });
    back.stop();
    three.stop();
    alone.stop();
    assert_eq!(said(Kind::Ours, &scratch, &["check-cluster", "s2", "s3"]), "");
    assert_eq!(exported(&scratch, "s1"), "a");
    let refusal = refused(Kind::Ours, &scratch, &["check-cluster", "s1", "s2"]);
    assert!(refusal.contains("has cluster ID"), "{refusal}");
}

#[test]
fn leftover_folders_are_put_aside() {
    let scratch = folder("leftover");
    let first = address();
    said(Kind::Ours, &scratch, &["create-cluster", "s1", "schema", &first]);
    let one = serve(Kind::Ours, &scratch, "s1", "s1");
    insert(&one, &scratch, "a");
    let second = address();
    said(Kind::Ours, &scratch, &["create-cluster", "s2", "schema", &second]);
    let two = serve(Kind::Ours, &scratch, "s2", "s2");
    insert(&two, &scratch, "b");
    two.stop();
    let left = files(&scratch.host(".s2.raft"));
    // As scripts do: the file alone is removed.
    std::fs::remove_file(scratch.host("s2")).expect("it is there");
    let (_, said_of_none) = run(Kind::Ours, &scratch, &["db-sid", "s2"]);
    assert!(said_of_none.contains("No such file"), "{said_of_none}");
    said(
        Kind::Ours,
        &scratch,
        &["join-cluster", "s2", "D", &second, &first],
    );
    assert_eq!(files(&scratch.host(".s2.raft.orphan-1")), left);
    assert!(!scratch.host(".s2.raft").exists());
    let joined = serve(Kind::Ours, &scratch, "s2", "s2");
    assert_eq!(names(&joined, &scratch), "a");
    wait_for_membership(&scratch, "s2");
    joined.stop();
    one.stop();
    // A file whose folder was lost is not served, and is told so.
    std::fs::rename(scratch.host(".s2.raft"), scratch.host("elsewhere")).expect("it is there");
    for args in [
        &["check-cluster", "s2"][..],
        &["cluster-to-standalone", "out", "s2"],
        &["show-log", "s2"],
    ] {
        let refusal = refused(Kind::Ours, &scratch, args);
        assert!(refusal.contains("inconsistent data"), "{args:?}: {refusal}");
    }
}

#[test]
fn damaged_folders_are_told() {
    let scratch = folder("damaged");
    said(
        Kind::Ours,
        &scratch,
        &["create-cluster", "db", "schema", &address()],
    );
    let server = serve(Kind::Ours, &scratch, "s", "db");
    for n in 0..50 {
        insert(&server, &scratch, &format!("row {n} {}", "x".repeat(1000)));
    }
    control(&scratch, "s", &["ovsdb-server/compact", "D"]);
    insert(&server, &scratch, "last");
    server.stop();
    let folder = scratch.host(".db.raft");
    let whole = files(&folder);
    let file = std::fs::read(scratch.host("db")).expect("it is there");
    let mut n_told = 0;
    for (name, bytes) in whole
        .iter()
        .filter(|(name, bytes)| !name.starts_with("LOG") && !name.starts_with("OPTIONS") && !bytes.is_empty())
    {
        let middle = bytes.len() / 2;
        let mut flipped = bytes.clone();
        flipped[middle] ^= 0x55;
        for damaged in [flipped, bytes[..middle].to_vec(), Vec::new()] {
            std::fs::write(folder.join(name), &damaged).expect("it is ours");
            for args in [
                &["check-cluster", "db"][..],
                &["cluster-to-standalone", "out", "db"],
                &["-mm", "show-log", "db"],
            ] {
                let _ = std::fs::remove_file(scratch.host("out"));
                n_told += run(Kind::Ours, &scratch, args).0;
            }
            let mut now = files(&folder);
            assert_eq!(now.remove(name), Some(damaged), "{name}");
            assert!(
                now.iter().all(|(other, bytes)| whole.get(other) == Some(bytes)),
                "{name}"
            );
            std::fs::write(folder.join(name), bytes).expect("it is ours");
        }
    }
    assert!(n_told > 10, "{n_told} were told");
    assert_eq!(std::fs::read(scratch.host("db")).expect("it is there"), file);
    let again = serve(Kind::Ours, &scratch, "s", "db");
    assert!(names(&again, &scratch).contains("last"));
    again.stop();
}
