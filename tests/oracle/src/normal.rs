//! Rows in words that do not depend on uuids: whoever is referred to is named by what it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ovn_schemas::Db;
use ovsdb_data::{Atom, ColumnIdx, DatabaseSchema, Datum, TableIdx, Uuid};

/// The columns of one row that somebody keeps.
pub type Kept = BTreeMap<ColumnIdx, Datum>;

/// Rows of the southbound database.
pub struct Rows {
    schema: DatabaseSchema,
    rows: BTreeMap<(TableIdx, Uuid), Kept>,
    names: HashMap<(TableIdx, Uuid), String>,
}

/// What tells the rows of a table from one another; all columns where nothing is said.
const KEYS: [(&str, &[&str]); 20] = [
    ("SB_Global", &[]),
    ("Datapath_Binding", &["external_ids"]),
    ("Port_Binding", &["logical_port"]),
    ("Logical_DP_Group", &["datapaths"]),
    ("Multicast_Group", &["datapath", "name"]),
    ("Address_Set", &["name"]),
    ("Port_Group", &["name"]),
    ("Meter", &["name"]),
    ("HA_Chassis_Group", &["name"]),
    ("Mirror", &["name"]),
    ("Chassis", &["name"]),
    ("Chassis_Private", &["name"]),
    ("DHCP_Options", &["name"]),
    ("DHCPv6_Options", &["name"]),
    ("Load_Balancer", &["name"]),
    ("RBAC_Permission", &["table"]),
    ("RBAC_Role", &["name"]),
    ("IP_Multicast", &["datapath"]),
    ("BFD", &["logical_port", "dst_ip"]),
    ("Service_Monitor", &["logical_port", "ip", "port", "protocol"]),
];

impl Rows {
    /// These rows; `others` has the names of rows that they refer to and are not among them.
    pub fn new(rows: impl IntoIterator<Item = (TableIdx, Uuid, Kept)>, others: Option<&Rows>) -> Rows {
        let rows = rows
            .into_iter()
            .map(|(table, uuid, kept)| ((table, uuid), kept))
            .collect();
        let mut rows = Rows {
            schema: ovn_schemas::schema(Db::OvnSouthbound),
            rows,
            names: others.map_or_else(HashMap::new, |others| others.names.clone()),
        };
        let names: Vec<_> = rows.rows.keys().map(|id| (*id, rows.name(*id))).collect();
        rows.names.extend(names);
        rows
    }

    /// A row in words.
    fn name(&self, (table, uuid): (TableIdx, Uuid)) -> String {
        let schema = self.schema.table(table);
        let Some(kept) = self.rows.get(&(table, uuid)) else {
            return format!("?{}", schema.name);
        };
        if &*schema.name == "Datapath_Binding" {
            let ids = schema.column("external_ids").and_then(|column| kept.get(&column));
            let id = |key: &str| ids.and_then(|ids| ids.get_str(key));
            let kind = id("logical-router").map_or("", |_| " (router)");
            return format!("{}{kind}", id("name").unwrap_or("?"));
        }
        let keys = KEYS
            .iter()
            .find(|(name, _)| *name == &*schema.name)
            .map(|(_, keys)| *keys);
        let is_key = |name: &str| keys.is_none_or(|keys| keys.contains(&name));
        let columns = schema.iter().filter(|(_, column)| is_key(&column.name));
        let texts = columns.filter_map(|(idx, _)| Some(self.text(table, idx, kept.get(&idx)?)));
        // What is empty may be there or not.
        let texts = texts.filter(|text| !text.is_empty());
        texts.collect::<Vec<_>>().join(" ")
    }

    /// A value in words.
    pub fn text(&self, table: TableIdx, column: ColumnIdx, value: &Datum) -> String {
        let schema = self.schema.table(table).column_schema(column);
        let ty = &schema.ty;
        let atom = |atom: &Atom, reference: Option<TableIdx>| match (atom.as_uuid(), reference) {
            (Some(uuid), Some(table)) => {
                let name = self.names.get(&(table, uuid)).cloned();
                format!("<{}>", name.unwrap_or_else(|| self.name((table, uuid))))
            }
            // The order of addresses is a hash table's.
            _ if &*schema.name == "nat_addresses" => sorted(atom.as_str().unwrap_or_default()),
            _ if &*schema.name == "match" => sorted_senders(&atom.to_text()),
            _ => atom.to_text(),
        };
        let key_of = ty.key.reference().map(|(table, _)| table);
        let value_of = ty
            .value
            .as_ref()
            .and_then(|value| value.reference())
            .map(|(table, _)| table);
        let words: BTreeSet<String> = match ty.is_map() {
            true => value
                .pairs()
                .map(|(k, v)| format!("{}={}", atom(k, key_of), atom(v, value_of)))
                .collect(),
            false => value.atoms().map(|a| atom(a, key_of)).collect(),
        };
        words.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// The rows of a table by name, column by column in words.
    pub fn table(&self, table: &str) -> BTreeMap<String, BTreeMap<String, String>> {
        let Some(idx) = self.schema.table_idx(table) else {
            return BTreeMap::new();
        };
        let of_table = self.rows.iter().filter(|((table, _), _)| *table == idx);
        let rows = of_table.map(|(id, kept)| {
            let columns = kept.iter().map(|(column, value)| {
                let name = self.schema.table(idx).column_schema(*column).name.to_string();
                (name, self.text(idx, *column, value))
            });
            (self.names.get(id).cloned().unwrap_or_default(), columns.collect())
        });
        rows.collect()
    }

    /// Every flow on every datapath: where, and what; with what is only said about it.
    pub fn flows(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let mut flows: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let idx = |name: &str| self.schema.table_idx(name).expect("a table of the schema");
        let (table, groups) = (idx("Logical_Flow"), idx("Logical_DP_Group"));
        let column = |table: TableIdx, name: &str| {
            self.schema
                .table(table)
                .column(name)
                .expect("a column of the schema")
        };
        let members = column(groups, "datapaths");
        for ((_, _), kept) in self.rows.iter().filter(|((of, _), _)| *of == table) {
            let value = |name: &str| kept.get(&column(table, name));
            let text = |name: &str| {
                value(name).map_or_else(String::new, |datum| self.text(table, column(table, name), datum))
            };
            let ids = value("external_ids");
            let id = |key: &str| {
                ids.and_then(|ids| ids.get_str(key))
                    .unwrap_or_default()
                    .to_owned()
            };
            let group = value("logical_dp_group")
                .and_then(Datum::one)
                .and_then(Atom::as_uuid);
            let datapaths: Vec<String> = match group.and_then(|group| self.rows.get(&(groups, group))) {
                Some(group) => group
                    .get(&members)
                    .into_iter()
                    .flat_map(Datum::atoms)
                    .map(|uuid| self.text(groups, members, &Datum::One(uuid.clone())))
                    .collect(),
                None => vec![text("logical_datapath")],
            };
            let meter = text("controller_meter");
            let shared = if datapaths.len() > 1 { "shared" } else { "" };
            for datapath in datapaths {
                let what = format!(
                    "{datapath} {:<26} {:>5} {} -> {}{}",
                    id("stage-name"),
                    text("priority"),
                    text("match"),
                    text("actions"),
                    if meter.is_empty() {
                        String::new()
                    } else {
                        format!(" meter={meter}")
                    }
                );
                let about = [
                    ("table", format!("{} {}", text("pipeline"), text("table_id"))),
                    ("hint", id("stage-hint")),
                    ("tags", text("tags")),
                    ("desc", text("flow_desc")),
                    ("shared", shared.to_owned()),
                ];
                flows.insert(what, about.map(|(key, value)| (key.to_owned(), value)).into());
            }
        }
        flows
    }

    /// The tables that have rows.
    pub fn tables(&self) -> BTreeSet<String> {
        self.rows
            .keys()
            .map(|(table, _)| self.schema.table(*table).name.to_string())
            .collect()
    }
}

/// A match with its set of Ethernet senders in order: theirs is a hash table's.
fn sorted_senders(text: &str) -> String {
    let Some((before, rest)) = text.split_once("eth.src == {") else {
        return text.to_owned();
    };
    let Some((set, after)) = rest.split_once('}') else {
        return text.to_owned();
    };
    let mut senders: Vec<&str> = set.split(", ").collect();
    senders.sort_unstable();
    format!("{before}eth.src == {{{}}}{after}", senders.join(", "))
}

fn sorted(text: &str) -> String {
    let mut words: Vec<&str> = text.split_ascii_whitespace().collect();
    words.sort_unstable();
    words.join(" ")
}
