//! The option groups that daemons share (ovsdb-server(1) "Daemon Options", "Logging Options").
//!
//! A program reads [`Token`]s in a loop and offers each to every group; a group answers whether it took it.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser};
use ovsdb_data::os_text;

use crate::{dirs, vlog};

/// One piece of the command line, owned, so that a group may ask the parser for its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// `-c`.
    Short(char),
    /// `--name`.
    Long(String),
    /// A positional argument.
    Value(OsString),
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

/// Writes abbreviated long options out, as getopt_long(3) understands them: any prefix that only one option has.
/// `longs` are the options' names in the order in which getopt would list them, with `=` where they need a value and
/// `[=]` where they may have one; `shorts` are the letters that need a value. An ambiguous prefix is an error; one that
/// no option has stays as it is.
pub fn complete(
    words: impl IntoIterator<Item = OsString>,
    longs: &[&str],
    shorts: &str,
) -> Result<Vec<OsString>, String> {
    let mut out = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        // Nothing that is not text is an option.
        let text = word.to_str().unwrap_or_default();
        if text == "--" {
            out.push(word);
            break;
        }
        let has_value_next;
        let full = match text.strip_prefix("--") {
            Some(long) => {
                let (name, value) = long
                    .split_once('=')
                    .map_or((long, None), |(name, value)| (name, Some(value)));
                let found = find(name, longs)?;
                has_value_next = value.is_none()
                    && found.is_some_and(|found| found.ends_with('=') && !found.ends_with("[="));
                found.map(|found| {
                    let name = bare(found);
                    value.map_or_else(|| format!("--{name}"), |value| format!("--{name}={value}"))
                })
            }
            None => {
                // The letter that needs a value takes the rest of the word, if there is any.
                let letters = text.strip_prefix('-').unwrap_or_default();
                has_value_next = letters
                    .find(|c| shorts.contains(c))
                    .is_some_and(|at| at + 1 == letters.len());
                None
            }
        };
        out.push(full.map_or(word, OsString::from));
        if has_value_next {
            out.extend(words.next());
        }
    }
    out.extend(words);
    Ok(out)
}

fn bare(name: &str) -> &str {
    name.trim_end_matches("[=]").trim_end_matches('=')
}

fn find<'a>(name: &str, longs: &[&'a str]) -> Result<Option<&'a str>, String> {
    if let Some(exact) = longs.iter().find(|long| bare(long) == name) {
        return Ok(Some(exact));
    }
    let matching: Vec<&str> = longs
        .iter()
        .copied()
        .filter(|long| bare(long).starts_with(name))
        .collect();
    match matching[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => {
            let names: String = matching
                .iter()
                .map(|long| format!(" '--{}'", bare(long)))
                .collect();
            Err(format!("option '--{name}' is ambiguous; possibilities:{names}"))
        }
    }
}

/// A parser's error as getopt words it.
pub fn error_text(error: lexopt::Error) -> String {
    match error {
        lexopt::Error::MissingValue { option: Some(option) } => match option.strip_prefix("--") {
            Some(_) => format!("option '{option}' requires an argument"),
            None => format!(
                "option requires an argument -- '{}'",
                option.trim_start_matches('-')
            ),
        },
        lexopt::Error::UnexpectedValue { option, .. } => {
            format!("option '{option}' doesn't allow an argument")
        }
        other => other.to_string(),
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
        "no-self-confinement",
        "no-chdir",
        "pidfile[=]",
        "overwrite-pidfile",
        "monitor",
        "user=",
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
    /// is opened.
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
                    vlog::set_log_file(&file).map_err(|error| {
                        format!(
                            "failed to open {} for logging: {}",
                            file.display(),
                            os_text(&error)
                        )
                    })?;
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
            Some(spec) => {
                let spec = spec.to_string_lossy();
                vlog::set(&spec).map_err(|error| format!("processing \"{spec}\": {error}"))?;
            }
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
    pub const NAMES: [&'static str; 4] = ["verbose[=]", "log-file[=]", "syslog-method=", "syslog-target="];
}

/// Where keys and certificates are, as given: a file, or what a program takes beside files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// `-p`.
    pub private_key: Option<String>,
    /// `-c`.
    pub certificate: Option<String>,
    /// `-C`.
    pub ca_cert: Option<String>,
    /// `--bootstrap-ca-cert`.
    pub bootstrap_ca_cert: Option<String>,
    /// `--peer-ca-cert`.
    pub peer_ca_cert: Option<String>,
    /// `--ssl-protocols`.
    pub protocols: Option<String>,
    /// `--ssl-ciphers`.
    pub ciphers: Option<String>,
    /// `--ssl-ciphersuites`.
    pub ciphersuites: Option<String>,
}

impl TlsOptions {
    /// Takes `token` when it belongs to this group.
    pub fn accept(&mut self, token: &Token, parser: &mut Parser) -> Result<bool, lexopt::Error> {
        let name = match token {
            Token::Short('p') => "private-key",
            Token::Short('c') => "certificate",
            Token::Short('C') => "ca-cert",
            Token::Long(name) => name,
            _ => return Ok(false),
        };
        let option = match name {
            "private-key" => &mut self.private_key,
            "certificate" => &mut self.certificate,
            "ca-cert" => &mut self.ca_cert,
            "ssl-protocols" => &mut self.protocols,
            "ssl-ciphers" => &mut self.ciphers,
            "ssl-ciphersuites" => &mut self.ciphersuites,
            _ => return Ok(false),
        };
        *option = Some(parser.value()?.to_string_lossy().into_owned());
        Ok(true)
    }

    /// Takes `token` when it is one of the options that only some programs have.
    pub fn accept_more(&mut self, token: &Token, parser: &mut Parser) -> Result<bool, lexopt::Error> {
        let Token::Long(name) = token else {
            return Ok(false);
        };
        let option = match name.as_str() {
            "bootstrap-ca-cert" => &mut self.bootstrap_ca_cert,
            "peer-ca-cert" => &mut self.peer_ca_cert,
            _ => return Ok(false),
        };
        *option = Some(parser.value()?.to_string_lossy().into_owned());
        Ok(true)
    }

    /// The group's part of `--help`.
    pub const HELP: &'static str = "
TLS:
  -p, --private-key=FILE  file with private key
  -c, --certificate=FILE  file with certificate for private key
  -C, --ca-cert=FILE      file with peer CA certificate
  --ssl-protocols=PROTOS  list or range of protocol versions
  --ssl-ciphers=CIPHERS   ciphers of TLSv1.2
  --ssl-ciphersuites=SUITES  cipher suites of TLSv1.3
";

    /// The same for the further options.
    pub const HELP_MORE: &'static str = "\
\x20 --bootstrap-ca-cert=FILE  file with peer CA certificate to read or create
  --peer-ca-cert=FILE     CA certificates to send along
";

    /// The letters, all of which need a value.
    pub const SHORTS: &'static str = "pcC";

    /// The long options, as [`DaemonOptions::NAMES`].
    pub const NAMES: [&'static str; 6] = [
        "private-key=",
        "certificate=",
        "ca-cert=",
        "ssl-protocols=",
        "ssl-ciphers=",
        "ssl-ciphersuites=",
    ];

    /// The further ones.
    pub const NAMES_MORE: [&'static str; 2] = ["bootstrap-ca-cert=", "peer-ca-cert="];
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
    fn long_options_may_be_abbreviated() {
        let longs = [
            "remote=",
            "help",
            "pidfile[=]",
            "peer-ca-cert=",
            "private-key=",
            "no-chdir",
            "no-dbs",
            "user=",
            "users",
        ];
        let ok = |words: &str| Ok(words.to_owned());
        for (words, want) in [
            ("--rem=x db", ok("--remote=x db")),
            ("--rem --no-d --no-d", ok("--remote --no-d --no-dbs")),
            ("--pid --pid=x --no-chd", ok("--pidfile --pidfile=x --no-chdir")),
            ("--user x --users", ok("--user x --users")),
            ("--nonsense -h --hel", ok("--nonsense -h --help")),
            ("-p --hel --hel", ok("-p --hel --help")),
            ("-hp --hel -px --hel", ok("-hp --hel -px --help")),
            ("-- --hel", ok("-- --hel")),
            ("- db", ok("- db")),
            (
                "--p=x",
                Err(
                    "option '--p' is ambiguous; possibilities: '--pidfile' '--peer-ca-cert' '--private-key'"
                        .to_owned(),
                ),
            ),
            (
                "--no",
                Err("option '--no' is ambiguous; possibilities: '--no-chdir' '--no-dbs'".to_owned()),
            ),
        ] {
            let completed = complete(words.split(' ').map(OsString::from), &longs, "p");
            let text = completed.map(|words| {
                words
                    .iter()
                    .map(|w| w.to_string_lossy())
                    .collect::<Vec<_>>()
                    .join(" ")
            });
            assert_eq!(text, want, "{words}");
        }
    }

    #[test]
    fn errors_are_worded_as_getopt_does() {
        let error = |args: &[&str]| {
            let mut parser = Parser::from_args(args);
            let mut read = || -> Result<(), lexopt::Error> {
                while let Some(token) = Token::next(&mut parser)? {
                    DaemonOptions::default().accept(&token, &mut parser, "prog")?;
                    if token == Token::Short('p') {
                        parser.value()?;
                    }
                }
                Ok(())
            };
            read().map_err(error_text)
        };
        assert_eq!(
            error(&["--user"]),
            Err("option '--user' requires an argument".to_owned())
        );
        assert_eq!(
            error(&["-p"]),
            Err("option requires an argument -- 'p'".to_owned())
        );
        assert_eq!(
            error(&["--detach=x", "y"]),
            Err("option '--detach' doesn't allow an argument".to_owned())
        );
    }

    #[test]
    fn an_optional_value_must_be_attached() {
        let (daemon, rest) = parse(&["--pidfile", "db"]);
        assert!(daemon.pidfile.is_some_and(|file| file.ends_with("prog.pid")));
        assert_eq!(rest, ["unexpected argument 'db'"]);
    }
}
