//! A clustered database under seeded faults: several servers in one thread, a model of consensus between them,
//! clients on all of them. Time, uuids and the order of everything come from the seed.
//!
//! Never here: sockets, disks, elections: what a log may do to its members is invented by [`consensus`], also what
//! real consensus does rarely. With the real one: `whole_sim`.
//!
//! Reading order: [`sim`], [`consensus`], [`nemesis`]. Variables that it reads: [`seeds`].

mod consensus;
mod nemesis;
#[path = "../../raft/tests/seeds/mod.rs"]
mod seeds;
#[path = "../sim/mod.rs"]
mod sim;

use seeds::Simulation;

const SIMULATION: Simulation = Simulation {
    package: "ovsdb-server",
    test: "cluster_sim",
    n_seeds: 60,
    expected: &[consensus::EXPECTED],
    run: sim::world::run,
};

#[test]
fn a_cluster_keeps_its_promises() {
    SIMULATION.keeps_its_promises();
}

#[test]
fn a_seed_decides_everything() {
    SIMULATION.is_decided_by_its_seed();
}
