//! What the program serves and to whom: databases with their service models (ovsdb(7)), remotes with their options.
//!
//! In: the command line, a configuration file (ovsdb-server(1) "Configuration File"), or what was saved for a restart
//! by the monitor. Out: a [`Service`]; what is wrong with a file is told line by line as the C server logs it.
//! Never here: opening any of it.

use std::collections::BTreeMap;

use ovsdb_data::members::{Members, kind};
use ovsdb_data::{OvsdbError, json};
use serde_json::{Map, Value, json};

use crate::args::Args;
use crate::remotes::RemoteOptions;

/// Silence after which the active server of a backup is probed, ms.
const BACKUP_PROBE_MS: u64 = 60_000;

/// Silence after which the source of a relay is probed, ms.
const RELAY_PROBE_MS: u64 = 5_000;

/// Everything that is served.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// The remotes as given, `db:` ones included.
    pub remotes: BTreeMap<String, RemoteOptions>,
    /// Databases by file name, relays by database name.
    pub databases: BTreeMap<String, DbConfig>,
    /// What databases that are added later copy.
    pub sync: Sync,
}

/// The options of active-backup that one command line gives to all databases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sync {
    /// `--sync-from`.
    pub from: Option<String>,
    /// `--sync-exclude-tables`.
    pub exclude: Option<String>,
    /// Whether databases copy rather than serve writes.
    pub backup: bool,
}

/// How one database is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DbConfig {
    /// From its file, of whatever model the file is, unless one is expected.
    File(Option<FileModel>),
    /// From its file, now and then kept equal to another server's.
    ActiveBackup {
        /// The other server.
        source: Option<Source>,
        /// Tables left out, `DB:TABLE` or `TABLE`, separated by commas or blanks.
        exclude: Option<String>,
        /// Whether it copies at present.
        backup: bool,
    },
    /// A copy in memory that forwards writes.
    Relay(Source),
}

/// What a database file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileModel {
    /// One server's database.
    Standalone,
    /// A member of a cluster.
    Clustered,
}

/// Where a copy comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Remotes, separated by commas.
    pub target: String,
    /// Silence before a probe, ms; 0 is never.
    pub probe_ms: u64,
    /// Longest wait between attempts, ms.
    pub max_backoff_ms: Option<u64>,
}

impl Source {
    /// The server that a backup copies.
    pub fn of_backup(target: &str) -> Source {
        Source {
            target: target.to_owned(),
            probe_ms: BACKUP_PROBE_MS,
            max_backoff_ms: None,
        }
    }

    /// The servers that a relay follows.
    pub fn of_relay(target: &str) -> Source {
        Source {
            probe_ms: RELAY_PROBE_MS,
            ..Source::of_backup(target)
        }
    }
}

impl FileModel {
    /// Its name in configuration files and error texts.
    pub fn name(self) -> &'static str {
        match self {
            FileModel::Standalone => "standalone",
            FileModel::Clustered => "clustered",
        }
    }
}

impl Sync {
    /// The configuration of a database that the command line or `add-db` names: a file, or `relay:DB:REMOTES`.
    pub fn database(&self, name: &str) -> (String, DbConfig) {
        let relay = name.strip_prefix("relay:").and_then(|rest| rest.split_once(':'));
        match (relay, &self.from) {
            (Some((db, target)), _) => (db.to_owned(), DbConfig::Relay(Source::of_relay(target))),
            (None, Some(from)) => {
                let config = DbConfig::ActiveBackup {
                    source: Some(Source::of_backup(from)),
                    exclude: self.exclude.clone(),
                    backup: self.backup,
                };
                (name.to_owned(), config)
            }
            (None, None) => (name.to_owned(), DbConfig::File(None)),
        }
    }
}

/// Checks that every excluded table is `DB:TABLE`.
pub fn check_excluded(tables: &str) -> Result<(), String> {
    for name in names(tables) {
        if name.split(':').filter(|part| !part.is_empty()).count() < 2 {
            return Err(format!("Can't parse excluded table: {name}"));
        }
    }
    Ok(())
}

/// The names in a list separated by commas or blanks.
pub fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ']).filter(|name| !name.is_empty())
}

impl Service {
    /// What a command line asks for.
    pub fn from_args(args: &Args) -> Service {
        let sync = Sync {
            from: args.sync_from.clone(),
            exclude: args.sync_exclude.clone(),
            backup: args.sync_from.is_some() && !args.active,
        };
        let remotes = args.remotes.iter().map(|r| (r.clone(), RemoteOptions::default()));
        Service {
            remotes: remotes.collect(),
            databases: args.databases.iter().map(|name| sync.database(name)).collect(),
            sync,
        }
    }

    /// Reads a configuration file's text. `warn` is told what is wrong, and what is ignored.
    pub fn parse(text: &[u8], warn: &mut dyn FnMut(String)) -> Option<Service> {
        let config = match json::parse(text) {
            Ok(config) => config,
            Err(error) => {
                warn(format!("config: reading JSON failed ({error})"));
                return None;
            }
        };
        let Some(members) = config.as_object() else {
            warn("configuration in a file must be a JSON object".into());
            return None;
        };
        let member = |name| members.get(name).filter(|value| !value.is_null());
        let Some(remotes) = remotes_from_json(member("remotes"), warn) else {
            warn("config: failed to parse 'remotes'".into());
            return None;
        };
        let Some(databases) = databases_from_json(member("databases"), warn) else {
            warn("config: failed to parse 'databases'".into());
            return None;
        };
        let string = |name| member(name).and_then(Value::as_str).map(str::to_owned);
        Some(Service {
            remotes,
            databases,
            sync: Sync {
                from: string("sync_from"),
                exclude: string("sync_exclude"),
                backup: member("is_backup") == Some(&Value::Bool(true)),
            },
        })
    }

    /// The text of a configuration file that reads as this service.
    pub fn to_text(&self) -> String {
        let remotes: Map<String, Value> = self
            .remotes
            .iter()
            .map(|(target, options)| (target.clone(), remote_to_json(options)))
            .collect();
        let databases: Map<String, Value> = self
            .databases
            .iter()
            .map(|(name, config)| (name.clone(), database_to_json(config)))
            .collect();
        let config = json!({
            "remotes": remotes,
            "databases": databases,
            "sync_from": self.sync.from,
            "sync_exclude": self.sync.exclude,
            "is_backup": self.sync.backup,
        });
        json::to_string(&config)
    }
}

fn remotes_from_json(
    value: Option<&Value>,
    warn: &mut dyn FnMut(String),
) -> Option<BTreeMap<String, RemoteOptions>> {
    let mut remotes = BTreeMap::new();
    let Some(value) = value else { return Some(remotes) };
    let Some(members) = value.as_object() else {
        warn("config: 'remotes' is not a JSON object".into());
        return None;
    };
    for (target, options) in members {
        let options = match options {
            Value::Null => RemoteOptions::default(),
            Value::Object(_) => remote_from_json(options, warn),
            _ => {
                warn(format!(
                    "{target}: JSON-RPC options are not a JSON object or null"
                ));
                return None;
            }
        };
        remotes.insert(target.clone(), options);
    }
    Some(remotes)
}

/// The options of a connection; members of the wrong kind are told and count as absent.
fn remote_from_json(value: &Value, warn: &mut dyn FnMut(String)) -> RemoteOptions {
    let mut members = Members::new(value, &"JSON-RPC options");
    let mut options = connection_options(&mut members);
    options.read_only = members
        .optional("read-only", kind::BOOLEAN)
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let role = members.optional("role", kind::STRING);
    options.role = role.and_then(Value::as_str).map(str::to_owned);
    if let Err(error) = members.finish() {
        warn(error.to_string());
    }
    options
}

fn connection_options(members: &mut Members<'_>) -> RemoteOptions {
    let mut milliseconds = |name| members.optional(name, kind::INTEGER).and_then(Value::as_u64);
    let options = RemoteOptions {
        max_backoff_ms: milliseconds("max-backoff"),
        inactivity_probe_ms: milliseconds("inactivity-probe"),
        ..RemoteOptions::default()
    };
    // Accepted for compatibility: packets keep the system's class.
    milliseconds("dscp");
    options
}

fn remote_to_json(options: &RemoteOptions) -> Value {
    let mut members = Map::new();
    if let Some(ms) = options.max_backoff_ms {
        members.insert("max-backoff".into(), ms.into());
    }
    if let Some(ms) = options.inactivity_probe_ms {
        members.insert("inactivity-probe".into(), ms.into());
    }
    if options.read_only {
        members.insert("read-only".into(), true.into());
    }
    if let Some(role) = &options.role {
        members.insert("role".into(), role.as_str().into());
    }
    Value::Object(members)
}

fn databases_from_json(
    value: Option<&Value>,
    warn: &mut dyn FnMut(String),
) -> Option<BTreeMap<String, DbConfig>> {
    let mut databases = BTreeMap::new();
    let Some(value) = value else {
        return Some(databases);
    };
    let Some(members) = value.as_object() else {
        warn("config: 'databases' is not a JSON object or null".into());
        return None;
    };
    for (name, config) in members {
        let config = match config {
            Value::Null => DbConfig::File(None),
            config => match database_from_json(name, config, warn) {
                Ok(config) => config,
                Err(error) => {
                    warn(error.to_string());
                    return None;
                }
            },
        };
        databases.insert(name.clone(), config);
    }
    Some(databases)
}

fn database_from_json(
    name: &str,
    value: &Value,
    warn: &mut dyn FnMut(String),
) -> Result<DbConfig, OvsdbError> {
    let what = format!("database {name}");
    let mut members = Members::new(value, &what);
    let model = members
        .optional("service-model", kind::STRING)
        .and_then(Value::as_str);
    let config = match model {
        None => DbConfig::File(None),
        Some("standalone") => DbConfig::File(Some(FileModel::Standalone)),
        Some("clustered") => DbConfig::File(Some(FileModel::Clustered)),
        Some("active-backup") => {
            let backup = members.required("backup", kind::BOOLEAN) == Some(&Value::Bool(true));
            let exclude = excluded(&mut members);
            let source = source(&mut members, Source::of_backup, backup, warn);
            DbConfig::ActiveBackup {
                source,
                exclude,
                backup,
            }
        }
        Some("relay") => match source(&mut members, Source::of_relay, true, warn) {
            Some(source) => DbConfig::Relay(source),
            None => return Err(members.into_error()),
        },
        Some(other) => {
            warn(format!("Unrecognized database service model: '{other}'"));
            members.raise(format_args!("'{other}' is not a valid service model"));
            return Err(members.into_error());
        }
    };
    members.finish().map(|()| config)
}

fn excluded(members: &mut Members<'_>) -> Option<String> {
    let tables = members.optional("exclude-tables", kind::ARRAY)?.as_array()?;
    let names: Vec<&str> = tables.iter().filter_map(Value::as_str).collect();
    if names.len() < tables.len() {
        members.raise("'exclude-tables' must contain strings");
    }
    Some(names.join(","))
}

/// The one source of a copy. None where there is none, with an error raised where it is required.
fn source(
    members: &mut Members<'_>,
    new: fn(&str) -> Source,
    required: bool,
    warn: &mut dyn FnMut(String),
) -> Option<Source> {
    let value = match required {
        true => members.required("source", kind::OBJECT),
        false => members.optional("source", kind::OBJECT),
    };
    let mut sources = value?.as_object()?.iter();
    let (Some((target, options)), None) = (sources.next(), sources.next()) else {
        members.raise("'source' should be an object with exactly one element");
        return None;
    };
    let mut source = new(target);
    match options {
        Value::Null => {}
        Value::Object(_) => {
            let mut members = Members::new(options, &"JSON-RPC options");
            let options = connection_options(&mut members);
            source.probe_ms = options.inactivity_probe_ms.unwrap_or(source.probe_ms);
            source.max_backoff_ms = options.max_backoff_ms;
            if let Err(error) = members.finish() {
                warn(error.to_string());
            }
        }
        _ => {
            members.raise("JSON-RPC options is not a JSON object or null");
            return None;
        }
    }
    Some(source)
}

fn database_to_json(config: &DbConfig) -> Value {
    let source_to_json = |source: &Source| {
        let mut options = json!({"inactivity-probe": source.probe_ms});
        if let Some(ms) = source.max_backoff_ms {
            options["max-backoff"] = ms.into();
        }
        json!({ &source.target: options })
    };
    match config {
        DbConfig::File(None) => json!({}),
        DbConfig::File(Some(model)) => json!({"service-model": model.name()}),
        DbConfig::Relay(source) => json!({"service-model": "relay", "source": source_to_json(source)}),
        DbConfig::ActiveBackup {
            source,
            exclude,
            backup,
        } => {
            let mut config = json!({"service-model": "active-backup", "backup": backup});
            if let Some(source) = source {
                config["source"] = source_to_json(source);
            }
            if let Some(tables) = exclude {
                config["exclude-tables"] = names(tables).collect::<Vec<_>>().into();
            }
            config
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file reads as, written again; or the warnings.
    fn check(text: &str, expected: &str) {
        let mut warnings = Vec::new();
        let service = Service::parse(text.as_bytes(), &mut |warning| warnings.push(warning));
        let rendered = service.as_ref().map(Service::to_text);
        let shown: Vec<String> = warnings.into_iter().chain(rendered).collect();
        assert_eq!(shown.join("\n"), expected, "{text}");
        if let Some(service) = service {
            let again = Service::parse(service.to_text().as_bytes(), &mut |w| panic!("{w}"));
            assert_eq!(again, Some(service), "{text}");
        }
    }

    #[test]
    fn configuration_files() {
        let nothing = |remotes: &str, databases: &str| {
            format!(
                r#"{{"databases":{databases},"is_backup":false,"remotes":{remotes},"sync_exclude":null,"sync_from":null}}"#
            )
        };
        check("{}", &nothing("{}", "{}"));
        check(r#"{"remotes":null,"databases":null}"#, &nothing("{}", "{}"));
        check(
            r#"{"remotes":{"punix:s":null,"ptcp:1":{"read-only":true,"role":"r","inactivity-probe":0,"max-backoff":7,"dscp":4}},
                "databases":{"a":null,"b":{"service-model":"clustered"}}}"#,
            &nothing(
                r#"{"ptcp:1":{"inactivity-probe":0,"max-backoff":7,"read-only":true,"role":"r"},"punix:s":{}}"#,
                r#"{"a":{},"b":{"service-model":"clustered"}}"#,
            ),
        );
        check(
            r#"{"databases":{"R":{"service-model":"relay","source":{"unix:s":{"max-backoff":9}}},
                "f":{"service-model":"active-backup","backup":false,"exclude-tables":["a:b","c"]}}}"#,
            &nothing(
                "{}",
                r#"{"R":{"service-model":"relay","source":{"unix:s":{"inactivity-probe":5000,"max-backoff":9}}},"f":{"backup":false,"exclude-tables":["a:b","c"],"service-model":"active-backup"}}"#,
            ),
        );
        check("[]", "configuration in a file must be a JSON object");
        check(
            r#"{"databases":{"d":{"service-model":"relay"}}}"#,
            "syntax \"{\"service-model\":\"relay\"}\": syntax error: Parsing database d failed: \
             Required 'source' member is missing.\nconfig: failed to parse 'databases'",
        );
        check(
            r#"{"databases":{"d":{"service-model":"active-backup","backup":true}}}"#,
            "syntax \"{\"backup\":true,\"service-model\":\"active-backup\"}\": syntax error: Parsing database d \
             failed: Required 'source' member is missing.\nconfig: failed to parse 'databases'",
        );
        check(
            r#"{"remotes":[]}"#,
            "config: 'remotes' is not a JSON object\nconfig: failed to parse 'remotes'",
        );
        check(
            "{\n\"remotes\": {,}}",
            "config: reading JSON failed (line 1, column 12, byte 14: syntax error parsing object expecting string)",
        );
    }

    #[test]
    fn excluded_tables_name_their_database() {
        assert_eq!(check_excluded("a:b, c:d"), Ok(()));
        assert_eq!(
            check_excluded("a:b,c"),
            Err("Can't parse excluded table: c".to_owned())
        );
    }
}
