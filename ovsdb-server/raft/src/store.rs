//! A member's folder: one RocksDB with a column family for the log, one for the vote and other single values, one for
//! snapshots.
//!
//! In: entries, votes, snapshot pieces. Out: the same, after any crash. Writes go to RocksDB's own log at once, and
//! one thread syncs it: whatever was written while it waited for the disk becomes durable with the next sync. A write
//! or sync that fails is final: nothing is acknowledged any more, because what the disk holds is not known.

pub mod log;
pub mod offline;
pub mod snapshots;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use rocksdb::{ColumnFamilyDescriptor, DB, DBCompressionType, Options, WriteBatch};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;

pub(crate) const LOG: &str = "log";
pub(crate) const META: &str = "meta";
pub(crate) const STATE: &str = "state";

/// In META: this server was a voter, and is not any more.
pub(crate) const REMOVED: &str = "removed";

/// What is called once the disk has what was written before.
type Durable = Box<dyn FnOnce(io::Result<()>) + Send>;

/// An open folder. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Arc<DB>,
    syncs: Arc<Syncs>,
    /// A write or a sync failed.
    failed: Arc<AtomicBool>,
    /// Writes take turns, so that what is durable is always a prefix of what was asked for.
    turn: Arc<Mutex<()>>,
    /// Snapshots take turns in becoming the one that counts.
    pub(crate) settling: Arc<tokio::sync::Mutex<()>>,
    /// Snapshots that are being read, by number: they stay until they are not.
    pub(crate) pins: Arc<Mutex<BTreeMap<u64, usize>>>,
}

/// The way to the thread that syncs. With the last user of the folder the thread ends, and the folder is closed when
/// that is over: RocksDB must not be in use while the program exits.
struct Syncs {
    asked: Option<Sender<Durable>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Syncs {
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

impl Store {
    /// Opens a folder, or makes it.
    pub fn open(folder: &Path) -> io::Result<Store> {
        let mut options = options();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        let db = DB::open_cf_descriptors(&options, folder, families()).map_err(failure)?;
        let db = Arc::new(db);
        let failed = Arc::new(AtomicBool::new(false));
        let (syncs, waiting) = channel();
        let (for_sync, flag) = (db.clone(), failed.clone());
        let thread = std::thread::Builder::new()
            .name("raft-sync".to_owned())
            .spawn(move || sync(&for_sync, &flag, &waiting))?;
        Ok(Store {
            db,
            syncs: Arc::new(Syncs {
                asked: Some(syncs),
                thread: Some(thread),
            }),
            failed,
            turn: Arc::default(),
            settling: Arc::default(),
            pins: Arc::default(),
        })
    }

    /// Writes, and calls `durable` once a crash cannot undo it. What is written is read from now on.
    pub(crate) fn write(&self, batch: WriteBatch, durable: Durable) -> io::Result<()> {
        let _turn = self.turn.lock();
        if self.failed.load(Ordering::Acquire) {
            return Err(stopped());
        }
        if let Err(error) = self.db.write(batch) {
            self.failed.store(true, Ordering::Release);
            return Err(failure(error));
        }
        match &self.syncs.asked {
            Some(asked) => asked.send(durable).map_err(|_| stopped()),
            None => Err(stopped()),
        }
    }

    /// Writes and waits until a crash cannot undo it.
    pub(crate) async fn write_durably(&self, batch: WriteBatch) -> io::Result<()> {
        let (done, wait) = tokio::sync::oneshot::channel();
        self.write(
            batch,
            Box::new(move |result| {
                // Whoever waited may have gone.
                let _ = done.send(result);
            }),
        )?;
        wait.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Becomes empty once nobody uses the folder any more: then it may be opened again.
    pub(crate) fn watch(&self) -> Weak<DB> {
        Arc::downgrade(&self.db)
    }

    /// A single value.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &str) -> io::Result<Option<T>> {
        let bytes = self.db.get_cf(&self.family(META), key).map_err(failure)?;
        Ok(bytes.map(|bytes| codec::decode(&bytes)).transpose()?)
    }

    /// Adds a single value to a batch.
    pub(crate) fn put(&self, batch: &mut WriteBatch, key: &str, value: &impl Serialize) {
        batch.put_cf(&self.family(META), key, codec::encode(value));
    }

    /// Writes a single value, durable with the next sync.
    pub(crate) fn put_now(&self, key: &str, value: &impl Serialize) -> io::Result<()> {
        let mut batch = WriteBatch::default();
        self.put(&mut batch, key, value);
        self.db.write(batch).map_err(failure)
    }

    pub(crate) fn family(&self, name: &str) -> &rocksdb::ColumnFamily {
        self.db
            .cf_handle(name)
            .expect("every family is made when the folder is opened")
    }
}

fn options() -> Options {
    let mut options = Options::default();
    // What was acknowledged is in the log whole; a torn end was not.
    options.set_wal_recovery_mode(rocksdb::DBRecoveryMode::TolerateCorruptedTailRecords);
    // The log is written once and read rarely; small buffers keep a member's memory small.
    options.set_db_write_buffer_size(32 << 20);
    options.set_max_total_wal_size(64 << 20);
    options.set_keep_log_file_num(2);
    options
}

fn families() -> impl Iterator<Item = ColumnFamilyDescriptor> {
    let mut compressed = Options::default();
    compressed.set_compression_type(DBCompressionType::Lz4);
    [LOG, META, STATE]
        .into_iter()
        .map(move |name| ColumnFamilyDescriptor::new(name, compressed.clone()))
}

/// Syncs for as long as somebody may ask for it.
fn sync(db: &DB, failed: &AtomicBool, waiting: &Receiver<Durable>) {
    while let Ok(first) = waiting.recv() {
        let all: Vec<Durable> = std::iter::once(first).chain(waiting.try_iter()).collect();
        let result = match failed.load(Ordering::Acquire) {
            true => Err(stopped()),
            false => db.flush_wal(true).map_err(failure),
        };
        if result.is_err() {
            failed.store(true, Ordering::Release);
        }
        for durable in all {
            durable(match &result {
                Ok(()) => Ok(()),
                Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
            });
        }
    }
}

pub(crate) fn failure(error: rocksdb::Error) -> io::Error {
    io::Error::other(error)
}

fn stopped() -> io::Error {
    io::Error::other(
        "the member's folder takes no more writes since one failed: free or replace the disk, then restart",
    )
}
