//! What goes wrong, and how it ends.

use ovsdb_server::cluster::ClusterEvent;
use rand::Rng;
use tokio::sync::oneshot;

use crate::consensus::{Between, cluster_event};
use crate::sim::world::{Happening, MS, World};

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
        let is_up = self.members[m].server.is_some() && !self.members[m].place.is_isolated;
        let leader = self.consensus.leader.filter(|leader| {
            let leader = &self.members[*leader];
            leader.server.is_some() && !leader.place.is_isolated && leader.place.leads.is_some()
        });
        match self.rng.random_range(0..100) {
            // A cluster without a leader soon has one.
            0..50 if leader.is_none() && is_up => self.elect(m),
            0..15 if is_up => self.elect(m),
            15..25 => self.crash(m),
            25..38 => self.isolate(m),
            38..48 => {
                self.counted.count("lonely");
                self.members[m].place.is_lonely = true;
                self.standing_moved(m);
                let delay = self.rng.random_range(10..200) * MS;
                self.after(delay, Happening::Between(Between::Steady(m)));
            }
            48..66 => return self.snapshot(m),
            66..70 if leader.is_some() => self.verify(),
            70..72 => return self.restore(leader.unwrap_or(m)),
            72..80 => self.members[m].place.slowness = [1, 1, 5, 30][self.rng.random_range(0..4)],
            _ => self.clog(),
        }
        Ok(())
    }

    fn crash(&mut self, m: usize) {
        if self.members[m].server.is_none() {
            return;
        }
        self.counted.count("crashed");
        let place = &mut self.members[m].place;
        place.is_apply_due = false;
        place.proposals.clear();
        place.leads = None;
        place.forwards.clear();
        place.confirming.clear();
        self.stop_server(m);
        let delay = self.rng.random_range(20..400) * MS;
        self.after(delay, Happening::Restart(m));
    }

    fn isolate(&mut self, m: usize) {
        if self.members[m].place.is_isolated {
            return;
        }
        self.counted.count("isolated");
        self.members[m].place.is_isolated = true;
        // It notices, or it is over before it does.
        if self.rng.random_bool(0.5) {
            self.members[m].place.is_lonely = true;
            let delay = self.rng.random_range(0..300) * MS;
            self.after(delay, Happening::Between(Between::Tell(m, self.members[m].life)));
        }
        let delay = self.rng.random_range(50..700) * MS;
        self.after(delay, Happening::Between(Between::Rejoin(m)));
    }

    pub fn rejoin(&mut self, m: usize) {
        self.members[m].place.is_isolated = false;
        self.members[m].place.is_lonely = false;
        let delay = self.soon();
        self.after(
            delay,
            Happening::Between(Between::Hear(m, self.consensus.term, self.consensus.leader)),
        );
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
        self.consensus.snapshots.insert(index, image);
        if self.consensus.snapshots.len() > SNAPSHOTS {
            self.consensus.snapshots.pop_first();
        }
        Ok(())
    }

    /// Nothing goes wrong any more.
    pub fn heal(&mut self) {
        for m in 0..self.members.len() {
            self.restart(m);
            self.members[m].place.slowness = 1;
            self.rejoin(m);
        }
        let leader = self
            .consensus
            .leader
            .filter(|leader| self.members[*leader].place.leads.is_some());
        if leader.is_none() {
            let m = self.rng.random_range(0..self.members.len());
            self.elect(m);
        }
        for m in 0..self.members.len() {
            if self.consensus.leader != Some(m) {
                self.after(
                    0,
                    Happening::Between(Between::Hear(m, self.consensus.term, self.consensus.leader)),
                );
            }
        }
    }
}
