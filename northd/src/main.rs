//! The program `ovn-northd`: parses, runs.

mod args;
mod contents;
mod control;
mod coverage;
mod databases;
mod diff;
mod engine;
mod explain;
mod plan;
mod run;
mod sequence;
mod stopwatch;

use args::Command;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    ovsdb_daemon::dirs::be_of_ovn();
    ovsdb_daemon::vlog::init(args::PROGRAM);
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Run(args)) => std::process::exit(run::run(*args)),
        Ok(Command::Print(text)) => print!("{text}"),
        Ok(Command::Look(look, words)) => std::process::exit(look(words).unwrap_or_else(|trouble| {
            eprintln!("{}: {}", args::PROGRAM, trouble.0);
            2
        })),
        Err(error) => {
            eprintln!("{}: {error}", args::PROGRAM);
            std::process::exit(1);
        }
    }
}
