//! Members whose folder is damaged: every program that reads it gives what it gives for a whole one, or says which
//! folder it is and what to do; looking changes nothing, and the other members and databases are served on.

use std::collections::BTreeMap;
use std::path::Path;

use ferrovn_tests::member::*;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server};
use ovsdb_raft::store::disk::{Disk, Family};
use ovsdb_raft::store::rocks::Rocks;
use serde_json::json;

/// What is done about a member whose folder is damaged.
const REPLACE: &str = "kick it, remove its file, and let a new one join";

/// What is done where it is not even certain whose folder it is.
const PUT_BACK: &str = "put back the folder that belongs to the file, or kick the server out";

/// What only reads.
const READ: [&[&str]; 3] = [
    &["check-cluster", "db"],
    &["cluster-to-standalone", "out", "db"],
    &["-mm", "show-log", "db"],
];

/// What a member is said to be: by each command its status, what it prints, and the rows that it makes a file of.
type Seen = Vec<(i32, String, String)>;

fn look(scratch: &Scratch) -> Seen {
    let seen = READ.map(|args| {
        let _ = std::fs::remove_file(scratch.host("out"));
        let (status, said) = run(Kind::Ours, scratch, args);
        let made = scratch.host("out").exists();
        assert_eq!(made, status == 0 && args.contains(&"out"), "{args:?}: {said}");
        (
            status,
            said,
            if made {
                names_in(scratch, "out")
            } else {
                String::new()
            },
        )
    });
    seen.to_vec()
}

/// One file of a folder is damaged in one way: how many commands tell.
fn check(
    scratch: &Scratch,
    whole: &BTreeMap<String, Vec<u8>>,
    right: &Seen,
    name: &str,
    bytes: &[u8],
) -> usize {
    let folder = scratch.host(".db.raft");
    std::fs::write(folder.join(name), bytes).expect("it is ours");
    let what = format!("{name}, {} bytes of {}", bytes.len(), whole[name].len());
    let seen = look(scratch);
    let mut n_told = 0;
    for ((status, said, names), (_, _, all)) in seen.iter().zip(right) {
        match status {
            // It was not needed, or a log ends earlier, as after a crash.
            0 => assert!(all.starts_with(names.as_str()), "{what}: {names}"),
            _ => {
                n_told += 1;
                assert!(said.contains(".db.raft"), "{what}: {said}");
                assert!(
                    said.contains(REPLACE) || said.contains(PUT_BACK),
                    "{what}: {said}"
                );
            }
        }
    }
    let mut now = files(&folder);
    assert_eq!(now.remove(name).as_deref(), Some(bytes), "{what}");
    let others = whole.iter().filter(|(other, _)| *other != name);
    assert!(others.eq(now.iter()), "{what}: reading changes nothing");
    std::fs::write(folder.join(name), &whole[name]).expect("it is ours");
    n_told
}

/// A member with some data in tables, and some in RocksDB's own log.
fn filled(scratch: &Scratch) {
    let [server] = found(scratch, ["db"]);
    for n in 0..50 {
        insert(&server, scratch, &format!("{n:02}{}", "x".repeat(1000)));
    }
    control(scratch, "db", &["ovsdb-server/compact", "D"]).expect("it is ours");
    insert(&server, scratch, "last");
    server.stop();
}

#[test]
fn damaged_folders_are_told() {
    let scratch = folder("damaged");
    filled(&scratch);
    let folder = scratch.host(".db.raft");
    let whole = files(&folder);
    let file = std::fs::read(scratch.host("db")).expect("it is there");
    let right = look(&scratch);
    assert!(right.iter().all(|(status, ..)| *status == 0), "{right:?}");
    assert!(right[1].2.ends_with("last"), "{right:?}");
    // By what RocksDB calls a file: damages, and how many of them were told.
    let mut told: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, bytes) in whole.iter().filter(|(_, bytes)| !bytes.is_empty()) {
        let middle = bytes.len() / 2;
        let mut flipped = bytes.clone();
        flipped[middle] ^= 0x55;
        let kind = name.split(|c: char| c == '-' || c.is_ascii_digit()).next_back();
        let of_kind = told.entry(kind.unwrap_or_default().to_owned()).or_default();
        let damages: [&[u8]; 3] = [&flipped, &bytes[..middle], &[]];
        for damaged in damages {
            of_kind.0 += 1;
            of_kind.1 += usize::from(check(&scratch, &whole, &right, name, damaged) > 0);
        }
    }
    println!("{told:?}");
    assert_eq!(std::fs::read(scratch.host("db")).expect("it is there"), file);
    let again = serve(Kind::Ours, &scratch, "db");
    assert!(names(&again, &scratch).contains("last"));
    again.stop();
}

/// The server refuses what it cannot rely on, and leaves it as it is.
#[test]
fn damaged_folders_are_not_served() {
    let scratch = folder("refused");
    filled(&scratch);
    let folder = scratch.host(".db.raft");
    let whole = files(&folder);
    let manifest = whole.keys().find(|name| name.starts_with("MANIFEST"));
    let manifest = manifest.expect("RocksDB has one").as_str();
    for (name, bytes, remedy) in [
        ("CURRENT", &b"nonsense"[..], REPLACE),
        (manifest, b"", REPLACE),
        // As RocksDB takes it, a folder in which nothing was ever written.
        (manifest, &whole[manifest][..whole[manifest].len() / 2], REPLACE),
        ("member.json", b"{", PUT_BACK),
        (
            "member.json",
            br#"{"server": "00000000-0000-0000-0000-000000000001"}"#,
            PUT_BACK,
        ),
    ] {
        std::fs::write(folder.join(name), bytes).expect("it is ours");
        let seen = look(&scratch);
        let said = refused_server(&scratch, "db");
        assert!(said.contains("/.db.raft"), "{name}: {said}");
        assert!(said.contains(remedy), "{name}: {said}");
        assert_eq!(look(&scratch), seen, "{name}: nothing is changed");
        std::fs::write(folder.join(name), &whole[name]).expect("it is ours");
    }
    let again = serve(Kind::Ours, &scratch, "db");
    assert!(names(&again, &scratch).ends_with("last"));
    again.stop();
}

/// Puts bytes in the place of the log's entry before the last; its index.
fn damage_entry(folder: &Path, bytes: &[u8]) -> u64 {
    let disk = Rocks::open(folder).expect("nobody has it open");
    let keys: Vec<Box<[u8]>> = disk
        .range(Family::Log, &[])
        .map(|item| item.expect("it is whole").0)
        .collect();
    let key = &keys[keys.len() - 2];
    let mut batch = disk.batch();
    batch.put(Family::Log, key, bytes);
    batch.write().expect("it is written");
    u64::from_be_bytes(key[..].try_into().expect("an index"))
}

#[test]
fn an_entry_that_does_not_decode_costs_one_member_of_one_database() {
    let scratch = folder("entry");
    let [one, two, three] = found(&scratch, ["s1", "s2", "s3"]);
    for name in ["a", "b", "c", "d"] {
        insert(&one, &scratch, name);
    }
    wait("all have it", || {
        (names(&three, &scratch) == "abcd").then_some(())
    });
    three.stop();
    let index = damage_entry(&scratch.host(".s3.raft"), &[1, 0xff]);
    let says_which = |said: &str| {
        for part in [
            ".s3.raft: ",
            &format!("entry {index} of the log: damaged record"),
            REPLACE,
        ] {
            assert!(said.contains(part), "{part} in\n{said}");
        }
    };
    let seen = refused(Kind::Ours, &scratch, &["check-cluster", "s3"]);
    says_which(&seen);
    says_which(&refused_server(&scratch, "s3"));
    let file = std::fs::read(scratch.host("s3")).expect("it is there");
    says_which(&refused(Kind::Ours, &scratch, &["force-new-cluster", "s3"]));
    assert_eq!(std::fs::read(scratch.host("s3")).expect("it is there"), file);
    // A server that has other databases serves those, and takes no notice.
    let other = Server::start(
        Kind::Ours,
        &scratch,
        "other",
        &SCHEMA.replace("\"D\"", "\"E\""),
        &[],
    );
    let file = scratch.host("s3").display().to_string();
    says_which(&control(&scratch, "other", &["ovsdb-server/add-db", &file]).expect_err("it is damaged"));
    let row = json!({"op": "insert", "table": "T", "row": {"name": "e"}});
    let results = other.client(&scratch).transact(json!(["E", row]));
    assert!(results[0]["uuid"].is_array(), "{results}");
    let databases = other.client(&scratch).call("list_dbs", json!([]));
    assert_eq!(databases["result"], json!(["E", "_Server"]));
    let again = refused(Kind::Ours, &scratch, &["check-cluster", "s3"]);
    assert_eq!(again, seen, "nothing is changed");
    // The others go on.
    insert(&two, &scratch, "e");
    wait("both have it", || {
        (names(&one, &scratch) == "abcde").then_some(())
    });

    // What was said to be done helps.
    let sid = said(Kind::Ours, &scratch, &["db-sid", "s3"]);
    control(&scratch, "s1", &["cluster/kick", "D", &sid]).expect("two of three agree");
    wait("it to be gone", || {
        (!status(&scratch, "s1").contains(&sid[..4])).then_some(())
    });
    std::fs::remove_file(scratch.host("s3")).expect("it is there");
    let new = join(&scratch, "s3", &["s1", "s2"]);
    assert_eq!(names(&new, &scratch), "abcde");
}
