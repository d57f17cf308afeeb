//! The rows of a program's databases, and where a value is found in them.
//!
//! In: changes of rows. Out: rows, rows that hold a value; which of these a change touches ([`Input`]). Never here:
//! what a row means.

use std::collections::{BTreeMap, HashMap};

use ovn_schemas::Db;
use ovsdb_data::typed::{Schema, Table};
use ovsdb_data::{Atom, ColumnIdx, Datum, Only, Row, RowChange, TableIdx, Uuid};

use crate::few_set::FewSet;
use crate::program::{Indexes, Program};

/// A database that programs translate from or into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// `OVN_Northbound`.
    Nb,
    /// `OVN_Southbound`.
    Sb,
    /// `OVN_IC_Northbound`.
    IcNb,
    /// `OVN_IC_Southbound`.
    IcSb,
}

impl Side {
    const ALL: [Side; 4] = [Side::Nb, Side::Sb, Side::IcNb, Side::IcSb];

    /// The database of a schema.
    pub const fn of<S: Schema>() -> Side {
        const { side(S::NAME) }
    }

    /// The database.
    pub const fn db(self) -> Db {
        match self {
            Side::Nb => Db::OvnNorthbound,
            Side::Sb => Db::OvnSouthbound,
            Side::IcNb => Db::OvnIcNorthbound,
            Side::IcSb => Db::OvnIcSouthbound,
        }
    }
}

const fn side(name: &str) -> Side {
    let mut n = 0;
    while n < Side::ALL.len() {
        let side = Side::ALL[n];
        if is_same(side.db().name().as_bytes(), name.as_bytes()) {
            return side;
        }
        n += 1;
    }
    panic!("a schema that no program translates")
}

const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut n = 0;
    while n < a.len() && n < b.len() && a[n] == b[n] {
        n += 1;
    }
    n == a.len() && n == b.len()
}

/// Something that a derivation may read, and a change may touch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// A row, there or not.
    Row(Side, TableIdx, Uuid),
    /// The counters of a row ([`Program::COUNTERS`]).
    Counters(Side, TableIdx, Uuid),
    /// Which rows a table has.
    Rows(Side, TableIdx),
    /// Which rows of a table hold a value in a column. There are many of the others: they are not to be as large.
    Holders(Box<(Side, TableIdx, ColumnIdx, Atom)>),
}

/// How the values of a column are found again.
#[derive(Clone, Debug)]
enum Index {
    /// Every element.
    Elements,
    /// The value at a key.
    AtKey(&'static str),
}

type Holders = HashMap<Atom, FewSet<Uuid, 1>, foldhash::fast::FixedState>;

/// The rows of one table.
#[derive(Default)]
struct Rows {
    /// By their uuids, which are compared faster as numbers.
    rows: BTreeMap<u128, Row>,
    counters: Vec<ColumnIdx>,
    indexes: Vec<(ColumnIdx, Index, Holders)>,
}

/// The rows of all databases.
#[derive(Default)]
pub struct Databases([Vec<Rows>; Side::ALL.len()]);

fn indexes(
    of: &Indexes,
    side: Side,
    table: TableIdx,
    schema: &ovsdb_data::TableSchema,
) -> Vec<(ColumnIdx, Index, Holders)> {
    let mut found = Vec::new();
    let is_referenced = !of.unreferenced.contains(&(side, table));
    for (column, schema) in schema.iter() {
        let is_reference = is_referenced && schema.ty.key.reference().is_some();
        if is_reference || of.texts.contains(&(side, table, column)) {
            found.push((column, Index::Elements, Holders::default()));
        }
    }
    for (_, _, column, key) in of.keys.iter().filter(|(s, t, ..)| (*s, *t) == (side, table)) {
        found.push((*column, Index::AtKey(key), Holders::default()));
    }
    found
}

fn counters(of: &[(Side, TableIdx, ColumnIdx)], side: Side, table: TableIdx) -> Vec<ColumnIdx> {
    let of_table = of.iter().filter(|(s, t, _)| (*s, *t) == (side, table));
    of_table.map(|(.., column)| *column).collect()
}

/// Whether nothing else differs.
fn only_counts(counters: &[ColumnIdx], old: &Row, new: &Row) -> bool {
    let is_other =
        |(column, _): &(ColumnIdx, &Datum)| *column != ColumnIdx::VERSION && !counters.contains(column);
    old.iter().filter(is_other).eq(new.iter().filter(is_other))
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
    /// A program's, empty.
    pub fn new<P: Program>() -> Databases {
        let mut databases = Databases::default();
        for side in P::SIDES {
            let schema = ovn_schemas::schema(side.db());
            let tables = schema.iter().map(|(table, schema)| Rows {
                rows: BTreeMap::new(),
                counters: counters(P::COUNTERS, *side, table),
                indexes: indexes(&P::INDEXES, *side, table, schema),
            });
            databases.0[*side as usize] = tables.collect();
        }
        databases
    }

    fn tables(&self, side: Side) -> &[Rows] {
        &self.0[side as usize]
    }

    /// A row.
    pub fn row(&self, side: Side, table: TableIdx, uuid: Uuid) -> Option<&Row> {
        let rows = self.tables(side).get(usize::from(table.0))?;
        rows.rows.get(&uuid.as_u128())
    }

    /// The rows of a table by uuid.
    pub fn rows(&self, side: Side, table: TableIdx) -> impl Iterator<Item = &Row> {
        let table = self.tables(side).get(usize::from(table.0));
        table.into_iter().flat_map(|table| table.rows.values())
    }

    /// The row of a table that has no more than one, as `NB_Global`.
    pub fn only<'a, T: Table<'a>>(&'a self) -> Option<T> {
        self.rows(Side::of::<T::Schema>(), T::TABLE_INDEX)
            .next()
            .map(T::of)
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
        found.map(FewSet::to_vec).unwrap_or_default()
    }

    /// Takes changes of one database, and tells what they touch.
    pub fn change(&mut self, side: Side, changes: &[RowChange], touched: &mut dyn FnMut(Input)) {
        let tables = &mut self.0[side as usize];
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
                Some(row) => rows.rows.insert(uuid.as_u128(), row.clone()),
                None => rows.rows.remove(&uuid.as_u128()),
            };
            let counters = &rows.counters;
            if !counters.is_empty() {
                touched(Input::Counters(side, *table, *uuid));
            }
            let both = old.as_ref().zip(new.as_ref()).filter(|_| !counters.is_empty());
            if !both.is_some_and(|(old, new)| only_counts(counters, old, new)) {
                touched(Input::Row(side, *table, *uuid));
            }
            if old.is_some() != new.is_some() {
                touched(Input::Rows(side, *table));
            }
            for (column, index, holders) in &mut rows.indexes {
                let values = |row: &Option<Row>| index.values(row.as_ref(), *column);
                values(old).for_each_set_difference(&values(new), |only| {
                    match only {
                        Only::First(gone) => {
                            if let Some(of) = holders.get_mut(gone) {
                                of.remove(*uuid);
                                if of.is_empty() {
                                    holders.remove(gone);
                                }
                            }
                        }
                        Only::Second(added) => {
                            holders.entry(added.clone()).or_default().insert(*uuid);
                        }
                    }
                    touched(Input::Holders(Box::new((
                        side,
                        *table,
                        *column,
                        only.atom().clone(),
                    ))));
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
            rows.rows.values().map(move |row| RowChange {
                table: TableIdx(table as u16),
                uuid: row.uuid(),
                old: None,
                new: Some(row.clone()),
            })
        })
    }
}
