//! The management API of the database server: what operators do to databases and clusters, typed.
//!
//! In: [`Operations`], which the server implements, and an address to listen on. Out: JSON-RPC 2.0 over HTTP and
//! WebSocket on one port ([`serve`]), and a client of it ([`connect`]). Never here: databases, files, consensus; how
//! an operation is done is the server's part.
//!
//! Reading order: [`types`] (what is asked and answered), [`api`] (the methods), [`operations`] (what the server does),
//! `serve`, `client`.
//!
//! It listens on loopback alone unless both sides show certificates: who reaches it may do all that it offers.
//!
//! ```text
//!   client ── WebSocket or HTTP ──▶ serve ── api ──▶ half (chunks, checksums) ──▶ Operations (the server)
//! ```

pub mod api;
mod client;
mod error;
pub mod files;
mod half;
pub mod operations;
pub mod progress;
mod restore;
mod serve;
mod text;
pub mod types;

pub use client::{Client, ClientError, backup, connect, restore};
pub use error::{ErrorCode, OperationError};
pub use operations::Operations;
pub use serve::{Handle, Listen, ServeError, serve};

/// Bytes that one message carries of a backup or of a file to restore: a quarter of a megabyte, so that other answers
/// on the connection wait for some milliseconds at most.
pub const CHUNK_BYTES: usize = 256 << 10;
