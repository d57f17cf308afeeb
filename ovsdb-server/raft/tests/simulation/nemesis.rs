//! What goes wrong, and how it ends.

use std::sync::Arc;

use ovsdb_raft::Command;

use crate::cluster::{Cluster, address};
use crate::record::Seen;
use crate::simulated::disk::{SLOWNESS, SimDisk};
use crate::simulated::faults;
use crate::simulated::network::{DELAY, Host};

/// Something that is going to happen.
#[derive(Clone, Debug)]
pub enum Due {
    /// Something goes wrong.
    Nemesis,
    /// A process is started.
    Start(Host),
    /// A disk is mended, and its process started anew.
    Mend(Host),
    /// A disk is as fast as ever.
    Quick(Host),
    /// A partition ends.
    Heal(u64),
    /// The network is as fast as ever.
    Calm,
}

/// Members that a cluster keeps at least.
const MEMBERS_MIN: usize = 3;

impl Cluster {
    pub fn wake_nemesis(&mut self) {
        let delay = self.chance.within(20..400);
        self.later(delay, Due::Nemesis);
    }

    /// What was due happens.
    pub fn come(&mut self, due: Due) {
        match due {
            Due::Nemesis => {
                self.harm();
                self.wake_nemesis();
            }
            Due::Start(host) => self.start(host),
            Due::Mend(host) => {
                self.places[host].disk.set_fault(None);
                self.kill(host);
                self.start(host);
            }
            Due::Quick(host) => self.places[host].disk.set_slowness(SLOWNESS),
            Due::Heal(partition) => self.network.unite(partition),
            Due::Calm => self.network.set_delay(DELAY),
        }
    }

    fn fault(&self, what: &'static str, where_: impl std::fmt::Debug) {
        self.record.count(what);
        self.record.see(Seen::Fault(format!("{what} {where_:?}")));
    }

    fn harm(&mut self) {
        let hosts: Vec<Host> = self.members().map(|(host, _)| host).collect();
        let Some(any) = self.chance.one(&hosts).copied() else {
            return;
        };
        // Leaders have more to lose.
        let host = self
            .leader()
            .filter(|_| self.chance.in_hundred(50))
            .unwrap_or(any);
        match self.chance.within(0..100) {
            0..12 => self.crash(host),
            12..15 => self.cut_power(&hosts),
            15..24 => self.break_disk(host),
            24..28 => {
                self.fault("slow disk", host);
                let disk = &self.places[host].disk;
                disk.set_slowness(self.chance.within(20..400));
                let delay = self.chance.within(200..3000);
                self.later(delay, Due::Quick(host));
            }
            28..45 => self.part(host),
            45..50 => {
                self.fault("delay", ());
                let max = self.chance.within(10..300);
                self.network.set_delay(0..max);
                let delay = self.chance.within(200..3000);
                self.later(delay, Due::Calm);
            }
            50..56 => {
                self.fault("connections cut", host);
                match self.chance.in_hundred(50) {
                    true => self.network.cut(|_, _| true, 30),
                    false => self.network.cut(|a, b| a == host || b == host, 100),
                };
            }
            56..66 => {
                self.fault("pause", host);
                let ms = match self.chance.in_hundred(70) {
                    true => self.chance.within(50..1000),
                    false => self.chance.within(1000..5000),
                };
                if let Some(running) = &mut self.places[host].running {
                    running.stopped_until = self.now + ms;
                }
            }
            66..74 => self.transfer(host),
            74..79 => self.snapshot(any),
            79..83 => self.set_timer(host),
            83..89 => self.join(),
            89..93 => self.kick(&hosts),
            93..96 => self.leave(any),
            _ => self.verify(host),
        }
    }

    fn crash(&mut self, host: Host) {
        self.fault("crash", host);
        self.kill(host);
        let delay = self.chance.within(1..2000);
        self.later(delay, Due::Start(host));
    }

    fn cut_power(&mut self, hosts: &[Host]) {
        self.fault("power cut", hosts);
        for host in hosts {
            self.kill(*host);
            let delay = self.chance.within(100..1500);
            self.later(delay, Due::Start(*host));
        }
    }

    fn break_disk(&mut self, host: Host) {
        let (what, fault) = faults::disk(&self.chance);
        self.fault(what, host);
        self.places[host].disk.set_fault(Some(fault));
        let delay = self.chance.within(200..3000);
        self.later(delay, Due::Mend(host));
    }

    /// A partition of some kind.
    fn part(&mut self, host: Host) {
        let (what, partition) = faults::partition(&self.chance, host, self.places.len());
        self.fault(what, host);
        let number = self.network.part(partition);
        let delay = self.chance.within(50..4000);
        self.later(delay, Due::Heal(number));
    }

    fn transfer(&mut self, host: Host) {
        self.fault("transfer", host);
        let to = self.chance.index(self.places.len());
        let to = to.and_then(|to| self.places[to].server);
        if let Some(running) = &self.places[host].running {
            running.spawn(async move |member| {
                // Who does not lead cannot.
                let _ = member.transfer(to).await;
            });
        }
    }

    fn snapshot(&mut self, host: Host) {
        self.fault("snapshot asked for", host);
        if let Some(running) = &self.places[host].running {
            running.spawn(async move |member| {
                // It may have stopped.
                let _ = member.snapshot().await;
            });
        }
    }

    fn set_timer(&mut self, host: Host) {
        let Some(ms) = self.chance.one(&[200, 300, 500, 1000, 2000]).copied() else {
            return;
        };
        self.fault("election timer", ms);
        if let Some(Some(member)) = self.places[host].running.as_ref().map(|r| &r.member) {
            member.propose(Command::ElectionTimer(ms));
        }
    }

    /// A new server on a machine that is free.
    fn join(&mut self) {
        let free = self.places.iter().position(|place| place.server.is_none());
        let Some(host) = free else { return };
        self.fault("join", address(host));
        self.places[host].disk = SimDisk::new(&self.chance);
        self.places[host].server = Some(self.new_server());
        self.start(host);
    }

    fn may_shrink(&self) -> bool {
        self.places.iter().filter(|place| *place.joined.lock()).count() > MEMBERS_MIN
    }

    fn kick(&mut self, hosts: &[Host]) {
        let servers: Vec<_> = self.places.iter().filter_map(|place| place.server).collect();
        let (Some(asked), Some(which)) = (self.chance.one(hosts), self.chance.one(&servers).copied()) else {
            return;
        };
        if !self.may_shrink() {
            return;
        }
        self.fault("kick", which);
        let record = self.record.clone();
        if let Some(running) = &self.places[*asked].running {
            running.spawn(async move |member| {
                if member.kick(which).await.is_ok() {
                    record.see(Seen::Fault(format!("{which} was kicked")));
                }
            });
        }
    }

    fn leave(&mut self, host: Host) {
        if !self.may_shrink() || !*self.places[host].joined.lock() {
            return;
        }
        self.fault("leave", host);
        if let Some(running) = &self.places[host].running {
            running.spawn(async move |member| {
                // It may have stopped.
                let _ = member.leave().await;
            });
        }
    }

    fn verify(&mut self, host: Host) {
        let record = self.record.clone();
        if let Some(running) = &self.places[host].running {
            running.spawn(async move |member: Arc<ovsdb_raft::Member>| {
                let Ok(said) = member.state_hashes().await else {
                    return;
                };
                let said = said.into_iter();
                let said = said.filter_map(|(server, hash)| hash.ok().map(|h| (server, h.index, h.hash)));
                record.count("verified");
                record.see(Seen::Verified { said: said.collect() });
            });
        }
    }

    /// Nothing goes wrong any more, and what was wrong is mended.
    pub fn heal(&mut self) {
        self.record.see(Seen::Fault("nothing from now on".to_owned()));
        self.agenda.clear();
        self.network.calm();
        for host in 0..self.places.len() {
            let place = &mut self.places[host];
            place.disk.set_fault(None);
            place.disk.set_slowness(SLOWNESS);
            if let Some(running) = &mut place.running {
                running.stopped_until = 0;
            }
            // Who met a fault of its disk has stopped, and is started again by whoever looks after it.
            if place.disk.was_fault_met() {
                self.kill(host);
            }
            self.start(host);
        }
    }
}
