//! How long after a commit is sent its update arrives, with fifty conditional monitors and two full ones.

use super::Bench;
use crate::client::{Event, Swarm};
use crate::measure::{Measures, Metric, ms, percentile};
use crate::server::Kind;
use crate::{Result, data};
use serde_json::json;
use std::time::Instant;

const CONDITIONAL: usize = 50;
const FULL: usize = 2;
const WRITER: usize = CONDITIONAL + FULL;
const TRANSACTIONS: usize = 5000;

/// Every so many transactions, one that every client sees.
const FOR_ALL_EVERY: usize = 10;

const P50: Metric = Metric::report("p50 from commit sent to update received", "ms");
const P99: Metric = Metric::report("p99 from commit sent to update received", "ms");
const RATE: Metric = Metric::report("rounds (commit, all its updates received)", "1/s");

pub fn run(bench: &Bench, kind: Kind) -> Result<Measures> {
    let tables = bench.southbound_tables()?;
    let shape = bench.shape();
    let datapaths_each = shape.datapaths / 100;
    let server = bench.start_southbound(kind)?;
    let mut swarm = server.swarm(WRITER + 1)?;
    for client in 0..WRITER {
        let clauses = data::of_datapaths((0..datapaths_each).map(|d| d * 100 + client));
        swarm.send(
            client,
            &data::monitor(&tables, (client < CONDITIONAL).then_some(clauses)),
        )?;
    }
    // The writer has a reply to wait for, too.
    swarm.send(WRITER, &data::request("list_dbs", &json!([])))?;
    swarm.await_one_each()?;
    let n = bench.scaled(TRANSACTIONS);
    let mut latencies = Vec::new();
    let begin = Instant::now();
    for i in 0..n {
        let (request, interested) = match i % FOR_ALL_EVERY {
            0 => (data::nb_cfg_update(i + 1), None),
            _ => {
                let client = i % CONDITIONAL;
                let flow =
                    data::flow_insert(shape, shape.flows + (i / CONDITIONAL) * shape.datapaths + client);
                (data::transact("OVN_Southbound", &[flow]), Some(client))
            }
        };
        round(&mut swarm, &request, interested, &mut latencies)?;
    }
    let elapsed = begin.elapsed();
    let mut measures = Measures::default();
    measures.add(P50, percentile(&latencies, 0.5));
    measures.add(P99, percentile(&latencies, 0.99));
    measures.add(RATE, n as f64 / elapsed.as_secs_f64());
    Ok(measures)
}

/// One commit, until the reply and the updates of all who must have one are in: the conditional client `interested`
/// (`None`: all of them) and the full ones.
fn round(
    swarm: &mut Swarm,
    request: &[u8],
    interested: Option<usize>,
    latencies: &mut Vec<f64>,
) -> Result<()> {
    let mut missing = 1 + FULL + interested.map_or(CONDITIONAL, |_| 1);
    let sent = Instant::now();
    swarm.send(WRITER, request)?;
    swarm.run_until(None, |_, client, event| {
        let Event::Message(text) = event else {
            return Ok(false);
        };
        let wanted = client >= CONDITIONAL || interested.is_none_or(|only| only == client);
        match (client == WRITER, data::is_update(text)) {
            (true, false) => crate::client::expect_success(text)?,
            (false, true) if wanted => latencies.push(ms(sent.elapsed())),
            _ => return Err(format!("client {client} received what it should not").into()),
        }
        missing -= 1;
        Ok(missing == 0)
    })?;
    Ok(())
}
