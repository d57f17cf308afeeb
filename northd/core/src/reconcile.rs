//! Desired rows and a database's rows: the operations that make the one the other.
//!
//! In: changes of the database's rows, which desired rows changed. Out: operations of RFC 7047, for one transaction.
//! Never here: why a row is desired, whether a transaction was committed.
//!
//! A desired row is found among the database's rows by its uuid, or else by its *key*, what tells it from others of its
//! table: so what another `ovn-northd` has written is taken over row by row, not rewritten. Rows of our tables that
//! nobody desires are deleted; rows of other tables only where that is wished for ([`Gone`]), at once or when whoever
//! has a clock asks what is due. What the database's rows say is looked at row by row, when a row or its desired form
//! changes: never by walking tables.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ovsdb_data::base_type::RefKind;
use ovsdb_data::{Atom, ColumnIdx, DatabaseSchema, Datum, Row, RowChange, TableIdx, Uuid};
use serde_json::{Map, Value, json};

use crate::databases::Side;
use crate::desired::{Desired, Gone, identity, named};
use crate::northd::{Northd, RowId};

/// A part of a key.
enum Part {
    /// A column's value; references count as the desired rows they stand for.
    Column(&'static str),
    /// The value at a key of a map.
    At(&'static str, &'static str),
}

use Part::{At, Column};

/// The southbound tables whose rows are ours, referenced ones first, and what tells their rows apart. Where nothing
/// does, rows are found by uuid alone.
const TABLES: &[(&str, &[Part])] = &[
    ("SB_Global", &[At("options", "the only row")]),
    (
        "Datapath_Binding",
        &[
            At("external_ids", "logical-switch"),
            At("external_ids", "logical-router"),
        ],
    ),
    (
        "Meter_Band",
        &[Column("action"), Column("rate"), Column("burst_size")],
    ),
    ("Meter", &[Column("name")]),
    ("Mirror", &[]),
    (
        "HA_Chassis",
        &[
            At("external_ids", "chassis-name"),
            Column("priority"),
            Column("chassis"),
        ],
    ),
    ("HA_Chassis_Group", &[Column("name")]),
    ("Port_Binding", &[Column("logical_port")]),
    ("Logical_DP_Group", &[Column("datapaths")]),
    (
        "Logical_Flow",
        &[
            At("external_ids", "stage-name"),
            Column("priority"),
            Column("match"),
            Column("actions"),
            Column("controller_meter"),
        ],
    ),
    ("Multicast_Group", &[Column("datapath"), Column("name")]),
    ("IP_Multicast", &[Column("datapath")]),
    ("Address_Set", &[Column("name")]),
    ("Port_Group", &[Column("name")]),
    ("Load_Balancer", &[]),
    (
        "Service_Monitor",
        &[
            Column("logical_port"),
            Column("ip"),
            Column("port"),
            Column("protocol"),
        ],
    ),
    ("Static_MAC_Binding", &[]),
    ("BFD", &[Column("logical_port"), Column("dst_ip")]),
    ("DNS", &[]),
    ("DHCP_Options", &[Column("name")]),
    ("DHCPv6_Options", &[Column("name")]),
    ("Chassis_Template_Var", &[]),
    (
        "RBAC_Permission",
        &[
            Column("table"),
            Column("authorization"),
            Column("insert_delete"),
            Column("update"),
        ],
    ),
    ("RBAC_Role", &[Column("name")]),
    (
        "Advertised_Route",
        &[
            Column("datapath"),
            Column("logical_port"),
            Column("ip_prefix"),
            Column("tracked_port"),
        ],
    ),
    ("ECMP_Nexthop", &[Column("nexthop"), Column("port")]),
    ("ACL_ID", &[]),
];

/// Those of them in which others may have rows of their own: only what has a desired row's name goes.
const SHARED: [&str; 2] = ["RBAC_Permission", "RBAC_Role"];

type Hashed<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// Brings one database in line.
pub struct Reconcile {
    side: Side,
    schema: DatabaseSchema,
    /// Our tables, in the order of `TABLES`.
    ours: BTreeMap<TableIdx, usize>,
    /// Columns of others' rows that must refer to a row, and to which table.
    foreign: Vec<(TableIdx, ColumnIdx, TableIdx)>,
    /// The desired row that a row stands for, and the other way round.
    stands_for: Hashed<(TableIdx, Uuid), Uuid>,
    standing: Hashed<(TableIdx, Uuid), Uuid>,
    /// Rows that stand for none yet, by key.
    unclaimed: Hashed<(TableIdx, String), BTreeSet<Uuid>>,
    keys: Hashed<(TableIdx, Uuid), String>,
    /// Rows that have come and were not looked at.
    arrived: BTreeSet<(usize, TableIdx, Uuid)>,
    /// Desired rows to be looked at, in the order of their tables.
    dirty: BTreeSet<(usize, TableIdx, Uuid)>,
    /// Others' rows that are to go, each table's in the order of their times; and their times.
    due: BTreeSet<(TableIdx, i64, Uuid)>,
    due_at: Hashed<(TableIdx, Uuid), i64>,
}

impl Reconcile {
    /// Of an empty database.
    pub fn new(side: Side) -> Reconcile {
        let db = match side {
            Side::Nb => ovn_schemas::Db::OvnNorthbound,
            Side::Sb => ovn_schemas::Db::OvnSouthbound,
        };
        let schema = ovn_schemas::schema(db);
        let tables = TABLES.iter().enumerate().filter(|_| side == Side::Sb);
        let ours: BTreeMap<TableIdx, usize> = tables
            .filter_map(|(order, (name, _))| Some((schema.table_idx(name)?, order)))
            .collect();
        let foreign = foreign(&schema, &ours);
        Reconcile {
            side,
            schema,
            ours,
            foreign,
            stands_for: Hashed::default(),
            standing: Hashed::default(),
            unclaimed: Hashed::default(),
            keys: Hashed::default(),
            arrived: BTreeSet::new(),
            dirty: BTreeSet::new(),
            due: BTreeSet::new(),
            due_at: Hashed::default(),
        }
    }

    fn order(&self, table: TableIdx) -> usize {
        self.ours.get(&table).copied().unwrap_or(usize::MAX)
    }

    /// Desired rows changed.
    pub fn touch(&mut self, rows: impl IntoIterator<Item = RowId>) {
        for (side, table, id) in rows {
            if side == self.side {
                self.dirty.insert((self.order(table), table, id));
            }
        }
    }

    /// Rows of the database changed.
    pub fn changed(&mut self, changes: &[RowChange]) {
        for RowChange { table, uuid, new, .. } in changes {
            let order = self.order(*table);
            if self.side == Side::Nb {
                self.dirty.insert((order, *table, *uuid));
                continue;
            }
            if let Some(id) = self.stands_for.get(&(*table, *uuid)).copied() {
                self.dirty.insert((order, *table, id));
                if new.is_none() {
                    self.stands_for.remove(&(*table, *uuid));
                    self.standing.remove(&(*table, id));
                }
            } else if order != usize::MAX {
                self.forget_key(*table, *uuid);
                match new {
                    Some(_) => self.arrived.insert((order, *table, *uuid)),
                    None => self.arrived.remove(&(order, *table, *uuid)),
                };
            }
        }
    }

    /// Looks at everything anew: a transaction came to nothing, or nobody knows.
    pub fn again(&mut self, northd: &Northd) {
        *self = Reconcile::new(self.side);
        let rows: Vec<RowChange> = northd.databases().all(self.side).collect();
        self.changed(&rows);
        let all = northd.all();
        self.touch(all.iter().map(|row| (row.side, row.table, row.id)));
    }

    /// The operations that are needed, which count as done. Whoever cannot commit them calls [`Reconcile::again`].
    pub fn operations(&mut self, northd: &Northd) -> Vec<Value> {
        let arrived = std::mem::take(&mut self.arrived);
        let dirty = std::mem::take(&mut self.dirty);
        let mut operations = Vec::new();
        let mut rest: Vec<(TableIdx, Uuid)> = Vec::new();
        // Table by table: keys are made of references to tables before.
        let tables: BTreeSet<(usize, TableIdx)> = arrived
            .iter()
            .chain(&dirty)
            .map(|(order, table, _)| (*order, *table))
            .collect();
        for (order, table) in tables {
            let of_table = (order, table, Uuid::nil())..=(order, table, Uuid::max());
            for (_, _, uuid) in arrived.range(of_table.clone()) {
                self.look_at(northd, table, *uuid);
            }
            for (_, _, id) in dirty.range(of_table) {
                self.bring_in_line(northd, table, *id, &mut operations);
            }
            rest.extend(self.keys.keys().filter(|(of, _)| *of == table));
        }
        // What nobody desires.
        for (table, uuid) in rest {
            let key = self.forget_key(table, uuid).unwrap_or_default();
            let schema = self.schema.table(table);
            let is_twin = || northd.is_desired((self.side, table, named(&schema.name, key.trim_end())));
            if schema.is_root && (!SHARED.contains(&&*schema.name) || is_twin()) {
                self.remove(northd, table, uuid, &mut operations);
            }
        }
        operations
    }

    /// A row that has come: it stands for the desired row of its uuid, or waits for one of its key.
    fn look_at(&mut self, northd: &Northd, table: TableIdx, uuid: Uuid) {
        if northd.is_desired((self.side, table, uuid)) && !self.standing.contains_key(&(table, uuid)) {
            self.claim(table, uuid, uuid);
            return;
        }
        let Some(row) = northd.databases().row(self.side, table, uuid) else {
            return;
        };
        let key = self.key(table, |column| row.get(column).clone(), true);
        self.unclaimed
            .entry((table, key.clone()))
            .or_default()
            .insert(uuid);
        self.keys.insert((table, uuid), key);
    }

    fn claim(&mut self, table: TableIdx, id: Uuid, uuid: Uuid) {
        self.forget_key(table, uuid);
        self.stands_for.insert((table, uuid), id);
        self.standing.insert((table, id), uuid);
    }

    fn forget_key(&mut self, table: TableIdx, uuid: Uuid) -> Option<String> {
        let at = (table, self.keys.remove(&(table, uuid))?);
        if let Some(rows) = self.unclaimed.get_mut(&at) {
            rows.remove(&uuid);
            if rows.is_empty() {
                self.unclaimed.remove(&at);
            }
        }
        Some(at.1)
    }

    fn bring_in_line(&mut self, northd: &Northd, table: TableIdx, id: Uuid, operations: &mut Vec<Value>) {
        let desired = northd.desired((self.side, table, id));
        self.set_due(table, id, desired.as_ref().and_then(|desired| desired.gone));
        let Some(desired) = desired else {
            if let Some(uuid) = self.standing.get(&(table, id)).copied() {
                self.remove(northd, table, uuid, operations);
            }
            return;
        };
        if let Some(when) = desired.gone {
            if when == Gone::Now && northd.databases().row(self.side, table, id).is_some() {
                operations.push(self.delete(table, id));
            }
            return;
        }
        if desired.is_update {
            if let Some(row) = northd.databases().row(self.side, table, id) {
                self.update(table, id, row, &desired, operations);
            }
            return;
        }
        if !self.standing.contains_key(&(table, id))
            && let Some(uuid) = self.find(table, &desired)
        {
            self.claim(table, id, uuid);
        }
        let standing = self.standing.get(&(table, id)).copied();
        match standing.and_then(|uuid| northd.databases().row(self.side, table, uuid)) {
            // The new row stands for the desired one at once: what refers to it in the same transaction must not refer
            // to the row that goes.
            Some(row) if desired.replaces == Some(row.uuid()) => {
                let old = row.uuid();
                let parts = [id, old];
                let parts = parts.each_ref().map(|uuid| uuid.as_bytes().as_slice());
                let new = identity("replacement", &parts);
                self.remove(northd, table, old, operations);
                operations.push(self.insert(table, new, &desired));
                self.stands_for.remove(&(table, old));
                self.claim(table, id, new);
                for (of, id) in self.referrers(northd, table, old) {
                    self.bring_in_line(northd, of, id, operations);
                }
            }
            Some(row) => self.update(table, row.uuid(), row, &desired, operations),
            None => operations.push(self.insert(table, id, &desired)),
        }
    }

    fn set_due(&mut self, table: TableIdx, row: Uuid, gone: Option<Gone>) {
        if let Some(before) = self.due_at.remove(&(table, row)) {
            self.due.remove(&(table, before, row));
        }
        if let Some(Gone::At(time)) = gone {
            self.due_at.insert((table, row), time);
            self.due.insert((table, time, row));
        }
    }

    /// When the next row of a table is to go because of its time.
    pub fn next_due(&self, table: TableIdx) -> Option<i64> {
        let of_table = (table, i64::MIN, Uuid::nil())..=(table, i64::MAX, Uuid::max());
        self.due.range(of_table).next().map(|(_, time, _)| *time)
    }

    /// The operations that delete the rows of a table whose time has come, the oldest first. They stay due until they
    /// are gone.
    pub fn delete_due(&self, table: TableIdx, now: i64) -> impl Iterator<Item = Value> {
        let until_now = (table, i64::MIN, Uuid::nil())..=(table, now, Uuid::max());
        self.due
            .range(until_now)
            .map(|(table, _, row)| self.delete(*table, *row))
    }

    /// The desired rows whose rows refer to a row.
    fn referrers(&self, northd: &Northd, table: TableIdx, uuid: Uuid) -> Vec<(TableIdx, Uuid)> {
        let value = Atom::Uuid(uuid);
        let mut found = Vec::new();
        for of in self.ours.keys().copied() {
            for (column, schema) in self.schema.table(of).iter() {
                if schema.ty.key.reference().is_some_and(|(to, _)| to == table) {
                    let rows = northd.databases().holders(self.side, of, column, &value);
                    let ids = rows.into_iter().filter_map(|row| self.stands_for.get(&(of, row)));
                    found.extend(ids.map(|id| (of, *id)));
                }
            }
        }
        found
    }

    /// A row that nobody stands for yet and that has a desired row's key.
    fn find(&self, table: TableIdx, desired: &Desired) -> Option<Uuid> {
        let columns = || desired.columns.iter().chain(&desired.at_first);
        let value = |column: ColumnIdx| {
            let found = columns().find(|(of, _)| *of == column);
            found.map_or(Datum::Empty, |(_, value)| value.clone())
        };
        let key = self.key(table, value, false);
        self.unclaimed.get(&(table, key))?.first().copied()
    }

    /// What tells a row apart; references of a row of the database are those of the desired rows that others stand for.
    fn key(&self, table: TableIdx, value: impl Fn(ColumnIdx) -> Datum, is_actual: bool) -> String {
        let schema = self.schema.table(table);
        let parts = self.ours.get(&table).map_or(&[][..], |order| TABLES[*order].1);
        let mut key = String::new();
        for part in parts {
            let (Column(name) | At(name, _)) = part;
            let Some(column) = schema.column(name) else {
                continue;
            };
            let ty = &schema.column_schema(column).ty;
            let value = value(column);
            let value = match (part, is_actual) {
                (At(_, at), _) => value.get_str(at).unwrap_or_default().to_owned(),
                (Column(_), true) => self
                    .translate(column, table, &value, &self.stands_for)
                    .to_text(ty),
                (Column(_), false) => value.to_text(ty),
            };
            key.push_str(&value);
            key.push('\n');
        }
        key
    }

    /// References to rows as references to what stands for them, or the other way round.
    fn translate(
        &self,
        column: ColumnIdx,
        table: TableIdx,
        value: &Datum,
        by: &Hashed<(TableIdx, Uuid), Uuid>,
    ) -> Datum {
        let ty = &self.schema.table(table).column_schema(column).ty;
        let of_key = ty.key.reference().map(|(table, _)| table);
        let of_value = ty
            .value
            .as_ref()
            .and_then(|value| value.reference())
            .map(|(table, _)| table);
        if of_key.is_none() && of_value.is_none() {
            return value.clone();
        }
        let atom = |atom: &Atom, of: Option<TableIdx>| match (atom.as_uuid(), of) {
            (Some(uuid), Some(table)) => Atom::Uuid(by.get(&(table, uuid)).copied().unwrap_or(uuid)),
            _ => atom.clone(),
        };
        match ty.is_map() {
            true => Datum::map_unique(value.pairs().map(|(k, v)| (atom(k, of_key), atom(v, of_value)))),
            false => Datum::set_unique(value.atoms().map(|a| atom(a, of_key))),
        }
    }

    fn update(&self, table: TableIdx, uuid: Uuid, row: &Row, desired: &Desired, operations: &mut Vec<Value>) {
        let schema = self.schema.table(table);
        let mut columns = Map::new();
        for (column, value) in &desired.columns {
            let value = self.translate(*column, table, value, &self.standing);
            if row.get(*column) != &value {
                let of = schema.column_schema(*column);
                columns.insert(of.name.to_string(), value.to_json(&of.ty));
            }
        }
        if !columns.is_empty() {
            operations.push(json!({
                "op": "update", "table": &*schema.name, "where": is(uuid), "row": columns,
            }));
        }
    }

    fn insert(&self, table: TableIdx, id: Uuid, desired: &Desired) -> Value {
        let schema = self.schema.table(table);
        let columns = desired.at_first.iter().chain(&desired.columns);
        let columns: Map<String, Value> = columns
            .filter(|(_, value)| !value.is_empty())
            .map(|(column, value)| {
                let of = schema.column_schema(*column);
                let value = self.translate(*column, table, value, &self.standing);
                (of.name.to_string(), value.to_json(&of.ty))
            })
            .collect();
        json!({"op": "insert", "table": &*schema.name, "uuid": id.to_string(), "row": columns})
    }

    /// What others have written about a row goes before it: the database would keep both.
    fn remove(&self, northd: &Northd, table: TableIdx, uuid: Uuid, operations: &mut Vec<Value>) {
        for (of, column, _) in self.foreign.iter().filter(|(_, _, to)| *to == table) {
            let databases = northd.databases();
            for row in databases.holders(self.side, *of, *column, &Atom::Uuid(uuid)) {
                operations.push(self.delete(*of, row));
            }
        }
        operations.push(self.delete(table, uuid));
    }

    fn delete(&self, table: TableIdx, uuid: Uuid) -> Value {
        json!({"op": "delete", "table": &*self.schema.table(table).name, "where": is(uuid)})
    }
}

fn foreign(
    schema: &DatabaseSchema,
    ours: &BTreeMap<TableIdx, usize>,
) -> Vec<(TableIdx, ColumnIdx, TableIdx)> {
    let others = schema
        .iter()
        .filter(|(table, of)| of.is_root && !ours.contains_key(table));
    let columns = others.flat_map(|(table, of)| of.iter().map(move |(column, of)| (table, column, of)));
    columns
        .filter_map(|(table, column, of)| match of.ty.key.reference() {
            Some((to, RefKind::Strong)) if of.ty.n_min == 1 && ours.contains_key(&to) => {
                Some((table, column, to))
            }
            _ => None,
        })
        .collect()
}

fn is(uuid: Uuid) -> Value {
    json!([["_uuid", "==", ["uuid", uuid.to_string()]]])
}
