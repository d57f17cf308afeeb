//! Wires a server together and runs it to its end: configuration, control socket, signals.
//!
//! In: [`Args`], for a program that is called otherwise a [`Program`], too. Out: an exit status. What can change while
//! it runs is [`Reconfigure`]'s.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ovsdb_daemon::unixctl::Commands;
use ovsdb_daemon::{process, unixctl};
use ovsdb_manage::Listen;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Notify;

use crate::actor::Actor;
use crate::args::{Args, PROGRAM, VERSION};
use crate::cluster;
use crate::control::{self, ask};
use crate::host::TokioHost;
use crate::manage::Managed;
use crate::operate::upgrade::upgrade;
use crate::reconfigure::{Origin, Reconfigure};
use crate::server::Server;
use crate::service::Service;
use ovsdb_data::{DatabaseSchema, os_text};

/// How long a server that was told to end by a signal takes to hand over what it leads, at most: scripts kill it after
/// a few seconds.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A program that serves databases.
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// Its version, in the form that scripts parse.
    pub version: &'static str,
    /// Makes what is missing, as the user and in the process that will serve.
    pub prepare: Box<dyn Fn() -> Result<(), String>>,
    /// Schemas that databases are to have at least, and these databases' files.
    pub schemas: Vec<(DatabaseSchema, PathBuf)>,
}

impl Default for Program {
    fn default() -> Program {
        Program {
            name: PROGRAM,
            version: VERSION,
            prepare: Box::new(|| Ok(())),
            schemas: Vec::new(),
        }
    }
}

/// Runs a program; returns its exit status.
pub fn run(program: Program, args: Args) -> i32 {
    let name = program.name;
    let origin = match &args.config_file {
        Some(path) => Origin::ConfigFile(path.clone()),
        None => match Origin::of_commands(&Service::from_args(&args)) {
            Ok(origin) => origin,
            Err(error) => process::fatal(name, &format!("failed to create temporary file ({error})")),
        },
    };
    let starting = match process::start(&args.daemon) {
        Ok(starting) => starting,
        Err(error) => process::fatal(name, &error.to_string()),
    };
    if let Err(error) = (program.prepare)() {
        process::fatal(name, &error);
    }
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => process::fatal(name, &format!("cannot start threads: {error}")),
    };
    let status = runtime.block_on(async {
        match serve(program, args, origin, starting).await {
            Ok(status) => status,
            Err(error) => {
                eprintln!("{name}: {error}");
                1
            }
        }
    });
    process::clean_up();
    runtime.shutdown_background();
    status
}

async fn serve(
    program: Program,
    args: Args,
    origin: Origin,
    starting: process::Starting,
) -> Result<i32, String> {
    let changed = Arc::new(Notify::new());
    let weak = Arc::new(OnceLock::new());
    let notify = changed.clone();
    let host = TokioHost::new(
        Handle::current(),
        weak.clone(),
        Box::new(move || notify.notify_one()),
    );
    let server = Server::new(Box::new(host));
    let actor = Actor::start("ovsdb", server).map_err(|error| format!("cannot start a thread: {error}"))?;
    // Set once, here.
    let _ = weak.set(actor.downgrade());
    let commands = Commands::new(program.version);
    let reconfigure = Reconfigure::new(actor.clone(), &args, changed, origin, commands.clone());
    let reconfigure = Arc::new(reconfigure);
    if !reconfigure.load().await {
        return Err("server configuration failed".into());
    }
    let stop = Arc::new(Notify::new());
    let exit = stop.clone();
    control::register(&commands, &actor, &reconfigure, move || exit.notify_one());
    let asked = args.unixctl.iter().map(|path| Some(path.as_str()));
    let default = args.unixctl.is_empty().then_some(None);
    for path in asked
        .chain(default)
        .filter_map(|path| unixctl::Server::path(path, program.name))
    {
        let socket = unixctl::Server::bind(&path).map_err(|error| {
            let text = os_text(&error);
            format!("{}: could not initialize control socket ({text})", path.display())
        })?;
        tokio::spawn(socket.run(commands.clone()));
    }
    for (schema, file) in program.schemas {
        tokio::spawn(upgrade(actor.clone(), schema, file));
    }
    tokio::spawn(reconfigure.clone().follow());
    tokio::spawn(reconfigure.clone().write_status());
    let _management = match args.operate.manage {
        None => None,
        Some(address) => {
            let listen = Listen {
                address,
                tls: (!address.ip().is_loopback()).then(|| reconfigure.tls().clone()),
            };
            let operations = Arc::new(Managed::new(actor.clone()));
            Some(
                ovsdb_manage::serve(operations, listen)
                    .await
                    .map_err(|error| error.to_string())?,
            )
        }
    };
    if let Some(schedule) = args.operate.backups() {
        tokio::spawn(schedule.run(actor.clone()));
    }
    ask(&actor, |server| server.start_timers());
    let child = args.run.as_deref().map(spawn_command).transpose()?;
    starting.ready();
    if args.run.is_none() {
        // With --run this is more a command than a daemon, and says nothing.
        tracing::info!(target: "ovsdb_server", "{}", program.version);
    }
    let status = tokio::select! {
        () = stop.notified() => 0,
        status = wait_command(child) => status,
        signal = process::fatal_signal() => match signal {
            Ok(signal) => {
                // Somebody else is to lead before this one is missed. Who sent the signal does not wait for long.
                let _ = tokio::time::timeout(LAST_WORDS, cluster::open::close_all(&actor)).await;
                process::die(signal)
            }
            Err(error) => return Err(format!("cannot wait for signals: {error}")),
        },
    };
    cluster::open::close_all(&actor).await;
    // The server finishes what it is doing; nothing acknowledged is left unwritten.
    let _ = ask(&actor, |server| server.databases.clear()).await;
    actor.stop();
    Ok(status)
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
