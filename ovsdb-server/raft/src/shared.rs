//! What the tasks of one member share.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use openraft::alias::WatchReceiverOf;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::raft::TransferLeaderRequest;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::error::MemberError;
use crate::machine::{Machine, Standing};
use crate::peer::client::Dialing;
use crate::settings::Settings;
use crate::state_machine::{Progress, Raft};
use crate::store::log::Log;
use crate::store::snapshots::Arriving;
use crate::store::{REMOVED, Store};
use crate::types::{LogId, Peer, ServerId, StoredMembership, TypeConfig};
use crate::unfinished::Asked;
use crate::world::World;

/// What openraft tells of itself.
pub(crate) type Metrics = openraft::RaftMetrics<TypeConfig>;

/// openraft and what it works on; another one after each change of the election timer.
#[derive(Clone)]
pub(crate) struct Running {
    pub raft: Raft,
    pub store: Store,
    pub log: Log,
}

/// How a server comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is sent what it lacks.
    CatchingUp,
    /// Its vote is in the log, not committed yet.
    Committing,
    /// It is being taken out.
    Removing,
}

/// What the tasks of one member share.
pub(crate) struct Shared {
    pub settings: Settings,
    pub machine: Arc<dyn Machine>,
    pub dialing: Dialing,
    pub progress: Arc<Progress>,
    /// None once it was stopped. Held for writing while openraft is restarted.
    pub running: tokio::sync::RwLock<Option<Running>>,
    /// None before it was started.
    pub metrics: Mutex<Option<WatchReceiverOf<TypeConfig, Metrics>>>,
    /// The present one.
    pub standing: watch::Sender<Standing>,
    /// Something happened that the standing may depend on.
    pub changed: Notify,
    /// Who asked this member to be taken in.
    pub asked_by: Mutex<Asked>,
    /// Held while something is proposed, and while nothing may be. Taken before `running`.
    pub proposing: tokio::sync::Mutex<()>,
    /// What was proposed did not make it into the log.
    pub lost: AtomicBool,
    /// The term in which leadership is being handed over.
    pub handing_over: Mutex<Option<u64>>,
    /// The snapshot that a leader is sending.
    pub arriving: tokio::sync::Mutex<Option<Arriving>>,
    /// One change of the membership at a time.
    pub membership: tokio::sync::Mutex<()>,
    /// The server that comes or goes.
    pub phase: Mutex<Option<(ServerId, Phase)>>,
    /// Who led when that was last heard of.
    pub heard: Mutex<Option<(ServerId, Instant)>>,
    /// When a quorum was last heard of, by a leader; before a restart of openraft, too.
    pub quorum_acked: Mutex<Option<Instant>>,
    /// The last term that this member has led in the eyes of its machine.
    pub led_term: AtomicU64,
    /// The election timer that is in the log, not applied yet.
    pub timer_next_ms: Mutex<Option<u64>>,
    /// Where the last committed membership is in the log in which it was a voter, counted from 1; 0 for none.
    pub voter_at: AtomicU64,
    pub removed: AtomicBool,
    /// It asks to be taken in.
    pub joining: AtomicBool,
    /// These addresses, then.
    pub asked: Mutex<Vec<String>>,
    /// Memberships before this log index do not count: it was taken in later.
    pub member_from: AtomicU64,
    pub leaving: AtomicBool,
    /// The end of the leader is being looked into.
    pub suspecting: AtomicBool,
    /// Where the log ended when this member started: with what it may have told clients of before.
    pub started_at: Option<LogId>,
    /// Everything up to there has been applied again, or replaced.
    pub caught_up: AtomicBool,
}

impl Shared {
    /// Before it runs.
    pub(crate) fn new(
        settings: Settings,
        world: Arc<dyn World>,
        machine: Arc<dyn Machine>,
        store: &Store,
    ) -> io::Result<Shared> {
        Ok(Shared {
            dialing: Dialing::new(&settings, world),
            progress: Arc::new(Progress::new(store, settings.election_timer_ms)?),
            machine,
            settings,
            running: tokio::sync::RwLock::default(),
            metrics: Mutex::default(),
            standing: watch::Sender::default(),
            changed: Notify::default(),
            asked_by: Mutex::default(),
            proposing: tokio::sync::Mutex::default(),
            lost: AtomicBool::default(),
            handing_over: Mutex::default(),
            arriving: tokio::sync::Mutex::default(),
            membership: tokio::sync::Mutex::default(),
            phase: Mutex::default(),
            heard: Mutex::default(),
            quorum_acked: Mutex::default(),
            led_term: AtomicU64::new(0),
            timer_next_ms: Mutex::default(),
            voter_at: AtomicU64::new(store.get(VOTER_AT)?.unwrap_or(0)),
            removed: AtomicBool::new(store.get(REMOVED)?.unwrap_or(false)),
            joining: AtomicBool::default(),
            asked: Mutex::default(),
            member_from: AtomicU64::default(),
            leaving: AtomicBool::default(),
            suspecting: AtomicBool::default(),
            started_at: store.last()?,
            caught_up: AtomicBool::default(),
        })
    }

    pub(crate) async fn running(&self) -> Result<Running, MemberError> {
        let running = self.running.read().await.clone();
        running.ok_or_else(told_to_stop)
    }

    pub(crate) async fn raft(&self) -> Result<Raft, MemberError> {
        Ok(self.running().await?.raft)
    }

    /// Whether what this member shows is no older than what it showed before it was restarted.
    pub(crate) fn is_caught_up(&self, metrics: &Metrics) -> bool {
        if metrics.last_applied >= self.started_at {
            self.caught_up.store(true, Ordering::Release);
        }
        self.caught_up.load(Ordering::Acquire)
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let receiver = self.metrics.lock();
        match &*receiver {
            Some(receiver) => receiver.borrow_watched().clone(),
            None => Metrics::new_initial(self.server()),
        }
    }

    pub(crate) fn server(&self) -> ServerId {
        self.settings.server
    }

    pub(crate) fn own(&self) -> Peer {
        Peer {
            address: self.settings.address.clone(),
        }
    }

    /// The election timer.
    pub(crate) fn timer(&self) -> Duration {
        Duration::from_millis(self.progress.timer_ms())
    }

    /// A leader was heard of.
    pub(crate) fn heard(&self, leader: ServerId) {
        let now = Instant::now();
        let before = self.heard.lock().replace((leader, now));
        let news = before.is_none_or(|(who, when)| who != leader || now - when > self.timer() / 2);
        if news {
            self.changed.notify_one();
        }
    }

    /// Who led, if that was heard of within the election timer.
    pub(crate) fn fresh_leader(&self) -> Option<ServerId> {
        let heard = *self.heard.lock();
        heard
            .filter(|(_, at)| at.elapsed() < self.timer())
            .map(|(leader, _)| leader)
    }

    /// Whether a member was heard of within the election timer.
    pub(crate) fn is_there(&self, server: ServerId) -> bool {
        let heard = self.dialing.links.last_heard(server);
        server == self.server() || heard.is_some_and(|at| at.elapsed() < self.timer())
    }

    /// It was a voter, and is not any more: that is final.
    pub(crate) async fn set_removed(&self) {
        if self.removed.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Ok(running) = self.running().await {
            // One that was removed disturbs nobody any more.
            running.raft.runtime_config().elect(false);
            if let Err(error) = running.store.put_now(REMOVED, &true) {
                tracing::warn!(target: "raft", "cannot write down that this server was removed: {error}");
            }
        }
        self.changed.notify_one();
    }

    /// This member is a voter in the committed membership at a log index.
    pub(crate) async fn has_vote_since(&self, index: u64) -> Result<(), MemberError> {
        // Counted from 1, so that 0 is never.
        let at = index + 1;
        if self.voter_at.fetch_max(at, Ordering::AcqRel) < at {
            self.running().await?.store.put_now(VOTER_AT, &at)?;
        }
        Ok(())
    }

    /// Stops trusting the leader of the present vote.
    pub(crate) async fn distrust(&self, raft: &Raft) -> Result<(), MemberError> {
        let metrics = self.metrics();
        let Some(leader) = metrics.current_leader else {
            return Ok(());
        };
        // As if that leader had asked this member to accept another one.
        let request = TransferLeaderRequest::new(metrics.vote, leader, None);
        let _: Result<(), _> = raft.handle_transfer_leader(request).await?;
        Ok(())
    }
}

/// Why there is no openraft here.
pub(crate) fn told_to_stop() -> MemberError {
    MemberError::Stopped("it was told to".to_owned())
}

/// In META: see [`Shared::voter_at`].
const VOTER_AT: &str = "voter-at";

/// Voters besides this one.
pub(crate) fn other_voters(metrics: &Metrics) -> Vec<ServerId> {
    let voters = metrics.membership_config.membership().voter_ids();
    voters.filter(|id| *id != metrics.id).collect()
}

/// Where a membership is in the log.
pub(crate) fn index_of(membership: &StoredMembership) -> Option<u64> {
    membership.log_id().as_ref().map(|id| id.index)
}
