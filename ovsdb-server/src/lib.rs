//! An OVSDB server (RFC 7047, ovsdb-server(7)) that speaks to unmodified clients, as a library and as a program.
//!
//! In: database files, connections, control commands. Out: replies, updates, records in files.
//!
//! Another program embeds it by [`embed`].
//!
//! The programs are thin: `main` parses, [`run`] wires. [`server`] is the state machine that owns every database and
//! session; [`actor`] runs it; [`remotes`] feeds it from sockets; [`control`] from the control socket.

pub mod actor;
pub mod args;
mod asker;
pub mod backup;
mod calls;
pub mod cluster;
pub mod config;
pub mod control;
pub mod database;
mod dump;
pub mod embed;
mod fanout;
pub mod host;
pub mod inbox;
pub mod link;
mod lookup;
mod maintain;
pub mod manage;
pub mod operate;
pub mod reconfigure;
pub mod relay;
pub mod remotes;
pub mod run;
pub mod schedule;
pub mod server;
pub mod service;
pub mod session;
pub mod source;
mod status;
mod triggers;
