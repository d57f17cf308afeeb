//! The RAFT log and the vote (openraft's `RaftLogStorage`).
//!
//! Keys are indexes in network order. The end of the log is kept in memory as well, for the followers that read it a
//! moment after it was written.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use openraft::storage::{IOFlushed, RaftLogStorage};
use openraft::{LogState, OptionalSend, RaftLogReader};
use parking_lot::Mutex;
use rocksdb::{Direction, IteratorMode, WriteBatch};

use crate::codec;
use crate::store::{LOG, Store, failure};
use crate::types::{Entry, LogId, TypeConfig, Vote};

pub(crate) const VOTE: &str = "vote";
pub(crate) const COMMITTED: &str = "committed";
pub(crate) const PURGED: &str = "purged";

/// Entries kept in memory.
const TAIL: usize = 1024;

/// A member's log.
#[derive(Clone)]
pub struct Log {
    store: Store,
    /// The last entries, consecutive.
    tail: Arc<Mutex<VecDeque<Entry>>>,
    vote: Arc<Mutex<Option<Vote>>>,
}

impl Log {
    /// The log of a folder.
    pub fn open(store: Store) -> io::Result<Log> {
        let vote = store.get(VOTE)?;
        Ok(Log {
            store,
            tail: Arc::default(),
            vote: Arc::new(Mutex::new(vote)),
        })
    }

    /// Entries from the memory alone, if it has all of them.
    fn in_memory(&self, start: u64, end: u64) -> Option<Vec<Entry>> {
        let tail = self.tail.lock();
        let first = tail.front()?.log_id.index;
        let last = tail.back()?.log_id.index;
        if start < first || end > last + 1 {
            return None;
        }
        Some(
            tail.range((start - first) as usize..(end - first) as usize)
                .cloned()
                .collect(),
        )
    }
}

pub(crate) fn key(index: u64) -> [u8; 8] {
    index.to_be_bytes()
}

/// A range as start and exclusive end.
fn bounds(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(before) => before + 1,
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(last) => last.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => u64::MAX,
    };
    (start, end)
}

impl RaftLogReader<TypeConfig> for Log {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Result<Vec<Entry>, io::Error> {
        let (start, end) = bounds(&range);
        if start >= end {
            return Ok(Vec::new());
        }
        if let Some(entries) = self.in_memory(start, end) {
            return Ok(entries);
        }
        let family = self.store.family(LOG);
        let first = key(start);
        let from = IteratorMode::From(&first, Direction::Forward);
        let mut entries = Vec::new();
        for item in self.store.db.iterator_cf(family, from) {
            let (index, bytes) = item.map_err(failure)?;
            if *index >= key(end)[..] {
                break;
            }
            entries.push(codec::decode(&bytes)?);
        }
        Ok(entries)
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(*self.vote.lock())
    }
}

impl RaftLogStorage<TypeConfig> for Log {
    type LogReader = Log;

    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig>, io::Error> {
        let last_purged_log_id = self.store.get(PURGED)?;
        Ok(LogState {
            last_purged_log_id,
            last_log_id: self.store.last()?.or(last_purged_log_id),
        })
    }

    async fn get_log_reader(&mut self) -> Log {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        let mut batch = WriteBatch::default();
        self.store.put(&mut batch, VOTE, vote);
        self.store.write_durably(batch).await?;
        *self.vote.lock() = Some(*vote);
        Ok(())
    }

    /// Not synced: it may lag behind after a crash, never lead.
    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), io::Error> {
        let mut batch = WriteBatch::default();
        self.store.put(&mut batch, COMMITTED, &committed);
        self.store.db.write(batch).map_err(failure)
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, io::Error> {
        Ok(self.store.get::<Option<LogId>>(COMMITTED)?.flatten())
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut batch = WriteBatch::default();
        let entries: Vec<Entry> = entries.into_iter().collect();
        for entry in &entries {
            batch.put_cf(
                self.store.family(LOG),
                key(entry.log_id.index),
                codec::encode(entry),
            );
        }
        self.store
            .write(batch, Box::new(|result| callback.io_completed(result)))?;
        let mut tail = self.tail.lock();
        for entry in entries {
            if tail
                .back()
                .is_some_and(|last| last.log_id.index + 1 != entry.log_id.index)
            {
                tail.clear();
            }
            tail.push_back(entry);
        }
        let extra = tail.len().saturating_sub(TAIL);
        tail.drain(..extra);
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> Result<(), io::Error> {
        let from = last.map_or(0, |last| last.index + 1);
        {
            let mut tail = self.tail.lock();
            while tail.back().is_some_and(|entry| entry.log_id.index >= from) {
                tail.pop_back();
            }
        }
        let mut batch = WriteBatch::default();
        batch.delete_range_cf(self.store.family(LOG), key(from), key(u64::MAX));
        self.store.write_durably(batch).await
    }

    async fn purge(&mut self, upto: LogId) -> Result<(), io::Error> {
        {
            let mut tail = self.tail.lock();
            while tail.front().is_some_and(|entry| entry.log_id.index <= upto.index) {
                tail.pop_front();
            }
        }
        let mut batch = WriteBatch::default();
        self.store.put(&mut batch, PURGED, &upto);
        batch.delete_range_cf(self.store.family(LOG), key(0), key(upto.index + 1));
        self.store.write_durably(batch).await
    }
}
