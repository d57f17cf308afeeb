//! What is measured of one `ovn-northd`.

use std::time::{Duration, Instant};

use ferrovn_tests::figures::{Figure, percentile};
use ferrovn_tests::server::Kind;

use crate::args::Args;
use crate::change::{CHANGES, POD_PORT};
use crate::shape::Shape;
use crate::zone::Zone;

/// Many pods in a short time.
const STREAM: &str = "1,000 pods in 10 s";
const N_STREAM: usize = 1000;
const STREAM_PERIOD: Duration = Duration::from_millis(10);

/// How long the program has nothing to do before it is looked at what it needs.
const REST: Duration = Duration::from_secs(30);

/// Fills a northbound database, starts a northd over an empty southbound one, and changes one thing after the other.
/// A time is from the northbound transaction, itself included, until `sb_cfg` says that the southbound database has it.
/// What a chassis writes counts from its own transaction on.
pub fn run(kind: Kind, args: &Args) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut note = |name: String, value: f64| {
        eprintln!("{kind:?}: {name}: {value:.2}");
        figures.push(Figure { name, value });
    };
    let shape = Shape::new(args.form, args.scale);
    let mut zone = Zone::new(args.databases);
    let begin = Instant::now();
    for operations in &shape.transactions {
        zone.transact(operations);
    }
    eprintln!("{} northbound rows in {:.1?}", shape.n_rows(), begin.elapsed());
    zone.ask(Vec::new());
    let begin = Instant::now();
    let northd = zone.start(kind);
    zone.wait();
    note("cold start, s".into(), begin.elapsed().as_secs_f64());
    // What it makes of its own rows is part of the work.
    zone.ask(Vec::new());
    zone.wait();
    note(
        "cold start until at rest, s".into(),
        begin.elapsed().as_secs_f64(),
    );
    note("processor time of it, s".into(), northd.process.cpu_s());
    note("resident, MB".into(), northd.process.memory_mb());
    // Allocators give back what is not used any more after a while.
    std::thread::sleep(REST);
    note(
        "resident after half a minute's rest, MB".into(),
        northd.process.memory_mb(),
    );
    note("logical flows".into(), zone.n_flows() as f64);
    for change in CHANGES.iter().filter(|change| args.wants(change.name)) {
        let cpu_s = northd.process.cpu_s();
        let times: Vec<f64> = (0..args.repeats)
            .map(|n| {
                let operations = (change.operations)(&shape.places, n);
                let report = change.of_chassis.as_ref().map(|of| {
                    let (table, row) = (of.seen)(&shape.places, n);
                    ((of.operations)(&shape.places, n), table, row)
                });
                let begin = Instant::now();
                if let Some((operations, table, row)) = report {
                    zone.report(&operations);
                    zone.wait_for(table, &row);
                }
                zone.ask(operations);
                zone.wait();
                begin.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        note(
            format!("{}, p50, ms", change.name),
            percentile(times.clone(), 0.5),
        );
        note(format!("{}, p99, ms", change.name), percentile(times, 0.99));
        let each = (northd.process.cpu_s() - cpu_s) * 1000.0 / args.repeats as f64;
        note(format!("{}, processor time, ms", change.name), each);
    }
    if args.wants(STREAM) {
        let cpu_s = northd.process.cpu_s();
        let begin = Instant::now();
        for n in 0..N_STREAM {
            zone.ask((POD_PORT.operations)(&shape.places, args.repeats + n));
            let due = STREAM_PERIOD * (n as u32 + 1);
            std::thread::sleep(due.saturating_sub(begin.elapsed()));
        }
        zone.wait();
        note(
            format!("{STREAM}, until the last is there, s"),
            begin.elapsed().as_secs_f64(),
        );
        note(
            format!("{STREAM}, processor time, s"),
            northd.process.cpu_s() - cpu_s,
        );
    }
    if args.wants("recompute") {
        let begin = Instant::now();
        northd.recompute();
        zone.ask(Vec::new());
        zone.wait();
        note("recompute, ms".into(), begin.elapsed().as_secs_f64() * 1000.0);
    }
    note("resident after all, MB".into(), northd.process.memory_mb());
    figures
}
