//! What a log may do to its members: one leader in a term, entries that are agreed on or lost when it changes,
//! members that hear of it late and apply at their own pace, requests passed on once, twice, in vain.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use ovsdb_cluster::Image;
use ovsdb_data::{Uuid, json};
use ovsdb_raft::types::{Command, LogId, Request, ServerId};
use ovsdb_raft::{Applied, Forwarded, Handled, Standing};
use ovsdb_server::cluster::{self, Cluster, ClusterEvent};
use ovsdb_server::database::OpenDatabase;
use ovsdb_server::server::Event;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::sim::work::{DB, first_rows, schema};
use crate::sim::world::{Fifo, Happening, MS, Member, World};

/// How long faults go on, in simulated time.
pub const CHAOS: u64 = 4000 * MS;

/// Entries handed over at once, at most.
const BATCH: usize = 6;

/// What a run of many seeds must have seen.
pub const EXPECTED: &[&str] = &[
    "elected",
    "re-elected",
    "crashed",
    "isolated",
    "lonely",
    "snapshots installed",
    "void entries",
    "conversions",
    "restores",
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

/// Something that is going to happen between the servers.
pub enum Between {
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
    /// Something ceases to be wrong.
    Rejoin(usize),
    Steady(usize),
}

/// What consensus knows of a member.
pub struct Place {
    asks: Arc<Asks>,
    pub is_apply_due: bool,
    pub proposals: VecDeque<Command>,
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
    proposals_at: Fifo,
}

impl Place {
    fn new() -> Place {
        Place {
            asks: Arc::default(),
            is_apply_due: false,
            proposals: VecDeque::new(),
            leads: None,
            heard: (0, None),
            is_lonely: false,
            is_isolated: false,
            slowness: 1,
            told: Standing::default(),
            forwards: BTreeMap::new(),
            confirming: Vec::new(),
            proposals_at: Fifo::default(),
        }
    }

    /// Nothing here looks at a clock.
    pub fn clock(&self) -> Option<Handle> {
        None
    }
}

/// What a server asks of consensus, until the simulation gets to it.
#[derive(Default)]
struct Asks(Mutex<Vec<Ask>>);

enum Ask {
    Propose(Command),
    Forward(Forwarded),
    Forget(Request),
    Confirm(u64),
}

impl cluster::Consensus for Asks {
    fn propose(&self, command: Command) {
        self.0.lock().push(Ask::Propose(command));
    }

    fn forward(&self, request: Forwarded) {
        self.0.lock().push(Ask::Forward(request));
    }

    fn forget(&self, request: &Request) {
        self.0.lock().push(Ask::Forget(*request));
    }

    fn confirm(&self, round: u64) {
        self.0.lock().push(Ask::Confirm(round));
    }
}

/// A request on its way to a leader.
struct Passing {
    from: usize,
    life: u64,
    to: usize,
    to_life: u64,
    request: Request,
    attempt: u32,
    answer: oneshot::Receiver<Handled>,
}

/// The cluster's log, and what is under way.
#[derive(Default)]
pub struct Consensus {
    pub committed: Vec<Entry>,
    /// The leader's, not agreed on yet.
    pub tail: VecDeque<Entry>,
    pub term: u64,
    /// Of the newest term.
    pub leader: Option<usize>,
    is_commit_due: bool,
    /// By the last log index in them.
    pub snapshots: BTreeMap<usize, Image>,
    passing: Vec<Passing>,
}

#[derive(Clone)]
pub struct Entry {
    pub term: u64,
    pub command: Option<Command>,
}

/// What a member reports, as an event.
pub fn cluster_event(event: ClusterEvent) -> Event {
    Event::Cluster(DB.to_owned(), event)
}

impl World {
    pub fn new(seed: u64) -> World {
        let mut rng = StdRng::seed_from_u64(seed);
        let n_members = [1, 3, 3, 3, 5][rng.random_range(0..5)];
        let id = |number| ServerId(Uuid::from_u128(0x1000 + number as u128));
        let places = (0..n_members).map(|number| (id(number), Place::new()));
        let mut world = World::with(rng, places.collect(), Consensus::default());
        for m in 0..n_members {
            world.start(m);
        }
        world.found();
        world
    }

    /// Starts a member, which knows nothing.
    pub fn start(&mut self, m: usize) {
        let (id, asks) = (self.members[m].id, self.members[m].place.asks.clone());
        let server = self.start_server(m);
        let mut cluster = Cluster::new(id);
        cluster.connect(asks);
        let db = OpenDatabase::clustered(DB, cluster).expect("a name of letters");
        server.add_database(db).expect("there is none of that name");
        server.start_timers();
        let place = &mut self.members[m].place;
        place.is_apply_due = false;
        place.told = Standing::default();
        self.standing_moved(m);
        self.apply_soon(m);
        self.collect(m);
    }

    /// With some likelihood, as long as things go wrong.
    fn unlucky(&mut self, likelihood: f64) -> bool {
        !self.is_healing && self.rng.random_bool(likelihood)
    }

    /// Nothing is held back here.
    pub fn not_held_back(&mut self, what: Happening) -> Option<Happening> {
        Some(what)
    }

    /// Something happens between the servers.
    pub fn between(&mut self, what: Between) -> Result<(), String> {
        match what {
            Between::Propose(m, life) if self.is_alive(m, life) => self.append(m),
            Between::Commit => return self.commit(),
            Between::Apply(m, life) if self.is_alive(m, life) => return self.apply(m),
            Between::Tell(m, life) if self.is_alive(m, life) => return self.tell_standing(m),
            Between::Hear(m, term, leader) => self.hear(m, term, leader),
            Between::Forward(m, life, request, attempt) if self.is_alive(m, life) => {
                self.pass_on(m, request, attempt);
            }
            Between::Answer(m, life, request, reply) if self.is_alive(m, life) => {
                return self.pass_back(m, request, reply);
            }
            Between::Confirm(m, life, round) if self.is_alive(m, life) => self.confirm(m, round),
            Between::Rejoin(m) => self.rejoin(m),
            Between::Steady(m) => {
                self.members[m].place.is_lonely = false;
                self.standing_moved(m);
            }
            // Of a life that is over.
            _ => {}
        }
        Ok(())
    }

    /// The answer to a request comes back, unless it came before.
    fn pass_back(&mut self, m: usize, request: Request, reply: Bytes) -> Result<(), String> {
        match self.members[m].place.forwards.remove(&request) {
            Some(_) => self.tell(m, cluster_event(ClusterEvent::Answered(request, reply))),
            None => Ok(()),
        }
    }

    /// After a server did something.
    pub fn look_between(&mut self, m: usize) -> Result<(), String> {
        let asks = std::mem::take(&mut *self.members[m].place.asks.0.lock());
        for ask in asks {
            self.ask(m, ask);
        }
        self.look_at_passing();
        Ok(())
    }

    /// Every member has everything, and knows who leads.
    pub fn is_settled(&self) -> bool {
        let member = |m: &Member| {
            m.server.is_some()
                && m.applied == self.reference.last()
                && m.place.proposals.is_empty()
                && m.applying.is_none()
        };
        self.members.iter().all(member)
            && (0..self.members.len()).all(|m| self.members[m].place.told == self.standing(m))
            && self.consensus.tail.is_empty()
    }

    /// What keeps it from that, for people.
    pub fn ails(&self) -> Option<String> {
        let last = self.reference.last();
        let late = self.members.iter().position(|member| member.applied != last);
        late.map(|m| {
            format!(
                "member {m} has entries up to {} of {last}",
                self.members[m].applied
            )
        })
    }

    /// The first term, and the first contents.
    fn found(&mut self) {
        let restore = Command::Restore {
            id: Uuid::from_u128(1),
            schema: json::to_string(&schema(0)).into(),
            record: json::to_string(&first_rows()).into(),
            index_at_least: self.rng.random_range(0..1000),
        };
        self.reference
            .take(Some(&restore))
            .expect("the first contents are right");
        self.consensus.committed.push(Entry {
            term: 0,
            command: Some(restore),
        });
        let leader = self.rng.random_range(0..self.members.len());
        self.elect(leader);
    }

    /// Another term. What its leader has of the old leader's entries is agreed on, the rest is lost.
    pub fn elect(&mut self, m: usize) {
        self.counted.count(match self.consensus.leader == Some(m) {
            true => "re-elected",
            false => "elected",
        });
        let kept = self.rng.random_range(0..=self.consensus.tail.len());
        if kept < self.consensus.tail.len() {
            self.counted.count("entries lost");
        }
        self.consensus.tail.truncate(kept);
        self.consensus.term += 1;
        self.consensus.leader = Some(m);
        let term = self.consensus.term;
        self.consensus.tail.push_back(Entry { term, command: None });
        let first = self.consensus.committed.len() + self.consensus.tail.len();
        self.hear(m, term, Some(m));
        self.members[m].place.leads = Some((term, first));
        self.members[m].place.is_lonely = false;
        self.commit_soon();
        for other in 0..self.members.len() {
            if other != m {
                let delay = self.soon() * 4;
                self.after(delay, Happening::Between(Between::Hear(other, term, Some(m))));
            }
        }
    }

    /// A member hears who leads; an older leader learns that it does not any more.
    pub fn hear(&mut self, m: usize, term: u64, leader: Option<usize>) {
        let member = &mut self.members[m];
        if member.place.is_isolated && leader != Some(m) || term <= member.place.heard.0 {
            return;
        }
        member.place.heard = (term, leader);
        member.place.leads = None;
        self.standing_moved(m);
    }

    /// What a member is at present.
    pub fn standing(&self, m: usize) -> Standing {
        let member = &self.members[m];
        let leads = member
            .place
            .leads
            .filter(|(_, first)| member.applied >= *first && !member.place.is_lonely);
        let leader = match member.place.leads {
            Some(_) if member.place.is_lonely => None,
            Some(_) => Some(m),
            None if member.place.is_lonely => None,
            None => member.place.heard.1,
        };
        Standing {
            leads: leads.map(|(term, _)| term),
            leader: leader.map(|leader| self.members[leader].id),
            connected: leader.is_some(),
            member: true,
            removed: false,
            term: member.place.heard.0,
            failure: None,
        }
    }

    /// Its server will be told.
    pub fn standing_moved(&mut self, m: usize) {
        let delay = self.soon() * 2;
        self.after(delay, Happening::Between(Between::Tell(m, self.members[m].life)));
    }

    /// What changed meanwhile is told at once; what came and went is never told.
    pub fn tell_standing(&mut self, m: usize) -> Result<(), String> {
        let standing = self.standing(m);
        if self.members[m].place.told == standing {
            return Ok(());
        }
        let route = |standing: &Standing| (standing.leader, standing.term, standing.leads.is_some());
        if route(&self.members[m].place.told) != route(&standing) {
            self.pass_on_again(m);
        }
        self.members[m].place.told = standing.clone();
        self.tell(m, cluster_event(ClusterEvent::Standing(standing)))
    }

    fn ask(&mut self, m: usize, ask: Ask) {
        let life = self.members[m].life;
        match ask {
            Ask::Propose(command) => {
                self.members[m].place.proposals.push_back(command);
                let time = self.now + self.soon();
                let at = self.members[m].place.proposals_at.at(time);
                self.at(at, Happening::Between(Between::Propose(m, life)));
            }
            Ask::Forward(forwarded) => {
                let request = forwarded.request;
                self.members[m].place.forwards.insert(request, (forwarded, 0));
                let delay = self.soon();
                self.after(delay, Happening::Between(Between::Forward(m, life, request, 0)));
            }
            Ask::Forget(request) => {
                self.members[m].place.forwards.remove(&request);
            }
            Ask::Confirm(round) => {
                let delay = self.soon();
                self.after(delay, Happening::Between(Between::Confirm(m, life, round)));
            }
        }
    }

    /// A leader's log gets its oldest proposal; anybody else's is lost.
    pub fn append(&mut self, m: usize) {
        let Some(command) = self.members[m].place.proposals.pop_front() else {
            return;
        };
        if self.consensus.leader != Some(m) || self.members[m].place.leads.is_none() {
            self.counted.count("proposed in vain");
            return;
        }
        self.consensus.tail.push_back(Entry {
            term: self.consensus.term,
            command: Some(command),
        });
        self.commit_soon();
    }

    /// The leader asks what everybody has.
    pub fn verify(&mut self) {
        self.consensus.tail.push_back(Entry {
            term: self.consensus.term,
            command: Some(Command::Verify(Uuid::from_u128(self.rng.random()))),
        });
        self.commit_soon();
    }

    pub fn commit_soon(&mut self) {
        if !std::mem::replace(&mut self.consensus.is_commit_due, true) {
            let delay = self.soon();
            self.after(delay, Happening::Between(Between::Commit));
        }
    }

    /// Some of the leader's entries are agreed on.
    pub fn commit(&mut self) -> Result<(), String> {
        self.consensus.is_commit_due = false;
        let reaches_others =
            |m: usize| self.members[m].place.leads.is_some() && !self.members[m].place.is_isolated;
        if self.consensus.tail.is_empty() || !self.consensus.leader.is_some_and(reaches_others) {
            return Ok(());
        }
        for _ in 0..self.rng.random_range(1..=self.consensus.tail.len()) {
            if let Some(entry) = self.consensus.tail.pop_front() {
                self.reference.take(entry.command.as_ref())?;
                self.consensus.committed.push(entry);
            }
        }
        for m in 0..self.members.len() {
            self.apply_soon(m);
        }
        if !self.consensus.tail.is_empty() {
            self.commit_soon();
        }
        Ok(())
    }

    pub fn apply_soon(&mut self, m: usize) {
        if !std::mem::replace(&mut self.members[m].place.is_apply_due, true) {
            let delay = self.soon() * self.members[m].place.slowness;
            self.after(delay, Happening::Between(Between::Apply(m, self.members[m].life)));
        }
    }

    /// A member hands entries, or a snapshot in their place, to its server.
    pub fn apply(&mut self, m: usize) -> Result<(), String> {
        let member = &mut self.members[m];
        member.place.is_apply_due = false;
        let (from, last) = (member.applied, self.consensus.committed.len());
        if member.applying.is_some() || member.place.is_isolated || from == last {
            return Ok(());
        }
        let newest = self.consensus.snapshots.last_key_value();
        if let Some((index, image)) = newest.filter(|(index, _)| **index > from)
            && (from == 0 || last - from > 4 * BATCH)
            && self.rng.random_bool(0.7)
        {
            let (index, pieces) = (*index, image.clone().into_pieces());
            let (done, wait) = oneshot::channel();
            self.members[m].applying = Some((index, wait));
            self.counted.count("snapshots installed");
            let log_id = self.log_id(index);
            return self.tell(
                m,
                cluster_event(ClusterEvent::Install(pieces, Some(log_id), done)),
            );
        }
        let to = (from + self.rng.random_range(1..=BATCH)).min(last);
        let entries = (from + 1..=to).map(|index| Applied {
            log_id: self.log_id(index),
            command: self.consensus.committed[index - 1].command.clone(),
        });
        let entries: Vec<Applied> = entries.collect();
        let (done, wait) = oneshot::channel();
        self.members[m].applying = Some((to, wait));
        self.tell(m, cluster_event(ClusterEvent::Apply(entries, done)))
    }

    fn log_id(&self, index: usize) -> LogId {
        LogId::new_term_index(self.consensus.committed[index - 1].term, index as u64)
    }

    /// A server has taken what it was given.
    pub fn has_applied(&mut self, m: usize, to: usize) -> Result<(), String> {
        let before = self.standing(m);
        self.members[m].applied = to;
        if self.standing(m) != before {
            self.standing_moved(m);
        }
        self.apply_soon(m);
        self.confirm_what_is_applied(m);
        Ok(())
    }

    /// A question whether a member leads: yes if it leads the newest term, as soon as it has what was agreed on by
    /// then; no, otherwise.
    pub fn confirm(&mut self, m: usize, round: u64) {
        let member = &self.members[m];
        match member.place.leads {
            Some((_, first)) if self.consensus.leader == Some(m) && !member.place.is_isolated => {
                let needed = first.max(self.consensus.committed.len());
                self.members[m].place.confirming.push((round, needed));
                self.confirm_what_is_applied(m);
            }
            _ => {
                let delay = self.soon() * 5;
                self.answer_confirm(m, round, false, delay);
            }
        }
    }

    fn confirm_what_is_applied(&mut self, m: usize) {
        let member = &mut self.members[m];
        let applied = member.applied;
        let ready: Vec<(u64, usize)> = member
            .place
            .confirming
            .extract_if(.., |(_, needed)| *needed <= applied)
            .collect();
        for (round, _) in ready {
            let delay = self.soon();
            self.answer_confirm(m, round, true, delay);
        }
    }

    fn answer_confirm(&mut self, m: usize, round: u64, leads: bool, delay: u64) {
        let event = cluster_event(ClusterEvent::Confirmed { round, leads });
        self.after(delay, Happening::Server(m, self.members[m].life, Box::new(event)));
    }

    /// Sends a request to whoever is thought to lead.
    pub fn pass_on(&mut self, m: usize, request: Request, attempt: u32) {
        let life = self.members[m].life;
        let member = &mut self.members[m];
        let (leads, heard, isolated) = (
            member.place.leads.is_some(),
            member.place.heard.1,
            member.place.is_isolated,
        );
        let Some((forwarded, attempts)) = member.place.forwards.get_mut(&request) else {
            return;
        };
        if *attempts != attempt {
            return;
        }
        let forwarded = forwarded.clone();
        let strayed = self.unlucky(0.03);
        let to = match () {
            () if strayed => Some(self.rng.random_range(0..self.members.len())),
            () if leads => Some(m),
            () => heard,
        };
        let Some(to) = to.filter(|to| *to == m || !isolated) else {
            let delay = self.rng.random_range(20..100) * MS;
            return self.after(
                delay,
                Happening::Between(Between::Forward(m, life, request, attempt)),
            );
        };
        if let Some((_, attempts)) = self.members[m].place.forwards.get_mut(&request) {
            *attempts += 1;
        }
        if to != m && self.members[to].place.is_isolated {
            let delay = self.rng.random_range(100..800) * MS;
            return self.after(
                delay,
                Happening::Between(Between::Forward(m, life, request, attempt + 1)),
            );
        }
        let (answer, wait) = oneshot::channel();
        let (delay, to_life) = (self.soon(), self.members[to].life);
        let event = cluster_event(ClusterEvent::Forwarded(forwarded, answer));
        self.after(delay, Happening::Server(to, to_life, Box::new(event)));
        self.consensus.passing.push(Passing {
            from: m,
            life,
            to,
            to_life,
            request,
            attempt: attempt + 1,
            answer: wait,
        });
        // The connection breaks: it is sent again, and the first one may still arrive.
        if self.unlucky(0.1) {
            self.counted.count("passed on twice");
            let delay = self.soon() + self.rng.random_range(0..200) * MS;
            self.after(
                delay,
                Happening::Between(Between::Forward(m, life, request, attempt + 1)),
            );
        }
    }

    /// Everything that a member passes on is sent again: somebody else leads.
    fn pass_on_again(&mut self, m: usize) {
        let forwards = self.members[m].place.forwards.iter();
        let forwards: Vec<(Request, u32)> = forwards.map(|(request, (_, n))| (*request, *n)).collect();
        for (request, attempt) in forwards {
            let delay = self.soon();
            self.after(
                delay,
                Happening::Between(Between::Forward(m, self.members[m].life, request, attempt)),
            );
        }
    }

    /// Looks for answers to requests that were passed on.
    pub fn look_at_passing(&mut self) {
        let mut passing = std::mem::take(&mut self.consensus.passing);
        passing.retain_mut(|passing| {
            let Passing {
                from,
                life,
                to,
                to_life,
                request,
                attempt,
                ..
            } = *passing;
            let again = Happening::Between(Between::Forward(from, life, request, attempt));
            match passing.answer.try_recv() {
                Err(oneshot::error::TryRecvError::Empty) => return true,
                Ok(Handled::Replied(reply)) => match self.unlucky(0.1) {
                    true => {
                        self.counted.count("answers lost");
                        self.after(50 * MS, again);
                    }
                    false => {
                        let delay = self.soon();
                        self.after(
                            delay,
                            Happening::Between(Between::Answer(from, life, request, reply)),
                        );
                    }
                },
                Ok(Handled::NotLeading) => {
                    let delay = self.rng.random_range(2..100) * MS;
                    self.after(delay, again);
                }
                // No answer means that there is an entry, unless the leader is gone.
                Err(oneshot::error::TryRecvError::Closed) => {
                    if !self.is_alive(to, to_life) {
                        let delay = self.rng.random_range(2..100) * MS;
                        self.after(delay, again);
                    }
                }
            }
            false
        });
        self.consensus.passing.append(&mut passing);
    }
}
