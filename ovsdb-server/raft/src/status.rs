//! What is to be told of a member (`cluster/status`).
//!
//! Where the C server knows more, or other things: openraft takes a follower's acceptance of a leader for its vote, so
//! that a follower that joined later says it voted for the leader. Followers have connections with the leader only. How
//! long ago something came from a member is known where there is a connection: of other followers it is not, but for
//! elections. A leader that was alone from the first tells when its election began.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use openraft::ServerState;

pub use crate::elections::{Election, ElectionReason};
use crate::peer::Refusal;
use crate::peer::links::Direction;
pub use crate::shared::Phase;
use crate::shared::{Metrics, Shared};
use crate::types::{LogId, Peer, ServerId};

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
    /// Why it takes part no more until its server is started again (see [`Standing`](crate::Standing)).
    pub failure: Option<String>,
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
    /// The last index in the snapshot, 0 without one.
    pub snapshot: u64,
    /// All servers in the membership, this one included.
    pub servers: BTreeMap<ServerId, ServerStatus>,
    /// Connections with other servers.
    pub connections: BTreeMap<ServerId, Connections>,
    /// How many connections with servers have broken since it started.
    pub n_disconnections: u64,
    /// How many connections with servers there are or are tried, for whatever purpose.
    pub n_connections: usize,
    /// Bytes that wait to go out to other servers.
    pub backlog_bytes: usize,
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
    /// On a candidate: for whom it votes, if it said so.
    pub voted_for: Option<ServerId>,
    /// On a leader: the index of the entry that it is sent next.
    pub next_index: Option<u64>,
    /// On a leader: the last index that it is known to have.
    pub match_index: Option<u64>,
    /// How long ago it was last heard of; none for this member itself, and where that never was.
    pub last_message: Option<Duration>,
}

/// The connections with one server: none where there should not be one, else whether there is one at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// That this member made.
    pub outgoing: Option<bool>,
    /// That the server made.
    pub incoming: Option<bool>,
}

impl Status {
    /// What is to be told now.
    pub(crate) fn of(shared: &Shared) -> Status {
        let metrics = shared.metrics();
        let standing = shared.standing.borrow().clone();
        let index = |id: Option<LogId>| id.map_or(0, |id| id.index);
        let last = metrics.last_log_index.unwrap_or(0);
        let next_timer = *shared.timer_next_ms.lock();
        let links = &shared.dialing.links;
        let nodes: Vec<(ServerId, Peer)> = {
            let membership = metrics.membership_config.membership();
            membership.nodes().map(|(id, peer)| (*id, peer.clone())).collect()
        };
        let connections: BTreeMap<ServerId, Connections> = nodes
            .iter()
            .filter(|(id, _)| *id != metrics.id)
            .map(|(id, _)| (*id, connections(shared, &metrics, *id)))
            .collect();
        let tried = connections.values().filter(|with| with.outgoing == Some(false));
        Status {
            role: role(shared, &metrics),
            term: metrics.current_term,
            voted_for: Some(metrics.vote.leader_id.voted_for).filter(|_| metrics.current_term > 0),
            leader: standing.leader,
            connected: standing.connected,
            member: standing.member,
            removed: shared.removed.load(Ordering::Acquire),
            failure: standing.failure,
            leaving: shared.leaving.load(Ordering::Acquire),
            election_timer_ms: shared.progress.timer_ms(),
            election_timer_next_ms: next_timer.filter(|next| *next != shared.progress.timer_ms()),
            log: (metrics.purged.map_or(0, |id| id.index + 1), last),
            committed: index(metrics.local_committed),
            applied: index(metrics.last_applied),
            snapshot: index(metrics.snapshot),
            servers: nodes
                .iter()
                .map(|(id, peer)| (*id, server_status(shared, &metrics, *id, peer)))
                .collect(),
            n_disconnections: links.n_broken(),
            n_connections: links.n_open() + tried.count(),
            connections,
            backlog_bytes: links.backlog(),
            election: shared.dialing.elections.last(),
            refusals: shared.dialing.refusals.lock().clone(),
        }
    }
}

/// openraft's own state does not show that a member asks whether it would be elected, nor that one that was elected
/// cannot answer yet.
fn role(shared: &Shared, metrics: &Metrics) -> Role {
    match metrics.state {
        ServerState::Leader => match shared.led_term.load(Ordering::Acquire) == metrics.current_term {
            true => Role::Leader,
            false => Role::Candidate,
        },
        ServerState::Candidate => Role::Candidate,
        ServerState::Follower => {
            let asked = shared.dialing.elections.open_since();
            let heard = shared.heard.lock().map(|(_, at)| at);
            match asked.is_some() && asked > heard {
                true => Role::Candidate,
                false => Role::Follower,
            }
        }
        _ => Role::Learner,
    }
}

fn server_status(shared: &Shared, metrics: &Metrics, id: ServerId, peer: &Peer) -> ServerStatus {
    let membership = metrics.membership_config.membership();
    let voter = membership.voter_ids().any(|voter| voter == id);
    let matched = metrics.replication.as_ref().and_then(|known| known.get(&id));
    let match_index = matched.map(|id| id.map_or(0, |id| id.index));
    let phase = *shared.phase.lock();
    ServerStatus {
        address: peer.address.clone(),
        voter,
        phase: match phase {
            Some((who, phase)) if who == id => Some(phase),
            _ => phase_left(metrics, id),
        },
        voted_for: match role(shared, metrics) {
            Role::Candidate if id == metrics.id => Some(id),
            Role::Candidate => shared.dialing.elections.vote_of(id),
            _ => None,
        },
        next_index: match_index.map(|index| index + 1),
        match_index,
        last_message: match id == metrics.id {
            true => None,
            false => shared.dialing.links.last_heard(id).map(|at| at.elapsed()),
        },
    }
}

/// What a leader finds another one to have begun with a server's vote.
fn phase_left(metrics: &Metrics, id: ServerId) -> Option<Phase> {
    let membership = metrics.membership_config.membership();
    let [before, .., after] = membership.get_joint_config().as_slice() else {
        return None;
    };
    match (before.contains(&id), after.contains(&id)) {
        _ if metrics.state != ServerState::Leader => None,
        (true, false) => Some(Phase::Removing),
        (false, true) => Some(Phase::Committing),
        _ => None,
    }
}

/// A leader and a candidate dial everybody, others the leader. Who dials this member is up to them.
fn connections(shared: &Shared, metrics: &Metrics, id: ServerId) -> Connections {
    let is_dialed = match role(shared, metrics) {
        Role::Leader | Role::Candidate => true,
        Role::Follower | Role::Learner => metrics.current_leader == Some(id),
    };
    let is_open = |direction| shared.dialing.links.is_open(id, direction);
    let outgoing = is_open(Direction::Outgoing);
    Connections {
        outgoing: (outgoing || is_dialed).then_some(outgoing),
        incoming: is_open(Direction::Incoming).then_some(true),
    }
}
