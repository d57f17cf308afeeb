//! Runs a simulation for many seeds, or for one that showed something.
//!
//! In: `FERROVN_SEED` (run this one), `FERROVN_SEEDS` (run so many), `FERROVN_FIRST` (from this one on),
//! `FERROVN_TRACE` (tell what happens). Out: a violated promise, by the seed that shows it.

use std::collections::BTreeMap;

/// A simulation that a seed decides.
pub struct Simulation {
    /// Whose test it is, for cargo.
    pub package: &'static str,
    pub test: &'static str,
    /// Seeds of an ordinary run.
    pub n_seeds: u64,
    /// What a run of many seeds must have seen.
    pub expected: &'static [&'static [&'static str]],
    pub run: fn(u64) -> Run,
}

/// What one seed came to.
#[derive(Debug, PartialEq)]
pub struct Run {
    /// An error is a broken promise.
    pub verdict: Result<(), String>,
    pub totals: Totals,
    /// A number that two runs share if everything happened alike.
    pub trace: u64,
}

/// How much of what happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals(BTreeMap<&'static str, usize>);

impl Totals {
    pub fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    pub fn add(&mut self, what: &'static str, n: usize) {
        *self.0.entry(what).or_default() += n;
    }

    fn missing(&self, expected: &[&[&'static str]]) -> Vec<&'static str> {
        let never = |what: &&str| self.0.get(what).is_none_or(|n| *n == 0);
        expected
            .iter()
            .copied()
            .flatten()
            .copied()
            .filter(never)
            .collect()
    }
}

impl Simulation {
    /// Every seed keeps the promises, and all of them together see every fault.
    pub fn keeps_its_promises(&self) {
        let first = number("FERROVN_FIRST").unwrap_or(1);
        let seeds = match (number("FERROVN_SEED"), number("FERROVN_SEEDS")) {
            (Some(seed), _) => seed..seed + 1,
            (None, asked) => first..first + asked.unwrap_or(self.n_seeds),
        };
        let mut broken = Vec::new();
        let mut totals = Totals::default();
        for seed in seeds {
            let telling = Telling(self.again(seed));
            let run = (self.run)(seed);
            run.totals.0.iter().for_each(|(what, n)| totals.add(what, *n));
            if let Err(violation) = run.verdict {
                broken.push(format!("{violation}\n    {}", telling.0));
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
                totals.missing(self.expected),
                Vec::<&str>::new(),
                "the faults that never came to pass"
            );
        }
    }

    /// One seed twice comes to the same, another does not.
    pub fn is_decided_by_its_seed(&self) {
        let run = |seed| {
            let run = (self.run)(seed);
            assert_eq!(run.verdict, Ok(()), "{}", self.again(seed));
            run
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    fn again(&self, seed: u64) -> String {
        format!(
            "FERROVN_SEED={seed} cargo test -p {} --test {}",
            self.package, self.test
        )
    }
}

/// Says how to run a seed again when it panics.
struct Telling(String);

impl Drop for Telling {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}
