//! Northbound to southbound, pure: the heart of `ovn-northd`.
//!
//! In: rows of both databases, and their changes. Out: rows as they are to be ([`northd::Northd`]). Never here:
//! sockets, clocks, randomness, the order in which a database wants its operations.
//!
//! Reading order: `databases` (rows and indexes), `graph` (what is made of what), `nodes` (all of it at a glance),
//! `model` (rows as what OVN means by them), `switch` and `router` (flows, one feature a file), `sync` (rows of the
//! other tables), `northd` (the whole), `reconcile` (what a database lacks of it); `words`, `plan` and `explain` are for
//! people.

pub mod alloc;
pub mod databases;
pub mod desired;
pub mod explain;
pub mod flow;
pub mod graph;
pub mod load_balancing;
pub mod model;
pub mod nodes;
pub mod northd;
pub mod plan;
pub mod reconcile;
pub mod router;
pub mod switch;
pub mod sync;
pub mod view;
pub mod words;

pub use databases::Side;
pub use northd::Northd;
