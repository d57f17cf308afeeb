//! The client's session beside a server of the engine's parts, at any pace: whatever is committed, converted, lost,
//! asked for and interrupted, what the program is told is what the replica holds, and once everything has arrived that
//! is what the server holds of what was asked for.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ovsdb_data::monitor::{MonitorSpec, MonitorVersion};
use ovsdb_data::{DatabaseSchema, Row, RowChange, TableIdx, TxnId, Uuid, json};
use ovsdb_engine::by_value::NONE;
use ovsdb_engine::lock::{Locks, Notice};
use ovsdb_engine::{Context, Database, History, Outcome, monitor};
use ovsdb_idl::refusal::Refusal;
use ovsdb_idl::session::{Config, Event, Interest, Reply, Session};
use ovsdb_wire::message::Message;
use ovsdb_wire::update;
use proptest::prelude::*;
use serde_json::{Value, json};

const TABLES: [&str; 2] = ["T", "U"];
/// The session's owner of locks, and somebody else.
const CLIENT: u64 = 1;
const OTHER: u64 = 2;

fn schema() -> Value {
    let columns = json!({
        "n": {"type": "integer"},
        "s": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
        "m": {"type": {"key": "string", "value": "integer", "min": 0, "max": "unlimited"}},
        "to": {"type": {"key": {"type": "uuid", "refTable": "T", "refType": "weak"}, "min": 0, "max": "unlimited"}}
    });
    json!({"name": "D", "version": "1.0.0", "tables": {"T": {"columns": columns}, "U": {"columns": columns}}})
}

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Value>),
    /// One message goes to the server, or to the client.
    ToServer,
    ToClient,
    /// Everything that was sent arrives, and what that causes.
    Settle,
    Connect,
    Disconnect,
    /// The newest monitor method that the server knows from now on.
    Knows(MonitorVersion),
    /// The server forgets what was before.
    ForgetHistory,
    /// The monitor is cancelled, as by a conversion.
    Cancel,
    Condition(usize, Value),
    Lock,
    Steal,
    Unlock,
    OtherLocks(bool),
    OtherUnlocks,
    Transact,
}

fn id(n: u128) -> String {
    Uuid::from_u128(n).to_string()
}

fn operation() -> impl Strategy<Value = Value> {
    let row = (
        0..3_i64,
        proptest::collection::btree_set("[a-c]", 0..3),
        0..5_u128,
    )
        .prop_map(|(n, s, to)| {
            let s: Vec<String> = s.into_iter().collect();
            let m: Vec<Value> = s.iter().map(|key| json!([key, n])).collect();
            json!({"n": n, "s": ["set", s], "m": ["map", m], "to": ["uuid", id(to)]})
        });
    (0..2_usize, 0..5_u128, 0..4, row).prop_map(|(table, n, what, row)| {
        let (table, uuid) = (TABLES[table], id(n));
        let is = json!([["_uuid", "==", ["uuid", uuid]]]);
        match what {
            0 | 1 => json!({"op": "insert", "table": table, "uuid": uuid, "row": row}),
            2 => json!({"op": "update", "table": table, "where": is, "row": row}),
            _ => json!({"op": "delete", "table": table, "where": is}),
        }
    })
}

fn clauses() -> impl Strategy<Value = Value> {
    let clause = prop_oneof![
        (0..3_i64).prop_map(|n| json!(["n", "==", n])),
        "[a-c]".prop_map(|s| json!(["s", "includes", s])),
    ];
    prop_oneof![
        Just(json!([true])),
        Just(json!([false])),
        proptest::collection::vec(clause, 1..3).prop_map(Value::Array),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let version = prop_oneof![
        Just(MonitorVersion::V1),
        Just(MonitorVersion::V2),
        Just(MonitorVersion::V3),
        Just(MonitorVersion::V3),
    ];
    prop_oneof![
        6 => proptest::collection::vec(operation(), 1..4).prop_map(Step::Commit),
        8 => Just(Step::ToServer),
        8 => Just(Step::ToClient),
        6 => Just(Step::Settle),
        4 => Just(Step::Connect),
        2 => Just(Step::Disconnect),
        1 => version.prop_map(Step::Knows),
        1 => Just(Step::ForgetHistory),
        1 => Just(Step::Cancel),
        4 => (0..2_usize, clauses()).prop_map(|(table, clauses)| Step::Condition(table, clauses)),
        2 => Just(Step::Lock),
        1 => Just(Step::Steal),
        1 => Just(Step::Unlock),
        2 => any::<bool>().prop_map(Step::OtherLocks),
        1 => Just(Step::OtherUnlocks),
        1 => Just(Step::Transact),
    ]
}

/// A server of one database and one client.
struct Server {
    db: Database,
    history: History,
    locks: Locks,
    knows: MonitorVersion,
    monitor: Option<(Value, MonitorVersion, MonitorSpec)>,
    n_ids: u128,
    sent: VecDeque<Message>,
}

impl Server {
    fn new() -> Server {
        let schema = DatabaseSchema::from_json(&schema()).expect("a schema");
        let first = TxnId(Uuid::from_u128(1 << 64));
        let mut history = History::default();
        history.start(first);
        Server {
            db: Database::new(Arc::new(schema), first),
            history,
            locks: Locks::default(),
            knows: MonitorVersion::V3,
            monitor: None,
            n_ids: 1 << 64,
            sent: VecDeque::new(),
        }
    }

    fn commit(&mut self, operations: &[Value]) -> Value {
        let n_ids = &mut self.n_ids;
        let mut fresh = || {
            *n_ids += 1;
            Uuid::from_u128(*n_ids)
        };
        let outcome = self.db.execute(
            operations,
            &mut Context {
                fresh: &mut fresh,
                read_only: false,
                identity: None,
                holds_lock: &|name| self.locks.holds(CLIENT, name),
                elapsed: Duration::ZERO,
            },
        );
        let txn_id = TxnId(fresh());
        match outcome {
            Outcome::Done { changes, .. } => {
                if !changes.is_empty() {
                    self.db.apply(&changes, txn_id);
                    let n_atoms = self.db.snapshot().n_atoms;
                    self.history.push(txn_id, changes.clone().into(), n_atoms);
                    self.tell(&changes);
                }
                json!([{}])
            }
            _ => json!([{"error": "constraint violation", "details": ""}]),
        }
    }

    /// Tells the client of changes.
    fn tell(&mut self, changes: &[RowChange]) {
        let Some((id, version, spec)) = &self.monitor else {
            return;
        };
        let now = self.db.snapshot();
        let seen = changes.iter().filter_map(|change| monitor::view(spec, change));
        let seen: Vec<RowChange> = seen.collect();
        if !seen.is_empty() {
            let body = update::encode(*version, spec, &now.schema, &seen);
            self.sent
                .push_back(notification(*version, id, now.txn_id, body.to_vec()));
        }
    }

    fn notices(&mut self, notices: Vec<Notice>) {
        for notice in notices {
            let (owner, name, method) = match notice {
                Notice::Locked(owner, name) => (owner, name, "locked"),
                Notice::Stolen(owner, name) => (owner, name, "stolen"),
            };
            if owner == CLIENT {
                let (method, params) = (method.to_owned(), vec![name.into()]);
                self.sent.push_back(Message::Notification { method, params });
            }
        }
    }

    fn disconnected(&mut self) {
        self.monitor = None;
        self.sent.clear();
        self.locks.drop_owner(CLIENT);
    }

    fn take(&mut self, message: Message) {
        let Message::Request { id, method, params } = message else {
            panic!("a client only asks");
        };
        let result = self.answer(&method, &params);
        self.sent.push_back(Message::Response { id, result });
    }

    fn answer(&mut self, method: &str, params: &[Value]) -> Result<Value, Value> {
        let version = match method {
            "monitor" => Some(MonitorVersion::V1),
            "monitor_cond" => Some(MonitorVersion::V2),
            "monitor_cond_since" => Some(MonitorVersion::V3),
            _ => None,
        };
        let name = params[0].as_str();
        match method {
            "get_schema" if name == Some("D") => Ok(schema()),
            "get_schema" => Err(json!("unknown database")),
            "transact" => Ok(self.commit(&params[1..])),
            "lock" | "steal" => {
                let name = name.expect("a lock's name");
                let asked = self.locks.lock(CLIENT, name, method == "steal");
                let (is_ours, notices) = asked.expect("a client asks once on a connection");
                self.notices(notices);
                Ok(json!({"locked": is_ours}))
            }
            "unlock" => {
                let given_up = self.locks.unlock(CLIENT, name.expect("a lock's name"));
                self.notices(given_up.expect("a client gives up what it asked for"));
                Ok(json!({}))
            }
            "monitor_cancel" => {
                let cancelled = self.monitor.take();
                assert!(
                    cancelled.is_some_and(|(id, ..)| id == params[0]),
                    "a monitor is cancelled"
                );
                Ok(json!({}))
            }
            "monitor_cond_change" => {
                let Some((_, version, spec)) = self.monitor.as_mut().filter(|(id, ..)| *id == params[0])
                else {
                    return Err(json!("unknown monitor session"));
                };
                let now = self.db.snapshot();
                let new = spec
                    .with_conditions(&params[2], &now.schema)
                    .expect("conditions of the schema's columns");
                let changes = monitor::reconditioned(spec, &new, now, NONE);
                *spec = new;
                if !changes.is_empty() {
                    let body = update::encode(*version, spec, &now.schema, &changes);
                    let told = notification(*version, &params[1], now.txn_id, body.to_vec());
                    self.sent.push_back(told);
                }
                Ok(json!({}))
            }
            _ => match version {
                Some(version) if version <= self.knows => Ok(self.start_monitor(version, params)),
                _ => Err(json!("unknown method")),
            },
        }
    }

    fn start_monitor(&mut self, version: MonitorVersion, params: &[Value]) -> Value {
        assert!(self.monitor.is_none(), "a client monitors once");
        let now = self.db.snapshot();
        let spec = MonitorSpec::from_json(&params[2], &now.schema, version).expect("requests of the schema");
        let since = params.get(3).map(|last| {
            let last = last.as_str().and_then(|text| Uuid::try_parse(text).ok());
            TxnId(last.expect("a txn id"))
        });
        let missed = since.and_then(|since| self.history.since(since));
        let body = match &missed {
            Some(changes) => {
                let seen = changes.iter().filter_map(|change| monitor::view(&spec, change));
                update::encode(version, &spec, &now.schema, &seen.collect::<Vec<_>>()).to_vec()
            }
            None => update::dump(version, &spec, &now.schema, monitor::initial(&spec, now, NONE)).concat(),
        };
        let body = json::parse(&body).expect("a body is JSON");
        let reply = match since {
            Some(_) => json!([missed.is_some(), now.txn_id.to_string(), body]),
            None => body,
        };
        self.monitor = Some((params[1].clone(), version, spec));
        reply
    }
}

fn notification(version: MonitorVersion, monitor: &Value, last: TxnId, body: Vec<u8>) -> Message {
    let frame = update::notification(version, monitor, last, &[body.into()]);
    let bytes = frame.0.concat();
    Message::parse(&bytes).expect("a server's message")
}

/// A client, its server, and what the program was told.
struct World {
    session: Session,
    server: Server,
    is_up: bool,
    asked: VecDeque<Message>,
    told: BTreeMap<(TableIdx, Uuid), Row>,
    was_told_lock: bool,
    wants_lock: bool,
    /// Conditions by table, and the number of their last change.
    wanted: [Value; 2],
    change: u64,
    met: u64,
    waiting: usize,
}

impl World {
    fn new() -> World {
        World {
            session: Session::new(Config {
                db: "D".to_owned(),
                leader_only: false,
                tables: Interest::All,
                schema: None,
            }),
            server: Server::new(),
            is_up: false,
            asked: VecDeque::new(),
            told: BTreeMap::new(),
            was_told_lock: false,
            wants_lock: false,
            wanted: [json!([true]), json!([true])],
            change: 0,
            met: 0,
            waiting: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Commit(operations) => {
                self.server.commit(&operations);
            }
            Step::ToServer => self.deliver_to_server(),
            Step::ToClient => self.deliver_to_client(),
            Step::Settle => self.settle(),
            Step::Connect if !self.is_up => {
                self.is_up = true;
                self.session.handle_connected();
            }
            Step::Disconnect if self.is_up => self.disconnect(),
            Step::Connect | Step::Disconnect => {}
            Step::Knows(version) => self.server.knows = version,
            Step::ForgetHistory => {
                let now = self.server.db.snapshot().txn_id;
                self.server.history.start(now);
            }
            Step::Cancel => {
                if let Some((id, ..)) = self.server.monitor.take() {
                    let (method, params) = ("monitor_canceled".to_owned(), vec![id]);
                    self.server
                        .sent
                        .push_back(Message::Notification { method, params });
                }
            }
            Step::Condition(table, clauses) => {
                let change = self.session.set_condition(TABLES[table], clauses.clone());
                self.change = self.change.max(change);
                self.wanted[table] = clauses;
            }
            Step::Lock => {
                self.session.lock("L");
                self.wants_lock = true;
            }
            Step::Steal => {
                self.session.steal("L");
                self.wants_lock = true;
            }
            Step::Unlock => {
                self.session.unlock();
                (self.wants_lock, self.was_told_lock) = (false, false);
            }
            Step::OtherLocks(steals) => {
                // Who has it already does not ask again.
                if let Ok((_, notices)) = self.server.locks.lock(OTHER, "L", steals) {
                    self.server.notices(notices);
                }
            }
            Step::OtherUnlocks => {
                if let Ok(notices) = self.server.locks.unlock(OTHER, "L") {
                    self.server.notices(notices);
                }
            }
            Step::Transact => {
                self.session
                    .transact(vec![json!({"op": "insert", "table": "T", "row": {}})].into());
                self.waiting += 1;
            }
        }
        self.take_output();
        self.check();
    }

    fn disconnect(&mut self) {
        self.is_up = false;
        self.asked.clear();
        self.server.disconnected();
        self.session.handle_disconnected();
    }

    fn deliver_to_server(&mut self) {
        if let Some(message) = self.asked.pop_front() {
            self.server.take(message);
        }
    }

    fn deliver_to_client(&mut self) {
        if let Some(message) = self.server.sent.pop_front() {
            let mut text = Vec::new();
            message.write(&mut text);
            if !self.session.handle_text(&text) {
                self.session.handle_message(message);
            }
            self.take_output();
        }
    }

    fn settle(&mut self) {
        self.take_output();
        while !self.asked.is_empty() || !self.server.sent.is_empty() {
            self.deliver_to_server();
            self.deliver_to_client();
        }
    }

    fn take_output(&mut self) {
        while let Some(text) = self.session.poll_transmit() {
            assert!(self.is_up, "nothing is sent without a connection");
            self.asked
                .push_back(Message::parse(&text.to_vec()).expect("what is sent is a message"));
        }
        while let Some(event) = self.session.poll_event() {
            self.take_event(event);
        }
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::Reset { rows, .. } => {
                self.told = rows
                    .into_iter()
                    .map(|(table, row)| ((table, row.uuid()), row))
                    .collect();
            }
            Event::Changed { changes, .. } => {
                for change in changes {
                    let key = (change.table, change.uuid);
                    let before = match change.new {
                        Some(new) => self.told.insert(key, new),
                        None => self.told.remove(&key),
                    };
                    assert_eq!(before, change.old, "an old row is the one told before");
                }
            }
            Event::TxnReply { reply, .. } => {
                assert!(matches!(reply, Reply::Unsent | Reply::Lost | Reply::Result(_)));
                self.waiting -= 1;
            }
            Event::Locked => self.was_told_lock = true,
            Event::Stolen | Event::LockLost => self.was_told_lock = false,
            Event::ConditionsMet(met) => {
                assert!(met > self.met, "conditions are met in order");
                self.met = met;
            }
            // Cancelled by the server while the client gave it up, too.
            Event::TryNextRemote(Refusal::Unexpected(what)) if what == "monitor_canceled" => {
                self.disconnect()
            }
            Event::TryNextRemote(refusal) => panic!("the server will do, yet {refusal}"),
            Event::Connected(_) | Event::Schema(_) => {}
        }
    }

    /// What holds at all times, and what holds when nothing is on its way.
    fn check(&self) {
        assert_eq!(self.was_told_lock, self.session.has_lock());
        assert_eq!(self.met, self.session.conditions_met());
        if let Some(replica) = self.session.replica() {
            let tables = (0..2).map(TableIdx);
            let held = tables.flat_map(|table| replica.rows(table).map(move |row| (table, row)));
            let told = self.told.iter().map(|((table, _), row)| (*table, row));
            assert!(held.eq(told), "what is told is what is held");
        }
        if !self.is_up || !self.asked.is_empty() || !self.server.sent.is_empty() {
            return;
        }
        assert!(
            self.session.is_connected(),
            "a client that has its answers follows"
        );
        assert_eq!(self.session.conditions_met(), self.change);
        assert_eq!(self.session.has_lock(), self.server.locks.holds(CLIENT, "L"));
        let others = self.server.locks.holds(OTHER, "L");
        assert_eq!(self.session.has_lock(), self.wants_lock && !others);
        assert_eq!(self.session.is_lock_contended(), self.wants_lock && others);
        assert_eq!(self.waiting, 0, "every transaction has its outcome");
        let now = self.server.db.snapshot();
        let (_, version, _) = self.server.monitor.as_ref().expect("the client monitors");
        let mut wanted = json!({});
        for (table, clauses) in TABLES.iter().zip(&self.wanted) {
            wanted[*table] = match version {
                MonitorVersion::V1 => json!([{}]),
                _ => json!([{"where": clauses}]),
            };
        }
        let spec = MonitorSpec::from_json(&wanted, &now.schema, MonitorVersion::V3).expect("requests");
        let truth = monitor::initial(&spec, now, NONE).map(|(table, row)| text(table, row));
        let told = self.told.iter().map(|((table, _), row)| text(*table, row));
        assert_eq!(told.collect::<Vec<_>>(), truth.collect::<Vec<_>>());
    }
}

/// A row without its version, which clients are not told.
fn text(table: TableIdx, row: &Row) -> String {
    let columns = row.iter().filter(|(column, _)| column.0 != 1);
    format!("{table:?} {:?}", columns.collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn the_replica_is_what_was_asked_for(
        has_begun in any::<bool>(),
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new();
        let to_follow = [Step::Connect, Step::Settle, Step::Connect, Step::Settle];
        for step in to_follow.iter().filter(|_| has_begun).chain(&steps).chain(&to_follow) {
            world.step(step.clone());
        }
    }
}
