//! The command line, spelled as the C programs spell it (ovn-northd(8), ovn-ic(8)).
//!
//! In: words. Out: [`Args`], or a text for the terminal. Never here: files, sockets (but log options, which take
//! effect as they are read, so that their order counts).

use std::ffi::OsString;

use lexopt::Parser;
use ovn_incremental::Side;
use ovsdb_daemon::dirs;
use ovsdb_daemon::options::{self, DaemonOptions, LogOptions, Token};
use ovsdb_transport::remote::Remote;
use ovsdb_transport::tls::TlsFiles;

use crate::{Database, Service};

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct Args {
    /// Where the databases are.
    pub remotes: Vec<(Side, Vec<Remote>)>,
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
}

/// Parses the words after the program's name.
pub fn parse<S: Service>(words: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let words = options::complete(words, &names::<S>(), "pcC")?;
    let mut parser = Parser::from_args(words);
    let mut databases: Vec<(&Database, String)> = S::DATABASES
        .iter()
        .map(|database| (database, database.default()))
        .collect();
    let (mut daemon, mut log) = (DaemonOptions::default(), LogOptions::default());
    let (mut tls, mut unixctl) = (TlsFiles::default(), None);
    let text = options::error_text;
    while let Some(token) = Token::next(&mut parser).map_err(text)? {
        if daemon.accept(&token, &mut parser, S::NAME).map_err(text)?
            || log.accept(&token, &mut parser, S::NAME).map_err(text)?
        {
            continue;
        }
        let name = match &token {
            Token::Value(value) => {
                let value = value.to_string_lossy();
                return Err(format!("non-option argument {value}: see --help"));
            }
            Token::Short('h') => "help",
            Token::Short('V') => "version",
            Token::Short('o') => "options",
            Token::Short('p') => "private-key",
            Token::Short('c') => "certificate",
            Token::Short('C') => "ca-cert",
            Token::Long(name) => name,
            Token::Short(_) => return Err(token.unrecognized()),
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
            "private-key" => tls.private_key = Some(value()?.into()),
            "certificate" => tls.certificate = Some(value()?.into()),
            "ca-cert" => tls.ca_cert = Some(value()?.into()),
            "ssl-protocols" => tls.protocols = Some(value()?),
            "ssl-ciphers" => tls.ciphers = Some(value()?),
            "ssl-ciphersuites" => tls.ciphersuites = Some(value()?),
            name => match databases.iter_mut().find(|(database, _)| database.name() == name) {
                Some((_, remote)) => *remote = value()?,
                None => return Err(token.unrecognized()),
            },
        }
    }
    let remotes = databases.iter().map(|(database, text)| {
        let remotes = remotes(&format!("--{}", database.name()), text)?;
        Ok((database.side, remotes))
    });
    Ok(Command::Run(Box::new(Args {
        remotes: remotes.collect::<Result<_, String>>()?,
        unixctl,
        tls,
        daemon,
    })))
}

impl Database {
    fn name(&self) -> &str {
        self.option.trim_end_matches('=')
    }

    /// The remote that the environment names, or the socket where OVN's scripts have it.
    fn default(&self) -> String {
        let named = std::env::var(self.variable)
            .ok()
            .filter(|remote| !remote.is_empty());
        named.unwrap_or_else(|| format!("unix:{}", dirs::rundir().join(self.socket).display()))
    }
}

/// Remotes, with commas between them.
fn remotes(option: &str, text: &str) -> Result<Vec<Remote>, String> {
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
    format!(
        "{name}: {about}
usage: {name} [OPTIONS]

Options:
{databases}  --unixctl=SOCKET          override default control socket name
  -h, --help                display this help message
  -o, --options             list available options
  -V, --version             display version information
{daemon}{log}
TLS:
  -p, --private-key=FILE    file with private key
  -c, --certificate=FILE    file with certificate for private key
  -C, --ca-cert=FILE        file with peer CA certificate
  --ssl-protocols=PROTOS    list or range of protocol versions
  --ssl-ciphers=CIPHERS     ciphers of TLSv1.2
  --ssl-ciphersuites=SUITES cipher suites of TLSv1.3
",
        name = S::NAME,
        about = S::ABOUT,
        databases = databases.collect::<String>(),
        daemon = DaemonOptions::help(S::NAME),
        log = LogOptions::help(S::NAME),
    )
}

fn names<S: Service>() -> Vec<&'static str> {
    const COMMON: [&str; 10] = [
        "unixctl=",
        "help",
        "options",
        "version",
        "private-key=",
        "certificate=",
        "ca-cert=",
        "ssl-protocols=",
        "ssl-ciphers=",
        "ssl-ciphersuites=",
    ];
    let databases = S::DATABASES.iter().map(|database| database.option);
    databases
        .chain(COMMON)
        .chain(DaemonOptions::NAMES)
        .chain(LogOptions::NAMES)
        .collect()
}

fn list<S: Service>() -> String {
    let mut names = names::<S>();
    names.sort_unstable();
    names.iter().map(|name| format!("--{name}\n")).collect()
}
