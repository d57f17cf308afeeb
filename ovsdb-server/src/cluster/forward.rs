//! Requests between members: a follower's clients are served by the leader, whole requests at a time.
//!
//! The body of such a request is one JSON object: `{"transact": [operation...], "role"?, "id"?, "elapsed": ms}` or
//! `{"convert": schema}`. Its name is the state's id that a conversion leads to, or unique otherwise.

use std::time::Duration;

use bytes::Bytes;
use ovsdb_cluster::requests::of_conversion;
use ovsdb_data::json;
use ovsdb_engine::rbac::Identity;
use ovsdb_raft::machine::{Forwarded, Handled};
use ovsdb_raft::types::{Request, TooLarge};
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::convert::{Conversion, Initiator, Wish};
use super::lead::too_large;
use super::{Asked, Cluster};
use crate::asker::{Asker, Passed};
use crate::database::{Model, OpenDatabase};
use crate::link::SessionId;
use crate::server::{Host, Server};
use crate::session::Session;
use crate::triggers::Parked;

/// What another member asks for.
enum Body {
    Transact {
        operations: Vec<Value>,
        identity: Option<Identity>,
        elapsed: Duration,
    },
    Convert(Value),
}

impl Body {
    fn encode(&self) -> Bytes {
        let mut members = Map::new();
        match self {
            Body::Transact {
                operations,
                identity,
                elapsed,
            } => {
                members.insert("transact".into(), Value::Array(operations.clone()));
                if let Some(Identity { role, id }) = identity {
                    members.insert("role".into(), role.as_str().into());
                    members.insert("id".into(), id.as_deref().into());
                }
                let elapsed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                members.insert("elapsed".into(), elapsed.into());
            }
            Body::Convert(schema) => {
                members.insert("convert".into(), schema.clone());
            }
        }
        json::to_exact_string(&Value::Object(members)).into()
    }

    fn decode(text: &[u8]) -> Option<Body> {
        let Value::Object(mut members) = json::parse(text).ok()? else {
            return None;
        };
        if let Some(schema) = members.remove("convert") {
            return Some(Body::Convert(schema));
        }
        let Value::Array(operations) = members.remove("transact")? else {
            return None;
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let identity = members.get("role").and_then(text).map(|role| Identity {
            role,
            id: members.get("id").and_then(text),
        });
        let elapsed = members.get("elapsed").and_then(Value::as_u64).unwrap_or(0);
        Some(Body::Transact {
            operations,
            identity,
            elapsed: Duration::from_millis(elapsed),
        })
    }
}

/// Whether a transaction neither reads nor waits, and asks nothing of the server that the client is connected to
/// (`assert`).
fn only_changes(operations: &[Value]) -> bool {
    const CHANGES: [&str; 5] = ["insert", "update", "mutate", "delete", "comment"];
    let is_change = |op: &Value| op["op"].as_str().is_some_and(|op| CHANGES.contains(&op));
    !operations.is_empty() && operations.iter().all(is_change)
}

impl OpenDatabase {
    /// Passes a transaction on to the leader.
    pub(super) fn pass_on(
        &mut self,
        mut txn: Parked,
        sessions: &std::collections::BTreeMap<SessionId, Session>,
        host: &mut dyn Host,
    ) {
        let Model::Clustered(cluster) = &mut self.model else {
            return;
        };
        let request = *txn.tag.get_or_insert_with(|| Request {
            server: cluster.server,
            id: host.fresh_uuid(),
        });
        let identity = match &txn.asker {
            Asker::Client(session, _) => sessions.get(session).and_then(|s| s.profile.identity.clone()),
            Asker::Member(_) => None,
        };
        let body = Body::Transact {
            operations: std::mem::take(&mut txn.operations),
            identity,
            elapsed: host.now().saturating_sub(txn.since),
        };
        let encoded = body.encode();
        if let Body::Transact { operations, .. } = body {
            txn.operations = operations;
        }
        if let Err(error) = TooLarge::check(encoded.len()) {
            let results = too_large(&self.db.snapshot().schema, txn.operations.len(), error);
            return self.tell(sessions, txn.asker, results);
        }
        cluster.asked.insert(request.id, Asked::Transaction(txn));
        cluster.forward(request, encoded);
    }
}

impl Cluster {
    fn forward(&mut self, request: Request, body: Bytes) {
        self.ask(move |consensus| consensus.forward(Forwarded { request, body }));
    }

    /// Stops passing on one of this member's own requests.
    pub(super) fn forget(&mut self, id: ovsdb_data::Uuid) {
        let server = self.server;
        self.ask(move |consensus| consensus.forget(&Request { server, id }));
    }

    /// Passes a conversion on to the leader. Other contents come from a leader's own operator only.
    pub(super) fn pass_on_conversion(&mut self, conversion: Conversion) {
        let Wish::Schema(schema) = &conversion.wish else {
            if let Initiator::Operator(done) = conversion.initiator {
                // Who asked may have gone.
                let _ = done.send(Err("not the leader: ask the server that leads".to_owned()));
            }
            return;
        };
        let Ok(schema) = json::parse(schema.as_bytes()) else {
            return;
        };
        let request = Request {
            server: self.server,
            id: conversion.id,
        };
        self.asked.insert(conversion.id, Asked::Conversion(conversion));
        self.forward(request, Body::Convert(schema).encode());
    }

    /// A session has ended: nobody waits for its requests.
    pub(crate) fn forget_session(&mut self, session: SessionId) {
        let of = |asker: &Asker| matches!(asker, Asker::Client(client, _) if *client == session);
        let gone = self.asked.extract_if(
            ..,
            |_, asked| matches!(asked, Asked::Transaction(txn) if of(&txn.asker)),
        );
        let gone: Vec<ovsdb_data::Uuid> = gone.map(|(id, _)| id).collect();
        for id in gone {
            self.forget(id);
        }
        self.held.retain(|held| !of(&held.txn.asker));
        self.behind.retain(|txn| !of(&txn.asker));
    }

    /// Cancels a client's request that was passed on; true where there was one.
    pub(crate) fn cancel(&mut self, session: SessionId, request: &Value) -> bool {
        let found = self.asked.iter().find_map(|(id, asked)| match asked {
            Asked::Transaction(txn) if txn.is_of(session, request) => Some(*id),
            _ => None,
        });
        if let Some(id) = found {
            self.asked.remove(&id);
            self.forget(id);
        }
        found.is_some()
    }
}

impl Server {
    /// Passes a transaction on to the leader without running it here, if nothing in it is for this member to say: then
    /// it is not returned.
    pub(crate) fn pass_on_at_once(&mut self, name: &str, txn: Parked) -> Option<Parked> {
        let Server {
            databases,
            sessions,
            host,
            ..
        } = self;
        let Some(db) = databases.get_mut(name) else {
            return Some(txn);
        };
        let Model::Clustered(cluster) = &db.model else {
            return Some(txn);
        };
        let may_write = match &txn.asker {
            Asker::Client(session, _) => sessions.get(session).is_some_and(|s| !s.profile.read_only),
            Asker::Member(_) => false,
        };
        let follows = !cluster.leads() && cluster.standing.leader.is_some() && !cluster.is_converting();
        if !(follows && may_write && cluster.is_connected() && only_changes(&txn.operations)) {
            return Some(txn);
        }
        db.pass_on(txn, sessions, host.as_mut());
        None
    }

    /// Another member passes on a client's request.
    pub(super) fn forwarded(&mut self, name: &str, forwarded: Forwarded, answer: oneshot::Sender<Handled>) {
        let Forwarded { request, body } = forwarded;
        let Some(cluster) = self.cluster(name) else {
            return;
        };
        if !cluster.leads() {
            // The member may have gone.
            let _ = answer.send(Handled::NotLeading);
            return;
        }
        if cluster.is_known(&request) || cluster.is_known(&of_conversion(request.id)) {
            return cluster.came_again(&request, Passed::new(None, answer));
        }
        match Body::decode(&body) {
            None => {
                tracing::warn!(target: "raft", "{name}: server {} passes on what is no request", request.server)
            }
            Some(Body::Transact {
                operations,
                identity,
                elapsed,
            }) => {
                let txn = Parked {
                    asker: Asker::Member(Passed::new(identity, answer)),
                    operations,
                    since: self.host.now().saturating_sub(elapsed),
                    turn: None,
                    tag: Some(request),
                };
                self.run(name, txn);
                self.rerun_touched(name);
            }
            Some(Body::Convert(schema)) => self.convert_for_member(name, request, &schema, answer),
        }
    }

    fn convert_for_member(
        &mut self,
        name: &str,
        request: Request,
        schema: &Value,
        answer: oneshot::Sender<Handled>,
    ) {
        let passed = Passed::new(None, answer);
        let Some(open) = self.databases.get(name) else {
            return;
        };
        match open.check_conversion(schema) {
            Ok(schema) => self.convert_in_cluster(
                name,
                Conversion {
                    id: request.id,
                    initiator: Initiator::Member(passed),
                    wish: Wish::Schema(schema),
                },
            ),
            Err(error) => {
                let text = json::to_string(&ovsdb_wire::reply::error_value(&error));
                passed.reply(text.into());
            }
        }
    }

    /// What came of a request that was passed on and makes no entry.
    pub(super) fn answered(&mut self, name: &str, request: Request, results: Bytes) {
        let Some(cluster) = self.cluster(name) else { return };
        match cluster.asked.remove(&request.id) {
            Some(Asked::Transaction(txn)) => self.tell(name, txn.asker, results),
            Some(Asked::Conversion(conversion)) => {
                let error = json::parse(&results).unwrap_or(Value::Null);
                self.conversion_refused(conversion, &error);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ovsdb_data::Uuid;
    use ovsdb_raft::types::{Command, ServerId};
    use parking_lot::Mutex;

    use super::*;
    use crate::cluster::Consensus;

    #[test]
    fn a_body_survives_the_way() {
        for (identity, elapsed) in [
            (None, 0),
            (Some(("ovn-controller", Some("c1"))), 1500),
            (Some(("r", None)), 7),
        ] {
            let identity = identity.map(|(role, id)| Identity {
                role: role.to_owned(),
                id: id.map(str::to_owned),
            });
            let operations =
                vec![serde_json::json!({"op": "comment", "comment": "\u{7f}ä", "rows": [0.1 + 0.2]})];
            let sent = Body::Transact {
                operations: operations.clone(),
                identity: identity.clone(),
                elapsed: Duration::from_millis(elapsed),
            };
            match Body::decode(&sent.encode()) {
                Some(Body::Transact {
                    operations: o,
                    identity: i,
                    elapsed: e,
                }) => {
                    assert_eq!((o, e.as_millis()), (operations, elapsed.into()));
                    assert_eq!(i.map(|i| (i.role, i.id)), identity.map(|i| (i.role, i.id)));
                }
                _ => panic!("no transaction"),
            }
        }
    }

    /// What it was asked, in order.
    #[derive(Default)]
    struct Asked(Mutex<Vec<(&'static str, Uuid)>>);

    impl Consensus for Asked {
        fn propose(&self, _: Command) {}

        fn forward(&self, request: Forwarded) {
            self.0.lock().push(("forward", request.request.id));
        }

        fn forget(&self, request: &Request) {
            self.0.lock().push(("forget", request.id));
        }

        fn confirm(&self, _: u64) {}
    }

    #[test]
    fn what_is_passed_on_before_the_member_runs_waits_for_it() {
        let (server, asked) = (ServerId::default(), Arc::new(Asked::default()));
        let mut cluster = Cluster::new(server);
        let ids = [1, 2, 3].map(Uuid::from_u128);
        let request = |id| Request { server, id };
        cluster.forward(request(ids[0]), Bytes::new());
        cluster.forget(ids[0]);
        cluster.forward(request(ids[1]), Bytes::new());
        cluster.connect(asked.clone());
        cluster.forward(request(ids[2]), Bytes::new());
        let expected = [
            ("forward", ids[0]),
            ("forget", ids[0]),
            ("forward", ids[1]),
            ("forward", ids[2]),
        ];
        assert_eq!(*asked.0.lock(), expected);
    }

    #[test]
    fn nonsense_is_no_body() {
        for text in ["", "[]", "{}", "{\"transact\":1}", "\u{0}", "{\"transact\":[]"] {
            assert!(Body::decode(text.as_bytes()).is_none(), "{text}");
        }
    }
}
