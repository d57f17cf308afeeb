//! Runs the packaged C `ovn-northd` and ours in turn over the same northbound database, and prints the figures of both
//! and their ratio.
//!
//! In: the C programs (`$FERROVN_PEERS`), our `ovn-northd` beside this program (`cargo build -p ovn-northd`), flags.
//! Out: a table on stdout. Never here: a verdict.
//!
//! Reading order: [`args`], [`shape`] (the databases), [`change`] (what is changed in them), [`zone`] (the programs),
//! [`measure`] and [`failover`] (what is measured).

mod args;
mod change;
mod failover;
mod measure;
mod shape;
mod zone;

use std::process::ExitCode;

use ferrovn_tests::figures;
use ferrovn_tests::server::Kind;

fn main() -> ExitCode {
    let args = match args::parse() {
        Ok(args) => args,
        Err(error) => {
            eprintln!("ferrovn-bench-northd: {error}");
            return ExitCode::FAILURE;
        }
    };
    let run = |kind: Kind| {
        let mut figures = measure::run(kind, &args);
        if args.wants(failover::NAME) {
            figures.extend(failover::run(kind, &args));
        }
        figures
    };
    let run = |kind: Kind| args.kinds.contains(&kind).then(|| run(kind));
    let (c, ours) = (run(Kind::C), run(Kind::Ours));
    println!(
        "{:?}, scale {}, {} repeats, {:?} databases, unix sockets; load at the end {}\n",
        args.form,
        args.scale,
        args.repeats,
        args.databases,
        figures::load()
    );
    print!("{}", figures::table(c.as_deref(), ours.as_deref()));
    ExitCode::SUCCESS
}
