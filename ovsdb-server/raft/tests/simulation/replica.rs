//! What the cluster agrees on here: a list of ids. A request is executed once, however often it is in the log.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ovsdb_raft::{
    Applied, Command, Forwarded, Handled, LogId, Machine, Member, Pieces, Request, Standing, StateHash,
    Transaction,
};
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use crate::record::{Life, Record, Seen};
use crate::simulated::chance::Chance;

/// The body of a forwarded request that wants an entry.
pub const WRITE: &[u8] = b"write";

/// The body of one that wants a reply only.
pub const ASK: &[u8] = b"ask";

/// Ids in a piece of a snapshot.
const PIECE: usize = 50;

/// One member's state, in one life of its process.
pub struct Replica {
    life: Life,
    record: Record,
    chance: Chance,
    state: Mutex<State>,
    standing: Mutex<Standing>,
    member: OnceLock<Weak<Member>>,
    /// Requests that clients of this member wait for.
    waiting: Mutex<BTreeSet<Request>>,
    /// What members wait for that asked this one while it leads, until it is applied here.
    asked: Mutex<BTreeMap<Request, oneshot::Sender<Handled>>>,
    verified: watch::Sender<BTreeMap<Uuid, StateHash>>,
    /// An entry is being taken.
    is_busy: Mutex<bool>,
}

#[derive(Clone, Default)]
struct State {
    last: Option<LogId>,
    executed: Vec<(Uuid, Option<Request>)>,
    requests: BTreeSet<Request>,
    hash: u64,
}

pub fn transaction(id: Uuid, request: Option<Request>) -> Command {
    Command::Transaction(Transaction {
        id,
        prerequisite: Uuid::nil(),
        request,
        record: Bytes::from_static(b"{}"),
        reply: Bytes::new(),
    })
}

impl State {
    /// Says what was executed.
    fn take(&mut self, applied: &Applied) -> Option<Uuid> {
        self.last = Some(applied.log_id);
        let Some(Command::Transaction(txn)) = &applied.command else {
            return None;
        };
        if txn.request.is_some_and(|request| !self.requests.insert(request)) {
            return None;
        }
        self.executed.push((txn.id, txn.request));
        self.hash = hash(&(self.hash, txn.id));
        Some(txn.id)
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Replica {
    pub fn new(life: Life, record: &Record, chance: &Chance) -> Arc<Replica> {
        Arc::new(Replica {
            life,
            record: record.clone(),
            chance: chance.clone(),
            state: Mutex::default(),
            standing: Mutex::default(),
            member: OnceLock::new(),
            waiting: Mutex::default(),
            asked: Mutex::default(),
            verified: watch::Sender::default(),
            is_busy: Mutex::default(),
        })
    }

    pub fn life(&self) -> Life {
        self.life
    }

    pub fn set_member(&self, member: &Arc<Member>) {
        // It is set once in a life.
        let _ = self.member.set(Arc::downgrade(member));
    }

    pub fn standing(&self) -> Standing {
        self.standing.lock().clone()
    }

    /// The last index, the hash after it, and everything executed.
    pub fn state(&self) -> (Option<u64>, u64, Vec<Uuid>) {
        let state = self.state.lock();
        let executed = state.executed.iter().map(|(id, _)| *id).collect();
        (index(&state), state.hash, executed)
    }

    pub fn index(&self) -> Option<u64> {
        index(&self.state.lock())
    }

    pub fn n_waiting(&self) -> usize {
        self.waiting.lock().len()
    }

    pub fn is_waiting(&self, request: &Request) -> bool {
        self.waiting.lock().contains(request)
    }

    /// A client's request that is to be passed on.
    pub fn ask(&self, member: &Member, id: Uuid, body: &'static [u8]) -> Request {
        let server = self.life.server;
        let request = Request { server, id };
        self.waiting.lock().insert(request);
        member.forward(Forwarded {
            request,
            body: Bytes::from_static(body),
        });
        request
    }

    /// A client hears that its request was executed.
    fn acknowledge(&self, request: Request, id: Uuid, index: u64) {
        if !self.waiting.lock().remove(&request) {
            return;
        }
        if let Some(member) = self.member.get().and_then(Weak::upgrade) {
            member.forget(&request);
        }
        self.record.count("acknowledged by a follower");
        let (by, term) = (self.life, None);
        self.record.see(Seen::Acknowledged { by, id, index, term });
    }

    fn enter(&self) {
        if std::mem::replace(&mut *self.is_busy.lock(), true) {
            self.record
                .violate("two things come to a machine at the same time".to_owned());
        }
    }

    fn leave(&self) {
        *self.is_busy.lock() = false;
    }
}

fn index(state: &State) -> Option<u64> {
    state.last.map(|last| last.index)
}

impl Machine for Replica {
    fn apply(&self, entries: Vec<Applied>) -> BoxFuture<'_, io::Result<()>> {
        async move {
            self.enter();
            if self.chance.in_hundred(10) {
                tokio::time::sleep(Duration::from_millis(self.chance.within(0..10))).await;
            }
            for applied in &entries {
                let (executed, hash_after, hash_verified) = {
                    let mut state = self.state.lock();
                    let executed = state.take(applied);
                    (executed, state.hash, state.hash)
                };
                let index = applied.log_id.index;
                let request = match &applied.command {
                    Some(Command::Transaction(txn)) => txn.request,
                    Some(Command::Verify(id)) => {
                        let hash = hash_verified;
                        let hash = StateHash { index, hash };
                        self.verified.send_modify(|known| {
                            known.insert(*id, hash);
                        });
                        None
                    }
                    _ => None,
                };
                if request.is_some() && executed.is_none() {
                    self.record.count("void entries");
                }
                self.record.see(Seen::Applied {
                    by: self.life,
                    index,
                    term: applied.log_id.leader_id.term,
                    what: hash(&format!("{:?}", applied.command)),
                    executed,
                    request,
                    hash: hash_after,
                });
                if let (Some(id), Some(request)) = (executed, request) {
                    self.acknowledge(request, id, index);
                }
                if let Some(request) = request {
                    self.asked.lock().remove(&request);
                }
            }
            self.leave();
            Ok(())
        }
        .boxed()
    }

    fn snapshot(&self) -> BoxFuture<'_, io::Result<Pieces>> {
        let state = self.state.lock().clone();
        let head = ovsdb_raft::codec::encode(&state.hash);
        let pieces: Vec<Vec<u8>> = state
            .executed
            .chunks(PIECE)
            .map(|piece| ovsdb_raft::codec::encode(&piece.to_vec()))
            .collect();
        let pieces = std::iter::once(head).chain(pieces).map(Ok);
        async { Ok(Box::new(pieces) as Pieces) }.boxed()
    }

    fn install(&self, last: Option<LogId>, mut pieces: Pieces) -> BoxFuture<'_, io::Result<()>> {
        async move {
            self.enter();
            let missing = || io::Error::other("a snapshot without its first piece");
            let hash = ovsdb_raft::codec::decode(&pieces.next().ok_or_else(missing)??)?;
            let mut executed: Vec<(Uuid, Option<Request>)> = Vec::new();
            for piece in pieces {
                let piece: Vec<(Uuid, Option<Request>)> = ovsdb_raft::codec::decode(&piece?)?;
                executed.extend(piece);
            }
            let is_first = self.state.lock().last.is_none();
            self.record.count(match is_first {
                true => "start from a snapshot",
                false => "snapshot installed",
            });
            let requests = executed.iter().filter_map(|(_, request)| *request).collect();
            let state = State {
                last,
                executed: executed.clone(),
                requests,
                hash,
            };
            *self.state.lock() = state;
            let index = last.map(|last| last.index);
            let by = self.life;
            self.record.see(Seen::Installed { by, index, hash });
            for (id, request) in executed {
                if let (Some(request), Some(index)) = (request, index) {
                    self.acknowledge(request, id, index);
                }
            }
            self.leave();
            Ok(())
        }
        .boxed()
    }

    fn standing(&self, standing: Standing) {
        let before = std::mem::replace(&mut *self.standing.lock(), standing.clone());
        if before.leads != standing.leads {
            let (by, term) = (self.life, standing.leads);
            self.record.add("terms", usize::from(term.is_some()));
            self.record.see(Seen::Leads { by, term });
            // What was proposed may be lost.
            for answer in std::mem::take(&mut *self.asked.lock()).into_values() {
                // Who asks may have gone.
                let _ = answer.send(Handled::NotLeading);
            }
        }
    }

    fn forwarded(&self, forwarded: Forwarded, answer: oneshot::Sender<Handled>) {
        let member = self.member.get().and_then(Weak::upgrade);
        let (Some(member), Some(_)) = (member, self.standing.lock().leads) else {
            // Who asks may have gone.
            let _ = answer.send(Handled::NotLeading);
            return;
        };
        match &forwarded.body[..] {
            WRITE => {
                let request = forwarded.request;
                self.asked.lock().insert(request, answer);
                member.propose(transaction(request.id, Some(request)));
            }
            _ => {
                // Who asks may have gone.
                let _ = answer.send(Handled::Replied(forwarded.body));
            }
        }
    }

    fn state_hash(&self, id: Uuid) -> BoxFuture<'_, Option<StateHash>> {
        let mut verified = self.verified.subscribe();
        async move {
            let known = verified.wait_for(|known| known.contains_key(&id)).await;
            known.ok().and_then(|known| known.get(&id).copied())
        }
        .boxed()
    }

    fn answered(&self, request: Request, _: Bytes) {
        if self.waiting.lock().remove(&request) {
            self.record.count("answered without an entry");
        }
        let by = self.life;
        self.record.see(Seen::Answered { by, request });
    }
}
