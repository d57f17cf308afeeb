//! A disk that outlives the process and forgets, at a crash, what was not synced: all of it, or what was written after
//! some moment. It may also be full, broken or slow.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use ovsdb_raft::store::disk::{Batch, Disk, Durable, Family, Item};
use parking_lot::Mutex;

use crate::chance::Chance;

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Writes fail.
    Full,
    /// Writes fail, otherwise.
    Broken,
    /// What is written cannot be synced.
    Unsyncable,
}

/// A disk. Clones are the same one.
#[derive(Clone)]
pub struct SimDisk(Arc<Mutex<State>>);

type Contents = BTreeMap<(Family, Vec<u8>), Arc<[u8]>>;

struct State {
    chance: Chance,
    /// What is read.
    present: Contents,
    /// What no crash takes away.
    durable: Contents,
    /// What is written and not durable, in order.
    unsynced: Vec<Vec<Change>>,
    waiting: Vec<Durable>,
    is_syncing: bool,
    fault: Option<Fault>,
    /// Whether a fault was met since the disk was opened.
    was_fault_met: bool,
    /// How long a sync takes at most, in ms.
    slowness: u64,
    /// How often the machine went down: what was opened before is of no use.
    life: u64,
    is_open: bool,
}

#[derive(Clone)]
enum Change {
    Put(Family, Vec<u8>, Arc<[u8]>),
    DeleteRange(Family, Vec<u8>, Vec<u8>),
}

impl SimDisk {
    pub fn new(chance: &Chance) -> SimDisk {
        SimDisk(Arc::new(Mutex::new(State {
            chance: chance.clone(),
            present: Contents::new(),
            durable: Contents::new(),
            unsynced: Vec::new(),
            waiting: Vec::new(),
            is_syncing: false,
            fault: None,
            was_fault_met: false,
            slowness: 4,
            life: 0,
            is_open: false,
        })))
    }

    /// Opens it for a process.
    pub fn open(&self) -> io::Result<Arc<dyn Disk>> {
        let mut state = self.0.lock();
        if std::mem::replace(&mut state.is_open, true) {
            return Err(io::Error::other("the folder is in use"));
        }
        state.was_fault_met = false;
        Ok(Arc::new(Open {
            disk: self.clone(),
            life: state.life,
        }))
    }

    /// The process dies, and the disk keeps less than was written. Says how many batches were lost, and whether some
    /// survived that were not synced.
    pub fn crash(&self) -> (usize, bool) {
        let mut state = self.0.lock();
        let unsynced = std::mem::take(&mut state.unsynced);
        let kept = match state.chance.within(0..4) {
            0 => 0,
            1 => unsynced.len(),
            _ => state.chance.within(0..unsynced.len() as u64 + 1) as usize,
        };
        for batch in &unsynced[..kept] {
            apply(&mut state.durable, batch);
        }
        state.present = state.durable.clone();
        state.waiting.clear();
        state.is_syncing = false;
        state.is_open = false;
        state.life += 1;
        (unsynced.len() - kept, kept > 0)
    }

    pub fn set_fault(&self, fault: Option<Fault>) {
        self.0.lock().fault = fault;
    }

    pub fn was_fault_met(&self) -> bool {
        self.0.lock().was_fault_met
    }

    pub fn set_slowness(&self, ms: u64) {
        self.0.lock().slowness = ms;
    }
}

fn apply(contents: &mut Contents, batch: &[Change]) {
    for change in batch {
        match change {
            Change::Put(family, key, value) => {
                contents.insert((*family, key.clone()), value.clone());
            }
            Change::DeleteRange(family, from, end) => {
                let range = (*family, from.clone())..(*family, end.clone());
                let keys: Vec<_> = contents.range(range).map(|(key, _)| key.clone()).collect();
                for key in keys {
                    contents.remove(&key);
                }
            }
        }
    }
}

/// A disk as one life of a process has it.
struct Open {
    disk: SimDisk,
    life: u64,
}

impl Open {
    /// Runs on the process's own clock.
    async fn sync_all(disk: SimDisk, life: u64) {
        loop {
            let (n_batches, waiting, delay) = {
                let mut state = disk.0.lock();
                if state.life != life {
                    return;
                }
                if state.waiting.is_empty() {
                    state.is_syncing = false;
                    return;
                }
                let delay = state.chance.within(0..state.slowness + 1);
                let waiting = std::mem::take(&mut state.waiting);
                (state.unsynced.len(), waiting, delay)
            };
            tokio::time::sleep(Duration::from_millis(delay)).await;
            let is_synced = {
                let mut state = disk.0.lock();
                if state.life != life {
                    return;
                }
                let is_synced = state.fault != Some(Fault::Unsyncable);
                if is_synced {
                    let synced: Vec<_> = state.unsynced.drain(..n_batches).collect();
                    synced.iter().for_each(|batch| apply(&mut state.durable, batch));
                } else {
                    state.was_fault_met = true;
                }
                is_synced
            };
            for durable in waiting {
                durable(match is_synced {
                    true => Ok(()),
                    false => Err(io::Error::other("input/output error")),
                });
            }
        }
    }
}

impl Disk for Open {
    fn batch(&self) -> Box<dyn Batch + '_> {
        Box::new(Writes {
            open: self,
            changes: Vec::new(),
        })
    }

    fn sync(&self, durable: Durable) {
        let mut state = self.disk.0.lock();
        state.waiting.push(durable);
        if !std::mem::replace(&mut state.is_syncing, true) {
            tokio::spawn(Open::sync_all(self.disk.clone(), self.life));
        }
    }

    fn get(&self, family: Family, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let state = self.disk.0.lock();
        Ok(state
            .present
            .get(&(family, key.to_vec()))
            .map(|value| value.to_vec()))
    }

    fn range(&self, family: Family, from: &[u8]) -> Box<dyn Iterator<Item = io::Result<Item>> + '_> {
        let mut next = Bound::Included((family, from.to_vec()));
        Box::new(std::iter::from_fn(move || {
            let state = self.disk.0.lock();
            let (key, value) = state.present.range((next.clone(), Bound::Unbounded)).next()?;
            if key.0 != family {
                return None;
            }
            next = Bound::Excluded(key.clone());
            Some(Ok((key.1.as_slice().into(), value[..].into())))
        }))
    }

    fn last(&self, family: Family) -> io::Result<Option<Item>> {
        let state = self.disk.0.lock();
        let mut of_family = state.present.iter().filter(|((found, _), _)| *found == family);
        let last = of_family.next_back();
        Ok(last.map(|((_, key), value)| (key.as_slice().into(), value[..].into())))
    }

    fn aside(&self, work: Box<dyn FnOnce() + Send>) {
        let delay = self.disk.0.lock().chance.within(0..5);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            work();
        });
    }
}

struct Writes<'a> {
    open: &'a Open,
    changes: Vec<Change>,
}

impl Batch for Writes<'_> {
    fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.changes.push(Change::Put(family, key.to_vec(), value.into()));
    }

    fn delete_range(&mut self, family: Family, from: &[u8], end: &[u8]) {
        self.changes
            .push(Change::DeleteRange(family, from.to_vec(), end.to_vec()));
    }

    fn write(self: Box<Self>) -> io::Result<()> {
        let mut state = self.open.disk.0.lock();
        assert_eq!(state.life, self.open.life, "a process that is dead writes");
        let error = match state.fault {
            Some(Fault::Full) => io::ErrorKind::StorageFull.into(),
            Some(Fault::Broken) => io::Error::other("input/output error"),
            _ => {
                apply(&mut state.present, &self.changes);
                state.unsynced.push(self.changes);
                return Ok(());
            }
        };
        state.was_fault_met = true;
        Err(error)
    }
}
