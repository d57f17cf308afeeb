//! A folder without its member: looked at, or made that of a cluster of one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use openraft::{EntryPayload, Membership};

use crate::codec;
use crate::store::disk::{Batch, Family};
use crate::store::log::{COMMITTED, PURGED, VOTE, key};
use crate::store::rocks::Rocks;
use crate::store::{Damage, REMOVED, Store, entry, put, stopped};
use crate::types::{Entry, LogId, Peer, ServerId, StoredMembership, Vote};

/// The term and the place of what [`Store::make_alone`] wrote, and who was a member before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alone {
    /// The entry that makes the server the only member.
    pub at: LogId,
    /// The members before.
    pub before: BTreeMap<ServerId, Peer>,
}

impl Store {
    /// Opens a folder for reading, as it is at this moment, whoever has it open. Nothing is written.
    pub fn read_only(folder: &Path) -> io::Result<Store> {
        Ok(Store::on(Arc::new(Rocks::read_only(folder)?)))
    }

    /// The vote, and so the term.
    pub fn vote(&self) -> io::Result<Option<Vote>> {
        self.get(VOTE)
    }

    /// The last entry known to be committed.
    pub fn committed(&self) -> io::Result<Option<LogId>> {
        Ok(self.get::<Option<LogId>>(COMMITTED)?.flatten())
    }

    /// The last entry that is in the snapshot only.
    pub fn purged(&self) -> io::Result<Option<LogId>> {
        self.get(PURGED)
    }

    /// The last entry in the log.
    pub fn last(&self) -> io::Result<Option<LogId>> {
        match self.disk.last(Family::Log)? {
            None => Ok(None),
            Some((index, bytes)) => Ok(Some(entry(&index, &bytes)?.log_id)),
        }
    }

    /// Whether what was written first is gone: there is no vote, which comes before all else, there is neither a log nor a
    /// snapshot, or the log begins later than the snapshot ends.
    pub fn lacks_beginning(&self) -> io::Result<bool> {
        let in_snapshot = self
            .snapshot()?
            .and_then(|snapshot| snapshot.description.contents.last);
        let next = in_snapshot.map_or(0, |last| last.index + 1);
        let first = self.disk.range(Family::Log, &[]).next().transpose()?;
        let begins_late = match first {
            Some((index, _)) => index[..] > key(next)[..],
            None => in_snapshot.is_none(),
        };
        Ok(begins_late || self.vote()?.is_none() || self.purged()? > in_snapshot)
    }

    /// The entries from an index on, each with its bytes; they follow one another, or there is an error.
    pub fn entries(&self, from: u64) -> impl Iterator<Item = io::Result<(Entry, Box<[u8]>)>> {
        let mut next = None;
        self.disk.range(Family::Log, &key(from)).map(move |item| {
            let (index, bytes) = item?;
            let entry = entry(&index, &bytes)?;
            let at = entry.log_id.index;
            match next.replace(at + 1).filter(|next| *next != at) {
                None => Ok((entry, bytes)),
                Some(missing) => Err(Damage::Missing { index: missing }.into()),
            }
        })
    }

    /// The membership after the last entry.
    pub fn membership(&self) -> io::Result<StoredMembership> {
        let mut membership = match self.snapshot()? {
            Some(snapshot) => snapshot.description.contents.membership,
            None => StoredMembership::default(),
        };
        for entry in self.entries(0) {
            let (entry, _) = entry?;
            if let EntryPayload::Membership(next) = entry.payload
                && membership
                    .log_id()
                    .is_none_or(|known| known.index < entry.log_id.index)
            {
                membership = StoredMembership::new(Some(entry.log_id), next);
            }
        }
        Ok(membership)
    }

    /// Removes the entries from an index on, durably; what is gone does not count as committed any more. The folder
    /// must be nobody else's at this moment.
    pub fn cut(&self, from: u64) -> io::Result<()> {
        let before = match from.checked_sub(1) {
            Some(before) => self.entries(before).next().transpose()?,
            None => None,
        };
        let last = before.map(|(entry, _)| entry.log_id).or(self.purged()?);
        let mut batch = self.batch();
        batch.delete_range(Family::Log, &key(from), &key(u64::MAX));
        if self.committed()? > last {
            put(&mut *batch, COMMITTED, &last);
        }
        self.write_and_wait(batch)
    }

    /// Makes a server the only member of its cluster, durably: an entry behind all others says so, in a term of its
    /// own. The folder must be nobody else's at this moment.
    pub fn make_alone(&self, server: ServerId, peer: Peer) -> io::Result<Alone> {
        let membership = self.membership()?;
        let nodes = membership.membership().nodes();
        let before = nodes.map(|(id, peer)| (*id, peer.clone())).collect();
        let last = self
            .last()?
            .max(self.snapshot()?.and_then(|s| s.description.contents.last));
        let voted = self.vote()?.map_or(0, |vote| vote.leader_id.term);
        let vote = Vote::new(voted.max(last.map_or(0, |id| id.leader_id.term)) + 1, server);
        let voters = vec![BTreeSet::from([server])];
        let alone = Membership::new(voters, BTreeMap::from([(server, peer)])).map_err(io::Error::other)?;
        let entry = Entry {
            log_id: LogId {
                leader_id: vote.leader_id.term.into(),
                index: last.map_or(0, |id| id.index + 1),
            },
            payload: EntryPayload::Membership(alone),
        };
        let mut batch = self.batch();
        batch.put(Family::Log, &key(entry.log_id.index), &codec::encode(&entry));
        put(&mut *batch, VOTE, &vote);
        // Whatever the others thought of it.
        put(&mut *batch, REMOVED, &false);
        self.write_and_wait(batch)?;
        Ok(Alone {
            at: entry.log_id,
            before,
        })
    }

    /// Writes and waits on this thread until a crash cannot undo it.
    fn write_and_wait(&self, batch: Box<dyn Batch>) -> io::Result<()> {
        let (done, wait) = channel();
        // It is waited for.
        self.write(batch, Box::new(move |result| drop(done.send(result))))?;
        wait.recv().unwrap_or_else(|_| Err(stopped()))
    }
}
