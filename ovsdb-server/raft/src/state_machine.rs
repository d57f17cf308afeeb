//! openraft's state machine: hands committed entries to the [`Machine`] and keeps its snapshots in the store.
//!
//! The machine's state is in memory. After a restart openraft gives it the last snapshot and the entries after it, up
//! to where the log is known to be committed.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{Stream, TryStreamExt};
use openraft::storage::{EntryResponder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend, RaftSnapshotBuilder, Snapshot, SnapshotMeta};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::failpoints::{Failpoint, Failpoints};
use crate::machine::{Applied, Machine, Pieces};
use crate::store::Store;
use crate::store::snapshots::{Contents, Stored};
use crate::types::{Command, LogId, ServerId, StoredMembership, TypeConfig};

/// Entries handed over at once, at most.
const BATCH: usize = 256;

/// A snapshot's description for openraft.
pub(crate) type Meta = openraft::alias::SnapshotMetaOf<TypeConfig>;

/// A snapshot for openraft: its contents stay in the store.
pub(crate) type StoredSnapshot = openraft::alias::SnapshotOf<TypeConfig, Stored>;

/// openraft with our types.
pub type Raft = openraft::Raft<TypeConfig, StateMachine>;

/// In META: the election timer that the cluster agreed on, and where in the log.
const TIMER: &str = "election-timer";

/// How far a member has come. It outlives openraft, which is restarted when the election timer changes.
pub struct Progress {
    position: Mutex<Position>,
    timer: Mutex<Timer>,
    /// Told each election timer that the cluster agrees on.
    timer_ms: watch::Sender<u64>,
    /// openraft is being restarted.
    restarting: AtomicBool,
    /// This member leads.
    pub(crate) leads: AtomicBool,
}

#[derive(Clone, Default)]
struct Position {
    last: Option<LogId>,
    membership: StoredMembership,
}

/// An election timer, and the index of the entry that made it so; 0 where it was set from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Timer {
    index: u64,
    ms: u64,
}

impl Progress {
    /// Before any entry. The election timer is the last one known in the folder, or else the one given.
    pub fn new(store: &Store, timer_ms: u64) -> io::Result<Progress> {
        let mut timer = store.get(TIMER)?.unwrap_or(Timer {
            index: 0,
            ms: timer_ms,
        });
        // The end of the log may have been cut off by hand.
        let last = store.last()?.or(store.purged()?);
        timer.index = timer.index.min(last.map_or(0, |last| last.index));
        Ok(Progress {
            position: Mutex::default(),
            timer: Mutex::new(timer),
            timer_ms: watch::Sender::new(timer.ms),
            restarting: AtomicBool::new(false),
            leads: AtomicBool::new(false),
        })
    }

    /// The election timer, in milliseconds.
    pub fn timer_ms(&self) -> u64 {
        *self.timer_ms.borrow()
    }

    pub(crate) fn watch_timer(&self) -> watch::Receiver<u64> {
        self.timer_ms.subscribe()
    }

    pub(crate) fn is_restarting(&self) -> bool {
        self.restarting.load(Ordering::Acquire)
    }

    pub(crate) fn set_restarting(&self, restarting: bool) {
        self.restarting.store(restarting, Ordering::Release);
    }

    /// Entries were applied.
    fn applied(&self, last: Option<LogId>, membership: Option<StoredMembership>) {
        let mut position = self.position.lock();
        position.last = last;
        if let Some(membership) = membership {
            position.membership = membership;
        }
    }

    /// The cluster agreed on an election timer. Entries that are applied again after a restart change nothing.
    fn agreed(&self, store: &Store, index: u64, ms: u64) -> io::Result<()> {
        let timer = Timer { index, ms };
        {
            let mut known = self.timer.lock();
            if index <= known.index {
                return Ok(());
            }
            *known = timer;
        }
        store.put_now(TIMER, &timer)?;
        self.timer_ms
            .send_if_modified(|present| std::mem::replace(present, ms) != ms);
        Ok(())
    }

    /// The one that the cluster agreed on, if it ever did: index and milliseconds.
    fn agreed_timer(&self) -> Option<(u64, u64)> {
        let timer = *self.timer.lock();
        (timer.index > 0).then_some((timer.index, timer.ms))
    }
}

/// The state machine of one member.
pub struct StateMachine {
    store: Store,
    machine: Arc<dyn Machine>,
    server: ServerId,
    failpoints: Arc<Failpoints>,
    progress: Arc<Progress>,
}

impl StateMachine {
    /// A state machine that goes on where `progress` is.
    pub fn new(
        store: Store,
        machine: Arc<dyn Machine>,
        server: ServerId,
        failpoints: Arc<Failpoints>,
        progress: Arc<Progress>,
    ) -> StateMachine {
        StateMachine {
            store,
            machine,
            server,
            failpoints,
            progress,
        }
    }

    /// A fault that is brought about on purpose: the leader dies when it would answer another server.
    fn crash(&self, failpoint: Failpoint, entries: &[Applied]) {
        if self.failpoints.is(failpoint) && self.dooms(entries) {
            self.failpoints.crash(failpoint);
        }
    }

    /// Whether a leader is to die over these entries: one of them is for another member's client.
    fn dooms(&self, entries: &[Applied]) -> bool {
        let foreign = |entry: &Applied| match &entry.command {
            Some(Command::Transaction(txn)) => {
                txn.request.is_some_and(|request| request.server != self.server)
            }
            _ => false,
        };
        self.progress.leads.load(Ordering::Acquire) && entries.iter().any(foreign)
    }
}

/// What openraft is told of a snapshot in the store.
pub(crate) fn snapshot_of(stored: Stored) -> StoredSnapshot {
    Snapshot {
        meta: SnapshotMeta {
            last_log_id: stored.description.contents.last,
            last_membership: stored.description.contents.membership.clone(),
        },
        snapshot: stored,
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotData = Stored;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        let position = self.progress.position.lock().clone();
        Ok((position.last, position.membership))
    }

    async fn apply<Strm>(&mut self, entries: Strm) -> Result<(), io::Error>
    where
        Strm: Stream<Item = Result<EntryResponder<TypeConfig>, io::Error>> + Unpin + OptionalSend,
    {
        let mut batches = entries.try_ready_chunks(BATCH);
        while let Some(batch) = batches.try_next().await.map_err(|error| error.1)? {
            let mut applied = Vec::with_capacity(batch.len());
            let mut responders = Vec::new();
            let mut last = None;
            let mut membership_now = None;
            let mut timer = None;
            for (entry, responder) in batch {
                last = Some(entry.log_id);
                let command = match entry.payload {
                    EntryPayload::Blank => None,
                    EntryPayload::Normal(command) => Some(command),
                    EntryPayload::Membership(membership) => {
                        membership_now = Some(StoredMembership::new(last, membership));
                        None
                    }
                };
                if let Some(Command::ElectionTimer(ms)) = command {
                    timer = Some((entry.log_id.index, ms));
                }
                applied.push(Applied {
                    log_id: entry.log_id,
                    command,
                });
                responders.extend(responder);
            }
            self.crash(Failpoint::CrashBeforeSendingExecuteCommandReply, &applied);
            let after = match self
                .failpoints
                .is(Failpoint::CrashAfterSendingExecuteCommandReply)
            {
                true => applied.clone(),
                false => Vec::new(),
            };
            self.machine.apply(applied).await?;
            self.progress.applied(last, membership_now);
            if !after.is_empty() {
                if self.dooms(&after) {
                    // All others hear of the commit before it dies.
                    self.failpoints.vanish();
                    tokio::time::sleep(Duration::from_millis(30)).await;
                }
                self.crash(Failpoint::CrashAfterSendingExecuteCommandReply, &after);
            }
            for responder in responders {
                responder.send(());
            }
            if let Some((index, ms)) = timer {
                self.progress.agreed(&self.store, index, ms)?;
            }
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        let position = self.progress.position.lock().clone();
        Builder {
            store: self.store.clone(),
            // Taken now: what is applied later is in a later snapshot.
            pieces: Some(self.machine.snapshot().await),
            contents: Contents {
                last: position.last,
                membership: position.membership,
                timer: self.progress.agreed_timer(),
            },
        }
    }

    async fn install_snapshot(&mut self, meta: &Meta, snapshot: Stored) -> Result<(), io::Error> {
        // One that was made elsewhere is copied first; what arrives from peers is in this store already.
        let snapshot = match snapshot.is_in(&self.store) {
            true => snapshot,
            false => {
                let contents = snapshot.description.contents.clone();
                self.store.write_snapshot(snapshot.pieces(), contents).await?
            }
        };
        self.machine.install(meta.last_log_id, snapshot.pieces()).await?;
        *self.progress.position.lock() = Position {
            last: meta.last_log_id,
            membership: meta.last_membership.clone(),
        };
        snapshot.settle().await?;
        if let Some((index, ms)) = snapshot.description.contents.timer {
            self.progress.agreed(&self.store, index, ms)?;
        }
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<StoredSnapshot>, io::Error> {
        Ok(self.store.snapshot()?.map(snapshot_of))
    }
}

/// Writes one snapshot to the store.
pub struct Builder {
    store: Store,
    pieces: Option<io::Result<Pieces>>,
    contents: Contents,
}

impl RaftSnapshotBuilder<TypeConfig> for Builder {
    type SnapshotData = Stored;

    async fn build_snapshot(&mut self) -> Result<StoredSnapshot, io::Error> {
        let pieces = self
            .pieces
            .take()
            .ok_or_else(|| io::Error::other("a builder makes one snapshot"))??;
        let stored = self.store.write_snapshot(pieces, self.contents.clone()).await?;
        stored.settle().await?;
        Ok(snapshot_of(stored))
    }
}
