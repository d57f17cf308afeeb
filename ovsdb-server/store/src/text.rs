//! What a record says, as text: row changes to JSON and back (ovsdb-server(5)).
//!
//! A record names rows by uuid: a new row by its columns that differ from the default, a changed one by its changed
//! columns (as differences when the record says `_is_diff`), a deleted one by `null`. Ephemeral columns are never
//! written. Reals have as many digits as it takes to read them back as they were, where the C server's files have 15.

use ovsdb_data::json;
use ovsdb_data::{
    Atom, ColumnIdx, ColumnType, DatabaseSchema, Datum, OvsdbError, Row, RowChange, TableIdx, TableSchema,
    Uuid, diff,
};
use ovsdb_engine::Snapshot;
use serde_json::Value;

/// Why a record's text does not count.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// It is not JSON.
    #[error("not valid JSON ({0})")]
    NotJson(String),
    /// It is JSON, but no object.
    #[error("not a JSON object")]
    NotObject,
    /// It does not apply to the state before it.
    #[error("{0}")]
    Contents(#[from] OvsdbError),
}

pub(crate) fn parse_text(text: &[u8]) -> Result<Value, TextError> {
    match json::parse(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(TextError::NotObject),
        Err(error) => Err(TextError::NotJson(error.to_string())),
    }
}

/// Resolves a transaction record against the state before it. With `converting`, unknown tables and columns are
/// skipped. New and changed rows get a fresh `_version`.
pub fn decode(
    before: &Snapshot,
    record: &Value,
    converting: bool,
    fresh: &mut dyn FnMut() -> Uuid,
) -> Result<Vec<RowChange>, OvsdbError> {
    let tables = record
        .as_object()
        .ok_or_else(|| OvsdbError::syntax(record, "object expected"))?;
    let is_diff = tables.get("_is_diff") == Some(&Value::Bool(true));
    let mut changes = Vec::new();
    for (name, rows) in tables {
        let Some(table) = before.schema.table_idx(name) else {
            let annotation = match name.as_str() {
                "_date" => rows.is_i64(),
                "_is_diff" => rows.is_boolean(),
                "_comment" => true,
                _ => false,
            };
            if annotation || converting {
                continue;
            }
            let text = format!("No table named {name}.");
            return Err(OvsdbError::at("unknown table", record, text));
        };
        let entries = rows
            .as_object()
            .ok_or_else(|| OvsdbError::syntax(rows, "object expected"))?;
        for (id, columns) in entries {
            let uuid = parse_uuid(id)
                .ok_or_else(|| OvsdbError::syntax(rows, format!("\"{id}\" is not a valid UUID")))?;
            let old = before.get(table, &uuid).cloned();
            let new = match (columns, &old) {
                (Value::Null, None) => {
                    let text = format!("transaction deletes row {uuid} that does not exist");
                    return Err(OvsdbError::new("syntax error", text));
                }
                (Value::Null, Some(_)) => None,
                _ => {
                    let schema = before.schema.table(table);
                    Some(decode_row(
                        schema,
                        uuid,
                        old.as_ref(),
                        columns,
                        is_diff,
                        converting,
                        fresh(),
                    )?)
                }
            };
            changes.push(RowChange {
                table,
                uuid,
                old,
                new,
            });
        }
    }
    changes.sort_by_key(|change| (change.table, change.uuid));
    Ok(changes)
}

/// A hyphenated uuid, the only form the file has.
pub(crate) fn parse_uuid(text: &str) -> Option<Uuid> {
    Some(text)
        .filter(|text| text.len() == 36)
        .and_then(|text| Uuid::try_parse(text).ok())
}

fn decode_row(
    schema: &TableSchema,
    uuid: Uuid,
    old: Option<&Row>,
    columns: &Value,
    is_diff: bool,
    converting: bool,
    version: Uuid,
) -> Result<Row, OvsdbError> {
    let object = columns
        .as_object()
        .ok_or_else(|| OvsdbError::syntax(columns, "row must be JSON object"))?;
    let mut datums: Vec<Datum> = match old {
        Some(row) => {
            let n = schema.columns.len() as u16;
            (0..n).map(|i| row.get(ColumnIdx(i)).clone()).collect()
        }
        None => schema
            .columns
            .iter()
            .map(|column| type_default(&column.ty))
            .collect(),
    };
    for (name, value) in object {
        let Some(column) = schema.column(name) else {
            if converting {
                continue;
            }
            return Err(schema.unknown_column(columns, name));
        };
        let ty = &schema.column_schema(column).ty;
        let slot = &mut datums[column.0 as usize];
        *slot = if is_diff && old.is_some() {
            diff::apply(slot, &Datum::from_json_diff(value, ty)?, ty)?
        } else {
            Datum::from_json(value, ty, None)?
        };
    }
    datums[ColumnIdx::UUID.0 as usize] = Datum::One(Atom::Uuid(uuid));
    datums[ColumnIdx::VERSION.0 as usize] = Datum::One(Atom::Uuid(version));
    Ok(Row::new(datums))
}

/// What the file leaves out: the default of the type, whatever an enumeration allows.
pub(crate) fn type_default(ty: &ColumnType) -> Datum {
    match ty.n_min {
        1 if !ty.is_map() => Datum::One(Atom::default_of(ty.key.atomic)),
        _ => Datum::Empty,
    }
}

/// The text of a transaction's record; none when nothing of it belongs in the file. `changes` are sorted by table.
pub fn encode(
    schema: &DatabaseSchema,
    changes: &[RowChange],
    comment: Option<&str>,
    date: i64,
    column_diff: bool,
) -> Option<Vec<u8>> {
    // A transaction of a few rows fits.
    let mut out = Vec::with_capacity(1024);
    out.push(b'{');
    let mut open: Option<TableIdx> = None;
    for change in changes {
        let start = out.len();
        let table = schema.table(change.table);
        if open != Some(change.table) {
            if open.is_some() {
                out.extend_from_slice(b"},");
            }
            json::write_str(&table.name, &mut out);
            out.extend_from_slice(b":{");
        } else {
            out.push(b',');
        }
        json::write_uuid_str(change.uuid, &mut out);
        out.push(b':');
        if encode_row(
            table,
            change.old.as_ref(),
            change.new.as_ref(),
            column_diff,
            &mut out,
        ) {
            open = Some(change.table);
        } else {
            out.truncate(start);
        }
    }
    open?;
    out.extend_from_slice(b"},");
    annotate(comment, date, column_diff, &mut out);
    Some(out)
}

/// The text of a record that changes nothing.
pub fn encode_nothing(comment: Option<&str>, date: i64, column_diff: bool) -> Vec<u8> {
    let mut out = vec![b'{'];
    annotate(comment, date, column_diff, &mut out);
    out
}

/// The text of the record that holds a whole state, as compaction writes it. Never a difference.
pub fn encode_snapshot(snapshot: &Snapshot, comment: &str, date: i64, column_diff: bool) -> Vec<u8> {
    let mut out = vec![b'{'];
    for (table, schema) in snapshot
        .schema
        .iter()
        .filter(|(table, _)| !snapshot.table(*table).is_empty())
    {
        json::write_str(&schema.name, &mut out);
        out.extend_from_slice(b":{");
        for (i, (uuid, row)) in snapshot.table(table).iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            encode_whole_row(schema, *uuid, row, &mut out);
        }
        out.extend_from_slice(b"},");
    }
    annotate(Some(comment), date, column_diff, &mut out);
    out
}

fn annotate(comment: Option<&str>, date: i64, column_diff: bool, out: &mut Vec<u8>) {
    if column_diff {
        out.extend_from_slice(b"\"_is_diff\":true,");
    }
    if let Some(comment) = comment {
        out.extend_from_slice(b"\"_comment\":");
        json::write_str(comment, out);
        out.push(b',');
    }
    out.extend_from_slice(b"\"_date\":");
    json::write_integer(date, out);
    out.push(b'}');
}

/// Appends a row with its uuid: a member of the object that a record has for its table.
pub fn encode_whole_row(schema: &TableSchema, uuid: Uuid, row: &Row, out: &mut Vec<u8>) {
    json::write_uuid_str(uuid, out);
    out.push(b':');
    encode_row(schema, None, Some(row), false, out);
}

/// Appends a row's value; false when nothing persistent changed.
fn encode_row(
    schema: &TableSchema,
    old: Option<&Row>,
    new: Option<&Row>,
    column_diff: bool,
    out: &mut Vec<u8>,
) -> bool {
    let Some(new) = new else {
        out.extend_from_slice(b"null");
        return true;
    };
    let mut any = false;
    out.push(b'{');
    // `_uuid` is the key and `_version` lives in memory only.
    for (column, column_schema) in schema.iter().skip(2).filter(|(_, column)| column.persistent) {
        let (ty, value) = (&column_schema.ty, new.get(column));
        let difference;
        let written = match old {
            None if *value == type_default(ty) => continue,
            None => value,
            Some(old) if old.get(column) == value => continue,
            Some(_) if !column_diff => value,
            Some(old) => match diff::diff(old.get(column), value, ty) {
                Some(found) => {
                    difference = found;
                    &difference
                }
                None => continue,
            },
        };
        if any {
            out.push(b',');
        }
        any = true;
        json::write_str(&column_schema.name, out);
        out.push(b':');
        written.write_json_exactly(ty, out);
    }
    out.push(b'}');
    any || old.is_none()
}
