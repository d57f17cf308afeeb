//! What a cluster agrees on goes here: the member's database, behind a trait.

use std::io;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::types::{Command, LogId, Request, ServerId};

/// A committed log entry.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Where it is in the log.
    pub log_id: LogId,
    /// What it does; none where a leader began its term or the membership changed.
    pub command: Option<Command>,
}

/// A snapshot on its way into or out of the store: pieces of about a megabyte.
pub type Pieces = Box<dyn Iterator<Item = io::Result<Vec<u8>>> + Send + Sync>;

/// What a member is to its cluster at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The term it leads: it was elected, a quorum has answered it within the election timer, and it has applied an
    /// entry of its term, so that its state has everything that was acknowledged before.
    pub leads: Option<u64>,
    /// Who leads, if that was heard of within the election timer.
    pub leader: Option<ServerId>,
    /// It leads, or heard of a leader within three election timers: clients need not leave it over an election. False
    /// while it joins, when it was removed, and from the start until it has applied what was in its log: clients are
    /// never told less than before.
    pub connected: bool,
    /// It is a voter.
    pub member: bool,
    /// It was a voter, and is not any more.
    pub removed: bool,
    /// Its term.
    pub term: u64,
    /// Why it takes part no more until its server is started again: its disk, as a rule.
    pub failure: Option<String>,
}

/// A client's request on its way to whoever leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    /// Who asks.
    pub request: Request,
    /// What is asked, for the leader's [`Machine`] to read.
    pub body: Bytes,
}

/// What became of a forwarded request that made no log entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Handled {
    /// It was executed, with nothing to agree on.
    Replied(Bytes),
    /// It came to a member that does not lead.
    NotLeading,
}

/// What a member's contents come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateHash {
    /// After the entry of this log index.
    pub index: u64,
    /// The same on all members with the same contents.
    pub hash: u64,
}

/// The state that the log leads to. [`apply`](Machine::apply), [`snapshot`](Machine::snapshot) and
/// [`install`](Machine::install) come one at a time, in order.
pub trait Machine: Send + Sync + 'static {
    /// Takes committed entries; ready when their effects are seen.
    fn apply(&self, entries: Vec<Applied>) -> BoxFuture<'_, io::Result<()>>;

    /// The state after the last entry taken, as pieces that are made while others are written. Must be quick: what
    /// takes time happens in the iterator, on another thread.
    fn snapshot(&self) -> BoxFuture<'_, io::Result<Pieces>>;

    /// Takes a whole state in place of its own: the one after `last`.
    fn install(&self, last: Option<LogId>, pieces: Pieces) -> BoxFuture<'_, io::Result<()>>;

    /// What this member is from now on. Must not block.
    fn standing(&self, standing: Standing);

    /// A client's request, from this or another member, because this one leads. Must not block. One that becomes a log
    /// entry is not answered, for the asker sees the entry; one that was proposed when [`Standing::leads`] became none,
    /// and may be lost, is answered with [`Handled::NotLeading`]: nobody else asks again.
    fn forwarded(&self, request: Forwarded, answer: oneshot::Sender<Handled>);

    /// What the contents came to at [`Command::Verify`] of this id; ready when that is known, which may be never. None
    /// from a machine that does not look.
    fn state_hash(&self, _id: Uuid) -> BoxFuture<'_, Option<StateHash>> {
        std::future::ready(None).boxed()
    }

    /// The reply to a request that was forwarded and made no log entry. Must not block.
    fn answered(&self, request: Request, reply: Bytes);
}
