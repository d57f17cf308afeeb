//! Rows straight from text, where there are many of them: nothing is built that is not kept.
//!
//! In: the text of a JSON object of rows by uuid, as a database file and a notification have them. Out: typed columns.
//! Whatever is unusual (a real number, an escape that OVSDB refuses, a value that does not fit its column) gives none:
//! the caller parses such a text as a tree, which knows every rule and every error.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use smol_str::SmolStr;
use uuid::Uuid;

use crate::atom::{Atom, AtomicType};
use crate::base_type::{BaseType, ColumnType};
use crate::datum::Datum;
use crate::json;
use crate::schema::{ColumnIdx, DatabaseSchema, TableIdx, TableSchema};

/// Makes the strings of rows, perhaps shared ones.
pub trait Share {
    /// A string.
    fn string(&mut self, text: &str) -> SmolStr;
    /// A set or map equal to this one.
    fn datum(&mut self, datum: Datum) -> Datum;
}

/// A row as a record or a notification has it.
#[derive(Clone, Debug, PartialEq)]
pub struct RawRow {
    /// Its `_uuid`.
    pub uuid: Uuid,
    /// The columns named, in no order; none where the row is deleted.
    pub columns: Option<Vec<(ColumnIdx, Datum)>>,
    /// The columns are the differences to what they were.
    pub is_diff: bool,
}

/// Reads `{"UUID":{"COLUMN":VALUE,…}|null,…}`. Sizes of sets and maps are not checked, as they may be differences;
/// types, enumerations and ranges are.
pub fn rows(text: &str, table: &TableSchema, share: &mut dyn Share) -> Option<Vec<RawRow>> {
    let mut rows = Vec::new();
    let mut take = |row| {
        rows.push(row);
        Some(())
    };
    let visitor = Rows {
        table,
        share,
        has_kinds: false,
        take: &mut take,
    };
    let mut parser = serde_json::Deserializer::from_str(text);
    let read = parser.deserialize_map(visitor);
    read.and_then(|()| parser.end()).is_ok().then_some(rows)
}

/// Reads `{"TABLE":{"UUID":{"insert":{"COLUMN":VALUE,…}},…},…}`, what `update2` and `update3` tell of tables
/// (ovsdb-server(7) §4.1.14), and hands out row by row, until `take` gives none. Differences are checked as by [`rows`],
/// columns of new rows as to their sizes, too; `_uuid` and `_version` are none of them.
pub fn updates(
    text: &str,
    schema: &DatabaseSchema,
    share: &mut dyn Share,
    take: &mut dyn FnMut(TableIdx, RawRow) -> Option<()>,
) -> Option<()> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let read = parser.deserialize_map(Tables { schema, share, take });
    read.and_then(|()| parser.end()).ok()
}

struct Tables<'a> {
    schema: &'a DatabaseSchema,
    share: &'a mut dyn Share,
    take: &'a mut dyn FnMut(TableIdx, RawRow) -> Option<()>,
}

impl<'de> Visitor<'de> for Tables<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tables")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = vec![false; self.schema.tables.len()];
        while let Some(name) = map.next_key::<&str>()? {
            let at = self.schema.table_idx(name);
            let at = at.ok_or_else(|| A::Error::custom("table"))?;
            // Of members of one name the last counts.
            if std::mem::replace(&mut seen[usize::from(at.0)], true) {
                return Err(A::Error::custom("twice"));
            }
            let table = self.schema.table(at);
            let is_sound = |row: &RawRow| {
                let mut columns = row.columns.iter().flatten();
                columns.all(|(column, datum)| {
                    *column > ColumnIdx::VERSION
                        && (row.is_diff || table.column_schema(*column).ty.allows_len(datum.len()))
                })
            };
            let mut take = |row| (self.take)(at, Some(row).filter(is_sound)?);
            map.next_value_seed(Rows {
                table,
                share: &mut *self.share,
                has_kinds: true,
                take: &mut take,
            })?;
        }
        Ok(())
    }
}

struct Rows<'a> {
    table: &'a TableSchema,
    share: &'a mut dyn Share,
    /// Each row's columns are within the kind of its change.
    has_kinds: bool,
    take: &'a mut dyn FnMut(RawRow) -> Option<()>,
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(id) = map.next_key::<&str>()? {
            let uuid = json::parse_uuid(id).ok_or_else(|| A::Error::custom("uuid"))?;
            let columns = Columns {
                table: self.table,
                share: &mut *self.share,
            };
            let (is_diff, columns) = match self.has_kinds {
                true => map.next_value_seed(Changed(columns))?,
                false => (false, map.next_value_seed(columns)?),
            };
            let row = RawRow {
                uuid,
                columns,
                is_diff,
            };
            (self.take)(row).ok_or_else(|| A::Error::custom("row"))?;
        }
        Ok(())
    }
}

/// One of `initial`, `insert`, `modify`, `delete`.
struct Changed<'a>(Columns<'a>);

impl<'de> DeserializeSeed<'de> for Changed<'_> {
    type Value = (bool, Option<Vec<(ColumnIdx, Datum)>>);

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Changed<'_> {
    type Value = (bool, Option<Vec<(ColumnIdx, Datum)>>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a kind of change")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let kind = map.next_key::<&str>()?;
        let columns = map.next_value_seed(self.0)?;
        match (kind, &columns, map.next_key::<&str>()?) {
            (Some("initial" | "insert"), Some(_), None) | (Some("delete"), None, None) => {
                Ok((false, columns))
            }
            (Some("modify"), Some(_), None) => Ok((true, columns)),
            _ => Err(A::Error::custom("kind")),
        }
    }
}

struct Columns<'a> {
    table: &'a TableSchema,
    share: &'a mut dyn Share,
}

impl<'de> DeserializeSeed<'de> for Columns<'_> {
    type Value = Option<Vec<(ColumnIdx, Datum)>>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Columns<'_> {
    type Value = Option<Vec<(ColumnIdx, Datum)>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row or null")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut columns = Vec::with_capacity(self.table.columns.len());
        while let Some(name) = map.next_key::<&str>()? {
            let column = self
                .table
                .column(name)
                .ok_or_else(|| A::Error::custom("column"))?;
            let ty = &self.table.column_schema(column).ty;
            let datum = map.next_value_seed(Value {
                ty,
                share: &mut *self.share,
            })?;
            columns.push((column, datum));
        }
        Ok(Some(columns))
    }
}

/// A `<value>` of a column's type.
struct Value<'a> {
    ty: &'a ColumnType,
    share: &'a mut dyn Share,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Datum;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Datum, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Datum;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Datum, E> {
        self.one(|atom| atom.visit_bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Datum, E> {
        self.one(|atom| atom.visit_i64(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Datum, E> {
        self.one(|atom| atom.visit_u64(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Datum, E> {
        self.one(|atom| atom.visit_str(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Datum, A::Error> {
        let Value { ty, share } = self;
        let wrong = || A::Error::custom("value");
        let datum = match (seq.next_element::<&str>()?, &ty.value) {
            (Some("uuid"), None) => {
                let id = seq.next_element::<&str>()?.ok_or_else(wrong)?;
                Datum::One(uuid_atom(&ty.key, id)?)
            }
            (Some("set"), None) => seq.next_element_seed(Elements { ty, share })?.ok_or_else(wrong)?,
            (Some("map"), Some(value)) => {
                let pairs = Pairs {
                    key: &ty.key,
                    value,
                    share,
                };
                seq.next_element_seed(pairs)?.ok_or_else(wrong)?
            }
            _ => return Err(wrong()),
        };
        match seq.next_element::<IgnoredAny>()? {
            None => Ok(datum),
            Some(_) => Err(wrong()),
        }
    }
}

impl Value<'_> {
    fn one<E: serde::de::Error>(self, read: impl FnOnce(AtomOf<'_>) -> Result<Atom, E>) -> Result<Datum, E> {
        if self.ty.value.is_some() {
            return Err(E::custom("map"));
        }
        read(AtomOf {
            base: &self.ty.key,
            share: self.share,
        })
        .map(Datum::One)
    }
}

struct Elements<'a> {
    ty: &'a ColumnType,
    share: &'a mut dyn Share,
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = Datum;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Datum, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = Datum;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Datum, A::Error> {
        let mut atoms = Vec::new();
        while let Some(atom) = seq.next_element_seed(AtomOf {
            base: &self.ty.key,
            share: &mut *self.share,
        })? {
            atoms.push(atom);
        }
        let set = Datum::set(atoms).map_err(|_| A::Error::custom("duplicate"))?;
        Ok(self.share.datum(set))
    }
}

struct Pairs<'a> {
    key: &'a BaseType,
    value: &'a BaseType,
    share: &'a mut dyn Share,
}

impl<'de> DeserializeSeed<'de> for Pairs<'_> {
    type Value = Datum;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Datum, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = Datum;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pairs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Datum, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = seq.next_element_seed(Pair {
            key: self.key,
            value: self.value,
            share: &mut *self.share,
        })? {
            pairs.push(pair);
        }
        let map = Datum::map(pairs).map_err(|_| A::Error::custom("duplicate"))?;
        Ok(self.share.datum(map))
    }
}

struct Pair<'a> {
    key: &'a BaseType,
    value: &'a BaseType,
    share: &'a mut dyn Share,
}

impl<'de> DeserializeSeed<'de> for Pair<'_> {
    type Value = (Atom, Atom);

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Pair<'_> {
    type Value = (Atom, Atom);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pair")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut atom = |base| {
            let share = &mut *self.share;
            seq.next_element_seed(AtomOf { base, share })?
                .ok_or_else(|| A::Error::custom("pair"))
        };
        let pair = (atom(self.key)?, atom(self.value)?);
        match seq.next_element::<IgnoredAny>()? {
            None => Ok(pair),
            Some(_) => Err(A::Error::custom("pair")),
        }
    }
}

/// An `<atom>` of a base type.
struct AtomOf<'a> {
    base: &'a BaseType,
    share: &'a mut dyn Share,
}

impl AtomOf<'_> {
    fn check<E: serde::de::Error>(&self, atom: Atom, ty: AtomicType) -> Result<Atom, E> {
        if self.base.atomic != ty {
            return Err(E::custom("type"));
        }
        checked(self.base, atom)
    }
}

fn checked<E: serde::de::Error>(base: &BaseType, atom: Atom) -> Result<Atom, E> {
    match base.check(&atom) {
        Ok(()) => Ok(atom),
        Err(_) => Err(E::custom("constraint")),
    }
}

fn uuid_atom<E: serde::de::Error>(base: &BaseType, id: &str) -> Result<Atom, E> {
    match (base.atomic, json::parse_uuid(id)) {
        (AtomicType::Uuid, Some(uuid)) => Ok(Atom::Uuid(uuid)),
        _ => Err(E::custom("uuid")),
    }
}

impl<'de> DeserializeSeed<'de> for AtomOf<'_> {
    type Value = Atom;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Atom, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AtomOf<'_> {
    type Value = Atom;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an atom")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Atom, E> {
        self.check(Atom::Boolean(value), AtomicType::Boolean)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Atom, E> {
        self.check(Atom::Integer(value), AtomicType::Integer)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Atom, E> {
        let value = i64::try_from(value).map_err(E::custom)?;
        self.visit_i64(value)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Atom, E> {
        if value.contains('\0') {
            return Err(E::custom("NUL"));
        }
        let atom = Atom::String(self.share.string(value));
        self.check(atom, AtomicType::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Atom, A::Error> {
        match (
            seq.next_element::<&str>()?,
            seq.next_element::<&str>()?,
            seq.next_element::<IgnoredAny>()?,
        ) {
            (Some("uuid"), Some(id), None) => uuid_atom(self.base, id),
            _ => Err(A::Error::custom("atom")),
        }
    }
}
