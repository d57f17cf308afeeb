//! The program `ovn-ic-db`: serves the two databases that availability zones share, alone or as a member of a cluster,
//! with one command and without scripts.
//!
//! In: a command line. Out: database files where there are none, then all that `ovsdb-server` does with them. Never
//! here: how a database is served ([`ovsdb_server`]), what is in it.
//!
//! Reading order: `args` (command line), `place` (a database and its place in a cluster), `files` (what is made before
//! serving), `others` (whether a cluster is at work already).

mod args;
mod files;
mod others;
mod place;

use args::{Asked, PROGRAM, VERSION};
use ovsdb_server::run::{Program, run};
use place::Place;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    ovsdb_daemon::dirs::be_of_ovn();
    ovsdb_daemon::vlog::init(PROGRAM);
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Asked::Serve { places, tls, args }) => {
            let schema = |place: &Place| (ovn_schemas::schema(place.db), place.file.clone());
            let program = Program {
                name: PROGRAM,
                version: VERSION,
                schemas: places.iter().map(schema).collect(),
                prepare: Box::new(move || files::prepare(&places, &tls)),
            };
            std::process::exit(run(program, *args));
        }
        Ok(Asked::Print(text)) => print!("{text}"),
        Err(error) => {
            eprintln!("{PROGRAM}: {error}");
            std::process::exit(1);
        }
    }
}
