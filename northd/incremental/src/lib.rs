//! The machine that translates OVN's databases into one another, pure: `ovn-northd` and `ovn-ic` are programs for it.
//!
//! In: rows of databases, and their changes. Out: rows as they are to be, and the operations that make them so. Never
//! here: what a row means ([`program::Program`] is what a translator brings along), sockets, clocks, randomness.
//!
//! Reading order: `databases` (rows and indexes), `graph` (how values are made), `cells` (what was made of what), `view`
//! (how it is read), `desired` (rows as they are to be), `program` (what differs between translators), `machine` (the
//! whole), `reconcile` (what a database lacks of it).

pub mod address;
mod cells;
mod claims;
pub mod databases;
pub mod desired;
mod few_set;
pub mod graph;
pub mod machine;
pub mod node;
pub mod program;
pub mod reconcile;
pub mod refusal;
pub mod view;

pub use databases::Side;
pub use machine::Machine;
pub use node::NodeId;
pub use program::Program;
