//! What OVSDB is made of: atoms, datums, types, schemas, rows, and the operations, conditions, mutations and
//! monitor requests that clients send (RFC 7047 §3–§5, ovsdb(7)).
//!
//! In: JSON values and schemas. Out: typed values, parsed once against the schema, and their JSON notation.
//! Never here: sockets, files, clocks, randomness, or the contents of a database. Random uuids arrive as arguments.
//!
//! Reading order: [`atom`], [`datum`], [`base_type`], [`schema`], [`row`], [`json`], [`diff`], then the requests:
//! [`condition`], [`mutation`], [`operation`], [`monitor`].

pub mod atom;
pub mod base_type;
pub mod condition;
pub mod datum;
pub mod diff;
pub mod error;
pub mod intern;
pub mod json;
mod long_set;
pub mod members;
pub mod monitor;
pub mod mutation;
pub mod operation;
pub mod row;
pub mod schema;
pub mod stream;
pub mod symbols;
pub mod typed;

pub use atom::{Atom, AtomicType};
pub use base_type::{BaseType, ColumnType};
pub use condition::{Clause, Condition};
pub use datum::Datum;
pub use error::{OvsdbError, os_text};
pub use long_set::{LongSet, Only};
pub use operation::Operation;
pub use row::{Row, RowChange, TxnId};
pub use schema::{ColumnIdx, DatabaseSchema, TableIdx, TableSchema};
pub use smol_str::SmolStr;
pub use symbols::Symbols;
pub use uuid::Uuid;
