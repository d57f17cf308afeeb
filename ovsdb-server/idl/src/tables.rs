//! Rows and changes as the types of their tables.
//!
//! In: a replica kept under the schema that the types were made from ([`crate::session::Config::schema`]), changes of
//! it. Out: typed rows, borrowed. Rows of another schema have their columns in other places: they are not shown at all.

use std::marker::PhantomData;

pub use ovsdb_data::typed::{Schema, Table};
use ovsdb_data::{RowChange, Uuid};

use crate::replica::Replica;

/// A replica's rows as the types of a schema.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, S> {
    replica: &'a Replica,
    of: PhantomData<S>,
}

/// Why there are no rows of some types.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoRows {
    /// No server has told its schema yet, and the program brought none.
    #[error("the schema of {0} is not known yet: wait for the first connection")]
    NotYet(String),
    /// The types were made from another schema.
    #[error(
        "rows of {wanted} are wanted, but the client keeps {kept}: start it with the schema of the types"
    )]
    OtherSchema {
        /// Name, version and checksum of the types' schema.
        wanted: String,
        /// Name, version and checksum of the rows' schema.
        kept: String,
    },
}

/// Types of one database were used with a client of another.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("tables of {of} are meant, but the client follows {follows}")]
pub struct OtherDatabase {
    /// The types' database.
    pub of: &'static str,
    /// The client's.
    pub follows: String,
}

impl OtherDatabase {
    /// Checks types' database against a client's.
    pub(crate) fn check(of: &'static str, follows: &str) -> Result<(), OtherDatabase> {
        match of == follows {
            true => Ok(()),
            false => Err(OtherDatabase {
                of,
                follows: follows.to_owned(),
            }),
        }
    }
}

/// What happened to a row of a table.
#[derive(Clone, Copy, Debug)]
pub enum Change<T> {
    /// It is new.
    Inserted(T),
    /// It was the first, it is the second.
    Modified(T, T),
    /// It is gone.
    Deleted(T),
}

impl Replica {
    /// The rows as the types of a schema, which must be the one that they are kept in.
    pub fn typed<S: Schema>(&self) -> Result<Rows<'_, S>, NoRows> {
        let schema = self.schema();
        if S::is(schema) {
            let (replica, of) = (self, PhantomData);
            return Ok(Rows { replica, of });
        }
        let text = |name: &str, version: &str, cksum: &str| format!("{name} {version} ({cksum})");
        Err(NoRows::OtherSchema {
            wanted: text(S::NAME, S::VERSION, S::CKSUM),
            kept: text(&schema.name, &schema.version, &schema.cksum),
        })
    }
}

impl<'a, S: Schema> Rows<'a, S> {
    /// The rows of a table by id.
    pub fn table<T: Table<'a, Schema = S>>(&self) -> impl ExactSizeIterator<Item = T> + use<'a, S, T> {
        self.replica.rows(T::TABLE_INDEX).map(T::of)
    }

    /// A row of a table.
    pub fn find<T: Table<'a, Schema = S>>(&self, uuid: Uuid) -> Option<T> {
        self.replica.row(T::TABLE_INDEX, uuid).map(T::of)
    }

    /// The changes of one table among those of an update of this replica ([`crate::session::Event::Changed`]).
    pub fn changes<'c, T: Table<'c, Schema = S> + 'c>(
        &self,
        changes: &'c [RowChange],
    ) -> impl Iterator<Item = Change<T>> + use<'c, S, T> {
        // They come by table.
        let start = changes.partition_point(|change| change.table < T::TABLE_INDEX);
        let of_table = changes[start..].iter();
        let of_table = of_table.take_while(|change| change.table == T::TABLE_INDEX);
        of_table.filter_map(|change| match (&change.old, &change.new) {
            (None, Some(new)) => Some(Change::Inserted(T::of(new))),
            (Some(old), Some(new)) => Some(Change::Modified(T::of(old), T::of(new))),
            (Some(old), None) => Some(Change::Deleted(T::of(old))),
            (None, None) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{D, T, U};
    use crate::session::{Config, Interest, Session};
    use ovsdb_data::DatabaseSchema;
    use ovsdb_data::monitor::MonitorVersion;
    use serde_json::json;

    fn replica(name: &str, version: &str, cksum: &str, tables: &[&str]) -> Replica {
        let tables: serde_json::Map<_, _> = tables
            .iter()
            .map(|name| ((*name).to_owned(), json!({"columns": {"n": {"type": "integer"}}})))
            .collect();
        let schema = json!({"name": name, "version": version, "cksum": cksum, "tables": tables});
        Replica::new(DatabaseSchema::from_json(&schema).unwrap())
    }

    #[test]
    fn only_rows_of_the_types_schema_are_shown() {
        let check = |replica: Replica, kept: &str| {
            let error = replica.typed::<D>().unwrap_err().to_string();
            assert_eq!(
                error,
                format!(
                    "rows of D 1.0.0 (1 2) are wanted, but the client keeps {kept}: start it with the schema of the types"
                )
            );
        };
        check(replica("E", "1.0.0", "1 2", &["T", "U"]), "E 1.0.0 (1 2)");
        check(replica("D", "1.0.1", "1 2", &["T", "U"]), "D 1.0.1 (1 2)");
        check(replica("D", "1.0.0", "1 3", &["T", "U"]), "D 1.0.0 (1 3)");
        // Who lies about a schema sees nothing.
        let fewer = replica("D", "1.0.0", "1 2", &["T"]);
        let rows = fewer.typed::<D>().unwrap();
        assert_eq!(rows.table::<U<'_>>().len(), 0);
        assert!(rows.find::<U<'_>>(Uuid::nil()).is_none());

        let session = Session::new(Config {
            db: "D".to_owned(),
            leader_only: false,
            tables: Interest::All,
            schema: None,
        });
        let error = session.rows::<D>().unwrap_err().to_string();
        assert_eq!(
            error,
            "the schema of D is not known yet: wait for the first connection"
        );

        let mut replica = replica("D", "1.0.0", "1 2", &["T", "U"]);
        let row = json!({"00000000-0000-0000-0000-00000000000a": {"initial": {"n": 1}}});
        let changes = replica.apply(MonitorVersion::V2, json!({"U": row})).unwrap();
        let rows = replica.typed::<D>().unwrap();
        assert_eq!(rows.table::<U<'_>>().len(), 1);
        let told: Vec<_> = rows.changes::<U<'_>>(&changes).collect();
        assert!(matches!(told[..], [Change::Inserted(row)] if rows.find::<U<'_>>(row.uuid()).is_some()));
    }

    #[test]
    fn changes_are_told_by_table() {
        let row = |n: u128| format!("00000000-0000-0000-0000-{n:012x}");
        let rows =
            |n: u128| -> serde_json::Map<_, _> { (0..n).map(|n| (row(n), json!({"insert": {}}))).collect() };
        for (n_t, n_u) in [(0, 0), (0, 3), (2, 0), (2, 3)] {
            let mut replica = replica("D", "1.0.0", "1 2", &["T", "U", "V"]);
            let body = json!({"V": rows(1), "T": rows(n_t), "U": rows(n_u)});
            let changes = replica.apply(MonitorVersion::V2, body).unwrap();
            let rows = replica.typed::<D>().unwrap();
            let told = (
                rows.changes::<T<'_>>(&changes).count(),
                rows.changes::<U<'_>>(&changes).count(),
            );
            assert_eq!(told, (n_t as usize, n_u as usize));
        }
    }
}
