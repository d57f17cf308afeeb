//! `show-log`: a file's records as people read them.

use std::collections::BTreeMap;

use ovsdb_data::{DatabaseSchema, Datum, json};
use ovsdb_store::log::{Log, Magic, Mode};
use ovsdb_store::standalone::parse;
use serde_json::{Map, Value};

use crate::{Options, Outcome, ToolError, db_arg};

/// `show-log [db]`; `-m` shows rows, `-mm` their columns.
pub(crate) fn show(options: &Options, args: &[String]) -> Outcome {
    let path = db_arg(args, 0);
    let mut log = Log::open(&path, &[Magic::Json, Magic::Cluster], Mode::ReadOnly)?;
    let mut schema: Option<DatabaseSchema> = None;
    let mut names = BTreeMap::new();
    let clustered = log.magic() == Magic::Cluster;
    for number in 0.. {
        let Some(record) = log.read()? else { break };
        let value = parse(&log, &record)?;
        print!("record {number}:");
        match (&schema, value) {
            (_, value) if clustered => println!(" {}", json::to_string(&value)),
            (None, value) => {
                let parsed = DatabaseSchema::from_json(&value)?;
                println!(
                    " \"{}\" schema, version=\"{}\", cksum=\"{}\"",
                    parsed.name, parsed.version, parsed.cksum
                );
                schema = Some(parsed);
            }
            (Some(schema), Value::Object(members)) => change(options, schema, &members, &mut names),
            (Some(_), _) => {
                return Err(ToolError::Usage(format!(
                    "{}: a record is no object",
                    path.display()
                )));
            }
        }
        println!();
    }
    Ok(0)
}

fn change(
    options: &Options,
    schema: &DatabaseSchema,
    members: &Map<String, Value>,
    names: &mut BTreeMap<String, String>,
) {
    if let Some(date) = members.get("_date").and_then(Value::as_i64) {
        // C's dates are seconds in old files, milliseconds in others.
        let ms = if date < 1 << 31 { date * 1000 } else { date };
        if let Ok(time) = jiff::Timestamp::from_millisecond(ms) {
            print!(" {}", time.strftime("%Y-%m-%d %H:%M:%S"));
        }
    }
    if let Some(comment) = members.get("_comment").and_then(Value::as_str) {
        print!(" {}", json::to_string(&Value::from(comment)));
    }
    if options.more == 0 {
        return;
    }
    let diff = members.get("_is_diff") == Some(&Value::Bool(true));
    let tables = members
        .iter()
        .filter(|(name, rows)| !name.starts_with('_') && rows.is_object());
    for (i, (table, rows)) in tables.enumerate() {
        if i == 0 {
            println!();
        }
        for (uuid, columns) in rows.as_object().into_iter().flatten() {
            row(options, schema, table, uuid, columns, diff, names);
        }
    }
}

fn row(
    options: &Options,
    schema: &DatabaseSchema,
    table: &str,
    uuid: &str,
    columns: &Value,
    diff: bool,
    names: &mut BTreeMap<String, String>,
) {
    let short = uuid.get(..8).unwrap_or(uuid);
    let new_name = columns.get("name").map(json::to_string);
    match (names.get(uuid), &new_name) {
        (None, Some(name)) => println!("  table {table} insert row {name} ({short}):"),
        (None, None) => println!("  table {table} insert row {short}:"),
        (Some(name), _) => println!(
            "  table {table} row {name} ({short}){}:",
            if diff { " diff" } else { "" }
        ),
    }
    let Value::Object(columns) = columns else {
        println!("    delete row");
        names.remove(uuid);
        return;
    };
    if options.more > 1 {
        let table_schema = schema.table_idx(table).map(|idx| schema.table(idx));
        for (column, value) in columns {
            let ty = table_schema.and_then(|t| Some(&t.column_schema(t.column(column)?).ty));
            let datum = ty.and_then(|ty| Datum::from_json(value, ty, None).ok().map(|d| d.to_text(ty)));
            println!("    {column}={}", datum.unwrap_or_else(|| json::to_string(value)));
        }
    }
    names.insert(uuid.to_owned(), new_name.unwrap_or_else(|| short.to_owned()));
}
