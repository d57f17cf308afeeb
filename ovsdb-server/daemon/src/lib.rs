//! What every daemon here shares: log lines as operators know them, the control socket, the pidfile, detaching.
//!
//! In: command-line tokens, environment, requests on the control socket. Out: log lines, replies, a well-behaved
//! process. Never here: databases, JSON-RPC with clients, anything a single program alone needs.
//!
//! Reading order: [`options`] (command line), [`process`] (fork, pidfile), [`vlog`] (logging), [`unixctl`] (control
//! socket), [`dirs`].
//!
//! A program: parse tokens with [`options`], [`vlog::init`], [`process::start`] before any thread, build the runtime,
//! bind, [`process::Starting::ready`], serve [`unixctl`] until `exit`.

pub mod dirs;
pub mod options;
pub mod process;
mod rate_limit;
pub mod unixctl;
pub mod vlog;
