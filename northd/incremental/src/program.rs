//! What differs between translators: their databases, how rows are found in them, what is made of them.

use std::collections::BTreeSet;

use ovsdb_data::typed::Table;
use ovsdb_data::{ColumnIdx, Row, TableIdx, Uuid};

use crate::databases::Side;
use crate::desired::{Desired, RowId};
use crate::graph::{Derivation, Graph, Key, Owner, Value};
use crate::machine::Machine;
use crate::reconcile::Part;

/// A translator. Its value keeps what outputs say in another form than rows, if any do.
pub trait Program: Default + Send + Sync {
    /// Its databases.
    const SIDES: &'static [Side];
    /// By what rows are found besides references.
    const INDEXES: Indexes;
    /// The names of its derivations, and what they make in words, in order.
    const NODES: &'static [(&'static str, &'static str)];
    /// Everything that is wanted of the graph.
    const OUTPUTS: &'static [Output];
    /// Columns that change far more often than the rest of their rows, and are read by few: [`View::counters`] shows
    /// them, and who looks at a row otherwise does not see them change.
    ///
    /// [`View::counters`]: crate::view::View::counters
    const COUNTERS: &'static [(Side, TableIdx, ColumnIdx)] = &[];
    /// Whether others have rows in its tables, too: then it keeps those of which `Desired::ours` says so, no others.
    const SHARES_TABLES: bool = false;

    /// The tables of a database whose rows are the program's, referenced ones first, and what tells their rows apart.
    /// Where nothing does, rows are found by uuid alone.
    fn tables(side: Side) -> &'static [(&'static str, &'static [Part])];

    /// An output changed whose value is not `Vec<Desired>`.
    fn change(&mut self, _owner: Owner, _before: Option<&Value>, _after: Option<&Value>) {}

    /// All such outputs have changed: the rows that are to be otherwise because of that.
    fn settle(&mut self, _touched: &mut BTreeSet<RowId>) {}

    /// A row that such outputs want. What it says only at first is asked for of one that is new.
    fn desired(&self, _id: RowId, _is_new: bool) -> Option<Desired> {
        None
    }

    /// Whether such outputs want a row.
    fn is_desired(&self, _id: RowId) -> bool {
        false
    }

    /// Whether a row of the program's tables that nobody desires is to go: others may have rows of their own there.
    fn is_leftover(_machine: &Machine<Self>, _row: RowId) -> bool {
        true
    }

    /// Whether rows of a table may become others': not their uuids, only what they hold tells what they stand for.
    fn changes_hands(_side: Side, _table: TableIdx) -> bool {
        false
    }

    /// The identity whose row a row that such outputs want has taken over when they last settled: what refers to the row
    /// need not be written then. Where that identity is still desired it gets another row, and it and what refers to it
    /// are touched, too.
    fn predecessor(&self, _id: RowId) -> Option<Uuid> {
        None
    }

    /// All rows that such outputs want.
    fn ids(&self) -> impl Iterator<Item = RowId> {
        std::iter::empty()
    }
}

/// By what rows are found.
#[derive(Clone, Copy)]
pub struct Indexes {
    /// Columns of text.
    pub texts: &'static [(Side, TableIdx, ColumnIdx)],
    /// Keys of map columns, by their values.
    pub keys: &'static [(Side, TableIdx, ColumnIdx, &'static str)],
    /// Tables by whose references nobody finds rows.
    pub unreferenced: &'static [(Side, TableIdx)],
}

/// Of what there is an output each.
#[derive(Clone, Copy)]
pub enum Of {
    /// One in all.
    Once,
    /// One for each row of a table of which this holds.
    Rows(Side, TableIdx, fn(&Row) -> bool),
}

/// An output: what is to be.
pub struct Output {
    pub(crate) of: Of,
    pub(crate) want: fn(&mut Graph, Uuid),
    pub(crate) drop: fn(&mut Graph, Uuid),
}

/// An output that there is once.
pub const fn once<D: Derivation>() -> Output {
    output::<D>(Of::Once)
}

/// An output that there is for each row of a table.
pub const fn each<T: Table<'static>, D: Derivation>(side: Side) -> Output {
    some::<T, D>(side, |_| true)
}

/// An output that there is for each row of a table of which something holds: of the others nothing comes.
pub const fn some<T: Table<'static>, D: Derivation>(side: Side, is_of: fn(&Row) -> bool) -> Output {
    output::<D>(Of::Rows(side, T::TABLE_INDEX, is_of))
}

const fn output<D: Derivation>(of: Of) -> Output {
    Output {
        of,
        want: |graph, uuid| graph.want::<D>(D::Key::from(Key(uuid, Uuid::nil()))),
        drop: |graph, uuid| graph.drop_output::<D>(D::Key::from(Key(uuid, Uuid::nil()))),
    }
}
