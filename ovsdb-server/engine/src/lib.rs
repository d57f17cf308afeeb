//! The database: committed tables, transactions on them, references, indexes, monitors' views, history, locks.
//!
//! In: typed operations, committed changes, `now` as an argument. Out: outcomes and row changes as values.
//! Never here: sockets, files, clocks, randomness, JSON-RPC.
//!
//! Reading order: [`database`] (state), [`execute`] (operations on it), `txn` (the commit pipeline) and `indexes`,
//! then what hangs off commits: [`history`], [`monitor`], [`pending`], [`trigger`]; and [`lock`], [`rbac`],
//! [`convert`].

pub mod by_value;
pub mod convert;
pub mod database;
pub mod execute;
pub mod history;
mod indexes;
pub mod lock;
pub mod monitor;
pub mod pending;
pub mod rbac;
mod refs;
pub mod trigger;
mod txn;

pub use database::{Database, Snapshot};
pub use execute::{Context, Outcome};
pub use history::History;
