//! The command line.

use ferrovn_tests::server::Kind;
use lexopt::prelude::*;

use crate::shape::Form;

/// What was asked for.
pub struct Args {
    /// The form of the northbound database.
    pub form: Form,
    /// Its size; 1 is the whole.
    pub scale: f64,
    /// Whose `ovn-northd`.
    pub kinds: Vec<Kind>,
    /// Whose `ovsdb-server`.
    pub databases: Kind,
    /// How often each change is made.
    pub repeats: usize,
    /// The changes to make; empty means all.
    pub only: Vec<String>,
}

impl Args {
    /// Whether something is to be measured.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only))
    }
}

const USAGE: &str = "usage: ferrovn-bench-northd [--form k|o] [--quick | --scale SHARE] [--northd c|ours|both] \
                     [--kind c|ours] [--repeats N] [--only CHANGE]...";

/// Reads the process's arguments.
pub fn parse() -> Result<Args, lexopt::Error> {
    let mut args = Args {
        form: Form::KubeOvn,
        scale: 1.0,
        kinds: vec![Kind::C, Kind::Ours],
        databases: Kind::C,
        repeats: 10,
        only: Vec::new(),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("form") => {
                args.form = match parser.value()?.string()?.as_str() {
                    "k" => Form::KubeOvn,
                    "o" => Form::OvnKubernetes,
                    other => return Err(format!("--form {other}: not k or o").into()),
                }
            }
            Long("quick") => args.scale = 0.04,
            Long("scale") => args.scale = parser.value()?.parse()?,
            Long("northd") => {
                args.kinds = match parser.value()?.string()?.as_str() {
                    "both" => vec![Kind::C, Kind::Ours],
                    one => vec![kind(one)?],
                }
            }
            Long("kind") => args.databases = kind(&parser.value()?.string()?)?,
            Long("repeats") => args.repeats = parser.value()?.parse()?,
            Long("only") => args.only.push(parser.value()?.string()?),
            Long("help") | Short('h') => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            other => return Err(format!("{}\n{USAGE}", other.unexpected()).into()),
        }
    }
    Ok(args)
}

fn kind(text: &str) -> Result<Kind, lexopt::Error> {
    match text {
        "c" => Ok(Kind::C),
        "ours" => Ok(Kind::Ours),
        other => Err(format!("{other}: not c or ours").into()),
    }
}
