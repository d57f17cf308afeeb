//! The longest wait of a writer of small transactions while the server is busy for somebody else.

use super::Bench;
use crate::client::Connection;
use crate::measure::{Measures, Metric, Requirement, ms};
use crate::server::{Kind, Server};
use crate::{Result, data};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const STALL: Metric = Metric::new("longest wait of the writer", "ms", Requirement::OursAtMost(50.0));
const BUSY: Metric = Metric::report("time the other took", "s");

/// The writer goes on for this long after the disturbance, for what comes late.
const AFTERWARDS: Duration = Duration::from_millis(500);

/// A client joins whose condition has one clause for each datapath and so matches every flow.
pub fn join(bench: &Bench, kind: Kind) -> Result<Measures> {
    let shape = bench.shape();
    let clauses = data::of_datapaths(0..shape.datapaths);
    let request = data::monitor(&bench.southbound_tables()?, Some(clauses));
    let server = bench.start_southbound(kind)?;
    while_writing(&server, || {
        let mut joining = server.connect()?;
        let begin = Instant::now();
        // The writer's updates follow the reply, maybe in the same read.
        let reply = joining.call_first(&request)?;
        let elapsed = begin.elapsed();
        let rows = data::initial_rows(reply);
        let expected = shape.flows + shape.datapaths + 1;
        match rows >= expected {
            true => Ok(elapsed),
            false => Err(format!("the joining client received {rows} rows, not {expected}").into()),
        }
    })
}

/// `ovsdb-server/compact` on the control socket.
pub fn compact(bench: &Bench, kind: Kind) -> Result<Measures> {
    let server = bench.start_southbound(kind)?;
    while_writing(&server, || {
        let begin = Instant::now();
        server.control("ovsdb-server/compact")?;
        Ok(begin.elapsed())
    })
}

/// Runs `other`, which says how long it took, beside a writer on a thread of its own.
fn while_writing(server: &Server, other: impl FnOnce() -> Result<Duration>) -> Result<Measures> {
    let (longest, other) = while_writing_to(&server.socket(), other)?;
    let mut measures = Measures::default();
    measures.add(STALL, ms(longest));
    measures.add(BUSY, other.as_secs_f64());
    Ok(measures)
}

/// Runs `other` beside a writer to a southbound database: the writer's longest wait, and how long the other took.
pub fn while_writing_to(
    socket: &Path,
    other: impl FnOnce() -> Result<Duration>,
) -> Result<(Duration, Duration)> {
    let stop = AtomicBool::new(false);
    let mut connection = Connection::open(socket)?;
    let (other, longest) = thread::scope(|scope| {
        let writer = scope.spawn(|| write(&mut connection, &stop));
        thread::sleep(AFTERWARDS);
        let other = other();
        thread::sleep(AFTERWARDS);
        stop.store(true, Ordering::Relaxed);
        (other, writer.join())
    });
    let longest = longest.map_err(|_| "the writer panicked")??;
    Ok((longest, other?))
}

fn write(connection: &mut Connection, stop: &AtomicBool) -> Result<Duration> {
    let mut longest = Duration::ZERO;
    let mut n = 0;
    while !stop.load(Ordering::Relaxed) {
        n += 1;
        let request = data::nb_cfg_update(n);
        let sent = Instant::now();
        connection.transact(&request)?;
        longest = longest.max(sent.elapsed());
    }
    Ok(longest)
}
