//! The oracle: a northbound database that the packaged `ovn-northd` has translated, and what ours makes of it.
//!
//! In: cases, scripts of `ovn-nbctl` and `ovn-sbctl` commands (`cases/`). Out: differences, row by row and flow by
//! flow, in words that do not depend on uuids.
//!
//! A case's line is `nb ARGUMENTS` or `sb ARGUMENTS`, in a shell's quoting; `sync` waits for the packaged `ovn-northd`;
//! `found TABLE COLUMN VALUE COLUMN VALUE` sets a column to a text in the southbound rows that have a text in another;
//! `#` begins a remark.

pub mod compare;
pub mod fixture;
pub mod groups;
pub mod keys;
pub mod live;
pub mod nonsense;
pub mod renamed;
pub mod zone;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// A script.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its file's name under `cases/`, without the ending.
    pub name: String,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step of a script.
#[derive(Clone, Debug)]
pub enum Step {
    /// `ovn-nbctl` with these arguments, and what follows it after `--`.
    Nb(Vec<String>),
    /// `ovn-sbctl` likewise.
    Sb(Vec<String>),
    /// Waits for the packaged northd.
    Sync,
    /// Sets a column in southbound rows: the table, the column and the text to find them by, the column and its text.
    Found([String; 5]),
}

/// The folder of the cases, in the checkout whose tests run: the built program may be another checkout's.
fn folder() -> PathBuf {
    let told = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    told.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into())
        .join("cases")
}

/// Every case.
pub fn cases() -> Vec<Case> {
    let root = folder();
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let case = |path: &PathBuf| {
        let name = path.strip_prefix(&root).unwrap_or(path).with_extension("");
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Case {
            name: name.display().to_string(),
            steps: steps(&text, path),
        }
    };
    files.iter().map(case).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder can be read to its end").path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

fn steps(text: &str, path: &Path) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        let words = shlex::split(line).unwrap_or_else(|| panic!("{}: quoting of {line}", path.display()));
        let Some((first, rest)) = words.split_first() else {
            continue;
        };
        let rest = rest.to_vec();
        let join = |before: &mut Vec<String>| {
            before.push("--".to_owned());
            before.extend(rest.clone());
        };
        match (first.as_str(), steps.last_mut()) {
            ("nb", Some(Step::Nb(before))) | ("sb", Some(Step::Sb(before))) => join(before),
            ("nb", _) => steps.push(Step::Nb(rest)),
            ("sb", _) => steps.push(Step::Sb(rest)),
            ("sync", _) => steps.push(Step::Sync),
            ("found", _) => steps.push(Step::Found(
                rest.try_into()
                    .unwrap_or_else(|_| panic!("{}: {line}", path.display())),
            )),
            (other, _) => panic!("{}: {other} begins no step", path.display()),
        }
    }
    steps
}

/// Which random runs to make: as many as usual, `ORACLE_SEEDS=n`, or the one of `ORACLE_SEED=n`.
pub fn seeds(usual: u64) -> RangeInclusive<u64> {
    match number("ORACLE_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("ORACLE_SEEDS").unwrap_or(usual),
    }
}

/// How long each is: as usual, or `ORACLE_STEPS=n`.
pub fn n_steps(usual: u64) -> u64 {
    number("ORACLE_STEPS").unwrap_or(usual)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
