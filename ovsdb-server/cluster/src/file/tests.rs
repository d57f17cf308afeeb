//! The rules of the table as cases, and every crash between two steps.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ovsdb_store::clustered::{Data, Entry, Snapshot, Txn};

use super::*;

const SCHEMA: &str =
    r#"{"name":"Sample","version":"1.0.0","tables":{"T":{"columns":{"n":{"type":"integer"}}}}}"#;
const CONTENTS: &str = r#"{"T":{"00000000-0000-0000-0000-0000000000aa":{"n":7}}}"#;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n << 64 | n)
}

fn address(n: u128) -> Address {
    Address::parse(&format!("tcp:127.0.0.1:{n}")).expect("an address")
}

fn header(standing: Standing) -> Header {
    Header {
        name: "Sample".to_owned(),
        server_id: id(1),
        cluster_id: Some(id(9)),
        local_address: address(1),
        standing,
    }
}

fn member(members: &[u128], txn: Option<&str>) -> Header {
    let servers = members.iter().map(|n| (id(*n), address(*n))).collect();
    let schema = json::parse(SCHEMA.as_bytes()).expect("JSON");
    let schema = ovsdb_data::DatabaseSchema::from_json(&schema).expect("a schema");
    let snapshot = txn.map(|txn| Snapshot {
        index: 5,
        term: 2,
        eid: id(50),
        data: Data {
            schema: Some(schema.into()),
            txn: Txn::parse(txn.as_bytes()),
        },
        election_timer: Some(3000),
    });
    header(Standing::Member { servers, snapshot })
}

fn joining(remotes: &[u128]) -> Header {
    header(Standing::Joining {
        remote_addresses: remotes.iter().map(|n| address(*n)).collect(),
    })
}

fn entry(index: u64, servers: Option<&[u128]>, txn: Option<&str>) -> Vec<u8> {
    let servers = servers.map(|ids| {
        ids.iter()
            .map(|n| (id(*n), address(*n)))
            .collect::<BTreeMap<_, _>>()
    });
    Entry {
        term: 2,
        index,
        eid: txn.map(|_| id(100 + u128::from(index))),
        data: txn.map(|txn| Data {
            schema: None,
            txn: Txn::parse(txn.as_bytes()),
        }),
        servers,
        election_timer: None,
    }
    .to_record()
}

/// A file of records.
fn file(header: &Header, records: &[Vec<u8>]) -> Vec<u8> {
    let all = std::iter::once(header.to_text()).chain(records.iter().cloned());
    all.flat_map(|text| compose(Magic::Cluster, &text).0).collect()
}

/// A folder with something in it, which must never be lost.
fn make_folder(path: &Path, server: u128, source: Option<String>) {
    fs::create_dir_all(path).expect("a folder");
    let identity = Identity {
        server: id(server),
        source,
        election_timer_ms: 4000,
    };
    steps::run(&[identity.step(path)]).expect("it is written");
    fs::write(path.join("log"), format!("log of {server}")).expect("it is written");
    fs::write(path.join("CURRENT"), "").expect("it is written");
}

fn source_of(path: &Path) -> String {
    read(path).expect("a member's file").source
}

/// What is in the folder of the file, but for locks.
fn listing(dir: &Path) -> String {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let entry = entry.expect("an entry");
        let mut name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".~lock~") {
            continue;
        }
        if let Ok(log) = fs::read_to_string(entry.path().join("log")) {
            name.push_str(&format!(" ({log})"));
        }
        names.push(name);
    }
    names.sort();
    names.join(", ")
}

fn told(opened: &Result<Opened, FileError>, dir: &Path) -> String {
    match opened {
        Err(error) => error.to_string().replace(&format!("{}/", dir.display()), ""),
        Ok(opened) => {
            let kind = match &opened.kind {
                Kind::Existing => "existing".to_owned(),
                Kind::Founding {
                    record,
                    index,
                    schema,
                } => {
                    assert_eq!(
                        *schema,
                        json::to_string(&json::parse(SCHEMA.as_bytes()).expect("JSON"))
                    );
                    let record = json::parse(record).expect("a record");
                    format!("founding at {index} with {}", json::to_string(&record["T"]))
                }
                Kind::Joining { remotes } => format!("joining {}", remotes.join(" ")),
            };
            let identity = Identity::read(&opened.folder).expect("the folder says whose it is");
            assert_eq!(identity.server, id(1));
            assert_eq!(identity.source.is_none(), opened.kind == Kind::Existing);
            assert_eq!(identity.election_timer_ms, opened.election_timer_ms);
            assert_eq!((&*opened.name, &*opened.address), ("Sample", "tcp:127.0.0.1:1"));
            format!("{kind}, {} ms", opened.election_timer_ms)
        }
    }
}

/// Which folder a case begins with.
#[derive(Debug)]
enum Before {
    None,
    Own,
    Unsettled,
    Stale,
    Foreign,
    Nameless,
    Emptied,
}

fn prepare(dir: &Path, bytes: &[u8], before: &Before) -> PathBuf {
    let path = dir.join("db");
    fs::write(&path, bytes).expect("it is written");
    let folder = dir.join(".db.raft");
    match before {
        Before::None => {}
        Before::Own => make_folder(&folder, 1, None),
        Before::Unsettled => make_folder(&folder, 1, Some(source_of(&path))),
        Before::Stale => make_folder(&folder, 1, Some("another".to_owned())),
        Before::Foreign => make_folder(&folder, 2, None),
        Before::Nameless => {
            make_folder(&folder, 0, None);
            fs::remove_file(folder.join("member.json")).expect("it is there");
        }
        Before::Emptied => {
            make_folder(&folder, 1, None);
            fs::remove_file(folder.join("CURRENT")).expect("it is there");
        }
    }
    path
}

/// What opening says, and what lies beside the file then. Opening again says the same.
fn check(bytes: &[u8], before: &Before, expected: &str, left: &str) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = prepare(dir.path(), bytes, before);
    let opened = open(&path);
    assert_eq!(told(&opened, dir.path()), expected);
    assert_eq!(listing(dir.path()), left, "after: {expected}");
    let refused = opened.is_err();
    if refused {
        assert_eq!(fs::read(&path).expect("it is there"), bytes);
    } else {
        // One server at a time.
        let again = told(&open(&path), dir.path());
        assert!(again.contains("failed to lock lockfile"), "{again}");
    }
    drop(opened);
    assert_eq!(told(&open(&path), dir.path()), expected, "opened again");
    assert_eq!(listing(dir.path()), left, "opened again");
}

#[test]
fn files_and_folders() {
    let body = file(
        &member(&[1], Some(CONTENTS)),
        &[entry(
            6,
            None,
            Some(r#"{"T":{"00000000-0000-0000-0000-0000000000aa":{"n":8}}}"#),
        )],
    );
    let founding = r#"founding at 6 with {"00000000-0000-0000-0000-0000000000aa":{"n":8}}, 3000 ms"#;
    let kept = founding.replace("3000", "4000");
    let orphan = |server| format!(".db.raft, .db.raft.orphan-1 (log of {server}), db");
    check(&body, &Before::None, founding, ".db.raft, db");
    check(&body, &Before::Unsettled, &kept, ".db.raft (log of 1), db");
    let outdated = "ovsdb error: db: an old copy: .db.raft holds what its server has written since; put back the file \
                    that belongs to the folder, or kick the server out of its cluster, remove the file and use \
                    \"ovsdb-tool join-cluster\" to add a new server, or make another cluster of what the folder \
                    holds with \"ovsdb-tool create-cluster NEW db ADDRESS\"";
    check(&body, &Before::Own, outdated, ".db.raft (log of 1), db");
    check(&body, &Before::Stale, founding, &orphan(1));
    check(&body, &Before::Foreign, founding, &orphan(2));
    check(&body, &Before::Nameless, founding, &orphan(0));

    let stub = file(&member(&[1], None), &[]);
    let inconsistent = |found| {
        format!(
            "ovsdb error: db: inconsistent data: .db.raft {found}; put back the folder that belongs to the file, or \
             kick the server out of its cluster, remove the file and use \"ovsdb-tool join-cluster\" to add a new \
             server"
        )
    };
    check(
        &stub,
        &Before::Own,
        "existing, 4000 ms",
        ".db.raft (log of 1), db",
    );
    check(
        &stub,
        &Before::Unsettled,
        "existing, 4000 ms",
        ".db.raft (log of 1), db",
    );
    check(
        &stub,
        &Before::Stale,
        "existing, 4000 ms",
        ".db.raft (log of 1), db",
    );
    check(&stub, &Before::None, &inconsistent("is missing"), "db");
    check(
        &stub,
        &Before::Emptied,
        &inconsistent("holds no log"),
        ".db.raft (log of 1), db",
    );
    let other = format!("belongs to server {}", id(2));
    check(
        &stub,
        &Before::Foreign,
        &inconsistent(&other),
        ".db.raft (log of 2), db",
    );
    check(
        &stub,
        &Before::Nameless,
        &inconsistent("does not say whose it is"),
        ".db.raft (log of 0), db",
    );

    let join = file(&joining(&[1, 2, 3]), &[]);
    let joins = "joining tcp:127.0.0.1:2 tcp:127.0.0.1:3, 1000 ms";
    check(&join, &Before::None, joins, ".db.raft, db");
    check(
        &join,
        &Before::Unsettled,
        &joins.replace("1000", "4000"),
        ".db.raft (log of 1), db",
    );
    check(&join, &Before::Own, outdated, ".db.raft (log of 1), db");
    check(&join, &Before::Stale, joins, &orphan(1));
    check(&join, &Before::Foreign, joins, &orphan(2));

    let others = |n| {
        format!(
            "ovsdb error: db: belongs to a cluster of {n} servers of another program; stop all of them, use \
             \"ovsdb-tool cluster-to-standalone\" and \"ovsdb-tool create-cluster\" on the file of one of them, and \
             let the others join anew"
        )
    };
    check(
        &file(&member(&[1, 2], Some(CONTENTS)), &[]),
        &Before::None,
        &others(2),
        "db",
    );
    check(
        &file(&member(&[1], Some(CONTENTS)), &[entry(6, Some(&[1, 2, 3]), None)]),
        &Before::Own,
        &others(3),
        ".db.raft (log of 1), db",
    );
    check(
        &file(&member(&[2], Some(CONTENTS)), &[]),
        &Before::None,
        &others(1),
        "db",
    );
    // Whoever was kicked by all others is alone.
    check(
        &file(&member(&[1, 2], Some(CONTENTS)), &[entry(6, Some(&[1]), None)]),
        &Before::None,
        r#"founding at 6 with {"00000000-0000-0000-0000-0000000000aa":{"n":7}}, 3000 ms"#,
        ".db.raft, db",
    );

    let left = file(&member(&[1], Some(CONTENTS)), &[ClusterRecord::note("left")]);
    // As the C server says it.
    let has_left = "ovsdb error: error reading record 1 from Sample log: record 1 indicates server has left the \
                    cluster; it cannot be added back (use \"ovsdb-tool join-cluster\" to add a new server)";
    check(&left, &Before::None, has_left, "db");
    check(&left, &Before::Own, has_left, ".db.raft (log of 1), db");
    check(
        &compose(Magic::Json, SCHEMA.as_bytes()).0,
        &Before::Own,
        "ovsdb error: db: not a clustered database",
        ".db.raft (log of 1), db",
    );
}

/// Whoever reads a member without a server reads its folder where that has more than the file.
#[test]
fn what_is_newer_is_read() {
    let body = file(&member(&[1], Some(CONTENTS)), &[]);
    let stub = file(&member(&[1], None), &[]);
    for (bytes, before, expected) in [
        (&body, Before::None, false),
        (&body, Before::Unsettled, false),
        (&body, Before::Stale, false),
        (&body, Before::Foreign, false),
        (&body, Before::Emptied, false),
        (&body, Before::Own, true),
        (&stub, Before::Own, true),
        (&stub, Before::Unsettled, true),
    ] {
        let dir = tempfile::tempdir().expect("a directory");
        let path = prepare(dir.path(), bytes, &before);
        let beside = beside(&path).expect("a member's file");
        let folder = beside.map(|(_, folder)| folder);
        assert_eq!(
            folder,
            expected.then(|| dir.path().join(".db.raft")),
            "{before:?}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let missing = told(&open(&dir.path().join("none")), dir.path());
    assert_eq!(
        missing,
        "I/O error: none: open failed (No such file or directory)"
    );
    assert_eq!(listing(dir.path()), "");
    let whole = file(&member(&[1], Some(CONTENTS)), &[entry(6, None, Some("{}"))]);
    for cut in [0, 5, 40, whole.len() - 1] {
        let path = prepare(dir.path(), &whole[..cut], &Before::None);
        assert!(open(&path).is_err(), "cut at {cut}");
        assert_eq!(fs::read(&path).expect("it is there"), &whole[..cut]);
        assert_eq!(listing(dir.path()), "db");
    }
}

#[test]
fn links_are_followed() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = prepare(
        dir.path(),
        &file(&member(&[1], Some(CONTENTS)), &[]),
        &Before::None,
    );
    let link = dir.path().join("link");
    std::os::unix::fs::symlink("db", &link).expect("a link");
    let opened = open(&link).expect("a member");
    assert_eq!(opened.folder, dir.path().join(".db.raft"));
    fs::write(opened.folder.join("CURRENT"), "").expect("it is written");
    settle(&opened, ClusterId(id(9))).expect("it is settled");
    assert!(link.is_symlink());
    drop(opened);
    assert_eq!(told(&open(&path), dir.path()), "existing, 3000 ms");
}

/// Runs the first steps of a plan, the next one cut in two.
fn crash(steps: &[Step], at: usize) {
    steps::run(&steps[..at]).expect("they can be done");
    if let Some(Step::Write(path, bytes)) = steps.get(at) {
        let mut tmp = path.clone().into_os_string();
        tmp.push(".tmp");
        fs::write(tmp, &bytes[..bytes.len() / 2]).expect("it is written");
    }
}

#[test]
fn opening_may_be_interrupted() {
    let body = file(&member(&[1], Some(CONTENTS)), &[]);
    for before in [Before::None, Before::Foreign, Before::Stale] {
        for at in 0.. {
            let dir = tempfile::tempdir().expect("a directory");
            let path = prepare(dir.path(), &body, &before);
            let old = fs::read(dir.path().join(".db.raft/log")).ok();
            let lock = Lockfile::lock(&path).expect("free");
            let (opened, steps) = plan(&path, lock).expect("a member");
            drop(opened);
            crash(&steps, at);
            let opened = open(&path).expect("a member");
            assert!(
                matches!(opened.kind, Kind::Founding { index: 5, .. }),
                "{:?}",
                opened.kind
            );
            // What was there is there, under one name or another.
            let kept = fs::read(dir.path().join(".db.raft.orphan-1/log")).ok();
            assert_eq!(kept, old, "crash at {at}");
            assert!(!opened.folder.join("log").exists(), "crash at {at}");
            if at >= steps.len() {
                break;
            }
        }
    }
}

#[test]
fn settling_may_be_interrupted() {
    for header in [member(&[1], Some(CONTENTS)), joining(&[2])] {
        for at in 0..=2 {
            let dir = tempfile::tempdir().expect("a directory");
            let path = prepare(dir.path(), &file(&header, &[]), &Before::None);
            let opened = open(&path).expect("a member");
            fs::write(opened.folder.join("log"), "all of it").expect("it is written");
            fs::write(opened.folder.join("CURRENT"), "").expect("it is written");
            let timer_ms = opened.election_timer_ms;
            let first = opened.kind.clone();
            let steps = opened.settling(ClusterId(id(9))).expect("a member");
            assert_eq!(steps.len(), 2);
            drop(opened);
            crash(&steps, at);
            let opened = open(&path).expect("a member");
            // The file goes first: then the folder counts.
            assert_eq!(opened.kind, if at == 0 { first } else { Kind::Existing });
            assert_eq!(opened.election_timer_ms, timer_ms);
            assert_eq!(
                fs::read(opened.folder.join("log")).expect("it is there"),
                b"all of it"
            );
            assert_eq!(opened.cluster, Some(ClusterId(id(9))));
            settle(&opened, ClusterId(id(9))).expect("it is settled");
            settle(&opened, ClusterId(id(9))).expect("again");
            drop(opened);
            assert_eq!(told(&open(&path), dir.path()), format!("existing, {timer_ms} ms"));
            assert_eq!(
                fs::read(&path).expect("it is there"),
                file(&member(&[1], None), &[])
            );
            // Somebody puts the first file back: nothing is forgotten for it.
            fs::write(&path, file(&header, &[])).expect("it is written");
            assert!(matches!(open(&path), Err(FileError::Outdated { .. })));
            assert_eq!(listing(dir.path()), ".db.raft (all of it), db");
        }
    }
}

#[test]
fn who_left_is_not_opened() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = prepare(dir.path(), &file(&member(&[1], None), &[]), &Before::Own);
    let opened = open(&path).expect("a member");
    left(&opened, ClusterId(id(9))).expect("it is written");
    drop(opened);
    assert!(matches!(open(&path), Err(FileError::Left { record: 1, .. })));
    // Nor does it go on alone: what it holds can be another's.
    let forced = crate::mend::force_new_cluster(&path, ClusterId(id(8)));
    let refusal = forced.err().map(|error| error.to_string()).unwrap_or_default();
    let remedy = format!("\"ovsdb-tool create-cluster NEW {} ADDRESS\"", path.display());
    assert!(refusal.contains(&remedy), "{refusal}");
}

#[test]
fn orphans_pile_up() {
    let dir = tempfile::tempdir().expect("a directory");
    let body = file(&member(&[1], Some(CONTENTS)), &[]);
    for _ in 0..3 {
        prepare(dir.path(), &body, &Before::Foreign);
        put_aside(&dir.path().join("db")).expect("it is renamed");
        put_aside(&dir.path().join("db")).expect("nothing is there");
    }
    let orphans = (1..=3).map(|n| format!(".db.raft.orphan-{n} (log of 2), "));
    assert_eq!(listing(dir.path()), orphans.collect::<String>() + "db");
}

#[test]
fn the_new_file_is_as_private_as_the_old() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a directory");
    let path = prepare(dir.path(), &file(&member(&[1], None), &[]), &Before::Own);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let opened = open(&path).expect("a member");
    settle(&opened, ClusterId(id(9))).expect("it is settled");
    let mode = fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
