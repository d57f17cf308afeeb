//! Runs a target over its corpus and over mutations of it.

use crate::mutate::{Rng, mutate};
use crate::targets::Target;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// Mutated inputs tried for each target where the environment names no other number.
const ITERATIONS: u64 = 5_000;

/// An input may grow by mutations, but not beyond this.
const INPUT_BYTES_MAX: usize = 64 * 1024;

/// Runs the target; panics with the input that broke it, written to a file.
pub fn check(target: &Target) {
    let corpus = corpus(target.name);
    for (path, input) in &corpus {
        attempt(target, input, &path.display().to_string());
    }
    let seed = number("FUZZ_SEED").unwrap_or(1);
    let mut rng = Rng::new(seed);
    for i in 0..number("FUZZ_ITERATIONS").unwrap_or(ITERATIONS) / target.cost {
        let (_, base) = &corpus[rng.below(corpus.len())];
        let (_, other) = &corpus[rng.below(corpus.len())];
        let mut input = base.clone();
        for _ in 0..1 + rng.below(4) {
            mutate(&mut input, other, &mut rng);
        }
        input.truncate(INPUT_BYTES_MAX);
        attempt(target, &input, &format!("iteration {i} of seed {seed}"));
    }
}

fn attempt(target: &Target, input: &[u8], origin: &str) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
        let path = std::env::temp_dir().join(format!("ferrovn-fuzz-{}", target.name));
        let kept =
            std::fs::write(&path, input).map_or("not kept".to_owned(), |()| path.display().to_string());
        let shown = String::from_utf8_lossy(&input[..input.len().min(2000)]);
        panic!("{} broke on {origin} ({kept}): {shown}", target.name);
    }
}

/// The folder of the committed inputs, in the checkout whose tests run.
pub fn folder() -> PathBuf {
    let told = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    told.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into())
        .join("corpus")
}

/// The committed inputs, ordered by name. A target without any would test nothing.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder().join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text}: not a number")),
    )
}
