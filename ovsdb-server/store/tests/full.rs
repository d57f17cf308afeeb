//! No room for more: what cannot be written is refused and leaves no trace, what was acknowledged stays, and writing
//! goes on once there is room. Alone in its process, as the limit of files' sizes is the process's.

mod common;

use std::path::Path;

use common::{Contents, change, commit, contents, create, open, schema};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use ovsdb_data::{Atom, TableIdx, Uuid};
use ovsdb_engine::Database;
use ovsdb_store::compact::save;
use ovsdb_store::{Mode, Standalone, StoreError};

const SCHEMA: &str = r#"{"name":"D","version":"1.0.0","tables":{"T":{"columns":{"s":{"type":"string"}}}}}"#;

/// Files grow to so many bytes and no further.
fn limit(bytes: u64) {
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).expect("a limit is always there");
    setrlimit(Resource::RLIMIT_FSIZE, bytes.min(hard), hard).expect("a limit below the hard one");
}

fn no_limit() {
    limit(u64::MAX);
}

/// Adds a row to the file, durably, and only then to the database, as a server does.
fn add(db: &mut Database, file: &mut Standalone, uuid: u128) -> Result<(), StoreError> {
    let table = TableIdx(0);
    let schema = db.snapshot().schema.clone();
    let column = schema.table(table).column("s").expect("its column");
    let text = "x".repeat(1000);
    let columns = vec![(column, Atom::from(text.as_str()).into())];
    let row = change(db, table, Uuid::from_u128(uuid), Some(columns));
    file.append(&schema, std::slice::from_ref(&row), None, 0)?;
    file.sync()?;
    commit(db, vec![row]);
    Ok(())
}

fn on_file(path: &Path) -> Contents {
    let opened = open(path, Mode::ReadOnly).expect("it is whole");
    assert!(
        opened.warning.is_none(),
        "no torn record is left: {:?}",
        opened.warning
    );
    contents(opened.database.snapshot())
}

fn check_refusal(error: &StoreError, file: &Path) {
    let said = error.to_string();
    let name = file.display().to_string();
    assert!(
        said.contains(&name) && said.contains("(File too large)") && said.ends_with("; make room for it"),
        "{said}"
    );
}

#[test]
fn a_full_disk() {
    // The write fails instead, as on a full disk.
    let mut too_large = SigSet::empty();
    too_large.add(Signal::SIGXFSZ);
    too_large.thread_block().expect("a signal may be blocked");

    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    let (mut file, mut db) = create(&path, &schema(SCHEMA));
    let mut n = 0;
    for kib in [10, 20, 30] {
        limit(kib << 10);
        let error = loop {
            match add(&mut db, &mut file, n) {
                Ok(()) => n += 1,
                Err(error) => break error,
            }
            assert!(n < 1000, "{kib} KiB are never full");
        };
        check_refusal(&error, &path);
        let id = file.txn_id();
        // Still full.
        check_refusal(&add(&mut db, &mut file, n).expect_err("it is full"), &path);
        assert_eq!(file.txn_id(), id, "what was refused has no id");
        assert_eq!(on_file(&path), contents(db.snapshot()));
        // There is room for less, at once.
        let table = TableIdx(0);
        let row = change(&db, table, Uuid::from_u128(1000 + n), Some(Vec::new()));
        let schema = db.snapshot().schema.clone();
        file.append(&schema, std::slice::from_ref(&row), None, 0)
            .expect("little fits");
        commit(&mut db, vec![row]);
        assert_eq!(on_file(&path), contents(db.snapshot()));
    }

    // Nothing fits beside it: the file stays as it is, and takes what is written.
    limit(5 << 10);
    let beside = dir.path().join("db.tmp");
    let compaction = file.compaction().write(db.snapshot(), "", 0);
    check_refusal(&compaction.expect_err("it is full"), &beside);
    let saved = save(&dir.path().join("new"), Mode::Replace, db.snapshot(), "", 0);
    check_refusal(&saved.expect_err("it is full"), &dir.path().join("new.tmp"));
    assert!(!dir.path().join("new").exists());
    assert_eq!(on_file(&path), contents(db.snapshot()));
    no_limit();
    add(&mut db, &mut file, n).expect("room");
    let written = file.compaction().write(db.snapshot(), "", 0).expect("room");
    written.finish(&mut file).expect("room").settle();
    add(&mut db, &mut file, n + 1).expect("room");
    drop(file);
    assert_eq!(on_file(&path), contents(db.snapshot()));
}
