//! The command line. Pure, but for the variables that `parse` looks up.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::*;
use ovsdb_transport::tls::TlsFiles;

use crate::component::Component;

/// What `kubectl ko` prints for want of words.
pub const HELP: &str = "\
kubectl ko {subcommand} [option...]
Available Subcommands:
  [nb|sb] [status|kick|backup|dbstatus|restore]     ovn-db operations show cluster status, kick stale server, backup \
database, get db consistency status or restore ovn nb db when met 'inconsistent data' error
  [icnb|icsb] [status|kick|backup|dbstatus]     the same for the databases between availability zones
Options:
  --address {http|https|ws|wss}://HOST:PORT    not through kubectl, but the management API of a server; restore then \
takes the file to restore, and --force where it is of another schema
  --private-key FILE --certificate FILE --ca-cert FILE    for https and wss
";

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// What there is.
    Help,
    /// Something that there is not.
    Unknown,
    /// An action.
    Do {
        /// On which database.
        component: Component,
        /// What to do.
        action: Action,
        /// How to get there.
        access: Box<Access>,
    },
}

/// What to do with a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Show the cluster, and whether storage is sound.
    Status,
    /// Remove a server from the cluster.
    Kick(String),
    /// Save the contents in this folder.
    Backup,
    /// Show whether storage is sound, everywhere.
    DbStatus,
    /// Make the cluster anew.
    Restore {
        /// From this file, or from the first server's.
        from: Option<PathBuf>,
        /// The file may be of another schema.
        force: bool,
    },
    /// No action of the plugin's.
    Unknown(String),
}

/// How to get to the databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Through the pods of a namespace.
    Kubectl {
        /// The namespace.
        namespace: String,
    },
    /// Through a server's management API.
    Api {
        /// Where it is.
        address: String,
        /// Certificates, for `https` and `wss`.
        tls: TlsFiles,
    },
}

/// Reads the words after the program's name.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Asked, String> {
    let namespace = std::env::var("KUBE_OVN_NS").unwrap_or_else(|_| "kube-system".into());
    parse_in(namespace, words).map_err(|error| error.to_string())
}

fn parse_in(namespace: String, words: impl IntoIterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(words);
    let mut values: Vec<String> = Vec::new();
    let mut address = None;
    let mut force = false;
    let mut tls = TlsFiles::default();
    while let Some(word) = parser.next()? {
        match word {
            Value(value) => values.push(value.string()?),
            Long("address") => address = Some(parser.value()?.string()?),
            Long("private-key") | Short('p') => tls.private_key = Some(parser.value()?.into()),
            Long("certificate") | Short('c') => tls.certificate = Some(parser.value()?.into()),
            Long("ca-cert") | Short('C') => tls.ca_cert = Some(parser.value()?.into()),
            Long("force") => force = true,
            Long("help") | Short('h') => return Ok(Asked::Help),
            other => return Err(other.unexpected()),
        }
    }
    let mut values = values.into_iter();
    let Some(subcommand) = values.next() else {
        return Ok(Asked::Help);
    };
    let Some(component) = Component::named(&subcommand) else {
        return Ok(Asked::Unknown);
    };
    let missing = |what: &str| format!("{subcommand}: {what} is missing; see kubectl ko --help");
    let action = match values.next().ok_or_else(|| missing("an action"))?.as_str() {
        "status" => Action::Status,
        "kick" => Action::Kick(values.next().ok_or_else(|| missing("the server to kick"))?),
        "backup" => Action::Backup,
        "dbstatus" => Action::DbStatus,
        "restore" => Action::Restore {
            from: values.next().map(PathBuf::from),
            force,
        },
        other => Action::Unknown(other.to_owned()),
    };
    let access = match address {
        Some(address) => Access::Api { address, tls },
        None => Access::Kubectl { namespace },
    };
    Ok(Asked::Do {
        component,
        action,
        access: Box::new(access),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<Asked, &str>) {
        let words = line.split_whitespace().map(OsString::from);
        let asked = parse_in("kube-system".into(), words).map_err(|error| error.to_string());
        assert_eq!(asked, expected.map_err(str::to_owned), "{line}");
    }

    fn through_pods(component: Component, action: Action) -> Result<Asked, &'static str> {
        let namespace = "kube-system".to_owned();
        Ok(Asked::Do {
            component,
            action,
            access: Box::new(Access::Kubectl { namespace }),
        })
    }

    #[test]
    fn words_mean_actions() {
        check("", Ok(Asked::Help));
        check("--help", Ok(Asked::Help));
        check("nonsense status", Ok(Asked::Unknown));
        check("nb status", through_pods(Component::Nb, Action::Status));
        check(
            "sb kick 4fba",
            through_pods(Component::Sb, Action::Kick("4fba".into())),
        );
        check("icnb backup", through_pods(Component::IcNb, Action::Backup));
        check("icsb dbstatus", through_pods(Component::IcSb, Action::DbStatus));
        check(
            "nb restore",
            through_pods(
                Component::Nb,
                Action::Restore {
                    from: None,
                    force: false,
                },
            ),
        );
        check(
            "nb dance",
            through_pods(Component::Nb, Action::Unknown("dance".into())),
        );
        check(
            "--address http://h:1 nb restore f --force -C ca",
            Ok(Asked::Do {
                component: Component::Nb,
                action: Action::Restore {
                    from: Some("f".into()),
                    force: true,
                },
                access: Box::new(Access::Api {
                    address: "http://h:1".into(),
                    tls: TlsFiles {
                        ca_cert: Some("ca".into()),
                        ..TlsFiles::default()
                    },
                }),
            }),
        );
        check("nb", Err("nb: an action is missing; see kubectl ko --help"));
        check(
            "sb kick",
            Err("sb: the server to kick is missing; see kubectl ko --help"),
        );
        check("nb status --nonsense", Err("invalid option '--nonsense'"));
    }
}
