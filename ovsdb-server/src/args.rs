//! The command line of `ovsdb-server`, spelled as the C server spells it (ovsdb-server(1)).
//!
//! In: words. Out: [`Args`], or a text for the terminal. Never here: files, sockets (but log options, which take
//! effect as they are read, so that their order counts).

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::Parser;
use ovsdb_daemon::dirs;
use ovsdb_daemon::options::{self, DaemonOptions, LogOptions, TlsOptions, Token};

use crate::schedule::Schedule;
use crate::service::check_excluded;

/// The program's name.
pub const PROGRAM: &str = "ovsdb-server";

/// Its version, in the form that scripts parse.
pub const VERSION: &str = "ovsdb-server (Open vSwitch) 3.5.0";

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// Database files and `relay:` names, in order.
    pub databases: Vec<String>,
    /// `--remote`.
    pub remotes: Vec<String>,
    /// `--run`.
    pub run: Option<String>,
    /// `--unixctl`; a program that serves what several did may have several control sockets.
    pub unixctl: Vec<String>,
    /// `--config-file`.
    pub config_file: Option<PathBuf>,
    /// `--sync-from`.
    pub sync_from: Option<String>,
    /// `--sync-exclude-tables`.
    pub sync_exclude: Option<String>,
    /// `--active`.
    pub active: bool,
    /// `--disable-file-column-diff`.
    pub no_column_diff: bool,
    /// `--manage`, `--backup-folder` and its kin.
    pub operate: OperateOptions,
    /// `--private-key` and its kin; each a file or `db:DB,TABLE,COLUMN`.
    pub tls: TlsOptions,
    /// Daemon options.
    pub daemon: DaemonOptions,
    /// Log options.
    pub log: LogOptions,
}

/// What to do.
pub enum Command {
    /// Serve.
    Serve(Box<Args>),
    /// Print a text and exit 0.
    Print(String),
}

/// Parses the words after the program's name.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let words = options::complete(words, &names(), TlsOptions::SHORTS)?;
    let mut parser = Parser::from_args(words);
    let mut args = Args::default();
    let mut no_dbs = false;
    let text = options::error_text;
    while let Some(token) = Token::next(&mut parser).map_err(text)? {
        if args.daemon.accept(&token, &mut parser, PROGRAM).map_err(text)?
            || args.log.accept(&token, &mut parser, PROGRAM).map_err(text)?
            || args.tls.accept(&token, &mut parser).map_err(text)?
            || args.tls.accept_more(&token, &mut parser).map_err(text)?
            || args.operate.accept(&token, &mut parser)?
        {
            continue;
        }
        let name = match &token {
            Token::Value(value) => {
                args.databases.push(value.to_string_lossy().into_owned());
                continue;
            }
            Token::Short('h') => "help",
            Token::Short('V') => "version",
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
            "option" => return Ok(Command::Print(list())),
            "remote" => args.remotes.push(value()?),
            "run" => args.run = Some(value()?),
            "unixctl" => args.unixctl = vec![value()?],
            "config-file" => args.config_file = Some(dirs::within(&dirs::dbdir(), &value()?)),
            "no-dbs" => no_dbs = true,
            "sync-from" => args.sync_from = Some(value()?),
            "sync-exclude-tables" => args.sync_exclude = Some(value()?),
            "active" => args.active = true,
            "disable-file-column-diff" => args.no_column_diff = true,
            // Conversions are always written whole: the file then reads the same everywhere.
            "disable-file-no-data-conversion" => {}
            _ => return Err(token.unrecognized()),
        }
    }
    if args.config_file.is_some() {
        let told_twice = if args.sync_from.is_some() || args.sync_exclude.is_some() || args.active {
            "--config-file is mutually exclusive with --sync-from, --sync-exclude and --active"
        } else if !args.remotes.is_empty() {
            "--config-file is mutually exclusive with --remote"
        } else if !args.databases.is_empty() {
            "Databases should be specified in a config file"
        } else {
            return Ok(Command::Serve(Box::new(args)));
        };
        return Err(told_twice.into());
    }
    if let Some(tables) = &args.sync_exclude {
        check_excluded(tables)?;
    }
    if args.databases.is_empty() && !no_dbs {
        args.databases
            .push(dirs::within(&dirs::dbdir(), "conf.db").display().to_string());
    }
    Ok(Command::Serve(Box::new(args)))
}

/// How databases are operated and backed up: the options of every program that serves some.
#[derive(Clone, Debug)]
pub struct OperateOptions {
    /// `--manage`.
    pub manage: Option<SocketAddr>,
    /// `--backup-folder`.
    folder: Option<PathBuf>,
    /// `--backup-every`, in seconds.
    every: u64,
    /// `--backup-keep`.
    keep: u64,
}

impl Default for OperateOptions {
    fn default() -> OperateOptions {
        OperateOptions {
            manage: None,
            folder: None,
            every: 3600,
            keep: 24,
        }
    }
}

impl OperateOptions {
    /// Takes `token` when it belongs to this group.
    pub fn accept(&mut self, token: &Token, parser: &mut Parser) -> Result<bool, String> {
        let mut value = || {
            let value = parser.value().map_err(options::error_text)?;
            Ok::<String, String>(value.to_string_lossy().into_owned())
        };
        let Token::Long(name) = token else {
            return Ok(false);
        };
        match name.as_str() {
            "manage" => self.manage = Some(management(&value()?)?),
            "backup-folder" => self.folder = Some(value()?.into()),
            "backup-every" => self.every = positive(name, &value()?)?,
            "backup-keep" => self.keep = positive(name, &value()?)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// When backups are made, if any are.
    pub fn backups(&self) -> Option<Schedule> {
        Some(Schedule {
            folder: self.folder.clone()?,
            every: Duration::from_secs(self.every),
            keep: usize::try_from(self.keep).unwrap_or(usize::MAX),
        })
    }

    /// The group's part of `--help`.
    pub const HELP: &'static str = "
Management:
  --manage=[IP:]PORT      serve the management API (JSON-RPC 2.0 over HTTP and
                          WebSocket) on loopback, or with TLS on IP

Backups:
  --backup-folder=DIR     back up every database there from time to time:
                          DB.TIME.backup; DB.SERVER.TIME.backup in a cluster,
                          whose members may share DIR, each with its own
  --backup-every=SECONDS  time between two backups (default: 3600)
  --backup-keep=N         backups kept of each database, of those that this
                          server made (default: 24)
";

    /// The long options, as [`DaemonOptions::NAMES`].
    pub const NAMES: [&'static str; 4] = ["manage=", "backup-folder=", "backup-every=", "backup-keep="];
}

/// `PORT` on loopback, or `IP:PORT`.
fn management(text: &str) -> Result<SocketAddr, String> {
    let on_loopback = text
        .parse()
        .map(|port: u16| SocketAddr::from(([127, 0, 0, 1], port)));
    let address = on_loopback.or_else(|_| text.parse());
    address.map_err(|_| format!("--manage={text}: PORT or IP:PORT expected"))
}

fn positive(option: &str, text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|n| *n > 0);
    number.ok_or_else(|| format!("--{option} requires a number above 0"))
}

fn help() -> String {
    format!(
        "{PROGRAM}: Open vSwitch database server
usage: {PROGRAM} [OPTIONS] [DATABASE...]
where each DATABASE is a database file in ovsdb format
or relay:DB:REMOTE[,REMOTE...] (default, without --config-file: {}).

JSON-RPC options (may be specified any number of times):
  --remote=REMOTE         connect or listen to REMOTE

Configuration:
  --config-file=FILE      databases and remotes from FILE (JSON)
  --no-dbs                start without databases
  --unixctl=SOCKET        override default control socket name
  --run COMMAND           run COMMAND as subprocess then exit

Replication:
  --sync-from=SERVER      keep the databases equal to SERVER's
  --sync-exclude-tables=DB:TABLE,...
  --active                start active in spite of --sync-from
{}
Compatibility:
  --disable-file-column-diff
                          write changed rows whole
  --disable-file-no-data-conversion
                          accepted; conversions are always written whole
{}{}{}{}
Other options:
  -h, --help              display this help message
  -V, --version           display version information
",
        dirs::within(&dirs::dbdir(), "conf.db").display(),
        OperateOptions::HELP,
        TlsOptions::HELP,
        TlsOptions::HELP_MORE,
        DaemonOptions::help(PROGRAM),
        LogOptions::help(PROGRAM),
    )
}

/// The long options, in the order in which the C program lists them where a prefix is ambiguous.
fn names() -> Vec<&'static str> {
    const FIRST: [&str; 6] = ["remote=", "unixctl=", "run=", "help", "version", "option"];
    const LAST: [&str; 6] = [
        "sync-from=",
        "sync-exclude-tables=",
        "active",
        "no-dbs",
        "disable-file-column-diff",
        "disable-file-no-data-conversion",
    ];
    let groups = DaemonOptions::NAMES.into_iter().chain(LogOptions::NAMES);
    FIRST
        .into_iter()
        .chain(groups)
        .chain(TlsOptions::NAMES_MORE)
        .chain(TlsOptions::NAMES)
        .chain(LAST)
        .chain(["config-file="])
        .chain(OperateOptions::NAMES)
        .collect()
}

fn list() -> String {
    let mut names = names();
    names.retain(|name| *name != "option");
    names.sort_unstable();
    names.iter().map(|name| format!("--{name}\n")).collect()
}
