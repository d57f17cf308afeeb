//! The whole server under seeded faults: databases, sessions, monitors, the way to the cluster, and below them the real
//! members, with openraft, the log and the snapshots. Only the disk, the network, the clocks and chance are simulated.
//! All in one thread.
//!
//! Never here: sockets, TLS, RocksDB; the file that names a member is a real one, and no crash comes into the middle of
//! its writing.
//!
//! Reading order: [`sim`], [`consensus`] (machines and their processes), [`nemesis`]; below them [`simulated`].
//! Variables that it reads: [`sim::seeds`].

mod consensus;
mod machine;
mod nemesis;
#[path = "../sim/mod.rs"]
mod sim;
#[path = "../../raft/tests/simulated/mod.rs"]
mod simulated;

/// Seeds of an ordinary run.
const SEEDS: u64 = 20;

#[test]
fn a_whole_cluster_keeps_its_promises() {
    sim::seeds::run("whole_sim", SEEDS);
}

#[test]
fn a_seed_decides_everything() {
    sim::seeds::decide_everything();
}
