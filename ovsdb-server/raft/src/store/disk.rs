//! What a member's folder is kept on, behind one trait: RocksDB, or whatever a simulation makes of a disk.
//!
//! A crash leaves the batches written before some moment, each whole, and none written after it; what is durable is among
//! them.

use std::io;

/// Keys of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// The log.
    Log,
    /// The vote and other single values.
    Meta,
    /// Pieces of snapshots.
    State,
}

/// What is called once the disk has what was written before.
pub type Durable = Box<dyn FnOnce(io::Result<()>) + Send>;

/// A key and its value.
pub type Item = (Box<[u8]>, Box<[u8]>);

/// A folder that is open.
pub trait Disk: Send + Sync + 'static {
    /// Begins a batch.
    fn batch(&self) -> Box<dyn Batch>;

    /// The value of a key.
    fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Vec<u8>>>;

    /// What is there from a key on, in order.
    fn range(&self, family: Family, from: &[u8]) -> Box<dyn Iterator<Item = io::Result<Item>> + '_>;

    /// The last key and its value.
    fn last(&self, family: Family) -> io::Result<Option<Item>>;

    /// Gives back the space of what was removed, where that takes work of its own. May take long.
    fn compact(&self) {}

    /// Does work that may wait for the disk where nobody waits for it.
    fn aside(&self, work: Box<dyn FnOnce() + Send>);
}

/// Changes that happen together or not at all.
pub trait Batch: Send {
    /// Sets a key's value.
    fn put(&mut self, family: Family, key: &[u8], value: &[u8]);

    /// Removes the keys from one on, up to another that stays.
    fn delete_range(&mut self, family: Family, from: &[u8], end: &[u8]);

    /// Makes the changes: they are read from now on, but may not survive a crash.
    fn write(self: Box<Self>) -> io::Result<()>;

    /// Makes the changes, and calls back once a crash cannot undo them. Must not block: they are read from the call back on.
    /// Batches that are given so are made, and survive a crash, in the order in which they are given, and none is after
    /// one that failed.
    fn write_durably(self: Box<Self>, durable: Durable);
}
