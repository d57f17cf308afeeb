//! What is seen of a cluster while it runs: told to every invariant, and counted.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ovsdb_raft::{Request, ServerId};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::invariants::Invariant;
use crate::seeds::Totals;
use crate::simulated::network::Host;

/// One process of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Life {
    pub host: Host,
    pub server: ServerId,
    pub n: u64,
}

/// Something that was seen.
#[derive(Clone, Debug, Hash)]
pub enum Seen {
    /// A process was started.
    Started(Life),
    /// It took an entry; `executed` is what that brought about, `hash` its state after it.
    Applied {
        by: Life,
        index: u64,
        term: u64,
        what: u64,
        executed: Option<Uuid>,
        request: Option<Request>,
        hash: u64,
    },
    /// It took the state after an entry in place of its own.
    Installed { by: Life, index: Option<u64>, hash: u64 },
    /// It leads this term, or none.
    Leads { by: Life, term: Option<u64> },
    /// A client was told that something was done; it was by this index. With the term of a leader that said so.
    Acknowledged {
        by: Life,
        id: Uuid,
        index: u64,
        term: Option<u64>,
    },
    /// A request was replied to that made no entry.
    Answered { by: Life, request: Request },
    /// A client asks a leader for the present state.
    ReadBegan { number: u64 },
    /// It was shown the state after this entry.
    ReadEnded { number: u64, index: Option<u64> },
    /// What members say their states come to after one entry.
    Verified { said: Vec<(ServerId, u64, u64)> },
    /// What went wrong, or ceased to.
    Fault(String),
    /// All is over: each member's last index and hash, and everything it executed.
    Ended {
        members: Vec<(Life, Option<u64>, u64, Vec<Uuid>)>,
    },
}

/// The record of one run. Clones are the same one.
#[derive(Clone)]
pub struct Record(Arc<Mutex<Recorded>>);

struct Recorded {
    now: u64,
    is_told: bool,
    trace: DefaultHasher,
    invariants: Vec<Box<dyn Invariant>>,
    violation: Option<String>,
    totals: Totals,
}

impl Record {
    pub fn new(invariants: Vec<Box<dyn Invariant>>) -> Record {
        Record(Arc::new(Mutex::new(Recorded {
            now: 0,
            is_told: std::env::var_os("FERROVN_TRACE").is_some(),
            trace: DefaultHasher::new(),
            invariants,
            violation: None,
            totals: Totals::default(),
        })))
    }

    pub fn set_now(&self, now: u64) {
        self.0.lock().now = now;
    }

    pub fn see(&self, seen: Seen) {
        let mut all = self.0.lock();
        let now = all.now;
        if all.is_told {
            println!("{now:>7} {seen:?}");
        }
        (now, &seen).hash(&mut all.trace);
        let broken = all.invariants.iter_mut().find_map(|i| i.see(&seen).err());
        if let Some(broken) = broken {
            all.violation.get_or_insert(format!("at {now} ms: {broken}"));
        }
    }

    /// Something else that must not be.
    pub fn violate(&self, what: String) {
        let mut all = self.0.lock();
        let now = all.now;
        all.violation.get_or_insert(format!("at {now} ms: {what}"));
    }

    pub fn violation(&self) -> Option<String> {
        self.0.lock().violation.clone()
    }

    pub fn count(&self, what: &'static str) {
        self.0.lock().totals.count(what);
    }

    pub fn add(&self, what: &'static str, n: usize) {
        self.0.lock().totals.add(what, n);
    }

    pub fn totals(&self) -> Totals {
        self.0.lock().totals.clone()
    }

    /// A number that two runs share if everything happened alike.
    pub fn trace(&self) -> u64 {
        self.0.lock().trace.finish()
    }
}

/// What a run of many seeds must have seen, besides what all members under faults see.
pub const EXPECTED: &[&str] = &[
    "acknowledged by a leader",
    "acknowledged by a follower",
    "answered without an entry",
    "reads",
    "snapshot installed",
    "start from a snapshot",
    "joined",
];
