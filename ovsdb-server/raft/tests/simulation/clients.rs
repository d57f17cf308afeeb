//! What clients do: writes through whoever leads, requests through any member, proposals that nobody waits for, reads.

use std::sync::Arc;

use uuid::Uuid;

use crate::cluster::{Cluster, Running};
use crate::record::Seen;
use crate::replica::{ASK, WRITE, transaction};

/// Requests that wait at one member, at most.
const WAITING: usize = 40;

impl Cluster {
    fn next_id(&mut self) -> u64 {
        self.n_ids += 1;
        self.n_ids
    }

    /// In each millisecond.
    pub fn clients(&mut self) {
        if !self.chance.in_hundred(20) {
            return;
        }
        let members: Vec<usize> = self.members().map(|(host, _)| host).collect();
        let Some(any) = self.chance.one(&members).copied() else {
            return;
        };
        // Some ask whom they take for the leader, without reason at times.
        let leaders = members.iter().copied().filter(|host| {
            let running = self.places[*host].running.as_ref();
            running.is_some_and(|r| r.replica.standing().leads.is_some())
        });
        let leaders: Vec<usize> = leaders.collect();
        let led = self.chance.one(&leaders).copied().unwrap_or(any);
        match self.chance.within(0..100) {
            0..30 => self.write(led),
            30..45 => self.read(led),
            45..50 => self.propose(led),
            50..92 => self.forward(any, WRITE),
            _ => self.forward(any, ASK),
        }
    }

    fn running(&self, host: usize) -> &Running {
        let running = self.places[host].running.as_ref();
        running.expect("a client asks members that are there")
    }

    fn write(&mut self, host: usize) {
        let number = self.next_id();
        let id = Uuid::from_u128(number.into());
        let running = self.running(host);
        let (record, by) = (self.record.clone(), running.replica.life());
        running.spawn(async move |member| {
            if let Ok(log_id) = member.write(transaction(id, None)).await {
                record.count("acknowledged by a leader");
                record.see(Seen::Acknowledged {
                    by,
                    id,
                    index: log_id.index,
                    term: Some(log_id.leader_id.term),
                });
            }
        });
    }

    fn read(&mut self, host: usize) {
        let number = self.next_id();
        self.record.see(Seen::ReadBegan { number });
        let running = self.running(host);
        let (record, replica) = (self.record.clone(), Arc::clone(&running.replica));
        running.spawn(async move |member| {
            if member.linearize().await.is_ok() {
                let index = replica.index();
                record.count("reads");
                record.see(Seen::ReadEnded { number, index });
            }
        });
    }

    fn propose(&mut self, host: usize) {
        for _ in 0..self.chance.within(1..30) {
            let id = Uuid::from_u128(self.next_id().into());
            if let Some(member) = &self.running(host).member {
                member.propose(transaction(id, None));
            }
        }
    }

    fn forward(&mut self, host: usize, body: &'static [u8]) {
        let id = Uuid::from_u128(self.next_id().into());
        let running = self.running(host);
        if let Some(member) = &running.member
            && running.replica.n_waiting() < WAITING
        {
            running.replica.ask(member, id, body);
        }
    }
}
