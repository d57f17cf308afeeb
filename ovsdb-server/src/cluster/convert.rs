//! Another schema, or other contents altogether, as one log entry (ovsdb-server(7) `convert`). Every member makes the
//! new database elsewhere while it serves the old one, and puts it in place before the next entry.

use std::sync::Arc;

use bytes::Bytes;
use ovsdb_cluster::contents;
use ovsdb_cluster::requests::of_conversion;
use ovsdb_data::{DatabaseSchema, OvsdbError, TxnId, Uuid, json};
use ovsdb_engine::Database;
use ovsdb_engine::convert::convert;
use ovsdb_raft::types::{Command, TooLarge};
use ovsdb_wire::reply;
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::lead::exhausted;
use super::{Asked, Cluster, ClusterEvent, InFlight, Proposal};
use crate::asker::{Asker, Passed};
use crate::calls::new_schema;
use crate::database::{Model, OpenDatabase};
use crate::host::fresh_uuid;
use crate::link::SessionId;
use crate::server::{Event, Server};
use crate::triggers::Parked;

/// Somebody wants another schema, or other contents.
pub(crate) struct Conversion {
    /// The state that it leads to.
    pub id: Uuid,
    pub initiator: Initiator,
    /// What to propose.
    pub wish: Wish,
}

/// What is wished for.
#[derive(Clone)]
pub(crate) enum Wish {
    /// The schema's JSON text.
    Schema(Arc<str>),
    /// A schema and the record of all rows, with an index to reach at least.
    Contents(Arc<str>, bytes::Bytes, u64),
}

/// Who wants it.
pub(crate) enum Initiator {
    /// A client of this server: its session and the request's id.
    Client(SessionId, Value),
    /// Another member, for a client of its own.
    Member(Passed),
    /// An operator.
    Operator(oneshot::Sender<Result<(), String>>),
    /// The cluster's first contents.
    Founder,
}

impl Conversion {
    /// It is not followed any more; whoever is to be told so.
    pub fn give_up(self) -> Option<Asker> {
        match self.initiator {
            Initiator::Client(session, request) => Some(Asker::Client(session, request)),
            Initiator::Member(passed) => Some(Asker::Member(passed)),
            Initiator::Operator(done) => {
                // Who asked may have gone.
                let _ = done.send(Err("the database was replaced or removed meanwhile".to_owned()));
                None
            }
            Initiator::Founder => None,
        }
    }
}

/// A conversion that ran elsewhere.
pub struct Converted {
    db: String,
    id: Uuid,
    index_at_least: u64,
    result: Result<Database, OvsdbError>,
}

impl Server {
    /// Asks the cluster for another schema or other contents. What must hold has been checked on the present state.
    pub(crate) fn convert_in_cluster(&mut self, name: &str, conversion: Conversion) {
        let Some(cluster) = self.cluster(name) else { return };
        // It came a second time while it ran.
        if let Some(told) = cluster.requests.get(&of_conversion(conversion.id)).cloned() {
            return self.conversion_executed(conversion, &told);
        }
        if cluster.leads() {
            return match cluster.is_converting() {
                true => cluster.convert_later(conversion),
                false => self.propose_conversion(name, conversion),
            };
        }
        if let Initiator::Member(passed) = conversion.initiator {
            return passed.refuse();
        }
        cluster.pass_on_conversion(conversion);
    }

    fn propose_conversion(&mut self, name: &str, conversion: Conversion) {
        let Some(db) = self.databases.get_mut(name) else {
            return;
        };
        let prerequisite = db.db.snapshot().txn_id.0;
        let Model::Clustered(cluster) = &mut db.model else {
            return;
        };
        let id = conversion.id;
        let command = match conversion.wish.clone() {
            Wish::Schema(schema) => Command::Convert {
                id,
                prerequisite,
                schema,
            },
            Wish::Contents(schema, record, index_at_least) => Command::Restore {
                id,
                schema,
                record,
                index_at_least,
            },
        };
        if let Err(error) = command.check() {
            tracing::error!(target: "raft", "{name}: other contents or another schema are refused: {error}");
            return match conversion.initiator {
                Initiator::Member(passed) => {
                    passed.reply(json::to_string(&reply::error_value(&exhausted(error))).into());
                }
                initiator => self.answer_conversion(
                    Conversion {
                        initiator,
                        ..conversion
                    },
                    Err(exhausted(error)),
                ),
            };
        }
        cluster.put_in_flight(id, Proposal::Conversion(conversion));
        cluster.ask(|consensus| consensus.propose(command));
    }

    /// Begins what a conversion's entry says. False when nothing has to be waited for.
    pub(super) fn begin_conversion(
        &mut self,
        name: &str,
        command: Command,
        taken_back: &mut Vec<Parked>,
    ) -> bool {
        let Some(db) = self.databases.get_mut(name) else {
            return false;
        };
        let present = db.snapshot().clone();
        let Model::Clustered(cluster) = &mut db.model else {
            return false;
        };
        let (id, prerequisite) = match &command {
            Command::Convert { id, prerequisite, .. } => (*id, Some(*prerequisite)),
            Command::Restore { id, .. } => (*id, None),
            Command::Transaction(_) | Command::ElectionTimer(_) | Command::Verify(_) => return false,
        };
        let own = cluster.in_flight.front().is_some_and(|first| first.id == id);
        // The same conversion a second time.
        if let Some(told) = cluster.requests.get(&of_conversion(id)).cloned() {
            if own
                && let Some(InFlight {
                    what: Proposal::Conversion(conversion),
                    ..
                }) = cluster.in_flight.pop_front()
            {
                self.conversion_executed(conversion, &told);
            }
            return false;
        }
        // Another state. What is in flight may be a later proposal of it.
        if prerequisite.is_some_and(|p| p != present.txn_id.0) {
            return false;
        }
        match own {
            // Nothing was put in flight after it.
            true => {
                if let Some(InFlight {
                    what: Proposal::Conversion(conversion),
                    ..
                }) = cluster.in_flight.pop_front()
                {
                    // This member may have passed it on to itself, when it had just begun to lead.
                    cluster.asked.entry(id).or_insert(Asked::Conversion(conversion));
                }
            }
            false => taken_back.extend(db.take_back()),
        }
        if let Some(cluster) = self.cluster(name) {
            cluster.converting = true;
        }
        let db = name.to_owned();
        self.host.spawn(Box::new(move || {
            let fresh = &mut fresh_uuid;
            let (result, index_at_least) = match command {
                Command::Convert { schema, .. } => {
                    let schema = json::parse(schema.as_bytes())
                        .map_err(|error| OvsdbError::new("syntax error", error.to_string()))
                        .and_then(|schema| DatabaseSchema::from_json(&schema));
                    let converted =
                        schema.and_then(|schema| convert(&present, Arc::new(schema), TxnId(id), fresh));
                    (converted, 0)
                }
                Command::Restore {
                    schema,
                    record,
                    index_at_least,
                    ..
                } => {
                    let read = contents::database(&schema, &record, TxnId(id), &fresh_uuid);
                    (
                        read.map_err(|error| OvsdbError::new("ovsdb error", error.to_string())),
                        index_at_least,
                    )
                }
                Command::Transaction(_) | Command::ElectionTimer(_) | Command::Verify(_) => {
                    return Event::Nothing;
                }
            };
            let converted = Converted {
                db: db.clone(),
                id,
                index_at_least,
                result,
            };
            Event::Cluster(db, ClusterEvent::Converted(converted))
        }));
        true
    }

    /// A conversion's new database has been made.
    pub(super) fn converted(&mut self, converted: Converted) {
        let Converted {
            db: name,
            id,
            index_at_least,
            result,
        } = converted;
        let Some(mut open) = self.databases.remove(&name) else {
            return;
        };
        let Model::Clustered(cluster) = &mut open.model else {
            self.databases.insert(name, open);
            return;
        };
        let conversion = cluster.take_conversion(id);
        let told = match &result {
            Ok(_) => Bytes::new(),
            Err(error) => json::to_string(&reply::error_value(error)).into(),
        };
        cluster.requests.insert(of_conversion(id), told);
        let behind: Vec<Parked> = std::mem::take(&mut cluster.behind);
        // Other conversions are not ended by this one: each takes its turn.
        let next = std::mem::take(&mut cluster.next_conversions);
        let is_conversion = |_: &Uuid, asked: &mut Asked| matches!(asked, Asked::Conversion(_));
        let asked: Vec<(Uuid, Asked)> = cluster.asked.extract_if(.., is_conversion).collect();
        cluster.converting = false;
        if let Some(founded) = cluster.founded.take() {
            // Who waited may have given up.
            let _ = founded.send(());
        }
        let outcome = match result {
            Ok(db) => {
                cluster.loaded = true;
                cluster.index_base = cluster
                    .index_base
                    .max(index_at_least.saturating_sub(cluster.applied));
                open.db = db;
                open.config_changed = true;
                Ok(())
            }
            // Every member finds the same error, and goes on with what it has.
            Err(error) => Err(error),
        };
        if outcome.is_ok() {
            self.end_service(&mut open);
        }
        if let Model::Clustered(cluster) = &mut open.model {
            cluster.asked.extend(asked);
        }
        self.databases.insert(name.clone(), open);
        if let Err(error) = &outcome {
            tracing::warn!(target: "ovsdb", "{name}: a conversion failed and changes nothing: {error}");
        }
        if let Some(conversion) = conversion {
            self.answer_conversion(conversion, outcome);
        }
        self.run_again(&name, behind);
        for conversion in next {
            self.convert_in_cluster(&name, conversion);
        }
        self.settle(&name);
        self.refresh_server_rows();
        self.go_on_applying(&name);
    }

    /// A conversion that was passed on was executed; a snapshot says so, and what came of it.
    pub(super) fn conversion_executed(&mut self, conversion: Conversion, told: &[u8]) {
        match json::parse(told) {
            Ok(error) => self.conversion_refused(conversion, &error),
            Err(_) => self.answer_conversion(conversion, Ok(())),
        }
    }

    fn answer_conversion(&mut self, conversion: Conversion, outcome: Result<(), OvsdbError>) {
        match conversion.initiator {
            Initiator::Client(session, request) => match outcome {
                // Whoever is not aware of changes has been disconnected, unless a snapshot of the same schema came in
                // place of the entry.
                Ok(()) => self.send(session, reply::result(&request, &Value::Object(Map::new()))),
                Err(error) => self.send(session, reply::error(&request, &reply::error_value(&error))),
            },
            Initiator::Operator(done) => {
                // Who asked may have gone.
                let _ = done.send(outcome.map_err(|error| error.to_string()));
            }
            // It sees the entry itself.
            Initiator::Member(_) | Initiator::Founder => {}
        }
    }

    /// What the leader said to a conversion that was passed on: only refusals come by this way.
    pub(super) fn conversion_refused(&mut self, conversion: Conversion, error: &Value) {
        match conversion.initiator {
            Initiator::Client(session, request) => self.send(session, reply::error(&request, error)),
            Initiator::Operator(done) => {
                let _ = done.send(Err(json::to_string(error)));
            }
            Initiator::Member(_) | Initiator::Founder => {}
        }
    }
}

/// Refuses a schema that a cluster cannot have.
fn check_persistent(schema: &DatabaseSchema) -> Result<(), OvsdbError> {
    for (_, table) in schema.iter() {
        if let Some((_, column)) = table.iter().skip(2).find(|(_, column)| !column.persistent) {
            return Err(OvsdbError::new(
                "syntax error",
                format!(
                    "Table {} column {} is ephemeral but clustered databases do not support ephemeral columns.",
                    table.name, column.name
                ),
            ));
        }
    }
    Ok(())
}

impl Cluster {
    /// Keeps a conversion until the present one has ended. What members pass on may come again meanwhile.
    fn convert_later(&mut self, conversion: Conversion) {
        let mut all = self.next_conversions.iter_mut();
        let Some(known) = all.find(|next| next.id == conversion.id) else {
            return self.next_conversions.push(conversion);
        };
        match (&mut known.initiator, conversion.initiator) {
            (Initiator::Member(passed), Initiator::Member(again)) => passed.join(again),
            (initiator, again) => *initiator = again,
        }
    }

    /// A conversion in flight has lost its leader: whoever leads now is asked.
    pub(super) fn take_back_conversion(&mut self, conversion: Conversion) {
        match conversion.initiator {
            Initiator::Member(passed) => passed.refuse(),
            // Done again as soon as somebody leads.
            Initiator::Founder => {}
            Initiator::Operator(done) => {
                let _ = done.send(Err(
                    "leadership was lost meanwhile: look whether it took place before you ask again"
                        .to_owned(),
                ));
            }
            Initiator::Client(..) => self.pass_on_conversion(conversion),
        }
    }

    fn take_conversion(&mut self, id: Uuid) -> Option<Conversion> {
        match self.asked.remove(&id) {
            Some(Asked::Conversion(conversion)) => {
                self.forget(id);
                Some(conversion)
            }
            _ => None,
        }
    }
}

impl OpenDatabase {
    /// Looks whether the present contents fit a schema, and gives its text for the log.
    pub(crate) fn check_conversion(&self, schema: &Value) -> Result<Arc<str>, OvsdbError> {
        let new = new_schema(&self.name, schema)?;
        check_persistent(&new)?;
        let id = self.snapshot().txn_id;
        convert(self.snapshot(), new, id, &mut fresh_uuid)?;
        let text = json::to_string(schema);
        TooLarge::check(text.len()).map_err(exhausted)?;
        Ok(text.into())
    }
}
