//! openraft's state machine: hands committed entries to the [`Machine`] and keeps its snapshots in the store.
//!
//! The machine's state is in memory. After a restart openraft gives it the last snapshot and the entries after it, up
//! to where the log is known to be committed.

use std::io;
use std::sync::Arc;

use futures_util::{Stream, TryStreamExt};
use openraft::storage::{EntryResponder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend, RaftSnapshotBuilder, Snapshot, SnapshotMeta};

use crate::machine::{Applied, Machine};
use crate::store::Store;
use crate::store::snapshots::Stored;
use crate::types::{LogId, StoredMembership, TypeConfig};

/// Entries handed over at once, at most.
const BATCH: usize = 256;

/// A snapshot's description for openraft.
pub(crate) type Meta = openraft::alias::SnapshotMetaOf<TypeConfig>;

/// A snapshot for openraft: its contents stay in the store.
pub(crate) type StoredSnapshot = openraft::alias::SnapshotOf<TypeConfig, Stored>;

/// The state machine of one member.
pub struct StateMachine {
    store: Store,
    machine: Arc<dyn Machine>,
    last: Option<LogId>,
    membership: StoredMembership,
}

impl StateMachine {
    /// A state machine before any entry.
    pub fn new(store: Store, machine: Arc<dyn Machine>) -> StateMachine {
        StateMachine {
            store,
            machine,
            last: None,
            membership: StoredMembership::default(),
        }
    }
}

/// What openraft is told of a snapshot in the store.
pub(crate) fn snapshot_of(stored: Stored) -> StoredSnapshot {
    Snapshot {
        meta: SnapshotMeta {
            last_log_id: stored.description.last,
            last_membership: stored.description.membership.clone(),
        },
        snapshot: stored,
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotData = Stored;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        Ok((self.last, self.membership.clone()))
    }

    async fn apply<Strm>(&mut self, entries: Strm) -> Result<(), io::Error>
    where
        Strm: Stream<Item = Result<EntryResponder<TypeConfig>, io::Error>> + Unpin + OptionalSend,
    {
        let mut batches = entries.try_ready_chunks(BATCH);
        while let Some(batch) = batches.try_next().await.map_err(|error| error.1)? {
            let mut applied = Vec::with_capacity(batch.len());
            let mut responders = Vec::new();
            for (entry, responder) in batch {
                self.last = Some(entry.log_id);
                let command = match entry.payload {
                    EntryPayload::Blank => None,
                    EntryPayload::Normal(command) => Some(command),
                    EntryPayload::Membership(membership) => {
                        self.membership = StoredMembership::new(Some(entry.log_id), membership);
                        None
                    }
                };
                applied.push(Applied {
                    log_id: entry.log_id,
                    command,
                });
                responders.extend(responder);
            }
            self.machine.apply(applied).await?;
            for responder in responders {
                responder.send(());
            }
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        Builder {
            store: self.store.clone(),
            // Taken now: what is applied later is in a later snapshot.
            pieces: Some(self.machine.snapshot().await),
            last: self.last,
            membership: self.membership.clone(),
        }
    }

    async fn install_snapshot(&mut self, meta: &Meta, snapshot: Stored) -> Result<(), io::Error> {
        // One that was made elsewhere is copied first; what arrives from peers is in this store already.
        let snapshot = match snapshot.is_in(&self.store) {
            true => snapshot,
            false => copy(self.store.clone(), snapshot).await?,
        };
        self.machine.install(meta.last_log_id, snapshot.pieces()).await?;
        self.last = meta.last_log_id;
        self.membership = meta.last_membership.clone();
        snapshot.settle().await
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<StoredSnapshot>, io::Error> {
        Ok(self.store.snapshot()?.map(snapshot_of))
    }
}

async fn copy(store: Store, from: Stored) -> io::Result<Stored> {
    let copied = tokio::task::spawn_blocking(move || {
        let mut writing = store.begin_snapshot()?;
        for piece in from.pieces() {
            writing.push(&piece?)?;
        }
        Ok(writing.finish(from.description.last, from.description.membership.clone()))
    });
    copied.await.map_err(io::Error::other)?
}

/// Writes one snapshot to the store.
pub struct Builder {
    store: Store,
    pieces: Option<io::Result<crate::machine::Pieces>>,
    last: Option<LogId>,
    membership: StoredMembership,
}

impl RaftSnapshotBuilder<TypeConfig> for Builder {
    type SnapshotData = Stored;

    async fn build_snapshot(&mut self) -> Result<StoredSnapshot, io::Error> {
        let pieces = self
            .pieces
            .take()
            .ok_or_else(|| io::Error::other("a builder makes one snapshot"))??;
        let (store, last, membership) = (self.store.clone(), self.last, self.membership.clone());
        let written = tokio::task::spawn_blocking(move || -> io::Result<Stored> {
            let mut writing = store.begin_snapshot()?;
            for piece in pieces {
                writing.push(&piece?)?;
            }
            Ok(writing.finish(last, membership))
        });
        let stored = written.await.map_err(io::Error::other)??;
        stored.settle().await?;
        Ok(snapshot_of(stored))
    }
}
