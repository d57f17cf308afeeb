//! Memory of the members with a southbound database that a client inserted.

use crate::client::Connection;
use crate::data::Southbound;
use crate::measure::{Measures, Metric, Requirement};
use crate::server::{Kind, Memory};
use crate::work::Bench;
use crate::{Result, data};
use std::time::{Duration, Instant};

const FLOWS: usize = 100_000;

const RESIDENT: Metric = Metric::new(
    "resident memory of the largest member",
    "MB",
    Requirement::RatioAtMost(0.5),
);
const LEADER: Metric = Metric::report("resident memory of the leader", "MB");
const PEAK: Metric = Metric::report("peak memory of the largest member", "MB");
const INSERT: Metric = Metric::report("time to insert", "s");

/// Allocators give memory back when they have been idle for a moment.
const IDLE: Duration = Duration::from_secs(2);

pub fn run(bench: &Bench, kind: Kind) -> Result<Measures> {
    let shape = Southbound {
        flows: bench.scaled(FLOWS),
        ..bench.shape()
    };
    let transactions: Vec<Vec<u8>> = data::southbound(shape).collect();
    let cluster = bench.start_cluster_empty(kind, "ovn-sb.ovsschema");
    let leader = cluster.leader();
    let mut connection = Connection::open(&cluster.socket(leader))?;
    let begin = Instant::now();
    transactions
        .iter()
        .try_for_each(|transaction| connection.transact(transaction))?;
    let elapsed = begin.elapsed();
    cluster.wait_until_whole();
    std::thread::sleep(IDLE);
    let memories = cluster.running().into_iter().map(|i| Memory::of(cluster.pid(i)));
    let memories: Vec<Memory> = memories.collect::<Result<_>>()?;
    let of_leader = Memory::of(cluster.pid(leader))?;
    // Only now, because answering takes memory.
    for member in cluster.running() {
        let rows = super::southbound_rows(&mut Connection::open(&cluster.socket(member))?)?;
        if rows != shape.flows {
            return Err(format!("a member has {rows} flows, not {}", shape.flows).into());
        }
    }
    let largest = |of: fn(&Memory) -> f64| memories.iter().map(of).fold(0.0, f64::max);
    let mut measures = Measures::default();
    measures.add(RESIDENT, largest(|memory| memory.resident_mb));
    measures.add(LEADER, of_leader.resident_mb);
    measures.add(PEAK, largest(|memory| memory.peak_mb));
    measures.add(INSERT, elapsed.as_secs_f64());
    Ok(measures)
}
