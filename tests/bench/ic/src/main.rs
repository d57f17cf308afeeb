//! Runs the packaged C `ovn-ic` and ours in turn in the same zones, and prints the figures of both and their ratio.
//!
//! In: the C programs (`$FERROVN_PEERS`), our `ovn-ic` beside this program (`cargo build -p ovn-ic`), flags. Out: a
//! table on stdout. Never here: a verdict; `ovn-northd`, whose work would hide what is measured: what it would say about
//! a port is put into the southbound databases.
//!
//! Reading order: [`zones`] (the databases and programs), [`measure`] (what is measured).

mod measure;
mod zones;

use std::process::ExitCode;

use ferrovn_tests::figures;
use ferrovn_tests::server::Kind;
use lexopt::prelude::*;

/// What was asked for.
struct Args {
    zones: usize,
    routes: usize,
    repeats: usize,
    kinds: Vec<Kind>,
}

const USAGE: &str =
    "usage: ferrovn-bench-ic [--quick] [--zones N] [--routes N] [--repeats N] [--ic c|ours|both]";

fn parse() -> Result<Args, lexopt::Error> {
    let mut args = Args {
        zones: 10,
        routes: 1000,
        repeats: 3,
        kinds: vec![Kind::C, Kind::Ours],
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("quick") => (args.zones, args.routes) = (3, 100),
            Long("zones") => args.zones = parser.value()?.parse::<usize>()?.clamp(2, 100),
            Long("routes") => args.routes = parser.value()?.parse::<usize>()?.clamp(1, 50_000),
            Long("repeats") => args.repeats = parser.value()?.parse::<usize>()?.max(1),
            Long("ic") => {
                args.kinds = match parser.value()?.string()?.as_str() {
                    "c" => vec![Kind::C],
                    "ours" => vec![Kind::Ours],
                    "both" => vec![Kind::C, Kind::Ours],
                    other => return Err(format!("--ic {other}: not c, ours or both").into()),
                }
            }
            Long("help") | Short('h') => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            other => return Err(format!("{}\n{USAGE}", other.unexpected()).into()),
        }
    }
    Ok(args)
}

fn main() -> ExitCode {
    let args = match parse() {
        Ok(args) => args,
        Err(error) => {
            eprintln!("ferrovn-bench-ic: {error}");
            return ExitCode::FAILURE;
        }
    };
    let run = |kind: Kind| {
        let is_wanted = args.kinds.contains(&kind);
        is_wanted.then(|| measure::run(kind, args.zones, args.routes, args.repeats))
    };
    let (c, ours) = (run(Kind::C), run(Kind::Ours));
    println!(
        "{} zones of {} routes, {} repeats, C databases, unix sockets; load at the end {}\n",
        args.zones,
        args.routes,
        args.repeats,
        figures::load()
    );
    print!("{}", figures::table(c.as_deref(), ours.as_deref()));
    ExitCode::SUCCESS
}
