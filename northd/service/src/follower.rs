//! One database: who follows it, what it lacks, and what it does not take.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use ovn_incremental::reconcile::Reconcile;
use ovn_incremental::refusal::{LeftOut, Search};
use ovn_incremental::{Machine, Program, Side};
use ovsdb_data::DatabaseSchema;
use ovsdb_idl::operations::Operations;
use ovsdb_idl::session::Event;
use ovsdb_idl::txn::Outcome;
use ovsdb_transport::drive::Client;
use serde_json::{Value, json};

use crate::seen::{Seen, see};
use crate::{Service, probe_interval};

/// After so long a transaction that was refused as a whole is tried again.
pub(crate) const PENANCE: Duration = Duration::from_secs(1);

/// After so long what was left out of a transaction is tried again.
const GRACE: Duration = Duration::from_secs(60);

/// A transaction under way.
type Commit = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// One database.
pub(crate) struct Follower<P> {
    pub side: Side,
    pub client: Client,
    pub reconcile: Reconcile<P>,
    pub has_contents: bool,
    pub probe_interval: Option<Duration>,
    schema: DatabaseSchema,
    commit: Option<Commit>,
    /// When a transaction was refused last, and it was not found why.
    failed_at: Option<Instant>,
    /// A transaction was refused: it is to be found why.
    must_search: bool,
    /// That was not found the last time.
    is_hopeless: bool,
    search: Option<Search>,
    left_out: LeftOut,
    left_out_at: Instant,
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
            has_contents: false,
            probe_interval: probe_interval(None),
            schema: ovn_schemas::schema(side.db()),
            commit: None,
            failed_at: None,
            must_search: false,
            is_hopeless: false,
            search: None,
            left_out: LeftOut::default(),
            left_out_at: Instant::now(),
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
        match &seen {
            Seen::Changes(changes) => {
                self.has_contents |= is_first;
                machine.change(self.side, changes);
                self.reconcile.changed(changes);
            }
            Seen::Connected(_) | Seen::Lock | Seen::Nothing => {}
        }
        seen
    }

    /// The transaction has ended.
    pub fn ended<S: Service<Program = P>>(&mut self, machine: &Machine<P>, outcome: &Outcome) {
        self.commit = None;
        match (outcome, &mut self.search) {
            (Outcome::Committed, None) => return self.is_hopeless = false,
            (Outcome::Committed, Some(search)) => return search.was_committed(),
            (Outcome::Failed(error), Some(search)) => return search.was_refused(error),
            (Outcome::Failed(error), None) => {
                let whose = S::whose(machine);
                S::warn(&format!("{whose}{:?} transaction failed: {error}", self.side));
                match self.is_hopeless {
                    true => self.failed_at = Some(Instant::now()),
                    false => self.must_search = true,
                }
            }
            (Outcome::TryAgain | Outcome::Unknown, _) => self.search = None,
        }
        self.reconcile.again(machine);
    }

    /// Sends what is needed, if nothing is under way.
    pub fn send<S: Service<Program = P>>(&mut self, service: &mut S, machine: &Machine<P>, now_ms: i64) {
        if !self.can_send() {
            return;
        }
        let mut operations = Operations::default();
        if self.side == Side::Sb {
            operations.push(&json!({"op": "assert", "lock": S::LOCK}));
        }
        let n_asserts = operations.len();
        self.fill(service, machine, now_ms, &mut operations);
        if operations.len() == n_asserts {
            return;
        }
        self.failed_at = None;
        self.commit = Some(Box::pin(self.client.commit(operations)));
    }

    /// Adds the operations to be sent next.
    fn fill<S: Service<Program = P>>(
        &mut self,
        service: &mut S,
        machine: &Machine<P>,
        now_ms: i64,
        out: &mut Operations,
    ) {
        if let Some(attempt) = self.attempt::<S>(machine) {
            return out.extend(attempt);
        }
        if self.must_wait() {
            return;
        }
        if self.grace_left().is_some_and(|left| left.is_zero()) {
            self.left_out = LeftOut::default();
            self.reconcile.again(machine);
        }
        if !self.must_search && self.left_out.is_empty() {
            self.reconcile
                .each_operation(machine, &mut |operation| out.push(&operation));
            out.extend(service.more(machine, &self.reconcile, now_ms));
            return;
        }
        let operations = self.reconcile.operations(machine);
        let mut operations = self.left_out.without(operations, &self.schema);
        operations.extend(service.more(machine, &self.reconcile, now_ms));
        if std::mem::take(&mut self.must_search) && !operations.is_empty() {
            self.search = Some(Search::new(operations, &self.schema));
            operations = self.attempt::<S>(machine).unwrap_or_default();
        }
        out.extend(operations);
    }

    /// The next attempt of a search, which ends where there is none.
    fn attempt<S: Service<Program = P>>(&mut self, machine: &Machine<P>) -> Option<Vec<Value>> {
        let attempt = self.search.as_mut()?.attempt();
        if attempt.is_none() {
            self.end_search::<S>(machine);
        }
        attempt
    }

    fn end_search<S: Service<Program = P>>(&mut self, machine: &Machine<P>) {
        let Some(search) = self.search.take() else { return };
        if search.has_given_up() {
            self.is_hopeless = true;
            self.failed_at = Some(Instant::now());
        } else {
            for (table, row, error) in search.refused() {
                let whose = S::whose(machine);
                S::warn(&format!(
                    "{whose}{:?}: {table} {row} is left out: {error}",
                    self.side
                ));
            }
            self.left_out.add(search.left_out());
            self.left_out_at = Instant::now();
        }
        self.reconcile.again(machine);
    }

    /// After what time what was left out is tried again, if anything was.
    pub fn grace_left(&self) -> Option<Duration> {
        (!self.left_out.is_empty()).then(|| GRACE.saturating_sub(self.left_out_at.elapsed()))
    }

    /// A server that refuses is not asked again at once.
    pub fn must_wait(&self) -> bool {
        self.failed_at.is_some_and(|at| at.elapsed() < PENANCE)
    }

    /// Whether what is needed may be sent now.
    pub fn can_send(&self) -> bool {
        self.commit.is_none() && self.has_contents && self.client.is_connected() && !self.must_wait()
    }
}

/// Waits for the outcome of a transaction; for ever without one.
async fn outcome(commit: &mut Option<Commit>) -> Outcome {
    match commit {
        Some(commit) => commit.await,
        None => std::future::pending().await,
    }
}
