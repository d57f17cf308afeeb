//! Five hundred clients change a condition to three thousand clauses at once, as ovn-controllers do when the network
//! grows. A hundredth of the flows comes into each one's view.

use super::Bench;
use crate::client::{Event, expect_success};
use crate::measure::{Measures, Metric};
use crate::server::Kind;
use crate::{Result, data};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CLIENTS: usize = 500;
const CLAUSES: usize = 3000;

/// The run ends here, done or not.
const TIME_MAX: Duration = Duration::from_secs(120);

const WALL: Metric = Metric::report("time until the last has its rows", "s");
const CPU: Metric = Metric::report("processor time", "s");
const ANSWERED: Metric = Metric::report("clients served within the bound", "clients");
const PEAK: Metric = Metric::report("peak memory", "MB");

pub fn run(bench: &Bench, kind: Kind) -> Result<Measures> {
    let shape = bench.shape();
    let clients = bench.scaled(CLIENTS);
    let server = bench.start_southbound(kind)?;
    let mut swarm = server.swarm(clients)?;
    swarm.send_all(&data::monitor(
        &["Logical_Flow".to_owned()],
        Some(vec![json!(false)]),
    ))?;
    swarm.await_one_each()?;
    let changes: Vec<Vec<u8>> = (0..100).map(|i| change(i, shape.datapaths / 100)).collect();
    // What a client still waits for: the reply, and the update that precedes or follows it.
    let mut missing = vec![(true, true); clients];
    let mut served = 0;
    let cpu = server.cpu_s()?;
    let begin = Instant::now();
    for client in 0..clients {
        swarm.send(client, &changes[client % changes.len()])?;
    }
    let done = swarm.run_until(Some(begin + TIME_MAX), |_, client, event| {
        let Event::Message(text) = event else {
            return Ok(false);
        };
        match data::is_update(text) {
            true => missing[client].0 = false,
            false => {
                expect_success(text)?;
                missing[client].1 = false;
            }
        }
        served += usize::from(missing[client] == (false, false));
        Ok(served == clients)
    })?;
    let mut measures = Measures::default();
    measures.add(WALL, begin.elapsed().as_secs_f64());
    measures.add(CPU, server.cpu_s()? - cpu);
    measures.add(ANSWERED, served as f64);
    measures.add(PEAK, server.memory()?.peak_mb);
    if !done {
        measures.note = Some(format!(
            "stopped after {} s with {served} of {clients}",
            TIME_MAX.as_secs()
        ));
    }
    Ok(measures)
}

/// The `i`-th client's change: a few datapaths that are there, and groups that are not.
fn change(i: usize, datapaths: usize) -> Vec<u8> {
    let mut clauses: Vec<Value> = data::of_datapaths((0..datapaths).map(|d| d * 100 + i));
    clauses.extend(data::of_absent_groups(CLAUSES - datapaths));
    data::request(
        "monitor_cond_change",
        &json!(["bench", "bench", {"Logical_Flow": [{"where": clauses}]}]),
    )
}
