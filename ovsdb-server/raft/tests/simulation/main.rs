//! Members of a cluster under seeded faults: the real ones, with openraft, the log, the snapshots, the protocol between
//! members, forwarding, elections and changes of the membership; only the disk, the network, the clocks and chance are
//! simulated. All in one thread.
//!
//! In: `FERROVN_SEED` (run this one), `FERROVN_SEEDS` (run so many), `FERROVN_TRACE` (tell what happens). Out: a
//! violated promise, by the seed that shows it.
//!
//! Reading order: [`cluster`] (machines and time), [`clients`], [`nemesis`], [`replica`] (what is agreed on),
//! [`record`] (what is seen), then one promise per file in [`invariants`]; below them [`disk`], [`network`],
//! [`process`].

mod chance;
mod clients;
mod cluster;
mod disk;
mod invariants;
mod nemesis;
mod network;
mod process;
mod record;
mod replica;

use std::cell::Cell;

use cluster::Cluster;
use record::Totals;

/// Seeds of an ordinary run.
const SEEDS: u64 = 30;

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

thread_local! {
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a task has panicked, which its runtime would keep to itself.
fn has_panicked() -> bool {
    PANICKED.get()
}

fn watch_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICKED.set(true);
        tell(panic);
    }));
}

fn again(seed: u64) -> String {
    format!("FERROVN_SEED={seed} cargo test -p ovsdb-raft --test simulation")
}

#[test]
fn members_keep_their_promises() {
    watch_panics();
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
            PANICKED.set(false);
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
