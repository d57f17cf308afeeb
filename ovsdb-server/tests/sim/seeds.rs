//! Runs a simulation for many seeds, or for one that showed something.
//!
//! In: `FERROVN_SEED` (run this one), `FERROVN_SEEDS` (run so many), `FERROVN_FIRST` (from this one on),
//! `FERROVN_TRACE` (tell what happens). Out: a violated promise, by the seed that shows it.

use crate::sim::world::{Totals, World};

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Says how to run a seed again when it makes the server panic.
struct Seed(String);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

/// Runs a test's seeds, so many in an ordinary run.
pub fn run(test: &str, n: u64) {
    let again = |seed: u64| format!("FERROVN_SEED={seed} cargo test -p ovsdb-server --test {test}");
    let first = number("FERROVN_FIRST").unwrap_or(1);
    let seeds = match (number("FERROVN_SEED"), number("FERROVN_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, asked) => first..first + asked.unwrap_or(n),
    };
    let mut broken = Vec::new();
    let mut totals = Totals::default();
    for seed in seeds {
        let _telling = Seed(again(seed));
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

/// One seed twice comes to the same, another does not.
pub fn decide_everything() {
    let trace = |seed| {
        let mut world = World::new(seed);
        world.run().map(|()| (world.totals(), world.trace()))
    };
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}
