//! The OVSDB client's core.
//!
//! In: messages of a server. Out: a replica of the rows monitored, and what changed. Never here: sockets, clocks,
//! randomness, files.

pub mod replica;

pub use replica::{Replica, UpdateError};
