//! The longest wait of a writer of small transactions while the leader writes a snapshot.

use crate::client::Connection;
use crate::measure::{Measures, Metric, Requirement, ms};
use crate::server::Kind;
use crate::work::{Bench, stall};
use crate::{Result, data};
use ferrovn_tests::cluster::{Cluster, Role};
use std::thread;
use std::time::{Duration, Instant};

const STALL: Metric = Metric::new("longest wait of the writer", "ms", Requirement::OursAtMost(50.0));
const CHANGES: Metric = Metric::new("changes of leader", "terms", Requirement::OursAtMost(0.0));
const TIME: Metric = Metric::report("until the log is cut", "s");

/// Longer than any snapshot takes.
const TIME_MAX: Duration = Duration::from_secs(60);

pub fn run(bench: &Bench, kind: Kind) -> Result<Measures> {
    let cluster = bench.start_cluster_southbound(kind)?;
    let leader = cluster.leader();
    // A snapshot is of something that is new since the last.
    let mut connection = Connection::open(&cluster.socket(leader))?;
    (0..100).try_for_each(|n| connection.transact(&data::nb_cfg_update(n)))?;
    cluster.wait_until_whole();
    let before = cluster.status(leader)?;
    let mut cut = true;
    let (longest, took) = stall::while_writing_to(&cluster.socket(leader), || {
        let begin = Instant::now();
        cluster.control(leader, "ovsdb-server/compact", &[cluster.database()])?;
        cut = await_cut(&cluster, leader, before.log.0);
        Ok(begin.elapsed())
    })?;
    let after = cluster.status(leader)?;
    let stayed = after.role == Role::Leader && after.term == before.term;
    let mut measures = Measures::default();
    measures.add(STALL, ms(longest));
    measures.add(CHANGES, (after.term - before.term).max(u64::from(!stayed)) as f64);
    measures.add(TIME, took.as_secs_f64());
    if !cut {
        measures.note = Some(format!("the log was not cut in {} s", TIME_MAX.as_secs()));
    }
    Ok(measures)
}

/// Waits until the first index of a member's log has moved; false when it does not.
fn await_cut(cluster: &Cluster, member: usize, first: u64) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < TIME_MAX {
        if cluster.status(member).is_ok_and(|status| status.log.0 > first) {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}
