//! OVSDB connections on tokio.
//!
//! In: remotes (`ptcp:6641`, `ssl:10.0.0.1:6641`, …), byte streams. Out: typed messages, bytes on the wire.
//! Never here: databases, sessions, what a message means (but `echo`, which is answered at once).
//!
//! Reading order: [`remote`] (names), [`stream`], [`tls`], [`listen`], [`dial`], then [`link`] (what the other side holds
//! of a connection) and [`connection`] (the task that moves bytes), [`backoff`] and [`dialer`]; [`drive`] is the client.

pub mod backoff;
pub mod connection;
pub mod dial;
pub mod dialer;
pub mod drive;
mod events;
pub mod link;
pub mod listen;
pub mod remote;
pub mod stream;
pub mod tls;
