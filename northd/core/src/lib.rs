//! Northbound to southbound, pure: the heart of `ovn-northd`.
//!
//! In: rows of both databases, and their changes. Out: rows as they are to be ([`northd::Northd`]). Never here:
//! sockets, clocks, randomness, the order in which a database wants its operations.
//!
//! Reading order: `databases` (rows and indexes), `graph` (what is made of what), `nodes` (all of it at a glance),
//! `model` (rows as what OVN means by them), `switch` and `router` (flows, one feature a file), `sync` (rows of the
//! other tables), `northd` (the whole), `reconcile` (what a database lacks of it), `ageing` (what goes when its time
//! has come); `words`, `plan` and `explain` are for people.

pub mod ageing;
pub mod alloc;
pub mod explain;
pub mod flow;
mod indexes;
pub mod load_balancing;
pub mod model;
pub mod nodes;
pub mod northd;
pub mod plan;
pub mod router;
pub mod switch;
pub mod sync;
mod tables;
pub mod words;

pub use northd::{Northd, Reconcile};
pub use ovn_incremental::{Side, databases, desired, graph, view};
