//! The command line: options of ours, `ovn-ctl`'s spelling of the same, and those of every database server.
//!
//! In: words. Out: what to make and what to serve, or a text for the terminal. Never here: files, sockets (but log
//! options, which take effect as they are read, so that their order counts).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::Parser;
use ovsdb_daemon::dirs;
use ovsdb_daemon::options::{self, DaemonOptions, LogOptions, TlsOptions, Token};
use ovsdb_server::args::{Args, OperateOptions};
use ovsdb_transport::remote::{Active, Remote};

use crate::place::{Cluster, First, NAMES, Names, Place, host, is_same};

/// The program's name.
pub const PROGRAM: &str = "ovn-ic-db";

/// Its version, in the form that scripts parse: what it is compatible with.
pub const VERSION: &str = "ovn-ic-db 25.03.0";

/// What to do.
pub enum Asked {
    /// Serve.
    Serve {
        /// Both databases.
        places: Vec<Place>,
        /// The keys that were given.
        tls: TlsOptions,
        /// What the server is told.
        args: Box<Args>,
    },
    /// Print a text and exit 0.
    Print(String),
}

/// Options of our own, for both databases.
const OPTIONS: &[(&str, &str)] = &[
    ("address", "listen for clients there (default: everywhere)"),
    ("local-address", "be a member of a cluster, at this address"),
    ("members", "all members' addresses, with commas between them"),
    ("leader", "the member that founds the cluster"),
    ("election-timer", "that of a cluster that is founded, in ms"),
    ("remote", "listen there, too, or connect to it"),
    ("unixctl", "one control socket instead of two"),
];

/// Options of one database: `--db-ic-nb-…`, `--db-ic-sb-…`.
const OWN: &[(&str, &str)] = &[
    ("file", "the file"),
    ("sock", "the socket for clients on this machine"),
    ("addr", "listen for clients there"),
    ("port", "at this port"),
    (
        "create-insecure-remote",
        "yes: by TCP even with keys, no: only with keys",
    ),
    ("use-remote-in-db", "no: not where the database's connections say"),
    ("ctrl-sock", "the control socket"),
    ("cluster-local-addr", "be a member of a cluster, at this address"),
    ("cluster-local-port", "and port"),
    ("cluster-local-proto", "tcp or ssl"),
    (
        "cluster-remote-addr",
        "without a file, ask this member to be taken in",
    ),
    ("cluster-remote-port", "at this port"),
    ("cluster-remote-proto", "tcp or ssl"),
];

/// Further ones: `--ovn-ic-nb-…`, `--ovn-ic-sb-…`.
const FURTHER: &[(&str, &str)] = &[
    ("db", "all members' remotes, with commas between them"),
    ("db-ssl-key", "the same as --private-key"),
    ("db-ssl-cert", "the same as --certificate"),
    ("db-ssl-ca-cert", "the same as --ca-cert"),
];

/// Parses the words after the program's name.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Asked, String> {
    let names = names();
    let longs: Vec<&str> = names.iter().map(String::as_str).collect();
    let words = options::complete(words, &longs, TlsOptions::SHORTS)?;
    let mut parser = Parser::from_args(words);
    let mut given = Given::default();
    let mut remotes = Vec::new();
    let (mut daemon, mut log) = (DaemonOptions::default(), LogOptions::default());
    let (mut tls, mut operate) = (TlsOptions::default(), OperateOptions::default());
    let text = options::error_text;
    while let Some(token) = Token::next(&mut parser).map_err(text)? {
        if daemon.accept(&token, &mut parser, PROGRAM).map_err(text)?
            || log.accept(&token, &mut parser, PROGRAM).map_err(text)?
            || tls.accept(&token, &mut parser).map_err(text)?
            || tls.accept_more(&token, &mut parser).map_err(text)?
            || operate.accept(&token, &mut parser)?
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
            Token::Long(name) => name,
            Token::Short(_) => return Err(token.unrecognized()),
        };
        match name {
            "help" => return Ok(Asked::Print(help())),
            "version" => return Ok(Asked::Print(format!("{VERSION}\n"))),
            "options" => return Ok(Asked::Print(list())),
            name if !names.iter().any(|known| known.trim_end_matches('=') == name) => {
                return Err(token.unrecognized());
            }
            name => {
                let value = parser.value().map_err(text)?.to_string_lossy().into_owned();
                match name {
                    "remote" => remotes.push(value),
                    name => _ = given.0.insert(name.to_owned(), value),
                }
            }
        }
    }
    given.keys(&mut tls)?;
    let places: Vec<Place> = NAMES
        .iter()
        .map(|names| given.place(names, &tls))
        .collect::<Result<_, _>>()?;
    for names in &NAMES {
        remotes.extend(given.remotes(names, &tls)?);
    }
    let args = Args {
        databases: places
            .iter()
            .map(|place| place.file.display().to_string())
            .collect(),
        remotes,
        unixctl: given.control_sockets(),
        tls: or_in_database(&tls),
        daemon,
        log,
        operate,
        ..Args::default()
    };
    Ok(Asked::Serve {
        places,
        tls,
        args: Box::new(args),
    })
}

/// What options say, by their names.
#[derive(Default)]
struct Given(BTreeMap<String, String>);

impl Given {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// What an option of one database says.
    fn own(&self, names: &Names, option: &str) -> Option<&str> {
        self.get(&format!("db-{}-{option}", names.option))
    }

    fn port(&self, names: &Names, option: &str, default: u16) -> Result<u16, String> {
        let parse = |text: &str| {
            let bad = |_| format!("--db-{}-{option}={text}: no port number", names.option);
            text.parse().map_err(bad)
        };
        self.own(names, option).map_or(Ok(default), parse)
    }

    /// Keys that `ovn-ctl`'s options name.
    fn keys(&self, tls: &mut TlsOptions) -> Result<(), String> {
        for names in &NAMES {
            for (option, key) in [
                ("db-ssl-key", &mut tls.private_key),
                ("db-ssl-cert", &mut tls.certificate),
                ("db-ssl-ca-cert", &mut tls.ca_cert),
            ] {
                let option = format!("ovn-{}-{option}", names.option);
                let Some(file) = self.get(&option) else { continue };
                if key.as_deref().is_some_and(|other| other != file) {
                    return Err(format!(
                        "--{option}={file}: one process serves both databases, with the same keys"
                    ));
                }
                *key = Some(file.to_owned());
            }
        }
        Ok(())
    }

    fn path(&self, names: &Names, option: &str, folder: PathBuf, ending: &str) -> PathBuf {
        let default = format!("{}.{ending}", names.stem);
        dirs::within(&folder, self.own(names, option).unwrap_or(&default))
    }

    fn control_sockets(&self) -> Vec<String> {
        let both = || {
            let path = |names| self.path(names, "ctrl-sock", dirs::rundir(), "ctl");
            NAMES
                .iter()
                .map(|names| path(names).display().to_string())
                .collect()
        };
        self.get("unixctl").map_or_else(both, |one| vec![one.to_owned()])
    }

    fn local_address(&self, names: &Names) -> Option<String> {
        let own = self.own(names, "cluster-local-addr");
        own.or(self.get("local-address")).map(host)
    }

    /// Where to listen for a database's clients.
    fn remotes(&self, names: &Names, tls: &TlsOptions) -> Result<Vec<String>, String> {
        let socket = self.path(names, "sock", dirs::rundir(), "sock");
        let mut remotes = vec![format!("punix:{}", socket.display())];
        if self.own(names, "use-remote-in-db") != Some("no") {
            remotes.push(format!("db:{},{},connections", names.db.name(), names.global));
        }
        let everywhere = match self.local_address(names) {
            Some(local) if local.starts_with('[') => "[::]",
            _ => "0.0.0.0",
        };
        let address = self.own(names, "addr").or(self.get("address"));
        let address = host(address.unwrap_or(everywhere));
        let scheme = match (self.own(names, "create-insecure-remote"), &tls.private_key) {
            (Some("yes"), _) | (None, None) => "ptcp",
            (_, Some(_)) => "pssl",
            (Some(_), None) => return Ok(remotes),
        };
        let port = self.port(names, "port", names.port)?;
        remotes.push(format!("{scheme}:{port}:{address}"));
        Ok(remotes)
    }

    fn place(&self, names: &Names, tls: &TlsOptions) -> Result<Place, String> {
        Ok(Place {
            db: names.db,
            file: self.path(names, "file", dirs::dbdir(), "db"),
            cluster: self.cluster(names, tls)?,
        })
    }

    fn cluster(&self, names: &Names, tls: &TlsOptions) -> Result<Option<Cluster>, String> {
        let members = self.members(names)?;
        let leader = self.own(names, "cluster-remote-addr").or(self.get("leader"));
        let Some(local) = self.local_address(names) else {
            return match (self.get("members"), self.get("leader")) {
                (None, None) => Ok(None),
                _ => Err("--members and --leader are of use only with --local-address".to_owned()),
            };
        };
        if !members.is_empty() && !members.iter().any(|member| is_same(member, &local)) {
            return Err(format!("{local}: the local address is not one of the members'"));
        }
        let keys = match &tls.private_key {
            Some(_) => "ssl",
            None => "tcp",
        };
        let proto = self.own(names, "cluster-local-proto").unwrap_or(keys);
        let port = self.port(names, "cluster-local-port", names.cluster_port)?;
        let remote_proto = self.own(names, "cluster-remote-proto").unwrap_or(proto);
        let remote_port = self.port(names, "cluster-remote-port", names.cluster_port)?;
        let at = |member: &str| format!("{remote_proto}:{}:{remote_port}", host(member));
        let client_port = self.port(names, "port", names.port)?;
        let client = match self.own(names, "create-insecure-remote") {
            Some("yes") => "tcp",
            _ => keys,
        };
        let others = members.iter().filter(|member| !is_same(member, &local));
        let others = others.map(|member| (at(member), format!("{client}:{member}:{client_port}")));
        // Without a word about it the first one founds, in our own spelling; in ovn-ctl's whoever names no remote does.
        let founder = leader.or_else(|| {
            self.get("members")
                .and_then(|_| members.first().map(String::as_str))
        });
        let first = match founder.filter(|founder| !is_same(founder, &local)) {
            Some(founder) => First::Join(at(founder)),
            None => First::Found,
        };
        Ok(Some(Cluster {
            local: format!("{proto}:{local}:{port}"),
            first,
            others: others.collect(),
            election_timer: self.election_timer()?,
        }))
    }

    /// The members' addresses that are known.
    fn members(&self, names: &Names) -> Result<Vec<String>, String> {
        let split = |list: &str| {
            let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect::<Vec<String>>()
        };
        if let Some(list) = self.get("members") {
            return Ok(split(list).iter().map(|member| host(member)).collect());
        }
        let option = format!("ovn-{}-db", names.option);
        let remotes = split(self.get(&option).unwrap_or_default());
        let host_of = |remote: String| match remote.parse() {
            Ok(Remote::Active(Active::Tcp(name, _) | Active::Ssl(name, _))) => Ok(host(&name)),
            Ok(_) => Err(format!(
                "--{option}={remote}: tcp:HOST:PORT or ssl:HOST:PORT expected"
            )),
            Err(error) => Err(format!("--{option}: {error}")),
        };
        remotes.into_iter().map(host_of).collect()
    }

    fn election_timer(&self) -> Result<Option<u64>, String> {
        let Some(text) = self.get("election-timer") else {
            return Ok(None);
        };
        let ms = text.parse().ok().filter(|ms| (100..=600_000).contains(ms));
        ms.map(Some)
            .ok_or_else(|| format!("--election-timer={text}: a number from 100 to 600000 expected, in ms"))
    }
}

/// Keys are where the northbound database says, unless an option does.
fn or_in_database(given: &TlsOptions) -> TlsOptions {
    let db = NAMES[0].db.name();
    let or = |given: &Option<String>, column: &str| {
        Some(given.clone().unwrap_or_else(|| format!("db:{db},SSL,{column}")))
    };
    TlsOptions {
        private_key: or(&given.private_key, "private_key"),
        certificate: or(&given.certificate, "certificate"),
        ca_cert: or(&given.ca_cert, "ca_cert"),
        protocols: or(&given.protocols, "ssl_protocols"),
        ciphers: or(&given.ciphers, "ssl_ciphers"),
        ..given.clone()
    }
}

/// The long options, with `=` where they need a value and `[=]` where they may have one.
fn names() -> Vec<String> {
    let own = NAMES.iter().flat_map(|names| {
        let db = OWN
            .iter()
            .map(|(option, _)| format!("db-{}-{option}=", names.option));
        let further = FURTHER
            .iter()
            .map(|(option, _)| format!("ovn-{}-{option}=", names.option));
        db.chain(further)
    });
    let plain = ["help", "version", "options"].into_iter();
    let groups = plain
        .chain(DaemonOptions::NAMES)
        .chain(LogOptions::NAMES)
        .chain(TlsOptions::NAMES)
        .chain(TlsOptions::NAMES_MORE)
        .chain(OperateOptions::NAMES);
    let ours = OPTIONS.iter().map(|(option, _)| format!("{option}="));
    ours.chain(groups.map(str::to_owned)).chain(own).collect()
}

fn list() -> String {
    let mut names = names();
    names.sort_unstable();
    names.iter().map(|name| format!("--{name}\n")).collect()
}

fn help() -> String {
    let lines = |prefix: &str, options: &[(&str, &str)]| -> String {
        let line =
            |(option, words): &(&str, &str)| format!("  {:<33} {words}\n", format!("--{prefix}{option}=…"));
        options.iter().map(line).collect()
    };
    format!(
        "{PROGRAM}: serves the two OVN interconnection databases
usage: {PROGRAM} [OPTIONS]

Alone:
  {PROGRAM} --detach --pidfile --log-file
As one of three, the same on each but for the local address:
  {PROGRAM} --local-address=10.0.0.1 --members=10.0.0.1,10.0.0.2,10.0.0.3

Missing files are made from the schemas built in, existing ones are taken up as
they are, a schema that is older is converted after a backup. Without a file, the
leader (the first member, if none is named) founds the cluster, unless another
member is in one; everybody else joins. Clients find OVN_IC_Northbound at port
6645 and OVN_IC_Southbound at 6646, with TLS once keys are given; members speak
to one another at 6647 and 6648. Files are in {}.

Options:
{}
Options of one database, as ovn-ctl spells them; ic-sb likewise:
{}{}{}{}{}{}{}
Other options:
  -h, --help              display this help message
  -o, --options           list available options
  -V, --version           display version information
",
        dirs::dbdir().display(),
        lines("", OPTIONS),
        lines("db-ic-nb-", OWN),
        lines("ovn-ic-nb-", FURTHER),
        OperateOptions::HELP,
        TlsOptions::HELP,
        TlsOptions::HELP_MORE,
        DaemonOptions::help(PROGRAM),
        LogOptions::help(PROGRAM),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(words: &str) -> Result<Option<Cluster>, String> {
        match parse(words.split_whitespace().map(OsString::from))? {
            Asked::Serve { places, .. } => Ok(places[1].cluster.clone()),
            Asked::Print(text) => panic!("{text}"),
        }
    }

    fn member(local: &str, first: First, others: &[&str]) -> Result<Option<Cluster>, String> {
        let other = |other: &&str| (format!("tcp:{other}:6648"), format!("tcp:{other}:6646"));
        Ok(Some(Cluster {
            local: format!("tcp:{local}:6648"),
            first,
            others: others.iter().map(other).collect(),
            election_timer: None,
        }))
    }

    #[test]
    fn a_member_knows_what_to_do_first() {
        let all = "--members=10.0.0.1,10.0.0.2,10.0.0.3";
        let join = |other: &str| First::Join(format!("tcp:{other}:6648"));
        let check = |words: String, expected| assert_eq!(cluster(&words), expected, "{words}");
        check(String::new(), Ok(None));
        check(
            "--local-address=10.0.0.1".into(),
            member("10.0.0.1", First::Found, &[]),
        );
        check(
            format!("--local-address=10.0.0.1 {all}"),
            member("10.0.0.1", First::Found, &["10.0.0.2", "10.0.0.3"]),
        );
        check(
            format!("--local-address=10.0.0.3 {all}"),
            member("10.0.0.3", join("10.0.0.1"), &["10.0.0.1", "10.0.0.2"]),
        );
        check(
            format!("--local-address=10.0.0.2 --leader=10.0.0.2 {all}"),
            member("10.0.0.2", First::Found, &["10.0.0.1", "10.0.0.3"]),
        );
        check(
            "--local-address=fd00::2 --leader=fd00::1".into(),
            member("[fd00::2]", join("[fd00::1]"), &[]),
        );
        let no_member = "10.0.0.9: the local address is not one of the members'";
        check(format!("--local-address=10.0.0.9 {all}"), Err(no_member.into()));
        check(
            all.into(),
            Err("--members and --leader are of use only with --local-address".into()),
        );
    }

    #[test]
    fn the_arguments_of_kube_ovn_mean_the_same() {
        let common = "--db-ic-nb-create-insecure-remote=yes --db-ic-sb-create-insecure-remote=yes \
             --db-ic-nb-cluster-local-addr=[10.0.0.2] --db-ic-sb-cluster-local-addr=[10.0.0.2] \
             --ovn-ic-nb-db=tcp:[10.0.0.1]:6647,tcp:[10.0.0.2]:6647 \
             --ovn-ic-sb-db=tcp:[10.0.0.1]:6648,tcp:[10.0.0.2]:6648 \
             --db-ic-nb-addr=[10.0.0.2] --db-ic-sb-addr=[10.0.0.2]";
        assert_eq!(cluster(common), member("10.0.0.2", First::Found, &["10.0.0.1"]));
        let joins = format!("{common} --db-ic-sb-cluster-remote-addr=[10.0.0.1]");
        let first = First::Join("tcp:10.0.0.1:6648".into());
        assert_eq!(cluster(&joins), member("10.0.0.2", first, &["10.0.0.1"]));
    }

    #[test]
    fn clients_are_listened_for_where_it_was_asked() {
        let check = |words: &str, expected: &str| {
            let Ok(Asked::Serve { args, .. }) = parse(words.split_whitespace().map(OsString::from)) else {
                panic!("{words}");
            };
            let mut found = args.remotes.iter().filter(|remote| !remote.contains("unix:"));
            let found: Vec<&str> = found.by_ref().map(String::as_str).collect();
            assert_eq!(found.join(" "), expected, "{words}");
        };
        let db = "db:OVN_IC_Northbound,IC_NB_Global,connections";
        let southbound = "db:OVN_IC_Southbound,IC_SB_Global,connections";
        check(
            "",
            &format!("{db} ptcp:6645:0.0.0.0 {southbound} ptcp:6646:0.0.0.0"),
        );
        check(
            "--address=::1 --db-ic-sb-use-remote-in-db=no --private-key=k --db-ic-sb-port=7000",
            &format!("{db} pssl:6645:[::1] pssl:7000:[::1]"),
        );
        check(
            "--db-ic-nb-create-insecure-remote=no --db-ic-sb-addr=[::]",
            &format!("{db} {southbound} ptcp:6646:[::]"),
        );
    }
}
