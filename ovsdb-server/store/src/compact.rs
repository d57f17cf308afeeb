//! Compaction: a file of two records, schema and contents, takes the place of a long one.
//!
//! [`Compaction::write`] may run on any thread while the database goes on being written: it needs only a snapshot and
//! where the file ended then. [`Compaction::finish`] blocks the writer just for copying what was appended meanwhile.
//! [`save`] makes such a file elsewhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ovsdb_data::{TxnId, json};
use ovsdb_engine::Snapshot;

use crate::backup::carried;
use crate::error::StoreError;
use crate::lockfile::follow_symlinks;
use crate::log::{Log, Magic, Mode, sync_parent};
use crate::record::next_txn_id;
use crate::standalone::Standalone;
use crate::text::encode_snapshot;

/// The comment of a compaction by a running server.
pub const ONLINE: &str = "compacting database online";

/// Makes a database file of a snapshot, durable and all at once: a failure leaves what was there. With
/// [`Mode::Create`] nothing may be there, with [`Mode::Replace`] a standalone database that nobody has locked.
pub fn save(
    path: &Path,
    mode: Mode,
    snapshot: &Snapshot,
    comment: &str,
    date: i64,
) -> Result<(), StoreError> {
    // Holds the lock to the end.
    let log = Log::open(path, &[Magic::Json], mode)?;
    let target = follow_symlinks(log.path());
    let saved = write_beside(&target, snapshot, comment, date, false)
        .and_then(|(written, _)| rename(written.path(), &target));
    match &saved {
        Ok(()) => sync_parent(&target),
        // An empty file is the one that has just been made.
        Err(_) if std::fs::metadata(&target).is_ok_and(|file| file.len() == 0) => {
            let _ = std::fs::remove_file(&target);
        }
        Err(_) => {}
    }
    saved
}

/// A compaction before its file is written.
#[derive(Debug)]
pub struct Compaction {
    snapshot_end: u64,
    target: PathBuf,
    column_diff: bool,
}

/// A compaction whose file holds the snapshot, durable.
#[derive(Debug)]
pub struct Written {
    log: Log,
    txn_id: TxnId,
    /// Up to where the old file's records are in the new one.
    copied_end: u64,
    target: PathBuf,
}

/// Commits that come faster than they are copied are not chased for ever.
const ROUNDS: usize = 10;

/// Bytes that may be left to copy while commits wait.
const LITTLE: u64 = 64 << 10;

impl Standalone {
    /// Notes where the file ends: pair it with a snapshot taken at the same moment.
    pub fn compaction(&self) -> Compaction {
        Compaction {
            snapshot_end: self.log.offset(),
            target: follow_symlinks(self.log.path()),
            column_diff: self.column_diff,
        }
    }
}

impl Compaction {
    /// Writes the snapshot to `NAME.tmp` and syncs it. The comment goes behind what the file says of where it is from.
    pub fn write(self, snapshot: &Snapshot, comment: &str, date: i64) -> Result<Written, StoreError> {
        let comment = carried(&self.target, comment);
        let (log, txn_id) = write_beside(&self.target, snapshot, &comment, date, self.column_diff)?;
        let mut written = Written {
            log,
            txn_id,
            copied_end: self.snapshot_end,
            target: self.target,
        };
        // What was appended meanwhile is copied here, so that little is left to whoever waits for `finish`.
        let mut rounds = 0..ROUNDS;
        while rounds.next().is_some() && written.catch_up()? > LITTLE {}
        written.log.sync()?;
        Ok(written)
    }
}

/// Writes a database whole to `NAME.tmp`, durably; the id of its state.
fn write_beside(
    target: &Path,
    snapshot: &Snapshot,
    comment: &str,
    date: i64,
    column_diff: bool,
) -> Result<(Log, TxnId), StoreError> {
    let mut tmp = target.as_os_str().to_owned();
    tmp.push(".tmp");
    let tmp = PathBuf::from(tmp);
    match std::fs::remove_file(&tmp) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(StoreError::io(
                error,
                format!("failed to remove {}", tmp.display()),
            ));
        }
        _ => {}
    }
    let mut log = Log::open(&tmp, &[Magic::Json], Mode::CreateUnlocked)?;
    let schema = log.append(json::to_string(&snapshot.schema.to_json()).as_bytes())?;
    let contents = log.append(&encode_snapshot(snapshot, comment, date, column_diff))?;
    log.sync()?;
    let txn_id = next_txn_id(next_txn_id(TxnId::default(), &schema), &contents);
    Ok((log, txn_id))
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    std::fs::rename(from, to).map_err(|error| {
        let what = format!("failed to rename \"{}\" to \"{}\"", from.display(), to.display());
        StoreError::io(error, what)
    })
}

/// A compaction in force. What is left to do may take long and needs no database: [`Finished::settle`].
#[derive(Debug)]
pub struct Finished {
    /// The id of the state in the new file.
    pub txn_id: TxnId,
    target: PathBuf,
    /// Set once the name is durable: until then the first durable commit sees to it.
    settled: Arc<AtomicBool>,
    /// Closing it frees the old file's blocks, which may take long.
    _old: Log,
}

impl Finished {
    /// Makes the new name durable and gives the old file's space back.
    pub fn settle(self) {
        sync_parent(&self.target);
        self.settled.store(true, Ordering::Release);
    }
}

impl Written {
    /// Copies the records that the old file has and the new one lacks; how many bytes. A record that is being written
    /// at this moment is left for the next time.
    fn catch_up(&mut self) -> Result<u64, StoreError> {
        let mut old = Log::open(&self.target, &[Magic::Json], Mode::ReadOnly)?;
        old.read_from(self.copied_end)?;
        let mut texts = Vec::new();
        while let Ok(Some(mut record)) = old.read() {
            // The line feed is the record's, not the text's.
            record.text.pop();
            texts.push(record.text);
        }
        for sha1 in self.log.append_all(texts.iter().map(Vec::as_slice))? {
            self.txn_id = next_txn_id(self.txn_id, &sha1);
        }
        let n_bytes = old.offset() - self.copied_end;
        self.copied_end = old.offset();
        Ok(n_bytes)
    }

    /// Copies the records appended since the snapshot and renames the file into place; those that had to be durable
    /// are. The database's next transaction ids follow from the new file. On failure the old file stays in force.
    pub fn finish(mut self, file: &mut Standalone) -> Result<Finished, StoreError> {
        let synced_before = self.copied_end;
        self.catch_up()?;
        if self.copied_end != file.log.offset() {
            // A failed write was taken back, or the file is not what it was: the old one stays.
            return Err(StoreError::Format(format!(
                "{}: changed while it was compacted",
                file.log.display()
            )));
        }
        if file.log.synced() > synced_before {
            self.log.sync()?;
        }
        rename(self.log.path(), &self.target)?;
        self.log.mark_base();
        let settled = Arc::new(AtomicBool::new(false));
        let old = file
            .log
            .replace_with(self.log, self.target.clone(), settled.clone());
        file.txn_id = self.txn_id;
        Ok(Finished {
            txn_id: self.txn_id,
            target: self.target,
            settled,
            _old: old,
        })
    }
}
