//! The same changes in the three notations of updates lead to the same replica, which equals the truth.

use std::collections::BTreeMap;

use ovsdb_data::monitor::{MonitorSpec, MonitorVersion};
use ovsdb_data::{Atom, ColumnIdx, DatabaseSchema, Datum, Row, RowChange, TableIdx, Uuid, json};
use ovsdb_idl::Replica;
use ovsdb_wire::update;
use proptest::prelude::*;
use serde_json::json;

const T: TableIdx = TableIdx(0);
const VERSIONS: [MonitorVersion; 3] = [MonitorVersion::V1, MonitorVersion::V2, MonitorVersion::V3];

fn schema() -> DatabaseSchema {
    DatabaseSchema::from_json(
        &json!({"name": "D", "version": "1.0.0", "tables": {"T": {"columns": {
            "a_number": {"type": "integer"},
            "b_text": {"type": "string"},
            "c_optional": {"type": {"key": "real", "min": 0, "max": 1}},
            "d_set": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
            "e_map": {"type": {"key": "string", "value": "integer", "min": 0, "max": "unlimited"}}
        }}}}),
    )
    .expect("a schema")
}

/// The values of a row's columns.
fn columns() -> impl Strategy<Value = Vec<Datum>> {
    let text = || "[a-c\"\\\\é]{0,2}";
    let one = |atom: Atom| Datum::One(atom);
    (
        (-2..3_i64).prop_map(move |i| one(Atom::Integer(i))),
        text().prop_map(move |s| one(Atom::from(&*s))),
        proptest::option::of(-2..3_i32)
            .prop_map(move |r| r.map_or(Datum::Empty, |r| one(Atom::Real(f64::from(r) / 4.0)))),
        proptest::collection::vec(text(), 0..4)
            .prop_map(|set| Datum::set_unique(set.iter().map(|s| Atom::from(&**s)))),
        proptest::collection::vec((text(), -2..3_i64), 0..4).prop_map(|map| {
            Datum::map_unique(map.iter().map(|(k, v)| (Atom::from(&**k), Atom::Integer(*v))))
        }),
    )
        .prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e])
}

fn row(n: u128, columns: Vec<Datum>) -> Row {
    let ids = [
        Datum::One(Atom::Uuid(Uuid::from_u128(n))),
        Datum::One(Atom::Uuid(Uuid::nil())),
    ];
    Row::new(ids.into_iter().chain(columns))
}

fn is_unusual(change: &RowChange) -> bool {
    let real = |row: &Option<Row>| row.as_ref().is_some_and(|row| !row.get(ColumnIdx(4)).is_empty());
    real(&change.old) || real(&change.new)
}

proptest! {
    /// Each step gives some of a few rows other values, or none.
    #[test]
    fn every_notation_leads_to_the_truth(
        steps in proptest::collection::vec(
            proptest::collection::btree_map(0..4_u128, proptest::option::of(columns()), 0..4), 1..12)
    ) {
        let schema = schema();
        let spec = MonitorSpec::from_json(&json!({"T": [{}]}), &schema, MonitorVersion::V1).expect("a request");
        let mut truth: BTreeMap<Uuid, Row> = BTreeMap::new();
        let mut replicas = VERSIONS.map(|version| (version, [(); 2].map(|()| Replica::new(schema.clone()))));
        for step in steps {
            let changes: Vec<RowChange> = step
                .into_iter()
                .map(|(n, columns)| {
                    let uuid = Uuid::from_u128(n);
                    let (old, new) = (truth.get(&uuid).cloned(), columns.map(|columns| row(n, columns)));
                    RowChange { table: T, uuid, old, new }
                })
                .filter(|change| change.old != change.new)
                .collect();
            for change in &changes {
                match &change.new {
                    Some(new) => truth.insert(change.uuid, new.clone()),
                    None => truth.remove(&change.uuid),
                };
            }
            for (version, [tree, text]) in &mut replicas {
                let body = update::encode(*version, &spec, &schema, &changes);
                let value = || json::parse(&body).expect("an update is JSON");
                let told = tree.apply(*version, value()).expect("an update fits");
                prop_assert_eq!(&told, &changes, "{:?} tells what has changed", version);
                let at_once = text.apply_text(std::str::from_utf8(&body).expect("JSON is text"));
                // A real number or an escape in a key is left to the tree.
                let is_unusual = *version == MonitorVersion::V1 || changes.iter().any(is_unusual);
                prop_assert!(at_once.is_some() || is_unusual, "{:?}", value());
                let told = at_once.or_else(|| text.apply(*version, value()).ok());
                prop_assert_eq!(told.as_ref(), Some(&changes), "{:?} as a text", version);
                for replica in [tree, text] {
                    let held: Vec<&Row> = replica.rows(T).collect();
                    prop_assert_eq!(held, truth.values().collect::<Vec<_>>(), "{:?} holds the truth", version);
                }
            }
        }
        prop_assert!(truth.values().all(|row| row.get(ColumnIdx(2)).len() == 1));
    }
}
