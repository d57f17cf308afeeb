//! The command line of `ovn-northd`, spelled as the C program spells it (ovn-northd(8)).
//!
//! In: words. Out: [`Args`], or a text for the terminal. Never here: files, sockets (but log options, which take
//! effect as they are read, so that their order counts).

use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use lexopt::Parser;
use ovsdb_daemon::dirs;
use ovsdb_daemon::options::{self, DaemonOptions, LogOptions, TlsOptions, Token};
use ovsdb_data::os_text;
use ovsdb_transport::remote::Remote;
use ovsdb_transport::tls::TlsFiles;

use crate::{diff, explain, plan};

/// The program's name.
pub const PROGRAM: &str = "ovn-northd";

/// Its version, in the form that scripts parse.
pub const VERSION: &str = "ovn-northd 25.03.0\nOpen vSwitch Library 3.5.0\nDB Schema 7.11.0";

/// The most threads that may be asked for.
const THREADS_MAX: u32 = 256;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct Args {
    /// Where the northbound database is.
    pub nb: Vec<Remote>,
    /// Where the southbound database is.
    pub sb: Vec<Remote>,
    /// `--dry-run`: begins paused.
    pub dry_run: bool,
    /// `--n-threads`: taken, shown, and of no effect: a change costs too little to be divided.
    pub n_threads: u32,
    /// `--unixctl`.
    pub unixctl: Option<String>,
    /// Keys and certificates.
    pub tls: TlsFiles,
    /// Daemon options.
    pub daemon: DaemonOptions,
}

/// What to do.
pub enum Command {
    /// Run.
    Run(Box<Args>),
    /// Print a text and exit 0.
    Print(String),
    /// One of the commands that look once, with the words after its name.
    Look(Look, Vec<OsString>),
}

/// A command that looks once: its exit status.
pub type Look = fn(Vec<OsString>) -> Result<i32, Trouble>;

/// Why a command cannot be done, in words.
#[derive(Debug)]
pub struct Trouble(pub String);

impl From<String> for Trouble {
    fn from(text: String) -> Trouble {
        Trouble(text)
    }
}

impl From<&str> for Trouble {
    fn from(text: &str) -> Trouble {
        Trouble(text.to_owned())
    }
}

/// The commands that look once, by name: C's program takes no words at all.
const LOOKS: [(&str, Look); 3] = [
    ("plan", plan::run),
    ("diff", diff::run),
    ("explain", explain::run),
];

/// Prints a text; who reads it may stop when he has seen enough.
pub fn print(text: &str, to: Option<&Path>) -> Result<i32, Trouble> {
    let written = match to {
        Some(path) => std::fs::write(path, text),
        None => std::io::stdout().write_all(text.as_bytes()),
    };
    let name = to.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("{name}: {}", os_text(&error)).into())
        }
        _ => Ok(0),
    }
}

/// Parses the words after the program's name.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    let look = LOOKS
        .iter()
        .find(|(name, _)| words.first().is_some_and(|word| word == name));
    if let Some((_, look)) = look {
        return Ok(Command::Look(*look, words.split_off(1)));
    }
    let words = options::complete(words, &names(), &format!("dDu{}", TlsOptions::SHORTS))?;
    let mut parser = Parser::from_args(words);
    let [mut nb, mut sb] = default_remotes();
    let (mut daemon, mut log) = (DaemonOptions::default(), LogOptions::default());
    let mut tls = TlsOptions::default();
    let (mut dry_run, mut n_threads, mut unixctl) = (false, 1, None);
    let text = options::error_text;
    while let Some(token) = Token::next(&mut parser).map_err(text)? {
        if daemon.accept(&token, &mut parser, PROGRAM).map_err(text)?
            || log.accept(&token, &mut parser, PROGRAM).map_err(text)?
            || tls.accept(&token, &mut parser).map_err(text)?
        {
            continue;
        }
        let name = match &token {
            Token::Value(value) => {
                return Err(format!(
                    "non-option argument {}: see --help",
                    value.to_string_lossy()
                ));
            }
            Token::Short('h') => "help",
            Token::Short('V') => "version",
            Token::Short('o') => "options",
            Token::Short('D') => "ovnnb-db",
            Token::Short('d') => "ovnsb-db",
            Token::Short('u') => "unixctl",
            Token::Long(name) => name,
            Token::Short(_) => return Err(token.unrecognized()),
        };
        let mut value = || {
            parser
                .value()
                .map(|v| v.to_string_lossy().into_owned())
                .map_err(text)
        };
        match name {
            "help" => return Ok(Command::Print(help())),
            "version" => return Ok(Command::Print(format!("{VERSION}\n"))),
            "options" => return Ok(Command::Print(list())),
            "ovnnb-db" => nb = value()?,
            "ovnsb-db" => sb = value()?,
            "dry-run" => dry_run = true,
            "n-threads" => n_threads = threads(&value()?)?,
            "unixctl" => unixctl = Some(value()?),
            _ => return Err(token.unrecognized()),
        }
    }
    Ok(Command::Run(Box::new(Args {
        nb: remotes("--ovnnb-db", &nb)?,
        sb: remotes("--ovnsb-db", &sb)?,
        dry_run,
        n_threads,
        unixctl,
        tls: tls_files(tls),
        daemon,
    })))
}

/// Where the northbound and the southbound database are unless somebody says otherwise.
pub fn default_remotes() -> [String; 2] {
    [("OVN_NB_DB", "ovnnb_db.sock"), ("OVN_SB_DB", "ovnsb_db.sock")]
        .map(|(variable, socket)| default(variable, socket))
}

/// The files that the options name.
pub fn tls_files(options: TlsOptions) -> TlsFiles {
    TlsFiles {
        private_key: options.private_key.map(Into::into),
        certificate: options.certificate.map(Into::into),
        ca_cert: options.ca_cert.map(Into::into),
        protocols: options.protocols,
        ciphers: options.ciphers,
        ciphersuites: options.ciphersuites,
        ..TlsFiles::default()
    }
}

/// The remote that the environment names, or the socket where OVN's scripts have it.
fn default(variable: &str, socket: &str) -> String {
    let named = std::env::var(variable).ok().filter(|remote| !remote.is_empty());
    named.unwrap_or_else(|| format!("unix:{}", dirs::rundir().join(socket).display()))
}

/// Remotes, with commas between them.
pub fn remotes(option: &str, text: &str) -> Result<Vec<Remote>, String> {
    let remotes = text.split(',').map(str::trim).filter(|remote| !remote.is_empty());
    let remotes: Result<Vec<Remote>, String> = remotes
        .map(|remote| remote.parse().map_err(|error| format!("{option}: {error}")))
        .collect();
    remotes.and_then(|remotes| match remotes.is_empty() {
        true => Err(format!("{option}: a remote is missing")),
        false => Ok(remotes),
    })
}

/// A number of threads, made fit as the C program does.
pub fn threads(text: &str) -> Result<u32, String> {
    let n: i64 = text
        .parse()
        .map_err(|_| format!("--n-threads requires a number, not {text}"))?;
    let fit = n.clamp(1, i64::from(THREADS_MAX)) as u32;
    if i64::from(fit) != n {
        tracing::warn!(target: "ovn_northd", "Setting n_threads from {n} to {fit}.");
    }
    if fit != 1 {
        tracing::info!(target: "ovn_northd", "Using {fit} threads");
    }
    Ok(fit)
}

fn help() -> String {
    let [nb, sb] = default_remotes();
    format!(
        "{PROGRAM}: OVN northbound management daemon
usage: {PROGRAM} [OPTIONS]
       {PROGRAM} plan|diff|explain --help

Options:
  --ovnnb-db=DATABASE       connect to ovn-nb database at DATABASE
                            (default: {})
  --ovnsb-db=DATABASE       connect to ovn-sb database at DATABASE
                            (default: {})
  --dry-run                 start in paused state (do not commit db changes)
  --n-threads=N             accepted for compatibility
  --unixctl=SOCKET          override default control socket name
  -h, --help                display this help message
  -o, --options             list available options
  -V, --version             display version information
{}{}{}",
        nb,
        sb,
        DaemonOptions::help(PROGRAM),
        LogOptions::help(PROGRAM),
        TlsOptions::HELP,
    )
}

fn names() -> Vec<&'static str> {
    const OWN: [&str; 8] = [
        "ovnnb-db=",
        "ovnsb-db=",
        "dry-run",
        "n-threads=",
        "unixctl=",
        "help",
        "options",
        "version",
    ];
    OWN.into_iter()
        .chain(DaemonOptions::NAMES)
        .chain(LogOptions::NAMES)
        .chain(TlsOptions::NAMES)
        .collect()
}

fn list() -> String {
    let mut names = names();
    names.sort_unstable();
    names.iter().map(|name| format!("--{name}\n")).collect()
}
