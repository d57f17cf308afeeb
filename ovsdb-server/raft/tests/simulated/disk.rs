//! A disk that outlives the process and forgets, at a crash, what was not synced: all of it, or what was written after
//! some moment. It may also be full, broken or slow.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use ovsdb_raft::store::disk::{Batch, Disk, Durable, Family, Item};
use parking_lot::Mutex;

use super::chance::Chance;

/// How long a sync takes at most where nothing is wrong, in ms.
pub const SLOWNESS: u64 = 4;

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
    /// What is to be written and synced.
    waiting: Vec<(Vec<Change>, Durable)>,
    is_writing: bool,
    /// Nothing is written after what could not be.
    is_broken: bool,
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
            is_writing: false,
            is_broken: false,
            fault: None,
            was_fault_met: false,
            slowness: SLOWNESS,
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
        drop(state);
        Ok(self.look())
    }

    /// Lets a process read it, whether or not it has opened it.
    pub fn look(&self) -> Arc<dyn Disk> {
        let mut state = self.0.lock();
        state.was_fault_met = false;
        Arc::new(Open {
            disk: self.clone(),
            life: state.life,
        })
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
        state.is_writing = false;
        state.is_broken = false;
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

impl State {
    fn write(&mut self, changes: Vec<Change>) -> io::Result<()> {
        let error = match self.fault {
            Some(Fault::Full) => io::ErrorKind::StorageFull.into(),
            Some(Fault::Broken) => io::Error::other("input/output error"),
            _ => {
                apply(&mut self.present, &changes);
                self.unsynced.push(changes);
                return Ok(());
            }
        };
        self.was_fault_met = true;
        Err(error)
    }
}

/// Writes and syncs what waits for it, in order, as long as something does. Runs on the process's own clock.
async fn write_all(disk: SimDisk, life: u64) {
    let pause = |range| {
        let state = disk.0.lock();
        let ms = state.chance.within(range);
        tokio::time::sleep(Duration::from_millis(ms))
    };
    loop {
        pause(0..2).await;
        let (told, n_batches, slowness) = {
            let mut state = disk.0.lock();
            if state.life != life {
                return;
            }
            let waiting = std::mem::take(&mut state.waiting);
            if waiting.is_empty() {
                state.is_writing = false;
                return;
            }
            let mut told = Vec::new();
            for (changes, durable) in waiting {
                let is_written = !state.is_broken && state.write(changes).is_ok();
                state.is_broken = !is_written;
                told.push((durable, is_written));
            }
            (told, state.unsynced.len(), state.slowness)
        };
        pause(0..slowness + 1).await;
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
                state.is_broken = true;
            }
            is_synced
        };
        for (durable, is_written) in told {
            durable(match is_written && is_synced {
                true => Ok(()),
                false => Err(io::Error::other("input/output error")),
            });
        }
    }
}

impl Disk for Open {
    fn batch(&self) -> Box<dyn Batch> {
        Box::new(Writes {
            disk: self.disk.clone(),
            life: self.life,
            changes: Vec::new(),
        })
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

struct Writes {
    disk: SimDisk,
    life: u64,
    changes: Vec<Change>,
}

impl Batch for Writes {
    fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.changes.push(Change::Put(family, key.to_vec(), value.into()));
    }

    fn delete_range(&mut self, family: Family, from: &[u8], end: &[u8]) {
        self.changes
            .push(Change::DeleteRange(family, from.to_vec(), end.to_vec()));
    }

    fn write(self: Box<Self>) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        assert_eq!(state.life, self.life, "a process that is dead writes");
        state.write(self.changes)
    }

    fn write_durably(self: Box<Self>, durable: Durable) {
        let mut state = self.disk.0.lock();
        assert_eq!(state.life, self.life, "a process that is dead writes");
        state.waiting.push((self.changes, durable));
        if !std::mem::replace(&mut state.is_writing, true) {
            tokio::spawn(write_all(self.disk.clone(), self.life));
        }
    }
}
