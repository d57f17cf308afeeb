//! What is measured of the `ovn-ic` of all zones.

use std::time::Instant;

use ferrovn_tests::figures::{Figure, percentile};
use ferrovn_tests::server::Kind;

use crate::zones::Zones;

/// Connects zones, gives each its routes while nobody looks, and starts all at once; then one zone gets one route more,
/// and loses it, again and again.
pub fn run(kind: Kind, n_zones: usize, n_routes: usize, repeats: usize) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut note = |name: &str, value: f64| {
        eprintln!("{kind:?}: {name}: {value:.2}");
        figures.push(Figure {
            name: name.to_owned(),
            value,
        });
    };
    let mut zones = Zones::new(n_zones);
    zones.start(kind);
    zones.connect();
    zones.stop();
    zones.add_routes(n_routes);
    let begin = Instant::now();
    zones.start(kind);
    zones.wait_for_routes((n_zones - 1) * n_routes);
    note("all zones start, s", begin.elapsed().as_secs_f64());
    note("processor time of it, all zones, s", zones.cpu_s());
    note("resident, the largest zone, MB", zones.memory_mb());
    let cpu_s = zones.cpu_s();
    let times: Vec<[f64; 2]> = (0..repeats)
        .map(|n| {
            [true, false].map(|is_there| {
                let begin = Instant::now();
                zones.change_route(n, is_there);
                zones.wait_for_route(n, is_there);
                begin.elapsed().as_secs_f64() * 1000.0
            })
        })
        .collect();
    for (place, name) in ["a route comes", "a route goes"].into_iter().enumerate() {
        let times: Vec<f64> = times.iter().map(|times| times[place]).collect();
        note(
            &format!("{name}: until the last zone has it, p50, ms"),
            percentile(times.clone(), 0.5),
        );
        note(
            &format!("{name}: until the last zone has it, p99, ms"),
            percentile(times, 0.99),
        );
    }
    let each = (zones.cpu_s() - cpu_s) * 1000.0 / (2 * repeats) as f64;
    note("a route's change: processor time, all zones, ms", each);
    figures
}
