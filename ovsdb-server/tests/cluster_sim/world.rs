//! What happens, one thing after the other: members, clients and what is under way between them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use ovsdb_data::Uuid;
use ovsdb_raft::types::{Request, ServerId};
use ovsdb_raft::{Command, Forwarded, Handled, Standing};
use ovsdb_server::cluster::{Cluster, ClusterEvent};
use ovsdb_server::database::{Model, OpenDatabase};
use ovsdb_server::link::SessionId;
use ovsdb_server::server::{Event, Server};
use ovsdb_wire::message::Message;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::clients::Client;
use crate::consensus::Log;
use crate::host::{Clock, Job, Outside, SimHost};
use crate::invariants;
use crate::reference::Reference;
use crate::work::{DB, Op};

const MS: u64 = 1000;

/// How long faults go on, in simulated time.
const CHAOS: u64 = 4000 * MS;

/// How long a healed cluster may take to answer everything.
const HEALING: u64 = 60_000 * MS;

/// Something that is going to happen.
pub enum Happening {
    /// A server, in one of its lives, is told something.
    Server(usize, u64, Box<Event>),
    /// A job of a server's runs.
    Job(usize, u64, Job),
    /// The member looks at its oldest proposal.
    Propose(usize, u64),
    /// The leader's oldest entries are agreed on.
    Commit,
    /// The member goes on with the log.
    Apply(usize, u64),
    /// The server is told of the member's standing.
    Tell(usize, u64),
    /// The member hears who leads a term.
    Hear(usize, u64, Option<usize>),
    /// The member passes a request on, for the n-th time.
    Forward(usize, u64, Request, u32),
    /// The answer to a request that was passed on arrives.
    Answer(usize, u64, Request, Bytes),
    /// The member is asked whether it leads.
    Confirm(usize, u64, u64),
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
    /// Something ceases to be wrong.
    Rejoin(usize),
    Restart(usize),
    Steady(usize),
}

/// A member of the cluster: what consensus knows of it, and its server.
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
    pub is_apply_due: bool,
    pub proposals: std::collections::VecDeque<Command>,
    /// The term that it leads, as far as it knows, and the log index of that term's first entry.
    pub leads: Option<(u64, usize)>,
    /// The latest term that it knows of, and who leads it.
    pub heard: (u64, Option<usize>),
    /// No quorum has answered it lately.
    pub is_lonely: bool,
    /// Nothing reaches it from others.
    pub is_isolated: bool,
    /// Entries take it so much longer.
    pub slowness: u64,
    pub told: Standing,
    /// Requests that it passes on, and how often it has.
    pub forwards: BTreeMap<Request, (Forwarded, u32)>,
    /// Questions whether it leads: to be answered once it has applied so much.
    pub confirming: Vec<(u64, usize)>,
    /// How often its server's view of whether it leads has changed.
    pub epoch: u64,
    /// The index that its `_Server` row shows.
    pub shown_index: Option<i64>,
    proposals_at: Fifo,
}

/// A request on its way to a leader.
pub struct Passing {
    pub from: usize,
    pub life: u64,
    pub to: usize,
    pub to_life: u64,
    pub request: Request,
    pub attempt: u32,
    pub answer: oneshot::Receiver<Handled>,
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

/// How much of what happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals(pub BTreeMap<&'static str, usize>);

/// What a run of many seeds must have seen.
const EXPECTED: [&str; 17] = [
    "elected",
    "re-elected",
    "crashed",
    "isolated",
    "lonely",
    "snapshots installed",
    "void entries",
    "conversions",
    "entries lost",
    "proposed in vain",
    "passed on twice",
    "canceled",
    "verified",
    "executed",
    "reads by a leader",
    "monitors resumed",
    "monitors lagging",
];

impl Totals {
    pub fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub fn add(&mut self, other: &Totals) {
        for (what, n) in &other.0 {
            *self.0.entry(what).or_default() += n;
        }
    }

    pub fn missing(&self) -> Vec<&'static str> {
        let mut missing = EXPECTED.to_vec();
        missing.retain(|what| self.0.get(what).is_none_or(|n| *n == 0));
        missing
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
    pub log: Log,
    pub passing: Vec<Passing>,
    pub reference: Reference,
    pub history: Vec<Record>,
    pub counted: Totals,
    pub n_sessions: u64,
    pub is_healing: bool,
    trace: DefaultHasher,
    pub said: Said,
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
    pub fn new(seed: u64) -> World {
        let mut rng = StdRng::seed_from_u64(seed);
        let n_members = [1, 3, 3, 3, 5][rng.random_range(0..5)];
        let n_clients = rng.random_range(3..7);
        let clock = Clock::default();
        let mut world = World {
            members: (0..n_members).map(|i| Member::new(i, &clock)).collect(),
            clients: (0..n_clients).map(|_| Client::random(&mut rng)).collect(),
            rng,
            clock,
            now: 0,
            step: 0,
            queue: BTreeMap::new(),
            n_queued: 0,
            log: Log::default(),
            passing: Vec::new(),
            reference: Reference::new(),
            history: Vec::new(),
            counted: Totals::default(),
            n_sessions: 0,
            is_healing: false,
            trace: DefaultHasher::new(),
            said: Said(std::env::var_os("FERROVN_TRACE").is_some()),
        };
        for m in 0..n_members {
            world.start(m);
        }
        world.found();
        for c in 0..n_clients {
            world.after(0, Happening::Turn(c));
        }
        world.after(100 * MS, Happening::Nemesis);
        world
    }

    /// Runs to the end; an error is a broken promise.
    pub fn run(&mut self) -> Result<(), String> {
        while self.now < CHAOS {
            self.next()?;
        }
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

    pub fn totals(&self) -> Totals {
        let mut totals = self.counted.clone();
        totals.0.insert("executed", self.reference.executed.len());
        totals.0.insert("void entries", self.reference.n_void);
        totals.0.insert("conversions", self.reference.n_converted);
        totals.0.insert("entries", self.reference.last());
        totals.0.insert("steps", self.step as usize);
        totals
    }

    /// A number that two runs share if everything happened alike.
    pub fn trace(&self) -> u64 {
        self.trace.finish()
    }

    fn is_quiet(&self) -> bool {
        let member = |m: &Member| {
            m.server.is_some()
                && m.applied == self.reference.last()
                && m.proposals.is_empty()
                && m.applying.is_none()
        };
        self.members.iter().all(member)
            && (0..self.members.len()).all(|m| self.members[m].told == self.standing(m))
            && self.log.tail.is_empty()
            && self.clients.iter().all(Client::is_quiet)
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

    /// With some likelihood, as long as things go wrong.
    pub fn unlucky(&mut self, likelihood: f64) -> bool {
        !self.is_healing && self.rng.random_bool(likelihood)
    }

    /// Only while it lives the same life.
    pub fn is_alive(&self, m: usize, life: u64) -> bool {
        self.members[m].life == life && self.members[m].server.is_some()
    }

    fn next(&mut self) -> Result<(), String> {
        let ((time, _), what) = self.queue.pop_first().ok_or("nothing happens any more")?;
        self.now = time;
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
            Happening::Propose(m, life) if self.is_alive(m, life) => {
                self.append(m);
                Ok(())
            }
            Happening::Commit => self.commit(),
            Happening::Apply(m, life) if self.is_alive(m, life) => self.apply(m),
            Happening::Tell(m, life) if self.is_alive(m, life) => self.tell_standing(m),
            Happening::Hear(m, term, leader) => {
                self.hear(m, term, leader);
                Ok(())
            }
            Happening::Forward(m, life, request, attempt) if self.is_alive(m, life) => {
                self.pass_on(m, request, attempt);
                Ok(())
            }
            Happening::Answer(m, life, request, reply) if self.is_alive(m, life) => {
                match self.members[m].forwards.remove(&request) {
                    Some(_) => self.tell(m, cluster_event(ClusterEvent::Answered(request, reply))),
                    None => Ok(()),
                }
            }
            Happening::Confirm(m, life, round) if self.is_alive(m, life) => {
                self.confirm(m, round);
                Ok(())
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
            Happening::Rejoin(m) => {
                self.rejoin(m);
                Ok(())
            }
            Happening::Restart(m) => {
                self.restart(m);
                Ok(())
            }
            Happening::Steady(m) => {
                self.members[m].is_lonely = false;
                self.standing_moved(m);
                Ok(())
            }
            // Of a life that is over.
            _ => Ok(()),
        }
    }

    /// Starts a member's server, which knows nothing.
    pub fn start(&mut self, m: usize) {
        let seed = self.rng.random();
        let member = &mut self.members[m];
        member.life += 1;
        member.outside = Outside::new(self.clock.clone());
        let mut server = Server::new(Box::new(SimHost::new(member.outside.clone(), seed)));
        let mut cluster = Cluster::new(member.id);
        cluster.connect(member.outside.clone());
        let db = OpenDatabase::clustered(DB, cluster).expect("a name of letters");
        server.add_database(db).expect("there is none of that name");
        server.start_timers();
        member.server = Some(server);
        member.applied = 0;
        member.is_apply_due = false;
        member.told = Standing::default();
        member.epoch += 1;
        member.shown_index = None;
        self.standing_moved(m);
        self.apply_soon(m);
        self.collect(m);
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
        let Some(server) = &mut self.members[m].server else {
            return Ok(());
        };
        self.said.say(self.now, || format!("{m} <- {}", told(&event)));
        server.handle(event);
        let leads = cluster(server).standing.leads;
        (m, leads, server.sessions.len()).hash(&mut self.trace);
        self.collect(m);
        self.look_at_applying(m)?;
        self.look_at_passing();
        invariants::each_step(self, m)
    }

    /// Collects what a server asks for.
    fn collect(&mut self, m: usize) {
        let (outside, life) = (self.members[m].outside.clone(), self.members[m].life);
        for job in std::mem::take(&mut *outside.jobs.lock()) {
            let delay = self.soon() * 3;
            self.after(delay, Happening::Job(m, life, job));
        }
        for wake in std::mem::take(&mut *outside.wakes.lock()) {
            let at = u64::try_from(wake.as_micros()).unwrap_or(u64::MAX);
            self.at(at, Happening::Server(m, life, Box::new(Event::Timer)));
        }
        for ask in std::mem::take(&mut *outside.asks.lock()) {
            self.ask(m, ask);
        }
        self.collect_frames(m);
    }

    /// When a member gets to its next proposal.
    pub fn proposal_time(&mut self, m: usize) -> u64 {
        let time = self.now + self.soon();
        self.members[m].proposals_at.at(time)
    }
}

impl Member {
    fn new(number: usize, clock: &Clock) -> Member {
        Member {
            id: ServerId(Uuid::from_u128(0x1000 + number as u128)),
            server: None,
            outside: Outside::new(clock.clone()),
            life: 0,
            applied: 0,
            applying: None,
            is_apply_due: false,
            proposals: Default::default(),
            leads: None,
            heard: (0, None),
            is_lonely: false,
            is_isolated: false,
            slowness: 1,
            told: Standing::default(),
            forwards: BTreeMap::new(),
            confirming: Vec::new(),
            epoch: 0,
            shown_index: None,
            proposals_at: Fifo::default(),
        }
    }

    /// The database, if the member is up.
    pub fn db(&self) -> Option<&OpenDatabase> {
        self.server.as_ref()?.databases.get(DB)
    }

    /// Whether its server thinks that it leads.
    pub fn server_leads(&self) -> bool {
        let server = self.server.as_ref();
        server.is_some_and(|server| cluster(server).standing.leads.is_some())
    }
}

/// A server's share of the cluster.
pub fn cluster(server: &Server) -> &Cluster {
    match server.databases.get(DB).map(|db| &db.model) {
        Some(Model::Clustered(cluster)) => cluster,
        _ => panic!("the database is clustered and stays open"),
    }
}

pub fn cluster_event(event: ClusterEvent) -> Event {
    Event::Cluster(DB.to_owned(), event)
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
