//! Rows as they are to be in a database.
//!
//! A desired row has an identity made of what tells it from others of its table (ovn-sb(5): a name, an owner), and
//! refers to other desired rows by theirs. Where no such row exists yet the identity becomes its uuid; where one
//! exists under another uuid, `reconcile` translates. Rows that others write can only be wished away, by their uuids.

use ovsdb_data::typed::{Column, Columns, Table};
use ovsdb_data::{ColumnIdx, Datum, TableIdx, Uuid};
use sha2::{Digest, Sha256};

use crate::databases::Side;

/// A row of a database.
pub type RowId = (Side, TableIdx, Uuid);

/// What is wanted of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It exists because of this.
    Row,
    /// It is changed where it exists, and never inserted: others own it.
    Update,
    /// It is the program's, in a table where others have rows, too: it goes unless it turns out to be a desired one.
    Ours,
}

/// A column of a row of another table.
pub type Place = (TableIdx, ColumnIdx, Uuid);

/// A row as it is to be. Columns that are not named belong to somebody else.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// In which database.
    pub side: Side,
    /// In which table.
    pub table: TableIdx,
    /// Its identity.
    pub id: Uuid,
    /// The columns that are kept so.
    pub columns: Vec<(ColumnIdx, Datum)>,
    /// The columns that are written when the row is inserted, and left alone then.
    pub at_first: Vec<(ColumnIdx, Datum)>,
    /// Pairs that maps have among others.
    pub pairs: Vec<(ColumnIdx, Datum)>,
    /// Where it is listed: it exists as long as it is.
    pub within: Option<Place>,
    /// What is wanted.
    pub kind: Kind,
    /// A row of the same identity that cannot be changed into this one: it goes, and this comes as a new one.
    pub replaces: Option<Uuid>,
    /// It is not to be there: others have written it, and nobody needs it any more.
    pub gone: Option<Gone>,
}

/// When a row is to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// At once.
    Now,
    /// At a time, in milliseconds since 1970.
    At(i64),
}

impl Desired {
    /// A row that exists because of this.
    pub fn row<T: Table<'static>>(id: Uuid, columns: Columns<T>) -> Desired {
        Desired {
            side: Side::of::<T::Schema>(),
            table: T::TABLE_INDEX,
            id,
            columns: columns.into_values(),
            at_first: Vec::new(),
            pairs: Vec::new(),
            within: None,
            kind: Kind::Row,
            replaces: None,
            gone: None,
        }
    }

    /// Columns of a row that others own.
    pub fn update<T: Table<'static>>(id: Uuid, columns: Columns<T>) -> Desired {
        Desired {
            kind: Kind::Update,
            ..Desired::row(id, columns)
        }
    }

    /// A row of the program's that goes unless it turns out to be a desired one.
    pub fn ours<T: Table<'static>>(uuid: Uuid) -> Desired {
        Desired {
            kind: Kind::Ours,
            ..Desired::row::<T>(uuid, Columns::new())
        }
    }

    /// With pairs of maps, besides which others may have theirs.
    pub fn pairs<T: Table<'static>>(mut self, columns: Columns<T>) -> Desired {
        self.pairs = columns.into_values();
        self
    }

    /// Listed in a column of another row, besides others.
    pub fn within<T: Table<'static>, K>(mut self, column: Column<T, K>, row: Uuid) -> Desired {
        self.within = Some((T::TABLE_INDEX, column.index, row));
        self
    }

    /// That a row which others have written is not there.
    pub fn gone<T: Table<'static>>(row: Uuid, when: Gone) -> Desired {
        Desired {
            gone: Some(when),
            kind: Kind::Update,
            ..Desired::row::<T>(row, Columns::new())
        }
    }

    /// Instead of a row, if there is one.
    pub fn replacing(mut self, row: Option<Uuid>) -> Desired {
        self.replaces = row;
        self
    }

    /// Which row.
    pub fn row_id(&self) -> RowId {
        (self.side, self.table, self.id)
    }

    /// With what another owner wants of the same row: of a column that both name, this one's value counts.
    pub(crate) fn merge(&mut self, more: &Desired) {
        self.kind = self.kind.min(more.kind);
        self.replaces = self.replaces.or(more.replaces);
        self.within = self.within.or(more.within);
        self.gone = self.gone.or(more.gone);
        for (mine, others) in [
            (&mut self.columns, &more.columns),
            (&mut self.at_first, &more.at_first),
            (&mut self.pairs, &more.pairs),
        ] {
            for (column, value) in others {
                if mine.iter().all(|(other, _)| other != column) {
                    mine.push((*column, value.clone()));
                }
            }
        }
    }

    /// With columns for the beginning.
    pub fn at_first<T: Table<'static>>(mut self, columns: Columns<T>) -> Desired {
        self.at_first = columns.into_values();
        self
    }
}

/// An identity of a row of a table, made of what tells it from the others.
pub fn identity(table: &str, parts: &[&[u8]]) -> Uuid {
    let mut hasher = Hasher::new(table);
    for part in parts {
        hasher.bytes(part);
    }
    hasher.finish()
}

/// [`identity`] of rows with a name.
pub fn named(table: &str, name: &str) -> Uuid {
    identity(table, &[name.as_bytes()])
}

/// Makes an identity.
pub struct Hasher(Sha256);

impl Hasher {
    /// Of a row of a table.
    pub fn new(table: &str) -> Hasher {
        let mut hasher = Hasher(Sha256::new());
        hasher.text(table);
        hasher
    }

    /// One more part.
    pub fn bytes(&mut self, part: &[u8]) {
        self.number(part.len() as u64);
        self.0.update(part);
    }

    /// One more part.
    pub fn text(&mut self, part: &str) {
        self.bytes(part.as_bytes());
    }

    /// One more part.
    pub fn number(&mut self, part: u64) {
        self.0.update(part.to_le_bytes());
    }

    /// The identity: a uuid of version 8 (RFC 9562 §5.8).
    pub fn finish(self) -> Uuid {
        let digest = self.0.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}
