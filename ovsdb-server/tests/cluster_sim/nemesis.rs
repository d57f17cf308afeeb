//! What goes wrong, and how it ends.

use std::sync::atomic::Ordering;

use ovsdb_server::cluster::ClusterEvent;
use ovsdb_server::server::Event;
use rand::Rng;
use tokio::sync::oneshot;

use crate::world::{Happening, World, cluster_event};

const MS: u64 = 1000;

/// Snapshots that members keep for others.
const SNAPSHOTS: usize = 2;

impl World {
    /// Something goes wrong.
    pub fn nemesis(&mut self) -> Result<(), String> {
        if self.is_healing {
            return Ok(());
        }
        let delay = self.rng.random_range(5..120) * MS;
        self.after(delay, Happening::Nemesis);
        let m = self.rng.random_range(0..self.members.len());
        let is_up = self.members[m].server.is_some() && !self.members[m].is_isolated;
        let leader = self.log.leader.filter(|leader| {
            let leader = &self.members[*leader];
            leader.server.is_some() && !leader.is_isolated && leader.leads.is_some()
        });
        match self.rng.random_range(0..100) {
            // A cluster without a leader soon has one.
            0..50 if leader.is_none() && is_up => self.elect(m),
            0..15 if is_up => self.elect(m),
            15..25 => self.crash(m),
            25..38 => self.isolate(m),
            38..48 => {
                self.counted.count("lonely");
                self.members[m].is_lonely = true;
                self.standing_moved(m);
                let delay = self.rng.random_range(10..200) * MS;
                self.after(delay, Happening::Steady(m));
            }
            48..66 => return self.snapshot(m),
            66..70 if leader.is_some() => self.verify(),
            70..80 => self.members[m].slowness = [1, 1, 5, 30][self.rng.random_range(0..4)],
            _ => self.clog(),
        }
        Ok(())
    }

    /// A client stops reading for a while.
    fn clog(&mut self) {
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
    pub fn drain(&mut self, c: usize, session: ovsdb_server::link::SessionId) -> Result<(), String> {
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

    /// A member loses everything.
    fn crash(&mut self, m: usize) {
        if self.members[m].server.take().is_none() {
            return;
        }
        self.counted.count("crashed");
        let member = &mut self.members[m];
        member.applying = None;
        member.is_apply_due = false;
        member.proposals.clear();
        member.leads = None;
        member.forwards.clear();
        member.confirming.clear();
        self.clients_lose(m);
        let delay = self.rng.random_range(20..400) * MS;
        self.after(delay, Happening::Restart(m));
    }

    pub fn restart(&mut self, m: usize) {
        if self.members[m].server.is_none() {
            self.start(m);
        }
    }

    fn isolate(&mut self, m: usize) {
        if self.members[m].is_isolated {
            return;
        }
        self.counted.count("isolated");
        self.members[m].is_isolated = true;
        // It notices, or it is over before it does.
        if self.rng.random_bool(0.5) {
            self.members[m].is_lonely = true;
            let delay = self.rng.random_range(0..300) * MS;
            self.after(delay, Happening::Tell(m, self.members[m].life));
        }
        let delay = self.rng.random_range(50..700) * MS;
        self.after(delay, Happening::Rejoin(m));
    }

    pub fn rejoin(&mut self, m: usize) {
        self.members[m].is_isolated = false;
        self.members[m].is_lonely = false;
        let delay = self.soon();
        self.after(delay, Happening::Hear(m, self.log.term, self.log.leader));
        self.standing_moved(m);
        self.apply_soon(m);
        self.commit_soon();
    }

    fn snapshot(&mut self, m: usize) -> Result<(), String> {
        let member = &self.members[m];
        let has_contents = self.reference.states[member.applied].snapshot.is_some();
        if member.server.is_none() || member.applying.is_some() || !has_contents {
            return Ok(());
        }
        let (to, mut wait) = oneshot::channel();
        let index = member.applied;
        self.tell(m, cluster_event(ClusterEvent::Snapshot(to)))?;
        let image = wait
            .try_recv()
            .map_err(|_| "a snapshot is not made at once".to_owned())?;
        self.log.snapshots.insert(index, image);
        if self.log.snapshots.len() > SNAPSHOTS {
            self.log.snapshots.pop_first();
        }
        Ok(())
    }

    /// Nothing goes wrong any more.
    pub fn heal(&mut self) {
        self.is_healing = true;
        for m in 0..self.members.len() {
            self.restart(m);
            self.members[m].slowness = 1;
            self.rejoin(m);
        }
        let leader = self
            .log
            .leader
            .filter(|leader| self.members[*leader].leads.is_some());
        if leader.is_none() {
            let m = self.rng.random_range(0..self.members.len());
            self.elect(m);
        }
        for m in 0..self.members.len() {
            if self.log.leader != Some(m) {
                self.after(0, Happening::Hear(m, self.log.term, self.log.leader));
            }
        }
    }
}
