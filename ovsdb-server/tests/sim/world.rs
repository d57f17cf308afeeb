//! What happens, one thing after the other: servers, clients and what is under way between them.
//!
//! What is between servers, [`crate::consensus`] has: how a world is made (`World::new`) and its members are started,
//! what `Between` them happens, when they are healed and settled.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ovsdb_cluster::contents;
use ovsdb_data::{TxnId, Uuid, json};
use ovsdb_raft::Command;
use ovsdb_raft::types::ServerId;
use ovsdb_server::cluster::{Cluster, ClusterEvent};
use ovsdb_server::database::{Model, OpenDatabase};
use ovsdb_server::link::SessionId;
use ovsdb_server::operate::backup::Contents;
use ovsdb_server::server::{Event, Server};
use ovsdb_wire::message::Message;
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::consensus::{Between, CHAOS, Consensus, Place};
use crate::seeds::{Run, Totals};
use crate::sim::clients::Client;
use crate::sim::host::{Clock, Job, Outside, SimHost};
use crate::sim::invariants;
use crate::sim::reference::Reference;
use crate::sim::work::{self, DB, Op};

/// In microseconds, as all of the simulation's time.
pub const MS: u64 = 1000;

/// How long a healed cluster may take to answer everything.
const HEALING: u64 = 60_000 * MS;

/// Something that is going to happen.
pub enum Happening {
    /// A server, in one of its lives, is told something.
    Server(usize, u64, Box<Event>),
    /// A job of a server's runs.
    Job(usize, u64, Job),
    /// A client does something.
    Turn(usize),
    /// A client, in one of its sessions, receives a message; whether it was for a leader, and is from the same one.
    Arrive(usize, SessionId, Message, bool),
    /// A client sees its session end.
    Cut(usize, SessionId),
    /// A client reads again.
    Drain(usize, SessionId),
    /// Something goes wrong.
    Nemesis,
    /// A server is started.
    Restart(usize),
    /// Something between the servers.
    Between(Between),
}

/// A member of the cluster and its server.
pub struct Member {
    pub id: ServerId,
    /// None while it is down.
    pub server: Option<Server>,
    pub outside: Arc<Outside>,
    /// How often it was started.
    pub life: u64,
    /// The last log index that its server has confirmed to have.
    pub applied: usize,
    /// Entries up to here are with the server.
    pub applying: Option<(usize, oneshot::Receiver<std::io::Result<()>>)>,
    /// How often its server's view of whether it leads has changed.
    pub epoch: u64,
    /// The index that its `_Server` row shows.
    pub shown_index: Option<i64>,
    /// What consensus knows of it.
    pub place: Place,
}

/// Times of things that keep their order.
#[derive(Default)]
pub struct Fifo(u64);

impl Fifo {
    pub fn at(&mut self, time: u64) -> u64 {
        self.0 = self.0.max(time);
        self.0
    }
}

/// A transaction or conversion that a client asked for.
pub struct Record {
    pub tag: String,
    pub op: Op,
    /// In which session.
    pub session: u64,
    /// When it was sent; steps, not time.
    pub began: u64,
    pub ended: Option<u64>,
    pub outcome: Outcome,
    /// Its member led from when it came to when it was answered.
    pub by_leader: bool,
    pub is_canceled: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Pending,
    /// Nobody will tell any more.
    Unknown,
    /// All of its operations succeeded.
    Done(Value),
    /// It failed.
    Failed(Value),
}

/// Runs a world to its end.
pub fn run(seed: u64) -> Run {
    let mut world = World::new(seed);
    Run {
        verdict: world.run(),
        totals: world.totals(),
        trace: world.trace.finish(),
    }
}

pub struct World {
    pub rng: StdRng,
    clock: Clock,
    pub now: u64,
    /// Happenings so far.
    pub step: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    n_queued: u64,
    pub members: Vec<Member>,
    pub clients: Vec<Client>,
    /// What is between the servers.
    pub consensus: Consensus,
    pub reference: Reference,
    /// Who was seen to lead each term.
    pub leaders: BTreeMap<u64, ServerId>,
    pub history: Vec<Record>,
    /// Backups that a server was asked to put in place: their tags, and what came of it.
    pub restores: Vec<(String, oneshot::Receiver<Result<(), String>>)>,
    pub counted: Totals,
    pub n_sessions: u64,
    pub is_healing: bool,
    pub lull: Lull,
    trace: DefaultHasher,
    pub said: Said,
}

/// When clients only read: behind a transaction under way, a read waits in any case, whether it asks a quorum or not.
#[derive(Default)]
pub struct Lull {
    /// All of them, until then.
    pub all: u64,
    /// Those of one member, until then.
    pub of: (usize, u64),
}

/// Tells people what happens, if they want to know (`FERROVN_TRACE`).
pub struct Said(bool);

impl Said {
    pub fn say(&self, now: u64, what: impl FnOnce() -> String) {
        if self.0 {
            println!("{now:>9} {}", what());
        }
    }
}

impl World {
    /// Servers that are not started yet, and their clients.
    pub fn with(mut rng: StdRng, places: Vec<(ServerId, Place)>, consensus: Consensus) -> World {
        let n_clients = rng.random_range(3..7);
        let clock = Clock::default();
        let member = |(id, place)| Member::new(id, place, &clock);
        let mut world = World {
            members: places.into_iter().map(member).collect(),
            clients: (0..n_clients).map(|_| Client::random(&mut rng)).collect(),
            consensus,
            rng,
            clock,
            now: 0,
            step: 0,
            queue: BTreeMap::new(),
            n_queued: 0,
            reference: Reference::new(),
            leaders: BTreeMap::new(),
            history: Vec::new(),
            restores: Vec::new(),
            counted: Totals::default(),
            n_sessions: 0,
            is_healing: false,
            lull: Lull::default(),
            trace: DefaultHasher::new(),
            said: Said(std::env::var_os("FERROVN_TRACE").is_some()),
        };
        for c in 0..n_clients {
            world.after(0, Happening::Turn(c));
        }
        world.after(100 * MS, Happening::Nemesis);
        world
    }

    /// Runs to the end; an error is a broken promise.
    fn run(&mut self) -> Result<(), String> {
        while self.now < CHAOS {
            self.next()?;
        }
        self.is_healing = true;
        self.heal();
        let patience = self.now + HEALING;
        while self.now < patience && !self.is_quiet() {
            self.next()?;
        }
        invariants::answered::check(self)?;
        // What was sent twice may still be under way.
        let rest = self.now + 3000 * MS;
        while self.now < rest {
            self.next()?;
        }
        invariants::at_end(self)
    }

    fn totals(&self) -> Totals {
        let mut totals = self.counted.clone();
        totals.add("terms", self.leaders.len());
        totals.add("executed", self.reference.executed.len());
        totals.add("void entries", self.reference.n_void);
        totals.add("conversions", self.reference.n_converted);
        totals.add("restores", self.reference.n_restored);
        totals.add("entries", self.reference.last());
        totals.add("steps", self.step as usize);
        totals
    }

    fn is_quiet(&self) -> bool {
        self.is_settled() && self.clients.iter().all(Client::is_quiet)
    }

    /// Schedules something.
    pub fn after(&mut self, delay: u64, what: Happening) {
        self.at(self.now + delay, what);
    }

    pub fn at(&mut self, time: u64, what: Happening) {
        self.n_queued += 1;
        self.queue.insert((time.max(self.now), self.n_queued), what);
    }

    /// A short while, now and then a longer one.
    pub fn soon(&mut self) -> u64 {
        match self.is_healing || self.rng.random_bool(0.96) {
            true => self.rng.random_range(20..3000),
            false => self.rng.random_range(0..150 * MS),
        }
    }

    /// Only while it lives the same life.
    pub fn is_alive(&self, m: usize, life: u64) -> bool {
        self.members[m].life == life && self.members[m].server.is_some()
    }

    fn next(&mut self) -> Result<(), String> {
        let ((time, _), what) = self.queue.pop_first().ok_or("nothing happens any more")?;
        self.now = time;
        let Some(what) = self.not_held_back(what) else {
            return Ok(());
        };
        self.happen(what)
    }

    /// Something happens now.
    pub fn happen(&mut self, what: Happening) -> Result<(), String> {
        let time = self.now;
        self.step += 1;
        self.clock.store(time, Ordering::Relaxed);
        (time, std::mem::discriminant(&what)).hash(&mut self.trace);
        match what {
            Happening::Server(m, life, event) if self.is_alive(m, life) => self.tell(m, *event),
            Happening::Job(m, life, job) if self.is_alive(m, life) => {
                let event = job();
                if let Event::Cluster(_, ClusterEvent::Hashed(_, hash)) = &event {
                    invariants::state_hash::verified(self, m, hash)?;
                }
                self.tell(m, event)
            }
            Happening::Turn(c) => {
                self.turn(c);
                Ok(())
            }
            Happening::Arrive(c, session, message, by_leader) => self.arrive(c, session, message, by_leader),
            Happening::Cut(c, session) => {
                self.cut(c, session);
                Ok(())
            }
            Happening::Drain(c, session) => self.drain(c, session),
            Happening::Nemesis => self.nemesis(),
            Happening::Restart(m) => {
                self.restart(m);
                Ok(())
            }
            Happening::Between(what) => self.between(what),
            // Of a life that is over.
            _ => Ok(()),
        }
    }

    /// Starts a server, which knows nothing.
    pub fn start_server(&mut self, m: usize) -> &mut Server {
        let seed = self.rng.random();
        let member = &mut self.members[m];
        member.life += 1;
        member.outside = Outside::new(self.clock.clone());
        member.applied = 0;
        member.applying = None;
        member.epoch += 1;
        member.shown_index = None;
        let server = Server::new(Box::new(SimHost::new(member.outside.clone(), seed)));
        member.server.insert(server)
    }

    /// A server loses everything.
    pub fn stop_server(&mut self, m: usize) {
        let member = &mut self.members[m];
        member.server = None;
        member.applying = None;
        // What its jobs hold goes with it.
        self.queue.retain(
            |_, what| !matches!(what, Happening::Server(of, ..) | Happening::Job(of, ..) if *of == m),
        );
        self.clients_lose(m);
    }

    pub fn restart(&mut self, m: usize) {
        if self.members[m].server.is_none() {
            self.start(m);
        }
    }

    /// A server takes an event, and what it does is seen to.
    pub fn tell(&mut self, m: usize, event: Event) -> Result<(), String> {
        if let Event::Message {
            session,
            message: Message::Request { id, .. },
            ..
        } = &event
        {
            self.note_leadership(m, *session, id);
        }
        let led = self.members[m].leads();
        let clock = self.members[m].place.clock();
        let _clock = clock.as_ref().map(tokio::runtime::Handle::enter);
        let Some(server) = &mut self.members[m].server else {
            return Ok(());
        };
        self.said.say(self.now, || format!("{m} <- {}", told(&event)));
        server.handle(event);
        let n_sessions = server.sessions.len();
        let leads = self.members[m].leads();
        self.members[m].epoch += u64::from(led != leads);
        (m, leads, n_sessions).hash(&mut self.trace);
        self.collect(m);
        self.look_at_applying(m)?;
        self.look_between(m)?;
        invariants::each_step(self, m)
    }

    /// An operator has a server put a backup in place. One that does not lead refuses.
    pub fn restore(&mut self, m: usize) -> Result<(), String> {
        let tag = work::restored_tag(self.restores.len());
        let record = json::to_string(&work::restored_rows(&tag, Uuid::from_u128(self.rng.random())));
        let schema = json::to_string(&work::schema(self.rng.random_range(0..2)));
        let database = contents::database(&schema, record.as_bytes(), TxnId::default(), &Uuid::nil);
        let contents = Contents {
            database: database.map_err(|error| error.to_string())?,
            schema: schema.into(),
            record: record.into(),
            index: Some(self.rng.random_range(0..2000)),
        };
        let (done, wait) = oneshot::channel();
        self.restores.push((tag, wait));
        // That it refuses is told by the end of `done`.
        let restore = move |server: &mut Server| drop(server.restore(DB, contents, done));
        self.tell(m, Event::Call(Box::new(restore)))
    }

    /// Looks whether a server has taken what it was given.
    fn look_at_applying(&mut self, m: usize) -> Result<(), String> {
        let Some((to, wait)) = &mut self.members[m].applying else {
            return Ok(());
        };
        let to = *to;
        match wait.try_recv() {
            Err(oneshot::error::TryRecvError::Empty) => return Ok(()),
            // It was taken out of its cluster.
            Err(oneshot::error::TryRecvError::Closed) if self.members[m].db().is_none() => return Ok(()),
            Err(oneshot::error::TryRecvError::Closed) => {
                return Err(format!("member {m} drops entries up to {to}"));
            }
            Ok(Err(error)) => return Err(format!("member {m} cannot take entries up to {to}: {error}")),
            Ok(Ok(())) => {}
        }
        self.members[m].applying = None;
        self.has_applied(m, to)?;
        invariants::state_hash::check(self, m)
    }

    /// Collects what a server asks for.
    pub fn collect(&mut self, m: usize) {
        let (outside, life) = (self.members[m].outside.clone(), self.members[m].life);
        for job in std::mem::take(&mut *outside.jobs.lock()) {
            let delay = self.soon() * 3;
            self.after(delay, Happening::Job(m, life, job));
        }
        for wake in std::mem::take(&mut *outside.wakes.lock()) {
            let at = u64::try_from(wake.as_micros()).unwrap_or(u64::MAX);
            self.at(at, Happening::Server(m, life, Box::new(Event::Timer)));
        }
        self.collect_frames(m);
    }
}

impl Member {
    fn new(id: ServerId, place: Place, clock: &Clock) -> Member {
        Member {
            id,
            server: None,
            outside: Outside::new(clock.clone()),
            life: 0,
            applied: 0,
            applying: None,
            epoch: 0,
            shown_index: None,
            place,
        }
    }

    /// The database, if the member is up and serves it.
    pub fn db(&self) -> Option<&OpenDatabase> {
        self.server.as_ref()?.databases.get(DB)
    }

    /// The server's share of the cluster.
    pub fn cluster(&self) -> Option<&Cluster> {
        match &self.db()?.model {
            Model::Clustered(cluster) => Some(cluster),
            _ => None,
        }
    }

    /// The term that its server leads, as far as it knows.
    pub fn leads(&self) -> Option<u64> {
        self.cluster()?.standing.leads
    }
}

/// The tags of transactions that clients were told were done.
pub fn acknowledged(history: &[Record]) -> BTreeSet<&str> {
    let done = |record: &&Record| matches!(record.outcome, Outcome::Done(_));
    let writes = |record: &&Record| matches!(record.op, Op::Write(_));
    history
        .iter()
        .filter(writes)
        .filter(done)
        .map(|record| record.tag.as_str())
        .collect()
}

/// An event, for people.
fn told(event: &Event) -> String {
    match event {
        Event::Connected { session, .. } => format!("{session:?} begins"),
        Event::Closed(session) => format!("{session:?} ends"),
        Event::Message { session, message, .. } => format!("{session:?}: {message:?}"),
        Event::Cluster(_, event) => match event {
            ClusterEvent::Apply(entries, _) => {
                let entries = entries.iter().map(|entry| match &entry.command {
                    None => format!("{} begins", entry.log_id),
                    Some(Command::Transaction(txn)) => format!(
                        "{} {} after {}: {}",
                        entry.log_id.index,
                        short(&txn.id),
                        short(&txn.prerequisite),
                        String::from_utf8_lossy(&txn.record)
                    ),
                    Some(Command::Convert { id, prerequisite, .. }) => {
                        let index = entry.log_id.index;
                        format!("{index} {} after {}: conversion", short(id), short(prerequisite))
                    }
                    Some(other) => format!("{} {other}", entry.log_id.index),
                });
                entries.collect::<Vec<String>>().join("; ")
            }
            ClusterEvent::Snapshot(_) => "makes a snapshot".to_owned(),
            ClusterEvent::StateHash(id, _) => format!("is asked what {} came to", short(id)),
            ClusterEvent::Hashed(id, hash) => format!("{} came to {hash:?}", short(id)),
            ClusterEvent::Install(_, last, _) => {
                format!("reads a snapshot up to {}", last.map_or(0, |l| l.index))
            }
            ClusterEvent::Read(_, last, _) => {
                format!("installs a snapshot up to {}", last.map_or(0, |l| l.index))
            }
            ClusterEvent::Standing(standing) => {
                format!("leads: {:?}, leader: {:?}", standing.leads, standing.leader)
            }
            ClusterEvent::Forwarded(forwarded, _) => format!(
                "is passed on {}: {}",
                short(&forwarded.request.id),
                String::from_utf8_lossy(&forwarded.body)
            ),
            ClusterEvent::Answered(request, reply) => {
                format!(
                    "{} comes to {}",
                    short(&request.id),
                    String::from_utf8_lossy(reply)
                )
            }
            ClusterEvent::Confirmed { round, leads } => format!("round {round}: {leads}"),
            ClusterEvent::Converted(_) => "has converted".to_owned(),
        },
        _ => "something".to_owned(),
    }
}

fn short(id: &Uuid) -> String {
    id.to_string().chars().take(8).collect()
}
