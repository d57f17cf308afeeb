//! Logs that are cut, and disks that get smaller.

use std::path::Path;

use crate::common::*;
use ovsdb_raft::{Command, Transaction};

/// Proposes a transaction with so many bytes that cannot be compressed, and waits for it.
async fn write_bytes(one: &Running, n: u128, n_bytes: usize) {
    let mut state = n as u64 + 1;
    let record: Vec<u8> = (0..n_bytes)
        .map(|_| {
            // xorshift64
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect();
    let command = Command::Transaction(Transaction {
        id: uuid(n),
        prerequisite: uuid(0),
        request: None,
        record: record.into(),
        reply: Default::default(),
    });
    one.member.write(command).await.expect("it leads");
}

/// A member alone, whose snapshots are made after so many entries.
async fn alone(snapshot_every: u64) -> (Place, Running) {
    let mut place = place(1, Some(CLUSTER));
    place.settings.snapshot_every = snapshot_every;
    let one = place.start().await;
    one.member.found().await.expect("a new cluster");
    until("it to lead", || {
        one.ids.standings.lock().last().is_some_and(|s| s.leads.is_some())
    })
    .await;
    (place, one)
}

fn n_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).expect("a folder").flatten();
    files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

/// Few entries, but large ones: most of them go long before there are as many as make a snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_large_entries_is_cut() {
    let (_place, one) = alone(1_000_000).await;
    for n in 0..30 {
        write_bytes(&one, n, 1 << 20).await;
    }
    until("a snapshot", || one.member.status().snapshot > 0).await;
    until("a log without its beginning", || one.member.status().log.0 > 1).await;
}

/// What was asked for is there when it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compacting_ends_when_the_disk_has_it() {
    let (place, one) = alone(10).await;
    for n in 0..101 {
        write_bytes(&one, n, 200_000).await;
    }
    let applied = one.member.status().applied;
    one.member.snapshot().await.expect("it is made");
    let status = one.member.status();
    assert!(status.snapshot >= applied, "{status:?}");
    assert!(status.log.0 + 10 >= applied, "{status:?}");
    // Of 20 MB, ten entries are left.
    until("files that are smaller", || {
        n_bytes(place.folder.path()) < 6_000_000
    })
    .await;
    // There is nothing to do, and no harm in that.
    one.member.snapshot().await.expect("it is there");
}
