//! The OVSDB client's core.
//!
//! In: messages of a server. Out: a replica of the rows monitored, and what changed. Never here: sockets, clocks,
//! randomness, files.

pub mod condition;
pub mod operations;
pub mod refusal;
pub mod replica;
#[cfg(test)]
mod sample;
mod server_row;
pub mod session;
pub mod tables;
pub mod txn;

pub use replica::{Replica, UpdateError};
