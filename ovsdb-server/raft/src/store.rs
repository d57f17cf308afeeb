//! A member's folder: the log, the vote and other single values, snapshots.
//!
//! In: entries, votes, snapshot pieces. Out: the same, after any crash. A write or sync that fails is final: nothing is
//! acknowledged any more, because what the disk holds is not known. What it is kept on: [`disk`].

pub mod disk;
pub mod log;
pub mod offline;
pub mod rocks;
pub mod snapshots;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use crate::codec::{self, CodecError};
use crate::store::disk::{Batch, Disk, Durable, Family};
use crate::store::rocks::Rocks;
use crate::types::Entry;

/// What the disk holds makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// An entry of the log.
    #[error("entry {index} of the log: {error}")]
    Entry {
        /// Where it is.
        index: u64,
        /// What is wrong with it.
        error: CodecError,
    },
    /// An entry of the log that says it is another one.
    #[error("entry {index} of the log is out of place: it says it is entry {says}")]
    Place {
        /// Where it is.
        index: u64,
        /// Where it says it is.
        says: u64,
    },
    /// A gap in the log.
    #[error("entry {index} of the log is missing")]
    Missing {
        /// Which.
        index: u64,
    },
    /// A single value.
    #[error("\"{key}\": {error}")]
    Value {
        /// Its name.
        key: String,
        /// What is wrong with it.
        error: CodecError,
    },
}

impl From<Damage> for io::Error {
    fn from(damage: Damage) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, damage)
    }
}

/// In META: this server was a voter, and is not any more.
pub(crate) const REMOVED: &str = "removed";

/// An open folder. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) disk: Arc<dyn Disk>,
    /// A write or a sync failed.
    failed: Arc<AtomicBool>,
    /// Snapshots take turns in becoming the one that counts.
    pub(crate) settling: Arc<tokio::sync::Mutex<()>>,
    /// Snapshots that are being read, by number: they stay until they are not.
    pub(crate) pins: Arc<Mutex<BTreeMap<u64, usize>>>,
    /// Goes with the last clone, after the disk was closed.
    in_use: Arc<()>,
}

impl Store {
    /// Opens a folder, or makes it.
    pub fn open(folder: &Path) -> io::Result<Store> {
        Ok(Store::on(Arc::new(Rocks::open(folder)?)))
    }

    /// What is kept on a disk.
    pub fn on(disk: Arc<dyn Disk>) -> Store {
        Store {
            disk,
            failed: Arc::default(),
            settling: Arc::default(),
            pins: Arc::default(),
            in_use: Arc::default(),
        }
    }

    /// Writes, and calls `durable` once a crash cannot undo it; what is written is read from then on. What is durable is
    /// always the beginning of what was asked for.
    pub(crate) fn write(&self, batch: Box<dyn Batch>, durable: Durable) -> io::Result<()> {
        if self.failed.load(Ordering::Acquire) {
            return Err(stopped());
        }
        let failed = self.failed.clone();
        batch.write_durably(Box::new(move |written| {
            durable(match written {
                Ok(()) if failed.load(Ordering::Acquire) => Err(stopped()),
                Ok(()) => Ok(()),
                Err(error) => {
                    failed.store(true, Ordering::Release);
                    Err(error)
                }
            });
        }));
        Ok(())
    }

    /// Writes and waits until a crash cannot undo it.
    pub(crate) async fn write_durably(&self, batch: Box<dyn Batch>) -> io::Result<()> {
        let (done, wait) = oneshot::channel();
        // Whoever waited may have gone.
        self.write(batch, Box::new(move |result| drop(done.send(result))))?;
        wait.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Becomes empty once nobody uses the folder any more: then it may be opened again.
    pub(crate) fn watch(&self) -> Weak<()> {
        Arc::downgrade(&self.in_use)
    }

    /// Does something that may wait for the disk where nobody waits for it.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (done, wait) = oneshot::channel();
        // Whoever waited may have gone.
        self.disk.aside(Box::new(move || drop(done.send(work()))));
        wait.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Gives back the space of what was removed.
    pub(crate) async fn compact(&self) -> io::Result<()> {
        let disk = self.disk.clone();
        self.aside(move || {
            disk.compact();
            Ok(())
        })
        .await
    }

    /// Begins a batch.
    pub(crate) fn batch(&self) -> Box<dyn Batch> {
        self.disk.batch()
    }

    /// A single value.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &str) -> io::Result<Option<T>> {
        let Some(bytes) = self.disk.get(Family::Meta, key.as_bytes())? else {
            return Ok(None);
        };
        let value = codec::decode(&bytes).map_err(|error| Damage::Value {
            key: key.to_owned(),
            error,
        })?;
        Ok(Some(value))
    }

    /// Writes a single value, durable with the next sync.
    pub(crate) fn put_now(&self, key: &str, value: &impl Serialize) -> io::Result<()> {
        let mut batch = self.batch();
        put(&mut *batch, key, value);
        batch.write()
    }
}

/// An entry of the log, from its key and its bytes.
pub(crate) fn entry(key: &[u8], bytes: &[u8]) -> Result<Entry, Damage> {
    let index = key.try_into().map_or(u64::MAX, u64::from_be_bytes);
    let entry: Entry = codec::decode(bytes).map_err(|error| Damage::Entry { index, error })?;
    match entry.log_id.index {
        says if says == index => Ok(entry),
        says => Err(Damage::Place { index, says }),
    }
}

/// Adds a single value to a batch.
pub(crate) fn put(batch: &mut dyn Batch, key: &str, value: &impl Serialize) {
    batch.put(Family::Meta, key.as_bytes(), &codec::encode(value));
}

fn stopped() -> io::Error {
    io::Error::other(
        "the member's folder takes no more writes since one failed: free or replace the disk, then restart",
    )
}
