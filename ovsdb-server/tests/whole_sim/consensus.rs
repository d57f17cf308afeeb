//! Real members between the servers, each in a process of its own, and what they agree on.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use ovsdb_cluster::FileError;
use ovsdb_cluster::make::{self, Contents};
use ovsdb_data::{DatabaseSchema, Uuid, json};
use ovsdb_raft::Applied;
use ovsdb_raft::types::ServerId;
use ovsdb_server::cluster::ClusterEvent;
use ovsdb_server::server::Event;
use ovsdb_store::clustered::Address;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;
use tokio::sync::oneshot;

pub use crate::machine::Place;
use crate::sim::work::{DB, first_rows, schema};
use crate::sim::world::{Happening, MS, Member, World};
use crate::simulated::chance::Chance;
use crate::simulated::disk::{SLOWNESS, SimDisk};
use crate::simulated::network::{DELAY, Network};
use crate::simulated::panics;
use crate::simulated::process::Process;

/// How long faults go on, in simulated time.
pub const CHAOS: u64 = 8000 * MS;

/// Machines: some of them are spare at first.
const HOSTS: usize = 5;

/// The election timer at first, in ms.
const TIMER_MS: u64 = 300;

/// What a run of many seeds must have seen, besides what all members under faults see.
pub const EXPECTED: &[&str] = &[
    "slow server",
    "log lost",
    "lull",
    "snapshots installed",
    "conversions",
    "restores",
    "canceled",
    "executed",
    "reads by a leader",
    "monitors resumed",
    "monitors lagging",
];

/// Something that is going to happen between the servers.
pub enum Between {
    /// A millisecond has passed.
    Tick,
    /// A disk is mended, and its process started anew.
    Mend(usize),
    /// A disk is as fast as ever.
    Quick(usize),
    /// A server is as fast as ever.
    Brisk(usize),
    /// A partition that parts a member from others begins.
    Part(usize),
    /// A partition ends.
    Unite(u64),
    /// The network is as fast as ever.
    Calm,
}

/// What the machines share.
pub struct Consensus {
    pub chance: Chance,
    /// The network's own time.
    wire: Process,
    pub network: Network,
    /// Where the members' files are.
    folder: TempDir,
    /// Term and contents of each entry, by index.
    entries: Vec<(u64, u64)>,
    n_servers: u64,
    /// The member whose log was lost: it must not go on.
    pub without_log: Option<ServerId>,
    /// What must not be, and was seen where nothing could be returned.
    violation: Option<String>,
}

fn address(host: usize) -> Address {
    Address::parse(&format!("tcp:10.0.0.{}:6643", host + 1)).expect("an address")
}

impl World {
    pub fn new(seed: u64) -> World {
        panics::watch();
        let mut rng = StdRng::seed_from_u64(seed);
        let chance = Chance::new(rng.random());
        ovsdb_raft::random::seed(chance.number());
        let n_members = [1, 3, 3, 3, 5][rng.random_range(0..5)];
        let wire = Process::start();
        let consensus = Consensus {
            network: Network::new(wire.handle().clone(), &chance),
            wire,
            folder: tempfile::tempdir().expect("a folder"),
            entries: Vec::new(),
            n_servers: 0,
            without_log: None,
            violation: None,
            chance,
        };
        let place = |_| (ServerId::default(), Place::new(&consensus.chance));
        let places = (0..HOSTS).map(place).collect();
        let mut world = World::with(rng, places, consensus);
        world.found();
        for m in 1..n_members {
            world.join(m, (0..n_members).collect());
        }
        world.after(0, Happening::Between(Between::Tick));
        world
    }

    /// A new server on a machine that is spare.
    fn new_file(&mut self, m: usize) -> (Uuid, PathBuf) {
        self.consensus.n_servers += 1;
        let n = self.consensus.n_servers;
        // The first digits are shown.
        let id = Uuid::from_u128(u128::from(n) << 112);
        let path = self.consensus.folder.path().join(format!("{n}.db"));
        let member = &mut self.members[m];
        member.id = ServerId(id);
        member.place.disk = SimDisk::new(&self.consensus.chance);
        member.place.file = Some(path.clone());
        (id, path)
    }

    /// The first member, whose file has the first contents.
    fn found(&mut self) {
        let (id, path) = self.new_file(0);
        let contents = Contents {
            schema: DatabaseSchema::from_json(&schema(0)).expect("a schema"),
            record: json::to_string(&first_rows()).into_bytes(),
            index: self.rng.random_range(1..1000),
            election_timer: None,
        };
        let chance = self.consensus.chance.clone();
        let fresh = || Uuid::from_u64_pair(chance.number(), chance.number());
        make::found(
            &path,
            contents,
            "nothing",
            (id, address(0)),
            Some(TIMER_MS),
            &fresh,
        )
        .expect("the file can be made");
        self.start(0);
    }

    /// A server asks some machines to be taken in.
    pub fn join(&mut self, m: usize, others: Vec<usize>) {
        let (id, path) = self.new_file(m);
        let remotes = others.into_iter().map(address).collect();
        make::join(&path, DB, (id, address(m)), remotes, None).expect("the file can be made");
        self.start(m);
    }

    /// Starts the process of a machine that has a member.
    pub fn start(&mut self, m: usize) {
        let Some(path) = self.members[m].place.file.clone() else {
            return;
        };
        let network = self.consensus.network.clone();
        let has_lost_log = self.consensus.without_log == Some(self.members[m].id);
        match self.members[m].place.start(m, &path, &network) {
            Ok(()) if has_lost_log && !self.members[m].place.has_sign() => {
                self.violate(format!("member {m} is started without its log"));
            }
            Ok(()) => {
                self.start_server(m).start_timers();
                self.collect(m);
            }
            // It was written down, and its process died before anybody saw.
            Err(FileError::Left { .. }) => self.wipe(m),
            Err(FileError::Inconsistent { .. }) if has_lost_log => self.wipe(m),
            Err(error) => self.violate(format!("member {m}'s file cannot be opened: {error}")),
        }
    }

    /// A process dies.
    pub fn kill(&mut self, m: usize) {
        let place = &mut self.members[m].place;
        let Some(running) = place.running.take() else {
            return;
        };
        let was_fault_met = usize::from(place.disk.was_fault_met());
        self.consensus.network.died(m);
        let (n_lost, is_kept) = place.disk.crash();
        // The runtime first: nothing of it runs any more.
        drop(running);
        self.stop_server(m);
        for (what, n) in [
            ("a disk fault met", was_fault_met),
            ("unsynced writes lost", n_lost),
            ("unsynced writes kept", usize::from(is_kept)),
        ] {
            self.counted.add(what, n);
        }
    }

    /// A machine is spare again.
    pub fn wipe(&mut self, m: usize) {
        self.counted.count("removed");
        self.kill(m);
        self.members[m].place.file = None;
    }

    fn violate(&mut self, what: String) {
        self.consensus.violation.get_or_insert(what);
    }

    /// What comes to a stopped process waits.
    pub fn not_held_back(&mut self, what: Happening) -> Option<Happening> {
        let m = match &what {
            Happening::Server(m, ..) | Happening::Job(m, ..) => Some(*m),
            Happening::Drain(c, _) => self.clients[*c].connection.as_ref().map(|c| c.member),
            _ => None,
        };
        match m.and_then(|m| self.members[m].place.running.as_mut()) {
            Some(running) if running.stopped_until > self.now / MS || !running.held_back.is_empty() => {
                running.held_back.push_back(what);
                None
            }
            _ => Some(what),
        }
    }

    /// Something happens between the servers.
    pub fn between(&mut self, what: Between) -> Result<(), String> {
        match what {
            Between::Tick => {
                self.after(MS, Happening::Between(Between::Tick));
                self.tick()?;
                if self.is_healing && (self.now / MS).is_multiple_of(50) {
                    self.expel_the_dead();
                }
            }
            // Mended already.
            Between::Mend(_) if self.is_healing => {}
            Between::Mend(m) => {
                self.members[m].place.disk.set_fault(None);
                self.kill(m);
                self.start(m);
            }
            Between::Quick(m) => self.members[m].place.disk.set_slowness(SLOWNESS),
            Between::Brisk(m) => self.members[m].place.slowness = 1,
            Between::Part(_) if self.is_healing => {}
            Between::Part(m) => self.part(m),
            Between::Unite(partition) => self.consensus.network.unite(partition),
            Between::Calm => self.consensus.network.set_delay(DELAY),
        }
        Ok(())
    }

    /// A millisecond passes on the network and on every machine.
    fn tick(&mut self) -> Result<(), String> {
        self.consensus.wire.run(1);
        for m in 0..self.members.len() {
            let now = self.now / MS;
            let Some(running) = &mut self.members[m].place.running else {
                continue;
            };
            let started = running.run(now);
            let has_lost_log = self.consensus.without_log == Some(self.members[m].id);
            match started {
                Some(Ok(())) if has_lost_log => {
                    return Err(format!("member {m} is started without its log"));
                }
                // Somebody gives the machine to another one.
                Some(Err(_)) if has_lost_log => {
                    self.wipe(m);
                    continue;
                }
                Some(Err(error)) if !self.members[m].place.disk.was_fault_met() => {
                    return Err(format!("member {m} cannot start: {error}"));
                }
                _ => {}
            }
            self.go_on(m)?;
            self.hand_over(m)?;
            let place = &self.members[m].place;
            if place.running.as_ref().is_some_and(|running| running.is_removed)
                && self.members[m].db().is_none()
            {
                self.wipe(m);
            }
        }
        match (panics::take(), self.consensus.violation.take()) {
            (true, _) => Err("something panicked".to_owned()),
            (false, violation) => violation.map_or(Ok(()), Err),
        }
    }

    /// A process that was stopped does what it should have done meanwhile.
    fn go_on(&mut self, m: usize) -> Result<(), String> {
        while let Some(running) = &mut self.members[m].place.running
            && running.stopped_until <= self.now / MS
            && let Some(what) = running.held_back.pop_front()
        {
            self.happen(what)?;
        }
        Ok(())
    }

    /// What a member reports goes on its way to the server.
    fn hand_over(&mut self, m: usize) -> Result<(), String> {
        let Some(running) = &self.members[m].place.running else {
            return Ok(());
        };
        for event in running.tray.take() {
            let event = self.look_at(m, event)?;
            let time = self.now + self.rng.random_range(10..300) * self.members[m].place.slowness;
            let life = self.members[m].life;
            if let Some(running) = &mut self.members[m].place.running {
                let at = running.reports_at.at(time);
                self.at(at, Happening::Server(m, life, Box::new(event)));
            }
        }
        Ok(())
    }

    /// Looks at what a member reports, before its server does.
    fn look_at(&mut self, m: usize, event: Event) -> Result<Event, String> {
        let Event::Cluster(db, event) = event else {
            return Ok(event);
        };
        let event = match event {
            ClusterEvent::Apply(entries, done) => {
                for entry in &entries {
                    self.agree(m, entry)?;
                    self.give(m, entry.log_id.index, true)?;
                }
                let last = entries.last().map_or(0, |entry| entry.log_id.index);
                ClusterEvent::Apply(entries, self.watched(m, last, done)?)
            }
            ClusterEvent::Install(pieces, last, done) => {
                let index = last.map_or(0, |last| last.index);
                if index as usize > self.reference.last() {
                    return Err(format!(
                        "member {m} has a snapshot up to {index}, where nobody is"
                    ));
                }
                self.give(m, index, false)?;
                self.counted.count("snapshots installed");
                ClusterEvent::Install(pieces, last, self.watched(m, index, done)?)
            }
            ClusterEvent::Standing(standing) => {
                let place = &mut self.members[m].place;
                if let Some(running) = &mut place.running {
                    running.is_removed |= standing.removed;
                }
                ClusterEvent::Standing(standing)
            }
            other => other,
        };
        Ok(Event::Cluster(db, event))
    }

    /// A member has seen an entry agreed on: the same as everybody else, at that index.
    fn agree(&mut self, m: usize, entry: &Applied) -> Result<(), String> {
        let index = entry.log_id.index as usize;
        let term = entry.log_id.leader_id.term;
        let mut contents = DefaultHasher::new();
        format!("{:?}", entry.command).hash(&mut contents);
        let seen = (term, contents.finish());
        let entries = &mut self.consensus.entries;
        match entries.get(index) {
            Some(known) if *known == seen => Ok(()),
            Some((known, _)) => Err(format!(
                "member {m} has another entry at {index}, of term {term}, not {known}"
            )),
            None if index > entries.len() => {
                Err(format!("member {m} has entry {index}, and nobody the one before"))
            }
            None => {
                entries.push(seen);
                // The first entry only says who is a member.
                match index {
                    0 => Ok(()),
                    _ => self.reference.take(entry.command.as_ref()),
                }
            }
        }
    }

    /// A server is given every entry once, in order, from the start or from a snapshot.
    fn give(&mut self, m: usize, index: u64, is_next: bool) -> Result<(), String> {
        let Some(running) = &mut self.members[m].place.running else {
            return Ok(());
        };
        let given = running.given.replace(index);
        let is_right = match is_next {
            true => index == given.map_or(0, |given| given + 1),
            false => Some(index) >= given,
        };
        match is_right {
            true => Ok(()),
            false => Err(format!("member {m} gives its server {index} after {given:?}")),
        }
    }

    /// The server's way to say that it has taken what it was given; who waits for that is told later.
    fn watched(
        &mut self,
        m: usize,
        to: u64,
        done: oneshot::Sender<std::io::Result<()>>,
    ) -> Result<oneshot::Sender<std::io::Result<()>>, String> {
        let (taken, wait) = oneshot::channel();
        let member = &mut self.members[m];
        if member.applying.replace((to as usize, wait)).is_some() {
            return Err(format!("member {m} gives its server two things at a time"));
        }
        if let Some(running) = &mut member.place.running {
            running.done = Some(done);
        }
        Ok(taken)
    }

    /// A server has taken what it was given.
    pub fn has_applied(&mut self, m: usize, to: usize) -> Result<(), String> {
        let member = &mut self.members[m];
        member.applied = to;
        if let Some(done) = member.place.running.as_mut().and_then(|r| r.done.take()) {
            // The member may have stopped.
            let _ = done.send(Ok(()));
        }
        Ok(())
    }

    /// After a server did something: it has told its member itself.
    pub fn look_between(&mut self, _: usize) -> Result<(), String> {
        Ok(())
    }

    /// Every machine that has a member serves what all of them have.
    pub fn is_settled(&self) -> bool {
        self.ailing().is_none()
    }

    /// What keeps it from that, for people.
    pub fn ails(&self) -> Option<String> {
        let ailing = self.ailing()?;
        let all = self.members.iter().enumerate();
        let told = all.filter_map(|(m, member)| {
            let clock = member.place.clock()?;
            let _clock = clock.enter();
            let status = member.cluster()?.member()?.status();
            Some(format!("\n  {m} is {}: {status:?}", member.id))
        });
        Some(format!("{ailing}{}", told.collect::<String>()))
    }

    fn ailing(&self) -> Option<String> {
        let last = self.reference.last();
        let ails = |member: &Member| match member.cluster() {
            None => Some("serves nothing".to_owned()),
            Some(cluster) if !cluster.is_loaded() => Some("has no contents".to_owned()),
            Some(cluster) if !cluster.standing.connected || !cluster.standing.member => {
                Some(format!("is {:?}", cluster.standing))
            }
            Some(_) if member.applied != last => {
                Some(format!("has entries up to {} of {last}", member.applied))
            }
            Some(_) => None,
        };
        let of_cluster = |(_, member): &(usize, &Member)| member.place.file.is_some();
        let mut members = self.members.iter().enumerate().filter(of_cluster);
        let late = members.find_map(|(m, member)| Some(format!("member {m} {}", ails(member)?)));
        let is_led = self.members.iter().any(|member| member.leads().is_some());
        late.or_else(|| (!is_led).then(|| "nobody leads".to_owned()))
    }
}
