//! OVSDB's JSON-RPC 1.0 (RFC 7047 §4, ovsdb-server(7)): bytes to typed messages and back.
//!
//! In: bytes from a peer, or typed values. Out: typed messages, or bytes. Never here: sockets, databases, clocks.
//!
//! Reading order: [`framing`] (bytes to JSON texts), [`message`] (texts to messages), [`method`] (params to typed
//! calls), [`reply`] and [`update`] (values to bytes).

pub mod framing;
pub mod message;
pub mod method;
pub mod reply;
pub mod update;

pub use reply::Frame;
