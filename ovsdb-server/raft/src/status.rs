//! What is to be told of a member (`cluster/status`).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::peer::Refusal;
use crate::types::ServerId;

/// What a member plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It leads.
    Leader,
    /// It wants to.
    Candidate,
    /// It follows.
    Follower,
    /// It is being caught up, was removed, or was never a member.
    Learner,
}

/// What is to be told of a member.
#[derive(Clone, Debug)]
pub struct Status {
    /// What it plays.
    pub role: Role,
    /// Its term.
    pub term: u64,
    /// For whom it voted in this term.
    pub voted_for: Option<ServerId>,
    /// Who leads, if that was heard of within the election timer; on a leader: if a quorum was.
    pub leader: Option<ServerId>,
    /// The same, as a yes or no, and only for voters (see [`Standing`](crate::Standing)).
    pub connected: bool,
    /// It is a voter.
    pub member: bool,
    /// It was a voter, and is not any more.
    pub removed: bool,
    /// [`Member::leave`](crate::Member::leave) is under way.
    pub leaving: bool,
    /// The election timer, in milliseconds.
    pub election_timer_ms: u64,
    /// What the election timer is about to become: in the log, not applied yet.
    pub election_timer_next_ms: Option<u64>,
    /// The first and the last index in the log.
    pub log: (u64, u64),
    /// The last index known to be committed.
    pub committed: u64,
    /// The last index applied.
    pub applied: u64,
    /// All servers in the membership, this one included.
    pub servers: BTreeMap<ServerId, ServerStatus>,
    /// Connections with other servers.
    pub connections: BTreeMap<ServerId, Connections>,
    /// How many connections with servers have broken since it started.
    pub n_disconnections: u64,
    /// The last election that this member began.
    pub election: Option<Election>,
    /// Why servers refuse this one, by address.
    pub refusals: BTreeMap<String, Refusal>,
}

/// One server of the membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerStatus {
    /// How it is reached.
    pub address: String,
    /// Whether it has a vote.
    pub voter: bool,
    /// What is going on with it.
    pub phase: Option<Phase>,
    /// On a leader: the index of the entry that it is sent next.
    pub next_index: Option<u64>,
    /// On a leader: the last index that it is known to have.
    pub match_index: Option<u64>,
    /// How long ago it was last heard of; none for this member itself, and where that never was.
    pub last_message: Option<Duration>,
}

/// How a server comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is sent what it lacks.
    CatchingUp,
    /// Its vote is in the log, not committed yet.
    Committing,
    /// It is being taken out.
    Removing,
}

/// The connections with one server: none where there should not be one, else whether there is one at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// That this member made.
    pub outgoing: Option<bool>,
    /// That the server made.
    pub incoming: Option<bool>,
}

/// An election that this member began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Election {
    /// How long ago.
    pub started: Duration,
    /// Why.
    pub reason: ElectionReason,
    /// How long ago it was won, if it was.
    pub won: Option<Duration>,
}

/// Why a member began an election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElectionReason {
    /// No leader was heard of.
    Timeout,
    /// The leader asked it to.
    LeadershipTransfer,
}
