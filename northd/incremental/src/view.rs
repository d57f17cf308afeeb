//! What a derivation sees: rows, indexes, values of derivations before it. Everything that is looked at is noted.

use std::sync::Arc;

use ovsdb_data::typed::{Column, IntoAtom, Table};
use ovsdb_data::{Atom, Uuid};

use crate::databases::{Input, Side};
use crate::graph::{Derivation, Parted, Source};
use crate::node::NodeId;

/// Reads the databases and other derivations' values, for one run of a derivation.
pub struct View<'g> {
    source: Source<'g>,
    /// Who reads.
    node: NodeId,
}

impl<'g> View<'g> {
    pub(crate) fn new(source: Source<'g>, node: NodeId) -> Self {
        View { source, node }
    }

    /// The value of a derivation before this one.
    pub fn get<D: Derivation>(&self, key: D::Key) -> Arc<D::Value> {
        self.check::<D>();
        self.source.get::<D>(key)
    }

    /// The same of which only a part is looked at: a change of others does not count.
    pub fn part<D: Parted>(&self, whole: Uuid, part: Uuid) -> Arc<D::Value> {
        self.check::<D>();
        self.source.part::<D>(whole, part)
    }

    fn check<D: Derivation>(&self) {
        assert!(
            D::NODE < self.node,
            "{} reads {}, which comes after it",
            self.source.name(self.node),
            self.source.name(D::NODE)
        );
    }

    /// A row, if it is there.
    pub fn row<T: Table<'g>>(&self, uuid: Uuid) -> Option<T> {
        let side = Side::of::<T::Schema>();
        self.source.read(|| Input::Row(side, T::TABLE_INDEX, uuid));
        let row = self.source.databases().row(side, T::TABLE_INDEX, uuid)?;
        Some(T::of(row))
    }

    /// The same of which only counters are looked at ([`Program::COUNTERS`](crate::program::Program::COUNTERS)).
    pub fn counters<T: Table<'g>>(&self, uuid: Uuid) -> Option<T> {
        let side = Side::of::<T::Schema>();
        self.source.read(|| Input::Counters(side, T::TABLE_INDEX, uuid));
        let row = self.source.databases().row(side, T::TABLE_INDEX, uuid)?;
        Some(T::of(row))
    }

    /// The rows of a table, in the order of their uuids. Who only wants to know which there are asks for
    /// [`View::uuids`].
    pub fn rows<T: Table<'g>>(&self) -> Vec<T> {
        self.uuids::<T>()
            .into_iter()
            .filter_map(|uuid| self.row(uuid))
            .collect()
    }

    /// Which rows a table has, in the order of their uuids.
    pub fn uuids<T: Table<'g>>(&self) -> Vec<Uuid> {
        let side = Side::of::<T::Schema>();
        self.source.read(|| Input::Rows(side, T::TABLE_INDEX));
        let rows = self.source.databases().rows(side, T::TABLE_INDEX);
        rows.map(ovsdb_data::Row::uuid).collect()
    }

    /// Which rows hold a value in a column: the rows that refer to another one, or those of a name. Only for
    /// references and the columns that the program's indexes name.
    pub fn holders<T: Table<'static>, K, A>(
        &self,
        column: Column<T, K>,
        value: impl IntoAtom<A>,
    ) -> Vec<Uuid> {
        let side = Side::of::<T::Schema>();
        let value: Atom = value.into_atom();
        let databases = self.source.databases();
        let found = databases.holders(side, T::TABLE_INDEX, column.index, &value);
        let held = || Box::new((side, T::TABLE_INDEX, column.index, value));
        self.source.read(|| Input::Holders(held()));
        found
    }

    /// The first of [`View::holders`].
    pub fn holder<T: Table<'static>, K, A>(
        &self,
        column: Column<T, K>,
        value: impl IntoAtom<A>,
    ) -> Option<Uuid> {
        self.holders(column, value).first().copied()
    }
}
