//! The program `ovn-northd`: parses, runs.

mod args;
mod control;
mod databases;
mod run;
mod sequence;

use args::Command;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    ovsdb_daemon::dirs::be_of_ovn();
    ovsdb_daemon::vlog::init(args::PROGRAM);
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Run(args)) => std::process::exit(run::run(*args)),
        Ok(Command::Print(text)) => print!("{text}"),
        Err(error) => {
            eprintln!("{}: {error}", args::PROGRAM);
            std::process::exit(1);
        }
    }
}
