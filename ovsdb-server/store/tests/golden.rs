//! A file that the C server made: read, and written again.

mod common;

use common::{contents, fresh, open, schema};
use ovsdb_data::{TxnId, json};
use ovsdb_engine::Database;
use ovsdb_store::{Log, Magic, Mode, record, text};
use serde_json::Value;

const FILE: &[u8] = include_bytes!("golden/standalone.db");

fn on_disk() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("golden.db");
    std::fs::write(&path, FILE).expect("room");
    (dir, path)
}

#[test]
fn its_rows_are_read() {
    let (_dir, path) = on_disk();
    let opened = open(&path, Mode::ReadOnly).expect("it is a database");
    assert!(opened.warning.is_none());
    let snapshot = opened.database.snapshot();
    let mut shown = Vec::new();
    for (table, schema) in snapshot.schema.iter() {
        for row in snapshot.table(table).values() {
            let mut object = serde_json::Map::new();
            for (column, c) in schema.iter().skip(2) {
                object.insert(c.name.to_string(), row.get(column).to_json(&c.ty));
            }
            shown.push(format!(
                "{} {} {}",
                schema.name,
                row.uuid(),
                json::to_string(&object.into())
            ));
        }
    }
    assert_eq!(
        shown,
        [
            "T aab2a576-95db-411b-a28d-30e89d2aca71 {\"b\":false,\"e\":\"\",\"i\":-9223372036854775808,\
             \"kid\":[\"set\",[]],\"m\":[\"map\",[[\"two\",3]]],\"r\":0.25,\"s\":\"a/b\\u0001\\t\\n\\\"é€😀\",\
             \"si\":[\"set\",[-1,9223372036854775807]],\"sr\":[\"set\",[]],\
             \"ss\":[\"set\",[\"\",\"a b\",\"new\",\"z\"]],\"u\":[\"uuid\",\"12345678-9abc-4def-8123-456789abcdef\"]}",
            "T fe64ba88-0f0d-4d16-9e9f-d798bfade293 {\"b\":false,\"e\":\"\",\"i\":0,\"kid\":[\"set\",[]],\
             \"m\":[\"map\",[]],\"r\":0,\"s\":\"\",\"si\":[\"set\",[]],\"sr\":[\"set\",[]],\"ss\":[\"set\",[]],\
             \"u\":[\"uuid\",\"00000000-0000-0000-0000-000000000000\"]}",
        ]
    );
}

/// The C server writes members in the order of its hash tables: texts are equal but for that.
fn check_equal(ours: &[u8], theirs: &[u8]) {
    let parsed = |text: &[u8]| json::parse(text).expect("JSON");
    let shown = String::from_utf8_lossy(ours);
    assert_eq!(parsed(ours), parsed(theirs), "{shown}");
    let sorted = |text: &[u8]| {
        let mut bytes = text.trim_ascii_end().to_vec();
        bytes.sort_unstable();
        bytes
    };
    assert_eq!(sorted(ours), sorted(theirs), "{shown}");
}

#[test]
fn each_record_is_written_as_it_was() {
    let (_dir, path) = on_disk();
    let mut log = Log::open(&path, &[Magic::Json], Mode::ReadOnly).expect("it is a database");
    let text = log.read().expect("whole").expect("a schema").text;
    let schema = schema(std::str::from_utf8(&text).expect("UTF-8"));
    check_equal(json::to_string(&schema.to_json()).as_bytes(), &text);
    let mut db = Database::new(schema.clone(), TxnId::default());
    let mut n_records = 0;
    while let Some(record) = log.read().expect("whole") {
        let value: Value = record::parse(&log, &record).expect("an object");
        let changes = text::decode(db.snapshot(), &value, false, &mut fresh).expect("it applies");
        let comment = value.get("_comment").and_then(Value::as_str);
        let date = value["_date"].as_i64().expect("a date");
        let again = text::encode(&schema, &changes, comment, date, true).expect("something changed");
        check_equal(&again, &record.text);
        db.replay(changes, TxnId::default(), &mut fresh)
            .expect("it was committed");
        n_records += 1;
    }
    assert_eq!(n_records, 6);
    let opened = open(&path, Mode::ReadOnly).expect("it is a database");
    assert_eq!(contents(opened.database.snapshot()), contents(db.snapshot()));
}
