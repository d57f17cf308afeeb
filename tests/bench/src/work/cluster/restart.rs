//! From exec of one member on the southbound database until a client's first requests are answered.

use crate::client::Connection;
use crate::measure::{Measures, Metric, Requirement};
use crate::server::Kind;
use crate::work::Bench;
use crate::{Result, data};
use ferrovn_tests::cluster::Cluster;
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

const TIME: Metric = Metric::new(
    "until the first monitor is answered",
    "s",
    Requirement::RatioAtMost(1.0 / 3.0),
);
const CONNECT: Metric = Metric::report("until a client can connect", "s");
const WHOLE: Metric = Metric::report("until it has all that the leader has", "s");

/// A server that listens before it has its database answers with an error for a while.
const TIME_MAX: Duration = Duration::from_secs(120);

pub fn run(bench: &Bench, kind: Kind) -> Result<Measures> {
    let mut cluster = bench.start_cluster_southbound(kind)?;
    let member = cluster.follower();
    cluster.kill(member);
    // It has something to catch up with.
    let mut connection = Connection::open(&cluster.socket(cluster.leader()))?;
    connection.transact(&data::nb_cfg_update(1))?;
    let begin = Instant::now();
    cluster.start_member(member);
    let connect = begin.elapsed();
    while !serves(&cluster, member)? {
        if begin.elapsed() > TIME_MAX {
            return Err(format!("it does not serve its row of SB_Global in {TIME_MAX:?}").into());
        }
        thread::sleep(Duration::from_millis(2));
    }
    let serves = begin.elapsed();
    cluster.wait_until_whole();
    let mut measures = Measures::default();
    measures.add(TIME, serves.as_secs_f64());
    measures.add(CONNECT, connect.as_secs_f64());
    measures.add(WHOLE, begin.elapsed().as_secs_f64());
    Ok(measures)
}

fn serves(cluster: &Cluster, member: usize) -> Result<bool> {
    let mut connection = Connection::open(&cluster.socket(member))?;
    connection.call(&data::request("get_schema", &json!(["OVN_Southbound"])))?;
    // A small table: the work is the restart, not the reply.
    let monitor = data::monitor(&["SB_Global".to_owned()], None);
    Ok(data::initial_rows(connection.call_first(&monitor)?) == 1)
}
