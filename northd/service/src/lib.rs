//! A translator of OVN's databases as a process: what `ovn-northd` and `ovn-ic` have in common.
//!
//! In: a [`Service`], words of a command line. Out: a running program. Never here: what is made of what
//! ([`ovn_incremental`] and the program that it runs).
//!
//! Reading order: `args` (command line), `process` (from start to end), `turn` (the loop), `follower` (one database),
//! `control` (commands), `seen` (events as changes of rows), `stopwatch` and `coverage` (what operators may ask for).

pub mod args;
mod control;
mod coverage;
mod follower;
mod process;
mod seen;
mod stopwatch;
mod turn;

use std::ffi::OsString;
use std::time::Duration;

use ovn_incremental::reconcile::Reconcile;
use ovn_incremental::{Machine, Program, Side};
use ovsdb_idl::session::Interest;
use serde_json::Value;

pub use control::Desk;
pub use process::main;
pub use seen::difference;
pub use turn::Turn;

/// A translator as a process, with what its process knows beside the machine.
pub trait Service: Default + Send + 'static {
    /// What it runs.
    type Program: Program;
    /// Its name: `ovn-…`.
    const NAME: &'static str;
    /// Its version, in the form that scripts parse.
    const VERSION: &'static str;
    /// What it is, for who asks for help.
    const ABOUT: &'static str;
    /// Further ways to call it, a line each.
    const USAGE: &'static str = "";
    /// The lock on the southbound database that the active one of several holds.
    const LOCK: &'static str;
    /// Its databases, in the order in which they are written.
    const DATABASES: &'static [Database];
    /// Options of its own.
    const OPTIONS: &'static [Choice] = &[];
    /// Its stopwatches.
    const STOPWATCHES: Stopwatches;

    /// Logs a message; each program has a module of its own in logs.
    fn inform(text: &str);

    /// Logs a warning.
    fn warn(text: &str);

    /// For whom a warning is, where several of these programs share a database; a space after it.
    fn whose(_machine: &Machine<Self::Program>) -> String {
        String::new()
    }

    /// Where the words are those of a command that looks once and ends: does it, and returns the exit status.
    fn look(_words: &[OsString]) -> Option<i32> {
        None
    }

    /// Takes an option of its own, by its name there.
    fn set(&mut self, _option: &str, _value: String) -> Result<(), String> {
        Ok(())
    }

    /// Whether nothing is to be written before somebody says so.
    fn starts_paused(&self) -> bool {
        false
    }

    /// Registers commands of its own.
    fn register(_desk: &Desk<Self>) {}

    /// What to follow of a database.
    fn interest(_side: Side) -> Interest {
        Interest::All
    }

    /// After how much silence a server is probed; none is never.
    fn probe_interval(_machine: &Machine<Self::Program>, _side: Side) -> Option<Duration> {
        probe_interval(None)
    }

    /// For how long at most nothing is made of changes after something was, so that many become one.
    fn backoff(_machine: &Machine<Self::Program>) -> Duration {
        Duration::ZERO
    }

    /// Something was made of changes, or of everything from nothing.
    fn ran(&mut self, _machine: &Machine<Self::Program>, _is_recompute: bool) {}

    /// Whether nothing may be written to a database now.
    fn is_idle(_machine: &Machine<Self::Program>, _side: Side) -> bool {
        false
    }

    /// A database that was followed cannot be reached any more.
    fn lost(_machine: &Machine<Self::Program>, _side: Side) {}

    /// Operations of a transaction to be sent at a time (milliseconds since 1970), beside those of the rows.
    fn more(
        &mut self,
        _machine: &Machine<Self::Program>,
        _reconcile: &Reconcile<Self::Program>,
        _now_ms: i64,
    ) -> Vec<Value> {
        Vec::new()
    }

    /// At what time there will be such operations without anything having happened.
    fn next(&self, _reconcile: &Reconcile<Self::Program>, _now_ms: i64) -> Option<i64> {
        None
    }

    /// More of `memory/show`: `NAME:NUMBER`, a space after each.
    fn memory(_machine: &Machine<Self::Program>) -> String {
        String::new()
    }
}

/// A database and how the command line and control commands call it.
#[derive(Clone, Copy, Debug)]
pub struct Database {
    /// Which.
    pub side: Side,
    /// The option that says where it is, with `=`.
    pub option: &'static str,
    /// Its letter.
    pub letter: char,
    /// The variable that does.
    pub variable: &'static str,
    /// Its socket, where OVN's scripts have it.
    pub socket: &'static str,
    /// `…-connection-status` asks whether it is connected.
    pub short: &'static str,
    /// In words.
    pub words: &'static str,
}

impl Database {
    /// A zone's northbound database.
    pub const NORTHBOUND: Database = Database {
        side: Side::Nb,
        option: "ovnnb-db=",
        letter: 'D',
        variable: "OVN_NB_DB",
        socket: "ovnnb_db.sock",
        short: "nb",
        words: "ovn-nb",
    };
    /// A zone's southbound database.
    pub const SOUTHBOUND: Database = Database {
        side: Side::Sb,
        option: "ovnsb-db=",
        letter: 'd',
        variable: "OVN_SB_DB",
        socket: "ovnsb_db.sock",
        short: "sb",
        words: "ovn-sb",
    };
}

/// An option of one program.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Its name, with `=` where a value follows.
    pub name: &'static str,
    /// What it does.
    pub words: &'static str,
}

/// What is timed, by the names of C's programs.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatches {
    /// A turn of the loop.
    pub turn: &'static str,
    /// Taking changes in.
    pub take: &'static str,
    /// Making what has to be made again.
    pub make: &'static str,
    /// Comparing that with the databases' rows.
    pub compare: &'static str,
    /// Those that have no counterpart here: they are listed and never run.
    pub others: &'static [&'static str],
}

/// After how much silence a server is probed, when an option says so many milliseconds; none is never.
pub fn probe_interval(option: Option<i64>) -> Option<Duration> {
    const DEFAULT: u64 = 5000;
    const MIN: u64 = 1000;
    match option.and_then(|ms| u64::try_from(ms).ok()) {
        Some(0) => None,
        Some(ms) => Some(Duration::from_millis(ms.max(MIN))),
        None => Some(Duration::from_millis(DEFAULT)),
    }
}
