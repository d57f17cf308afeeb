//! The last election that a member began, for the status.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::types::ServerId;

/// Votes asked for within this time belong to one election.
const ROUND: Duration = Duration::from_millis(50);

/// The last election that a member began.
#[derive(Default)]
pub struct Elections(Mutex<Option<Began>>);

struct Began {
    term: u64,
    at: Instant,
    reason: ElectionReason,
    won: Option<Instant>,
    /// Who said for whom it votes.
    votes: BTreeMap<ServerId, ServerId>,
}

impl Elections {
    /// Votes are asked for, or it is asked whether they would be given.
    pub(crate) fn began(&self, term: u64, reason: ElectionReason) {
        let mut last = self.0.lock();
        let again = last
            .as_ref()
            .is_some_and(|last| last.term == term && (last.at.elapsed() < ROUND || last.won.is_some()));
        if !again {
            *last = Some(Began {
                term,
                at: Instant::now(),
                reason,
                won: None,
                votes: BTreeMap::new(),
            });
        }
    }

    /// A server said for whom it votes, or would.
    pub(crate) fn voted(&self, server: ServerId, candidate: ServerId) {
        if let Some(last) = &mut *self.0.lock() {
            last.votes.insert(server, candidate);
        }
    }

    /// For whom a server votes in the last one, as far as it said.
    pub(crate) fn vote_of(&self, server: ServerId) -> Option<ServerId> {
        self.0.lock().as_ref()?.votes.get(&server).copied()
    }

    /// This member leads.
    pub(crate) fn won(&self, term: u64) {
        let mut last = self.0.lock();
        match &mut *last {
            Some(last) if last.term == term => {
                last.won.get_or_insert_with(Instant::now);
            }
            // Who is alone asks nobody.
            _ => {
                *last = Some(Began {
                    term,
                    at: Instant::now(),
                    reason: ElectionReason::Timeout,
                    won: Some(Instant::now()),
                    votes: BTreeMap::new(),
                });
            }
        }
    }

    /// When the last one was begun that was not won.
    pub(crate) fn open_since(&self) -> Option<Instant> {
        let last = self.0.lock();
        last.as_ref()
            .filter(|last| last.won.is_none())
            .map(|last| last.at)
    }

    /// What is told of it.
    pub(crate) fn last(&self) -> Option<Election> {
        self.0.lock().as_ref().map(|last| Election {
            started: last.at.elapsed(),
            reason: last.reason,
            won: last.won.map(|at| at.elapsed()),
        })
    }
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
