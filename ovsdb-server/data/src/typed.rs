//! Rows as the types of their schema: what generated bindings are made of.
//!
//! A table is a type that borrows a row; a column is a constant that knows its table, its place and its kind. Reading
//! costs what reading the row costs: nothing is copied. A row of another shape than the schema says (which only a
//! server that lies can cause) reads as defaults.
//!
//! ```
//! use ovsdb_data::typed::{Column, Columns, Map, One, Schema, Set, Table, Text};
//! use ovsdb_data::{Row, TableIdx};
//!
//! /// What a generator writes for a schema.
//! #[derive(Clone, Copy)]
//! enum Switch {}
//!
//! impl Schema for Switch {
//!     const NAME: &'static str = "Switch";
//!     const VERSION: &'static str = "1.0.0";
//!     const CKSUM: &'static str = "";
//! }
//!
//! /// What a generator writes for a table `Bridge` with columns `name`, `ports` and `options`.
//! #[derive(Clone, Copy)]
//! struct Bridge<'a>(&'a Row);
//!
//! impl<'a> Table<'a> for Bridge<'a> {
//!     type Schema = Switch;
//!     const TABLE_NAME: &'static str = "Bridge";
//!     const TABLE_INDEX: TableIdx = TableIdx(0);
//!     fn of(row: &'a Row) -> Self {
//!         Bridge(row)
//!     }
//!     fn row(self) -> &'a Row {
//!         self.0
//!     }
//! }
//!
//! impl Bridge<'_> {
//!     const NAME: Column<Bridge<'static>, One<Text>> = Column::new(2, "name");
//!     const OPTIONS: Column<Bridge<'static>, Map<Text, Text>> = Column::new(3, "options");
//!     const PORTS: Column<Bridge<'static>, Set<i64>> = Column::new(4, "ports");
//! }
//!
//! let row = Columns::new().set(Bridge::NAME, "br0").set(Bridge::PORTS, [2, 1]).set(Bridge::OPTIONS, [("k", "v")]);
//! let row = row.into_row(uuid::Uuid::nil(), uuid::Uuid::nil(), 5);
//! let bridge = Bridge::of(&row);
//! assert_eq!(bridge.get(Bridge::NAME), "br0");
//! assert_eq!(bridge.get(Bridge::PORTS).iter().collect::<Vec<_>>(), [1, 2]);
//! assert_eq!(bridge.get(Bridge::OPTIONS).get("k"), Some("v"));
//! ```

use std::cmp::Ordering;
use std::marker::PhantomData;
use std::sync::Arc;

use uuid::Uuid;

use crate::atom::Atom;
use crate::datum::Datum;
use crate::long_set::Only;
use crate::row::Row;
use crate::schema::{ColumnIdx, DatabaseSchema, TableIdx};

/// A schema that types were made from.
pub trait Schema: Copy + 'static {
    /// The database's name.
    const NAME: &'static str;
    /// The schema's version.
    const VERSION: &'static str;
    /// The schema's checksum.
    const CKSUM: &'static str;

    /// Whether the places of tables and columns are those of a schema.
    fn is(schema: &DatabaseSchema) -> bool {
        (&*schema.name, &*schema.version, &*schema.cksum) == (Self::NAME, Self::VERSION, Self::CKSUM)
    }
}

/// A table's type: a row of it.
pub trait Table<'a>: Copy {
    /// The schema that it is a table of.
    type Schema: Schema;
    /// The table's name in the schema.
    const TABLE_NAME: &'static str;
    /// The table's place in the schema that the type was made from.
    const TABLE_INDEX: TableIdx;

    /// A row of this table.
    fn of(row: &'a Row) -> Self;

    /// The row.
    fn row(self) -> &'a Row;

    /// Its `_uuid`.
    fn uuid(self) -> Uuid {
        self.row().uuid()
    }

    /// The value of a column.
    fn get<T, K: Kind>(self, column: Column<T, K>) -> K::View<'a> {
        K::view(self.row().get(column.index))
    }
}

/// A column of a table.
pub struct Column<T, K> {
    /// Its place.
    pub index: ColumnIdx,
    /// Its name.
    pub name: &'static str,
    of: PhantomData<fn() -> (T, K)>,
}

impl<T, K> Column<T, K> {
    /// The column at a place.
    pub const fn new(index: u16, name: &'static str) -> Self {
        let index = ColumnIdx(index);
        let of = PhantomData;
        Column { index, name, of }
    }
}

impl<T, K> Clone for Column<T, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, K> Copy for Column<T, K> {}

/// Strings, as the type of an atom.
pub struct Text;

/// A column that always has one value.
pub struct One<T>(PhantomData<T>);

/// A column that has one value or none.
pub struct Optional<T>(PhantomData<T>);

/// A column that has any number of values, sorted.
pub struct Set<T>(PhantomData<T>);

/// A column that maps keys to values.
pub struct Map<K, V>(PhantomData<(K, V)>);

/// A type of atoms.
pub trait Scalar {
    /// How an atom of it reads.
    type View<'a>: Default;
    /// Reads one.
    fn view(atom: &Atom) -> Option<Self::View<'_>>;
    /// How an atom compares, in the order in which sets are kept. One of another type comes before all.
    fn compare(atom: &Atom, with: &Self::View<'_>) -> Ordering;
}

impl Scalar for Text {
    type View<'a> = &'a str;
    fn view(atom: &Atom) -> Option<&str> {
        atom.as_str()
    }
    fn compare(atom: &Atom, with: &&str) -> Ordering {
        atom.as_str().map_or(Ordering::Less, |text| text.cmp(with))
    }
}

impl Scalar for i64 {
    type View<'a> = i64;
    fn view(atom: &Atom) -> Option<i64> {
        atom.as_integer()
    }
    fn compare(atom: &Atom, with: &i64) -> Ordering {
        atom.as_integer().map_or(Ordering::Less, |own| own.cmp(with))
    }
}

impl Scalar for f64 {
    type View<'a> = f64;
    fn view(atom: &Atom) -> Option<f64> {
        atom.as_real()
    }
    fn compare(atom: &Atom, with: &f64) -> Ordering {
        let ordering = |real: f64| real.partial_cmp(with).unwrap_or(Ordering::Equal);
        Self::view(atom).map_or(Ordering::Less, ordering)
    }
}

impl Scalar for bool {
    type View<'a> = bool;
    fn view(atom: &Atom) -> Option<bool> {
        atom.as_bool()
    }
    fn compare(atom: &Atom, with: &bool) -> Ordering {
        atom.as_bool().map_or(Ordering::Less, |own| own.cmp(with))
    }
}

impl Scalar for Uuid {
    type View<'a> = Uuid;
    fn view(atom: &Atom) -> Option<Uuid> {
        atom.as_uuid()
    }
    fn compare(atom: &Atom, with: &Uuid) -> Ordering {
        atom.as_uuid().map_or(Ordering::Less, |own| own.cmp(with))
    }
}

/// The shape of a column.
pub trait Kind {
    /// How a value of it reads.
    type View<'a>;
    /// Whether it maps keys to values.
    const IS_MAP: bool = false;
    /// Reads one.
    fn view(datum: &Datum) -> Self::View<'_>;
}

impl<T: Scalar> Kind for One<T> {
    type View<'a> = T::View<'a>;
    fn view(datum: &Datum) -> T::View<'_> {
        datum.one().and_then(T::view).unwrap_or_default()
    }
}

impl<T: Scalar> Kind for Optional<T> {
    type View<'a> = Option<T::View<'a>>;
    fn view(datum: &Datum) -> Option<T::View<'_>> {
        datum.one().and_then(T::view)
    }
}

impl<T: Scalar> Kind for Set<T> {
    type View<'a> = SetView<'a, T>;
    fn view(datum: &Datum) -> SetView<'_, T> {
        SetView {
            datum,
            of: PhantomData,
        }
    }
}

impl<K: Scalar, V: Scalar> Kind for Map<K, V> {
    type View<'a> = MapView<'a, K, V>;
    const IS_MAP: bool = true;
    fn view(datum: &Datum) -> MapView<'_, K, V> {
        MapView {
            datum,
            of: PhantomData,
        }
    }
}

/// A set, read.
pub struct SetView<'a, T> {
    datum: &'a Datum,
    of: PhantomData<T>,
}

impl<'a, T: Scalar> SetView<'a, T> {
    /// The elements, ascending.
    pub fn iter(&self) -> impl Iterator<Item = T::View<'a>> + use<'a, T> {
        self.datum.atoms().filter_map(T::view)
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.datum.len()
    }

    /// True without elements.
    pub fn is_empty(&self) -> bool {
        self.datum.is_empty()
    }

    /// Whether it holds an element.
    pub fn contains(&self, element: T::View<'_>) -> bool {
        self.datum.contains_by(|atom| T::compare(atom, &element))
    }
}

/// A set that is kept. What changes a few of its elements costs little, however many it has.
#[derive(Clone, Debug, PartialEq)]
pub struct SetOf<T> {
    datum: Datum,
    of: PhantomData<T>,
}

impl<T> Default for SetOf<T> {
    fn default() -> Self {
        let (datum, of) = (Datum::Empty, PhantomData);
        SetOf { datum, of }
    }
}

impl<T, A: IntoAtom<T>> FromIterator<A> for SetOf<T> {
    fn from_iter<I: IntoIterator<Item = A>>(elements: I) -> Self {
        let (datum, of) = (elements.into_datum(), PhantomData);
        SetOf { datum, of }
    }
}

impl<T: Scalar> SetOf<T> {
    /// The set, to be read.
    pub fn view(&self) -> SetView<'_, T> {
        Set::view(&self.datum)
    }

    /// One element more, if it lacks it.
    pub fn insert(&mut self, element: impl IntoAtom<T>) {
        self.datum = self.datum.with_element(&element.into_atom());
    }

    /// What came to another set, or went from it, does the same here.
    pub fn follow(&mut self, before: &SetOf<T>, after: &SetOf<T>) {
        before.datum.for_each_set_difference(&after.datum, |only| {
            self.datum = match only {
                Only::First(gone) => self.datum.without_element(gone),
                Only::Second(new) => self.datum.with_element(new),
            }
        });
    }
}

/// A map, read.
pub struct MapView<'a, K, V> {
    datum: &'a Datum,
    of: PhantomData<(K, V)>,
}

impl<'a, K: Scalar, V: Scalar> MapView<'a, K, V> {
    /// The pairs, keys ascending.
    pub fn iter(&self) -> impl Iterator<Item = (K::View<'a>, V::View<'a>)> + use<'a, K, V> {
        let pairs = self.datum.pairs();
        pairs.filter_map(|(key, value)| Some((K::view(key)?, V::view(value)?)))
    }

    /// The value of a key.
    pub fn get(&self, key: K::View<'_>) -> Option<V::View<'a>> {
        self.datum.get_by(|atom| K::compare(atom, &key)).and_then(V::view)
    }

    /// Whether it has a key.
    pub fn contains_key(&self, key: K::View<'_>) -> bool {
        self.datum.contains_by(|atom| K::compare(atom, &key))
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.datum.len()
    }

    /// True without pairs.
    pub fn is_empty(&self) -> bool {
        self.datum.is_empty()
    }
}

/// What can be written as an atom of a type.
pub trait IntoAtom<T> {
    /// The atom.
    fn into_atom(self) -> Atom;
}

macro_rules! into_atom {
    ($($rust:ty => $of:ty, $value:ident, $atom:expr;)*) => {
        $(impl IntoAtom<$of> for $rust {
            fn into_atom(self) -> Atom {
                let $value = self;
                $atom
            }
        })*
    };
}

into_atom! {
    &str => Text, text, Atom::from(text);
    &String => Text, text, Atom::from(text.as_str());
    String => Text, text, Atom::String(text.into());
    Arc<str> => Text, text, Atom::String(text.into());
    i64 => i64, integer, Atom::Integer(integer);
    f64 => f64, real, Atom::Real(real);
    bool => bool, truth, Atom::Boolean(truth);
    Uuid => Uuid, uuid, Atom::Uuid(uuid);
}

/// What can be written to a column of a kind.
pub trait IntoDatum<K> {
    /// The value.
    fn into_datum(self) -> Datum;
}

impl<T, A: IntoAtom<T>> IntoDatum<One<T>> for A {
    fn into_datum(self) -> Datum {
        Datum::One(self.into_atom())
    }
}

impl<T, A: IntoAtom<T>> IntoDatum<Optional<T>> for Option<A> {
    fn into_datum(self) -> Datum {
        self.map_or(Datum::Empty, |value| Datum::One(value.into_atom()))
    }
}

impl<T, A: IntoAtom<T>, I: IntoIterator<Item = A>> IntoDatum<Set<T>> for I {
    fn into_datum(self) -> Datum {
        Datum::set_unique(self.into_iter().map(IntoAtom::into_atom))
    }
}

impl<T> IntoDatum<Set<T>> for SetOf<T> {
    fn into_datum(self) -> Datum {
        self.datum
    }
}

impl<K, V, A: IntoAtom<K>, B: IntoAtom<V>, I: IntoIterator<Item = (A, B)>> IntoDatum<Map<K, V>> for I {
    fn into_datum(self) -> Datum {
        let pairs = self.into_iter();
        Datum::map_unique(pairs.map(|(key, value)| (key.into_atom(), value.into_atom())))
    }
}

/// Some columns of a table with their values.
pub struct Columns<T> {
    values: Vec<(ColumnIdx, &'static str, bool, Datum)>,
    of: PhantomData<fn() -> T>,
}

impl<T> Default for Columns<T> {
    fn default() -> Self {
        Columns {
            values: Vec::new(),
            of: PhantomData,
        }
    }
}

impl<T> Columns<T> {
    /// No columns yet.
    pub fn new() -> Self {
        Columns::default()
    }

    /// These and one more. Of two values for one column the later counts.
    pub fn set<K: Kind>(mut self, column: Column<T, K>, value: impl IntoDatum<K>) -> Self {
        self.values.retain(|(index, ..)| *index != column.index);
        self.values
            .push((column.index, column.name, K::IS_MAP, value.into_datum()));
        self
    }

    /// Names and values, in the notation of RFC 7047.
    pub fn to_json(&self) -> serde_json::Value {
        let members = self.values.iter();
        let members = members.map(|(_, name, is_map, value)| ((*name).to_owned(), value.to_json_as(*is_map)));
        serde_json::Value::Object(members.collect())
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values.iter().map(|(_, name, ..)| *name)
    }

    /// Places and values.
    pub fn into_values(self) -> Vec<(ColumnIdx, Datum)> {
        let values = self.values.into_iter();
        let mut values: Vec<_> = values.map(|(index, _, _, value)| (index, value)).collect();
        // Many are kept for long.
        values.shrink_to_fit();
        values
    }

    /// A row of these values in a table of `n` columns, the others empty.
    pub fn into_row(self, uuid: Uuid, version: Uuid, n: usize) -> Row {
        let mut columns = vec![Datum::Empty; n];
        columns[usize::from(ColumnIdx::UUID.0)] = Datum::One(Atom::Uuid(uuid));
        columns[usize::from(ColumnIdx::VERSION.0)] = Datum::One(Atom::Uuid(version));
        for (index, _, _, value) in self.values {
            columns[usize::from(index.0)] = value;
        }
        Row::new(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in a set or a map, and what is not, is found without making atoms of it.
    fn check<T: Scalar, A: IntoAtom<T> + Copy>(
        elements: &[A],
        view: impl Fn(A) -> T::View<'static>,
        missing: &[A],
    ) {
        let set: Datum = IntoDatum::<Set<T>>::into_datum(elements.iter().copied());
        let map: Datum = IntoDatum::<Map<T, i64>>::into_datum(elements.iter().map(|key| (*key, 7)));
        let (set, map) = (Set::<T>::view(&set), Map::<T, i64>::view(&map));
        assert_eq!((set.len(), map.len()), (elements.len(), elements.len()));
        for element in elements {
            assert!(set.contains(view(*element)));
            assert!(map.contains_key(view(*element)));
            assert_eq!(map.get(view(*element)), Some(7));
        }
        for element in missing {
            assert!(!set.contains(view(*element)));
            assert!(!map.contains_key(view(*element)));
            assert_eq!(map.get(view(*element)), None);
        }
    }

    #[test]
    fn elements_and_keys_are_found() {
        for n in 0..4 {
            check::<Text, _>(&["b", "é", "B", "bb"][..n], |text| text, &["", "a", "c", "ba"]);
            check::<i64, _>(&[3, -5, i64::MAX, 0][..n], |n| n, &[i64::MIN, -1, 4]);
            check::<f64, _>(&[0.5, -1.0, 1e300, -0.0][..n], |n| n, &[-2.0, 0.25, 1e301]);
            let ids = [5, u128::MAX, 1].map(Uuid::from_u128);
            check::<Uuid, _>(&ids[..n.min(3)], |id| id, &[Uuid::nil(), Uuid::from_u128(6)]);
        }
        let even: Vec<i64> = (0..500).map(|n| 2 * n).collect();
        let odd: Vec<i64> = (0..501).map(|n| 2 * n - 1).collect();
        check::<i64, _>(&even, |n| n, &odd);
        check::<bool, _>(&[true], |b| b, &[false]);
        // -0.0 and 0.0 are one value.
        check::<f64, _>(&[0.0], |_| -0.0, &[]);
        // Rows of a server that lies.
        let odd = Datum::set_unique([Atom::Integer(1), Atom::Integer(2)]);
        assert!(!Set::<Text>::view(&odd).contains("1"));
    }
}
