//! One database: who follows it, and what it lacks.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use ovn_incremental::reconcile::Reconcile;
use ovn_incremental::{Machine, Program, Side};
use ovsdb_idl::session::Event;
use ovsdb_idl::txn::Outcome;
use ovsdb_transport::drive::Client;
use serde_json::{Value, json};

use crate::Service;
use crate::seen::{Seen, see};

/// After so long a transaction that was refused is tried again.
pub(crate) const PENANCE: Duration = Duration::from_secs(1);

/// A transaction under way.
type Commit = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// One database: who follows it, and what it lacks.
pub(crate) struct Follower<P> {
    pub side: Side,
    pub client: Client,
    pub reconcile: Reconcile<P>,
    commit: Option<Commit>,
    pub has_contents: bool,
    /// When a transaction was refused last.
    failed_at: Option<Instant>,
}

/// What comes from a database.
pub(crate) enum News {
    Event(Event),
    Ended(Outcome),
}

impl<P: Program> Follower<P> {
    pub fn new(side: Side, client: Client) -> Follower<P> {
        Follower {
            side,
            client,
            reconcile: Reconcile::new(side),
            commit: None,
            has_contents: false,
            failed_at: None,
        }
    }

    /// Waits for something to come.
    pub async fn next(&mut self) -> News {
        tokio::select! {
            event = self.client.event() => News::Event(event),
            outcome = outcome(&mut self.commit) => News::Ended(outcome),
        }
    }

    /// Rows that come change the machine.
    pub fn take(&mut self, machine: &mut Machine<P>, event: Event) -> Seen {
        let is_first = matches!(event, Event::Reset { .. });
        let seen = see(self.side, event, machine.databases());
        if let Seen::Changes(changes) = &seen {
            self.has_contents |= is_first;
            machine.change(self.side, changes);
            self.reconcile.changed(changes);
        }
        seen
    }

    /// The transaction has ended.
    pub fn ended<S: Service>(&mut self, machine: &Machine<P>, outcome: &Outcome) {
        self.commit = None;
        match outcome {
            Outcome::Committed => return,
            Outcome::TryAgain | Outcome::Unknown => {}
            Outcome::Failed(error) => {
                S::warn(&format!("{:?} transaction failed: {error}", self.side));
                self.failed_at = Some(Instant::now());
            }
        }
        self.reconcile.again(machine);
    }

    /// A server that refuses is not asked again at once.
    pub fn must_wait(&self) -> bool {
        self.failed_at.is_some_and(|at| at.elapsed() < PENANCE)
    }

    /// Sends what is needed, if nothing is under way.
    pub fn send<S: Service>(&mut self, machine: &Machine<P>) {
        if self.commit.is_some() || !self.has_contents || !self.client.is_connected() || self.must_wait() {
            return;
        }
        let mut operations: Vec<Value> = self.reconcile.operations(machine);
        if operations.is_empty() {
            return;
        }
        if self.side == Side::Sb {
            operations.insert(0, json!({"op": "assert", "lock": S::LOCK}));
        }
        self.failed_at = None;
        self.commit = Some(Box::pin(self.client.commit(operations)));
    }
}

/// Waits for the outcome of a transaction; for ever without one.
async fn outcome(commit: &mut Option<Commit>) -> Outcome {
    match commit {
        Some(commit) => commit.await,
        None => std::future::pending().await,
    }
}
