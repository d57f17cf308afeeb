//! The option groups that daemons share (ovsdb-server(1) "Daemon Options", "Logging Options").
//!
//! A program reads [`Token`]s in a loop and offers each to every group; a group answers whether it took it.

use std::path::PathBuf;

use lexopt::{Arg, Parser};

use crate::{dirs, vlog};

/// One piece of the command line, owned, so that a group may ask the parser for its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// `-c`.
    Short(char),
    /// `--name`.
    Long(String),
    /// A positional argument.
    Value(std::ffi::OsString),
}

impl Token {
    /// The next token; none at the end.
    pub fn next(parser: &mut Parser) -> Result<Option<Token>, lexopt::Error> {
        Ok(parser.next()?.map(|arg| match arg {
            Arg::Short(c) => Token::Short(c),
            Arg::Long(name) => Token::Long(name.to_owned()),
            Arg::Value(value) => Token::Value(value),
        }))
    }

    /// The long name, or the short one as text.
    pub fn name(&self) -> String {
        match self {
            Token::Short(c) => c.to_string(),
            Token::Long(name) => name.clone(),
            Token::Value(value) => value.to_string_lossy().into_owned(),
        }
    }

    /// The error for a token nobody took, as getopt words it.
    pub fn unrecognized(&self) -> String {
        match self {
            Token::Short(c) => format!("invalid option -- '{c}'"),
            Token::Long(name) => format!("unrecognized option '--{name}'"),
            Token::Value(value) => format!("unexpected argument '{}'", value.to_string_lossy()),
        }
    }
}

/// How to run as a daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DaemonOptions {
    /// `--detach`: run in the background once ready.
    pub detach: bool,
    /// `--monitor`: a second process restarts this one when it crashes.
    pub monitor: bool,
    /// `--no-chdir`: stay in the present directory.
    pub no_chdir: bool,
    /// `--pidfile[=F]`: the file, absolute.
    pub pidfile: Option<PathBuf>,
    /// `--overwrite-pidfile`: start even when another process holds it.
    pub overwrite_pidfile: bool,
    /// `--user=U[:G]`.
    pub user: Option<String>,
    /// `--no-self-confinement`: sockets may lie outside the run directory.
    pub no_self_confinement: bool,
}

impl DaemonOptions {
    /// Takes `token` when it belongs to this group. `program` names the default pidfile.
    pub fn accept(
        &mut self,
        token: &Token,
        parser: &mut Parser,
        program: &str,
    ) -> Result<bool, lexopt::Error> {
        let Token::Long(name) = token else {
            return Ok(false);
        };
        match name.as_str() {
            "detach" => self.detach = true,
            "monitor" => self.monitor = true,
            "no-chdir" => self.no_chdir = true,
            "overwrite-pidfile" => self.overwrite_pidfile = true,
            "no-self-confinement" => self.no_self_confinement = true,
            "user" => self.user = Some(parser.value()?.to_string_lossy().into_owned()),
            "pidfile" => {
                let name = parser.optional_value().map(PathBuf::from);
                let name = name.unwrap_or_else(|| PathBuf::from(format!("{program}.pid")));
                self.pidfile = Some(dirs::rundir().join(name));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The group's part of `--help`.
    pub fn help(program: &str) -> String {
        let rundir = dirs::rundir();
        format!(
            "\nDaemon options:
  --detach                run in background as daemon
  --monitor               creates a process to monitor this daemon
  --user=username[:group] changes the effective daemon user:group
  --no-chdir              do not chdir to '/'
  --pidfile[=FILE]        create pidfile (default: {}/{program}.pid)
  --overwrite-pidfile     with --pidfile, start even if already running
  --no-self-confinement   allow sockets outside the run directory\n",
            rundir.display()
        )
    }

    /// The long options, with `=` where they need a value and `[=]` where they may have one.
    pub const NAMES: [&'static str; 7] = [
        "detach",
        "monitor",
        "no-chdir",
        "overwrite-pidfile",
        "no-self-confinement",
        "user=",
        "pidfile[=]",
    ];
}

/// Where log lines go. Applied to [`vlog`] as tokens are taken, so that order on the command line counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// `--log-file[=F]`: the file, absolute.
    pub log_file: Option<PathBuf>,
}

impl LogOptions {
    /// Takes `token` when it belongs to this group. Level and pattern changes hold at once; the log file
    /// is opened, and one that cannot be is warned of: a program runs without it.
    pub fn accept(
        &mut self,
        token: &Token,
        parser: &mut Parser,
        program: &str,
    ) -> Result<bool, lexopt::Error> {
        match token {
            Token::Short('v') => self.verbose(parser)?,
            Token::Long(name) => match name.as_str() {
                "verbose" => self.verbose(parser)?,
                "log-file" => {
                    let file = parser.optional_value().map(PathBuf::from);
                    let file = file.unwrap_or_else(|| PathBuf::from(format!("{program}.log")));
                    let file = dirs::logdir().join(file);
                    vlog::set_log_file_or_warn(&file);
                    self.log_file = Some(file);
                }
                "syslog-target" => {
                    vlog::set_syslog_method(&format!("udp:{}", parser.value()?.to_string_lossy()))?;
                }
                "syslog-method" => vlog::set_syslog_method(&parser.value()?.to_string_lossy())?,
                _ => return Ok(false),
            },
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn verbose(&mut self, parser: &mut Parser) -> Result<(), lexopt::Error> {
        match parser.optional_value() {
            Some(spec) => vlog::set(&spec.to_string_lossy())?,
            None => vlog::set("any:any:dbg")?,
        }
        Ok(())
    }

    /// The group's part of `--help`.
    pub fn help(program: &str) -> String {
        format!(
            "\nLogging options:
  -vSPEC, --verbose=SPEC   set logging levels
  -v, --verbose            set maximum verbosity level
  --log-file[=FILE]        enable logging to specified FILE
                           (default: {}/{program}.log)
  --syslog-method=(libc|unix:file|udp:ip:port)
                           specify how to send messages to syslog daemon
  --syslog-target=HOST:PORT  also send syslog msgs to HOST:PORT via UDP\n",
            dirs::logdir().display()
        )
    }

    /// The long options, as [`DaemonOptions::NAMES`].
    pub const NAMES: [&'static str; 4] = ["verbose[=]", "log-file[=]", "syslog-target=", "syslog-method="];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> (DaemonOptions, Vec<String>) {
        let mut parser = Parser::from_args(args);
        let (mut daemon, mut rest) = (DaemonOptions::default(), Vec::new());
        while let Some(token) = Token::next(&mut parser).expect("well-formed arguments") {
            if !daemon
                .accept(&token, &mut parser, "prog")
                .expect("well-formed options")
            {
                rest.push(token.unrecognized());
            }
        }
        (daemon, rest)
    }

    #[test]
    fn a_group_takes_its_own_options_and_leaves_the_rest() {
        let (daemon, rest) = parse(&[
            "--detach",
            "--pidfile=/tmp/x.pid",
            "--user",
            "ovn:ovn",
            "-x",
            "--foo",
        ]);
        assert!(daemon.detach && !daemon.monitor);
        assert_eq!(daemon.pidfile, Some(PathBuf::from("/tmp/x.pid")));
        assert_eq!(daemon.user.as_deref(), Some("ovn:ovn"));
        assert_eq!(rest, ["invalid option -- 'x'", "unrecognized option '--foo'"]);
    }

    #[test]
    fn an_optional_value_must_be_attached() {
        let (daemon, rest) = parse(&["--pidfile", "db"]);
        assert!(daemon.pidfile.is_some_and(|file| file.ends_with("prog.pid")));
        assert_eq!(rest, ["unexpected argument 'db'"]);
    }
}
