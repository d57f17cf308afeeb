//! Contents of databases in words: uuids and tunnel keys stand for what they belong to.

use std::collections::{BTreeMap, HashMap};

use ferrovn_tests::client::Client;
use ovn_schemas::Db;
use serde_json::{Value, json};

/// Rows by database and name, column by column.
pub type Contents = BTreeMap<String, BTreeMap<String, String>>;

/// What is looked at: a database, its table, what names a row, and columns that are somebody else's.
type Looked = (Db, &'static str, &'static [&'static str], &'static [&'static str]);

const LOOKED: &[Looked] = &[
    (Db::OvnNorthbound, "Logical_Switch", &["name"], &[]),
    (Db::OvnNorthbound, "Logical_Switch_Port", &["name"], &["up"]),
    (Db::OvnNorthbound, "Logical_Router", &["name"], &[]),
    (Db::OvnNorthbound, "Logical_Router_Port", &["name"], &["status"]),
    (Db::OvnNorthbound, "Gateway_Chassis", &["name"], &[]),
    (
        Db::OvnNorthbound,
        "Logical_Router_Static_Route",
        &["ip_prefix", "nexthop", "route_table", "options"],
        &[],
    ),
    (Db::OvnSouthbound, "Chassis", &["name"], &[]),
    (Db::OvnSouthbound, "Encap", &["chassis_name", "type", "ip"], &[]),
    (
        Db::OvnSouthbound,
        "Port_Binding",
        &["logical_port"],
        &[
            "datapath",
            "tunnel_key",
            "external_ids",
            "options",
            "ha_chassis_group",
            "nat_addresses",
        ],
    ),
    (Db::OvnIcNorthbound, "IC_NB_Global", &[], &[]),
    (Db::OvnIcNorthbound, "Transit_Switch", &["name"], &[]),
    (Db::OvnIcSouthbound, "IC_SB_Global", &[], &[]),
    (Db::OvnIcSouthbound, "Availability_Zone", &["name"], &[]),
    (Db::OvnIcSouthbound, "Gateway", &["name"], &[]),
    (Db::OvnIcSouthbound, "Encap", &["gateway_name", "type", "ip"], &[]),
    (Db::OvnIcSouthbound, "Datapath_Binding", &["transit_switch"], &[]),
    (Db::OvnIcSouthbound, "Port_Binding", &["logical_port"], &[]),
    (
        Db::OvnIcSouthbound,
        "Route",
        &["transit_switch", "ip_prefix", "nexthop", "route_table", "origin"],
        &[],
    ),
];

/// A row: whose database it is in, its name, what is looked at of it, and itself.
type Found = (String, String, &'static Looked, Value);

/// Names of rows by uuid and by whose database they are in: rows of several zones may have one uuid.
#[derive(Default)]
struct Words(HashMap<String, BTreeMap<String, String>>);

/// The contents of databases that belong together; each with whose it is.
pub fn contents(databases: &mut [(String, Db, Client)]) -> Contents {
    let mut rows: Vec<Found> = Vec::new();
    let mut words = Words::default();
    for (of, db, client) in databases {
        for looked in LOOKED.iter().filter(|(in_db, ..)| in_db == db) {
            let (_, table, keys, _) = looked;
            let results = client.transact(json!([db.name(), {"op": "select", "table": table, "where": []}]));
            for row in results[0]["rows"].as_array().cloned().unwrap_or_default() {
                let key: Vec<String> = keys.iter().map(|key| row[*key].to_string()).collect();
                let name = format!("{of} {} {table} {}", db.name(), key.join(" "));
                let uuid = row["_uuid"][1].as_str().unwrap_or_default().to_owned();
                words.0.entry(uuid).or_default().insert(of.clone(), name.clone());
                rows.push((of.clone(), name, looked, row));
            }
        }
    }
    let keys = told_keys(&rows);
    let told = |(of, name, (db, table, _, skipped), row): Found| {
        let columns = row.as_object().cloned().unwrap_or_default();
        let own = |column: &String| !column.starts_with('_') && !skipped.contains(&column.as_str());
        let columns = columns.into_iter().filter(|(column, _)| own(column));
        let mut columns: BTreeMap<String, String> = columns
            .map(|(column, value)| (column, shown(&value, &of, &words)))
            .collect();
        if let (Db::OvnIcSouthbound, "Port_Binding" | "Datapath_Binding") = (*db, *table) {
            columns.remove("tunnel_key");
        }
        let told = row["name"].as_str().and_then(|name| keys.get(name));
        for column in ["options", "other_config"] {
            if let (Some(key), Some(text)) = (told, columns.get_mut(column)) {
                *text = text.replace(&format!("requested-tnl-key={key}"), "requested-tnl-key=its");
            }
        }
        (name, columns)
    };
    rows.into_iter().map(told).collect()
}

/// The keys that all zones know, by the switch or the port.
fn told_keys(rows: &[Found]) -> HashMap<String, i64> {
    let of_ic = rows
        .iter()
        .filter(|(_, _, (db, ..), _)| *db == Db::OvnIcSouthbound);
    let keys = of_ic.filter_map(|(_, _, (_, table, ..), row)| {
        let name = match *table {
            "Port_Binding" => &row["logical_port"],
            "Datapath_Binding" => &row["transit_switch"],
            _ => return None,
        };
        Some((name.as_str()?.to_owned(), row["tunnel_key"].as_i64()?))
    });
    keys.collect()
}

/// A value, its elements sorted.
fn shown(value: &Value, of: &str, words: &Words) -> String {
    let one = |value: &Value| match value {
        Value::Array(pair) if pair.first().is_some_and(|kind| kind == "uuid") => words.of(&pair[1], of),
        other => words.of(other, of),
    };
    match value {
        Value::Array(parts) if parts.first().is_some_and(|kind| kind == "set") => {
            let mut all: Vec<String> = parts[1].as_array().into_iter().flatten().map(one).collect();
            all.sort();
            all.join(", ")
        }
        Value::Array(parts) if parts.first().is_some_and(|kind| kind == "map") => {
            let pairs = parts[1].as_array().into_iter().flatten();
            let mut all: Vec<String> = pairs
                .map(|pair| format!("{}={}", one(&pair[0]), one(&pair[1])))
                .collect();
            all.sort();
            all.join(", ")
        }
        other => one(other),
    }
}

impl Words {
    /// A value; a uuid is that of a row of the same zone where there is one.
    fn of(&self, value: &Value, of: &str) -> String {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let rows = self.0.get(&text);
        let row = rows.and_then(|rows| rows.get(of).or_else(|| rows.values().next()));
        row.map(|word| format!("<{word}>")).unwrap_or(text)
    }
}

/// What differs, line by line.
pub fn differences(expected: &Contents, found: &Contents) -> Vec<String> {
    let mut all = Vec::new();
    for (name, columns) in expected {
        match found.get(name) {
            None => all.push(format!("- {name} {columns:?}")),
            Some(others) => {
                let different = columns
                    .iter()
                    .filter(|(column, text)| others.get(*column) != Some(text));
                all.extend(different.map(|(column, text)| {
                    let other = others.get(column).map_or("", String::as_str);
                    format!("~ {name}: {column}: {text:?} became {other:?}")
                }));
            }
        }
    }
    let more = found.iter().filter(|(name, _)| !expected.contains_key(*name));
    all.extend(more.map(|(name, columns)| format!("+ {name} {columns:?}")));
    all
}
