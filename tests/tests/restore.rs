//! Backups put back: whole or not at all, with what to do where not; while transactions go on, all of which come before
//! it or after it; and nowhere where there is nothing to put them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ferrovn_tests::client::{self, Client, Received};
use ferrovn_tests::member::*;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server};
use serde_json::json;

/// Makes a backup of what a server serves.
fn save(scratch: &Scratch, server: &str, file: &str) {
    let path = scratch.host(file).display().to_string();
    control(scratch, server, &["ovsdb-server/backup", "D", &path]).expect("it is saved");
}

#[test]
fn backups_are_restored_whole_or_not_at_all() {
    let scratch = folder("backup");
    let [server] = found(&scratch, ["db"]);
    insert(&server, &scratch, "a");
    insert(&server, &scratch, "b");
    save(&scratch, "db", "saved");
    let last = index(&server, &scratch);

    // It is a database to all programs.
    for kind in [Kind::C, Kind::Ours] {
        let results = said(kind, &scratch, &["query", "saved", SELECT]);
        assert_eq!(names_of(&serde_json::from_str(&results).expect("JSON")), "ab");
    }
    std::fs::copy(scratch.host("saved"), scratch.host("copy")).expect("it is readable");
    let c = start(Kind::C, &scratch, "copy", &[]);
    assert_eq!(names(&c, &scratch), "ab");
    c.stop();
    // A cluster made of it goes on from the backup's index.
    let [next] = found_of(&scratch, "saved", ["next"]);
    check_ahead(&next, &scratch, "ab", last);
    next.stop();

    insert(&server, &scratch, "c");
    let before = index(&server, &scratch);
    let refused = |name: &str, bytes: Option<&[u8]>, expected: &str| {
        if let Some(bytes) = bytes {
            std::fs::write(scratch.host(name), bytes).expect("the folder is writable");
        }
        let refusal = restore(&scratch, "db", name, &[]).expect_err(name);
        assert!(refusal.contains(expected), "{name}: {refusal}");
        let says_what_to_do = ["use another", "use one of D", "convert a copy of it"];
        assert!(
            says_what_to_do.iter().any(|what| refusal.contains(what)),
            "{name}: {refusal}"
        );
        assert!(
            refusal.contains(&*scratch.host(name).to_string_lossy()),
            "{refusal}"
        );
        assert_eq!(names(&server, &scratch), "abc", "{name}");
        assert_eq!(index(&server, &scratch), before, "{name}");
    };
    let bytes = std::fs::read(scratch.host("saved")).expect("it is readable");
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
    refused(
        "flipped-schema",
        Some(&flipped(contents / 2)),
        "damaged, and not used",
    );
    refused("nothing", Some(b""), "damaged, and not used");
    refused("a-picture", Some(b"\x89PNG\r\n"), "damaged, and not used");
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
    let mut restored = |file: &str, more: &[&str]| {
        restore(&scratch, "db", file, more).expect("it is restored");
        check_ahead(&server, &scratch, "ab", last);
        last = index(&server, &scratch);
    };
    restored("saved", &[]);
    // With force the schema comes along; then what was refused is what fits.
    restored("other-schema", &["force"]);
    restored("other-schema", &[]);
    let refusal = restore(&scratch, "db", "saved", &[]).expect_err("of another schema");
    assert!(refusal.contains("ovsdb-tool convert"), "{refusal}");
    said(
        Kind::Ours,
        &scratch,
        &["convert", "saved", "other-schema.ovsschema"],
    );
    restored("saved", &[]);
    server.stop();
}

/// A transaction, and what its client knows of it.
struct Written {
    name: String,
    began: Instant,
    /// When it was acknowledged; none where the connection broke before.
    ended: Option<Instant>,
}

/// Writes one row after the other until it is told to stop, on a new connection whenever one breaks.
fn write(server: &Server, scratch: &Scratch, writer: usize, stop: &AtomicBool, all: &Mutex<Vec<Written>>) {
    let mut client = server.client(scratch);
    for i in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let name = format!("{writer}-{i}");
        let row = json!({"op": "insert", "table": "T", "row": {"name": name}});
        let began = Instant::now();
        let reply = client.try_call("transact", json!(["D", row]));
        let is_done = |reply: &serde_json::Value| reply["result"][0]["uuid"].is_array();
        let ended = reply
            .as_ref()
            .filter(|reply| is_done(reply))
            .map(|_| Instant::now());
        if reply.is_none() {
            client = server.client(scratch);
        }
        let written = Written { name, began, ended };
        all.lock().expect("no writer panicked").push(written);
    }
}

/// A client that can live with databases that change, and is shown the index.
fn aware(server: &Server, scratch: &Scratch) -> Client {
    let mut client = server.client(scratch);
    client.call("set_db_change_aware", json!([true]));
    let request = json!({"Database": [{"columns": ["name", "index"]}]});
    client.call("monitor", json!(["_Server", "index", request]));
    let request = json!({"T": [{"columns": ["name"]}]});
    let none = "00000000-0000-0000-0000-000000000000";
    client.call("monitor_cond_since", json!(["D", "rows", request, none]));
    client
}

/// Reads what comes until it is told to stop: the index never goes back. Whether a conversion was seen.
fn watch(mut client: Client, stop: &AtomicBool) -> bool {
    let (mut last, mut is_told) = (0, false);
    while !stop.load(Ordering::Relaxed) {
        let message = match client.poll(Duration::from_millis(50)) {
            Received::Message(message) => message,
            Received::Silence => continue,
            Received::Closed => panic!("who is aware of changes is not cut off"),
        };
        is_told |= message["method"] == "monitor_canceled" && message["params"] == json!(["rows"]);
        for row in message["params"][1]["Database"].as_object().into_iter().flatten() {
            let row = &row.1["new"];
            if let (Some("D"), Some(index)) = (row["name"].as_str(), row["index"].as_u64()) {
                assert!(index >= last, "{index} after {last}");
                last = index;
            }
        }
    }
    assert!(last > 0, "no index was shown");
    is_told
}

#[test]
fn transactions_come_before_a_restore_or_after_it() {
    let scratch = folder("load");
    let servers = found(&scratch, ["s1", "s2", "s3"]);
    insert(&servers[0], &scratch, "saved");
    save(&scratch, "s1", "saved");
    let (stop, all) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let n_done = || {
        let all = all.lock().expect("no writer panicked");
        all.iter()
            .filter(|written: &&Written| written.ended.is_some())
            .count()
    };
    let (began, ended) = std::thread::scope(|scope| {
        let watching: Vec<_> = servers
            .iter()
            .map(|server| {
                let (client, stop) = (aware(server, &scratch), &stop);
                scope.spawn(move || watch(client, stop))
            })
            .collect();
        for writer in 0..6 {
            let (server, stop, all, scratch) = (&servers[writer % 3], &stop, &all, &scratch);
            scope.spawn(move || write(server, scratch, writer, stop, all));
        }
        wait("transactions before it", || (n_done() > 300).then_some(()));
        let began = Instant::now();
        restore(&scratch, "s2", "saved", &[]).expect("it is restored");
        let ended = Instant::now();
        let so_far = n_done();
        wait("transactions after it", || {
            (n_done() > so_far + 300).then_some(())
        });
        stop.store(true, Ordering::Relaxed);
        for watching in watching {
            let is_told = watching.join().expect("it sees nothing wrong");
            assert!(is_told, "clients are told of a conversion");
        }
        (began, ended)
    });
    let all = all.into_inner().expect("no writer panicked");
    let there = wait("the members to be equal", || {
        let [first, others @ ..] = &servers[..] else {
            return None;
        };
        let there = client::names(&mut first.client(&scratch));
        let equal = |server: &Server| client::names(&mut server.client(&scratch)) == there;
        others.iter().all(equal).then_some(there)
    });
    assert!(there.binary_search(&"saved".to_owned()).is_ok());
    let is_there = |written: &Written| there.binary_search(&written.name).is_ok();
    // What was acknowledged first of all that is there was executed after the restore.
    let first = all
        .iter()
        .filter(|written| is_there(written))
        .filter_map(|written| written.ended);
    let first = first.min().expect("some came after it");
    let mut n_gone = 0;
    for written in all.iter().filter(|written| written.ended.is_some()) {
        let Written {
            name,
            began: asked,
            ended: told,
        } = written;
        match is_there(written) {
            true => assert!(
                *told > Some(began),
                "{name} was acknowledged before, and is there"
            ),
            false => {
                n_gone += 1;
                assert!(*asked < ended, "{name} was asked for after it, and is lost");
                assert!(*asked < first, "{name} is lost, and what came before it is there");
            }
        }
    }
    assert!(n_gone > 300, "{n_gone} came before it");
    let unknown = there
        .iter()
        .filter(|name| *name != "saved" && all.iter().all(|written| written.name != **name));
    assert_eq!(unknown.count(), 0, "nothing came back that nobody wrote");
}

#[test]
fn what_is_not_there_yet_or_is_a_copy_is_neither_saved_nor_restored() {
    let scratch = folder("no-restore");
    let [source] = found(&scratch, ["s1"]);
    insert(&source, &scratch, "a");
    save(&scratch, "s1", "saved");
    insert(&source, &scratch, "b");
    let last = index(&source, &scratch);
    let remote = format!("unix:{}", scratch.host("s1.sock").display());
    // A server that joins where nobody is, and a relay whose source is not there.
    let (own, absent) = (address(), address());
    said(
        Kind::Ours,
        &scratch,
        &["join-cluster", "joining", "D", &own, &absent],
    );
    let _joining = start(Kind::Ours, &scratch, "joining", &[]);
    let nowhere = format!("relay:D:unix:{}", scratch.host("nowhere").display());
    let _early = Server::start_on(Kind::Ours, &scratch, "early", &[&nowhere], &[]);
    let out = scratch.host("out").display().to_string();
    for name in ["joining", "early"] {
        let told =
            "D: not available yet: this server has not joined the cluster, or has not heard from its source";
        let refusal = control(&scratch, name, &["ovsdb-server/backup", "D", &out]).expect_err(name);
        assert!(refusal.contains(told), "{name}: {refusal}");
        assert!(!scratch.host("out").exists(), "{name}");
        let refusal = restore(&scratch, name, "saved", &[]).expect_err(name);
        assert!(refusal.contains(told), "{name}: {refusal}");
    }

    let relay = Server::start_on(
        Kind::Ours,
        &scratch,
        "relay",
        &[&format!("relay:D:{remote}")],
        &[],
    );
    said(Kind::Ours, &scratch, &["create", "backup", "schema"]);
    let from = format!("--sync-from={remote}");
    let backup = start(Kind::Ours, &scratch, "backup", &[&from]);
    for (server, name) in [(&relay, "relay"), (&backup, "backup")] {
        let rows = || {
            let select = serde_json::from_str(SELECT).expect("JSON");
            let reply = server.client(&scratch).try_call("transact", select)?;
            reply["result"][0]["rows"]
                .is_array()
                .then(|| names_of(&reply["result"]))
        };
        wait("a copy", || rows().filter(|names| names == "ab"));
        let refusal = restore(&scratch, name, "saved", &[]).expect_err(name);
        let told = "D: a copy of another server's database: ask that server";
        assert!(refusal.contains(told), "{name}: {refusal}");
        assert_eq!(rows().as_deref(), Some("ab"), "{name}");
    }
    assert_eq!(
        (names(&source, &scratch), index(&source, &scratch)),
        ("ab".to_owned(), last)
    );
}
