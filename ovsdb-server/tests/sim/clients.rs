//! Clients: they ask, count on what they are told, watch, go away and come back elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ovsdb_data::Uuid;
use ovsdb_server::link::SessionId;
use ovsdb_server::server::Event;
use ovsdb_server::session::Profile;
use ovsdb_wire::message::Message;
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::sim::host::Line;
use crate::sim::invariants;
use crate::sim::replica::{Rows, View, requests};
use crate::sim::work::{DB, Op};
use crate::sim::world::{Fifo, Happening, MS, Outcome, Record, World};

/// Requests under way on one session, at most.
const PIPELINE: usize = 4;

/// A client.
pub struct Client {
    pub connection: Option<Connection>,
    pub monitors: Vec<Monitor>,
    /// Whether it can live with databases that change.
    pub is_aware: bool,
    /// It only reads: what it is told rests on nobody's write.
    only_reads: bool,
    next_request: i64,
}

/// A session with a member.
pub struct Connection {
    pub session: SessionId,
    pub member: usize,
    pub life: u64,
    pub line: Arc<Line>,
    pub pending: BTreeMap<i64, Wait>,
    /// Requests that came to a member that led: in which of its epochs.
    pub came_to_leader: BTreeMap<i64, u64>,
    there: Fifo,
    back: Fifo,
}

/// What a reply is waited for.
pub enum Wait {
    /// By its place in the history.
    Op(usize),
    /// By its place among the client's monitors.
    Monitor(usize),
    /// Other conditions of a monitor.
    Change(usize),
    Other,
}

/// A monitor, kept from session to session.
pub struct Monitor {
    pub views: Vec<View>,
    /// Conditions that were asked for.
    pub next_views: Option<Vec<View>>,
    pub rows: Rows,
    /// The state that the rows are of.
    pub last: Option<Uuid>,
    pub state: MonitorState,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MonitorState {
    Off,
    Asked,
    On,
}

fn views(rng: &mut StdRng) -> Vec<View> {
    let view = |table, columns, below| View {
        table,
        columns,
        below,
    };
    match rng.random_range(0..4) {
        0 => vec![
            view("Done", &["tag"], None),
            view("Counter", &["name", "n"], None),
        ],
        1 => vec![view("Slot", &["key"], Some(("key", rng.random_range(0..13))))],
        2 => vec![
            view(
                "Register",
                &["name", "value"],
                Some(("value", rng.random_range(100..900))),
            ),
            view("Counter", &["n"], Some(("n", rng.random_range(0..200)))),
        ],
        _ => vec![
            view(
                "Parent",
                &["name", "children"],
                Some(("name", rng.random_range(1..5))),
            ),
            view("Child", &["value"], None),
        ],
    }
}

impl Client {
    pub fn random(rng: &mut StdRng) -> Client {
        let monitor = |rng: &mut StdRng| Monitor {
            views: views(rng),
            next_views: None,
            rows: Rows::new(),
            last: None,
            state: MonitorState::Off,
        };
        Client {
            connection: None,
            monitors: (0..rng.random_range(0..3)).map(|_| monitor(rng)).collect(),
            is_aware: rng.random_bool(0.8),
            only_reads: rng.random_bool(0.3),
            next_request: 1,
        }
    }

    /// Nothing is waited for, everything is watched.
    pub fn is_quiet(&self) -> bool {
        self.connection.as_ref().is_some_and(|c| c.pending.is_empty())
            && self
                .monitors
                .iter()
                .all(|monitor| monitor.state == MonitorState::On)
    }
}

impl World {
    /// A client's turn.
    pub fn turn(&mut self, c: usize) {
        let next = self.rng.random_range(2..20) * MS;
        self.after(next, Happening::Turn(c));
        let Some(connection) = &self.clients[c].connection else {
            return self.connect(c);
        };
        let n_pending = connection.pending.len();
        for i in 0..self.clients[c].monitors.len() {
            if self.clients[c].monitors[i].state == MonitorState::Off {
                self.monitor(c, i);
            }
        }
        if self.is_healing {
            return;
        }
        match self.rng.random_range(0..100) {
            0..70 if n_pending < PIPELINE => self.operate(c),
            70..74 => self.recondition(c),
            74..77 => self.cancel(c),
            77 => self.disconnect(c),
            _ => {}
        }
    }

    fn connect(&mut self, c: usize) {
        let up: Vec<usize> = (0..self.members.len())
            .filter(|m| self.members[*m].server.is_some())
            .collect();
        if up.is_empty() {
            return;
        }
        let member = up[self.rng.random_range(0..up.len())];
        self.n_sessions += 1;
        let session = SessionId(self.n_sessions);
        let line = Arc::new(Line::default());
        self.clients[c].connection = Some(Connection {
            session,
            member,
            life: self.members[member].life,
            line: line.clone(),
            pending: BTreeMap::new(),
            came_to_leader: BTreeMap::new(),
            there: Fifo::default(),
            back: Fifo::default(),
        });
        self.post(
            c,
            Event::Connected {
                session,
                link: line,
                profile: Profile::default(),
            },
        );
        if self.clients[c].is_aware {
            self.request(c, "set_db_change_aware", vec![true.into()], Wait::Other);
        }
    }

    /// Sends something to the member that a client is connected to.
    fn post(&mut self, c: usize, event: Event) {
        let time = self.now + self.soon();
        if let Some(connection) = &mut self.clients[c].connection {
            let (at, m, life) = (connection.there.at(time), connection.member, connection.life);
            self.at(at, Happening::Server(m, life, Box::new(event)));
        }
    }

    fn send(&mut self, c: usize, message: Message) {
        if let Some(connection) = &self.clients[c].connection {
            let session = connection.session;
            self.post(
                c,
                Event::Message {
                    session,
                    message,
                    n_bytes: 100,
                },
            );
        }
    }

    fn request(&mut self, c: usize, method: &str, params: Vec<Value>, wait: Wait) {
        let client = &mut self.clients[c];
        let id = client.next_request;
        client.next_request += 1;
        if let Some(connection) = &mut client.connection {
            connection.pending.insert(id, wait);
        }
        let method = method.to_owned();
        self.send(
            c,
            Message::Request {
                id: id.into(),
                method,
                params,
            },
        );
    }

    fn operate(&mut self, c: usize) {
        let registers = invariants::agreement::registers(self.reference.now_if_any());
        let op = match self.clients[c].only_reads || self.is_lull(c) {
            true => Op::Read,
            false => Op::random(&mut self.rng, &registers),
        };
        let record = self.history.len();
        let tag = format!("{c}-{record}");
        let method = match op {
            Op::Convert(_) => "convert",
            _ => "transact",
        };
        let operations = op.operations(&tag);
        let session = self.clients[c].connection.as_ref().map_or(0, |c| c.session.0);
        self.history.push(Record {
            tag,
            op,
            session,
            began: self.step,
            ended: None,
            outcome: Outcome::Pending,
            by_leader: false,
            is_canceled: false,
        });
        self.request(c, method, operations, Wait::Op(record));
    }

    fn is_lull(&self, c: usize) -> bool {
        let member = self.clients[c]
            .connection
            .as_ref()
            .map(|connection| connection.member);
        let (of, until) = self.lull.of;
        self.now < self.lull.all || self.now < until && member == Some(of)
    }

    fn monitor(&mut self, c: usize, i: usize) {
        let monitor = &mut self.clients[c].monitors[i];
        monitor.state = MonitorState::Asked;
        let last = monitor.last.unwrap_or_default().to_string();
        let params = vec![DB.into(), i.into(), requests(&monitor.views, true), last.into()];
        self.request(c, "monitor_cond_since", params, Wait::Monitor(i));
    }

    fn recondition(&mut self, c: usize) {
        let client = &mut self.clients[c];
        let candidate = client.monitors.iter_mut().enumerate().find(|(_, monitor)| {
            monitor.state == MonitorState::On
                && monitor.next_views.is_none()
                && monitor.views.iter().any(|view| view.below.is_some())
        });
        let Some((i, monitor)) = candidate else { return };
        let mut views = monitor.views.clone();
        for view in &mut views {
            if let Some((_, limit)) = &mut view.below {
                *limit = self.rng.random_range(0..*limit * 2 + 2);
            }
        }
        let params = vec![i.into(), i.into(), requests(&views, false)];
        monitor.next_views = Some(views);
        self.request(c, "monitor_cond_change", params, Wait::Change(i));
    }

    fn cancel(&mut self, c: usize) {
        // Others would not be told.
        if !self.clients[c].is_aware {
            return;
        }
        let Some(connection) = &self.clients[c].connection else {
            return;
        };
        let ops = connection.pending.iter().filter_map(|(id, wait)| match wait {
            Wait::Op(record) => Some((*id, *record)),
            _ => None,
        });
        let ops: Vec<(i64, usize)> = ops.collect();
        if ops.is_empty() {
            return;
        }
        let (id, record) = ops[self.rng.random_range(0..ops.len())];
        self.history[record].is_canceled = true;
        self.send(
            c,
            Message::Notification {
                method: "cancel".into(),
                params: vec![id.into()],
            },
        );
    }

    fn disconnect(&mut self, c: usize) {
        if let Some(connection) = &self.clients[c].connection {
            let session = connection.session;
            self.post(c, Event::Closed(session));
            self.cut(c, session);
        }
    }

    /// A session has ended: what it waited for, nobody will tell.
    pub fn cut(&mut self, c: usize, session: SessionId) {
        let client = &mut self.clients[c];
        let Some(connection) = client
            .connection
            .take_if(|connection| connection.session == session)
        else {
            return;
        };
        for wait in connection.pending.into_values() {
            if let Wait::Op(record) = wait {
                self.history[record].outcome = Outcome::Unknown;
            }
        }
        for monitor in &mut client.monitors {
            monitor.state = MonitorState::Off;
            // The new conditions may have been in force: what was told under them is kept by the old ones.
            if monitor.next_views.take().is_some() {
                monitor.last = None;
            }
        }
    }

    /// A member is gone with all of its sessions.
    pub fn clients_lose(&mut self, m: usize) {
        for c in 0..self.clients.len() {
            if let Some(connection) = &self.clients[c].connection
                && connection.member == m
            {
                let session = connection.session;
                let delay = self.soon();
                self.after(delay, Happening::Cut(c, session));
            }
        }
    }

    /// A request comes to a member.
    pub fn note_leadership(&mut self, m: usize, session: SessionId, id: &Value) {
        let (leads, epoch) = (self.members[m].leads().is_some(), self.members[m].epoch);
        let connections = self
            .clients
            .iter_mut()
            .filter_map(|client| client.connection.as_mut());
        if let (true, Some(id)) = (leads, id.as_i64()) {
            for connection in connections.filter(|connection| connection.session == session) {
                connection.came_to_leader.insert(id, epoch);
            }
        }
    }

    /// What a member has sent goes on its way.
    pub fn collect_frames(&mut self, m: usize) {
        let (leads, epoch) = (self.members[m].leads().is_some(), self.members[m].epoch);
        for c in 0..self.clients.len() {
            let Some(connection) = &self.clients[c].connection else {
                continue;
            };
            if (connection.member, connection.life) != (m, self.members[m].life) {
                continue;
            }
            let frames = std::mem::take(&mut *connection.line.frames.lock());
            // It is told once.
            let (session, is_closed) = (
                connection.session,
                connection.line.closed.swap(false, Ordering::Relaxed),
            );
            for frame in frames {
                let time = self.now + self.soon();
                let Some(connection) = &mut self.clients[c].connection else {
                    continue;
                };
                let at = connection.back.at(time);
                let message = Message::parse(&frame.to_vec()).expect("the server writes messages");
                let by_leader = match &message {
                    Message::Response { id, .. } => {
                        let came = id.as_i64().and_then(|id| connection.came_to_leader.remove(&id));
                        leads && came == Some(epoch)
                    }
                    _ => false,
                };
                self.at(at, Happening::Arrive(c, session, message, by_leader));
            }
            if is_closed {
                self.post(c, Event::Closed(session));
                let time = self.now + self.soon();
                if let Some(connection) = &mut self.clients[c].connection {
                    let at = connection.back.at(time);
                    self.at(at, Happening::Cut(c, session));
                }
            }
        }
    }

    /// A client stops reading for a while.
    pub fn clog(&mut self) {
        let c = self.rng.random_range(0..self.clients.len());
        let Some(connection) = &self.clients[c].connection else {
            return;
        };
        connection.line.is_full.store(true, Ordering::Relaxed);
        let session = connection.session;
        self.counted.count("monitors lagging");
        let delay = self.rng.random_range(5..150) * MS;
        self.after(delay, Happening::Drain(c, session));
    }

    /// A client reads again.
    pub fn drain(&mut self, c: usize, session: SessionId) -> Result<(), String> {
        let connection = self.clients[c].connection.as_ref();
        let Some(connection) = connection.filter(|connection| connection.session == session) else {
            return Ok(());
        };
        connection.line.is_full.store(false, Ordering::Relaxed);
        let (m, life) = (connection.member, connection.life);
        match self.is_alive(m, life) {
            true => self.tell(m, Event::Drained(session)),
            false => Ok(()),
        }
    }

    /// A client receives a message.
    pub fn arrive(
        &mut self,
        c: usize,
        session: SessionId,
        message: Message,
        by_leader: bool,
    ) -> Result<(), String> {
        let connection = self.clients[c].connection.as_mut();
        let Some(connection) = connection.filter(|connection| connection.session == session) else {
            return Ok(());
        };
        self.said.say(self.now, || format!("client {c} <- {message:?}"));
        match message {
            Message::Response { id, result } => {
                let wait = id.as_i64().and_then(|id| connection.pending.remove(&id));
                match wait
                    .ok_or_else(|| format!("client {c} is answered {id}, which it does not wait for"))?
                {
                    Wait::Op(record) => {
                        self.answered(record, result, by_leader)?;
                        invariants::monitors::before_reply(self, c, record)
                    }
                    Wait::Monitor(i) => invariants::monitors::begun(self, c, i, result),
                    Wait::Change(i) => invariants::monitors::reconditioned(self, c, i, result),
                    Wait::Other => result
                        .map(drop)
                        .map_err(|error| format!("client {c} is refused: {error}")),
                }
            }
            Message::Notification { method, params } => match method.as_str() {
                "update3" => invariants::monitors::updated(self, c, &params),
                "monitor_canceled" => {
                    let i = params
                        .first()
                        .and_then(Value::as_u64)
                        .ok_or("a monitor without its id")?;
                    let monitor = &mut self.clients[c].monitors[i as usize];
                    monitor.state = MonitorState::Off;
                    if monitor.next_views.take().is_some() {
                        monitor.last = None;
                    }
                    Ok(())
                }
                other => Err(format!("client {c} is notified of {other}")),
            },
            Message::Request { method, .. } => Err(format!("client {c} is asked for {method}")),
        }
    }

    fn answered(&mut self, i: usize, result: Result<Value, Value>, by_leader: bool) -> Result<(), String> {
        let record = &mut self.history[i];
        record.ended = Some(self.step);
        record.by_leader = by_leader;
        record.outcome = match result {
            // Whether it is executed all the same, nobody says.
            Err(error) if error == json!("canceled") => {
                self.counted.count("canceled");
                Outcome::Unknown
            }
            Err(error) => Outcome::Failed(error),
            Ok(results) => {
                let results_of_operations = results.as_array().into_iter().flatten();
                match results_of_operations
                    .clone()
                    .any(|result| result.get("error").is_some())
                {
                    true => Outcome::Failed(results),
                    false => Outcome::Done(results),
                }
            }
        };
        invariants::acknowledged::on_answer(self, i)
    }
}
