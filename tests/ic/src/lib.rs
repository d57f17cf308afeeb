//! The oracle of interconnection: zones that the packaged `ovn-ic` connects, and what ours makes of the same zones.
//!
//! In: cases, scripts of commands (`cases/`). Out: contents of all databases, in words that do not depend on uuids.
//!
//! A case's line is `ZONE nb ARGUMENTS` or `ZONE sb ARGUMENTS` for a zone's databases, `ic nb ARGUMENTS` or
//! `ic sb ARGUMENTS` for those that zones share, in a shell's quoting. `settle` waits until nothing happens any more,
//! `base` stands for the lines of `cases/base.txt`, `#` begins a remark.

pub mod contents;
pub mod shared;
pub mod site;
pub mod world;

use std::collections::BTreeSet;
use std::path::PathBuf;

use ferrovn_tests::peers::Scratch;

/// The name of the databases that zones share.
pub const SHARED: &str = "ic";

/// A script.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its file's name, without the ending.
    pub name: String,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step of a script.
#[derive(Clone, Debug)]
pub enum Step {
    /// A command for a zone, or for what zones share.
    Command {
        /// Whose.
        zone: String,
        /// On the southbound database.
        is_southbound: bool,
        /// The arguments.
        words: Vec<String>,
    },
    /// Nothing happens any more.
    Settle,
}

impl Case {
    /// The zones that it is about.
    pub fn zones(&self) -> BTreeSet<&str> {
        let zones = self.steps.iter().filter_map(|step| match step {
            Step::Command { zone, .. } => Some(zone.as_str()),
            Step::Settle => None,
        });
        zones.filter(|zone| *zone != SHARED).collect()
    }
}

/// The folder of the cases, in the checkout whose tests run: the built program may be another checkout's.
fn folder() -> PathBuf {
    let told = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    told.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into())
        .join("cases")
}

/// Every case.
pub fn cases() -> Vec<Case> {
    let entries = std::fs::read_dir(folder()).expect("the cases are part of the sources");
    let paths = entries.map(|entry| entry.expect("a folder can be read to its end").path());
    let mut names: Vec<String> = paths
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != "base")
        .collect();
    names.sort();
    names.iter().map(|name| case(name)).collect()
}

/// A case by name.
pub fn case(name: &str) -> Case {
    Case {
        name: name.to_owned(),
        steps: steps(name),
    }
}

fn steps(name: &str) -> Vec<Step> {
    let path = folder().join(name).with_extension("txt");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut steps = Vec::new();
    for line in text.lines() {
        let words = shlex::split(line).unwrap_or_else(|| panic!("{name}: quoting of {line}"));
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => {}
            ["base"] => steps.extend(self::steps("base")),
            ["settle"] => steps.push(Step::Settle),
            [zone, side @ ("nb" | "sb"), ..] => steps.push(Step::Command {
                zone: zone.to_owned(),
                is_southbound: side == "sb",
                words: words[2..].to_vec(),
            }),
            _ => panic!("{name}: {line} is no step"),
        }
    }
    steps
}

/// Runs one of the peers' programs on a database, its arguments in a shell's quoting; its output.
fn ctl(scratch: &Scratch, program: &str, remotes: &str, words: &str) -> String {
    let db = format!("--db={remotes}");
    let words = shlex::split(words).unwrap_or_else(|| panic!("quoting of {words}"));
    let args: Vec<&str> = [db.as_str(), "--timeout=60"]
        .into_iter()
        .chain(words.iter().map(String::as_str))
        .collect();
    scratch.run(program, &args)
}
