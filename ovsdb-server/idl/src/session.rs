//! A client of one database: sans-IO, over one connection at a time.
//!
//! In: connections that come and go, a server's messages, requests of the program. Out: messages to send, events.
//! Never here: sockets, clocks, which remote is next.
//!
//! ```text
//!   get_schema _Server ─► monitor_cond _Server ─► fit? ─► set_db_change_aware, monitor_cond_since ─► following
//!        │ error                                   │ no                │ unknown method                │
//!        └─► get_schema DB ────────────────┐       └─► TryNextRemote   └─► monitor_cond ─► monitor     │
//!                 ▲                        └──────────────────────────────────▲                        │
//!                 └───────────────────────── monitor_canceled ─────────────────────────────────────────┘
//! ```

mod conditions;
mod lock;
mod text;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ovsdb_data::monitor::MonitorVersion;
use ovsdb_data::{DatabaseSchema, Row, RowChange, TableIdx, TxnId, Uuid, json};
use ovsdb_wire::message::Message;
use ovsdb_wire::reply::Frame;
use serde_json::{Map, Value, json};

use crate::operations::Operations;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::server_row;
use crate::tables::{NoRows, Rows, Schema};
use conditions::Conditions;
use lock::Lock;

/// What to follow.
#[derive(Clone, Debug)]
pub struct Config {
    /// The database's name.
    pub db: String,
    /// Only the leader of a cluster will do.
    pub leader_only: bool,
    /// What to monitor.
    pub tables: Interest,
    /// The schema the program was built for; none takes the server's. Tables and columns that only one side has are
    /// not monitored.
    pub schema: Option<DatabaseSchema>,
}

/// The tables and columns to monitor.
#[derive(Clone, Debug)]
pub enum Interest {
    /// Everything.
    All,
    /// Tables by name with the names of their columns; none is every column.
    Tables(BTreeMap<String, Option<Vec<String>>>),
}

/// A request of the program, for matching its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// What a transaction came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The text of the array of results (RFC 7047 §4.1.3), errors of operations included: as values, those of a large
    /// transaction would take many times its size.
    Result(String),
    /// The request as a whole was refused.
    Error(Value),
    /// It was not sent: no server was followed.
    Unsent,
    /// The connection ended first: the transaction may or may not have been committed.
    Lost,
}

/// What happened.
#[derive(Debug, PartialEq)]
pub enum Event {
    /// The replica follows the server from now on, or no longer.
    Connected(bool),
    /// The rows that come next are of this schema.
    Schema(Arc<DatabaseSchema>),
    /// The first contents, the first after the schema changed, or the present ones for a program that has missed events:
    /// forget all rows from before.
    Reset {
        /// Every row.
        rows: Vec<(TableIdx, Row)>,
        /// The state's id, where the server keeps any.
        txn_id: Option<TxnId>,
    },
    /// Rows changed; also the net difference after a reconnection.
    Changed {
        /// By table and uuid.
        changes: Vec<RowChange>,
        /// The state's id, where the server keeps any.
        txn_id: Option<TxnId>,
    },
    /// The answer to [`Session::transact`]; the changes it made came before it.
    TxnReply {
        /// Which one.
        id: RequestId,
        /// What it came to.
        reply: Reply,
    },
    /// The contents match what was asked for up to this change of conditions ([`Session::set_condition`]).
    ConditionsMet(u64),
    /// The lock asked for is ours.
    Locked,
    /// The lock is somebody else's now; the server gives it back when it can.
    Stolen,
    /// The connection that held the lock is gone; the next one asks for it.
    LockLost,
    /// This server will not do: close the connection, dial the next remote.
    TryNextRemote(Refusal),
}

/// How far the handshake has come; a number is that of the request whose answer is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No connection, or one given up.
    Down,
    ServerSchema(u64),
    ServerMonitor(u64),
    DbSchema(u64),
    Monitor(u64, MonitorVersion),
    Following(MonitorVersion),
}

/// The client.
#[derive(Debug)]
pub struct Session {
    config: Config,
    state: State,
    next_id: u64,
    /// `_Server`, while it is monitored.
    server: Option<Replica>,
    /// The index of the last member followed: one that is behind it is stale.
    min_index: i64,
    replica: Option<Replica>,
    /// The replica has contents that its consumer knows.
    filled: bool,
    /// What the replica was filled by; a txn id means nothing under another request.
    requests: Value,
    /// The state that the replica holds; zero where the server keeps no ids.
    last: TxnId,
    /// The server's schema.
    theirs: Option<DatabaseSchema>,
    conditions: Conditions,
    txns: BTreeSet<u64>,
    lock: Option<Lock>,
    /// Texts of messages.
    out: VecDeque<Frame>,
    events: VecDeque<Event>,
}

impl Session {
    /// A client without a connection.
    pub fn new(config: Config) -> Session {
        Session {
            config,
            state: State::Down,
            next_id: 0,
            server: None,
            min_index: 0,
            replica: None,
            filled: false,
            requests: Value::Null,
            last: TxnId::default(),
            theirs: None,
            conditions: Conditions::default(),
            txns: BTreeSet::new(),
            lock: None,
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// The database's name.
    pub fn db(&self) -> &str {
        &self.config.db
    }

    /// The rows, once there was a schema; older than the server's while not connected.
    pub fn replica(&self) -> Option<&Replica> {
        self.replica.as_ref()
    }

    /// The rows as the types of the schema that [`Config::schema`] brought.
    pub fn rows<S: Schema>(&self) -> Result<Rows<'_, S>, NoRows> {
        let not_yet = || NoRows::NotYet(self.config.db.clone());
        self.replica.as_ref().ok_or_else(not_yet)?.typed()
    }

    /// Whether the replica follows a server.
    pub fn is_connected(&self) -> bool {
        matches!(self.state, State::Following(_))
    }

    /// Takes any member of a cluster, however far it is behind the last one: for a cluster that was made anew.
    pub fn forget_index(&mut self) {
        self.min_index = 0;
    }

    /// A connection is there: the handshake begins.
    pub fn handle_connected(&mut self) {
        self.handle_disconnected();
        self.state = State::ServerSchema(self.request("get_schema", vec!["_Server".into()]));
    }

    /// The connection is gone: what was asked is lost.
    pub fn handle_disconnected(&mut self) {
        self.out.clear();
        self.server = None;
        self.lose_lock();
        self.interrupt_conditions();
        self.set_state(State::Down);
        for id in std::mem::take(&mut self.txns) {
            let (id, reply) = (RequestId(id), Reply::Lost);
            self.events.push_back(Event::TxnReply { id, reply });
        }
    }

    /// A message of the server.
    pub fn handle_message(&mut self, message: Message) {
        if self.state == State::Down {
            return;
        }
        let handled = match message {
            Message::Request { id, method, params } if method == "echo" => {
                let result = Ok(Value::Array(params));
                self.send(&Message::Response { id, result });
                Ok(())
            }
            Message::Request { method, .. } => Err(Refusal::Unexpected(format!("request {method}"))),
            Message::Notification { method, params } => self.notification(&method, params),
            Message::Response { id, result } => self.response(&id, result),
        };
        if let Err(refusal) = handled {
            self.give_up(refusal);
        }
    }

    /// A message of the server as its text, if it is one that may be large, and nothing about it is unusual: rows are
    /// made of it at once, and what a transaction came to stays a text. All others are for
    /// [`Session::handle_message`]; whether it was taken.
    pub fn handle_text(&mut self, text: &[u8]) -> bool {
        self.take_text(text).is_some()
    }

    fn take_text(&mut self, text: &[u8]) -> Option<()> {
        let large = text::Large::parse(text)?;
        if let text::Large::Answer { id, result } = large
            && self.txns.remove(&id)
        {
            let (id, reply) = (RequestId(id), Reply::Result(result.to_owned()));
            self.events.push_back(Event::TxnReply { id, reply });
            return Some(());
        }
        let replica = self.replica.as_mut()?;
        match (self.state, large) {
            (State::Following(version), text::Large::Update(told)) => {
                let is_ours = told.version == version && told.monitor == self.config.db;
                let changes = replica.apply_text(is_ours.then_some(told.body)?)?;
                self.follow(changes, told.last);
            }
            (State::Monitor(asked, version), text::Large::Answer { id, result }) if id == asked => {
                let first = text::First::parse(result, version)?;
                let changes = match first.found {
                    true => replica.apply_text(first.body)?,
                    false => {
                        let mut fresh = Replica::new(replica.schema().clone());
                        fresh.apply_text(first.body)?;
                        replica.replace(fresh)
                    }
                };
                self.filled(version, changes, first.last);
            }
            _ => return None,
        }
        Some(())
    }

    /// The next message to send.
    pub fn poll_transmit(&mut self) -> Option<Frame> {
        self.out.pop_front()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Events that tell a program that has missed some how things are now, but for the answers to transactions.
    pub fn now(&self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(replica) = self.replica.as_ref().filter(|_| self.filled) {
            let schema = replica.schema();
            events.push(Event::Schema(Arc::new(schema.clone())));
            let tables = schema.iter().map(|(table, _)| table);
            let rows = tables.flat_map(|table| replica.rows(table).map(move |row| (table, row.clone())));
            let txn_id = (self.last != TxnId::default()).then_some(self.last);
            let rows = rows.collect();
            events.push(Event::Reset { rows, txn_id });
        }
        events.push(Event::Connected(self.is_connected()));
        if self.conditions_met() > 0 {
            events.push(Event::ConditionsMet(self.conditions_met()));
        }
        if self.lock.is_some() {
            events.push(match (self.has_lock(), self.is_lock_contended()) {
                (true, _) => Event::Locked,
                (false, true) => Event::Stolen,
                (false, false) => Event::LockLost,
            });
        }
        events
    }

    /// Sends a transaction's operations. Its answer is an [`Event::TxnReply`], at once when not connected.
    pub fn transact(&mut self, operations: Operations) -> RequestId {
        if !self.is_connected() {
            self.next_id += 1;
            let id = RequestId(self.next_id);
            let reply = Reply::Unsent;
            self.events.push_back(Event::TxnReply { id, reply });
            return id;
        }
        self.next_id += 1;
        let call = operations.into_call(self.next_id, &self.config.db);
        self.out.push_back(call);
        self.txns.insert(self.next_id);
        RequestId(self.next_id)
    }

    fn request(&mut self, method: &str, params: Vec<Value>) -> u64 {
        self.next_id += 1;
        self.send(&Message::Request {
            id: self.next_id.into(),
            method: method.to_owned(),
            params,
        });
        self.next_id
    }

    fn send(&mut self, message: &Message) {
        let mut text = Vec::new();
        message.write(&mut text);
        self.out.push_back(text.into());
    }

    /// Changes state; says so when that begins or ends following.
    fn set_state(&mut self, state: State) {
        let before = self.is_connected();
        self.state = state;
        if before != self.is_connected() {
            self.events.push_back(Event::Connected(!before));
        }
    }

    fn give_up(&mut self, refusal: Refusal) {
        if matches!(refusal, Refusal::Inconsistent(_)) {
            self.last = TxnId::default();
        }
        self.handle_disconnected();
        self.events.push_back(Event::TryNextRemote(refusal));
    }

    fn response(&mut self, id: &Value, result: Result<Value, Value>) -> Result<(), Refusal> {
        let Some(id) = id.as_u64() else {
            return Ok(());
        };
        if self.txns.remove(&id) {
            let reply = match result {
                Ok(result) => Reply::Result(json::to_string(&result)),
                Err(error) => Reply::Error(error),
            };
            let id = RequestId(id);
            self.events.push_back(Event::TxnReply { id, reply });
            return Ok(());
        }
        if self.take_lock_reply(id, &result) || self.take_conditions_reply(id, &result)? {
            return Ok(());
        }
        match self.state {
            State::ServerSchema(asked) if asked == id => match result {
                Ok(schema) => self.monitor_server(&schema),
                Err(_) => self.ask_schema(),
            },
            State::ServerMonitor(asked) if asked == id => match (result, &mut self.server) {
                (Ok(body), Some(server)) => {
                    server.apply(MonitorVersion::V2, body)?;
                    let schema = self.check_server()?;
                    let schema = json::parse(schema.as_bytes())
                        .map_err(|error| Refusal::Unexpected(format!("schema: {error}")))?;
                    self.monitor(&schema)
                }
                _ => {
                    self.server = None;
                    self.ask_schema()
                }
            },
            State::DbSchema(asked) if asked == id => {
                let schema = result.map_err(|error| failed("get_schema", &error))?;
                self.monitor(&schema)
            }
            State::Monitor(asked, version) if asked == id => match result {
                Ok(result) => self.fill(version, result),
                Err(error) if error == "unknown method" && version != MonitorVersion::V1 => {
                    self.ask_monitor(match version {
                        MonitorVersion::V3 => MonitorVersion::V2,
                        _ => MonitorVersion::V1,
                    });
                    Ok(())
                }
                Err(error) => Err(failed("monitor", &error)),
            },
            // Answers to set_db_change_aware, monitor_cancel and unlock, and to what a restart overtook.
            _ => Ok(()),
        }
    }

    fn monitor_server(&mut self, schema: &Value) -> Result<(), Refusal> {
        let schema = DatabaseSchema::from_json(schema)
            .map_err(|error| Refusal::Unexpected(format!("schema of _Server: {error}")))?;
        let columns: Vec<&str> = match schema.table_idx("Database") {
            Some(table) => server_row::COLUMNS
                .into_iter()
                .filter(|column| schema.table(table).column(column).is_some())
                .collect(),
            None => return self.ask_schema(),
        };
        let requests = json!({"Database": [{"columns": columns}]});
        self.server = Some(Replica::new(schema));
        let params = vec!["_Server".into(), json!(["monid", "_Server"]), requests];
        self.state = State::ServerMonitor(self.request("monitor_cond", params));
        Ok(())
    }

    fn check_server(&mut self) -> Result<String, Refusal> {
        match &self.server {
            Some(server) => server_row::check(
                server,
                &self.config.db,
                self.config.leader_only,
                &mut self.min_index,
            ),
            None => Ok(String::new()),
        }
    }

    fn ask_schema(&mut self) -> Result<(), Refusal> {
        let db = Value::from(&*self.config.db);
        let id = self.request("get_schema", vec![db]);
        self.set_state(State::DbSchema(id));
        Ok(())
    }

    /// The server's schema is known: asks for the rows.
    fn monitor(&mut self, schema: &Value) -> Result<(), Refusal> {
        let theirs = DatabaseSchema::from_json(schema)
            .map_err(|error| Refusal::Unexpected(format!("schema of {}: {error}", self.config.db)))?;
        let ours = self.config.schema.clone().unwrap_or_else(|| theirs.clone());
        let requests = requests(&self.config.tables, &ours, &theirs);
        if self
            .replica
            .as_ref()
            .is_none_or(|replica| *replica.schema() != ours)
        {
            self.events.push_back(Event::Schema(Arc::new(ours.clone())));
            self.replica = Some(Replica::new(ours));
            self.filled = false;
        }
        if !self.filled || requests != self.requests || self.theirs.as_ref() != Some(&theirs) {
            self.last = TxnId::default();
        }
        self.requests = requests;
        self.theirs = Some(theirs);
        self.restart_conditions();
        if self.server.is_some() {
            self.request("set_db_change_aware", vec![true.into()]);
        }
        self.ask_monitor(MonitorVersion::V3);
        Ok(())
    }

    fn ask_monitor(&mut self, version: MonitorVersion) {
        let db = &*self.config.db;
        let mut params = vec![
            db.into(),
            json!(["monid", db]),
            self.conditional_requests(version),
        ];
        let method = match version {
            MonitorVersion::V1 => "monitor",
            MonitorVersion::V2 => "monitor_cond",
            MonitorVersion::V3 => "monitor_cond_since",
        };
        if version == MonitorVersion::V3 {
            params.push(self.last.to_string().into());
        }
        let id = self.request(method, params);
        self.set_state(State::Monitor(id, version));
    }

    /// The first contents, or what was missed.
    fn fill(&mut self, version: MonitorVersion, result: Value) -> Result<(), Refusal> {
        let (found, last, body) = match version {
            MonitorVersion::V3 => since(result)?,
            _ => (false, None, result),
        };
        let Some(replica) = &mut self.replica else {
            return Ok(());
        };
        let changes = if found {
            match replica.apply(version, body) {
                Ok(changes) => changes,
                Err(_) => {
                    self.monitor_anew();
                    return Ok(());
                }
            }
        } else {
            let mut fresh = Replica::new(replica.schema().clone());
            fresh.apply(version, body)?;
            replica.replace(fresh)
        };
        self.filled(version, changes, last);
        Ok(())
    }

    fn filled(&mut self, version: MonitorVersion, changes: Vec<RowChange>, last: Option<TxnId>) {
        self.last = last.unwrap_or_default();
        let txn_id = last;
        if !self.filled {
            self.filled = true;
            let rows = changes
                .into_iter()
                .filter_map(|change| Some((change.table, change.new?)))
                .collect();
            self.events.push_back(Event::Reset { rows, txn_id });
        } else if !changes.is_empty() {
            self.events.push_back(Event::Changed { changes, txn_id });
        }
        self.set_state(State::Following(version));
        self.ask_lock();
        self.conditions_filled();
    }

    /// Rows have changed.
    fn follow(&mut self, changes: Vec<RowChange>, last: Option<TxnId>) {
        self.last = last.unwrap_or_default();
        if !changes.is_empty() || last.is_some() {
            let txn_id = last;
            self.events.push_back(Event::Changed { changes, txn_id });
        }
    }

    /// What was missed does not fit: it was counted from a state that is older than the last change of conditions, after
    /// which no update told a newer one. Everything is read.
    fn monitor_anew(&mut self) {
        self.last = TxnId::default();
        let monid = json!(["monid", self.config.db]);
        self.request("monitor_cancel", vec![monid]);
        self.restart_conditions();
        self.ask_monitor(MonitorVersion::V3);
    }

    fn notification(&mut self, method: &str, mut params: Vec<Value>) -> Result<(), Refusal> {
        let is = |name: &str| params.first() == Some(&json!(["monid", name]));
        match method {
            "update" | "update2" | "update3" if is("_Server") => {
                if let (Some(server), Some(body)) = (&mut self.server, params.get_mut(1)) {
                    server.apply(MonitorVersion::V2, body.take())?;
                    // Before its first contents are there, the database is checked with their arrival.
                    if !matches!(self.state, State::ServerMonitor(_)) {
                        self.check_server()?;
                    }
                }
                Ok(())
            }
            "update" | "update2" | "update3" if is(&self.config.db) => {
                let State::Following(version) = self.state else {
                    return Ok(()); // of a monitor that was cancelled
                };
                let body = params.pop().unwrap_or_default();
                let last = match version {
                    MonitorVersion::V3 => txn_id(params.get(1))?,
                    _ => None,
                };
                if let Some(replica) = &mut self.replica {
                    let changes = replica.apply(version, body)?;
                    self.follow(changes, last);
                }
                Ok(())
            }
            "monitor_canceled" if is("_Server") => {
                let id = self.request("get_schema", vec!["_Server".into()]);
                self.set_state(State::ServerSchema(id));
                Ok(())
            }
            // Of the monitor before the one asked for, which may have been asked for under another schema.
            "monitor_canceled" if is(&self.config.db) && matches!(self.state, State::Monitor(..)) => {
                Err(Refusal::Unexpected(method.to_owned()))
            }
            "monitor_canceled" if is(&self.config.db) => {
                self.interrupt_conditions();
                self.ask_schema()
            }
            "locked" | "stolen" => {
                self.take_lock_notice(method, &params);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The monitor requests for what both schemas and the program's interest have.
fn requests(interest: &Interest, ours: &DatabaseSchema, theirs: &DatabaseSchema) -> Value {
    let mut requests = Map::new();
    for (_, table) in ours.iter() {
        let wanted = match interest {
            Interest::All => None,
            Interest::Tables(tables) => match tables.get(&*table.name) {
                Some(columns) => columns.as_ref(),
                None => continue,
            },
        };
        let Some(theirs) = theirs.table_idx(&table.name).map(|table| theirs.table(table)) else {
            continue;
        };
        let columns: Vec<&str> = table
            .iter()
            .skip(2) // _uuid comes anyway, _version is of no use
            .map(|(_, column)| &*column.name)
            .filter(|name| theirs.column(name).is_some())
            .filter(|name| wanted.is_none_or(|wanted| wanted.iter().any(|column| column == name)))
            .collect();
        requests.insert(table.name.to_string(), json!([{"columns": columns}]));
    }
    Value::Object(requests)
}

/// `[found, last-txn-id, updates2]`.
fn since(result: Value) -> Result<(bool, Option<TxnId>, Value), Refusal> {
    let Value::Array(parts) = result else {
        return Err(Refusal::Unexpected("reply to monitor_cond_since".to_owned()));
    };
    let [found, last, body] = <[Value; 3]>::try_from(parts)
        .map_err(|_| Refusal::Unexpected("reply to monitor_cond_since".to_owned()))?;
    Ok((found == Value::Bool(true), txn_id(Some(&last))?, body))
}

/// A txn id; zero is none.
fn txn_id(value: Option<&Value>) -> Result<Option<TxnId>, Refusal> {
    value
        .and_then(Value::as_str)
        .and_then(|text| Uuid::try_parse(text).ok())
        .map(|uuid| (!uuid.is_nil()).then_some(TxnId(uuid)))
        .ok_or_else(|| Refusal::Unexpected("last-txn-id".to_owned()))
}

fn failed(method: &'static str, error: &Value) -> Refusal {
    Refusal::Failed {
        method,
        error: json::to_string(error),
    }
}
