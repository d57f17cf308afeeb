//! What a log may do to its members: one leader in a term, entries that are agreed on or lost when it changes,
//! members that hear of it late and apply at their own pace, requests passed on once, twice, in vain.

use std::collections::{BTreeMap, VecDeque};

use ovsdb_cluster::{Image, image};
use ovsdb_data::{Uuid, json};
use ovsdb_raft::types::{Command, LogId, Request};
use ovsdb_raft::{Applied, Handled, Standing};
use ovsdb_server::cluster::ClusterEvent;
use rand::Rng;
use tokio::sync::oneshot;

use crate::host::Ask;
use crate::invariants;
use crate::work::{first_rows, schema};
use crate::world::{Happening, Passing, World, cluster_event};

const MS: u64 = 1000;

/// Entries handed over at once, at most.
const BATCH: usize = 6;

/// The cluster's log.
#[derive(Default)]
pub struct Log {
    pub committed: Vec<Entry>,
    /// The leader's, not agreed on yet.
    pub tail: VecDeque<Entry>,
    pub term: u64,
    /// Of the newest term.
    pub leader: Option<usize>,
    is_commit_due: bool,
    /// By the last log index in them.
    pub snapshots: BTreeMap<usize, Image>,
}

#[derive(Clone)]
pub struct Entry {
    pub term: u64,
    pub command: Option<Command>,
}

impl World {
    /// The first term, and the first contents.
    pub fn found(&mut self) {
        let restore = Command::Restore {
            id: Uuid::from_u128(1),
            schema: json::to_string(&schema(0)).into(),
            record: json::to_string(&first_rows()).into(),
            index_at_least: self.rng.random_range(0..1000),
        };
        self.reference
            .take(Some(&restore))
            .expect("the first contents are right");
        self.log.committed.push(Entry {
            term: 0,
            command: Some(restore),
        });
        let leader = self.rng.random_range(0..self.members.len());
        self.elect(leader);
    }

    /// Another term. What its leader has of the old leader's entries is agreed on, the rest is lost.
    pub fn elect(&mut self, m: usize) {
        self.counted.count(match self.log.leader == Some(m) {
            true => "re-elected",
            false => "elected",
        });
        let kept = self.rng.random_range(0..=self.log.tail.len());
        if kept < self.log.tail.len() {
            self.counted.count("entries lost");
        }
        self.log.tail.truncate(kept);
        self.log.term += 1;
        self.log.leader = Some(m);
        let term = self.log.term;
        self.log.tail.push_back(Entry { term, command: None });
        let first = self.log.committed.len() + self.log.tail.len();
        self.hear(m, term, Some(m));
        self.members[m].leads = Some((term, first));
        self.members[m].is_lonely = false;
        self.commit_soon();
        for other in 0..self.members.len() {
            if other != m {
                let delay = self.soon() * 4;
                self.after(delay, Happening::Hear(other, term, Some(m)));
            }
        }
    }

    /// A member hears who leads; an older leader learns that it does not any more.
    pub fn hear(&mut self, m: usize, term: u64, leader: Option<usize>) {
        let member = &mut self.members[m];
        if member.is_isolated && leader != Some(m) || term <= member.heard.0 {
            return;
        }
        member.heard = (term, leader);
        member.leads = None;
        self.standing_moved(m);
    }

    /// What a member is at present.
    pub fn standing(&self, m: usize) -> Standing {
        let member = &self.members[m];
        let leads = member
            .leads
            .filter(|(_, first)| member.applied >= *first && !member.is_lonely);
        let leader = match member.leads {
            Some(_) if member.is_lonely => None,
            Some(_) => Some(m),
            None if member.is_lonely => None,
            None => member.heard.1,
        };
        Standing {
            leads: leads.map(|(term, _)| term),
            leader: leader.map(|leader| self.members[leader].id),
            connected: leader.is_some(),
            member: true,
            removed: false,
            term: member.heard.0,
        }
    }

    /// Its server will be told.
    pub fn standing_moved(&mut self, m: usize) {
        let delay = self.soon() * 2;
        self.after(delay, Happening::Tell(m, self.members[m].life));
    }

    /// What changed meanwhile is told at once; what came and went is never told.
    pub fn tell_standing(&mut self, m: usize) -> Result<(), String> {
        let standing = self.standing(m);
        if self.members[m].told == standing {
            return Ok(());
        }
        if self.members[m].told.leads != standing.leads {
            self.members[m].epoch += 1;
        }
        let route = |standing: &Standing| (standing.leader, standing.term, standing.leads.is_some());
        if route(&self.members[m].told) != route(&standing) {
            self.pass_on_again(m);
        }
        self.members[m].told = standing.clone();
        self.tell(m, cluster_event(ClusterEvent::Standing(standing)))
    }

    pub fn ask(&mut self, m: usize, ask: Ask) {
        let life = self.members[m].life;
        match ask {
            Ask::Propose(command) => {
                self.members[m].proposals.push_back(command);
                let at = self.proposal_time(m);
                self.at(at, Happening::Propose(m, life));
            }
            Ask::Forward(forwarded) => {
                let request = forwarded.request;
                self.members[m].forwards.insert(request, (forwarded, 0));
                let delay = self.soon();
                self.after(delay, Happening::Forward(m, life, request, 0));
            }
            Ask::Forget(request) => {
                self.members[m].forwards.remove(&request);
            }
            Ask::Confirm(round) => {
                let delay = self.soon();
                self.after(delay, Happening::Confirm(m, life, round));
            }
        }
    }

    /// A leader's log gets its oldest proposal; anybody else's is lost.
    pub fn append(&mut self, m: usize) {
        let Some(command) = self.members[m].proposals.pop_front() else {
            return;
        };
        if self.log.leader != Some(m) || self.members[m].leads.is_none() {
            self.counted.count("proposed in vain");
            return;
        }
        self.log.tail.push_back(Entry {
            term: self.log.term,
            command: Some(command),
        });
        self.commit_soon();
    }

    /// The leader asks what everybody has.
    pub fn verify(&mut self) {
        self.log.tail.push_back(Entry {
            term: self.log.term,
            command: Some(Command::Verify(Uuid::from_u128(self.rng.random()))),
        });
        self.commit_soon();
    }

    pub fn commit_soon(&mut self) {
        if !std::mem::replace(&mut self.log.is_commit_due, true) {
            let delay = self.soon();
            self.after(delay, Happening::Commit);
        }
    }

    /// Some of the leader's entries are agreed on.
    pub fn commit(&mut self) -> Result<(), String> {
        self.log.is_commit_due = false;
        let reaches_others = |m: usize| self.members[m].leads.is_some() && !self.members[m].is_isolated;
        if self.log.tail.is_empty() || !self.log.leader.is_some_and(reaches_others) {
            return Ok(());
        }
        for _ in 0..self.rng.random_range(1..=self.log.tail.len()) {
            if let Some(entry) = self.log.tail.pop_front() {
                self.reference.take(entry.command.as_ref())?;
                self.log.committed.push(entry);
            }
        }
        for m in 0..self.members.len() {
            self.apply_soon(m);
        }
        if !self.log.tail.is_empty() {
            self.commit_soon();
        }
        Ok(())
    }

    pub fn apply_soon(&mut self, m: usize) {
        if !std::mem::replace(&mut self.members[m].is_apply_due, true) {
            let delay = self.soon() * self.members[m].slowness;
            self.after(delay, Happening::Apply(m, self.members[m].life));
        }
    }

    /// A member hands entries, or a snapshot in their place, to its server.
    pub fn apply(&mut self, m: usize) -> Result<(), String> {
        let member = &mut self.members[m];
        member.is_apply_due = false;
        let (from, last) = (member.applied, self.log.committed.len());
        if member.applying.is_some() || member.is_isolated || from == last {
            return Ok(());
        }
        let newest = self.log.snapshots.last_key_value();
        if let Some((index, image)) = newest.filter(|(index, _)| **index > from)
            && (from == 0 || last - from > 4 * BATCH)
            && self.rng.random_bool(0.7)
        {
            let (index, pieces) = (*index, image.clone().into_pieces());
            let loaded =
                image::read(pieces, &ovsdb_server::host::fresh_uuid).map_err(|error| error.to_string())?;
            let (done, wait) = oneshot::channel();
            self.members[m].applying = Some((index, wait));
            self.counted.count("snapshots installed");
            let log_id = self.log_id(index);
            return self.tell(
                m,
                cluster_event(ClusterEvent::Install(Box::new(loaded), Some(log_id), done)),
            );
        }
        let to = (from + self.rng.random_range(1..=BATCH)).min(last);
        let entries = (from + 1..=to).map(|index| Applied {
            log_id: self.log_id(index),
            command: self.log.committed[index - 1].command.clone(),
        });
        let entries: Vec<Applied> = entries.collect();
        let (done, wait) = oneshot::channel();
        self.members[m].applying = Some((to, wait));
        self.tell(m, cluster_event(ClusterEvent::Apply(entries, done)))
    }

    fn log_id(&self, index: usize) -> LogId {
        LogId::new_term_index(self.log.committed[index - 1].term, index as u64)
    }

    /// Looks whether a server has taken what it was given.
    pub fn look_at_applying(&mut self, m: usize) -> Result<(), String> {
        let Some((to, wait)) = &mut self.members[m].applying else {
            return Ok(());
        };
        match wait.try_recv() {
            Err(oneshot::error::TryRecvError::Empty) => return Ok(()),
            Err(oneshot::error::TryRecvError::Closed) => {
                return Err(format!("member {m} drops entries up to {to}"));
            }
            Ok(Err(error)) => return Err(format!("member {m} cannot take entries up to {to}: {error}")),
            Ok(Ok(())) => {}
        }
        let to = *to;
        let before = self.standing(m);
        self.members[m].applied = to;
        self.members[m].applying = None;
        invariants::state_hash::check(self, m)?;
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
        match member.leads {
            Some((_, first)) if self.log.leader == Some(m) && !member.is_isolated => {
                let needed = first.max(self.log.committed.len());
                self.members[m].confirming.push((round, needed));
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
        let (leads, heard, isolated) = (member.leads.is_some(), member.heard.1, member.is_isolated);
        let Some((forwarded, attempts)) = member.forwards.get_mut(&request) else {
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
            return self.after(delay, Happening::Forward(m, life, request, attempt));
        };
        if let Some((_, attempts)) = self.members[m].forwards.get_mut(&request) {
            *attempts += 1;
        }
        if to != m && self.members[to].is_isolated {
            let delay = self.rng.random_range(100..800) * MS;
            return self.after(delay, Happening::Forward(m, life, request, attempt + 1));
        }
        let (answer, wait) = oneshot::channel();
        let (delay, to_life) = (self.soon(), self.members[to].life);
        let event = cluster_event(ClusterEvent::Forwarded(forwarded, answer));
        self.after(delay, Happening::Server(to, to_life, Box::new(event)));
        self.passing.push(Passing {
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
            self.after(delay, Happening::Forward(m, life, request, attempt + 1));
        }
    }

    /// Everything that a member passes on is sent again: somebody else leads.
    fn pass_on_again(&mut self, m: usize) {
        let forwards = self.members[m].forwards.iter();
        let forwards: Vec<(Request, u32)> = forwards.map(|(request, (_, n))| (*request, *n)).collect();
        for (request, attempt) in forwards {
            let delay = self.soon();
            self.after(
                delay,
                Happening::Forward(m, self.members[m].life, request, attempt),
            );
        }
    }

    /// Looks for answers to requests that were passed on.
    pub fn look_at_passing(&mut self) {
        let mut passing = std::mem::take(&mut self.passing);
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
            let again = Happening::Forward(from, life, request, attempt);
            match passing.answer.try_recv() {
                Err(oneshot::error::TryRecvError::Empty) => return true,
                Ok(Handled::Replied(reply)) => match self.unlucky(0.1) {
                    true => {
                        self.counted.count("answers lost");
                        self.after(50 * MS, again);
                    }
                    false => {
                        let delay = self.soon();
                        self.after(delay, Happening::Answer(from, life, request, reply));
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
        self.passing.append(&mut passing);
    }
}
