//! A clustered database under seeded faults: several servers in one thread, a model of consensus between them,
//! clients on all of them. Time, uuids and the order of everything come from the seed.
//!
//! Never here: sockets, disks, elections: what a log may do to its members is invented by [`consensus`], also what
//! real consensus does rarely. With the real one: `whole_sim`.
//!
//! Reading order: [`sim`], [`consensus`], [`nemesis`]. Variables that it reads: [`sim::seeds`].

mod consensus;
mod nemesis;
#[path = "../sim/mod.rs"]
mod sim;

/// Seeds of an ordinary run.
const SEEDS: u64 = 60;

#[test]
fn a_cluster_keeps_its_promises() {
    sim::seeds::run("cluster_sim", SEEDS);
}

#[test]
fn a_seed_decides_everything() {
    sim::seeds::decide_everything();
}
