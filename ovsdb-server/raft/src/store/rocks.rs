//! A folder in RocksDB, with a column family for each [`Family`].
//!
//! One thread writes what is to be durable to RocksDB's own log, and syncs that: whatever came while it waited for the
//! disk becomes durable with the next sync, and nobody else waits for the disk.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode,
    Direction, IteratorMode, Options, WriteBatch,
};

use crate::store::disk::{Batch, Disk, Durable, Family, Item};

/// How often a folder is opened whose member moves its files at that moment.
const ATTEMPTS: usize = 10;

/// Bytes that RocksDB keeps in memory of what it has not put into tables yet, and of the tables' blocks.
const WRITE_BUFFERS: usize = 8 << 20;
const BLOCK_CACHE: usize = 2 << 20;

/// What the thread is asked to write, and whom it tells.
type Asked = (WriteBatch, Durable);

/// A folder. RocksDB must not be in use while the program exits: the folder is closed when the thread has ended, and
/// that is when this is dropped.
pub struct Rocks {
    db: Arc<DB>,
    /// None where it is only read.
    asked: Option<Sender<Asked>>,
    thread: Option<JoinHandle<()>>,
}

impl Rocks {
    /// Opens a folder, or makes it.
    pub fn open(folder: &Path) -> io::Result<Rocks> {
        let mut options = options();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        let db = DB::open_cf_descriptors(&options, folder, families()).map_err(failure)?;
        let db = Arc::new(db);
        let (asked, waiting) = channel();
        let for_sync = db.clone();
        let thread = std::thread::Builder::new()
            .name("raft-sync".to_owned())
            .spawn(move || write(&for_sync, &waiting))?;
        Ok(Rocks {
            db,
            asked: Some(asked),
            thread: Some(thread),
        })
    }

    /// Opens a folder for reading, as it is at this moment, whoever has it open. Nothing is written.
    pub fn read_only(folder: &Path) -> io::Result<Rocks> {
        let mut attempt = 1;
        let db = loop {
            match DB::open_cf_descriptors_read_only(&options(), folder, families(), false) {
                Ok(db) => break db,
                // A member at work replaces its files: the next look finds the new ones.
                Err(_) if attempt < ATTEMPTS && folder.join("CURRENT").exists() => attempt += 1,
                Err(error) => return Err(failure(error)),
            }
        };
        Ok(Rocks {
            db: Arc::new(db),
            asked: None,
            thread: None,
        })
    }
}

impl Drop for Rocks {
    fn drop(&mut self) {
        self.asked = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            // A panic of that thread has been told already.
            let _ = thread.join();
        }
    }
}

impl Disk for Rocks {
    fn batch(&self) -> Box<dyn Batch> {
        Box::new(Writes {
            db: self.db.clone(),
            asked: self.asked.clone(),
            batch: WriteBatch::default(),
        })
    }

    fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.db.get_cf(handle(&self.db, family), key).map_err(failure)
    }

    fn range(&self, family: Family, from: &[u8]) -> Box<dyn Iterator<Item = io::Result<Item>> + '_> {
        let from = IteratorMode::From(from, Direction::Forward);
        let items = self.db.iterator_cf(handle(&self.db, family), from);
        Box::new(items.map(|item| item.map_err(failure)))
    }

    fn last(&self, family: Family) -> io::Result<Option<Item>> {
        let family = handle(&self.db, family);
        let item = self.db.iterator_cf(family, IteratorMode::End).next();
        item.transpose().map_err(failure)
    }

    fn compact(&self) {
        for family in [Family::Log, Family::Meta, Family::State] {
            let all = (None::<&[u8]>, None::<&[u8]>);
            self.db.compact_range_cf(handle(&self.db, family), all.0, all.1);
        }
    }

    fn aside(&self, work: Box<dyn FnOnce() + Send>) {
        // Who waits for it sees how it ends.
        drop(tokio::task::spawn_blocking(work));
    }
}

/// A batch for RocksDB.
struct Writes {
    db: Arc<DB>,
    asked: Option<Sender<Asked>>,
    batch: WriteBatch,
}

impl Batch for Writes {
    fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.batch.put_cf(handle(&self.db, family), key, value);
    }

    fn delete_range(&mut self, family: Family, from: &[u8], end: &[u8]) {
        self.batch.delete_range_cf(handle(&self.db, family), from, end);
    }

    fn write(self: Box<Self>) -> io::Result<()> {
        self.db.write(self.batch).map_err(failure)
    }

    fn write_durably(self: Box<Self>, durable: Durable) {
        let Some(asked) = self.asked else {
            return durable(Err(io::ErrorKind::ReadOnlyFilesystem.into()));
        };
        if let Err(unasked) = asked.send((self.batch, durable)) {
            let (_, durable) = unasked.0;
            durable(Err(io::ErrorKind::BrokenPipe.into()));
        }
    }
}

fn name(family: Family) -> &'static str {
    match family {
        Family::Log => "log",
        Family::Meta => "meta",
        Family::State => "state",
    }
}

fn handle(db: &DB, family: Family) -> &ColumnFamily {
    db.cf_handle(name(family))
        .expect("every family is made when the folder is opened")
}

fn options() -> Options {
    let mut options = Options::default();
    // What was acknowledged is in the log whole; a torn end was not.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    // The log is written once and read rarely; small buffers keep a member's memory small.
    options.set_db_write_buffer_size(WRITE_BUFFERS);
    options.set_max_total_wal_size(64 << 20);
    options.set_keep_log_file_num(2);
    options
}

fn families() -> impl Iterator<Item = ColumnFamilyDescriptor> {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(&Cache::new_lru_cache(BLOCK_CACHE));
    let mut compressed = Options::default();
    compressed.set_compression_type(DBCompressionType::Lz4);
    compressed.set_block_based_table_factory(&blocks);
    [Family::Log, Family::Meta, Family::State]
        .into_iter()
        .map(move |family| ColumnFamilyDescriptor::new(name(family), compressed.clone()))
}

/// Writes and syncs for as long as somebody may ask for it. After a failure nothing is written any more: what follows
/// would be there without what it follows.
fn write(db: &DB, waiting: &Receiver<Asked>) {
    let mut result = Ok(());
    while let Ok(first) = waiting.recv() {
        let mut written = Vec::new();
        let mut unwritten = Vec::new();
        for (batch, durable) in std::iter::once(first).chain(waiting.try_iter()) {
            result = result.and_then(|()| db.write(batch));
            match result {
                Ok(()) => written.push(durable),
                Err(_) => unwritten.push(durable),
            }
        }
        let synced = match written.is_empty() {
            true => Ok(()),
            false => db.flush_wal(true),
        };
        written.into_iter().for_each(|durable| durable(told(&synced)));
        result = synced.and(result);
        unwritten.into_iter().for_each(|durable| durable(told(&result)));
    }
}

fn told(result: &Result<(), rocksdb::Error>) -> io::Result<()> {
    result.clone().map_err(failure)
}

fn failure(error: rocksdb::Error) -> io::Error {
    io::Error::other(error)
}
