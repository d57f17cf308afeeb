//! Rows with uuids that depend on nothing but what the rows say and a seed: a run can be repeated, though a server made
//! the uuids up.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ovn_schemas::Db;
use ovsdb_data::monitor::MonitorVersion;
use ovsdb_data::{RowChange, Uuid};
use ovsdb_idl::replica::Replica;
use serde_json::{Map, Value, json};

/// How far one row's words tell others apart.
const ROUNDS: usize = 4;

/// Northbound rows under other uuids.
pub fn renamed(rows: &[RowChange], seed: u64) -> Vec<RowChange> {
    let schema = ovn_schemas::schema(Db::OvnNorthbound);
    let rows: Vec<(Uuid, String, String)> = rows
        .iter()
        .filter_map(|change| {
            let (table, row) = (schema.table(change.table), change.new.as_ref()?);
            let columns: Map<String, Value> = (table.iter().skip(2))
                .map(|(column, of)| (of.name.to_string(), row.get(column).to_json(&of.ty)))
                .collect();
            Some((
                row.uuid(),
                table.name.to_string(),
                Value::Object(columns).to_string(),
            ))
        })
        .collect();
    let mut labels: HashMap<String, u64> = rows.iter().map(|(uuid, ..)| (uuid.to_string(), 0)).collect();
    for _ in 0..ROUNDS {
        let mut next: HashMap<String, u64> = HashMap::new();
        for (uuid, table, text) in &rows {
            let mut referred = Vec::new();
            let said = replace(text, |word| {
                labels
                    .contains_key(word)
                    .then(|| referred.push(word.to_owned()))?;
                Some(String::new())
            });
            // Sums depend neither on the order of the rows nor on that of a set, which is by uuid.
            let others = referred.iter().map(|word| hash(&labels[word]));
            let label = hash(&(
                table,
                said,
                others.fold(0, u64::wrapping_add),
                labels[&uuid.to_string()],
            ));
            for word in referred.into_iter().chain([uuid.to_string()]) {
                let sum = next.entry(word).or_default();
                *sum = sum.wrapping_add(hash(&label));
            }
        }
        labels = next;
    }
    let mut of_label: HashMap<u64, u64> = HashMap::new();
    let names: HashMap<String, String> = rows
        .iter()
        .map(|(uuid, ..)| {
            let label = labels[&uuid.to_string()];
            let twin = of_label.entry(label).or_default();
            *twin += 1;
            let halves = [0, 1].map(|half| hash(&(half, seed, label, *twin)));
            let name = u128::from(halves[0]) << 64 | u128::from(halves[1]);
            (uuid.to_string(), Uuid::from_u128(name).to_string())
        })
        .collect();
    let mut body: Map<String, Value> = Map::new();
    for (uuid, table, text) in &rows {
        let said = replace(text, |word| names.get(word).cloned());
        let row: Value = serde_json::from_str(&said).expect("only uuids were replaced");
        let table = body.entry(table.clone()).or_insert_with(|| json!({}));
        table[&names[&uuid.to_string()]] = json!({"initial": row});
    }
    let mut replica = Replica::new(schema);
    replica
        .apply(MonitorVersion::V2, Value::Object(body))
        .expect("rows of the schema")
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// A text with its uuids replaced where there is something to put there.
fn replace(text: &str, mut by: impl FnMut(&str) -> Option<String>) -> String {
    let is_of_uuid = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_of_uuid) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_of_uuid(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        replaced.push_str(before);
        let other = (word.len() == 36).then(|| by(word)).flatten();
        replaced.push_str(other.as_deref().unwrap_or(word));
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}
