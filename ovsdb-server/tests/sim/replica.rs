//! A client's copy of what a monitor shows, made from `update3` notifications (ovsdb-server(7)), and what it should be.

use std::collections::{BTreeMap, BTreeSet};

use ovsdb_data::{Uuid, json};
use ovsdb_engine::Snapshot;
use serde_json::{Map, Value, json};

/// What a monitor asks for of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub table: &'static str,
    pub columns: &'static [&'static str],
    /// Rows whose integer column is below a number; all of them otherwise.
    pub below: Option<(&'static str, i64)>,
}

/// Rows by table and uuid, each column's value as the texts of its atoms.
pub type Rows = BTreeMap<(String, String), BTreeMap<String, BTreeSet<String>>>;

/// The requests of `monitor_cond_since` and `monitor_cond_change`.
pub fn requests(views: &[View], with_columns: bool) -> Value {
    let mut requests = Map::new();
    for view in views {
        let mut request = Map::new();
        if with_columns {
            request.insert("columns".into(), json!(view.columns));
        }
        let clause = view.below.map(|(column, limit)| json!([column, "<", limit]));
        request.insert("where".into(), clause.into_iter().collect());
        requests.insert(view.table.into(), json!([request]));
    }
    Value::Object(requests)
}

/// What a monitor should show of a state.
pub fn expected(views: &[View], state: &Snapshot) -> Rows {
    let mut rows = Rows::new();
    for view in views {
        let Some(table) = state.schema.table_idx(view.table) else {
            continue;
        };
        let schema = state.schema.table(table);
        let column = |name: &str| schema.column(name).expect("a column of both schemas");
        for (uuid, row) in state.table(table) {
            let hidden = view.below.is_some_and(|(name, limit)| {
                let value = row.get(column(name)).one().and_then(|atom| atom.as_integer());
                value.is_none_or(|value| value >= limit)
            });
            if hidden {
                continue;
            }
            let columns = view.columns.iter().map(|name| {
                let index = column(name);
                let value = row.get(index).to_json(&schema.column_schema(index).ty);
                ((*name).to_owned(), atoms(&value))
            });
            rows.insert((view.table.to_owned(), uuid.to_string()), columns.collect());
        }
    }
    rows
}

/// Takes the rows of an update.
pub fn apply(views: &[View], rows: &mut Rows, updates: &Value) -> Result<(), String> {
    for (table, changed) in updates.as_object().ok_or("an update is no object")? {
        let view = views.iter().find(|view| view.table == table);
        let view = view.ok_or_else(|| format!("an update of {table}, which is not monitored"))?;
        for (uuid, change) in changed.as_object().ok_or("a table's updates are no object")? {
            let key = (table.clone(), uuid.clone());
            let (kind, value) = change
                .as_object()
                .and_then(|change| change.iter().next())
                .ok_or("a row's update is no object")?;
            match kind.as_str() {
                "initial" | "insert" => {
                    let columns = view.columns.iter().map(|column| {
                        let value = value.get(column).map_or_else(|| default(column), atoms);
                        ((*column).to_owned(), value)
                    });
                    if rows.insert(key, columns.collect()).is_some() {
                        return Err(format!("{table} {uuid} is told of as new, and was known"));
                    }
                }
                "modify" => {
                    let row = rows.get_mut(&key);
                    let row = row.ok_or_else(|| format!("{table} {uuid} was modified and is not known"))?;
                    for (column, difference) in value.as_object().ok_or("a modification is no object")? {
                        let difference = atoms(difference);
                        let old = row.get_mut(column).ok_or("a column that is not monitored")?;
                        *old = match column.as_str() {
                            "children" => old.symmetric_difference(&difference).cloned().collect(),
                            _ => difference,
                        };
                    }
                }
                "delete" => {
                    if rows.remove(&key).is_none() {
                        return Err(format!("{table} {uuid} was deleted and is not known"));
                    }
                }
                other => return Err(format!("an update of kind {other}")),
            }
        }
    }
    Ok(())
}

/// Of columns whose value is not told because it is the default.
fn default(column: &str) -> BTreeSet<String> {
    match column {
        "children" => BTreeSet::new(),
        "tag" => ["\"\"".to_owned()].into(),
        _ => ["0".to_owned()].into(),
    }
}

fn atoms(value: &Value) -> BTreeSet<String> {
    match value.as_array().map(Vec::as_slice) {
        Some([kind, Value::Array(atoms)]) if kind == "set" => atoms.iter().map(json::to_string).collect(),
        _ => [json::to_string(value)].into(),
    }
}

/// What differs, for people.
pub fn difference(shown: &Rows, expected: &Rows) -> String {
    let missing = expected.iter().filter(|(key, row)| shown.get(key) != Some(row));
    let surplus = shown.iter().filter(|(key, _)| !expected.contains_key(key));
    let mut lines: Vec<String> = missing
        .map(|(key, row)| format!("{key:?} is {:?} and should be {row:?}", shown.get(key)))
        .collect();
    lines.extend(surplus.map(|(key, row)| format!("{key:?} is {row:?} and should not be there")));
    lines.truncate(4);
    lines.join("; ")
}

/// A state's id as clients write it.
pub fn id_of(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}
