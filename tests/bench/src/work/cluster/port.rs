//! One pod port per durable transaction on a northbound database, through the leader or a follower.

use crate::client::Connection;
use crate::measure::{Measures, Metric, Requirement, percentile};
use crate::server::{Kind, cpu_s};
use crate::work::{Bench, port};
use crate::{Result, data};
use ferrovn_tests::cluster::Cluster;

const PORTS: usize = 10_000;

pub fn through_leader(bench: &Bench, kind: Kind, connections: usize) -> Result<Measures> {
    let cluster = bench.start_cluster_empty(kind, "ovn-nb.ovsschema");
    let requirements = match connections {
        1 => [
            Requirement::Report,
            Requirement::RatioAtMost(1.0),
            Requirement::Report,
        ],
        _ => [
            Requirement::RatioAtLeast(10.0),
            Requirement::Report,
            Requirement::OursAtMost(20.0),
        ],
    };
    measure(bench, &cluster, cluster.leader(), connections, requirements)
}

pub fn through_follower(bench: &Bench, kind: Kind, connections: usize) -> Result<Measures> {
    let cluster = bench.start_cluster_empty(kind, "ovn-nb.ovsschema");
    let requirements = [
        Requirement::RatioAtLeast(8.0),
        Requirement::Report,
        Requirement::Report,
    ];
    measure(bench, &cluster, cluster.follower(), connections, requirements)
}

fn measure(
    bench: &Bench,
    cluster: &Cluster,
    member: usize,
    connections: usize,
    [rate, p50, p99]: [Requirement; 3],
) -> Result<Measures> {
    let requests: Vec<Vec<u8>> = (0..bench.scaled(PORTS)).map(data::port).collect();
    let n = requests.len() as f64;
    let socket = cluster.socket(member);
    Connection::open(&socket)?.transact(&data::switches())?;
    let cpu = |cluster: &Cluster| -> Result<f64> {
        let each = cluster.running().into_iter().map(|i| cpu_s(cluster.pid(i)));
        Ok(each.collect::<Result<Vec<f64>>>()?.iter().sum())
    };
    let cpu_before = cpu(cluster)?;
    let (elapsed, latencies) = port::drive(&socket, &requests, connections)?;
    let mut measures = Measures::default();
    measures.add(Metric::new("rate", "txn/s", rate), n / elapsed.as_secs_f64());
    measures.add(Metric::new("p50", "ms", p50), percentile(&latencies, 0.5));
    measures.add(Metric::new("p99", "ms", p99), percentile(&latencies, 0.99));
    measures.add(
        Metric::report("longest", "ms"),
        latencies.iter().copied().fold(0.0, f64::max),
    );
    measures.add(
        Metric::report("all servers' processor time for each", "µs"),
        1e6 * (cpu(cluster)? - cpu_before) / n,
    );
    Ok(measures)
}
