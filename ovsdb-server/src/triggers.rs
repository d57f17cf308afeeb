//! Transactions that wait: a `wait` operation did not hold when they ran (RFC 7047 §5.2.6).
//!
//! In: transactions parked, commits, time. Out: transactions run again. Never here: what they contain.

use std::collections::BTreeMap;
use std::time::Duration;

use ovsdb_data::TableIdx;
use ovsdb_engine::{Context, Outcome};
use ovsdb_raft::types::Request;
use ovsdb_wire::reply;
use serde_json::Value;

use crate::asker::Asker;
use crate::database::{Model, OpenDatabase};
use crate::link::SessionId;
use crate::relay::writes;
use crate::server::{Host, Server};

/// A transaction on its way.
pub(crate) struct Parked {
    pub asker: Asker,
    pub operations: Vec<Value>,
    /// When it first ran.
    pub since: Duration,
    /// Its place among those that wait, kept until it is done: who came first runs first.
    pub turn: Option<u64>,
    /// Its name in a cluster, once others have been told of it.
    pub tag: Option<Request>,
}

impl Parked {
    /// Whether it is a client's request of that id.
    pub fn is_of(&self, session: SessionId, request: &Value) -> bool {
        matches!(&self.asker, Asker::Client(of, id) if *of == session && id == request)
    }
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
            .find(|(_, p)| p.is_of(session, request))
            .map(|(id, _)| *id)
    }

    pub fn remove(&mut self, id: u64) -> Option<Parked> {
        self.parked.remove(&id)
    }

    pub fn forget_session(&mut self, session: SessionId) -> Vec<u64> {
        let of = |asker: &Asker| matches!(asker, Asker::Client(client, _) if *client == session);
        self.take_if(of).into_iter().map(|(id, _)| id).collect()
    }

    /// Removes those of certain askers.
    pub fn take_if(&mut self, of: impl Fn(&Asker) -> bool) -> Vec<(u64, Parked)> {
        self.parked
            .extract_if(.., |_, parked| of(&parked.asker))
            .collect()
    }

    pub fn drain(&mut self) -> Vec<Parked> {
        std::mem::take(&mut self.parked).into_values().collect()
    }
}

impl OpenDatabase {
    /// Lets a transaction wait until a table changes, or until a time after its first run.
    pub(crate) fn park(
        &mut self,
        mut txn: Parked,
        table: TableIdx,
        deadline: Option<Duration>,
        host: &mut dyn Host,
    ) {
        let id = txn.turn.unwrap_or(self.waiting.next);
        self.waiting.next = self.waiting.next.max(id + 1);
        txn.turn = Some(id);
        let deadline = deadline.map(|d| txn.since + d);
        self.triggers.park(id, table, deadline);
        self.waiting.parked.insert(id, txn);
        if let Some(deadline) = deadline {
            host.wake_at(deadline);
        }
    }
}

impl Server {
    /// Runs a transaction for the first time.
    pub(crate) fn transact(&mut self, session: SessionId, request: Value, db: &str, operations: Vec<Value>) {
        let since = self.host.now();
        let parked = Parked {
            asker: Asker::Client(session, request),
            operations,
            since,
            turn: None,
            tag: None,
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
    pub(crate) fn run(&mut self, name: &str, txn: Parked) {
        let Some(txn) = self.pass_on_at_once(name, txn) else {
            return;
        };
        let Some(outcome) = self.execute(name, &txn) else {
            return;
        };
        let Server {
            databases,
            sessions,
            host,
            ..
        } = self;
        let Some(db) = databases.get_mut(name) else {
            return;
        };
        match &mut db.model {
            Model::Relay(relay)
                if writes(&txn.operations) && is_for_others(&outcome, txn.operations.len()) =>
            {
                relay.forward(txn);
                return;
            }
            Model::Clustered(_) => return self.run_in_cluster(name, txn, outcome),
            _ => {}
        }
        match outcome {
            Outcome::Wait { deadline, table } => db.park(txn, table, deadline, host.as_mut()),
            Outcome::Done {
                replies,
                changes,
                comment,
                durable,
            } => {
                let schema = db.snapshot().schema.clone();
                let committed = db.commit(changes, comment.as_deref(), durable, host.as_mut());
                let results = reply::results(&schema, &replies, committed.err().as_ref());
                db.tell(sessions, txn.asker, results.into());
            }
            Outcome::Failed { replies } => {
                let results = reply::failed_results(&db.snapshot().schema, &replies);
                db.tell(sessions, txn.asker, results.into());
            }
        }
    }

    /// What a transaction comes to on the state that it is to follow; none when its client is gone.
    fn execute(&mut self, name: &str, txn: &Parked) -> Option<Outcome> {
        let now = self.host.now();
        let Server {
            databases,
            sessions,
            locks,
            host,
            ..
        } = self;
        let db = databases.get(name)?;
        let (client, identity, read_only) = match &txn.asker {
            Asker::Client(id, _) => {
                let profile = &sessions.get(id)?.profile;
                (Some(*id), profile.identity.as_ref(), profile.read_only)
            }
            Asker::Member(passed) => (None, passed.identity.as_ref(), false),
        };
        let mut context = Context {
            fresh: &mut || host.fresh_uuid(),
            read_only: db.is_read_only() || read_only,
            identity,
            // Locks are of one server: the member that passed a request on has looked at its own.
            holds_lock: &|lock: &str| client.is_none_or(|client| locks.holds(client.0, lock)),
            elapsed: now.saturating_sub(txn.since),
        };
        Some(db.db.execute(&txn.operations, &mut context))
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
            if let Model::Clustered(cluster) = &mut db.model
                && cluster.cancel(session, request)
            {
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

/// Whether what a transaction came to on a copy is for its source, or the cluster's leader, to say: success, and what
/// may only fail because the copy is a little behind (the commit's own checks). Errors of operations and waits are
/// answered here.
pub(crate) fn is_for_others(outcome: &Outcome, n_operations: usize) -> bool {
    match outcome {
        Outcome::Done { .. } => true,
        Outcome::Failed { replies } => replies.len() > n_operations,
        Outcome::Wait { .. } => false,
    }
}
