//! Replaying a file on several threads gives what reading it one record at a time gives.

mod common;

use std::path::Path;

use common::{change, commit, contents, create, open, read_slowly, schema};
use ovsdb_data::{
    Atom, AtomicType, BaseType, ColumnIdx, ColumnType, DatabaseSchema, Datum, TableIdx, Uuid, json,
};
use ovsdb_engine::Database;
use ovsdb_store::log::compose;
use ovsdb_store::{Magic, Mode};
use proptest::collection::vec;
use proptest::prelude::*;

/// The parallel reader and the slow one agree; what they found.
fn check(path: &Path) -> Database {
    let opened = open(path, Mode::ReadOnly).expect("it is a database");
    let (slow, error) = read_slowly(path);
    assert_eq!(contents(opened.database.snapshot()), contents(slow.snapshot()));
    assert_eq!(opened.warning.map(|warning| warning.to_string()), error);
    assert_eq!(opened.database.check_invariants(), Ok(()));
    opened.database
}

fn atom(atomic: AtomicType) -> BoxedStrategy<Atom> {
    match atomic {
        AtomicType::Integer => prop_oneof![3 => -3..4_i64, 1 => any::<i64>()]
            .prop_map(Atom::Integer)
            .boxed(),
        // Files hold 15 digits.
        AtomicType::Real => (-99_999..99_999_i64, -300..290_i32)
            .prop_map(|(n, e)| Atom::Real(format!("{n}e{e}").parse().expect("a number")))
            .boxed(),
        AtomicType::Boolean => any::<bool>().prop_map(Atom::Boolean).boxed(),
        AtomicType::String => prop_oneof![
            3 => "[a-d]?",
            1 => any::<String>(),
            1 => "[\"\\\\/{}\\[\\],:\u{1}\t\n\u{7f}é€😀]{0,6}"
        ]
        .prop_map(|s| Atom::from(s.replace('\0', "0").as_str()))
        .boxed(),
        AtomicType::Uuid => any::<u128>().prop_map(|n| Atom::Uuid(Uuid::from_u128(n))).boxed(),
    }
}

fn datum(ty: &ColumnType) -> BoxedStrategy<Datum> {
    let n = ty.n_min as usize..=(ty.n_max.min(30) as usize);
    match &ty.value {
        None => vec(atom(ty.key.atomic), n).prop_map(Datum::set_unique).boxed(),
        Some(value) => vec((atom(ty.key.atomic), atom(value.atomic)), n)
            .prop_map(Datum::map_unique)
            .boxed(),
    }
}

fn column_type() -> impl Strategy<Value = ColumnType> {
    use AtomicType::{Boolean, Integer, Real, String, Uuid};
    let atomic = || prop::sample::select(vec![Integer, Real, Boolean, String, Uuid]);
    let value = prop::option::weighted(0.3, atomic().prop_map(BaseType::plain));
    let n_max = prop::sample::select(vec![1, 3, ColumnType::UNLIMITED]);
    (atomic(), value, 0..2_u32, n_max).prop_map(|(key, value, n_min, n_max)| ColumnType {
        key: BaseType::plain(key),
        value,
        n_min,
        n_max,
    })
}

/// Tables of columns `c0`, `c1`, …, every fifth ephemeral.
fn database_schema(tables: &[Vec<ColumnType>]) -> DatabaseSchema {
    let mut json = serde_json::json!({"name": "D", "version": "1.0.0", "tables": {}});
    for (t, columns) in tables.iter().enumerate() {
        let mut object = serde_json::Map::new();
        for (c, ty) in columns.iter().enumerate() {
            let n_max = match ty.n_max {
                ColumnType::UNLIMITED => "unlimited".into(),
                n => serde_json::Value::from(n),
            };
            let mut notation =
                serde_json::json!({"key": ty.key.atomic.name(), "min": ty.n_min, "max": n_max});
            if let Some(value) = &ty.value {
                notation["value"] = value.atomic.name().into();
            }
            object.insert(
                format!("c{c}"),
                serde_json::json!({"type": notation, "ephemeral": c == 4}),
            );
        }
        json["tables"][format!("T{t}")] = serde_json::json!({"columns": object});
    }
    DatabaseSchema::from_json(&json).expect("the schema is valid")
}

/// Which row, whether it goes, and for each column a new value or none.
type Edit = (prop::sample::Index, u8, bool, Vec<Option<Datum>>);

fn edits(tables: Vec<Vec<ColumnType>>) -> impl Strategy<Value = (Vec<Vec<ColumnType>>, Vec<Vec<Edit>>)> {
    let by_table = tables.iter().map(|columns| {
        let values: Vec<_> = columns
            .iter()
            .map(|ty| prop::option::weighted(0.6, datum(ty)))
            .collect();
        values.boxed()
    });
    // A row for every table; the index picks one.
    let rows: Vec<_> = by_table.collect();
    let n_tables = rows.len();
    let edit = (
        any::<prop::sample::Index>(),
        0..6_u8,
        prop::bool::weighted(0.2),
        rows,
    )
        .prop_map(move |(index, row, gone, mut values)| {
            (index, row, gone, values.swap_remove(index.index(n_tables)))
        });
    (Just(tables), vec(vec(edit, 1..6), 1..8))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn what_was_written_is_read(
        (tables, transactions) in vec(vec(column_type(), 1..7), 1..4).prop_flat_map(edits),
        column_diff in any::<bool>(),
        comment in prop::option::of("[a\"\\\\\né]{0,4}"),
    ) {
        let schema = std::sync::Arc::new(database_schema(&tables));
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("db");
        let (mut file, mut db) = create(&path, &schema);
        file.column_diff = column_diff;
        for edits in transactions {
            let mut changes = std::collections::BTreeMap::new();
            for (table, row, gone, values) in edits {
                let (table, uuid) = (TableIdx(table.index(tables.len()) as u16), Uuid::from_u128(u128::from(row)));
                let columns = values.into_iter().enumerate();
                let columns = columns.filter_map(|(i, value)| Some((ColumnIdx(2 + i as u16), value?))).collect();
                if gone && db.snapshot().get(table, &uuid).is_none() {
                    continue;
                }
                changes.insert((table, uuid), change(&db, table, uuid, (!gone).then_some(columns)));
            }
            let committed = commit(&mut db, changes.into_values().collect());
            file.append(&schema, &committed, comment.as_deref(), 1_700_000_000_000).expect("room");
        }
        let id = file.txn_id();
        drop(file);
        let read = check(&path);
        prop_assert_eq!(contents(read.snapshot()), contents(db.snapshot()));
        prop_assert_eq!(read.snapshot().txn_id, id);
    }
}

const SCHEMA: &str = r#"{"name":"D","version":"1.0.0","tables":{
    "T":{"columns":{"n":{"type":"integer"},"s":{"type":"string"},
        "set":{"type":{"key":"integer","min":0,"max":"unlimited"}},
        "few":{"type":{"key":"integer","min":0,"max":2}},
        "m":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}}}},
    "U":{"columns":{"x":{"type":"integer"}}}}}"#;

/// Records of many pieces: long transactions and big sets, changed and thinned out.
#[test]
fn long_records() {
    let schema = schema(SCHEMA);
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    let (mut file, mut db) = create(&path, &schema);
    let table = TableIdx(0);
    let column = |name: &str| schema.table(table).column(name).expect("a column");
    for round in 0..4_u128 {
        let changes = (0..4000_u128)
            .filter(|i| round == 0 || i % (round + 1) == 0)
            .map(|i| {
                let uuid = Uuid::from_u128(i * 7919 + 1);
                let size = if i == 12 { 50_000 } else { (i % 5) as i64 };
                let set = Datum::set_unique((0..size).map(|n| Atom::Integer(n * (1 + round as i64))));
                let text = format!("{i} \"{}\" \\ {{[", "é,:".repeat((i % 40) as usize));
                let columns = vec![
                    (column("s"), Atom::from(text.as_str()).into()),
                    (column("set"), set),
                ];
                change(&db, table, uuid, (round < 3 || i % 8 == 0).then_some(columns))
            });
        let mut changes: Vec<_> = changes.collect();
        changes.retain(|change| change.old.is_some() || change.new.is_some());
        let committed = commit(&mut db, changes);
        assert!(committed.len() > 700);
        file.append(&schema, &committed, None, 0).expect("room");
    }
    drop(file);
    assert!(std::fs::metadata(&path).expect("it exists").len() > 1 << 20);
    assert_eq!(contents(check(&path).snapshot()), contents(db.snapshot()));
}

/// A file of these records, after a schema.
fn check_texts(texts: &[&str]) -> Database {
    let schema = schema(SCHEMA);
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    let mut bytes = compose(Magic::Json, json::to_string(&schema.to_json()).as_bytes()).0;
    for text in texts {
        bytes.extend(compose(Magic::Json, text.as_bytes()).0);
    }
    std::fs::write(&path, bytes).expect("room");
    check(&path)
}

#[test]
fn unusual_records() {
    const A: &str = "00000000-0000-0000-0000-00000000000a";
    const B: &str = "00000000-0000-0000-0000-00000000000b";
    let of = |text: &str| text.replace("$A", A).replace("$B", B);
    let first = of(
        r#"{"T":{"$A":{"n":1,"set":["set",[1,2,3]],"few":["set",[1,2]],"m":["map",[["a","b"]]]}},"_date":1}"#,
    );
    for (second, n_rows) in [
        // Members twice: the last one counts.
        (r#"{"T":{"$B":{"n":1},"$B":{"n":2}}}"#, 2),
        (r#"{"T":{"$B":{"n":1,"n":2}}}"#, 2),
        (r#"{"T":{"$B":{"n":1}},"T":{"$A":null}}"#, 0),
        (r#"{"T":{"$A":{"n":5}},"T":{"$B":{"n":7}}}"#, 2),
        (r#"{"T":{"$A":null,"$A":{"n":3}}}"#, 1),
        (r#"{"_is_diff":true,"_is_diff":false,"T":{"$A":{"set":9}}}"#, 1),
        // Blanks and escapes.
        (
            r#" { "T" : { "$A" : { "s" : "a\u00e9\ud83d\ude00\n" } , "$B" : null } } "#,
            1,
        ),
        (
            r#"{ "T" : { "$A" : { "s" : "a\u00e9\ud83d\ude00\n" } , "$B" : { } } } "#,
            2,
        ),
        (r#"{"\u0054":{"$B":{}}}"#, 2),
        (r#"{"T":{"$B":{"\u006e":3}}}"#, 2),
        // Differences.
        (
            r#"{"_is_diff":true,"T":{"$A":{"set":["set",[3,4]],"few":["set",[1,2]],"m":["map",[["a","b"],["c","d"]]]}}}"#,
            1,
        ),
        (r#"{"T":{"$A":{"few":["set",[2,3]]}},"_is_diff":true}"#, 1),
        (r#"{"_is_diff":true,"T":{"$A":{"few":["set",[7,8,9]]}}}"#, 1),
        (r#"{"_is_diff":true,"T":{"$B":{"few":["set",[7,8,9]]}}}"#, 1),
        (r#"{"T":{"$A":{"few":["set",[7,8,9]]}}}"#, 1),
        (r#"{"T":{"$A":{"set":["set",[1,1]]}}}"#, 1),
        // Nothing, comments, other tables.
        ("{}", 1),
        (r#"{"T":{}}"#, 1),
        (r#"{"_comment":"c","_date":5}"#, 1),
        (r#"{"U":{"$A":{"x":4}},"T":{"$B":{"n":4}},"_comment":{}}"#, 3),
        // What does not apply ends the valid prefix.
        (r#"{"T":{"$B":null}}"#, 1),
        (r#"{"T":{"$B":{"nope":1}}}"#, 1),
        (r#"{"V":{"$B":{}}}"#, 1),
        (r#"{"T":{"b":{}}}"#, 1),
        (r#"{"T":{"$B":{"n":"text"}}}"#, 1),
        (r#"{"T":{"$B":{"n":1.5}}}"#, 1),
        (r#"{"T":{"$B":5}}"#, 1),
        (r#"{"T":5}"#, 1),
        (r#"{"_date":"x"}"#, 1),
        (r#"{"_is_diff":1}"#, 1),
        (r#"{"_comment":nothing,"T":{"$B":{}}}"#, 1),
        (r#"{"_comment":"\q","T":{"$B":{}}}"#, 1),
        (r#"{"_date":007,"T":{"$B":{}}}"#, 1),
        ("[]", 1),
        ("{", 1),
        (r#"{"T":{"$B":{}}"#, 1),
        (r#"{"T":{"$B":{}}} x"#, 1),
        (r#"{"T":{"$B":{}},}"#, 1),
        (r#"{"T":{"$B":{},}}"#, 1),
        (r#"{"T":{"$B":{"n":1,}}}"#, 1),
        (r#"{,"T":{"$B":{}}}"#, 1),
        (r#"{"T":{"$B":{"set":["set",[1,]]}}}"#, 1),
        (r#"{"T":{"$B":{"n":01}}}"#, 1),
        ("\u{feff}{}", 1),
    ] {
        let db = check_texts(&[&first, &of(second)]);
        assert_eq!(contents(db.snapshot()).len(), n_rows, "{second}");
        // A good record after it counts only if all before it do.
        check_texts(&[&first, &of(second), &of(r#"{"T":{"$A":{"n":8}}}"#)]);
    }
}
