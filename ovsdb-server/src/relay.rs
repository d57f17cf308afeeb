//! Relays: databases that follow another server's, answer reads themselves and forward writes (ovsdb(7) "Relay").
//!
//! In: the source's messages, transactions that write. Out: commits on the copy, forwarded transactions, their
//! replies. Never here: connecting.
//!
//! ```text
//!   source ──update──► Session ──Changed──► Database ──► monitors
//!   client ──transact─► runs here first: errors and waits are answered here
//!                          └─ it writes ──► Session ──► source ── update, then reply ──► client
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ovsdb_data::{Atom, ColumnIdx, DatabaseSchema, Datum, Row, RowChange, TableIdx, TxnId};
use ovsdb_engine::Database;
use ovsdb_idl::session::{Config, Event, Interest, Reply, RequestId, Session};
use ovsdb_wire::Frame;
use ovsdb_wire::message::Message;
use ovsdb_wire::reply;
use serde_json::Value;

use crate::asker::Asker;
use crate::database::{Model, OpenDatabase};
use crate::link::{Outlet, SessionId};
use crate::server::{Host, Server};
use crate::service::Source;
use crate::source::{SourceEvent, SourceSpec};
use crate::triggers::Parked;

/// How long a relay counts as connected after it lost its source: clients should not all leave for a reconnection.
const GRACE: Duration = Duration::from_secs(30);

/// Operations that leave the database as it is.
const READS: [&str; 6] = ["select", "wait", "commit", "abort", "comment", "assert"];

/// A relay's side of its source.
pub struct Relay {
    /// Where it copies from; none before it is told.
    pub spec: Option<SourceSpec>,
    session: Session,
    link: Option<Arc<dyn Outlet>>,
    /// The source's schema, until the rows of it arrive.
    coming: Option<Arc<DatabaseSchema>>,
    /// Whether a first copy has arrived.
    synced: bool,
    /// When the source was last followed.
    last_up: Option<Duration>,
    unsent: VecDeque<Parked>,
    sent: BTreeMap<RequestId, (SessionId, Value)>,
}

impl Relay {
    /// A relay of a database, not connected yet.
    pub fn new(db: &str) -> Relay {
        Relay {
            spec: None,
            session: Session::new(Config {
                db: db.to_owned(),
                leader_only: false,
                tables: Interest::All,
                schema: None,
            }),
            link: None,
            coming: None,
            synced: false,
            last_up: None,
            unsent: VecDeque::new(),
            sent: BTreeMap::new(),
        }
    }

    /// Whether a first copy has arrived.
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// Whether the source is followed, or was a moment ago.
    pub fn is_connected(&self, now: Duration) -> bool {
        self.session.is_connected() || self.last_up.is_some_and(|at| now.saturating_sub(at) < GRACE)
    }

    /// Sends a transaction on, now or when the source is there.
    pub(crate) fn forward(&mut self, txn: Parked) {
        self.unsent.push_back(txn);
        self.send_unsent();
        self.transmit();
    }

    fn send_unsent(&mut self) {
        while self.session.is_connected()
            && let Some(txn) = self.unsent.pop_front()
        {
            let id = self.session.transact(txn.operations.into());
            if let Asker::Client(session, request) = txn.asker {
                self.sent.insert(id, (session, request));
            }
        }
    }

    fn transmit(&mut self) {
        while let Some(frame) = self.session.poll_transmit() {
            if let Some(link) = &self.link {
                link.send(frame);
            }
        }
    }
}

/// Sends a message of ours to a source.
pub(crate) fn send(link: Option<&dyn Outlet>, message: &Message) {
    if let Some(link) = link {
        let mut text = Vec::new();
        message.write(&mut text);
        link.send(Frame::from(text));
    }
}

/// Whether a transaction must go to the source: one that may write.
pub(crate) fn writes(operations: &[Value]) -> bool {
    operations
        .iter()
        .any(|op| !op["op"].as_str().is_some_and(|op| READS.contains(&op)))
}

impl Server {
    /// Tells a relay its source, or another one.
    pub fn set_relay_source(&mut self, name: &str, source: &Source) {
        self.generations += 1;
        let generation = self.generations;
        let Some(open) = self.databases.get_mut(name) else {
            return;
        };
        let Model::Relay(relay) = &mut open.model else {
            return;
        };
        match &mut relay.spec {
            Some(spec) if spec.source.target == source.target => spec.source = source.clone(),
            spec => {
                // What the old source still says is not heard any more.
                relay.session.handle_disconnected();
                relay.link = None;
                *spec = Some(SourceSpec {
                    source: source.clone(),
                    generation,
                });
            }
        }
    }

    /// Something happened on a relay's connection.
    pub(crate) fn relay_event(&mut self, name: &str, event: SourceEvent) {
        let now = self.host.now();
        let Some(mut open) = self.databases.remove(name) else {
            return;
        };
        if let Model::Relay(relay) = &mut open.model {
            match event {
                SourceEvent::Up(link) => {
                    relay.link = Some(link);
                    relay.session.handle_connected();
                }
                SourceEvent::Message(message, n_bytes) => {
                    if let Some(link) = &relay.link {
                        link.release(n_bytes);
                    }
                    relay.session.handle_message(message);
                }
                SourceEvent::Down => {
                    relay.session.handle_disconnected();
                    relay.link = None;
                }
            }
        }
        let before = describe(&open, now);
        self.take_relay_events(&mut open, now);
        let after = describe(&open, now);
        self.databases.insert(name.to_owned(), open);
        if before != after {
            self.refresh_server_rows();
        }
        self.rerun_touched(name);
    }

    fn take_relay_events(&mut self, open: &mut OpenDatabase, now: Duration) {
        loop {
            let Model::Relay(relay) = &mut open.model else {
                return;
            };
            if relay.session.is_connected() {
                relay.last_up = Some(now);
            }
            relay.send_unsent();
            relay.transmit();
            let Some(event) = relay.session.poll_event() else {
                return;
            };
            match event {
                Event::Schema(schema) => relay.coming = Some(schema),
                Event::Reset { rows, txn_id } => {
                    relay.synced = true;
                    let schema = relay.coming.take();
                    self.reset_copy(open, schema, rows, txn_id);
                }
                Event::Changed { changes, txn_id } => {
                    let changes = rebase(open, changes, self.host.as_mut());
                    let txn_id = txn_id.unwrap_or_else(|| TxnId(self.host.fresh_uuid()));
                    open.committed(changes, txn_id);
                }
                Event::TxnReply { id, reply } => {
                    if let Some((session, request)) = relay.sent.remove(&id) {
                        self.answer_forwarded(session, &request, reply);
                    }
                }
                Event::TryNextRemote(refusal) => {
                    match refusal.is_warning() {
                        true => tracing::warn!(target: "ovsdb_cs", "{}: {refusal}", open.name),
                        false => tracing::info!(target: "ovsdb_cs", "{}: {refusal}", open.name),
                    }
                    if let Some(link) = &relay.link {
                        link.close("another server is tried");
                    }
                }
                Event::Connected(_)
                | Event::ConditionsMet(_)
                | Event::Locked
                | Event::Stolen
                | Event::LockLost => {}
            }
        }
    }

    /// The source's whole contents, perhaps of a new schema, which ends what clients had of the old one.
    fn reset_copy(
        &mut self,
        open: &mut OpenDatabase,
        schema: Option<Arc<DatabaseSchema>>,
        rows: Vec<(TableIdx, Row)>,
        txn_id: Option<TxnId>,
    ) {
        let txn_id = txn_id.unwrap_or_else(|| TxnId(self.host.fresh_uuid()));
        let schema = schema.unwrap_or_else(|| open.snapshot().schema.clone());
        let changes = rows.into_iter().map(|(table, row)| RowChange {
            table,
            uuid: row.uuid(),
            old: None,
            new: Some(row),
        });
        let mut db = Database::new(schema, txn_id);
        let versioned: Vec<RowChange> = changes
            .map(|change| with_version(change, self.host.as_mut()))
            .collect();
        db.apply(&versioned, txn_id);
        open.db = db;
        open.config_changed = true;
        self.end_service(open);
    }

    fn answer_forwarded(&mut self, session: SessionId, request: &Value, reply: Reply) {
        let frame = match reply {
            Reply::Result(results) => reply::text_result(request, results.as_bytes()),
            Reply::Error(error) => reply::error(request, &error),
            // It may have been committed or not: the client looks, as with a connection of its own that broke.
            Reply::Unsent | Reply::Lost => reply::error(request, &Value::from("canceled")),
        };
        self.catch_up(session);
        self.send(session, frame);
    }
}

fn describe(open: &OpenDatabase, now: Duration) -> Option<(bool, bool)> {
    match &open.model {
        Model::Relay(relay) => Some((relay.synced, relay.is_connected(now))),
        _ => None,
    }
}

/// The source's changes as changes of our copy: with versions of our own, and the old rows that we have.
fn rebase(open: &OpenDatabase, changes: Vec<RowChange>, host: &mut dyn Host) -> Vec<RowChange> {
    let present = open.snapshot();
    let ours = changes.into_iter().map(|change| RowChange {
        old: present.get(change.table, &change.uuid).cloned(),
        ..with_version(change, host)
    });
    ours.collect()
}

fn with_version(change: RowChange, host: &mut dyn Host) -> RowChange {
    let version = Datum::One(Atom::Uuid(host.fresh_uuid()));
    RowChange {
        new: change.new.map(|row| row.with_column(ColumnIdx::VERSION, version)),
        ..change
    }
}
