//! What may change while the server runs: databases, their sources, remotes, TLS.
//!
//! In: a [`Service`], rows that configure remotes or TLS, what became of backups. Out: databases opened and closed,
//! sources and remotes started and stopped. Everything goes through [`Reconfigure::apply`], which makes the running
//! server equal to what is asked for; nothing else opens or closes any of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ovsdb_daemon::options::TlsOptions;
use ovsdb_daemon::unixctl::Commands;
use ovsdb_raft::Threads;
use ovsdb_transport::tls::{Tls, TlsFiles};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, Notify};

use crate::actor::Actor;
use crate::args::Args;
use crate::cluster;
use crate::config::DbColumn;
use crate::control::{self, ask};
use crate::database::{Model, OpenDatabase};
use crate::remotes::{RemoteOptions, RemoteState, Remotes};
use crate::server::Server;
use crate::service::{DbConfig, FileModel, Service};
use crate::source::Sources;

/// How often the state of remotes is written to rows.
const STATUS_INTERVAL: Duration = Duration::from_millis(2500);

/// How long changes of configuring rows are gathered before they apply.
const SETTLE: Duration = Duration::from_millis(5);

/// Where a service comes from, and where changes of it are kept.
pub enum Origin {
    /// `--config-file`: changed by its owner only, read again at `ovsdb-server/reload`.
    ConfigFile(PathBuf),
    /// The command line and commands. The file, which has no name, tells a process that the monitor starts again
    /// what had become of it.
    Commands(File),
}

impl Origin {
    /// Keeps a service that was asked for by a command line. Call before the process forks.
    pub fn of_commands(service: &Service) -> std::io::Result<Origin> {
        let mut file = tempfile::tempfile()?;
        file.write_all(service.to_text().as_bytes())?;
        Ok(Origin::Commands(file))
    }

    /// What is to be served; problems go to the log.
    fn load(&mut self) -> Option<Service> {
        let mut text = Vec::new();
        let read = match self {
            Origin::ConfigFile(path) => File::open(&*path).and_then(|mut file| {
                tracing::info!(target: "ovsdb_server", "loading configuration from '{}'", path.display());
                file.read_to_end(&mut text)
            }),
            Origin::Commands(file) => file.rewind().and_then(|()| file.read_to_end(&mut text)),
        };
        let path = self.path();
        if let Err(error) = read {
            tracing::error!(
                target: "ovsdb_server", "failed to open configuration file '{path}': {}", ovsdb_data::os_text(&error)
            );
            return None;
        }
        let warn = &mut |warning: String| tracing::warn!(target: "ovsdb_server", "{warning}");
        let service = Service::parse(&text, warn);
        if service.is_none() {
            tracing::warn!(target: "ovsdb_server", "failed to load configuration from {path}");
        }
        service
    }

    fn path(&self) -> String {
        match self {
            Origin::ConfigFile(path) => path.display().to_string(),
            Origin::Commands(_) => "a temporary file".into(),
        }
    }

    fn save(&mut self, service: &Service) {
        let Origin::Commands(file) = self else { return };
        let text = service.to_text();
        let saved = file
            .rewind()
            .and_then(|()| file.set_len(0))
            .and_then(|()| file.write_all(text.as_bytes()));
        if let Err(error) = saved {
            tracing::warn!(
                target: "ovsdb_server",
                "what was changed by commands will be lost if the server crashes: cannot write a temporary file: {error}"
            );
        }
    }
}

/// A database that is open.
struct Opened {
    /// Its name in its schema.
    db: String,
    config: DbConfig,
}

struct State {
    origin: Origin,
    service: Service,
    /// By file name, relays by database name.
    open: BTreeMap<String, Opened>,
    remotes: Remotes,
    sources: Sources,
    /// What was wrong with `db:` remotes when last looked at; told once.
    remote_errors: Vec<String>,
}

/// The running configuration.
pub struct Reconfigure {
    actor: Actor<Server>,
    tls_args: TlsOptions,
    /// Whether files hold the difference of long values only.
    column_diff: bool,
    tls: Arc<Tls>,
    /// Where members of clusters run, from the first one on.
    threads: OnceLock<Threads>,
    /// Those on clusters are added with the first clustered database.
    commands: Commands,
    changed: Arc<Notify>,
    state: Mutex<State>,
}

/// A command's answer.
pub type Reply = Result<String, String>;

impl Reconfigure {
    /// A server that serves nothing yet. `changed` is notified when rows change that configure something.
    pub fn new(
        actor: Actor<Server>,
        args: &Args,
        changed: Arc<Notify>,
        origin: Origin,
        commands: Commands,
    ) -> Reconfigure {
        let tls = Arc::new(Tls::default());
        let remotes = Remotes::new(Handle::current(), actor.clone(), tls.clone());
        let sources = Sources::new(Handle::current(), actor.clone(), tls.clone());
        Reconfigure {
            actor,
            tls_args: args.tls.clone(),
            column_diff: !args.no_column_diff,
            tls,
            threads: OnceLock::new(),
            commands,
            changed,
            state: Mutex::new(State {
                origin,
                service: Service::default(),
                open: BTreeMap::new(),
                remotes,
                sources,
                remote_errors: Vec::new(),
            }),
        }
    }

    /// Serves what the configuration's origin says now; false when some of it could not be done, which the log
    /// explains.
    pub async fn load(&self) -> bool {
        let mut state = self.state.lock().await;
        let Some(service) = state.origin.load() else {
            return false;
        };
        state.service = service;
        let databases = self.apply_databases(&mut state).await;
        if !databases {
            tracing::warn!(target: "ovsdb_server", "failed to configure databases");
        }
        state.remote_errors.clear();
        self.apply_rows(&mut state).await;
        if !state.remote_errors.is_empty() {
            tracing::warn!(
                target: "ovsdb_server", "failed to configure remotes: {}", state.remote_errors.join("\n")
            );
        }
        databases && state.remote_errors.is_empty()
    }

    /// `ovsdb-server/reload`.
    pub async fn reload(&self) -> Reply {
        if let Origin::Commands(_) = self.state.lock().await.origin {
            return Err("Configuration file was not specified on command line".into());
        }
        match self.load().await {
            true => Ok(String::new()),
            false => Err("Configuration failed.  See the log file for details.".into()),
        }
    }

    /// Changes what is served, for a command. The text is the command's answer.
    pub async fn change(&self, edit: impl FnOnce(&mut Service) -> Reply) -> Reply {
        let mut state = self.state.lock().await;
        self.check_changeable(&state)?;
        let reply = edit(&mut state.service)?;
        self.apply_databases(&mut state).await;
        self.apply_rows(&mut state).await;
        let State { origin, service, .. } = &mut *state;
        origin.save(service);
        Ok(reply)
    }

    fn check_changeable(&self, state: &State) -> Result<(), String> {
        match &state.origin {
            Origin::Commands(_) => Ok(()),
            Origin::ConfigFile(path) => {
                let path = path.display();
                Err(format!("Update the {path} and use ovsdb-server/reload instead"))
            }
        }
    }

    /// What is served at present.
    pub async fn service(&self) -> Service {
        self.state.lock().await.service.clone()
    }

    /// `ovsdb-server/add-remote`; one that is there already stays.
    pub async fn add_remote(&self, remote: &str) -> Reply {
        if remote.starts_with("db:") {
            let column: DbColumn = remote.parse().map_err(|error| format!("{error}"))?;
            match ask(&self.actor, move |server| column.check(server)).await {
                Ok(result) => result.map_err(|error| error.to_string())?,
                Err(_) => return Err("the server is stopping".into()),
            }
        }
        self.change(|service| {
            service.remotes.entry(remote.to_owned()).or_default();
            Ok(String::new())
        })
        .await
    }

    /// `ovsdb-server/add-db`.
    pub async fn add_database(&self, name: &str) -> Reply {
        let mut state = self.state.lock().await;
        self.check_changeable(&state)?;
        let (file, config) = state.service.sync.database(name);
        self.open(&mut state, &file, &config).await?;
        state.service.databases.insert(file, config);
        self.apply_rows(&mut state).await;
        let State { origin, service, .. } = &mut *state;
        origin.save(service);
        Ok(String::new())
    }

    /// `ovsdb-server/remove-db`.
    pub async fn remove_database(&self, db: &str) -> Reply {
        if db.starts_with('_') {
            return Err("Cannot remove reserved database.".into());
        }
        let file = {
            let state = self.state.lock().await;
            self.check_changeable(&state)?;
            let file = state.open.iter().find(|(_, opened)| opened.db == db);
            file.map(|(file, _)| file.clone())
                .ok_or("Failed to find the database.")?
        };
        self.change(|service| {
            service.databases.remove(&file);
            Ok(String::new())
        })
        .await
    }

    /// Databases as [`State::service`] says: closed, opened, begun or ended to copy. False when one cannot be opened.
    async fn apply_databases(&self, state: &mut State) -> bool {
        let mut done = true;
        let wanted = state.service.databases.clone();
        let gone: Vec<String> = state
            .open
            .iter()
            .filter(|(file, opened)| {
                wanted
                    .get(*file)
                    .is_none_or(|new| !can_become(&opened.config, new))
            })
            .map(|(file, _)| file.clone())
            .collect();
        for file in gone {
            if let Some(opened) = state.open.remove(&file) {
                // A server that is stopping has closed it already.
                let _ = ask(&self.actor, move |server| server.remove_database(&opened.db)).await;
            }
        }
        for (file, config) in &wanted {
            let changed = match state.open.get_mut(file) {
                Some(opened) if opened.config == *config => None,
                Some(opened) => {
                    opened.config = config.clone();
                    Some(opened.db.clone())
                }
                None => {
                    if let Err(error) = self.open(state, file, config).await {
                        tracing::warn!(target: "ovsdb_server", "failed to open database '{file}': {error}");
                        done = false;
                    }
                    None
                }
            };
            if let Some(db) = changed {
                let config = config.clone();
                let _ = ask(&self.actor, move |server| become_(server, &db, &config)).await;
            }
        }
        done
    }

    async fn open(&self, state: &mut State, file: &str, config: &DbConfig) -> Result<(), String> {
        let stopping = || "the server is stopping".to_owned();
        let db = if let DbConfig::Relay(_) = config {
            let name = file.to_owned();
            let added = ask(&self.actor, move |server| {
                let db = OpenDatabase::relay(&name, server.host.as_mut()).map_err(|e| e.to_string())?;
                server.add_database(db).map_err(|e| e.to_string())
            });
            added.await.map_err(|_| stopping())??;
            file.to_owned()
        } else {
            if is_open(state, file) {
                return Err(format!("ovsdb error: {file}: already open"));
            }
            let model = check_model(file, config)?;
            let path = PathBuf::from(file);
            if model == Some(FileModel::Clustered) {
                control::cluster::register(&self.commands, &self.actor);
                let db = cluster::open::open(&path, &self.actor, self.threads()?, &self.tls).await?;
                let config = config.clone();
                state.open.insert(file.to_owned(), Opened { db, config });
                return Ok(());
            }
            // Reading a large file takes a while; the other databases are served meanwhile.
            let opened = tokio::task::spawn_blocking(move || OpenDatabase::open(&path)).await;
            let mut db = opened
                .map_err(|error| error.to_string())?
                .map_err(|error| error.to_string())?;
            if let Some(file) = &mut db.file {
                file.column_diff = self.column_diff;
            }
            let name = db.name.clone();
            if name.starts_with('_') {
                return Err(format!(
                    "ovsdb error: {name}: names beginning with \"_\" are reserved"
                ));
            }
            let added = ask(&self.actor, move |server| server.add_database(db));
            added
                .await
                .map_err(|_| stopping())?
                .map_err(|error| error.to_string())?;
            name
        };
        let (name, to) = (db.clone(), config.clone());
        ask(&self.actor, move |server| become_(server, &name, &to))
            .await
            .map_err(|_| stopping())?;
        let config = config.clone();
        state.open.insert(file.to_owned(), Opened { db, config });
        Ok(())
    }

    /// The certificates in force.
    pub fn tls(&self) -> &Arc<Tls> {
        &self.tls
    }

    fn threads(&self) -> Result<&Threads, String> {
        if self.threads.get().is_none() {
            let threads = Threads::start().map_err(|error| format!("cannot start threads: {error}"))?;
            // Set by whoever holds the lock on the state.
            let _ = self.threads.set(threads);
        }
        self.threads
            .get()
            .ok_or_else(|| "threads have been started".to_owned())
    }

    /// A backup that failed makes its database active; without a configuration file it makes all of them so.
    fn notice_failed_backups(&self, state: &mut State, active: &BTreeSet<String>) -> bool {
        let of_commands = matches!(state.origin, Origin::Commands(_));
        let State { open, service, .. } = state;
        let failed: Vec<String> = open
            .iter()
            .filter(|(_, opened)| {
                matches!(opened.config, DbConfig::ActiveBackup { backup: true, .. })
                    && active.contains(&opened.db)
            })
            .map(|(file, _)| file.clone())
            .collect();
        if failed.is_empty() {
            return false;
        }
        if of_commands {
            service.sync.backup = false;
        }
        for (file, config) in &mut service.databases {
            if let DbConfig::ActiveBackup { backup, .. } = config
                && (of_commands || failed.contains(file))
            {
                *backup = false;
            }
        }
        true
    }

    /// Applies configuring rows as they change, and what becomes of backups.
    pub async fn follow(self: Arc<Self>) {
        loop {
            self.changed.notified().await;
            tokio::time::sleep(SETTLE).await;
            // First, so that no command comes between what is found and what is done about it.
            let mut state = self.state.lock().await;
            let active = ask(&self.actor, |server| {
                let active = |db: &&OpenDatabase| matches!(db.model, Model::ActiveBackup(None));
                let names = server.databases.values().filter(active).map(|db| db.name.clone());
                names.collect::<BTreeSet<String>>()
            });
            let Ok(active) = active.await else { return };
            if self.notice_failed_backups(&mut state, &active) {
                self.apply_databases(&mut state).await;
                let State { origin, service, .. } = &mut *state;
                origin.save(service);
            }
            let before = std::mem::take(&mut state.remote_errors);
            self.apply_rows(&mut state).await;
            if before != state.remote_errors {
                for error in &state.remote_errors {
                    tracing::warn!(target: "ovsdb_server", "{error}");
                }
            }
        }
    }

    /// Makes remotes, sources and TLS what options and rows say now.
    async fn apply_rows(&self, state: &mut State) {
        let tls_args = self.tls_args.clone();
        let service = state.service.remotes.clone();
        let answer = ask(&self.actor, move |server| {
            let mut wanted = Wanted::default();
            for (target, options) in service {
                match target.strip_prefix("db:") {
                    None => {
                        wanted.remotes.insert(target, options);
                    }
                    Some(_) => wanted.add_rows(&target, server),
                }
            }
            for column in tls_columns(&tls_args) {
                wanted.watch(&column, server);
            }
            server.watch_config_quietly(std::mem::take(&mut wanted.watched));
            (wanted, tls_files(&tls_args, server), server.sources())
        });
        let Ok((wanted, files, sources)) = answer.await else {
            return;
        };
        self.tls.configure(files);
        state.remotes.configure(&wanted.remotes).await;
        state.sources.configure(sources);
        state.remote_errors = wanted.errors;
    }

    /// Writes the state of remotes to their rows from time to time.
    pub async fn write_status(self: Arc<Self>) {
        let mut tick = tokio::time::interval(STATUS_INTERVAL);
        loop {
            tick.tick().await;
            let (columns, states) = {
                let state = self.state.lock().await;
                let given = state.service.remotes.keys();
                let columns: Vec<DbColumn> = given
                    .filter(|r| r.starts_with("db:"))
                    .filter_map(|r| r.parse().ok())
                    .collect();
                let targets = state.remotes.targets().into_iter();
                let states: BTreeMap<String, RemoteState> = targets
                    .filter_map(|t| Some((t.clone(), state.remotes.state(&t)?)))
                    .collect();
                (columns, states)
            };
            if columns.is_empty() {
                continue;
            }
            let done = ask(&self.actor, move |server| {
                for column in &columns {
                    server.write_remote_status(column, &states);
                }
            });
            if done.await.is_err() {
                return;
            }
        }
    }
}

/// What options and rows ask for.
#[derive(Default)]
struct Wanted {
    remotes: BTreeMap<String, RemoteOptions>,
    watched: BTreeMap<String, BTreeSet<String>>,
    errors: Vec<String>,
}

impl Wanted {
    fn add_rows(&mut self, target: &str, server: &Server) {
        let column: DbColumn = match target.parse() {
            Ok(column) => column,
            Err(error) => {
                self.errors.push(format!("{error}"));
                return;
            }
        };
        // What has not joined its cluster, or not heard from its source, has not even a schema: that is no mistake.
        let is_empty = server
            .databases
            .get(&column.db)
            .is_some_and(|db| !db.is_available());
        if let Err(error) = column.check(server)
            && !is_empty
        {
            self.errors.push(error.to_string());
        }
        for (target, options) in column.remotes(server) {
            self.remotes.entry(target).or_insert(options);
        }
        self.watch(&column, server);
    }

    fn watch(&mut self, column: &DbColumn, server: &Server) {
        let tables = self.watched.entry(column.db.clone()).or_default();
        tables.extend(column.tables(server));
    }
}

/// Whether an open database can be served another way without being closed.
fn can_become(now: &DbConfig, new: &DbConfig) -> bool {
    let is_standalone = |config: &DbConfig| !matches!(config, DbConfig::Relay(_));
    match (now, new) {
        (DbConfig::Relay(_), DbConfig::Relay(_)) => true,
        (_, DbConfig::File(Some(FileModel::Clustered))) => false,
        (DbConfig::ActiveBackup { .. }, DbConfig::File(None)) => false,
        (now, new) => is_standalone(now) && is_standalone(new),
    }
}

/// Serves a database as configured.
fn become_(server: &mut Server, db: &str, config: &DbConfig) {
    let Some(open) = server.databases.get_mut(db) else {
        return;
    };
    match config {
        DbConfig::File(_) if matches!(open.model, Model::Clustered(_)) => {}
        DbConfig::File(_) => open.model = Model::Standalone,
        DbConfig::Relay(source) => server.set_relay_source(db, source),
        DbConfig::ActiveBackup {
            source,
            exclude,
            backup,
        } => {
            if !matches!(open.model, Model::ActiveBackup(_)) {
                open.model = Model::ActiveBackup(None);
            }
            server.set_backup(db, source.as_ref().filter(|_| *backup), exclude.as_deref());
        }
    }
}

/// Whether a file is open already, perhaps under another name.
fn is_open(state: &State, file: &str) -> bool {
    let identity = |file: &str| std::fs::metadata(file).ok().map(|m| (m.dev(), m.ino()));
    let wanted = identity(file);
    let files = state
        .open
        .iter()
        .filter(|(_, opened)| !matches!(opened.config, DbConfig::Relay(_)));
    wanted.is_some() && files.map(|(file, _)| identity(file)).any(|other| other == wanted)
}

/// The model of a file, if it can be read; refuses one that is not of the model that is expected of it.
fn check_model(file: &str, config: &DbConfig) -> Result<Option<FileModel>, String> {
    let expected = match config {
        DbConfig::File(expected) => *expected,
        _ => Some(FileModel::Standalone),
    };
    let mut magic = [0; 14];
    // What else is wrong with it shows when it is opened.
    let Ok(()) = File::open(file).and_then(|mut file| file.read_exact(&mut magic)) else {
        return Ok(None);
    };
    let found = match &magic == b"OVSDB CLUSTER " {
        true => FileModel::Clustered,
        false => FileModel::Standalone,
    };
    match expected {
        Some(expected) if expected != found => Err(format!(
            "ovsdb error: {file}: database is {} and not {}",
            found.name(),
            expected.name()
        )),
        _ => Ok(Some(found)),
    }
}

fn tls_options(args: &TlsOptions) -> [&Option<String>; 8] {
    let TlsOptions {
        private_key,
        certificate,
        ca_cert,
        bootstrap_ca_cert,
        peer_ca_cert,
        protocols,
        ciphers,
        ciphersuites,
    } = args;
    [
        private_key,
        certificate,
        ca_cert,
        bootstrap_ca_cert,
        peer_ca_cert,
        protocols,
        ciphers,
        ciphersuites,
    ]
}

fn tls_columns(args: &TlsOptions) -> Vec<DbColumn> {
    let given = tls_options(args).into_iter().flatten();
    given
        .filter(|value| value.starts_with("db:"))
        .filter_map(|value| value.parse().ok())
        .collect()
}

fn tls_files(args: &TlsOptions, server: &Server) -> TlsFiles {
    let value = |option: &Option<String>| -> Option<String> {
        let text = option.as_ref()?;
        match text.starts_with("db:") {
            true => text.parse::<DbColumn>().ok()?.string(server),
            false => Some(text.clone()),
        }
    };
    let path = |option: &Option<String>| value(option).map(PathBuf::from);
    TlsFiles {
        private_key: path(&args.private_key),
        certificate: path(&args.certificate),
        ca_cert: path(&args.bootstrap_ca_cert).or_else(|| path(&args.ca_cert)),
        bootstrap: args.bootstrap_ca_cert.is_some(),
        peer_ca_cert: path(&args.peer_ca_cert),
        protocols: value(&args.protocols),
        ciphers: value(&args.ciphers),
        ciphersuites: value(&args.ciphersuites),
    }
}
