//! The program `ovsdb-server`: parses, runs.

use ovsdb_server::args::{self, Command};
use ovsdb_server::run::{Program, run};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    ovsdb_daemon::vlog::init(args::PROGRAM);
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Serve(args)) => std::process::exit(run(Program::default(), *args)),
        Ok(Command::Print(text)) => print!("{text}"),
        Err(error) => {
            eprintln!("{}: {error}", args::PROGRAM);
            std::process::exit(1);
        }
    }
}
