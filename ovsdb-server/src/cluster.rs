//! Clustered databases (ovsdb(7) "Clustered Database Service Model"): transactions executed by the leader ahead of
//! consensus, passed on by followers, applied alike by every member.
//!
//! In: clients' transactions, what the member of the cluster reports. Out: proposals, requests passed on, commits on
//! the database, replies. Never here: votes, logs, peers' connections (`ovsdb-raft`).
//!
//! ```text
//!   on the leader
//!     transact ──► run on the head ──┬─ changes, ─► head moves on, proposed ──► in flight ─┐
//!                                    │  passed on                                          │
//!                                    └─ none ─────► held: until what is ahead of it is     │
//!                                                   committed and leadership is confirmed  │
//!   on a follower                                                                          │
//!     transact ──┬─ nothing but changes ────────────┐                                      │
//!                └─► run on the head ──┬─ a write ──┴─► asked: passed on to the leader     │
//!                                      └─ a read, a failed operation ──► answered          │
//!   on every member                                                                        ▼
//!     applied entry ──┬─ the oldest in flight: committed as it is, replied to
//!                     ├─ void: its request was executed before, or it follows from another state
//!                     └─ somebody else's: what is in flight is taken back, then it is applied
//! ```
//!
//! The *head* is what transactions run on; monitors and other readers see the *committed* state. They differ only
//! while something is in flight. An entry names the state that it follows from, and every member passes over one that
//! does not: so it is never wrong to propose, only useless at times. What was taken back runs again, or is passed on
//! under the same name, which the cluster executes once.
//!
//! What was proposed or passed on once may be under way twice. So it ends with an entry, even where that changes
//! nothing because it failed: the first entry of its name counts, and nobody is told of a failure that another
//! attempt makes untrue.

mod apply;
mod convert;
mod forward;
mod lead;
mod link;
pub(crate) mod open;
mod standing;
mod verify;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use ovsdb_cluster::{Image, Loaded, Opened, Requests};
use ovsdb_data::{RowChange, Uuid};
use ovsdb_engine::Snapshot;
use ovsdb_raft::StateHash;
use ovsdb_raft::machine::{Applied, Forwarded, Handled, Pieces, Standing};
use ovsdb_raft::types::{Command, LogId, Request, ServerId};
use tokio::sync::oneshot;

use crate::asker::Asker;
use crate::triggers::Parked;

use apply::Applying;
pub use convert::Converted;
pub(crate) use convert::{Conversion, Initiator, Wish};
pub use open::{Running, serve};
use verify::Hashes;

/// The way to the cluster, for one database. Nothing here blocks; what it leads to comes back as [`ClusterEvent`]s.
pub trait Consensus: Send + Sync {
    /// Puts a command into the log if this member leads; otherwise it is lost.
    fn propose(&self, command: Command);
    /// Passes a request on to whoever leads, until it is answered or forgotten.
    fn forward(&self, request: Forwarded);
    /// Stops passing a request on.
    fn forget(&self, request: &Request);
    /// Asks whether this member leads at present; [`ClusterEvent::Confirmed`] says so.
    fn confirm(&self, round: u64);
}

/// Something to be asked of it.
type Ask = Box<dyn FnOnce(&dyn Consensus) + Send>;

/// What the member of a cluster reports.
pub enum ClusterEvent {
    /// Committed entries, in order.
    Apply(Vec<Applied>, oneshot::Sender<std::io::Result<()>>),
    /// A snapshot is to be made of the state after the last entry.
    Snapshot(oneshot::Sender<Image>),
    /// A whole state in place of the present one, to be read first.
    Install(Pieces, Option<LogId>, oneshot::Sender<std::io::Result<()>>),
    /// It has been read.
    Read(Box<Loaded>, Option<LogId>, oneshot::Sender<std::io::Result<()>>),
    /// The member's standing changed.
    Standing(Standing),
    /// Another member passes on a request.
    Forwarded(Forwarded, oneshot::Sender<Handled>),
    /// What came of a request that was passed on.
    Answered(Request, Bytes),
    /// The answer to [`Consensus::confirm`].
    Confirmed {
        /// Which question.
        round: u64,
        /// Whether it led when it was asked.
        leads: bool,
    },
    /// What the contents came to at a verification is asked for.
    StateHash(Uuid, oneshot::Sender<StateHash>),
    /// It has been found.
    Hashed(Uuid, StateHash),
    /// A conversion that ran elsewhere has ended.
    Converted(Converted),
}

/// A clustered database's side of its cluster.
pub struct Cluster {
    /// This member.
    pub server: ServerId,
    /// Where it stands.
    pub standing: Standing,
    /// The last log index applied here.
    pub applied: u64,
    /// The last log index that clients were told of ahead of what it led to.
    announced: u64,
    /// What clients see as index is this many above the log's.
    pub index_base: u64,
    /// None until the member runs.
    consensus: Option<Arc<dyn Consensus>>,
    /// What is to be asked of it then: the member's log is applied before.
    early: Vec<Ask>,
    /// The program's hold on the member, for operators' commands.
    pub(crate) running: Option<Arc<Running>>,
    /// The file that names the member, locked; none where the state is in memory only (tests).
    pub(crate) file: Option<Arc<Opened>>,
    /// The file says more than who the member is, and need not any more: it is not rewritten yet. That of a server that
    /// joins says so until it was told that it is taken in: it asks again after a restart.
    unsettled: bool,
    /// In milliseconds.
    pub election_timer_ms: u64,
    /// Whether a schema and contents have arrived.
    loaded: bool,
    /// Told once the first contents of a cluster are there.
    founded: Option<oneshot::Sender<()>>,
    requests: Requests,
    /// The committed state while something is in flight; the head otherwise.
    committed: Option<Snapshot>,
    in_flight: VecDeque<InFlight>,
    /// Of the latest put in flight.
    sequence: u64,
    held: VecDeque<Held>,
    rounds: Rounds,
    asked: BTreeMap<Uuid, Asked>,
    /// A conversion is being made elsewhere.
    converting: bool,
    /// What waits for a conversion to end.
    behind: Vec<Parked>,
    /// Further conversions that wait for that.
    next_conversions: Vec<Conversion>,
    applying: Option<Applying>,
    hashes: Hashes,
}

/// Rounds of confirming that this member leads, one at a time.
#[derive(Default)]
struct Rounds {
    begun: u64,
    succeeded: u64,
    is_running: bool,
}

/// Proposed by this member and not yet seen committed.
struct InFlight {
    /// The state it leads to.
    id: Uuid,
    sequence: u64,
    what: Proposal,
}

enum Proposal {
    Transaction {
        txn: Parked,
        request: Request,
        changes: Arc<[RowChange]>,
        /// The head after it.
        after: Snapshot,
        results: Bytes,
    },
    Conversion(Conversion),
}

/// Done without changes: a read, or a failure, that may rest on what is not committed yet.
struct Held {
    txn: Parked,
    results: Bytes,
    /// What was in flight at the time must be committed.
    ahead: u64,
    /// This round of confirmation must succeed.
    round: u64,
}

/// Passed on to the leader.
enum Asked {
    Transaction(Parked),
    Conversion(Conversion),
}

impl Cluster {
    /// A database whose member does not run yet.
    pub fn new(server: ServerId) -> Cluster {
        Cluster {
            server,
            standing: Standing::default(),
            applied: 0,
            announced: 0,
            index_base: 0,
            consensus: None,
            early: Vec::new(),
            running: None,
            file: None,
            unsettled: false,
            election_timer_ms: ovsdb_cluster::file::ELECTION_TIMER_MS,
            loaded: false,
            founded: None,
            requests: Requests::default(),
            committed: None,
            in_flight: VecDeque::new(),
            sequence: 0,
            held: VecDeque::new(),
            rounds: Rounds::default(),
            asked: BTreeMap::new(),
            converting: false,
            behind: Vec::new(),
            next_conversions: Vec::new(),
            applying: None,
            hashes: Hashes::default(),
        }
    }

    /// Whether a schema and contents have arrived.
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// The committed state, where it is not the head.
    pub(crate) fn committed(&self) -> Option<&Snapshot> {
        self.committed.as_ref()
    }

    /// The index that clients see (`_Server`).
    pub fn index(&self) -> u64 {
        self.index_base + self.applied.max(self.announced)
    }

    /// Transactions in flight.
    pub fn n_in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Asks something of the cluster, as soon as there is a way to it.
    fn ask(&mut self, what: impl FnOnce(&dyn Consensus) + Send + 'static) {
        match &self.consensus {
            Some(consensus) => what(&**consensus),
            None => self.early.push(Box::new(what)),
        }
    }

    fn leads(&self) -> bool {
        self.standing.leads.is_some()
    }

    /// Whether transactions have to wait for a conversion.
    fn is_converting(&self) -> bool {
        let last = self.in_flight.back().map(|last| &last.what);
        self.converting || matches!(last, Some(Proposal::Conversion(_)))
    }

    /// Those of this database who have not been answered: it is going.
    pub(crate) fn take_unanswered(&mut self) -> Vec<Asker> {
        let behind = std::mem::take(&mut self.behind).into_iter();
        let held = std::mem::take(&mut self.held).into_iter().map(|held| held.txn);
        let mut taken: Vec<Asker> = behind.chain(held).map(|txn| txn.asker).collect();
        let next = std::mem::take(&mut self.next_conversions).into_iter();
        taken.extend(next.filter_map(Conversion::give_up));
        for (id, asked) in std::mem::take(&mut self.asked) {
            self.forget(id);
            match asked {
                Asked::Transaction(txn) => taken.push(txn.asker),
                Asked::Conversion(conversion) => taken.extend(conversion.give_up()),
            }
        }
        for InFlight { what, .. } in std::mem::take(&mut self.in_flight) {
            match what {
                Proposal::Transaction { txn, .. } => taken.push(txn.asker),
                Proposal::Conversion(conversion) => taken.extend(conversion.give_up()),
            }
        }
        taken
    }
}
