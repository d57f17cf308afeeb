//! The rows of both databases, and where a value is found in them.
//!
//! In: changes of rows. Out: rows, rows that hold a value; which of these a change touches ([`Input`]). Never here:
//! what a row means.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound as sb;
use ovsdb_data::typed::{Schema, Table};
use ovsdb_data::{Atom, ColumnIdx, DatabaseSchema, Datum, Only, Row, RowChange, TableIdx, Uuid};

/// One of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// `OVN_Northbound`.
    Nb,
    /// `OVN_Southbound`.
    Sb,
}

impl Side {
    /// The database of a schema.
    pub fn of<S: Schema>() -> Side {
        match S::NAME == nb::OvnNorthboundSchema::NAME {
            true => Side::Nb,
            false => Side::Sb,
        }
    }
}

/// Something that a derivation may read, and a change may touch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// A row, there or not.
    Row(Side, TableIdx, Uuid),
    /// Which rows a table has.
    Rows(Side, TableIdx),
    /// Which rows of a table hold a value in a column.
    Holders(Side, TableIdx, ColumnIdx, Atom),
}

/// Columns of text by which rows are found, besides references.
const TEXTS: &[(Side, TableIdx, ColumnIdx)] = &[
    (
        Side::Nb,
        nb::LogicalSwitch::TABLE_INDEX,
        nb::LogicalSwitch::NAME.index,
    ),
    (
        Side::Nb,
        nb::LogicalSwitchPort::TABLE_INDEX,
        nb::LogicalSwitchPort::NAME.index,
    ),
    (
        Side::Nb,
        nb::LogicalSwitchPort::TABLE_INDEX,
        nb::LogicalSwitchPort::PARENT_NAME.index,
    ),
    (
        Side::Nb,
        nb::LogicalRouterPort::TABLE_INDEX,
        nb::LogicalRouterPort::NAME.index,
    ),
    (
        Side::Nb,
        nb::LogicalRouterPort::TABLE_INDEX,
        nb::LogicalRouterPort::PEER.index,
    ),
    (Side::Nb, nb::Meter::TABLE_INDEX, nb::Meter::NAME.index),
    (
        Side::Nb,
        nb::HaChassisGroup::TABLE_INDEX,
        nb::HaChassisGroup::NAME.index,
    ),
    (Side::Nb, nb::Bfd::TABLE_INDEX, nb::Bfd::LOGICAL_PORT.index),
    (
        Side::Sb,
        sb::PortBinding::TABLE_INDEX,
        sb::PortBinding::LOGICAL_PORT.index,
    ),
    (Side::Sb, sb::Bfd::TABLE_INDEX, sb::Bfd::LOGICAL_PORT.index),
    (Side::Sb, sb::MacBinding::TABLE_INDEX, sb::MacBinding::IP.index),
    (
        Side::Sb,
        sb::ServiceMonitor::TABLE_INDEX,
        sb::ServiceMonitor::LOGICAL_PORT.index,
    ),
    (Side::Sb, sb::Chassis::TABLE_INDEX, sb::Chassis::NAME.index),
    (Side::Sb, sb::Chassis::TABLE_INDEX, sb::Chassis::HOSTNAME.index),
];

/// Tables by whose references nobody finds rows, and that have most of all rows.
const FLOWS: [(Side, TableIdx); 2] = [
    (Side::Sb, sb::LogicalFlow::TABLE_INDEX),
    (Side::Sb, sb::LogicalDpGroup::TABLE_INDEX),
];

/// Keys of map columns by whose value rows are found.
const KEYS: &[(Side, TableIdx, ColumnIdx, &str)] = &[
    (
        Side::Nb,
        nb::LogicalSwitchPort::TABLE_INDEX,
        nb::LogicalSwitchPort::OPTIONS.index,
        "router-port",
    ),
    (
        Side::Nb,
        nb::Acl::TABLE_INDEX,
        nb::Acl::OPTIONS.index,
        "persist-established",
    ),
    (
        Side::Sb,
        sb::DatapathBinding::TABLE_INDEX,
        sb::DatapathBinding::EXTERNAL_IDS.index,
        "logical-router",
    ),
];

/// How the values of a column are found again.
#[derive(Clone, Debug)]
enum Index {
    /// Every element.
    Elements,
    /// The value at a key.
    AtKey(&'static str),
}

type Holders = HashMap<Atom, BTreeSet<Uuid>, foldhash::fast::FixedState>;

/// The rows of one table.
#[derive(Default)]
struct Rows {
    rows: BTreeMap<Uuid, Row>,
    indexes: Vec<(ColumnIdx, Index, Holders)>,
}

/// The rows of both databases.
pub struct Databases {
    nb: Vec<Rows>,
    sb: Vec<Rows>,
}

impl Default for Databases {
    fn default() -> Self {
        let side = |side: Side, schema: DatabaseSchema| {
            let table = |(table, schema): (TableIdx, &std::sync::Arc<ovsdb_data::TableSchema>)| Rows {
                rows: BTreeMap::new(),
                indexes: indexes(side, table, schema),
            };
            schema.iter().map(table).collect()
        };
        Databases {
            nb: side(Side::Nb, ovn_schemas::schema(ovn_schemas::Db::OvnNorthbound)),
            sb: side(Side::Sb, ovn_schemas::schema(ovn_schemas::Db::OvnSouthbound)),
        }
    }
}

fn indexes(
    side: Side,
    table: TableIdx,
    schema: &ovsdb_data::TableSchema,
) -> Vec<(ColumnIdx, Index, Holders)> {
    let mut found = Vec::new();
    for (column, of) in schema.iter() {
        let is_reference = of.ty.key.reference().is_some() && !FLOWS.contains(&(side, table));
        if is_reference || TEXTS.contains(&(side, table, column)) {
            found.push((column, Index::Elements, Holders::default()));
        }
    }
    for (_, _, column, key) in KEYS.iter().filter(|(s, t, ..)| (*s, *t) == (side, table)) {
        found.push((*column, Index::AtKey(key), Holders::default()));
    }
    found
}

impl Index {
    /// The values by which a row is found, as a set.
    fn values(&self, row: Option<&Row>, column: ColumnIdx) -> Datum {
        let datum = row.map_or(&Datum::Empty, |row| row.get(column));
        match self {
            Index::Elements => datum.clone(),
            Index::AtKey(key) => {
                let value = datum.get_by(|own| own.as_str().unwrap_or_default().cmp(key));
                value.cloned().map_or(Datum::Empty, Datum::One)
            }
        }
    }
}

impl Databases {
    fn tables(&self, side: Side) -> &[Rows] {
        match side {
            Side::Nb => &self.nb,
            Side::Sb => &self.sb,
        }
    }

    /// A row.
    pub fn row(&self, side: Side, table: TableIdx, uuid: Uuid) -> Option<&Row> {
        self.tables(side).get(usize::from(table.0))?.rows.get(&uuid)
    }

    /// The rows of a table by uuid.
    pub fn rows(&self, side: Side, table: TableIdx) -> impl Iterator<Item = &Row> {
        let table = self.tables(side).get(usize::from(table.0));
        table.into_iter().flat_map(|table| table.rows.values())
    }

    /// The rows that hold a value in a column that has an index: every reference but those of flows, and a few others.
    pub fn holders(&self, side: Side, table: TableIdx, column: ColumnIdx, value: &Atom) -> Vec<Uuid> {
        let table = self.tables(side).get(usize::from(table.0));
        let indexes = table.into_iter().flat_map(|table| &table.indexes);
        let mut of_column = indexes.filter(|(of, ..)| *of == column);
        let index = of_column.next();
        assert!(
            index.is_some(),
            "no index over column {} of table {}",
            column.0,
            table.is_some()
        );
        let found = index.and_then(|(_, _, holders)| holders.get(value));
        found.into_iter().flatten().copied().collect()
    }

    /// Takes changes of one database, and tells what they touch.
    pub fn change(&mut self, side: Side, changes: &[RowChange], touched: &mut dyn FnMut(Input)) {
        let tables = match side {
            Side::Nb => &mut self.nb,
            Side::Sb => &mut self.sb,
        };
        for RowChange {
            table,
            uuid,
            old,
            new,
        } in changes
        {
            let Some(rows) = tables.get_mut(usize::from(table.0)) else {
                continue;
            };
            match new {
                Some(row) => rows.rows.insert(*uuid, row.clone()),
                None => rows.rows.remove(uuid),
            };
            touched(Input::Row(side, *table, *uuid));
            if old.is_some() != new.is_some() {
                touched(Input::Rows(side, *table));
            }
            for (column, index, holders) in &mut rows.indexes {
                let values = |row: &Option<Row>| index.values(row.as_ref(), *column);
                values(old).for_each_set_difference(&values(new), |only| {
                    match only {
                        Only::First(gone) => {
                            if let Some(of) = holders.get_mut(gone) {
                                of.remove(uuid);
                                if of.is_empty() {
                                    holders.remove(gone);
                                }
                            }
                        }
                        Only::Second(added) => {
                            holders.entry(added.clone()).or_default().insert(*uuid);
                        }
                    }
                    touched(Input::Holders(side, *table, *column, only.atom().clone()));
                });
            }
        }
    }
}

impl Databases {
    /// Every row of a database, as if it were new.
    pub fn all(&self, side: Side) -> impl Iterator<Item = RowChange> {
        let tables = self.tables(side).iter().enumerate();
        tables.flat_map(|(table, rows)| {
            rows.rows.iter().map(move |(uuid, row)| RowChange {
                table: TableIdx(table as u16),
                uuid: *uuid,
                old: None,
                new: Some(row.clone()),
            })
        })
    }
}
