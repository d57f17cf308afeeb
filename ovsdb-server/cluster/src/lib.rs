//! What the members of a clustered database agree on.
//!
//! In: texts of log entries, pieces of snapshots, the file that names a member. Out: databases, row changes, pieces;
//! who a member is. Never here: elections, peers, sessions, clocks.
//!
//! Reading order: [`contents`] (what entries do), [`requests`] (which ones were done), [`image`] (all of it as a
//! snapshot), [`mod@file`] (the file beside the folder), `state` and [`export`] (a folder that is only read), [`make`]
//! (files of new members), [`mend`] (a member that goes on alone, or without the damaged end of its log).

pub mod contents;
pub mod export;
pub mod file;
pub mod image;
pub mod make;
pub mod mend;
pub mod requests;
mod state;

pub use contents::{ContentsError, state_hash};
pub use file::{FileError, Kind, Opened};
pub use image::{Image, ImageError, Loaded};
pub use ovsdb_store::Fresh;
pub use requests::Requests;
