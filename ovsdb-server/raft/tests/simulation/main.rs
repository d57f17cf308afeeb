//! Members of a cluster under seeded faults: the real ones, with openraft, the log, the snapshots, the protocol between
//! members, forwarding, elections and changes of the membership; only the disk, the network, the clocks and chance are
//! simulated. All in one thread.
//!
//! In: `FERROVN_SEED` (run this one), `FERROVN_SEEDS` (run so many), `FERROVN_TRACE` (tell what happens). Out: a
//! violated promise, by the seed that shows it.
//!
//! Reading order: [`cluster`] (machines and time), [`clients`], [`nemesis`], [`replica`] (what is agreed on),
//! [`record`] (what is seen), then one promise per file in [`invariants`]; below them [`simulated`].

mod clients;
mod cluster;
mod invariants;
mod nemesis;
mod record;
mod replica;
#[path = "../simulated/mod.rs"]
mod simulated;

use cluster::Cluster;
use record::Totals;
use simulated::panics;

/// Seeds of an ordinary run.
const SEEDS: u64 = 30;

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn again(seed: u64) -> String {
    format!("FERROVN_SEED={seed} cargo test -p ovsdb-raft --test simulation")
}

#[test]
fn members_keep_their_promises() {
    panics::watch();
    let seeds = match (number("FERROVN_SEED"), number("FERROVN_SEEDS")) {
        (Some(seed), _) => seed..=seed,
        (None, n) => 1..=n.unwrap_or(SEEDS),
    };
    let mut broken = Vec::new();
    let mut totals = Totals::default();
    for seed in seeds {
        let mut cluster = Cluster::new(seed);
        if let Err(violation) = cluster.run() {
            broken.push(format!("{violation}\n    {}", again(seed)));
        }
        totals.add(&cluster.record.totals());
    }
    println!("{totals:?}");
    assert!(
        broken.is_empty(),
        "{} seeds:\n{}",
        broken.len(),
        broken.join("\n")
    );
    if number("FERROVN_SEED").is_none() {
        assert_eq!(
            totals.missing(),
            Vec::<&str>::new(),
            "the faults that never came to pass"
        );
    }
}

#[test]
fn a_seed_decides_everything() {
    let trace = |seed| {
        let mut cluster = Cluster::new(seed);
        cluster
            .run()
            .map(|()| (cluster.record.totals(), cluster.record.trace()))
    };
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}
