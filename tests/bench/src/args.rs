//! The command line.

use crate::Result;
use crate::server::Kind;
use lexopt::prelude::*;
use std::path::PathBuf;

/// What was asked for.
pub struct Args {
    /// Names of the works to run; empty means all.
    pub only: Vec<String>,
    /// The servers to run, in the order they alternate.
    pub kinds: Vec<Kind>,
    /// A tenth of the data, one repetition.
    pub quick: bool,
    /// Our binary, if not the one beside this program.
    pub binary: Option<PathBuf>,
}

const USAGE: &str = "usage: ferrovn-bench [--only NAME]... [--kind c|ours|both] [--quick] [--binary PATH]";

/// Reads the process's arguments.
pub fn parse() -> Result<Args> {
    let mut args = Args {
        only: Vec::new(),
        kinds: vec![Kind::C, Kind::Ours],
        quick: false,
        binary: None,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("only") => args.only.push(parser.value()?.string()?),
            Long("kind") => {
                args.kinds = match parser.value()?.string()?.as_str() {
                    "c" => vec![Kind::C],
                    "ours" => vec![Kind::Ours],
                    "both" => vec![Kind::C, Kind::Ours],
                    other => return Err(format!("--kind {other}: not c, ours or both").into()),
                }
            }
            Long("quick") => args.quick = true,
            Long("binary") => args.binary = Some(parser.value()?.into()),
            Long("help") | Short('h') => {
                println!("{USAGE}\nworks: {}", crate::work::names().join(" "));
                std::process::exit(0);
            }
            other => return Err(format!("{}\n{USAGE}", other.unexpected()).into()),
        }
    }
    Ok(args)
}
