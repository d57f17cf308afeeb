//! Memory with the southbound database, read from its file or inserted by a client.

use super::Bench;
use crate::measure::{Measures, Metric, Requirement};
use crate::server::{Kind, Server};
use crate::{Result, data};
use std::time::{Duration, Instant};

const RESIDENT: Metric = Metric::new("resident memory", "MB", Requirement::RatioAtMost(0.5));
const PEAK: Metric = Metric::report("peak memory", "MB");
const FILE: Metric = Metric::report("database file", "MB");
const INSERT: Metric = Metric::report("time to insert", "s");

/// Allocators give memory back when they have been idle for a moment.
const IDLE: Duration = Duration::from_secs(2);

pub fn from_file(bench: &Bench, kind: Kind) -> Result<Measures> {
    measure(&bench.start_southbound(kind)?)
}

pub fn live(bench: &Bench, kind: Kind) -> Result<Measures> {
    let transactions: Vec<Vec<u8>> = data::southbound(bench.shape()).collect();
    let server = bench.start_empty(kind, "ovn-sb.ovsschema")?;
    let mut connection = server.connect()?;
    let begin = Instant::now();
    transactions
        .iter()
        .try_for_each(|transaction| connection.transact(transaction))?;
    let elapsed = begin.elapsed();
    let mut measures = measure(&server)?;
    measures.add(INSERT, elapsed.as_secs_f64());
    Ok(measures)
}

fn measure(server: &Server) -> Result<Measures> {
    std::thread::sleep(IDLE);
    let memory = server.memory()?;
    let mut measures = Measures::default();
    measures.add(RESIDENT, memory.resident_mb);
    measures.add(PEAK, memory.peak_mb);
    measures.add(FILE, super::file_mb(&server.database())?);
    Ok(measures)
}
