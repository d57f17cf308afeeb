//! One pod port per transaction on a northbound database, over one connection or many, each with one transaction
//! under way.

use super::Bench;
use crate::client::{Connection, Event, Swarm, expect_success};
use crate::measure::{Measures, Metric, Requirement, ms, percentile};
use crate::server::Kind;
use crate::{Result, data};
use std::path::Path;
use std::time::{Duration, Instant};

const PORTS: usize = 10_000;

const P50: Metric = Metric::report("p50", "ms");
const P99: Metric = Metric::report("p99", "ms");
const CPU: Metric = Metric::report("server's processor time for each", "µs");

pub fn run(bench: &Bench, kind: Kind, connections: usize) -> Result<Measures> {
    let n = bench.scaled(if connections == 1 { PORTS } else { 2 * PORTS });
    let requests: Vec<Vec<u8>> = (0..n).map(data::port).collect();
    let server = bench.start_empty(kind, "ovn-nb.ovsschema")?;
    server.connect()?.transact(&data::switches())?;
    let cpu_before = server.cpu_s()?;
    let (elapsed, latencies) = drive(&server.socket(), &requests, connections)?;
    let least = if connections == 1 { 1.0 } else { 1.5 };
    let mut measures = Measures::default();
    let rate = Metric::new("rate", "txn/s", Requirement::RatioAtLeast(least));
    measures.add(rate, n as f64 / elapsed.as_secs_f64());
    measures.add(P50, percentile(&latencies, 0.5));
    measures.add(P99, percentile(&latencies, 0.99));
    measures.add(CPU, 1e6 * (server.cpu_s()? - cpu_before) / n as f64);
    Ok(measures)
}

/// Sends the requests over so many connections, each with one under way: the time it took, and each one's in ms.
pub fn drive(socket: &Path, requests: &[Vec<u8>], connections: usize) -> Result<(Duration, Vec<f64>)> {
    match connections {
        1 => one(socket, requests),
        _ => many(socket, requests, connections),
    }
}

fn one(socket: &Path, requests: &[Vec<u8>]) -> Result<(Duration, Vec<f64>)> {
    let mut connection = Connection::open(socket)?;
    let mut latencies = Vec::with_capacity(requests.len());
    let begin = Instant::now();
    for request in requests {
        let sent = Instant::now();
        connection.transact(request)?;
        latencies.push(ms(sent.elapsed()));
    }
    Ok((begin.elapsed(), latencies))
}

fn many(socket: &Path, requests: &[Vec<u8>], n: usize) -> Result<(Duration, Vec<f64>)> {
    let mut swarm = Swarm::connect(socket, n)?;
    let mut latencies = Vec::with_capacity(requests.len());
    let begin = Instant::now();
    let mut sent = vec![begin; n];
    for (client, request) in requests[..n].iter().enumerate() {
        sent[client] = Instant::now();
        swarm.send(client, request)?;
    }
    let mut rest = requests[n..].iter();
    swarm.run_until(None, |swarm, client, event| {
        let Event::Message(reply) = event else {
            return Ok(false);
        };
        latencies.push(ms(sent[client].elapsed()));
        expect_success(reply)?;
        if let Some(request) = rest.next() {
            sent[client] = Instant::now();
            swarm.send(client, request)?;
        }
        Ok(latencies.len() == requests.len())
    })?;
    Ok((begin.elapsed(), latencies))
}
