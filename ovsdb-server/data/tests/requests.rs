//! What parsed schemas, operations and monitor requests hold, beside being accepted.

use ovsdb_data::base_type::RefKind;
use ovsdb_data::condition::{Clause, Function};
use ovsdb_data::monitor::{MonitorCondition, MonitorSpec, MonitorVersion, Select};
use ovsdb_data::operation::{PartialRow, Until};
use ovsdb_data::{
    Atom, ColumnIdx, Condition, DatabaseSchema, Datum, Operation, OvsdbError, Row, Symbols, TableIdx, Uuid,
    json,
};
use serde_json::{Value, json};

const PORTS: TableIdx = TableIdx(1);

/// Switches with ports; a port that no switch has is collected.
fn schema() -> DatabaseSchema {
    DatabaseSchema::from_json(&json!({
        "name": "net",
        "version": "1.0.0",
        "cksum": "1 2",
        "tables": {
            "Switch": {
                "isRoot": true,
                "maxRows": 9,
                "indexes": [["name"]],
                "columns": {
                    "name": {"type": "string", "mutable": false},
                    "ports": {
                        "ephemeral": true,
                        "type": {"key": {"type": "uuid", "refTable": "Port"}, "min": 0, "max": "unlimited"},
                    },
                    "status": {"ephemeral": true, "type": "string"},
                }
            },
            "Port": {
                "columns": {
                    "mode": {"type": {"key": {"type": "string", "enum": ["set", ["access", "trunk"]]}}},
                    "peer": {
                        "mutable": false,
                        "type": {"key": {"type": "uuid", "refTable": "Port", "refType": "weak"}, "min": 0},
                    },
                    "tag": {"type": {"key": "integer", "min": 0}},
                    "trunks": {"type": {"key": "integer", "min": 0, "max": 4}},
                }
            },
            "Meter": {"columns": {"Rate": {"type": "integer"}}}
        }
    }))
    .expect("the schema is valid")
}

fn parse(operations: Value) -> Result<Vec<Operation>, OvsdbError> {
    let schema = schema();
    let mut n_fresh = 0;
    let mut fresh = || {
        n_fresh += 1;
        Uuid::from_u128(n_fresh)
    };
    let mut symbols = Symbols::new(&mut fresh);
    let operations = operations.as_array().expect("a list of operations");
    let n = operations.len();
    operations
        .iter()
        .zip(1..)
        .map(|(op, i)| Operation::from_json(op, i, n, &schema, &mut symbols))
        .collect()
}

fn integer(i: i64) -> Datum {
    Atom::Integer(i).into()
}

fn uuid(n: u128) -> Datum {
    Atom::Uuid(Uuid::from_u128(n)).into()
}

#[test]
fn tables_and_columns_have_sorted_positions() {
    let schema = schema();
    let names: Vec<&str> = schema.iter().map(|(_, table)| &*table.name).collect();
    assert_eq!(names, ["Meter", "Port", "Switch"]);
    let table = schema.table(PORTS);
    let names: Vec<&str> = table.iter().map(|(_, column)| &*column.name).collect();
    assert_eq!(names, ["_uuid", "_version", "mode", "peer", "tag", "trunks"]);
    for (column, column_schema) in table.iter() {
        assert_eq!(table.column(&column_schema.name), Some(column));
    }
    assert_eq!(table.column("_odd"), None);
    assert_eq!(schema.table_idx("port"), None);
}

#[test]
fn references_are_resolved_and_adjusted() {
    let schema = schema();
    let switch = schema.table(schema.table_idx("Switch").expect("the table"));
    let ports = switch.column_schema(switch.column("ports").expect("the column"));
    assert_eq!(ports.ty.key.reference(), Some((PORTS, RefKind::Strong)));
    assert!(ports.persistent, "only this column keeps ports alive");
    let port = schema.table(PORTS);
    let peer = port.column_schema(port.column("peer").expect("the column"));
    assert_eq!(peer.ty.key.reference(), Some((PORTS, RefKind::Weak)));
    assert!(peer.mutable, "a weak reference can go by itself");
}

#[test]
fn clusters_keep_every_column() {
    let (schema, changed) = schema().into_persistent();
    let changed: Vec<_> = changed.into_iter().collect();
    assert_eq!(changed, [("Switch".to_owned(), vec!["status".to_owned()])]);
    let columns = || schema.tables.iter().flat_map(|table| &table.columns[2..]);
    assert!(columns().all(|column| column.persistent));
    assert!(schema.into_persistent().1.is_empty());
}

#[test]
fn new_rows_get_defaults_which_must_be_legal() {
    let schema = schema();
    let (id, version) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let table = schema.table(PORTS);
    let error = table
        .new_row(id, version, PartialRow::new())
        .expect_err("mode has no legal default");
    let expected = r#"constraint violation: "" is not one of the allowed values ([access, trunk])"#;
    assert_eq!(error.to_string(), expected);

    let row = table.row_from_json(
        &json!({"mode": "trunk", "_uuid": ["uuid", Uuid::nil().to_string()]}),
        None,
    );
    let row = table
        .new_row(id, version, row.expect("the row is valid"))
        .expect("the defaults are legal");
    assert_eq!((row.uuid(), row.version()), (id, version));
    let filled: Vec<(u16, &Datum)> = row
        .iter()
        .skip(2)
        .map(|(column, datum)| (column.0, datum))
        .collect();
    assert_eq!(filled, [(2, &Atom::from("trunk").into())]);
    assert_eq!(row.n_atoms(), 1);
    let changed = row.with([(table.column("tag").expect("the column"), integer(5))]);
    assert_eq!(changed.n_atoms(), 2);
    assert!(!changed.same(&row) && row.same(&row.clone()));
}

#[test]
fn names_of_rows_may_come_before_their_inserts() {
    let named = |name| json!(["named-uuid", name]);
    let operations = parse(json!([
        {"op": "insert", "table": "Switch", "row": {"ports": ["set", [named("a"), named("b")]]}},
        {"op": "insert", "table": "Port", "row": {}, "uuid-name": "b"},
        {"op": "insert", "table": "Port", "row": {"peer": named("b")}, "uuid-name": "a"},
        {"op": "insert", "table": "Port", "row": {}, "uuid": Uuid::from_u128(99).to_string()},
    ]))
    .expect("the operations are valid");
    let uuids: Vec<(u128, bool)> = operations
        .iter()
        .map(|operation| match operation {
            Operation::Insert { uuid, uuid_given, .. } => (uuid.as_u128(), *uuid_given),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(uuids, [(1, false), (3, false), (2, false), (99, true)]);
    let Operation::Insert { row, .. } = &operations[0] else {
        unreachable!()
    };
    let expected = Datum::set_unique([2, 3].map(|n| Atom::Uuid(Uuid::from_u128(n))));
    assert_eq!(row, &[(ColumnIdx(3), expected)]);
    let Operation::Insert { row, .. } = &operations[2] else {
        unreachable!()
    };
    assert_eq!(row, &[(ColumnIdx(3), uuid(3))]);
}

#[test]
fn a_given_uuid_becomes_the_names() {
    let operations = parse(json!([
        {"op": "insert", "table": "Port", "row": {}, "uuid-name": "a", "uuid": Uuid::from_u128(99).to_string()},
        {"op": "delete", "table": "Port", "where": [["_uuid", "==", ["named-uuid", "a"]]]},
    ]))
    .expect("the operations are valid");
    let Operation::Delete { condition, .. } = &operations[1] else {
        unreachable!()
    };
    assert_eq!(condition.uuid(), Some(Uuid::from_u128(99)));
}

#[test]
fn columns_ascend_and_default_to_all() {
    let select = |extra: Value| {
        let mut operation = json!({"op": "select", "table": "Port", "where": []});
        operation
            .as_object_mut()
            .expect("an object")
            .extend(extra.as_object().expect("an object").clone());
        match parse(json!([operation]))
            .expect("the operation is valid")
            .remove(0)
        {
            Operation::Select { columns, sort, .. } => (
                columns.iter().map(|c| c.0).collect::<Vec<_>>(),
                sort.iter().map(|c| c.0).collect::<Vec<_>>(),
            ),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(select(json!({})), (vec![0, 1, 2, 3, 4, 5], vec![]));
    assert_eq!(
        select(json!({"columns": ["tag", "_uuid"], "sort": ["tag", "mode"]})),
        (vec![0, 4], vec![4, 2])
    );
    assert_eq!(select(json!({"columns": []})), (vec![], vec![]));
}

#[test]
fn wait_keeps_the_columns_it_compares() {
    let operation = json!({"op": "wait", "table": "Port", "timeout": 7, "where": [["tag", "<", 5]],
        "until": "!=", "columns": ["tag", "mode"], "rows": [{"tag": 1, "trunks": 2}, {"mode": "trunk"}]});
    let operation = parse(json!([operation]))
        .expect("the operation is valid")
        .remove(0);
    let expected = Operation::Wait {
        timeout_ms: Some(7),
        table: PORTS,
        condition: Condition {
            clauses: vec![Clause::Compare {
                column: ColumnIdx(4),
                function: Function::Lt,
                arg: integer(5),
            }],
        },
        columns: vec![ColumnIdx(2), ColumnIdx(4)],
        until: Until::NotEqual,
        rows: vec![
            vec![(ColumnIdx(4), integer(1))],
            vec![(ColumnIdx(2), Datum::from(Atom::from("trunk")))],
        ],
    };
    assert_eq!(operation, expected);
    assert!(operation.is_read_only());
    assert_eq!(operation.name(), "wait");
}

#[test]
fn monitors_default_to_all_columns_but_uuid() {
    let schema = schema();
    let spec = |requests: Value| {
        MonitorSpec::from_json(&requests, &schema, MonitorVersion::V2).expect("the requests are valid")
    };
    let no_delete = Select {
        delete: false,
        ..Select::ALL
    };
    let only_initial = Select {
        initial: true,
        ..Select::NONE
    };
    let cases = [
        (
            json!({"Meter": {}}),
            vec![(1, Select::ALL), (2, Select::ALL)],
            Select::ALL,
        ),
        (
            json!({"Meter": [{"columns": ["_uuid"]}]}),
            vec![(0, Select::ALL)],
            Select::ALL,
        ),
        (json!({"Meter": {"columns": []}}), vec![], Select::ALL),
        (json!({"Meter": []}), vec![], Select::NONE),
        (
            json!({"Meter": {"select": {"delete": false}}}),
            vec![(1, no_delete), (2, no_delete)],
            no_delete,
        ),
        (
            json!({"Meter": [
                {"columns": ["Rate"], "select": {"delete": false}},
                {"columns": ["_uuid"], "select": {"insert": false, "delete": false, "modify": false}},
            ]}),
            vec![(0, only_initial), (2, no_delete)],
            no_delete,
        ),
    ];
    for (requests, columns, select) in cases {
        let spec = spec(requests.clone());
        let monitor = &spec.tables[&TableIdx(0)];
        let actual: Vec<(u16, Select)> = monitor.columns.iter().map(|(c, select)| (c.0, *select)).collect();
        assert_eq!((actual, monitor.select), (columns, select), "{requests}");
    }
    assert_eq!(
        spec(json!({"Meter": {"columns": ["Rate", "_uuid"]}})),
        spec(json!({"Meter": [{"columns": ["_uuid"]}, {"columns": ["Rate"]}]})),
        "equal requests in different words are shared"
    );
}

fn meter(rate: i64) -> Row {
    Row::new([uuid(1), uuid(2), integer(rate)])
}

#[test]
fn conditions_of_one_table_are_united_and_replaced() {
    let schema = schema();
    let spec = |requests: Value| {
        MonitorSpec::from_json(&requests, &schema, MonitorVersion::V3).expect("valid requests")
    };
    let matching = |spec: &MonitorSpec| -> Vec<i64> {
        let condition = &spec.tables[&TableIdx(0)].condition;
        (0..5).filter(|rate| condition.matches(&meter(*rate))).collect()
    };
    let one = json!({"columns": ["Rate"], "where": [["Rate", "==", 1]]});
    let two = json!({"columns": ["_uuid"], "where": [["Rate", "==", 2], ["Rate", ">", 3]]});
    let both = spec(json!({"Meter": [one, two]}));
    assert_eq!(matching(&both), [1, 2, 4]);
    assert_eq!(
        matching(&spec(json!({"Meter": [one, {"columns": []}]}))),
        [0, 1, 2, 3, 4]
    );
    let change = |requests: Value| both.with_conditions(&requests, &schema).expect("valid requests");
    assert_eq!(
        matching(&change(json!({"Meter": [{"where": [false]}]}))),
        [0_i64; 0]
    );
    assert_eq!(
        matching(&change(json!({"Meter": [{"where": [true]}]}))),
        [0, 1, 2, 3, 4]
    );
    assert_eq!(matching(&change(json!({"Meter": [{}]}))), [0, 1, 2, 3, 4]);
    assert_eq!(matching(&change(json!({"Meter": []}))), [1, 2, 4]);
    assert_eq!(
        matching(&change(
            json!({"Meter": [{"where": []}, {"where": [["Rate", "==", 3]]}]})
        )),
        [3]
    );
    assert!(
        both.with_conditions(&json!({"Meter": [{"where": [false]}], "Odd": []}), &schema)
            .is_err()
    );
    assert_eq!(matching(&both), [1, 2, 4], "a failed change changes nothing");
}

#[test]
fn monitor_conditions_are_compiled() {
    let schema = schema();
    let table = schema.table(PORTS);
    let compile = |clauses: Value| {
        MonitorCondition::new(Condition::from_json(&clauses, table, None).expect("the condition is valid"))
    };
    let condition = compile(json!([
        ["trunks", "includes", 4],
        ["tag", "==", 2],
        ["tag", ">", 7],
        ["mode", "==", "trunk"],
        ["tag", "==", 1],
        ["tag", "==", 2],
        false,
    ]));
    let sets: Vec<(u16, Vec<Datum>)> = condition
        .eq_sets()
        .iter()
        .map(|set| (set.column.0, set.values.clone()))
        .collect();
    assert_eq!(
        sets,
        [
            (2, vec![Atom::from("trunk").into()]),
            (4, vec![integer(1), integer(2)])
        ]
    );
    assert_eq!(condition.includes_sets()[0].values, [Atom::Integer(4)]);
    assert_eq!(condition.other_clauses().len(), 1);
    assert_eq!(condition.columns().map(|c| c.0).collect::<Vec<_>>(), [2, 4, 5]);
    assert!(!condition.is_true() && !condition.is_false());
    assert!(compile(json!([])).is_true() && compile(json!([["tag", "==", 1], true])).is_true());
    assert!(compile(json!([false, false])).is_false());
    assert!(
        compile(json!([])) != compile(json!([true])),
        "equal in effect, not in words"
    );
}

#[test]
fn depth_is_limited_and_cannot_overflow_the_stack() {
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    assert!(json::parse(nested(json::MAX_DEPTH).as_bytes()).is_ok());
    let error = json::parse(nested(json::MAX_DEPTH + 1).as_bytes()).expect_err("too deep");
    let expected = "line 0, column 1000, byte 1000: input exceeds maximum nesting depth 1000";
    assert_eq!(error.to_string(), expected);
    assert!(json::parse("[".repeat(10_000_000).as_bytes()).is_err());
    assert!(json::parse("{\"a\":".repeat(10_000_000).as_bytes()).is_err());
}

#[test]
fn positions_count_lines() {
    let error = json::parse(b"{\n \"a\": 1,\n \"b\": x}").expect_err("x is no value");
    assert_eq!(
        error.to_string(),
        "line 2, column 6, byte 17: invalid keyword 'x'"
    );
    let error = json::parse(b"[\"a\xff\"]").expect_err("not UTF-8");
    assert_eq!(
        error.to_string(),
        "line 0, column 3, byte 3: not a valid UTF-8 string"
    );
}

#[test]
fn members_are_written_sorted() {
    // Holds only while nobody asks serde_json to preserve the order of members.
    assert_eq!(
        json::to_string(&json!({"b": 1, "a": {"d": 1, "c": 2}})),
        r#"{"a":{"c":2,"d":1},"b":1}"#
    );
}
