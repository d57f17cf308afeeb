//! Transactions that wait: a `wait` operation did not hold when they ran (RFC 7047 §5.2.6).
//!
//! In: transactions parked, commits, time. Out: transactions run again. Never here: what they contain.

use std::collections::BTreeMap;
use std::time::Duration;

use ovsdb_engine::{Context, Outcome};
use ovsdb_wire::reply;
use serde_json::Value;

use crate::database::Model;
use crate::link::SessionId;
use crate::relay::writes;
use crate::server::Server;

/// A transaction that waits.
pub(crate) struct Parked {
    pub session: SessionId,
    pub request: Value,
    pub operations: Vec<Value>,
    /// When it first ran.
    pub since: Duration,
    /// Its place among those that wait, kept until it is done: who came first runs first.
    pub turn: Option<u64>,
}

/// The waiting transactions of one database.
#[derive(Default)]
pub(crate) struct Waiting {
    parked: BTreeMap<u64, Parked>,
    next: u64,
}

impl Waiting {
    pub fn len(&self) -> usize {
        self.parked.len()
    }

    /// True where the session has a waiting transaction of that request id.
    pub fn find(&self, session: SessionId, request: &Value) -> Option<u64> {
        self.parked
            .iter()
            .find(|(_, p)| p.session == session && p.request == *request)
            .map(|(id, _)| *id)
    }

    pub fn remove(&mut self, id: u64) -> Option<Parked> {
        self.parked.remove(&id)
    }

    pub fn forget_session(&mut self, session: SessionId) -> Vec<u64> {
        let ids: Vec<u64> = self
            .parked
            .iter()
            .filter(|(_, p)| p.session == session)
            .map(|(id, _)| *id)
            .collect();
        for id in &ids {
            self.parked.remove(id);
        }
        ids
    }

    pub fn drain(&mut self) -> Vec<Parked> {
        std::mem::take(&mut self.parked).into_values().collect()
    }
}

impl Server {
    /// Runs a transaction for the first time.
    pub(crate) fn transact(&mut self, session: SessionId, request: Value, db: &str, operations: Vec<Value>) {
        let since = self.host.now();
        let parked = Parked {
            session,
            request,
            operations,
            since,
            turn: None,
        };
        self.run(db, parked);
        self.rerun_touched(db);
    }

    /// Runs a transaction of the server's own.
    pub(crate) fn transact_internally(&mut self, name: &str, operations: &[Value]) -> Result<(), String> {
        let Server { databases, host, .. } = self;
        let Some(db) = databases.get_mut(name) else {
            return Ok(());
        };
        let outcome = {
            let mut fresh = || host.fresh_uuid();
            let mut context = Context {
                fresh: &mut fresh,
                read_only: false,
                identity: None,
                holds_lock: &|_: &str| false,
                elapsed: Duration::ZERO,
            };
            db.db.execute(operations, &mut context)
        };
        match outcome {
            Outcome::Done {
                changes,
                comment,
                durable,
                ..
            } => {
                db.commit(changes, comment.as_deref(), durable, host.as_mut())
                    .map_err(|error| error.to_string())?;
            }
            Outcome::Failed { replies } => {
                let error = replies.into_iter().flatten().find_map(Result::err);
                return Err(error.map_or_else(String::new, |error| error.to_string()));
            }
            Outcome::Wait { .. } => return Err("the server's own transactions do not wait".into()),
        }
        self.rerun_touched(name);
        Ok(())
    }

    /// Runs a transaction.
    fn run(&mut self, name: &str, mut txn: Parked) {
        let now = self.host.now();
        let Server {
            databases,
            sessions,
            locks,
            host,
            ..
        } = self;
        let (Some(db), Some(session)) = (databases.get_mut(name), sessions.get(&txn.session)) else {
            return;
        };
        let outcome = {
            let mut fresh = || host.fresh_uuid();
            let owner = txn.session.0;
            let mut context = Context {
                fresh: &mut fresh,
                read_only: db.is_read_only() || session.profile.read_only,
                identity: session.profile.identity.as_ref(),
                holds_lock: &|lock: &str| locks.holds(owner, lock),
                elapsed: now.saturating_sub(txn.since),
            };
            db.db.execute(&txn.operations, &mut context)
        };
        if let Model::Relay(relay) = &mut db.model
            && writes(&txn.operations)
            && is_for_source(&outcome, txn.operations.len())
        {
            relay.forward(txn);
            return;
        }
        match outcome {
            Outcome::Done {
                replies,
                changes,
                comment,
                durable,
            } => {
                let schema = db.snapshot().schema.clone();
                let committed = db.commit(changes, comment.as_deref(), durable, host.as_mut());
                db.catch_up(txn.session);
                session.link.send(reply::transacted(
                    &txn.request,
                    &schema,
                    &replies,
                    committed.err().as_ref(),
                ));
            }
            Outcome::Failed { replies } => {
                db.catch_up(txn.session);
                session.link.send(reply::transaction_failed(
                    &txn.request,
                    &db.snapshot().schema,
                    &replies,
                ));
            }
            Outcome::Wait { deadline, table } => {
                let id = txn.turn.unwrap_or(db.waiting.next);
                db.waiting.next = db.waiting.next.max(id + 1);
                txn.turn = Some(id);
                let deadline = deadline.map(|d| txn.since + d);
                db.triggers.park(id, table, deadline);
                db.waiting.parked.insert(id, txn);
                if let Some(deadline) = deadline {
                    host.wake_at(deadline);
                }
            }
        }
    }

    /// Runs again what waits for tables that changed, until nothing moves.
    pub(crate) fn rerun_touched(&mut self, name: &str) {
        loop {
            let Some(db) = self.databases.get_mut(name) else {
                return;
            };
            let touched = db.triggers.take_touched();
            if touched.is_empty() {
                return;
            }
            self.rerun(name, touched);
        }
    }

    fn rerun(&mut self, name: &str, ids: Vec<u64>) {
        for id in ids {
            let parked = self.databases.get_mut(name).and_then(|db| {
                db.triggers.remove(id);
                db.waiting.remove(id)
            });
            if let Some(parked) = parked {
                self.run(name, parked);
            }
        }
    }

    /// Runs again what has waited its time, which fails it.
    pub(crate) fn expire_triggers(&mut self) {
        let now = self.host.now();
        let names: Vec<String> = self.databases.keys().cloned().collect();
        for name in names {
            let expired = match self.databases.get_mut(&name) {
                Some(db) => db.triggers.expired(now),
                None => continue,
            };
            self.rerun(&name, expired);
            self.rerun_touched(&name);
            if let Some(next) = self
                .databases
                .get(&name)
                .and_then(|db| db.triggers.next_deadline())
            {
                self.host.wake_at(next);
            }
        }
    }

    /// `cancel`: forgets a waiting transaction; only sessions aware of changes are told.
    pub(crate) fn cancel(&mut self, session: SessionId, request: &Value) {
        for db in self.databases.values_mut() {
            if let Some(id) = db.waiting.find(session, request) {
                db.triggers.remove(id);
                db.waiting.remove(id);
                if let Some(session) = self.sessions.get(&session)
                    && session.change_aware
                {
                    session.link.send(reply::error(request, &Value::from("canceled")));
                }
                return;
            }
        }
    }
}

/// Whether what a transaction came to on a relay's copy is for the source to say: success, and what may only fail
/// because the copy is a little behind (the commit's own checks). Errors of operations and waits are answered here.
fn is_for_source(outcome: &Outcome, n_operations: usize) -> bool {
    match outcome {
        Outcome::Done { .. } => true,
        Outcome::Failed { replies } => replies.len() > n_operations,
        Outcome::Wait { .. } => false,
    }
}
