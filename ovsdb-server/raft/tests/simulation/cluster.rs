//! A cluster of members: machines with their disks, the processes on them, the network between them, and time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use ovsdb_raft::{ClusterId, Member, MemberError, ServerId, Settings, Status, Threads};
use ovsdb_transport::tls::Tls;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::invariants;
use crate::nemesis::Due;
use crate::record::{Life, Record, Seen};
use crate::replica::Replica;
use crate::simulated::chance::Chance;
use crate::simulated::disk::SimDisk;
use crate::simulated::network::{Host, Network};
use crate::simulated::panics;
use crate::simulated::process::{Process, Surroundings};

const CLUSTER: ClusterId = ClusterId(Uuid::from_u128(77));

/// Machines: some of them are spare at first.
const HOSTS: usize = 7;

/// How long the making of a cluster may take.
const FOUNDING: u64 = 30_000;

/// How long things go wrong.
const CHAOS: u64 = 15_000;

/// How long a cluster may take to be well again.
const HEALING: u64 = 60_000;

/// A machine.
pub struct Place {
    pub disk: SimDisk,
    /// The server whose folder is on the disk.
    pub server: Option<ServerId>,
    cluster: Option<ClusterId>,
    /// It was taken in, as far as it knows.
    pub joined: Arc<Mutex<bool>>,
    n_lives: u64,
    pub running: Option<Running>,
}

/// The process on a machine.
pub struct Running {
    process: Process,
    pub replica: Arc<Replica>,
    starting: Arc<Mutex<Option<Result<Member, MemberError>>>>,
    pub member: Option<Arc<Member>>,
    /// It is stopped until then.
    pub stopped_until: u64,
    /// It asks to be taken in.
    is_joining: bool,
    /// How long it has been stopped.
    behind: u64,
}

impl Running {
    /// Does something with the member, on the process's own clock.
    pub fn spawn<F: Future<Output = ()> + Send + 'static>(&self, what: impl FnOnce(Arc<Member>) -> F) {
        if let Some(member) = &self.member {
            self.process.handle().spawn(what(member.clone()));
        }
    }

    /// What its member tells of itself.
    pub fn status(&self) -> Option<Status> {
        let _clock = self.process.handle().enter();
        self.member.as_ref().map(|member| member.status())
    }
}

pub struct Cluster {
    pub chance: Chance,
    pub now: u64,
    wire: Process,
    pub network: Network,
    pub record: Record,
    pub places: Vec<Place>,
    pub agenda: BTreeMap<(u64, u64), Due>,
    n_due: u64,
    pub n_ids: u64,
}

pub fn address(host: Host) -> String {
    format!("tcp:10.0.0.{}:6643", host + 1)
}

impl Cluster {
    pub fn new(seed: u64) -> Cluster {
        let chance = Chance::new(seed);
        ovsdb_raft::random::seed(chance.number());
        let wire = Process::start();
        let place = |_| Place {
            disk: SimDisk::new(&chance),
            server: None,
            cluster: None,
            joined: Arc::default(),
            n_lives: 0,
            running: None,
        };
        Cluster {
            now: 0,
            network: Network::new(wire.handle().clone(), &chance),
            wire,
            record: Record::new(invariants::all()),
            places: (0..HOSTS).map(place).collect(),
            agenda: BTreeMap::new(),
            n_due: 0,
            n_ids: 0,
            chance,
        }
    }

    /// Runs to the end; an error is a broken promise.
    pub fn run(&mut self) -> Result<(), String> {
        let n = if self.chance.in_hundred(70) { 3 } else { 5 };
        self.found(n)?;
        let end = self.now + CHAOS;
        self.wake_nemesis();
        while self.now < end {
            self.step()?;
            self.clients();
        }
        self.heal();
        let patience = self.now + HEALING;
        let mut asked = BTreeMap::new();
        while !self.is_well(&mut asked) {
            self.step()?;
            if self.now > patience {
                return Err(format!("it is not well again: {}", self.tell()));
            }
        }
        let members = self.members().map(|(_, running)| {
            let (index, hash, executed) = running.replica.state();
            (running.replica.life(), index, hash, executed)
        });
        let members = members.collect();
        self.record.see(Seen::Ended { members });
        self.record.violation().map_or(Ok(()), Err)
    }

    /// The next millisecond.
    pub fn step(&mut self) -> Result<(), String> {
        self.now += 1;
        self.record.set_now(self.now);
        while let Some(entry) = self
            .agenda
            .first_entry()
            .filter(|first| first.key().0 <= self.now)
        {
            let due = entry.remove();
            self.come(due);
        }
        self.wire.run(1);
        let record = self.record.clone();
        for place in &mut self.places {
            let Some(running) = &mut place.running else {
                continue;
            };
            if running.stopped_until > self.now {
                running.behind += 1;
                continue;
            }
            match std::mem::take(&mut running.behind) {
                0 => {}
                behind => running.process.skip(behind),
            }
            running.process.run(1);
            match running.starting.lock().take() {
                None => {}
                Some(Ok(member)) => {
                    let member = Arc::new(member);
                    running.replica.set_member(&member);
                    running.member = Some(member);
                }
                Some(Err(error)) if place.disk.was_fault_met() => {
                    record.see(Seen::Fault(format!("it cannot start: {error}")));
                }
                Some(Err(error)) => record.violate(format!("a member cannot start: {error}")),
            }
            if place.cluster.is_none()
                && let Some(member) = &running.member
            {
                place.cluster = member.cluster();
            }
        }
        self.bring_in();
        self.retire();
        match panics::take() {
            true => Err(format!("at {} ms: something panicked", self.now)),
            false => self.record.violation().map_or(Ok(()), Err),
        }
    }

    /// So many first members.
    pub fn found(&mut self, n: usize) -> Result<(), String> {
        for host in 0..n {
            self.places[host].server = Some(self.new_server());
        }
        self.places[0].cluster = Some(CLUSTER);
        *self.places[0].joined.lock() = true;
        (0..n).for_each(|host| self.start(host));
        let mut is_founded = false;
        while self
            .members()
            .filter(|(_, r)| r.replica.standing().connected)
            .count()
            < n
        {
            self.step()?;
            if !is_founded
                && let Some(running) = &self.places[0].running
                && running.member.is_some()
            {
                is_founded = true;
                let record = self.record.clone();
                running.spawn(async move |member| {
                    if let Err(error) = member.found().await {
                        record.violate(format!("no cluster can be founded: {error}"));
                    }
                });
            }
            if self.now > FOUNDING {
                return Err(format!("no cluster is made: {}", self.tell()));
            }
        }
        Ok(())
    }

    pub fn new_server(&mut self) -> ServerId {
        self.n_ids += 1;
        // The first digits are shown.
        ServerId(Uuid::from_u128(u128::from(self.n_ids) << 112))
    }

    /// Starts the process of a machine.
    pub fn start(&mut self, host: Host) {
        let place = &mut self.places[host];
        let Some(server) = place.server.filter(|_| place.running.is_none()) else {
            return;
        };
        place.n_lives += 1;
        let life = Life {
            host,
            server,
            n: place.n_lives,
        };
        self.record.see(Seen::Started(life));
        let process = Process::start();
        let replica = Replica::new(life, &self.record, &self.chance);
        let surroundings = Surroundings {
            host,
            disk: place.disk.clone(),
            network: self.network.clone(),
        };
        let settings = Settings {
            server,
            cluster: place.cluster,
            database: "simulated".to_owned(),
            address: address(host),
            election_timer_ms: 500,
            snapshot_every: 60,
            has_log: false,
            tls: Arc::new(Tls::default()),
        };
        let starting = Arc::new(Mutex::new(None));
        let (threads, machine) = (
            Threads::of(process.handle().clone(), Arc::new(surroundings)),
            replica.clone(),
        );
        let started = starting.clone();
        process.handle().spawn(async move {
            let member = Member::start(&threads, Path::new("/"), settings, machine).await;
            *started.lock() = Some(member);
        });
        place.running = Some(Running {
            process,
            replica,
            starting,
            member: None,
            stopped_until: 0,
            is_joining: false,
            behind: 0,
        });
    }

    /// Who runs and was not taken in yet asks for it.
    fn bring_in(&mut self) {
        let now = self.now;
        let others = |host: Host| (0..HOSTS).filter(move |other| *other != host).map(address);
        for (host, place) in self.places.iter_mut().enumerate() {
            let joined = place.joined.clone();
            let Some(running) = place.running.as_mut().filter(|_| !*joined.lock()) else {
                continue;
            };
            if running.member.is_none() || running.stopped_until > now || running.is_joining {
                continue;
            }
            running.is_joining = true;
            let remotes: Vec<String> = others(host).collect();
            let record = self.record.clone();
            running.spawn(async move |member| match member.join(&remotes).await {
                Ok(()) => {
                    record.count("joined");
                    *joined.lock() = true;
                }
                Err(error) => record.see(Seen::Fault(format!("joining: {error}"))),
            });
        }
    }

    /// Who was removed is switched off, and its machine is free for another server.
    fn retire(&mut self) {
        for host in 0..HOSTS {
            let running = self.places[host].running.as_ref();
            if running.is_some_and(|running| running.replica.standing().removed) {
                self.record.count("removed");
                self.wipe(host);
            }
        }
    }

    pub fn wipe(&mut self, host: Host) {
        self.kill(host);
        let place = &mut self.places[host];
        place.disk = SimDisk::new(&self.chance);
        place.server = None;
        place.cluster = None;
        place.joined = Arc::default();
    }

    /// A process dies.
    pub fn kill(&mut self, host: Host) {
        let place = &mut self.places[host];
        let Some(running) = place.running.take() else {
            return;
        };
        let was_fault_met = usize::from(place.disk.was_fault_met());
        self.record.add("a disk fault met", was_fault_met);
        self.network.died(host);
        let (n_lost, is_torn) = place.disk.crash();
        self.record.add("unsynced writes lost", n_lost);
        self.record.add("unsynced writes kept", usize::from(is_torn));
        // The runtime first: nothing of it runs any more.
        drop(running.process);
    }

    pub fn later(&mut self, ms: u64, due: Due) {
        self.n_due += 1;
        self.agenda.insert((self.now + ms, self.n_due), due);
    }

    /// Processes that run and have a member.
    pub fn members(&self) -> impl Iterator<Item = (Host, &Running)> {
        let running = self.places.iter().enumerate();
        running.filter_map(|(host, place)| {
            let running = place.running.as_ref()?;
            running.member.as_ref().map(|_| (host, running))
        })
    }

    /// Who says that it leads.
    pub fn leader(&self) -> Option<Host> {
        let mut members = self.members();
        members.find_map(|(host, r)| r.replica.standing().leads.map(|_| host))
    }

    /// Every member serves its clients, and all have the same.
    fn is_well(&mut self, asked: &mut BTreeMap<Life, Option<ovsdb_raft::Request>>) -> bool {
        if !self.now.is_multiple_of(50) {
            return false;
        }
        let mut is_well = self.expel_the_dead();
        let n_ids = &mut self.n_ids;
        let mut indexes = BTreeSet::new();
        for place in self.places.iter().filter(|place| place.server.is_some()) {
            let Some((running, member)) = place.running.as_ref().and_then(|r| Some((r, r.member.as_ref()?)))
            else {
                return false;
            };
            if !*place.joined.lock() || !running.replica.standing().connected {
                is_well = false;
                continue;
            }
            let request = asked.entry(running.replica.life()).or_insert_with(|| {
                *n_ids += 1;
                let id = Uuid::from_u128(u128::from(*n_ids));
                Some(running.replica.ask(member, id, crate::replica::WRITE))
            });
            if request.is_some_and(|request| running.replica.is_waiting(&request)) {
                is_well = false;
            }
            indexes.insert(running.replica.index());
        }
        is_well && indexes.len() == 1 && self.leader().is_some()
    }

    /// What people do about members whose machines were given to others. Those that have no vote are forgotten without
    /// them. Returns whether there is nobody to be forgotten.
    fn expel_the_dead(&mut self) -> bool {
        let Some(running) = self.leader().and_then(|host| self.places[host].running.as_ref()) else {
            return false;
        };
        let servers = running.status().map(|status| status.servers).unwrap_or_default();
        let is_dead = |server: &ServerId| self.places.iter().all(|place| place.server != Some(*server));
        for (server, _) in servers.iter().filter(|(id, of)| of.voter && is_dead(id)) {
            let server = *server;
            running.spawn(async move |member| {
                // Another attempt follows.
                let _ = member.kick(server).await;
            });
        }
        servers.iter().all(|(id, of)| of.voter && !is_dead(id))
    }

    /// What people want to know when it is not well.
    pub fn tell(&self) -> String {
        let mut told = String::new();
        for (host, place) in self.places.iter().enumerate() {
            let Some(server) = place.server else { continue };
            let joined = *place.joined.lock();
            let state = match place.running.as_ref() {
                None => "down".to_owned(),
                Some(running) => match &running.member {
                    None => "starting".to_owned(),
                    Some(member) => {
                        let _clock = running.process.handle().enter();
                        let status = member.status();
                        format!(
                            "{:?}, {:?} of term {}, leader {:?}, log {:?}, committed {}, applied {:?}, waiting {}, {:?}",
                            status.failure,
                            status.role,
                            status.term,
                            status.leader.map(|id| id.to_string()),
                            status.log,
                            status.committed,
                            running.replica.index(),
                            running.replica.n_waiting(),
                            running.replica.standing(),
                        )
                    }
                },
            };
            told.push_str(&format!("\n  {host} is {server}, joined {joined}: {state}"));
        }
        told
    }
}
