//! The command line, spelled as the C programs spell it (ovn-northd(8), ovn-ic(8)).
//!
//! In: words. Out: [`Args`], or a text for the terminal. Never here: files, sockets (but log options, which take
//! effect as they are read, so that their order counts).

use std::ffi::OsString;

use lexopt::Parser;
use ovn_incremental::Side;
use ovsdb_daemon::dirs;
use ovsdb_daemon::options::{self, DaemonOptions, LogOptions, TlsOptions, Token};
use ovsdb_transport::remote::Remote;
use ovsdb_transport::tls::TlsFiles;

use crate::{Database, Service};

/// What the command line asks for.
pub struct Args<S> {
    /// Where the databases are.
    pub remotes: Vec<(Side, Vec<Remote>)>,
    /// `--unixctl`.
    pub unixctl: Option<String>,
    /// Keys and certificates.
    pub tls: TlsFiles,
    /// Daemon options.
    pub daemon: DaemonOptions,
    /// With the program's own options.
    pub service: S,
}

/// What to do.
pub enum Command<S> {
    /// Run.
    Run(Box<Args<S>>),
    /// Print a text and exit 0.
    Print(String),
}

/// Parses the words after the program's name.
pub fn parse<S: Service>(words: impl IntoIterator<Item = OsString>) -> Result<Command<S>, String> {
    let letters: String = S::DATABASES.iter().map(|database| database.letter).collect();
    let letters = format!("u{letters}{}", TlsOptions::SHORTS);
    let words = options::complete(words, &names::<S>(), &letters)?;
    let mut parser = Parser::from_args(words);
    let mut databases: Vec<(&Database, String)> = S::DATABASES
        .iter()
        .map(|database| (database, database.default()))
        .collect();
    let (mut daemon, mut log) = (DaemonOptions::default(), LogOptions::default());
    let (mut tls, mut unixctl, mut service) = (TlsOptions::default(), None, S::default());
    let text = options::error_text;
    while let Some(token) = Token::next(&mut parser).map_err(text)? {
        if daemon.accept(&token, &mut parser, S::NAME).map_err(text)?
            || log.accept(&token, &mut parser, S::NAME).map_err(text)?
            || tls.accept(&token, &mut parser).map_err(text)?
        {
            continue;
        }
        let lettered = |letter: char| S::DATABASES.iter().find(|database| database.letter == letter);
        let name = match &token {
            Token::Value(value) => {
                let value = value.to_string_lossy();
                return Err(format!("non-option argument {value}: see --help"));
            }
            Token::Short('h') => "help",
            Token::Short('V') => "version",
            Token::Short('o') => "options",
            Token::Short('u') => "unixctl",
            Token::Long(name) => name,
            Token::Short(letter) => match lettered(*letter) {
                Some(database) => database.name(),
                None => return Err(token.unrecognized()),
            },
        };
        let mut value = || {
            let value = parser.value().map_err(text)?;
            Ok::<String, String>(value.to_string_lossy().into_owned())
        };
        match name {
            "help" => return Ok(Command::Print(help::<S>())),
            "version" => return Ok(Command::Print(format!("{}\n", S::VERSION))),
            "options" => return Ok(Command::Print(list::<S>())),
            "unixctl" => unixctl = Some(value()?),
            name => {
                let own = S::OPTIONS
                    .iter()
                    .find(|choice| choice.name.trim_end_matches('=') == name);
                match databases.iter_mut().find(|(database, _)| database.name() == name) {
                    Some((_, remote)) => *remote = value()?,
                    None => match own {
                        Some(choice) if choice.name.ends_with('=') => service.set(choice.name, value()?)?,
                        Some(choice) => service.set(choice.name, String::new())?,
                        None => return Err(token.unrecognized()),
                    },
                }
            }
        }
    }
    let remotes = databases.iter().map(|(database, text)| {
        let remotes = remotes(&format!("--{}", database.name()), text)?;
        Ok((database.side, remotes))
    });
    Ok(Command::Run(Box::new(Args {
        remotes: remotes.collect::<Result<_, String>>()?,
        unixctl,
        tls: tls_files(tls),
        daemon,
        service,
    })))
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

impl Database {
    fn name(&self) -> &str {
        self.option.trim_end_matches('=')
    }

    /// The remote that the environment names, or the socket where OVN's scripts have it.
    pub fn default(&self) -> String {
        let named = std::env::var(self.variable)
            .ok()
            .filter(|remote| !remote.is_empty());
        named.unwrap_or_else(|| format!("unix:{}", dirs::rundir().join(self.socket).display()))
    }
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

fn help<S: Service>() -> String {
    let databases = S::DATABASES.iter().map(|database| {
        format!(
            "  {:<25} connect to {} database at DATABASE\n{:28}(default: {})\n",
            format!("--{}DATABASE", database.option),
            database.words,
            "",
            database.default()
        )
    });
    let own = S::OPTIONS
        .iter()
        .map(|choice| format!("  {:<25} {}\n", format!("--{}", shown(choice.name)), choice.words));
    format!(
        "{name}: {about}
usage: {name} [OPTIONS]
{usage}
Options:
{databases}{own}  --unixctl=SOCKET          override default control socket name
  -h, --help                display this help message
  -o, --options             list available options
  -V, --version             display version information
{daemon}{log}{tls}",
        name = S::NAME,
        about = S::ABOUT,
        usage = S::USAGE,
        databases = databases.collect::<String>(),
        own = own.collect::<String>(),
        daemon = DaemonOptions::help(S::NAME),
        log = LogOptions::help(S::NAME),
        tls = TlsOptions::HELP,
    )
}

/// An option's name as help shows it: with a word for its value.
fn shown(name: &str) -> String {
    match name.ends_with('=') {
        true => format!("{name}N"),
        false => name.to_owned(),
    }
}

fn names<S: Service>() -> Vec<&'static str> {
    const COMMON: [&str; 4] = ["unixctl=", "help", "options", "version"];
    let databases = S::DATABASES.iter().map(|database| database.option);
    databases
        .chain(S::OPTIONS.iter().map(|choice| choice.name))
        .chain(COMMON)
        .chain(DaemonOptions::NAMES)
        .chain(LogOptions::NAMES)
        .chain(TlsOptions::NAMES)
        .collect()
}

fn list<S: Service>() -> String {
    let mut names = names::<S>();
    names.sort_unstable();
    names.iter().map(|name| format!("--{name}\n")).collect()
}
