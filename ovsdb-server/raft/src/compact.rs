//! When the log is cut besides after so many entries: after so many bytes of them, once a day, and when an operator
//! wants it.
//!
//! In: what the log has grown by, openraft's metrics, tokio's clock. Out: snapshots that openraft is asked for, and
//! where it may cut the log. Never here: what a snapshot holds.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use openraft::ServerState;
use openraft::async_runtime::watch::WatchReceiver;
use tokio::time::Instant;

use crate::error::MemberError;
use crate::shared::{Metrics, Running, Shared, other_voters};
use crate::timer::kept;
use crate::types::LogId;

/// How often the log is looked at.
const TICK: Duration = Duration::from_secs(1);

/// How long until a snapshot is asked for once more: openraft makes one at a time.
const AGAIN: Duration = Duration::from_millis(500);

/// How often something is looked at that should happen soon.
const POLL: Duration = Duration::from_millis(10);

/// A log that is not longer than this is not cut for its length.
const GROWN: u64 = 10 << 20;

/// Bytes of entries that stay in the log after a snapshot, about.
const KEPT_BYTES: u64 = 10 << 20;

/// A log with anything in it is cut once in this time.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What came after the last snapshot.
#[derive(Clone, Copy, Debug)]
struct Growth {
    n_entries: u64,
    n_bytes: u64,
    age: Duration,
    /// Of that snapshot.
    snapshot_bytes: u64,
}

impl Growth {
    /// Whether snapshot and log together are twice as long as the snapshot, and long; or old.
    fn is_enough(&self) -> bool {
        let is_long = self.n_bytes > GROWN.max(self.snapshot_bytes);
        self.n_entries > 0 && (is_long || self.age > DAY)
    }
}

/// How many entries of a log stay, where so many have so many bytes.
fn n_kept(n_entries: u64, n_bytes: u64) -> u64 {
    match n_bytes {
        0 => u64::MAX,
        _ => n_entries.saturating_mul(KEPT_BYTES) / n_bytes,
    }
}

/// The last snapshot that was seen.
struct Seen {
    last: Option<LogId>,
    at: Instant,
    /// [`Log::n_bytes`](crate::store::log::Log::n_bytes) when it was asked for, or else seen.
    n_bytes: u64,
    /// The same, of one that was asked for here.
    asked: Option<u64>,
    /// Of its pieces.
    snapshot_bytes: u64,
}

/// Asks for snapshots for as long as the member runs.
pub(crate) async fn follow(shared: Arc<Shared>) {
    let mut seen = Seen {
        last: shared.metrics().snapshot,
        at: Instant::now(),
        n_bytes: 0,
        asked: None,
        snapshot_bytes: match shared.running().await {
            Ok(running) => snapshot_bytes(&running).unwrap_or(0),
            Err(_) => return,
        },
    };
    loop {
        tokio::time::sleep(TICK).await;
        let Ok(running) = shared.running().await else {
            return;
        };
        // What is the matter, whoever looks at the standing tells.
        let _ = look(&shared, &running, &mut seen).await;
    }
}

async fn look(shared: &Shared, running: &Running, seen: &mut Seen) -> Result<(), MemberError> {
    let metrics = shared.metrics();
    let index = |id: Option<LogId>| id.map_or(0, |id| id.index);
    if metrics.snapshot > seen.last {
        let n_bytes = seen.asked.take().unwrap_or_else(|| running.log.n_bytes());
        let n_entries = index(metrics.snapshot).saturating_sub(index(seen.last));
        let n_kept = n_kept(n_entries, n_bytes - seen.n_bytes);
        *seen = Seen {
            last: metrics.snapshot,
            at: Instant::now(),
            n_bytes,
            asked: None,
            snapshot_bytes: snapshot_bytes(running)?,
        };
        if n_kept < kept(&shared.settings) {
            cut(shared, running, &metrics, n_kept).await?;
        }
        return Ok(());
    }
    let n_bytes = running.log.n_bytes();
    let growth = Growth {
        n_entries: index(metrics.last_applied).saturating_sub(index(metrics.snapshot)),
        n_bytes: n_bytes - seen.n_bytes,
        age: seen.at.elapsed(),
        snapshot_bytes: seen.snapshot_bytes,
    };
    if growth.is_enough() {
        // While it is being made, to ask again changes nothing; after openraft was started again it is needed.
        running.raft.trigger().snapshot().await?;
        seen.asked.get_or_insert(n_bytes);
    }
    Ok(())
}

fn snapshot_bytes(running: &Running) -> io::Result<u64> {
    let snapshot = running.store.snapshot()?;
    Ok(snapshot.map_or(0, |snapshot| snapshot.description.n_bytes))
}

/// Cuts more of the log than its number of entries asks for, but not what those that are there still need.
async fn cut(shared: &Shared, running: &Running, metrics: &Metrics, n_kept: u64) -> Result<(), MemberError> {
    let Some(snapshot) = metrics.snapshot else {
        return Ok(());
    };
    let mut upto = snapshot.index.saturating_sub(n_kept);
    if metrics.state == ServerState::Leader {
        let matched = metrics.replication.clone().unwrap_or_default();
        let others = other_voters(metrics)
            .into_iter()
            .filter(|id| shared.is_there(*id));
        let have = others.map(|id| matched.get(&id).copied().flatten().map_or(0, |id| id.index));
        upto = upto.min(have.min().unwrap_or(u64::MAX));
    }
    Ok(running.raft.trigger().purge_log(upto).await?)
}

/// Makes a snapshot of what is applied by now, cuts the log, and gives back the disk's space.
pub(crate) async fn compact(shared: &Shared) -> Result<(), MemberError> {
    let goal = shared.metrics().last_applied;
    while shared.metrics().snapshot < goal {
        let raft = shared.raft().await?;
        let mut metrics = raft.metrics();
        if let Err(error) = raft.trigger().snapshot().await {
            // It may be that openraft was just started again.
            if shared.standing.borrow().failure.is_some() {
                return Err(error.into());
            }
        }
        let news = async { while shared.metrics().snapshot < goal && metrics.changed().await.is_ok() {} };
        // Without news it is looked at all the same.
        let _ = tokio::time::timeout(AGAIN, news).await;
        tokio::time::sleep(POLL).await;
    }
    // What a replication reads at this moment is cut later.
    let end = Instant::now() + shared.timer();
    let is_cut = |metrics: &Metrics| {
        let first = metrics.purged.map_or(0, |id| id.index + 1);
        let last = metrics.snapshot.map_or(0, |id| id.index);
        last < first + kept(&shared.settings)
    };
    while !is_cut(&shared.metrics()) && Instant::now() < end {
        tokio::time::sleep(POLL).await;
    }
    Ok(shared.running().await?.store.compact().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(n_entries: u64, n_mb: u64, snapshot_mb: u64, age: Duration, expected: bool) {
        let growth = Growth {
            n_entries,
            n_bytes: n_mb << 20,
            age,
            snapshot_bytes: snapshot_mb << 20,
        };
        assert_eq!(growth.is_enough(), expected, "{growth:?}");
    }

    #[test]
    fn a_log_is_cut_when_it_is_long_or_old() {
        let now = Duration::ZERO;
        check(100, 10, 0, now, false);
        check(100, 11, 0, now, true);
        check(1, 11, 0, now, true);
        check(100, 50, 50, now, false);
        check(100, 51, 50, now, true);
        check(0, 51, 50, now, false);
        check(1, 0, 50, DAY, false);
        check(1, 0, 50, DAY + TICK, true);
        check(0, 0, 50, DAY + TICK, false);
    }

    #[test]
    fn few_large_entries_stay_and_many_small_ones() {
        for (n_entries, n_mb, expected) in [(20, 20, 10), (1, 500, 0), (10_000, 20, 5000), (7, 0, u64::MAX)] {
            assert_eq!(
                n_kept(n_entries, n_mb << 20),
                expected,
                "{n_entries} of {n_mb} MB"
            );
        }
    }
}
