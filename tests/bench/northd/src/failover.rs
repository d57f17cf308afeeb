//! What the death of the southbound leader costs.

use std::time::Instant;

use ferrovn_tests::figures::{Figure, percentile};
use ferrovn_tests::server::Kind;

use crate::args::Args;
use crate::change::POD_PORT;
use crate::shape::Shape;
use crate::zone::Zone;

/// Its name in the table.
pub const NAME: &str = "southbound leader killed";

/// Kills the leader of three southbound servers again and again, each time with a pod port to be brought there. A time
/// is from the kill until the database has it; the election is part of it, and the databases' own.
pub fn run(kind: Kind, args: &Args) -> Vec<Figure> {
    let shape = Shape::new(args.form, args.scale);
    let mut zone = Zone::clustered(args.databases);
    for operations in &shape.transactions {
        zone.transact(operations);
    }
    zone.ask(Vec::new());
    let northd = zone.start(kind);
    zone.wait();
    let mut n_anew = 0;
    let times: Vec<f64> = (0..args.repeats)
        .map(|n| {
            let flows = zone.flows();
            let begin = Instant::now();
            let leader = zone.kill_leader();
            zone.ask((POD_PORT.operations)(&shape.places, n));
            zone.wait();
            let time = begin.elapsed().as_secs_f64() * 1000.0;
            zone.restart(leader);
            n_anew += flows.difference(&zone.flows()).count();
            time
        })
        .collect();
    drop(northd);
    let figure = |what: &str, value: f64| {
        eprintln!("{kind:?}: {NAME}, {what}: {value:.2}");
        Figure {
            name: format!("{NAME}, {what}"),
            value,
        }
    };
    vec![
        figure(
            "until a pod port is there, p50, ms",
            percentile(times.clone(), 0.5),
        ),
        figure("until a pod port is there, worst, ms", percentile(times, 1.0)),
        figure("flows that were made anew", n_anew as f64),
    ]
}
