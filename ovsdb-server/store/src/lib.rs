//! Reads and writes the database files of the C server.
//!
//! In: files, snapshots, row changes. Out: files, rows. Never here: sockets, sessions.
//!
//! Reading order: [`log`] (records in a file), [`lockfile`], [`text`] (what a record says), [`record`], [`standalone`],
//! [`parse`], `replay` and `split` (many of them at once), [`compact`], [`backup`],
//! [`clustered`] (the C server's cluster files, for import).

pub mod backup;
pub mod clustered;
pub mod compact;
pub mod error;
pub mod lockfile;
pub mod log;
pub mod parse;
pub mod record;
mod replay;
mod split;
pub mod standalone;
pub mod text;

pub use error::StoreError;
pub use log::{Log, Magic, Mode, Record};
pub use parse::Fresh;
pub use standalone::Standalone;
