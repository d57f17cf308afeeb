//! From exec on the southbound database until a client's first requests are answered.

use super::Bench;
use crate::measure::{Measures, Metric, Requirement};
use crate::server::Kind;
use crate::{Result, data};
use serde_json::json;
use std::time::Instant;

const TIME: Metric = Metric::new(
    "until the first monitor is answered",
    "s",
    Requirement::RatioAtMost(1.0 / 3.0),
);
const CONNECT: Metric = Metric::report("until a client can connect", "s");

pub fn run(bench: &Bench, kind: Kind) -> Result<Measures> {
    let get_schema = data::request("get_schema", &json!(["OVN_Southbound"]));
    // A small table: the work is the restart, not the reply.
    let monitor = data::monitor(&["SB_Global".to_owned()], None);
    let server = bench.start_southbound(kind)?;
    let begin = Instant::now();
    let mut connection = server.connect()?;
    connection.call(&get_schema)?;
    if data::initial_rows(connection.call(&monitor)?) != 1 {
        return Err("the restarted server does not have its row of SB_Global".into());
    }
    let mut measures = Measures::default();
    measures.add(TIME, (server.start + begin.elapsed()).as_secs_f64());
    measures.add(CONNECT, server.start.as_secs_f64());
    Ok(measures)
}
