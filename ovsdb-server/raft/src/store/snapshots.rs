//! Snapshots in the store: pieces under a number, and which number counts.
//!
//! A snapshot counts from the moment its description is durable; what was written for earlier ones is then removed,
//! unless it is being read or written: with a later one. So a crash at any moment leaves one whole snapshot, or none
//! where there was none.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::machine::Pieces;
use crate::store::disk::Family;
use crate::store::{Store, put};
use crate::types::{LogId, ServerId, StoredMembership};

const SNAPSHOT: &str = "snapshot";
const NEXT: &str = "next-snapshot";

/// What a snapshot is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its pieces' number.
    pub number: u64,
    /// How many pieces.
    pub n_pieces: u32,
    /// Bytes of all pieces.
    pub n_bytes: u64,
    /// What it has.
    pub contents: Contents,
}

/// What a snapshot has besides its pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The last entry whose effects it has.
    pub last: Option<LogId>,
    /// The membership at that entry.
    pub membership: StoredMembership,
    /// The election timer that the cluster had agreed on by then, in milliseconds, after its entry's index.
    pub timer: Option<(u64, u64)>,
}

/// A snapshot in the store, to be read: its pieces stay as long as this does.
#[derive(Clone)]
pub struct Stored {
    pub(crate) store: Store,
    /// What it is of.
    pub description: Description,
    _pin: Arc<Pin>,
}

/// Keeps the pieces of one snapshot.
struct Pin {
    pins: Arc<Mutex<BTreeMap<u64, usize>>>,
    number: u64,
}

impl Pin {
    fn new(pins: &mut BTreeMap<u64, usize>, store: &Store, number: u64) -> Arc<Pin> {
        *pins.entry(number).or_default() += 1;
        Arc::new(Pin {
            pins: store.pins.clone(),
            number,
        })
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pins = self.pins.lock();
        if let Some(n) = pins.get_mut(&self.number) {
            *n -= 1;
            if *n == 0 {
                pins.remove(&self.number);
            }
        }
    }
}

impl Stored {
    /// Whether its pieces are in this store.
    pub(crate) fn is_in(&self, store: &Store) -> bool {
        Arc::ptr_eq(&self.store.disk, &store.disk)
    }

    /// One piece.
    pub fn piece(&self, i: u32) -> io::Result<Vec<u8>> {
        let key = key(self.description.number, i);
        let found = self.store.disk.get(Family::State, &key)?;
        found.ok_or_else(|| io::Error::other(format!("piece {i} of a snapshot is missing: it was replaced")))
    }

    /// All pieces in order.
    pub fn pieces(&self) -> Pieces {
        let stored = self.clone();
        Box::new((0..self.description.n_pieces).map(move |i| stored.piece(i)))
    }
}

/// A snapshot that is being written: its pieces stay as long as this does.
pub struct Writing {
    store: Store,
    pin: Arc<Pin>,
    number: u64,
    n_pieces: u32,
    n_bytes: u64,
}

fn key(number: u64, piece: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&number.to_be_bytes());
    key[8..].copy_from_slice(&piece.to_be_bytes());
    key
}

impl Store {
    /// The snapshot that counts.
    pub fn snapshot(&self) -> io::Result<Option<Stored>> {
        // Between the two it is not removed.
        let mut pins = self.pins.lock();
        let description: Option<Description> = self.get(SNAPSHOT)?;
        Ok(description.map(|description| Stored {
            _pin: Pin::new(&mut pins, self, description.number),
            store: self.clone(),
            description,
        }))
    }

    /// Begins a snapshot.
    pub fn begin_snapshot(&self) -> io::Result<Writing> {
        // No other one gets the same number, or removes this one.
        let mut pins = self.pins.lock();
        let number: u64 = self.get(NEXT)?.unwrap_or(0);
        self.put_now(NEXT, &(number + 1))?;
        Ok(Writing {
            store: self.clone(),
            pin: Pin::new(&mut pins, self, number),
            number,
            n_pieces: 0,
            n_bytes: 0,
        })
    }

    /// Writes a whole snapshot, on a thread that may wait for the disk. It does not count yet.
    pub async fn write_snapshot(&self, pieces: Pieces, contents: Contents) -> io::Result<Stored> {
        let store = self.clone();
        self.aside(move || {
            let mut writing = store.begin_snapshot()?;
            for piece in pieces {
                writing.push(&piece?)?;
            }
            Ok(writing.finish(contents))
        })
        .await
    }
}

impl Writing {
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// How many pieces there are.
    pub fn n_pieces(&self) -> u32 {
        self.n_pieces
    }

    /// Adds a piece. Not durable before the end.
    pub fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        let mut batch = self.store.batch();
        batch.put(Family::State, &key(self.number, self.n_pieces), piece);
        batch.write()?;
        self.n_pieces += 1;
        self.n_bytes += piece.len() as u64;
        Ok(())
    }

    /// The pieces, before they count.
    pub fn finish(self, contents: Contents) -> Stored {
        Stored {
            description: Description {
                number: self.number,
                n_pieces: self.n_pieces,
                n_bytes: self.n_bytes,
                contents,
            },
            _pin: self.pin,
            store: self.store,
        }
    }
}

impl Stored {
    /// Makes it the snapshot that counts, durably, and removes what others left. One that a later snapshot has
    /// overtaken stays without effect.
    pub async fn settle(&self) -> io::Result<()> {
        let _turn = self.store.settling.lock().await;
        let present: Option<Description> = self.store.get(SNAPSHOT)?;
        if present.is_some_and(|present| present.contents.last > self.description.contents.last) {
            return Ok(());
        }
        let mut batch = self.store.batch();
        put(&mut *batch, SNAPSHOT, &self.description);
        self.store.write_durably(batch).await?;
        let in_use: Vec<u64> = self.store.pins.lock().keys().copied().collect();
        let mut batch = self.store.batch();
        let mut from = 0;
        // It is in use itself.
        for number in in_use.into_iter().take_while(|n| *n <= self.description.number) {
            batch.delete_range(Family::State, &key(from, 0), &key(number, 0));
            from = number + 1;
        }
        batch.write()
    }
}

/// A snapshot that a peer is sending: it is kept when the connection breaks, so that the peer can go on.
pub struct Arriving {
    /// Which one: the sender, and its number there.
    pub from: (ServerId, u64),
    /// How many pieces it will have.
    pub n_pieces: u32,
    /// What has come.
    pub writing: Writing,
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn made(store: &Store, index: u64) -> Stored {
        let pieces = (0..3).map(move |i| Ok(vec![index as u8, i]));
        let contents = Contents {
            last: Some(LogId {
                leader_id: 1.into(),
                index,
            }),
            ..Contents::default()
        };
        let written = store.write_snapshot(Box::new(pieces), contents).await;
        written.expect("it is written")
    }

    fn read(stored: &Stored) -> Vec<Vec<u8>> {
        let pieces: io::Result<_> = stored.pieces().collect();
        pieces.expect("all are there")
    }

    #[tokio::test]
    async fn what_is_read_stays_and_the_latest_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("it opens");
        let first = made(&store, 1).await;
        first.settle().await.expect("it counts");
        let third = made(&store, 3).await;
        let second = made(&store, 2).await;
        third.settle().await.expect("it counts");
        second.settle().await.expect("it does not count, without harm");
        assert_eq!(read(&first), [[1, 0], [1, 1], [1, 2]]);
        let number = first.description.number;
        drop(first);
        let present = store.snapshot().expect("it is read").expect("one counts");
        assert_eq!(read(&present), [[3, 0], [3, 1], [3, 2]]);
        let mut arriving = store.begin_snapshot().expect("it begins");
        arriving.push(b"a piece").expect("it is written");
        let fourth = made(&store, 4).await;
        fourth.settle().await.expect("it counts");
        let gone = store.disk.get(Family::State, &key(number, 0));
        assert_eq!(gone.expect("it is read"), None);
        assert_eq!(read(&present), [[3, 0], [3, 1], [3, 2]]);
        // One that was begun before stays as well.
        let arrived = arriving.finish(Contents::default());
        assert_eq!(read(&arrived), [b"a piece"]);
    }
}
