//! A clustered database under seeded faults: several servers in one thread, a model of consensus between them,
//! clients on all of them. Time, uuids and the order of everything come from the seed.
//!
//! In: `FERROVN_SEED` (run this one), `FERROVN_SEEDS` (run so many). Out: a violated promise, by the seed that shows
//! it. Never here: sockets, disks, elections: what a log may do to its members is invented by [`consensus`].
//!
//! Reading order: [`work`] (what clients do), [`world`] (what happens), [`consensus`], [`nemesis`], [`clients`],
//! [`reference`] (what the log means), then one promise per file in [`invariants`].

mod clients;
mod consensus;
mod host;
mod invariants;
mod nemesis;
mod reference;
mod replica;
mod work;
mod world;

use world::World;

/// Seeds of an ordinary run.
const SEEDS: u64 = 60;

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Says how to run a seed again when it makes the server panic.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", again(self.0));
        }
    }
}

fn again(seed: u64) -> String {
    format!("FERROVN_SEED={seed} cargo test -p ovsdb-server --test cluster_sim")
}

#[test]
fn a_cluster_keeps_its_promises() {
    let seeds = match (number("FERROVN_SEED"), number("FERROVN_SEEDS")) {
        (Some(seed), _) => seed..=seed,
        (None, n) => 1..=n.unwrap_or(SEEDS),
    };
    let mut broken = Vec::new();
    let mut totals = world::Totals::default();
    for seed in seeds {
        let _telling = Seed(seed);
        let mut world = World::new(seed);
        match world.run() {
            Ok(()) => totals.add(&world.totals()),
            Err(violation) => broken.push(format!("{violation}\n    {}", again(seed))),
        }
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
        let mut world = World::new(seed);
        world.run().map(|()| (world.totals(), world.trace()))
    };
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}
