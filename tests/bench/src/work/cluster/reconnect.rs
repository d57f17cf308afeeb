//! Five hundred conditional clients lose the leader that they were connected to and go to the other members: those
//! who know a transaction that the members remember, which resume, and those who do not and get their rows anew.

use crate::client::{Connection, Event, Swarm, expect_success};
use crate::measure::{Measures, Metric, Requirement};
use crate::server::Kind;
use crate::work::Bench;
use crate::{Result, data};
use ferrovn_tests::cluster::Cluster;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const CLIENTS: usize = 500;

/// The run ends here, done or not.
const TIME_MAX: Duration = Duration::from_secs(180);

const ANEW: Metric = Metric::new(
    "until the last has its rows anew",
    "s",
    Requirement::RatioAtMost(0.1),
);
const RESUMED: Metric = Metric::report("until the last has resumed", "s");
const SENT: Metric = Metric::report("sent anew", "MB");

pub fn run(bench: &Bench, kind: Kind) -> Result<Measures> {
    let shape = bench.shape();
    let mut cluster = bench.start_cluster_southbound(kind)?;
    let known = last_transaction(&cluster)?;
    let (resumed, _) = serve(bench, &mut cluster, &known, 0)?;
    let rows_each = shape.flows / 100 + shape.datapaths + 1;
    // An id that no server knows.
    let unknown = "00000000-0000-4000-8000-000000000000";
    let (anew, bytes) = serve(bench, &mut cluster, unknown, rows_each)?;
    let mut measures = Measures::default();
    measures.add(ANEW, anew.as_secs_f64());
    measures.add(RESUMED, resumed.as_secs_f64());
    measures.add(SENT, bytes as f64 / 1e6);
    Ok(measures)
}

/// Kills the leader and serves the clients at the others: how long it took, and how many bytes the monitors' replies
/// had. Then the cluster is whole again.
fn serve(bench: &Bench, cluster: &mut Cluster, since: &str, rows_each: usize) -> Result<(Duration, usize)> {
    let n = bench.scaled(CLIENTS);
    let requests = requests(bench, since)?;
    let get_schema = data::request("get_schema", &json!(["OVN_Southbound"]));
    let leader = cluster.leader();
    let before = Swarm::connect(&cluster.socket(leader), n)?;
    let begin = Instant::now();
    cluster.kill(leader);
    drop(before);
    let sockets: Vec<PathBuf> = cluster.running().into_iter().map(|i| cluster.socket(i)).collect();
    let mut swarm = Swarm::connect_each((0..n).map(|i| sockets[i % sockets.len()].as_path()))?;
    swarm.send_all(&get_schema)?;
    let mut has_schema = vec![false; n];
    let (mut served, mut bytes) = (0, 0);
    let done = swarm.run_until(Some(begin + TIME_MAX), |swarm, client, event| {
        let Event::Message(text) = event else {
            return Ok(false);
        };
        if !has_schema[client] {
            expect_success(text)?;
            has_schema[client] = true;
            swarm.send(client, &requests[client % requests.len()])?;
            return Ok(false);
        }
        let rows = data::initial_rows(text);
        if rows == 0 {
            expect_success(text)?;
        }
        if rows != rows_each {
            return Err(format!("client {client} received {rows} rows, not {rows_each}").into());
        }
        bytes += text.len();
        served += 1;
        Ok(served == n)
    })?;
    let elapsed = begin.elapsed();
    if !done {
        return Err(format!("{served} of {n} served in {} s", TIME_MAX.as_secs()).into());
    }
    cluster.restart(leader);
    cluster.wait_until_whole();
    Ok((elapsed, bytes))
}

/// A hundred clients' monitors of everything, each with a hundredth of the flows.
fn requests(bench: &Bench, since: &str) -> Result<Vec<Vec<u8>>> {
    let tables = bench.southbound_tables()?;
    let datapaths_each = bench.shape().datapaths / 100;
    let request = |i: usize| {
        let clauses = data::of_datapaths((0..datapaths_each).map(|d| d * 100 + i));
        data::monitor_since(&tables, Some(clauses), since)
    };
    Ok((0..100).map(request).collect())
}

/// The last transaction's id, once every member has it.
fn last_transaction(cluster: &Cluster) -> Result<String> {
    let mut connection = Connection::open(&cluster.socket(cluster.leader()))?;
    connection.transact(&data::nb_cfg_update(1))?;
    cluster.wait_until_whole();
    let monitor = data::monitor(&["SB_Global".to_owned()], None);
    let reply: Value = serde_json::from_slice(connection.call(&monitor)?)?;
    let id = reply["result"][1]
        .as_str()
        .ok_or("a monitor's reply without a transaction")?;
    Ok(id.to_owned())
}
