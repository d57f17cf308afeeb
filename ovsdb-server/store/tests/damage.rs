//! Damaged, foreign and locked files: the valid prefix is used or the file is refused by name; nothing is made worse.

mod common;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use common::{Contents, change, commit, contents, create, open, schema};
use nix::unistd::{Gid, Uid, setfsgid, setfsuid};
use ovsdb_data::{Atom, TableIdx, Uuid};
use ovsdb_engine::Database;
use ovsdb_store::log::compose;
use ovsdb_store::{Log, Magic, Mode, Standalone};

const SCHEMA: &str = r#"{"name":"D","version":"1.0.0","tables":{"T":{"columns":{"s":{"type":"string"}}}}}"#;

/// A file of a schema and three transactions: its bytes, and where each record ends with what the file holds then.
fn small_file(path: &Path) -> (Vec<u8>, Vec<(usize, Contents)>) {
    let schema = schema(SCHEMA);
    let (mut file, mut db) = create(path, &schema);
    let size = || std::fs::metadata(path).expect("it exists").len() as usize;
    let mut ends = vec![(size(), contents(db.snapshot()))];
    for (uuid, text) in [(1, Some("é")), (2, Some("\"")), (1, None)] {
        append(&mut db, &mut file, uuid, text);
        ends.push((size(), contents(db.snapshot())));
    }
    drop(file);
    (std::fs::read(path).expect("it exists"), ends)
}

fn append(db: &mut Database, file: &mut Standalone, uuid: u128, text: Option<&str>) {
    let table = TableIdx(0);
    let schema = db.snapshot().schema.clone();
    let column = schema.table(table).column("s").expect("its column");
    let columns = text.map(|text| vec![(column, Atom::from(text).into())]);
    let changes = vec![change(db, table, Uuid::from_u128(uuid), columns)];
    let committed = commit(db, changes);
    file.append(&schema, &committed, None, 0).expect("room");
}

/// Opens a file of these bytes, which must hold `expected` (none: it is refused) and, where `damaged`, say so; then
/// appends, which must keep what was there.
fn check(path: &Path, bytes: &[u8], expected: Option<&Contents>, damaged: bool, what: &str) {
    std::fs::write(path, bytes).expect("room");
    let name = path.display().to_string();
    let opened = open(path, Mode::ReadWrite);
    let Some(expected) = expected else {
        let Err(error) = opened else {
            panic!("{what}: a file without its schema opens")
        };
        let error = error.to_string();
        let whole = [
            "unexpected file format",
            "cannot identify file type",
            "cannot apply this operation to clustered database file",
        ];
        assert!(
            error.contains(&name)
                && (error.contains(" offset ") || whole.iter().any(|text| error.contains(text))),
            "{what}: {error}"
        );
        assert_eq!(
            std::fs::read(path).expect("it exists"),
            bytes,
            "{what}: what is refused stays"
        );
        return;
    };
    let mut opened = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(contents(opened.database.snapshot()), *expected, "{what}");
    let warning = opened.warning.map(|warning| warning.to_string());
    assert_eq!(warning.is_some(), damaged, "{what}: {warning:?}");
    if let Some(warning) = warning {
        assert!(
            warning.contains(&name) && warning.contains(" offset "),
            "{what}: {warning}"
        );
    }
    append(&mut opened.database, &mut opened.file, 9, Some("appended"));
    let id = opened.file.txn_id();
    drop(opened.file);
    let again = open(path, Mode::ReadOnly).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(again.warning.is_none(), "{what}");
    assert_eq!(
        contents(again.database.snapshot()),
        contents(opened.database.snapshot()),
        "{what}"
    );
    assert_eq!(again.file.txn_id(), id, "{what}");
}

#[test]
fn truncated_anywhere() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    let (bytes, ends) = small_file(&path);
    for n in 0..=bytes.len() {
        let whole = ends.iter().rev().find(|(end, _)| *end <= n);
        let damaged = whole.is_some_and(|(end, _)| *end < n);
        check(
            &path,
            &bytes[..n],
            whole.map(|(_, c)| c),
            damaged,
            &format!("{n} bytes"),
        );
    }
}

#[test]
fn any_bit_flipped() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    let (bytes, ends) = small_file(&path);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            // Hexadecimal digits may be of either case.
            let same = bit == 5 && bytes[at].is_ascii_hexdigit() && bytes[at].is_ascii_lowercase() && {
                let line = &bytes[bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1)..];
                line.starts_with(b"OVSDB JSON ")
            };
            let record = ends
                .iter()
                .position(|(end, _)| at < *end)
                .expect("within a record");
            let what = format!("bit {bit} of byte {at}");
            match (same, record) {
                (true, _) => check(&path, &flipped, ends.last().map(|(_, c)| c), false, &what),
                (false, 0) => check(&path, &flipped, None, true, &what),
                (false, n) => check(&path, &flipped, Some(&ends[n - 1].1), true, &what),
            }
        }
    }
}

/// What a file of these bytes is refused with; `$F` stands for its name.
fn refused(bytes: &[u8], expected: &str) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    std::fs::write(&path, bytes).expect("room");
    for mode in [Mode::ReadOnly, Mode::ReadWrite] {
        let Err(error) = open(&path, mode) else {
            panic!("{expected}: it opens")
        };
        assert_eq!(
            error.to_string().replace(&path.display().to_string(), "$F"),
            expected
        );
    }
    assert_eq!(std::fs::read(&path).expect("it exists"), bytes);
}

#[test]
fn not_a_database() {
    let record = |text: &str| compose(Magic::Json, text.as_bytes()).0;
    refused(b"", "ovsdb error: $F: cannot identify file type");
    refused(b"hello\n", "ovsdb error: $F: unexpected file format");
    refused(
        &compose(Magic::Cluster, b"{}").0,
        "ovsdb error: $F: cannot apply this operation to clustered database file",
    );
    refused(
        &compose(Magic::Json, b"{}").0[..30],
        "ovsdb error: $F: unexpected file format",
    );
    refused(
        &record("[]"),
        "syntax error: $F: 3 bytes starting at offset 54 are not a JSON object",
    );
    refused(
        &record("{"),
        "syntax error: $F: 2 bytes starting at offset 54 are not valid JSON (line 1, column 0, byte 2: unexpected end of input)",
    );
    refused(
        &record("{}"),
        "$F: record 0 at offset 0: syntax \"{}\": syntax error: Parsing database schema failed: Required 'name' member is missing.",
    );
}

/// Ends the valid prefix: what is told of it names the file, how many records come before it, and where it is.
#[test]
fn a_record_that_does_not_apply() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    let (bytes, ends) = small_file(&path);
    let (end, whole) = ends.last().expect("it has records");
    let n = ends.len();
    for (record, expected) in [
        (
            r#"{"U":{}}"#,
            r#"syntax "{"U":{}}": unknown table: No table named U."#,
        ),
        (r#"{"T":5}"#, r#"syntax "5": syntax error: object expected"#),
        (
            r#"{"T":{"00000000-0000-0000-0000-000000000001":null}}"#,
            "syntax error: transaction deletes row 00000000-0000-0000-0000-000000000001 that does not exist",
        ),
    ] {
        let mut bytes = bytes.clone();
        bytes.extend_from_slice(&compose(Magic::Json, record.as_bytes()).0);
        bytes.extend_from_slice(&compose(Magic::Json, b"{}").0);
        let expected = format!("{}: record {n} at offset {end}: {expected}", path.display());
        std::fs::write(&path, &bytes).expect("room");
        let opened = open(&path, Mode::ReadOnly).expect("its prefix is valid");
        let warning = opened.warning.map(|warning| warning.to_string());
        assert_eq!(warning, Some(expected.clone()));
        check(&path, &bytes, Some(whole), true, record);
        // A conversion would lose what follows.
        std::fs::write(&path, &bytes).expect("room");
        let as_is = Some(schema(SCHEMA));
        let error = Standalone::open_as(&path, Mode::ReadWrite, as_is, &common::fresh).map(drop);
        match record {
            // Tables that the new schema lacks are left behind.
            r#"{"U":{}}"# => error.expect("it applies"),
            _ => assert_eq!(error.expect_err("it does not apply").to_string(), expected),
        }
    }
}

#[test]
fn absent_folders_and_taken_names() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    let name = path.display().to_string();
    let says = |result: Result<(), ovsdb_store::StoreError>, expected: &str| {
        let error = result.expect_err("it is refused").to_string();
        assert_eq!(error.replace(&name, "$F"), format!("I/O error: $F: {expected}"));
    };
    let make = || Standalone::create(&path, &schema(SCHEMA)).map(drop);
    let open = |mode| open(&path, mode).map(drop);
    says(open(Mode::ReadWrite), "open failed (No such file or directory)");
    says(open(Mode::ReadOnly), "open failed (No such file or directory)");
    std::fs::create_dir(&path).expect("room");
    says(open(Mode::ReadWrite), "open failed (Is a directory)");
    says(open(Mode::ReadOnly), "read error (Is a directory)");
    says(make(), "create failed (File exists)");
    std::fs::remove_dir(&path).expect("it is empty");
    make().expect("room");
    says(make(), "create failed (File exists)");
}

/// Runs something on a thread that may do what anybody may.
fn as_nobody<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let nobody = scope.spawn(|| {
            // Without effect for others than root, who alone is not stopped by modes.
            setfsgid(Gid::from_raw(65534));
            setfsuid(Uid::from_raw(65534));
            run()
        });
        nobody.join().expect("no panic")
    })
}

#[test]
fn files_that_one_may_not_read_or_write() {
    let dir = tempfile::tempdir().expect("a directory");
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("the owner may");
    };
    mode(dir.path(), 0o777);
    let path = dir.path().join("db");
    let (bytes, ends) = small_file(&path);
    let lock = dir.path().join(".db.~lock~");
    let name = path.display().to_string();
    let says = |open_mode, expected: &str| {
        let error = as_nobody(|| open(&path, open_mode).map(drop)).expect_err("it is refused");
        let expected = format!("{expected}; let this user in, or run as the file's owner");
        assert_eq!(error.to_string().replace(&name, "$F"), expected);
    };
    // The lock of whoever made it.
    mode(&lock, 0o000);
    says(
        Mode::ReadWrite,
        "I/O error: $F: failed to lock lockfile (Permission denied)",
    );
    std::fs::remove_file(&lock).expect("it is there");
    // Read-only.
    mode(&path, 0o444);
    says(Mode::ReadWrite, "I/O error: $F: open failed (Permission denied)");
    let opened = as_nobody(|| open(&path, Mode::ReadOnly)).expect("all may read it");
    assert_eq!(
        contents(opened.database.snapshot()),
        ends.last().expect("it has records").1
    );
    // Unreadable.
    mode(&path, 0o000);
    says(Mode::ReadOnly, "I/O error: $F: open failed (Permission denied)");
    mode(&path, 0o600);
    assert_eq!(std::fs::read(&path).expect("the owner may"), bytes);
    // In a folder that takes no files, the lock's included.
    std::fs::remove_file(&lock).expect("it is there");
    mode(dir.path(), 0o555);
    says(
        Mode::ReadWrite,
        "I/O error: $F: failed to lock lockfile (Permission denied)",
    );
}

#[test]
fn a_pipe() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    for mode in [Mode::ReadOnly, Mode::ReadWrite, Mode::Create, Mode::Replace] {
        let error = Log::open(&path, &[Magic::Json], mode).expect_err("nobody writes to it");
        let name = path.display();
        assert_eq!(
            error.to_string(),
            format!("ovsdb error: {name}: is a pipe, not a file")
        );
    }
}

#[test]
fn one_writer_many_readers() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    let (_, ends) = small_file(&path);
    let last = &ends.last().expect("it has records").1;
    let mut writer = open(&path, Mode::ReadWrite).expect("nobody has it");
    let second = open(&path, Mode::ReadWrite).map(drop).expect_err("it is locked");
    let name = path.display();
    assert_eq!(
        second.to_string(),
        format!("I/O error: {name}: failed to lock lockfile (Resource deadlock avoided)")
    );
    let mut reader = open(&path, Mode::ReadOnly).expect("readers take no lock");
    assert_eq!(contents(reader.database.snapshot()), *last);
    // A reader's handle writes nothing.
    let schema = reader.database.snapshot().schema.clone();
    let row = change(
        &reader.database,
        TableIdx(0),
        Uuid::from_u128(5),
        Some(Vec::new()),
    );
    let before = std::fs::read(&path).expect("it exists");
    for expected in [
        format!(
            "I/O error: {name}: cannot truncate to length {} (Invalid argument)",
            before.len()
        ),
        // Nor could what was written be taken back.
        format!("I/O error: {name}: write failed earlier, reopen the database"),
    ] {
        let refused = reader.file.append(&schema, std::slice::from_ref(&row), None, 0);
        assert_eq!(refused.expect_err("it is read-only").to_string(), expected);
    }
    assert_eq!(std::fs::read(&path).expect("it exists"), before);
    // The writer goes on.
    append(&mut writer.database, &mut writer.file, 7, Some("more"));
    let again = open(&path, Mode::ReadOnly).expect("it is whole");
    assert_eq!(
        contents(again.database.snapshot()),
        contents(writer.database.snapshot())
    );
    drop(writer.file);
    open(&path, Mode::ReadWrite).expect("it is free again");
}
