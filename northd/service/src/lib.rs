//! A translator of OVN's databases as a process: what `ovn-northd` and `ovn-ic` have in common.
//!
//! In: a [`Service`], words of a command line. Out: a running program. Never here: what is made of what
//! ([`ovn_incremental`] and the program that it runs).
//!
//! Reading order: `args` (command line), `run` (the loop), `follower` (one database), `control` (commands), `seen`
//! (events as changes of rows).

pub mod args;
pub mod control;
mod follower;
pub mod run;
mod seen;

use ovn_incremental::{Machine, Program, Side};

/// A translator as a process.
pub trait Service: 'static {
    /// What it runs.
    type Program: Program;
    /// Its name: `ovn-…`.
    const NAME: &'static str;
    /// Its version, in the form that scripts parse.
    const VERSION: &'static str;
    /// What it is, for who asks for help.
    const ABOUT: &'static str;
    /// The lock on the southbound database that the active one of several holds.
    const LOCK: &'static str;
    /// Its databases, in the order in which they are written.
    const DATABASES: &'static [Database];

    /// Logs a message; each program has a module of its own in logs.
    fn inform(text: &str);

    /// Logs a warning.
    fn warn(text: &str);

    /// Whether nothing may be written to a database now.
    fn is_idle(_machine: &Machine<Self::Program>, _side: Side) -> bool {
        false
    }
}

/// A database and how the command line and control commands call it.
#[derive(Clone, Copy, Debug)]
pub struct Database {
    /// Which.
    pub side: Side,
    /// The option that says where it is, with `=`.
    pub option: &'static str,
    /// The variable that does.
    pub variable: &'static str,
    /// Its socket, where OVN's scripts have it.
    pub socket: &'static str,
    /// `…-connection-status` asks whether it is connected.
    pub short: &'static str,
    /// In words.
    pub words: &'static str,
}
