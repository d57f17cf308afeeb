//! What goes wrong, and how it ends.

use std::sync::Arc;

use ovsdb_raft::types::Command;
use ovsdb_raft::{Member, ServerId};
use rand::Rng;

use crate::consensus::Between;
use crate::sim::world::{Happening, MS, World};
use crate::simulated::disk::SLOWNESS;
use crate::simulated::faults;

/// Members that a cluster keeps at least.
const MEMBERS_MIN: usize = 3;

impl World {
    /// Something goes wrong.
    pub fn nemesis(&mut self) -> Result<(), String> {
        if self.is_healing {
            return Ok(());
        }
        let delay = self.rng.random_range(20..300) * MS;
        self.after(delay, Happening::Nemesis);
        let up: Vec<usize> = (0..self.members.len())
            .filter(|m| self.members[*m].cluster().is_some())
            .collect();
        let any = self.consensus.chance.one(&up).copied();
        // Not before there is something to lose.
        let Some(any) = any.filter(|_| self.reference.now_if_any().is_some()) else {
            return Ok(());
        };
        // Leaders have more to lose.
        let m = self.leader().filter(|_| self.rng.random_bool(0.5)).unwrap_or(any);
        match self.rng.random_range(0..100) {
            0..12 => self.crash(m),
            12..15 => self.cut_power(&up),
            15..23 => self.break_disk(m),
            23..27 => {
                self.counted.count("slow disk");
                let ms = self.rng.random_range(20..300);
                self.members[m].place.disk.set_slowness(ms);
                self.for_a_while(200..2000, Between::Quick(m));
            }
            27..36 => self.part(m),
            36..42 => self.part_quietly(m),
            42..46 => {
                self.counted.count("delay");
                let ms = self.rng.random_range(10..200);
                self.consensus.network.set_delay(0..ms);
                self.for_a_while(200..2000, Between::Calm);
            }
            46..51 => {
                self.counted.count("connections cut");
                match self.rng.random_bool(0.5) {
                    true => self.consensus.network.cut(|_, _| true, 30),
                    false => self.consensus.network.cut(|a, b| a == m || b == m, 100),
                };
            }
            51..60 => self.pause(m),
            60..65 => {
                self.counted.count("slow server");
                self.members[m].place.slowness = self.rng.random_range(10..500);
                self.for_a_while(200..2000, Between::Brisk(m));
            }
            65..71 => self.transfer(m),
            71..75 => self.snapshot(any),
            75..78 => self.set_timer(m),
            78..83 => self.bring_in(),
            83..86 => self.kick(m),
            86..89 => self.leave(any),
            89..92 => self.verify(m),
            92..95 => return self.restore(m),
            95..98 => self.lose_log(m),
            _ => self.clog(),
        }
        Ok(())
    }

    fn for_a_while(&mut self, ms: std::ops::Range<u64>, end: Between) {
        let delay = self.rng.random_range(ms) * MS;
        self.after(delay, Happening::Between(end));
    }

    fn leader(&self) -> Option<usize> {
        self.members.iter().position(|member| member.leads().is_some())
    }

    /// Does something with a member, on its process's own clock.
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, m: usize, what: impl FnOnce(Arc<Member>) -> F) {
        let member = self.members[m].cluster().and_then(|cluster| cluster.member());
        if let (Some(member), Some(clock)) = (member, self.members[m].place.clock()) {
            clock.spawn(what(member.clone()));
        }
    }

    fn crash(&mut self, m: usize) {
        self.counted.count("crash");
        self.kill(m);
        let delay = self.rng.random_range(1..1500) * MS;
        self.after(delay, Happening::Restart(m));
    }

    fn cut_power(&mut self, up: &[usize]) {
        self.counted.count("power cut");
        for m in up {
            self.kill(*m);
            let delay = self.rng.random_range(50..1000) * MS;
            self.after(delay, Happening::Restart(*m));
        }
    }

    fn break_disk(&mut self, m: usize) {
        let (what, fault) = faults::disk(&self.consensus.chance);
        self.counted.count(what);
        self.members[m].place.disk.set_fault(Some(fault));
        self.for_a_while(200..2000, Between::Mend(m));
    }

    pub fn part(&mut self, m: usize) {
        let (what, partition) = faults::partition(&self.consensus.chance, m, self.members.len());
        self.counted.count(what);
        let partition = self.consensus.network.part(partition);
        self.for_a_while(50..2500, Between::Unite(partition));
    }

    /// Nothing is under way when a partition begins, and nothing is written on one side of it.
    fn part_quietly(&mut self, m: usize) {
        self.counted.count("lull");
        let delay = self.rng.random_range(50..300) * MS;
        self.lull.all = self.now + delay;
        self.lull.of = (m, self.now + delay + 1000 * MS);
        self.after(delay, Happening::Between(Between::Part(m)));
    }

    fn pause(&mut self, m: usize) {
        self.counted.count("pause");
        let ms = match self.rng.random_bool(0.7) {
            true => self.rng.random_range(20..600),
            false => self.rng.random_range(600..3000),
        };
        let until = self.now / MS + ms;
        if let Some(running) = &mut self.members[m].place.running {
            running.stopped_until = until;
        }
    }

    fn transfer(&mut self, m: usize) {
        self.counted.count("transfer");
        let to = self.members[self.rng.random_range(0..self.members.len())].id;
        self.spawn(m, async move |member| {
            // Who does not lead cannot.
            let _ = member.transfer(Some(to)).await;
        });
    }

    fn snapshot(&mut self, m: usize) {
        self.counted.count("snapshot asked for");
        self.spawn(m, async |member| {
            // It may have stopped.
            let _ = member.snapshot().await;
        });
    }

    fn set_timer(&mut self, m: usize) {
        self.counted.count("election timer");
        let ms = [200, 300, 500, 1000][self.rng.random_range(0..4)];
        if let Some(member) = self.members[m].cluster().and_then(|cluster| cluster.member()) {
            member.propose(Command::ElectionTimer(ms));
        }
    }

    /// A new server on a machine that is spare.
    fn bring_in(&mut self) {
        let is_spare = |m: &usize| self.members[*m].place.file.is_none();
        let (spare, others): (Vec<usize>, Vec<usize>) = (0..self.members.len()).partition(is_spare);
        if let Some(m) = spare.first() {
            self.counted.count("join");
            self.join(*m, others);
        }
    }

    fn may_shrink(&self) -> bool {
        let voters = self.members.iter().filter_map(|member| member.cluster());
        voters.filter(|cluster| cluster.standing.member).count() > MEMBERS_MIN
    }

    fn kick(&mut self, m: usize) {
        let which = self.members[self.rng.random_range(0..self.members.len())].id;
        if self.may_shrink() && which != ServerId::default() {
            self.counted.count("kick");
            self.spawn(m, async move |member| {
                // It may not be a member.
                let _ = member.kick(which).await;
            });
        }
    }

    /// Once, for more than one would be a majority before anybody takes the first out.
    fn lose_log(&mut self, m: usize) {
        let is_first = self.consensus.without_log.is_none();
        if is_first && self.may_shrink() && self.members[m].place.is_settled() {
            self.counted.count("log lost");
            self.consensus.without_log = Some(self.members[m].id);
            self.kill(m);
            self.members[m].place.lose_log(&self.consensus.chance);
            self.start(m);
        }
    }

    fn leave(&mut self, m: usize) {
        if self.may_shrink() {
            self.counted.count("leave");
            self.spawn(m, async |member| {
                // It may have stopped.
                let _ = member.leave().await;
            });
        }
    }

    /// All members look what their contents come to; what each finds is seen where it does.
    fn verify(&mut self, m: usize) {
        self.spawn(m, async |member| {
            // Who does not lead cannot.
            let _ = member.state_hashes().await;
        });
    }

    /// What people do about members whose machines were given to others. Those that have no vote are forgotten without
    /// them.
    pub fn expel_the_dead(&mut self) {
        let Some(m) = self.leader() else { return };
        let member = self.members[m].cluster().and_then(|cluster| cluster.member());
        let (Some(member), Some(clock)) = (member, self.members[m].place.clock()) else {
            return;
        };
        let clock = clock.enter();
        let servers = member.status().servers;
        drop(clock);
        let is_dead = |server: &ServerId| {
            let lives =
                |member: &crate::sim::world::Member| member.place.file.is_some() && member.id == *server;
            !self.members.iter().any(lives)
        };
        for (server, status) in servers {
            if status.voter && is_dead(&server) {
                self.spawn(m, async move |member| {
                    // Another attempt follows.
                    let _ = member.kick(server).await;
                });
            }
        }
    }

    /// Nothing goes wrong any more, and what was wrong is mended.
    pub fn heal(&mut self) {
        self.consensus.network.calm();
        for m in 0..self.members.len() {
            let place = &mut self.members[m].place;
            place.disk.set_fault(None);
            place.disk.set_slowness(SLOWNESS);
            place.slowness = 1;
            if let Some(running) = &mut place.running {
                running.stopped_until = 0;
            }
            // Who met a fault of its disk has stopped, and is started again by whoever looks after it.
            if place.disk.was_fault_met() {
                self.kill(m);
            }
            self.restart(m);
        }
    }
}
