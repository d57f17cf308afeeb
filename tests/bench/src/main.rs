//! Runs the packaged C `ovsdb-server` and ours in turn on the same work, in one run on one machine, and prints both
//! figures and their ratio against the requirement.
//!
//! In: the C programs (`$FERROVN_PEERS`), our binary, flags. Out: a table on stdout and, after a full run,
//! `RESULTS.md` beside this crate. Never here: a verdict that fails a build; a miss is a word in a table.
//!
//! Reading order: [`args`], [`work`] (what is measured, one file each), [`client`] and [`server`] (the two ends),
//! [`data`] and [`prepared`] (the rows), [`table`].

mod args;
mod client;
mod data;
mod machine;
mod measure;
mod prepared;
mod server;
mod table;
mod work;

use std::process::ExitCode;

/// What any part of the benchmark may fail with: a text for the person at the terminal.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    match args::parse().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ferrovn-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: args::Args) -> Result<()> {
    let args::Args {
        only,
        kinds,
        quick,
        binary,
    } = args;
    let programs = server::Programs::find(&kinds, binary)?;
    let bench = work::Bench::new(programs, quick);
    let mut results = Vec::new();
    for work in work::selected(&only)? {
        results.extend(bench.run(work, &kinds));
    }
    let text = table::render(&results, &machine::describe(&bench.programs, quick));
    println!("{text}");
    if only.is_empty() && !quick {
        let path = machine::folder().join("RESULTS.md");
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
