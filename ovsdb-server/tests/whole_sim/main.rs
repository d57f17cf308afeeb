//! The whole server under seeded faults: databases, sessions, monitors, the way to the cluster, and below them the real
//! members, with openraft, the log and the snapshots. Only the disk, the network, the clocks and chance are simulated.
//! All in one thread.
//!
//! Never here: sockets, TLS, RocksDB; the file that names a member is a real one, and no crash comes into the middle of
//! its writing. Of the folder beside it there is what a disk leaves there: so a member without its log is seen.
//!
//! Reading order: [`sim`], [`consensus`] (machines and their processes), [`nemesis`]; below them [`simulated`].
//! Variables that it reads: [`seeds`].

mod consensus;
mod machine;
mod nemesis;
#[path = "../../raft/tests/seeds/mod.rs"]
mod seeds;
#[path = "../sim/mod.rs"]
mod sim;
#[path = "../../raft/tests/simulated/mod.rs"]
mod simulated;

use seeds::Simulation;

const SIMULATION: Simulation = Simulation {
    package: "ovsdb-server",
    test: "whole_sim",
    n_seeds: 20,
    expected: &[simulated::faults::EXPECTED, consensus::EXPECTED],
    run: sim::world::run,
};

#[test]
fn a_whole_cluster_keeps_its_promises() {
    SIMULATION.keeps_its_promises();
}

#[test]
fn a_seed_decides_everything() {
    SIMULATION.is_decided_by_its_seed();
}
