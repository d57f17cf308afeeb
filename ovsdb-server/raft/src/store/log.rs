//! The RAFT log and the vote (openraft's `RaftLogStorage`).
//!
//! Keys are indexes in network order. The end of the log is kept in memory as well: what is on its way to the disk, and
//! what followers read a moment later.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use openraft::storage::{IOFlushed, RaftLogStorage};
use openraft::{LogState, OptionalSend, RaftLogReader};
use parking_lot::Mutex;

use crate::codec;
use crate::store::disk::Family;
use crate::store::{Damage, Store, entry, put};
use crate::types::{Entry, LogId, TypeConfig, Vote};

pub(crate) const VOTE: &str = "vote";
pub(crate) const COMMITTED: &str = "committed";
pub(crate) const PURGED: &str = "purged";

/// Entries kept in memory once they are on disk.
const TAIL: usize = 4096;

/// Bytes of the entries kept in memory once they are on disk.
const TAIL_BYTES: usize = 4 << 20;

/// Bytes of the entries that one message may have.
const MESSAGE_BYTES: usize = 16 << 20;

/// A member's log.
#[derive(Clone)]
pub struct Log {
    store: Store,
    tail: Arc<Mutex<Tail>>,
    vote: Arc<Mutex<Option<Vote>>>,
    /// Written with the next entries: it may lag behind after a crash, never lead.
    committed: Arc<Mutex<Option<LogId>>>,
    /// Of all entries that were appended since it was opened.
    n_bytes: Arc<AtomicU64>,
}

/// The last entries, consecutive, and the length of each on disk.
#[derive(Default)]
struct Tail {
    entries: VecDeque<(Entry, usize)>,
    n_bytes: usize,
    /// The first index that is not known to be on disk.
    unwritten: u64,
}

impl Tail {
    /// Takes one that is on its way to the disk.
    fn push(&mut self, entry: Entry, n_bytes: usize) {
        let index = entry.log_id.index;
        let last = self.entries.back().map(|(last, _)| last.log_id.index);
        if last.is_none_or(|last| last + 1 != index) {
            *self = Tail::default();
            self.unwritten = index;
        }
        self.unwritten = self.unwritten.min(index);
        self.entries.push_back((entry, n_bytes));
        self.n_bytes += n_bytes;
    }

    /// Entries are on disk up to this one.
    fn written(&mut self, last: u64) {
        self.unwritten = self.unwritten.max(last + 1);
        while (self.entries.len() > TAIL || self.n_bytes > TAIL_BYTES)
            && self.first().is_some_and(|first| first < self.unwritten)
        {
            self.pop_front();
        }
    }

    /// The first index.
    fn first(&self) -> Option<u64> {
        self.entries.front().map(|(entry, _)| entry.log_id.index)
    }

    fn pop_front(&mut self) {
        if let Some((_, n_bytes)) = self.entries.pop_front() {
            self.n_bytes -= n_bytes;
        }
    }

    /// Forgets what is after an index.
    fn truncate(&mut self, from: u64) {
        while let Some((_, n_bytes)) = self.entries.pop_back_if(|(entry, _)| entry.log_id.index >= from) {
            self.n_bytes -= n_bytes;
        }
    }

    /// Forgets what is before an index, and it.
    fn purge(&mut self, upto: u64) {
        while self.first().is_some_and(|first| first <= upto) {
            self.pop_front();
        }
    }

    /// Those entries of a range that are here: as many as fit into some bytes, after `n_bytes` of others.
    fn read(&self, start: u64, end: u64, mut n_bytes: usize, n_bytes_max: usize) -> Vec<Entry> {
        let Some(first) = self.first() else {
            return Vec::new();
        };
        let place = |index: u64| (index.saturating_sub(first) as usize).min(self.entries.len());
        let range = self.entries.range(place(start)..place(end));
        let fit = range.take_while(|(_, length)| {
            let before = n_bytes;
            n_bytes += length;
            before == 0 || n_bytes <= n_bytes_max
        });
        fit.map(|(entry, _)| entry.clone()).collect()
    }
}

impl Log {
    /// The log of a folder.
    pub fn open(store: Store) -> io::Result<Log> {
        let vote = store.get(VOTE)?;
        let committed = store.get::<Option<LogId>>(COMMITTED)?.flatten();
        Ok(Log {
            store,
            tail: Arc::default(),
            vote: Arc::new(Mutex::new(vote)),
            committed: Arc::new(Mutex::new(committed)),
            n_bytes: Arc::default(),
        })
    }

    /// Bytes of all entries that were appended since it was opened.
    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes.load(Ordering::Relaxed)
    }

    /// Entries: as many as fit into some bytes, at least one.
    fn read(&self, start: u64, end: u64, n_bytes_max: usize) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let (mut next, mut n_bytes) = (start, 0);
        while next < end {
            let in_memory = {
                let tail = self.tail.lock();
                match tail.first() {
                    Some(first) if first <= next => {
                        entries.extend(tail.read(next, end, n_bytes, n_bytes_max));
                        return Ok(entries);
                    }
                    first => first.unwrap_or(u64::MAX),
                }
            };
            // What is in memory now may not be by the time the disk has been read: then it is on the disk.
            let on_disk = end.min(in_memory);
            for item in self.store.disk.range(Family::Log, &key(next)) {
                let (index, bytes) = item?;
                if *index >= key(on_disk)[..] {
                    break;
                }
                n_bytes += bytes.len();
                if n_bytes > n_bytes_max && !entries.is_empty() {
                    return Ok(entries);
                }
                let entry = entry(&index, &bytes)?;
                let after = entries.last().map(|last: &Entry| last.log_id.index + 1);
                if let Some(index) = after.filter(|after| *after != entry.log_id.index) {
                    return Err(Damage::Missing { index }.into());
                }
                entries.push(entry);
            }
            next = on_disk;
        }
        Ok(entries)
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
        self.read(start, end, usize::MAX)
    }

    /// For a follower: a message must not become too long.
    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> Result<Vec<Entry>, io::Error> {
        self.read(start, end, MESSAGE_BYTES)
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
        let mut batch = self.store.batch();
        put(&mut *batch, VOTE, vote);
        self.store.write_durably(batch).await?;
        *self.vote.lock() = Some(*vote);
        Ok(())
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), io::Error> {
        *self.committed.lock() = committed;
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, io::Error> {
        Ok(*self.committed.lock())
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut batch = self.store.batch();
        put(&mut *batch, COMMITTED, &*self.committed.lock());
        let mut bytes = Vec::new();
        let mut last = 0;
        {
            let mut tail = self.tail.lock();
            for entry in entries {
                bytes.clear();
                codec::encode_into(&mut bytes, &entry);
                last = entry.log_id.index;
                batch.put(Family::Log, &key(last), &bytes);
                tail.push(entry, bytes.len());
                self.n_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
        }
        let tail = self.tail.clone();
        let written = move |result: io::Result<()>| {
            if result.is_ok() {
                tail.lock().written(last);
            }
            callback.io_completed(result);
        };
        self.store.write(batch, Box::new(written))
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> Result<(), io::Error> {
        let from = last.map_or(0, |last| last.index + 1);
        self.tail.lock().truncate(from);
        let mut batch = self.store.batch();
        batch.delete_range(Family::Log, &key(from), &key(u64::MAX));
        self.store.write_durably(batch).await
    }

    async fn purge(&mut self, upto: LogId) -> Result<(), io::Error> {
        self.tail.lock().purge(upto.index);
        let mut batch = self.store.batch();
        put(&mut *batch, PURGED, &upto);
        batch.delete_range(Family::Log, &key(0), &key(upto.index + 1));
        self.store.write_durably(batch).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::{Batch, Disk, Item};
    use crate::store::rocks::Rocks;

    /// A disk that is read slowly: meanwhile so many of the entries in memory are forgotten.
    struct Slow {
        disk: Rocks,
        tail: Arc<Mutex<Tail>>,
        n_forgotten: usize,
    }

    impl Disk for Slow {
        fn batch(&self) -> Box<dyn Batch> {
            self.disk.batch()
        }

        fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
            self.disk.get(family, key)
        }

        fn range(&self, family: Family, from: &[u8]) -> Box<dyn Iterator<Item = io::Result<Item>> + '_> {
            let mut tail = self.tail.lock();
            (0..self.n_forgotten).for_each(|_| tail.pop_front());
            self.disk.range(family, from)
        }

        fn last(&self, family: Family) -> io::Result<Option<Item>> {
            self.disk.last(family)
        }

        fn aside(&self, work: Box<dyn FnOnce() + Send>) {
            self.disk.aside(work);
        }
    }

    fn entry(index: u64) -> Entry {
        Entry {
            log_id: LogId {
                leader_id: 1.into(),
                index,
            },
            payload: openraft::EntryPayload::Blank,
        }
    }

    /// Entries 10..50 are on the disk, those from 30 on in memory, too.
    fn check(n_forgotten: usize, start: u64, end: u64, expected: std::ops::Range<u64>) {
        let folder = tempfile::tempdir().expect("a folder");
        let tail = Arc::<Mutex<Tail>>::default();
        let slow = Slow {
            disk: Rocks::open(folder.path()).expect("it opens"),
            tail: tail.clone(),
            n_forgotten,
        };
        let mut log = Log::open(Store::on(Arc::new(slow))).expect("it opens");
        log.tail = tail;
        let mut batch = log.store.batch();
        for index in 10..50 {
            let bytes = codec::encode(&entry(index));
            batch.put(Family::Log, &key(index), &bytes);
            if index >= 30 {
                log.tail.lock().push(entry(index), bytes.len());
            }
        }
        batch.write().expect("it is written");
        let entries = log.read(start, end, usize::MAX).expect("it is read");
        let found: Vec<u64> = entries.iter().map(|entry| entry.log_id.index).collect();
        assert_eq!(found, expected.collect::<Vec<u64>>(), "{n_forgotten} forgotten");
    }

    #[test]
    fn nothing_is_left_out_when_memory_moves_on_while_the_disk_is_read() {
        for n_forgotten in [0, 1, 7, 20, 40] {
            check(n_forgotten, 10, 50, 10..50);
            check(n_forgotten, 29, 31, 29..31);
            check(n_forgotten, 12, 40, 12..40);
            check(n_forgotten, 35, 40, 35..40);
            check(n_forgotten, 20, 90, 20..50);
        }
    }
}
