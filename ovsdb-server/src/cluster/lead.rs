//! What a leader does: run ahead of consensus, hold what rests on it, take it back.

use std::sync::Arc;

use bytes::Bytes;
use ovsdb_cluster::contents;
use ovsdb_data::{DatabaseSchema, OvsdbError, RowChange, TableIdx, TxnId, Uuid};
use ovsdb_engine::Outcome;
use ovsdb_engine::trigger::Triggers;
use ovsdb_raft::types::{Command, Request, TooLarge, Transaction};
use ovsdb_wire::reply;

use super::{Cluster, Conversion, Held, InFlight, Initiator, Proposal};
use crate::asker::{Asker, Passed};
use crate::database::{Model, OpenDatabase};
use crate::relay::writes;
use crate::server::{Host, Server};
use crate::triggers::{Parked, is_for_others};

impl Server {
    /// Goes on with a transaction that has just run on the head.
    pub(crate) fn run_in_cluster(&mut self, name: &str, txn: Parked, outcome: Outcome) {
        let Server {
            databases,
            sessions,
            host,
            ..
        } = self;
        let Some(db) = databases.get_mut(name) else {
            return;
        };
        let Model::Clustered(cluster) = &mut db.model else {
            return;
        };
        if cluster.is_converting() {
            return cluster.wait_behind(txn);
        }
        let txn = match txn {
            // It came a second time while it waited.
            Parked {
                asker: Asker::Member(passed),
                tag: Some(request),
                ..
            } if cluster.is_known(&request) => return cluster.came_again(&request, passed),
            txn => txn,
        };
        let leads = cluster.leads();
        if !leads && let Asker::Member(passed) = txn.asker {
            return passed.refuse();
        }
        // What others were told of may be in the log already: only the log says what comes of it.
        let is_named = txn.tag.is_some();
        let is_for_leader = writes(&txn.operations) && is_for_others(&outcome, txn.operations.len());
        if !leads && (is_named || is_for_leader) {
            return db.pass_on(txn, sessions, host.as_mut());
        }
        let schema = db.db.snapshot().schema.clone();
        let (results, changes, comment) = match outcome {
            Outcome::Wait { deadline, table } => return db.park(txn, table, deadline, host.as_mut()),
            Outcome::Done {
                replies,
                changes,
                comment,
                ..
            } => (reply::results(&schema, &replies, None), changes, comment),
            Outcome::Failed { replies } => (reply::failed_results(&schema, &replies), Vec::new(), None),
        };
        let results = Bytes::from(results);
        if !changes.is_empty() || is_named {
            return db.run_ahead(txn, changes, comment.as_deref(), results, host.as_mut());
        }
        match leads {
            true => db.hold(txn, results),
            false => db.tell(sessions, txn.asker, results),
        }
    }

    /// Leadership was confirmed, or not.
    pub(super) fn confirmed(&mut self, name: &str, round: u64, leads: bool) {
        let Some(cluster) = self.cluster(name) else { return };
        cluster.rounds.is_running = false;
        if leads {
            cluster.rounds.succeeded = round;
        }
        // Asked again after a failure, too: whoever thinks that it leads is about to learn better.
        if cluster.leads()
            && cluster
                .held
                .iter()
                .any(|held| held.round > cluster.rounds.succeeded)
        {
            cluster.begin_round();
        }
        self.release_held(name);
    }

    /// Answers what was held and need not be any more.
    pub(super) fn release_held(&mut self, name: &str) {
        let Server {
            databases, sessions, ..
        } = self;
        let Some(db) = databases.get_mut(name) else { return };
        while let Model::Clustered(cluster) = &mut db.model
            && let Some(held) = cluster.held.front()
            && held.round <= cluster.rounds.succeeded
            && cluster
                .in_flight
                .front()
                .is_none_or(|first| first.sequence > held.ahead)
            && let Some(held) = cluster.held.pop_front()
        {
            db.tell(sessions, held.txn.asker, held.results);
        }
    }
}

impl Cluster {
    fn begin_round(&mut self) {
        self.rounds.begun += 1;
        self.rounds.is_running = true;
        let round = self.rounds.begun;
        self.ask(move |consensus| consensus.confirm(round));
    }
}

impl OpenDatabase {
    /// Moves the head on by a transaction's changes and proposes them.
    fn run_ahead(
        &mut self,
        mut txn: Parked,
        mut changes: Vec<RowChange>,
        comment: Option<&str>,
        mut results: Bytes,
        host: &mut dyn Host,
    ) {
        let Model::Clustered(cluster) = &mut self.model else {
            return;
        };
        self.db.share(&mut changes);
        let before = self.db.snapshot();
        let mut record = contents::record(&before.schema, &changes, comment, host.date_ms());
        if let Err(error) = TooLarge::check(record.len() + results.len()) {
            tracing::warn!(target: "raft", "{}: a transaction is refused: {error}", self.name);
            // It ends with an entry all the same: another attempt may be under way.
            results = too_large(&before.schema, txn.operations.len(), error);
            changes.clear();
            record = contents::record(&before.schema, &changes, None, host.date_ms());
        }
        let id = host.fresh_uuid();
        let request = *txn.tag.get_or_insert_with(|| Request {
            server: cluster.server,
            id: host.fresh_uuid(),
        });
        let command = Command::Transaction(Transaction {
            id,
            prerequisite: before.txn_id.0,
            request: Some(request),
            record,
            reply: results.clone(),
        });
        if cluster.in_flight.is_empty() {
            cluster.committed = Some(before.clone());
        }
        self.db.apply(&changes, TxnId(id));
        touch(&mut self.triggers, &changes);
        cluster.put_in_flight(
            id,
            Proposal::Transaction {
                txn,
                request,
                changes: Arc::from(changes),
                after: self.db.snapshot().clone(),
                results,
            },
        );
        cluster.ask(|consensus| consensus.propose(command));
    }

    /// Keeps a reply until what it rests on is committed and this member is known to have led meanwhile.
    fn hold(&mut self, txn: Parked, results: Bytes) {
        let Model::Clustered(cluster) = &mut self.model else {
            return;
        };
        cluster.held.push_back(Held {
            txn,
            results,
            ahead: cluster.sequence,
            round: cluster.rounds.begun + 1,
        });
        if !cluster.rounds.is_running {
            cluster.begin_round();
        }
    }

    /// Takes back what is in flight: the head is the committed state again. What was to come of it, and what was held
    /// because of it, is returned in the order in which it ran.
    pub(super) fn take_back(&mut self) -> Vec<Parked> {
        let Model::Clustered(cluster) = &mut self.model else {
            return Vec::new();
        };
        let mut taken: Vec<(u64, bool, Parked)> = Vec::new();
        let committed = cluster.committed.take();
        let flying: Vec<InFlight> = cluster.in_flight.drain(..).collect();
        for InFlight { sequence, what, .. } in flying.into_iter().rev() {
            match what {
                Proposal::Transaction { txn, changes, .. } => {
                    if let Some(committed) = &committed {
                        self.db.apply(&contents::inverse(&changes), committed.txn_id);
                    }
                    touch(&mut self.triggers, &changes);
                    taken.push((sequence, false, txn));
                }
                Proposal::Conversion(conversion) => cluster.take_back_conversion(conversion),
            }
        }
        taken.extend(cluster.held.drain(..).map(|held| (held.ahead, true, held.txn)));
        // What was held comes after what was ahead of it, and in its own order.
        taken.sort_by_key(|(sequence, was_held, _)| (*sequence, *was_held));
        for conversion in std::mem::take(&mut cluster.next_conversions) {
            cluster.take_back_conversion(conversion);
        }
        let behind = cluster.behind.drain(..);
        taken.into_iter().map(|(_, _, txn)| txn).chain(behind).collect()
    }
}

impl Cluster {
    pub(super) fn put_in_flight(&mut self, id: Uuid, what: Proposal) {
        self.sequence += 1;
        self.in_flight.push_back(InFlight {
            id,
            sequence: self.sequence,
            what,
        });
    }

    /// Keeps a transaction until a conversion has ended. What members pass on comes again and again meanwhile.
    fn wait_behind(&mut self, txn: Parked) {
        let is_passed_on = |txn: &Parked| matches!(txn.asker, Asker::Member(_));
        let same = |other: &&mut Parked| other.tag == txn.tag && is_passed_on(other) && is_passed_on(&txn);
        match (
            self.behind.iter_mut().find(same).map(|other| &mut other.asker),
            txn,
        ) {
            (
                Some(Asker::Member(other)),
                Parked {
                    asker: Asker::Member(passed),
                    ..
                },
            ) => other.join(passed),
            (_, txn) => self.behind.push(txn),
        }
    }

    /// Whether a request was executed or is in flight.
    pub(super) fn is_known(&self, request: &Request) -> bool {
        self.requests.get(request).is_some() || self.is_in_flight(request)
    }

    /// A request that is known came once more. Its entry tells whoever asked; if that comes to nothing, every way by
    /// which it came is told.
    pub(super) fn came_again(&mut self, request: &Request, again: Passed) {
        let passed = self
            .in_flight
            .iter_mut()
            .find_map(|flying| match &mut flying.what {
                Proposal::Transaction {
                    txn:
                        Parked {
                            asker: Asker::Member(passed),
                            ..
                        },
                    request: other,
                    ..
                } if other == request => Some(passed),
                Proposal::Conversion(Conversion {
                    id,
                    initiator: Initiator::Member(passed),
                    ..
                }) if *id == request.id => Some(passed),
                _ => None,
            });
        if let Some(passed) = passed {
            passed.join(again);
        }
    }

    /// Whether a request is in flight already.
    fn is_in_flight(&self, request: &Request) -> bool {
        self.in_flight.iter().any(|flying| match &flying.what {
            Proposal::Transaction { request: other, .. } => other == request,
            Proposal::Conversion(conversion) => conversion.id == request.id,
        })
    }
}

/// What the client of a transaction is told that is too large for the log, or for the way to the leader.
pub(super) fn too_large(schema: &DatabaseSchema, n_operations: usize, error: TooLarge) -> Bytes {
    let none_ran = (0..n_operations).map(|_| None);
    let replies: Vec<_> = none_ran.chain([Some(Err(exhausted(error)))]).collect();
    reply::failed_results(schema, &replies).into()
}

/// As RFC 7047 calls it.
pub(super) fn exhausted(error: TooLarge) -> OvsdbError {
    OvsdbError::new("resources exhausted", error.to_string())
}

fn touch(triggers: &mut Triggers<u64>, changes: &[RowChange]) {
    let tables: Vec<TableIdx> = changes.iter().map(|change| change.table).collect();
    triggers.touch(&tables);
}

#[cfg(test)]
mod tests {
    use ovsdb_data::json;

    use super::*;

    #[test]
    fn what_is_too_large_is_answered_as_a_failed_commit() {
        let text = br#"{"name": "D", "version": "1.0.0", "tables": {}}"#;
        let schema = json::parse(text).expect("JSON");
        let schema = DatabaseSchema::from_json(&schema).expect("a schema");
        let error = TooLarge::check(usize::MAX).expect_err("no log takes that");
        for n_operations in [0, 1, 3] {
            let told = too_large(&schema, n_operations, error);
            let told = json::parse(&told).expect("JSON");
            let told = told.as_array().expect("an array");
            let (last, before) = told.split_last().expect("the error");
            assert!(before.len() == n_operations && before.iter().all(serde_json::Value::is_null));
            assert_eq!(last["error"], "resources exhausted");
        }
    }
}
