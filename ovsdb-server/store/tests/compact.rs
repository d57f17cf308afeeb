//! Compaction while the database goes on being written.

mod common;

use std::path::Path;

use common::{change, commit, contents, create, open, schema};
use ovsdb_data::{Atom, TableIdx, TxnId, Uuid};
use ovsdb_engine::Database;
use ovsdb_store::backup::{comment, first_index};
use ovsdb_store::compact::{ONLINE, save};
use ovsdb_store::{Mode, Standalone};

const SCHEMA: &str = r#"{"name":"D","version":"1.0.0","tables":{"T":{"columns":{"s":{"type":"string"},
    "gone":{"type":"string","ephemeral":true}}}}}"#;

fn append(db: &mut Database, file: &mut Standalone, i: u128) {
    let table = TableIdx(0);
    let schema = db.snapshot().schema.clone();
    let column = |name| schema.table(table).column(name).expect("its column");
    let text = format!("{i} \"\n\\é");
    let columns = vec![
        (column("s"), Atom::from(text.as_str()).into()),
        (column("gone"), Atom::from("x").into()),
    ];
    // Rows come, change and go.
    let uuid = Uuid::from_u128(i % 37);
    let goes = i % 5 == 4 && db.snapshot().get(table, &uuid).is_some();
    let changes = vec![change(db, table, uuid, (!goes).then_some(columns))];
    let committed = commit(db, changes);
    let id = file.append(&schema, &committed, Some("c"), 0).expect("room");
    assert_eq!(id, file.txn_id());
}

fn check(path: &Path, db: &Database, id: TxnId) {
    let read = open(path, Mode::ReadOnly).expect("it is whole");
    assert!(read.warning.is_none());
    assert_eq!(contents(read.database.snapshot()), contents(db.snapshot()));
    assert_eq!(read.file.txn_id(), id, "the id names the file's contents");
}

#[test]
fn what_is_appended_meanwhile_is_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    let (mut file, mut db) = create(&path, &schema(SCHEMA));
    let mut i = 0;
    for round in 0..8 {
        for _ in 0..100 {
            append(&mut db, &mut file, i);
            i += 1;
        }
        let long = std::fs::metadata(&path).expect("it exists").len();
        let (compaction, snapshot) = (file.compaction(), db.snapshot().clone());
        let written = std::thread::scope(|scope| {
            let writer = scope.spawn(move || compaction.write(&snapshot, ONLINE, 0));
            // None in the first round: then the file is the snapshot alone.
            for _ in 0..round * 20 {
                append(&mut db, &mut file, i);
                i += 1;
            }
            writer.join().expect("it does not panic").expect("room")
        });
        if round % 2 == 1 {
            append(&mut db, &mut file, i);
            file.sync().expect("a disk");
            i += 1;
        }
        check(&path, &db, file.txn_id());
        let finished = written.finish(&mut file).expect("room");
        assert_eq!(finished.txn_id, file.txn_id());
        finished.settle();
        check(&path, &db, file.txn_id());
        assert!(!path.with_extension("tmp").exists());
        if round == 0 {
            assert!(std::fs::metadata(&path).expect("it exists").len() < long);
        }
        // The lock is still held, and the new file is the one written.
        assert!(open(&path, Mode::ReadWrite).is_err());
        append(&mut db, &mut file, i);
        i += 1;
        check(&path, &db, file.txn_id());
    }
    assert!(db.snapshot().table(TableIdx(0)).len() > 10);
}

#[test]
fn an_abandoned_one_changes_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    let (mut file, mut db) = create(&path, &schema(SCHEMA));
    append(&mut db, &mut file, 1);
    let written = file.compaction().write(db.snapshot(), ONLINE, 0).expect("room");
    drop(written);
    append(&mut db, &mut file, 2);
    check(&path, &db, file.txn_id());
    // The next one replaces what the first left behind.
    let written = file.compaction().write(db.snapshot(), ONLINE, 0).expect("room");
    written.finish(&mut file).expect("room").settle();
    check(&path, &db, file.txn_id());
}

/// A database with one row, whose `s` is `text`.
fn one_row(text: &str) -> Database {
    let schema = schema(SCHEMA);
    let mut db = Database::new(schema.clone(), TxnId::default());
    let column = schema.table(TableIdx(0)).column("s").expect("its column");
    let columns = vec![(column, Atom::from(text).into())];
    let row = change(&db, TableIdx(0), Uuid::from_u128(1), Some(columns));
    commit(&mut db, vec![row]);
    db
}

#[test]
fn a_saved_file_is_whole_or_as_it_was() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, link) = (dir.path().join("db"), dir.path().join("link"));
    std::os::unix::fs::symlink("db", &link).expect("a link");
    let (old, new) = (one_row("old"), one_row("new"));
    let holds = |db: &Database| {
        let opened = open(&path, Mode::ReadOnly).expect("it is whole");
        assert!(opened.warning.is_none());
        assert_eq!(contents(opened.database.snapshot()), contents(db.snapshot()));
    };
    let put = |path: &Path, mode, db: &Database| save(path, mode, db.snapshot(), "", 0);
    // Through a dangling link, too.
    put(&link, Mode::Create, &old).expect("room");
    holds(&old);
    put(&path, Mode::Create, &new).expect_err("something is there");
    holds(&old);
    // Nothing can be written beside it.
    let beside = dir.path().join("db.tmp");
    std::fs::create_dir(&beside).expect("room");
    let error = put(&path, Mode::Replace, &new).expect_err("a folder is in the way");
    assert!(error.to_string().contains("db.tmp"), "{error}");
    holds(&old);
    std::fs::rename(&beside, dir.path().join("other.tmp")).expect("it is a folder");
    put(&dir.path().join("other"), Mode::Replace, &new).expect_err("a folder is in the way");
    assert!(!dir.path().join("other").exists(), "nothing half made is left");
    // Somebody else has it.
    let opened = open(&path, Mode::ReadWrite).expect("it is free");
    let error = put(&path, Mode::Replace, &new).expect_err("it is locked");
    assert!(error.to_string().contains("failed to lock lockfile"), "{error}");
    holds(&old);
    drop(opened);
    put(&link, Mode::Replace, &new).expect("room");
    holds(&new);
    assert!(link.is_symlink());
}

/// What a file of a cluster's contents says of its index stays when a server compacts it.
#[test]
fn the_index_of_an_export_is_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    let (file, db) = create(&path, &schema(SCHEMA));
    drop(file);
    std::fs::remove_file(&path).expect("it exists");
    save(&path, Mode::Create, db.snapshot(), &comment("D", Some(7)), 0).expect("room");
    let opened = open(&path, Mode::ReadWrite).expect("it is whole");
    let (mut file, mut db) = (opened.file, opened.database);
    for i in 0..2 {
        append(&mut db, &mut file, i);
        let written = file.compaction().write(db.snapshot(), ONLINE, 0).expect("room");
        written.finish(&mut file).expect("room").settle();
        assert_eq!(first_index(&path), 8);
        check(&path, &db, file.txn_id());
    }
}
