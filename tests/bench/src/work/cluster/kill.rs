//! How long no write is acknowledged when the leader is killed; whichever writer is heard first ends the gap.
//!
//! Two ways to write: clients of the leader, which go to the others at once when their connection breaks, and clients
//! of the others, whose writes may be under way to the leader when it ends.

use crate::client::Connection;
use crate::measure::{Measures, Metric, Requirement, median, ms};
use crate::server::Kind;
use crate::work::Bench;
use crate::{Result, data};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const KILLS: usize = 10;

const GAP: Metric = Metric::new(
    "median of the gaps without an acknowledged write",
    "ms",
    Requirement::RatioAtMost(0.7),
);
const WORST: Metric = Metric::report("longest gap", "ms");
const GAP_OF_FOLLOWERS: Metric = Metric::report("median of the gaps of clients of the others", "ms");
const WORST_OF_FOLLOWERS: Metric = Metric::report("longest gap of clients of the others", "ms");

/// The writers write for this long before the kill and after they are heard again.
const AROUND: Duration = Duration::from_secs(1);

/// A cluster that is silent for longer is broken.
const GAP_MAX: Duration = Duration::from_secs(30);

/// What the writers have in common.
#[derive(Default)]
struct Writing {
    stop: AtomicBool,
    next: AtomicUsize,
    acknowledged: Mutex<Vec<Instant>>,
}

pub fn run(bench: &Bench, kind: Kind) -> Result<Measures> {
    let mut measures = Measures::default();
    let mut notes = Vec::new();
    for (of_leader, [gap, worst]) in [
        (true, [GAP, WORST]),
        (false, [GAP_OF_FOLLOWERS, WORST_OF_FOLLOWERS]),
    ] {
        let mut gaps = gaps(bench, kind, of_leader)?;
        gaps.sort_by(f64::total_cmp);
        measures.add(gap, median(&gaps));
        measures.add(worst, gaps.iter().copied().fold(0.0, f64::max));
        let all: Vec<String> = gaps.iter().map(|gap| format!("{gap:.0}")).collect();
        notes.push(all.join(" "));
    }
    measures.note = Some(format!("gaps {} ms; of the others {} ms", notes[0], notes[1]));
    Ok(measures)
}

/// The gaps of so many kills, in ms.
fn gaps(bench: &Bench, kind: Kind, of_leader: bool) -> Result<Vec<f64>> {
    let mut cluster = bench.start_cluster_empty(kind, "ovn-nb.ovsschema");
    Connection::open(&cluster.socket(cluster.leader()))?.transact(&data::switches())?;
    let writing = Writing::default();
    let mut gaps = Vec::new();
    for _ in 0..bench.scaled(KILLS).max(3) {
        let leader = cluster.leader();
        let running = cluster.running();
        let followers: Vec<PathBuf> = running
            .into_iter()
            .filter(|i| *i != leader)
            .map(|i| cluster.socket(i))
            .collect();
        let killed = thread::scope(|scope| {
            for (i, follower) in followers.iter().enumerate() {
                let other = &followers[(i + 1) % followers.len()];
                let mut way = vec![follower.clone(), other.clone()];
                if of_leader {
                    way.insert(0, cluster.socket(leader));
                }
                scope.spawn(|| write(way, &writing));
            }
            thread::sleep(AROUND);
            let killed = Instant::now();
            cluster.kill(leader);
            let heard = await_acknowledgement(&writing, killed);
            thread::sleep(AROUND);
            writing.stop.store(true, Ordering::Relaxed);
            heard.map(|()| killed)
        })?;
        writing.stop.store(false, Ordering::Relaxed);
        let mut times = std::mem::take(&mut *writing.acknowledged.lock().map_err(|_| "a writer panicked")?);
        times.sort();
        gaps.push(ms(longest_gap(&times, killed)));
        cluster.restart(leader);
        cluster.wait_until_whole();
    }
    Ok(gaps)
}

/// Until a write is acknowledged that was so well after the kill: what comes just then may have been on its way.
fn await_acknowledgement(writing: &Writing, killed: Instant) -> Result<()> {
    const ON_ITS_WAY: Duration = Duration::from_millis(50);
    loop {
        let acknowledged = writing.acknowledged.lock().map_err(|_| "a writer panicked")?;
        let last = acknowledged.last().copied();
        drop(acknowledged);
        if last.is_some_and(|at| at > killed + ON_ITS_WAY) {
            return Ok(());
        }
        if killed.elapsed() > GAP_MAX {
            writing.stop.store(true, Ordering::Relaxed);
            return Err(format!("no write acknowledged for {GAP_MAX:?}").into());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// The longest time between two acknowledgements that the second of is after the kill.
fn longest_gap(times: &[Instant], killed: Instant) -> Duration {
    let pairs = times.windows(2).filter(|pair| pair[1] >= killed);
    pairs.map(|pair| pair[1] - pair[0]).max().unwrap_or(Duration::MAX)
}

/// Writes through the first server of `way`; through the next one when it breaks or refuses.
fn write(way: Vec<PathBuf>, writing: &Writing) {
    for socket in way.iter().cycle() {
        let Ok(mut connection) = Connection::open(socket) else {
            thread::sleep(Duration::from_millis(1));
            if writing.stop.load(Ordering::Relaxed) {
                return;
            }
            continue;
        };
        loop {
            if writing.stop.load(Ordering::Relaxed) {
                return;
            }
            let i = writing.next.fetch_add(1, Ordering::Relaxed);
            if connection.transact(&data::port(i)).is_err() {
                break;
            }
            if let Ok(mut acknowledged) = writing.acknowledged.lock() {
                acknowledged.push(Instant::now());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_before_the_kill_do_not_count() {
        let zero = Instant::now();
        let times: Vec<Instant> = [0, 900, 1000, 1400, 1500]
            .map(|ms| zero + Duration::from_millis(ms))
            .into();
        for (killed, expected) in [(0, 900), (950, 400), (1450, 100)] {
            let gap = longest_gap(&times, zero + Duration::from_millis(killed));
            assert_eq!(gap, Duration::from_millis(expected), "{killed}");
        }
    }
}
