//! Members of a cluster under seeded faults: the real ones, with openraft, the log, the snapshots, the protocol between
//! members, forwarding, elections and changes of the membership; only the disk, the network, the clocks and chance are
//! simulated. All in one thread.
//!
//! Reading order: [`cluster`] (machines and time), [`clients`], [`nemesis`], [`replica`] (what is agreed on),
//! [`record`] (what is seen), then one promise per file in [`invariants`]; below them [`simulated`]. Variables that it
//! reads: [`seeds`].

mod clients;
mod cluster;
mod invariants;
mod nemesis;
mod record;
mod replica;
#[path = "../seeds/mod.rs"]
mod seeds;
#[path = "../simulated/mod.rs"]
mod simulated;
mod unfinished;

use cluster::Cluster;
use seeds::{Run, Simulation};
use simulated::{faults, panics};

const SIMULATION: Simulation = Simulation {
    package: "ovsdb-raft",
    test: "simulation",
    n_seeds: 30,
    expected: &[faults::EXPECTED, record::EXPECTED],
    run,
};

fn run(seed: u64) -> Run {
    panics::watch();
    let mut cluster = Cluster::new(seed);
    Run {
        verdict: cluster.run(),
        totals: cluster.record.totals(),
        trace: cluster.record.trace(),
    }
}

#[test]
fn members_keep_their_promises() {
    SIMULATION.keeps_its_promises();
}

#[test]
fn a_seed_decides_everything() {
    SIMULATION.is_decided_by_its_seed();
}
