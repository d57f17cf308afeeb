//! Fifty clients ask for the whole southbound database at once, or for a hundredth of its flows each and all else.

use super::Bench;
use crate::client::{Event, expect_success};
use crate::measure::{Measures, Metric, Requirement};
use crate::server::Kind;
use crate::{Result, data};
use std::time::Instant;

const CLIENTS: usize = 50;

const TIME: Metric = Metric::new("time until the last has it", "s", Requirement::RatioAtMost(0.25));
const PEAK: Metric = Metric::new("peak memory", "MB", Requirement::RatioAtMost(0.25));
const SENT: Metric = Metric::report("sent", "MB");
const CPU: Metric = Metric::report("processor time", "s");
const TIME_CONDITIONAL: Metric =
    Metric::new("time until the last has it", "s", Requirement::RatioAtMost(0.2));
const PEAK_CONDITIONAL: Metric = Metric::report("peak memory", "MB");

pub fn all(bench: &Bench, kind: Kind) -> Result<Measures> {
    let request = data::monitor(&bench.southbound_tables()?, None);
    let shape = bench.shape();
    let rows_expected = shape.flows + shape.datapaths + 1;
    let server = bench.start_southbound(kind)?;
    let mut swarm = server.swarm(CLIENTS)?;
    // The replies are of one length. One client finds where its own ends; the others only count up to that length, or
    // the clients would cost more than a fast server.
    (1..CLIENTS).for_each(|client| swarm.count_only(client));
    let mut counts = [0; CLIENTS];
    let mut length = None;
    let mut whole = Vec::new();
    let cpu = server.cpu_s()?;
    let begin = Instant::now();
    swarm.send_all(&request)?;
    swarm.run_until(None, |_, client, event| {
        match event {
            Event::Bytes(n) => counts[client] = n,
            Event::Message(text) => {
                counts[client] = text.len();
                length = Some(text.len());
                whole = text.to_vec();
            }
        }
        let Some(length) = length else { return Ok(false) };
        if counts[client] > length {
            return Err(format!(
                "client {client} received {} bytes, client 0 {length}",
                counts[client]
            )
            .into());
        }
        Ok(counts.iter().all(|n| *n == length))
    })?;
    let elapsed = begin.elapsed();
    let cpu = server.cpu_s()? - cpu;
    let memory = server.memory()?;
    check(&whole, rows_expected)?;
    let mut measures = Measures::default();
    measures.add(TIME, elapsed.as_secs_f64());
    measures.add(PEAK, memory.peak_mb);
    measures.add(SENT, counts.iter().sum::<usize>() as f64 / 1e6);
    measures.add(CPU, cpu);
    Ok(measures)
}

pub fn conditional(bench: &Bench, kind: Kind) -> Result<Measures> {
    let tables = bench.southbound_tables()?;
    let shape = bench.shape();
    let datapaths_each = shape.datapaths / 100;
    let requests: Vec<Vec<u8>> = (0..CLIENTS)
        .map(|i| {
            data::monitor(
                &tables,
                Some(data::of_datapaths((0..datapaths_each).map(|d| d * 100 + i))),
            )
        })
        .collect();
    let rows_expected = shape.flows / 100 + shape.datapaths + 1;
    let server = bench.start_southbound(kind)?;
    let mut swarm = server.swarm(CLIENTS)?;
    let mut replies: Vec<Vec<u8>> = Vec::new();
    let cpu = server.cpu_s()?;
    let begin = Instant::now();
    for (client, request) in requests.iter().enumerate() {
        swarm.send(client, request)?;
    }
    swarm.run_until(None, |_, _, event| {
        let Event::Message(text) = event else {
            return Ok(false);
        };
        replies.push(text.to_vec());
        Ok(replies.len() == CLIENTS)
    })?;
    let elapsed = begin.elapsed();
    let cpu = server.cpu_s()? - cpu;
    let memory = server.memory()?;
    replies.iter().try_for_each(|reply| check(reply, rows_expected))?;
    let mut measures = Measures::default();
    measures.add(TIME_CONDITIONAL, elapsed.as_secs_f64());
    measures.add(PEAK_CONDITIONAL, memory.peak_mb);
    measures.add(SENT, replies.iter().map(Vec::len).sum::<usize>() as f64 / 1e6);
    measures.add(CPU, cpu);
    Ok(measures)
}

/// A server that sends less has not done the work.
fn check(reply: &[u8], rows_expected: usize) -> Result<()> {
    // The rows are free to hold any text, so only a reply without rows can be looked at for errors.
    let rows = data::initial_rows(reply);
    if rows == 0 {
        expect_success(reply)?;
    }
    match rows == rows_expected {
        true => Ok(()),
        false => Err(format!("a client received {rows} rows, not {rows_expected}").into()),
    }
}
