//! The replica: a client's copy of the rows it monitors.
//!
//! In: first contents and update notifications. Out: the changes of rows they mean. An update that does not fit what
//! the replica holds changes nothing and is an error: whoever owns the session monitors anew.

use std::collections::BTreeMap;

use ovsdb_data::intern::Interner;
use ovsdb_data::monitor::MonitorVersion;
use ovsdb_data::operation::PartialRow;
use ovsdb_data::{
    ColumnIdx, DatabaseSchema, Datum, OvsdbError, Row, RowChange, TableIdx, TableSchema, Uuid, diff, stream,
};
use serde_json::{Map, Value};

/// The rows that a client has seen of one database, under the client's own schema. Columns that are not monitored,
/// or that the server lacks, hold their defaults.
#[derive(Debug)]
pub struct Replica {
    schema: DatabaseSchema,
    tables: Vec<BTreeMap<Uuid, Row>>,
    interner: Interner,
}

/// Why an update does not fit; the answer to each is to monitor from the start.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UpdateError {
    /// The update is not of the shape of ovsdb-server(7) §4.1.12–§4.1.15.
    #[error("update at {at}: {what}")]
    Malformed {
        /// The table, and the row where one is known.
        at: String,
        /// What is wrong.
        what: String,
    },
    /// A row is changed or deleted that the replica lacks.
    #[error("update of table {table} changes row {uuid}, which is not in the replica")]
    UnknownRow {
        /// The table's name.
        table: String,
        /// The row.
        uuid: Uuid,
    },
    /// A row is inserted that the replica has.
    #[error("update of table {table} inserts row {uuid}, which is in the replica")]
    KnownRow {
        /// The table's name.
        table: String,
        /// The row.
        uuid: Uuid,
    },
}

impl Replica {
    /// An empty copy.
    pub fn new(schema: DatabaseSchema) -> Self {
        let tables = vec![BTreeMap::new(); schema.tables.len()];
        Replica {
            schema,
            tables,
            interner: Interner::default(),
        }
    }

    /// The schema the rows are kept in.
    pub fn schema(&self) -> &DatabaseSchema {
        &self.schema
    }

    /// A row, if it is here.
    pub fn row(&self, table: TableIdx, uuid: Uuid) -> Option<&Row> {
        self.tables.get(usize::from(table.0))?.get(&uuid)
    }

    /// The rows of a table by uuid; none of a table that the schema lacks.
    pub fn rows(&self, table: TableIdx) -> impl ExactSizeIterator<Item = &Row> {
        static NONE: BTreeMap<Uuid, Row> = BTreeMap::new();
        self.tables.get(usize::from(table.0)).unwrap_or(&NONE).values()
    }

    /// Applies the body of `update` (V1), `update2` (V2) or `update3` (V3), or a monitor's first contents; all of it
    /// or, on error, nothing. Returns what changed by table and uuid; rows that stay equal are left out.
    pub fn apply(&mut self, version: MonitorVersion, body: Value) -> Result<Vec<RowChange>, UpdateError> {
        let mut changes = Vec::new();
        // Large contents go as they become rows: they take many times the memory of these.
        for (name, rows) in owned(body, "the body")? {
            let table = self
                .schema
                .table_idx(&name)
                .ok_or_else(|| malformed(&name, "no such table"))?;
            for (uuid, update) in owned(rows, &name)? {
                let uuid =
                    Uuid::try_parse(&uuid).map_err(|_| malformed(&name, format!("{uuid} is no UUID")))?;
                let old = self.row(table, uuid);
                let new = match version {
                    MonitorVersion::V1 => self.update1(table, uuid, old, &update)?,
                    MonitorVersion::V2 | MonitorVersion::V3 => self.update2(table, uuid, old, &update)?,
                };
                if old != new.as_ref() {
                    changes.push(RowChange {
                        table,
                        uuid,
                        old: old.cloned(),
                        new,
                    });
                }
            }
        }
        if let Some((table, uuid)) = sorted(&mut changes) {
            return Err(malformed(
                &self.schema.table(table).name,
                format!("row {uuid} changes twice"),
            ));
        }
        self.interner.changes(&mut changes);
        self.commit(&changes);
        Ok(changes)
    }

    /// Does what [`Replica::apply`] does with the text of a body of `update2`, `update3` or the first contents of their
    /// monitors, and builds nothing but rows. Does nothing and gives none where anything about it is unusual.
    pub fn apply_text(&mut self, body: &str) -> Option<Vec<RowChange>> {
        let mut changes = Vec::new();
        let Replica {
            schema,
            tables,
            interner,
        } = self;
        stream::updates(body, schema, interner, &mut |table, row| {
            let of = schema.table(table);
            let uuid = row.uuid;
            let old = tables[usize::from(table.0)].get(&uuid);
            let new = match (row.columns, old) {
                (None, Some(_)) => None,
                (Some(diffs), Some(old)) if row.is_diff => Some(modified(of, old, diffs).ok()?),
                (Some(columns), None) if !row.is_diff => Some(of.new_row(uuid, Uuid::nil(), columns).ok()?),
                _ => return None,
            };
            let old = old.cloned();
            changes.push(RowChange {
                table,
                uuid,
                old,
                new,
            });
            Some(())
        })?;
        if sorted(&mut changes).is_some() {
            return None;
        }
        changes.retain(|change| change.old != change.new);
        self.commit(&changes);
        Some(changes)
    }

    /// Takes the rows of another copy of the same schema; returns the net changes, by table and uuid.
    pub fn replace(&mut self, fresh: Replica) -> Vec<RowChange> {
        let mut changes = Vec::new();
        let stale = std::mem::replace(&mut self.tables, fresh.tables);
        for (i, (old_rows, rows)) in stale.into_iter().zip(&self.tables).enumerate() {
            let table = TableIdx(i as u16);
            let start = changes.len();
            for (&uuid, row) in rows {
                let old = old_rows.get(&uuid);
                if old != Some(row) {
                    changes.push(RowChange {
                        table,
                        uuid,
                        old: old.cloned(),
                        new: Some(row.clone()),
                    });
                }
            }
            for (uuid, row) in old_rows {
                if !rows.contains_key(&uuid) {
                    changes.push(RowChange {
                        table,
                        uuid,
                        old: Some(row),
                        new: None,
                    });
                }
            }
            changes[start..].sort_by_key(|change| change.uuid);
        }
        changes
    }

    fn commit(&mut self, changes: &[RowChange]) {
        for change in changes {
            let rows = &mut self.tables[usize::from(change.table.0)];
            match &change.new {
                Some(row) => rows.insert(change.uuid, row.clone()),
                None => rows.remove(&change.uuid),
            };
        }
    }

    /// `{"old":…, "new":…}`: which of them is there tells insert, modify and delete apart (RFC 7047 §4.1.6).
    fn update1(
        &self,
        table: TableIdx,
        uuid: Uuid,
        old: Option<&Row>,
        update: &Value,
    ) -> Result<Option<Row>, UpdateError> {
        let schema = self.schema.table(table);
        let members = object(update, &schema.name)?;
        match (members.get("old"), members.get("new"), old) {
            (None, Some(new), None) => insert(schema, uuid, new).map(Some),
            (None, Some(_), Some(_)) => Err(known(schema, uuid)),
            (Some(_), _, None) => Err(unknown(schema, uuid)),
            (Some(_), None, Some(_)) => Ok(None),
            (Some(_), Some(new), Some(old)) => {
                let columns = schema
                    .row_from_json(new, None)
                    .map_err(|error| parse(schema, uuid, error))?;
                // A row keeps the uuid it is filed under, whatever the update repeats.
                Ok(Some(
                    old.with(
                        columns
                            .into_iter()
                            .filter(|(column, _)| *column != ColumnIdx::UUID),
                    ),
                ))
            }
            (None, None, _) => Err(malformed(
                &schema.name,
                format!("row {uuid} has neither old nor new"),
            )),
        }
    }

    /// One of `initial`, `insert`, `modify`, `delete` (ovsdb-server(7) §4.1.14).
    fn update2(
        &self,
        table: TableIdx,
        uuid: Uuid,
        old: Option<&Row>,
        update: &Value,
    ) -> Result<Option<Row>, UpdateError> {
        let schema = self.schema.table(table);
        let mut members = object(update, &schema.name)?.iter();
        let (Some((kind, value)), None) = (members.next(), members.next()) else {
            return Err(malformed(
                &schema.name,
                format!("row {uuid} wants one kind of change"),
            ));
        };
        match (kind.as_str(), old) {
            ("initial" | "insert", None) => insert(schema, uuid, value).map(Some),
            ("initial" | "insert", Some(_)) => Err(known(schema, uuid)),
            ("delete", Some(_)) => Ok(None),
            ("modify", Some(old)) => modify(schema, uuid, old, value).map(Some),
            ("modify" | "delete", None) => Err(unknown(schema, uuid)),
            _ => Err(malformed(
                &schema.name,
                format!("row {uuid} has unknown change {kind}"),
            )),
        }
    }
}

/// A row of the columns given, the others at their defaults. `_version` stays zero: it is not monitored.
fn insert(schema: &TableSchema, uuid: Uuid, columns: &Value) -> Result<Row, UpdateError> {
    schema
        .row_from_json(columns, None)
        .and_then(|columns| schema.new_row(uuid, Uuid::nil(), columns))
        .map_err(|error| parse(schema, uuid, error))
}

fn modify(schema: &TableSchema, uuid: Uuid, old: &Row, diffs: &Value) -> Result<Row, UpdateError> {
    let mut columns = Vec::new();
    for (name, value) in object(diffs, &schema.name)? {
        let column = schema
            .column(name)
            .ok_or_else(|| malformed(&schema.name, format!("no column {name}")))?;
        let ty = &schema.column_schema(column).ty;
        let diff = Datum::from_json_diff(value, ty).map_err(|error| parse(schema, uuid, error))?;
        columns.push((column, diff));
    }
    columns.retain(|(column, _)| *column != ColumnIdx::UUID);
    modified(schema, old, columns).map_err(|error| parse(schema, uuid, error))
}

/// A row whose columns differ by so much.
fn modified(schema: &TableSchema, old: &Row, mut diffs: PartialRow) -> Result<Row, OvsdbError> {
    for (column, diff) in &mut diffs {
        *diff = diff::apply(old.get(*column), diff, &schema.column_schema(*column).ty)?;
    }
    Ok(old.with(diffs))
}

/// Sorts changes by table and uuid: the texts of uuids do that, too, but for those in upper case. Tells which row
/// changes twice, if one does.
fn sorted(changes: &mut [RowChange]) -> Option<(TableIdx, Uuid)> {
    let place = |change: &RowChange| (change.table, change.uuid);
    changes.sort_by_key(place);
    let two = changes.windows(2).find(|two| place(&two[0]) == place(&two[1]))?;
    Some(place(&two[0]))
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>, UpdateError> {
    value.as_object().ok_or_else(|| malformed(at, "object expected"))
}

fn owned(value: Value, at: &str) -> Result<Map<String, Value>, UpdateError> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(malformed(at, "object expected")),
    }
}

fn malformed(at: &str, what: impl Into<String>) -> UpdateError {
    UpdateError::Malformed {
        at: at.to_owned(),
        what: what.into(),
    }
}

fn parse(schema: &TableSchema, uuid: Uuid, error: OvsdbError) -> UpdateError {
    malformed(&format!("{} {uuid}", schema.name), error.to_string())
}

fn known(schema: &TableSchema, uuid: Uuid) -> UpdateError {
    UpdateError::KnownRow {
        table: schema.name.to_string(),
        uuid,
    }
}

fn unknown(schema: &TableSchema, uuid: Uuid) -> UpdateError {
    UpdateError::UnknownRow {
        table: schema.name.to_string(),
        uuid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const A: &str = "00000000-0000-0000-0000-00000000000a";

    fn replica() -> Replica {
        let schema = json!({"name": "D", "version": "1.0.0", "tables": {"T": {"isRoot": true, "columns": {
            "n": {"type": "integer"},
            "s": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
            "m": {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}}
        }}}});
        Replica::new(DatabaseSchema::from_json(&schema).unwrap())
    }

    /// What the replica holds of T, as JSON columns m, n, s.
    fn rows(replica: &Replica) -> String {
        let table = replica.schema().table(TableIdx(0));
        let mut out = Vec::new();
        for row in replica.rows(TableIdx(0)) {
            for (column, schema) in table.iter().skip(2) {
                row.get(column).write_json(&schema.ty, &mut out);
                out.push(b' ');
            }
        }
        String::from_utf8(out).unwrap()
    }

    /// Applies updates of one row in turn; the last one's result, and what the replica holds then.
    fn check(version: MonitorVersion, updates: &[Value], expected: &str) {
        let mut replica = replica();
        let mut outcome = String::new();
        for update in updates {
            let before = rows(&replica);
            match replica.apply(version, json!({"T": {A: update}})) {
                Ok(changes) => outcome = format!("{} change(s): {}", changes.len(), rows(&replica)),
                Err(error) => {
                    assert_eq!(rows(&replica), before, "an error changes nothing");
                    outcome = error.to_string();
                }
            }
        }
        assert_eq!(outcome, expected, "{updates:?}");
    }

    #[test]
    fn both_notations_lead_to_the_same_rows() {
        let map = |pairs: Value| json!(["map", pairs]);
        check(
            MonitorVersion::V1,
            &[
                json!({"new": {"n": 1, "s": ["set", ["a", "b"]], "m": map(json!([["k", "1"], ["l", "2"]]))}}),
                json!({"old": {"n": 1}, "new": {"n": 2, "s": ["set", ["b", "c"]], "m": map(json!([["k", "3"]]))}}),
            ],
            r#"1 change(s): ["map",[["k","3"]]] 2 ["set",["b","c"]] "#,
        );
        check(
            MonitorVersion::V2,
            &[
                json!({"initial": {"n": 1, "s": ["set", ["a", "b"]], "m": map(json!([["k", "1"], ["l", "2"]]))}}),
                json!({"modify": {"n": 2, "s": ["set", ["a", "c"]], "m": map(json!([["k", "3"], ["l", "2"]]))}}),
            ],
            r#"1 change(s): ["map",[["k","3"]]] 2 ["set",["b","c"]] "#,
        );
        check(
            MonitorVersion::V1,
            &[json!({"new": {"n": 1}}), json!({"old": {"n": 1}})],
            "1 change(s): ",
        );
        check(
            MonitorVersion::V3,
            &[json!({"insert": {}}), json!({"delete": null})],
            "1 change(s): ",
        );
    }

    #[test]
    fn an_update_that_does_not_fit_is_an_error() {
        let unknown = format!("update of table T changes row {A}, which is not in the replica");
        let known = format!("update of table T inserts row {A}, which is in the replica");
        check(MonitorVersion::V1, &[json!({"old": {}})], &unknown);
        check(MonitorVersion::V2, &[json!({"delete": null})], &unknown);
        check(MonitorVersion::V2, &[json!({"modify": {"n": 1}})], &unknown);
        check(
            MonitorVersion::V2,
            &[json!({"insert": {}}), json!({"insert": {}})],
            &known,
        );
        check(
            MonitorVersion::V1,
            &[json!({"new": {}}), json!({"new": {}})],
            &known,
        );
        check(
            MonitorVersion::V2,
            &[json!({"insert": {}}), json!({"modify": {"x": 1}})],
            "update at T: no column x",
        );
        // A foreign uuid inside a row changes nothing.
        let other = json!(["uuid", "00000000-0000-0000-0000-00000000000b"]);
        check(
            MonitorVersion::V2,
            &[json!({"insert": {}}), json!({"modify": {"_uuid": other}})],
            r#"0 change(s): ["map",[]] 0 ["set",[]] "#,
        );
        check(
            MonitorVersion::V1,
            &[json!({"new": {}}), json!({"old": {}, "new": {"_uuid": other}})],
            r#"0 change(s): ["map",[]] 0 ["set",[]] "#,
        );
        check(MonitorVersion::V1, &[json!(7)], "update at T: object expected");
    }

    #[test]
    fn changes_ascend_by_uuid_however_ids_are_written() {
        let upper = "00000000-0000-0000-0000-00000000000B";
        let body = json!({"T": {A: {"insert": {}}, upper: {"insert": {}}}});
        let changes = replica().apply(MonitorVersion::V2, body).unwrap();
        let ids: Vec<u128> = changes.iter().map(|change| change.uuid.as_u128()).collect();
        assert_eq!(ids, [10, 11]);
        let body = json!({"T": {A: {"insert": {}}, A.to_uppercase(): {"insert": {}}}});
        let error = replica().apply(MonitorVersion::V2, body).unwrap_err();
        assert_eq!(error.to_string(), format!("update at T: row {A} changes twice"));
    }
}
