//! Schemas, and what is parsed against one.

use super::fresh;
use ovsdb_data::condition::Condition;
use ovsdb_data::monitor::{MonitorCondition, MonitorSpec, MonitorVersion};
use ovsdb_data::mutation::Mutation;
use ovsdb_data::{DatabaseSchema, Operation, Row, Symbols, TableSchema, Uuid, diff, json};
use serde_json::Value;
use std::sync::LazyLock;

/// A table with a column of each shape, and one to refer to.
pub(super) static SCHEMA: LazyLock<DatabaseSchema> = LazyLock::new(|| {
    let text = include_bytes!("../../corpus/schema/shapes.json");
    let value = json::parse(text).expect("the corpus has it as JSON");
    DatabaseSchema::from_json(&value).expect("the corpus has it as a schema")
});

fn shapes() -> &'static TableSchema {
    let table = SCHEMA.table_idx("Shapes").expect("the schema has the table");
    SCHEMA.table(table)
}

/// A schema that is accepted is written so that it is accepted again, as the same.
pub fn schema(bytes: &[u8]) {
    let Ok(value) = json::parse(bytes) else { return };
    let Ok(schema) = DatabaseSchema::from_json(&value) else {
        return;
    };
    let written = schema.to_json();
    let again = DatabaseSchema::from_json(&written).expect("what was written is a schema");
    assert_eq!(again.to_json(), written);
    for (_, table) in schema.iter() {
        // A default outside its constraints is refused, not a panic.
        let _ = table.new_row(Uuid::from_u128(1), Uuid::from_u128(2), Vec::new());
    }
}

/// The operations of a transaction, as an array.
pub fn operations(bytes: &[u8]) {
    let Ok(Value::Array(operations)) = json::parse(bytes) else {
        return;
    };
    let mut fresh = fresh();
    let mut symbols = Symbols::new(&mut fresh);
    for (i, operation) in operations.iter().enumerate() {
        match Operation::from_json(operation, i + 1, operations.len(), &SCHEMA, &mut symbols) {
            Ok(operation) => drop(operation.is_read_only()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// `[row, where, mutations]` against a table: a condition survives being written, its compiled form says the same,
/// and a difference leads from the old value to the mutated one.
pub fn condition(bytes: &[u8]) {
    let Ok(Value::Array(parts)) = json::parse(bytes) else {
        return;
    };
    let [row, clauses, mutations] = &parts[..] else {
        return;
    };
    let table = shapes();
    let Ok(columns) = table.row_from_json(row, None) else {
        return;
    };
    let Ok(row) = table.new_row(Uuid::from_u128(1), Uuid::from_u128(2), columns) else {
        return;
    };
    if let Ok(condition) = Condition::from_json(clauses, table, None) {
        let written = condition.to_json(table);
        let again = Condition::from_json(&written, table, None).expect("what was written is a condition");
        assert_eq!(again, condition);
        let any = condition.matches_any(&row);
        assert!(
            any || !condition.matches_all(&row, table),
            "all clauses hold, but not one"
        );
        assert_eq!(MonitorCondition::new(condition).matches(&row), any);
    }
    if let Ok(mutations) = Mutation::list_from_json(mutations, table, None) {
        mutations
            .iter()
            .fold(row, |row, mutation| mutated(row, mutation, table));
    }
}

fn mutated(row: Row, mutation: &Mutation, table: &TableSchema) -> Row {
    let old = row.get(mutation.column);
    let Ok(new) = mutation.apply(old, table) else {
        return row;
    };
    let ty = &table.column_schema(mutation.column).ty;
    assert_eq!(new.check(ty), Ok(()));
    if let Some(diff) = diff::diff(old, &new, ty) {
        assert_eq!(diff::apply(old, &diff, ty).as_ref(), Ok(&new));
    } else {
        assert_eq!(old, &new);
    }
    row.with([(mutation.column, new)])
}

/// `[requests, changes]` of a monitor, in each version.
pub fn monitor(bytes: &[u8]) {
    let Ok(Value::Array(parts)) = json::parse(bytes) else {
        return;
    };
    let [requests, changes] = &parts[..] else { return };
    for version in [MonitorVersion::V1, MonitorVersion::V2, MonitorVersion::V3] {
        let Ok(spec) = MonitorSpec::from_json(requests, &SCHEMA, version) else {
            continue;
        };
        let Ok(changed) = spec.with_conditions(changes, &SCHEMA) else {
            continue;
        };
        assert!(
            changed.tables.keys().eq(spec.tables.keys()),
            "a change of conditions brings no tables"
        );
        assert_eq!(changed.with_conditions(changes, &SCHEMA), Ok(changed));
    }
}
