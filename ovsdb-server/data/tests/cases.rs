//! Text cases: each line of `cases/*.txt` is `INPUT | … => OUTPUT`, the output being JSON or an error's text.

use ovsdb_data::base_type::ColumnType;
use ovsdb_data::monitor::{MonitorSpec, MonitorVersion};
use ovsdb_data::mutation::Mutation;
use ovsdb_data::{
    Condition, DatabaseSchema, Datum, Operation, OvsdbError, Row, Symbols, TableIdx, TableSchema, Uuid, json,
};
use serde_json::Value;

/// Runs every case of a file and reports all that differ.
fn check(text: &str, run: impl Fn(&[&str]) -> Result<String, OvsdbError>) {
    let mut n_cases = 0;
    let mut failures = String::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (input, expected) = line.split_once(" => ").expect("a case has an arrow");
        let inputs: Vec<&str> = input.split(" | ").collect();
        let actual = run(&inputs).unwrap_or_else(|error| error.to_string());
        // The members of an expected object may stand in any order.
        let sorted = json::parse(expected.as_bytes()).map(|value| json::to_string(&value));
        if actual != expected && sorted.as_ref() != Ok(&actual) {
            failures += &format!("\n{input}\n  expected {expected}\n  actual   {actual}\n");
        }
        n_cases += 1;
    }
    assert!(n_cases > 0, "the file has cases");
    assert!(failures.is_empty(), "{failures}");
}

fn parse(text: &str) -> Value {
    json::parse(text.as_bytes()).expect("a case holds JSON")
}

/// A column's type comes only inside a schema.
fn column_type(json: &str) -> Result<ColumnType, OvsdbError> {
    let schema = format!(r#"{{"name":"db","tables":{{"T":{{"columns":{{"c":{{"type":{json}}}}}}}}}}}"#);
    let schema = DatabaseSchema::from_json(&parse(&schema))?;
    let table = schema.table(TableIdx(0));
    Ok(table
        .column_schema(table.column("c").expect("the only column"))
        .ty
        .clone())
}

fn table() -> DatabaseSchema {
    DatabaseSchema::from_json(&parse(include_str!("cases/table.json")))
        .expect("the table of the cases is valid")
}

fn row(json: &str, table: &TableSchema) -> Row {
    let row = table
        .row_from_json(&parse(json), None)
        .expect("the rows of the cases are valid");
    table
        .new_row(Uuid::nil(), Uuid::nil(), row)
        .expect("the defaults are valid")
}

#[test]
fn json_texts() {
    check(include_str!("cases/json.txt"), |input| {
        match json::parse(input[0].as_bytes()) {
            Ok(value) => Ok(json::to_string(&value)),
            Err(error) => {
                let (position, message) = error.0.split_once(": ").expect("errors begin with a position");
                assert!(position.starts_with("line 0, column "), "{position}");
                Ok(format!("error: {message}"))
            }
        }
    });
}

#[test]
fn types() {
    check(include_str!("cases/types.txt"), |input| {
        let ty = column_type(input[0])?;
        let schema = format!(
            r#"{{"name":"db","tables":{{"T":{{"columns":{{"c":{{"type":{}}}}}}}}}}}"#,
            input[0]
        );
        let notation = DatabaseSchema::from_json(&parse(&schema))?.to_json();
        let notation = json::to_string(&notation["tables"]["T"]["columns"]["c"]["type"]);
        assert_eq!(
            column_type(&notation)?,
            ty,
            "the notation of {} means the same type",
            input[0]
        );
        Ok(notation)
    });
}

#[test]
fn values() {
    check(include_str!("cases/values.txt"), |input| {
        let ty = column_type(input[0])?;
        let datum = Datum::from_json(&parse(input[1]), &ty, None)?;
        let mut text = Vec::new();
        datum.write_json(&ty, &mut text);
        assert_eq!(
            json::to_string(&datum.to_json(&ty)).as_bytes(),
            text,
            "both writers agree"
        );
        Ok(String::from_utf8(text).expect("JSON is UTF-8"))
    });
}

#[test]
fn schemas() {
    check(include_str!("cases/schemas.txt"), |input| {
        let schema = DatabaseSchema::from_json(&parse(input[0]))?;
        let notation = schema.to_json();
        assert_eq!(
            DatabaseSchema::from_json(&notation)?,
            schema,
            "the notation means the same schema"
        );
        Ok(json::to_string(&notation))
    });
}

#[test]
fn conditions() {
    let schema = table();
    let table = schema.table(TableIdx(0));
    check(include_str!("cases/conditions.txt"), |input| {
        let condition = Condition::from_json(&parse(&format!("[{}]", input[0])), table, None)?;
        Ok(json::to_string(&condition.to_json(table)[0]))
    });
}

#[test]
fn evaluation() {
    let schema = table();
    let table = schema.table(TableIdx(0));
    check(include_str!("cases/evaluation.txt"), |input| {
        let condition = Condition::from_json(&parse(&format!("[{}]", input[0])), table, None)?;
        let holds = |text: &&str| {
            if condition.matches_all(&row(text, table), table) {
                'T'
            } else {
                '-'
            }
        };
        Ok(input[1..].iter().map(holds).collect())
    });
}

#[test]
fn mutations() {
    let schema = table();
    let table = schema.table(TableIdx(0));
    check(include_str!("cases/mutations.txt"), |input| {
        let mutations = Mutation::list_from_json(&parse(&format!("[{}]", input[0])), table, None)?;
        let (mutation, row) = (&mutations[0], row(input[1], table));
        let old = row.get(mutation.column);
        let new = mutation.apply(old, table)?;
        let column = table.column_schema(mutation.column);
        Ok(match &new == old {
            true => "no change".into(),
            false => format!(r#"{{"{}":{}}}"#, column.name, new.to_json(&column.ty)),
        })
    });
}

#[test]
fn operations() {
    let schema = table();
    check(include_str!("cases/operations.txt"), |input| {
        let mut n_fresh = 0;
        let mut fresh = || {
            n_fresh += 1;
            Uuid::from_u128(n_fresh)
        };
        let mut symbols = Symbols::new(&mut fresh);
        for (i, text) in input.iter().enumerate() {
            Operation::from_json(&parse(text), i + 1, input.len(), &schema, &mut symbols)?;
        }
        Ok("ok".into())
    });
}

#[test]
fn monitors() {
    let schema = table();
    check(include_str!("cases/monitors.txt"), |input| {
        let version = if input[0] == "monitor" {
            MonitorVersion::V1
        } else {
            MonitorVersion::V2
        };
        let spec = MonitorSpec::from_json(&parse(input[1]), &schema, version)?;
        if let Some(change) = input.get(2) {
            spec.with_conditions(&parse(change), &schema)?;
        }
        Ok("ok".into())
    });
}
