//! Wires a server together and runs it to its end: databases, remotes, TLS, control socket, signals.
//!
//! In: [`Args`]. Out: an exit status. What can change while it runs (remotes, TLS files, rows that configure either)
//! goes through [`Reconfigure`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ovsdb_daemon::{process, unixctl};
use ovsdb_transport::tls::{Tls, TlsFiles};
use parking_lot::Mutex;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Notify;

use crate::actor::Actor;
use crate::args::{Args, PROGRAM, TlsArgs};
use crate::config::DbColumn;
use crate::control::{self, ask};
use crate::database::OpenDatabase;
use crate::host::TokioHost;
use crate::remotes::{RemoteOptions, RemoteState, Remotes};
use crate::server::Server;

/// How often the state of remotes is written to rows.
const STATUS_INTERVAL: Duration = Duration::from_millis(2500);

/// How long changes of configuring rows are gathered before they apply.
const SETTLE: Duration = Duration::from_millis(5);

/// Runs the program; returns its exit status.
pub fn run(args: Args) -> i32 {
    let starting = match process::start(&args.daemon) {
        Ok(starting) => starting,
        Err(error) => process::fatal(PROGRAM, &error.to_string()),
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => process::fatal(PROGRAM, &format!("cannot start threads: {error}")),
    };
    let status = runtime.block_on(async {
        match serve(args, starting).await {
            Ok(status) => status,
            Err(error) => process::fatal(PROGRAM, &error),
        }
    });
    process::clean_up();
    runtime.shutdown_background();
    status
}

async fn serve(args: Args, starting: process::Starting) -> Result<i32, String> {
    let changed = Arc::new(Notify::new());
    let weak = Arc::new(OnceLock::new());
    let notify = changed.clone();
    let host = TokioHost::new(
        Handle::current(),
        weak.clone(),
        Box::new(move || notify.notify_one()),
    );
    let mut server = Server::new(Box::new(host));
    open_databases(&args, &mut server)?;
    let actor = Actor::start("ovsdb", server).map_err(|error| format!("cannot start a thread: {error}"))?;
    // Set once, here.
    let _ = weak.set(actor.downgrade());
    let tls = Arc::new(Tls::default());
    let remotes = Remotes::new(Handle::current(), actor.clone(), tls.clone());
    let reconfigure = Arc::new(Reconfigure {
        actor: actor.clone(),
        remotes: tokio::sync::Mutex::new(remotes),
        configured: Mutex::new(args.remotes.iter().cloned().collect()),
        tls_args: args.tls.clone(),
        tls,
        changed,
    });
    for remote in &args.remotes {
        reconfigure.check(remote).await?;
    }
    reconfigure.apply().await;
    let stop = Arc::new(Notify::new());
    let exit = stop.clone();
    let commands = control::register(&actor, &reconfigure, move || exit.notify_one());
    if let Some(path) = unixctl::Server::path(args.unixctl.as_deref(), PROGRAM) {
        let socket = unixctl::Server::bind(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        tokio::spawn(socket.run(commands));
    }
    tokio::spawn(reconfigure.clone().follow());
    tokio::spawn(reconfigure.clone().write_status());
    ask(&actor, |server| server.start_timers());
    let child = args.run.as_deref().map(spawn_command).transpose()?;
    starting.ready();
    if args.run.is_none() {
        // With --run this is more a command than a daemon, and says nothing.
        tracing::info!(target: "ovsdb_server", "{}", crate::args::VERSION);
    }
    let status = tokio::select! {
        () = stop.notified() => 0,
        status = wait_command(child) => status,
        signal = process::fatal_signal() => match signal {
            Ok(signal) => process::die(signal),
            Err(error) => return Err(format!("cannot wait for signals: {error}")),
        },
    };
    // The server finishes what it is doing; nothing acknowledged is left unwritten.
    let _ = ask(&actor, |server| server.databases.clear()).await;
    actor.stop();
    Ok(status)
}

fn open_databases(args: &Args, server: &mut Server) -> Result<(), String> {
    for name in &args.databases {
        let mut db =
            OpenDatabase::open(Path::new(name), server.host.as_mut()).map_err(|error| error.to_string())?;
        if let Some(file) = &mut db.file {
            file.column_diff = !args.no_column_diff;
        }
        server.add_database(db).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn spawn_command(command: &str) -> Result<tokio::process::Child, String> {
    let child = tokio::process::Command::new("/bin/sh")
        .arg("-c")
        .arg(command)
        .kill_on_drop(false)
        .spawn();
    child.map_err(|error| format!("cannot run \"{command}\": {error}"))
}

async fn wait_command(child: Option<tokio::process::Child>) -> i32 {
    match child {
        None => std::future::pending().await,
        Some(mut child) => match child.wait().await {
            Ok(status) if status.success() => 0,
            Ok(status) => status.code().unwrap_or(1),
            Err(_) => 1,
        },
    }
}

/// What may change while the server runs.
pub struct Reconfigure {
    actor: Actor<Server>,
    remotes: tokio::sync::Mutex<Remotes>,
    /// The remotes as given, `db:` ones included.
    configured: Mutex<BTreeSet<String>>,
    tls_args: TlsArgs,
    tls: Arc<Tls>,
    changed: Arc<Notify>,
}

impl Reconfigure {
    /// Something that configures has changed.
    pub fn changed(&self) {
        self.changed.notify_one();
    }

    /// The remotes as given, sorted.
    pub fn list_remotes(&self) -> Vec<String> {
        self.configured.lock().iter().cloned().collect()
    }

    /// Adds a remote; one that is there already stays.
    pub async fn add_remote(&self, remote: &str) -> Result<String, String> {
        self.check(remote).await?;
        self.configured.lock().insert(remote.to_owned());
        self.apply().await;
        Ok(String::new())
    }

    /// Removes a remote with its sessions.
    pub async fn remove_remote(&self, remote: &str) -> Result<String, String> {
        if !self.configured.lock().remove(remote) {
            return Err("no such remote".into());
        }
        self.apply().await;
        Ok(String::new())
    }

    async fn check(&self, remote: &str) -> Result<(), String> {
        if remote.starts_with("db:") {
            let column: DbColumn = remote.parse().map_err(|error| format!("{error}"))?;
            let checked = ask(&self.actor, move |server| column.check(server)).await;
            return match checked {
                Ok(result) => result.map_err(|error| error.to_string()),
                Err(_) => Err("the server is stopping".into()),
            };
        }
        remote
            .parse::<ovsdb_transport::remote::Remote>()
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    /// Applies configuring rows as they change.
    async fn follow(self: Arc<Self>) {
        loop {
            self.changed.notified().await;
            tokio::time::sleep(SETTLE).await;
            self.apply().await;
        }
    }

    /// Makes remotes and TLS what the options and rows say now.
    async fn apply(&self) {
        let columns = self.columns();
        let tls_args = self.tls_args.clone();
        let fixed: Vec<String> = self
            .configured
            .lock()
            .iter()
            .filter(|remote| !remote.starts_with("db:"))
            .cloned()
            .collect();
        let answer = ask(&self.actor, move |server| {
            let mut desired: BTreeMap<String, RemoteOptions> = BTreeMap::new();
            let mut watched: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for column in &columns {
                for (target, options) in column.remotes(server) {
                    desired.entry(target).or_insert(options);
                }
                watched
                    .entry(column.db.clone())
                    .or_default()
                    .extend(column.tables(server));
            }
            for target in fixed {
                desired.insert(target, RemoteOptions::default());
            }
            for column in tls_columns(&tls_args) {
                watched
                    .entry(column.db.clone())
                    .or_default()
                    .extend(column.tables(server));
            }
            server.watch_config_quietly(watched);
            (desired, tls_files(&tls_args, server))
        });
        let Ok((desired, files)) = answer.await else {
            return;
        };
        self.tls.configure(files);
        self.remotes.lock().await.configure(&desired).await;
    }

    fn columns(&self) -> Vec<DbColumn> {
        self.configured
            .lock()
            .iter()
            .filter(|r| r.starts_with("db:"))
            .filter_map(|r| r.parse().ok())
            .collect()
    }

    async fn write_status(self: Arc<Self>) {
        let mut tick = tokio::time::interval(STATUS_INTERVAL);
        loop {
            tick.tick().await;
            let columns = self.columns();
            if columns.is_empty() {
                continue;
            }
            let states: BTreeMap<String, RemoteState> = {
                let remotes = self.remotes.lock().await;
                remotes
                    .targets()
                    .into_iter()
                    .filter_map(|t| Some((t.clone(), remotes.state(&t)?)))
                    .collect()
            };
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

fn tls_options(args: &TlsArgs) -> [&Option<String>; 8] {
    let TlsArgs {
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

fn tls_columns(args: &TlsArgs) -> Vec<DbColumn> {
    let given = tls_options(args).into_iter().flatten();
    given
        .filter(|value| value.starts_with("db:"))
        .filter_map(|value| value.parse().ok())
        .collect()
}

fn tls_files(args: &TlsArgs, server: &Server) -> TlsFiles {
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
    }
}
