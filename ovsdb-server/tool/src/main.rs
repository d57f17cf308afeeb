//! The program `ovsdb-tool` (ovsdb-tool(1)): database files, without a server; and a server's databases while it runs.
//!
//! In: a command with its arguments. Out: text that scripts parse, an exit status. The commands live in [`files`]
//! (make and change), [`cluster`], [`check`] and [`member`] (the files of clusters), [`inspect`] (names, versions,
//! identities), [`log`] (records as people read them), and [`online`] (databases that a server has open).

mod check;
mod cluster;
mod files;
mod inspect;
mod log;
mod member;
mod online;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::Parser;
use ovsdb_cluster::FileError;
use ovsdb_cluster::export::ExportError;
use ovsdb_cluster::mend::MendError;
use ovsdb_daemon::options::{LogOptions, Token};
use ovsdb_daemon::{dirs, vlog};
use ovsdb_data::{DatabaseSchema, OvsdbError, Uuid, json, os_text};
use ovsdb_manage::ClientError;
use ovsdb_store::StoreError;
use ovsdb_store::log::Mode;
use ovsdb_store::standalone::{Opened, Standalone};
use ovsdb_transport::tls::TlsFiles;
use rand::Rng;

const PROGRAM: &str = "ovsdb-tool";

/// The version that the C program of this behaviour has.
pub(crate) const OVS_VERSION: &str = "3.5.0";

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    /// The file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A member's file and folder.
    #[error(transparent)]
    Member(#[from] FileError),
    /// What is done to them.
    #[error(transparent)]
    Mend(#[from] MendError),
    /// What they hold.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A schema, a transaction, or what it does.
    #[error(transparent)]
    Ovsdb(#[from] OvsdbError),
    /// A server's management API.
    #[error(transparent)]
    Server(#[from] ClientError),
    /// Anything else, in words.
    #[error("{0}")]
    Plain(String),
}

/// What a command comes to: its exit status.
pub(crate) type Outcome = Result<u8, ToolError>;

/// The options that commands look at.
#[derive(Default)]
pub(crate) struct Options {
    /// `-m`, as often as given.
    pub more: usize,
    /// `--rbac-role`.
    pub rbac_role: Option<String>,
    /// `--cid`.
    pub cid: Option<Uuid>,
    /// `--sid`.
    pub sid: Option<Uuid>,
    /// `--election-timer`, ms.
    pub election_timer: Option<u64>,
    /// `--force`.
    pub force: bool,
    /// `--private-key`, `--certificate`, `--ca-cert`.
    pub tls: TlsFiles,
}

struct Command {
    name: &'static str,
    usage: &'static str,
    min: usize,
    max: usize,
    run: fn(&Options, &[String]) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "create",
        usage: "[db [schema]]",
        min: 0,
        max: 2,
        run: files::create,
    },
    Command {
        name: "compact",
        usage: "[db [dst]]",
        min: 0,
        max: 2,
        run: files::compact,
    },
    Command {
        name: "convert",
        usage: "[db [schema [dst]]]",
        min: 0,
        max: 3,
        run: files::convert,
    },
    Command {
        name: "needs-conversion",
        usage: "[db [schema]]",
        min: 0,
        max: 2,
        run: files::needs_conversion,
    },
    Command {
        name: "db-name",
        usage: "[db]",
        min: 0,
        max: 1,
        run: inspect::db_name,
    },
    Command {
        name: "db-version",
        usage: "[db]",
        min: 0,
        max: 1,
        run: inspect::db_version,
    },
    Command {
        name: "db-cksum",
        usage: "[db]",
        min: 0,
        max: 1,
        run: inspect::db_cksum,
    },
    Command {
        name: "db-cid",
        usage: "db",
        min: 1,
        max: 1,
        run: inspect::db_cid,
    },
    Command {
        name: "db-sid",
        usage: "db",
        min: 1,
        max: 1,
        run: inspect::db_sid,
    },
    Command {
        name: "db-local-address",
        usage: "db",
        min: 1,
        max: 1,
        run: inspect::db_local_address,
    },
    Command {
        name: "db-is-clustered",
        usage: "db",
        min: 1,
        max: 1,
        run: inspect::db_is_clustered,
    },
    Command {
        name: "db-is-standalone",
        usage: "db",
        min: 1,
        max: 1,
        run: inspect::db_is_standalone,
    },
    Command {
        name: "db-raft-header",
        usage: "db",
        min: 1,
        max: 1,
        run: inspect::db_raft_header,
    },
    Command {
        name: "schema-name",
        usage: "[schema]",
        min: 0,
        max: 1,
        run: inspect::schema_name,
    },
    Command {
        name: "schema-version",
        usage: "[schema]",
        min: 0,
        max: 1,
        run: inspect::schema_version,
    },
    Command {
        name: "schema-cksum",
        usage: "[schema]",
        min: 0,
        max: 1,
        run: inspect::schema_cksum,
    },
    Command {
        name: "compare-versions",
        usage: "a op b",
        min: 3,
        max: 3,
        run: inspect::compare_versions,
    },
    Command {
        name: "query",
        usage: "[db] trns",
        min: 1,
        max: 2,
        run: files::query,
    },
    Command {
        name: "transact",
        usage: "[db] trns",
        min: 1,
        max: 2,
        run: files::transact,
    },
    Command {
        name: "create-cluster",
        usage: "db contents address",
        min: 3,
        max: 3,
        run: cluster::create,
    },
    Command {
        name: "join-cluster",
        usage: "db name local remote...",
        min: 4,
        max: usize::MAX,
        run: cluster::join,
    },
    Command {
        name: "rejoin-cluster",
        usage: "db header local remote...",
        min: 4,
        max: usize::MAX,
        run: cluster::rejoin,
    },
    Command {
        name: "check-cluster",
        usage: "db...",
        min: 1,
        max: usize::MAX,
        run: check::check,
    },
    Command {
        name: "fix-cluster",
        usage: "db...",
        min: 1,
        max: usize::MAX,
        run: cluster::fix,
    },
    Command {
        name: "force-new-cluster",
        usage: "db",
        min: 1,
        max: 1,
        run: cluster::force_new,
    },
    Command {
        name: "cluster-to-standalone",
        usage: "db clusterdb",
        min: 2,
        max: 2,
        run: files::cluster_to_standalone,
    },
    Command {
        name: "show-log",
        usage: "[db]",
        min: 0,
        max: 1,
        run: log::show,
    },
    Command {
        name: "online",
        usage: online::USAGE,
        min: 3,
        max: 5,
        run: online::run,
    },
    Command {
        name: "help",
        usage: "",
        min: 0,
        max: usize::MAX,
        run: |_, _| print_help(),
    },
    Command {
        name: "list-commands",
        usage: "",
        min: 0,
        max: usize::MAX,
        run: |_, _| {
            print!("{}", list());
            Ok(0)
        },
    },
];

fn main() -> ExitCode {
    vlog::init(PROGRAM);
    match run() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("{PROGRAM}: {error}");
            ExitCode::from(1)
        }
    }
}

fn run() -> Outcome {
    let mut parser = Parser::from_env();
    let mut options = Options::default();
    let mut log = LogOptions::default();
    let mut words: Vec<String> = Vec::new();
    let usage = |error: lexopt::Error| ToolError::Plain(error.to_string());
    let path = |parser: &mut Parser| parser.value().map(PathBuf::from).map_err(usage);
    while let Some(token) = Token::next(&mut parser).map_err(usage)? {
        if log.accept(&token, &mut parser, PROGRAM).map_err(usage)? {
            continue;
        }
        match &token {
            Token::Value(value) => words.push(value.to_string_lossy().into_owned()),
            Token::Short('m') => options.more += 1,
            Token::Long(name) if name == "more" => options.more += 1,
            Token::Long(name) if name == "rbac-role" => {
                options.rbac_role = Some(parser.value().map_err(usage)?.to_string_lossy().into_owned());
            }
            Token::Long(name) if name == "cid" || name == "sid" => {
                let text = parser.value().map_err(usage)?.to_string_lossy().into_owned();
                let id = Uuid::try_parse(&text).ok().filter(|id| !id.is_nil());
                let id = id.ok_or_else(|| ToolError::Plain(format!("{text}: not a valid UUID")))?;
                match name.as_str() {
                    "cid" => options.cid = Some(id),
                    _ => options.sid = Some(id),
                }
            }
            Token::Long(name) if name == "election-timer" => {
                let text = parser.value().map_err(usage)?.to_string_lossy().into_owned();
                let bad = || ToolError::Plain(format!("Invalid election timer {text}"));
                options.election_timer = Some(text.parse().map_err(|_| bad())?);
            }
            Token::Long(name) if name == "force" => options.force = true,
            Token::Long(name) if name == "private-key" => options.tls.private_key = Some(path(&mut parser)?),
            Token::Long(name) if name == "certificate" => options.tls.certificate = Some(path(&mut parser)?),
            Token::Long(name) if name == "ca-cert" => options.tls.ca_cert = Some(path(&mut parser)?),
            Token::Short('h') => return print_help(),
            Token::Short('V') => return print_version(),
            Token::Long(name) if name == "help" => return print_help(),
            Token::Long(name) if name == "version" => return print_version(),
            other => return Err(ToolError::Plain(other.unrecognized())),
        }
    }
    let Some((name, args)) = words.split_first() else {
        return Err(ToolError::Plain(
            "missing command name; use --help for help".into(),
        ));
    };
    let command = COMMANDS.iter().find(|command| command.name == name);
    let command =
        command.ok_or_else(|| ToolError::Plain(format!("unknown command '{name}'; use --help for help")))?;
    let n_arguments = |what, n| Err(ToolError::Plain(format!("'{name}' command {what} {n} arguments")));
    match args.len() {
        n if n < command.min => n_arguments("requires at least", command.min),
        n if n > command.max => n_arguments("takes at most", command.max),
        _ => (command.run)(&options, args),
    }
}

/// Prints a line and succeeds.
pub(crate) fn print_line(line: impl std::fmt::Display) -> Outcome {
    println!("{line}");
    Ok(0)
}

fn print_version() -> Outcome {
    print_line(format_args!("{PROGRAM} (Open vSwitch) {OVS_VERSION}"))
}

fn list() -> String {
    COMMANDS
        .iter()
        .map(|c| format!("  {:<24}{}\n", c.name, c.usage))
        .collect()
}

fn print_help() -> Outcome {
    print!(
        "{PROGRAM}: Open vSwitch database management utility
usage: {PROGRAM} [OPTIONS] COMMAND [ARG...]
{}
The default db is {}.
The default schema is {}.

{}
Options:
  -m, --more                  increase show-log verbosity
  --rbac-role=ROLE            RBAC role for transact
  --cid=UUID                  cluster ID for join-cluster
  --sid=UUID                  server ID for create-cluster and join-cluster
  --election-timer=MS         initial election timer for create-cluster
  --force                     online restore: whatever schema the file has
  --private-key=FILE --certificate=FILE --ca-cert=FILE
                              online: for wss:// and https://
{}
Other options:
  -h, --help                  display this help message
  -V, --version               display version information
",
        list(),
        default_db().display(),
        default_schema().display(),
        online::HELP,
        LogOptions::help(PROGRAM),
    );
    Ok(0)
}

fn default_db() -> PathBuf {
    dirs::dbdir().join("conf.db")
}

fn default_schema() -> PathBuf {
    dirs::pkgdatadir().join("vswitch.ovsschema")
}

/// The database named at a position, or the default one.
pub(crate) fn db_arg(args: &[String], position: usize) -> PathBuf {
    args.get(position).map_or_else(default_db, PathBuf::from)
}

/// The schema named at a position, or the default one, read.
pub(crate) fn schema_arg(args: &[String], position: usize) -> Result<DatabaseSchema, ToolError> {
    read_schema_file(&args.get(position).map_or_else(default_schema, PathBuf::from))
}

/// Reads a schema file.
pub(crate) fn read_schema_file(path: &Path) -> Result<DatabaseSchema, ToolError> {
    let name = path.display();
    let fail = |why: String| {
        ToolError::Plain(format!(
            "failed to read schema: \"{name}\" could not be read as JSON ({why})"
        ))
    };
    let text = std::fs::read(path)
        .map_err(|error| fail(format!("error opening \"{name}\": {}", os_text(&error))))?;
    let value = json::parse(&text).map_err(|error| fail(error.to_string()))?;
    DatabaseSchema::from_json(&value).map_err(|mut error| {
        let details = error.details.unwrap_or_default();
        error.details = Some(format!("failed to parse \"{name}\" as ovsdb schema: {details}"));
        error.into()
    })
}

/// Opens a standalone database.
pub(crate) fn open(path: &Path, mode: Mode) -> Result<Opened, ToolError> {
    let opened = Standalone::open(path, mode, &fresh_uuid)?;
    if let Some(warning) = &opened.warning {
        eprintln!("{PROGRAM}: {warning}");
    }
    Ok(opened)
}

/// Damage in a cluster's file, and what to do about it.
pub(crate) fn with_remedy(error: StoreError, file: &str) -> ToolError {
    match error {
        StoreError::Damaged(_) | StoreError::UnexpectedEnd(_) => ToolError::Plain(format!(
            "{error}; \"ovsdb-tool fix-cluster {file}\" keeps what comes before"
        )),
        error => error.into(),
    }
}

/// A random uuid.
pub(crate) fn fresh_uuid() -> Uuid {
    let mut bytes = [0; 16];
    rand::rng().fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Uuid::from_bytes(bytes)
}

/// The wall clock, ms since 1970.
pub(crate) fn date_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |d| d.as_millis() as i64)
}
