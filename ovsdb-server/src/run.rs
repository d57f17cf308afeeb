//! Wires a server together and runs it to its end: configuration, control socket, signals.
//!
//! In: [`Args`]. Out: an exit status. What can change while it runs is [`Reconfigure`]'s.

use std::sync::{Arc, OnceLock};

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
use crate::reconfigure::{Origin, Reconfigure};
use crate::server::Server;
use crate::service::Service;
use ovsdb_data::os_text;

/// Runs the program; returns its exit status.
pub fn run(args: Args) -> i32 {
    let origin = match &args.config_file {
        Some(path) => Origin::ConfigFile(path.clone()),
        None => match Origin::of_commands(&Service::from_args(&args)) {
            Ok(origin) => origin,
            Err(error) => process::fatal(PROGRAM, &format!("failed to create temporary file ({error})")),
        },
    };
    let starting = match process::start(&args.daemon) {
        Ok(starting) => starting,
        Err(error) => process::fatal(PROGRAM, &error.to_string()),
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => process::fatal(PROGRAM, &format!("cannot start threads: {error}")),
    };
    let status = runtime.block_on(async {
        match serve(args, origin, starting).await {
            Ok(status) => status,
            Err(error) => {
                eprintln!("{PROGRAM}: {error}");
                1
            }
        }
    });
    process::clean_up();
    runtime.shutdown_background();
    status
}

async fn serve(args: Args, origin: Origin, starting: process::Starting) -> Result<i32, String> {
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
    let commands = Commands::new(VERSION);
    let reconfigure = Reconfigure::new(actor.clone(), &args, changed, origin, commands.clone());
    let reconfigure = Arc::new(reconfigure);
    if !reconfigure.load().await {
        return Err("server configuration failed".into());
    }
    let stop = Arc::new(Notify::new());
    let exit = stop.clone();
    control::register(&commands, &actor, &reconfigure, move || exit.notify_one());
    if let Some(path) = unixctl::Server::path(args.unixctl.as_deref(), PROGRAM) {
        let socket = unixctl::Server::bind(&path).map_err(|error| {
            let text = os_text(&error);
            format!("{}: could not initialize control socket ({text})", path.display())
        })?;
        tokio::spawn(socket.run(commands));
    }
    tokio::spawn(reconfigure.clone().follow());
    tokio::spawn(reconfigure.clone().write_status());
    let _management = match args.manage {
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
    if let Some(schedule) = args.backups {
        tokio::spawn(schedule.run(actor.clone()));
    }
    ask(&actor, |server| server.start_timers());
    let child = args.run.as_deref().map(spawn_command).transpose()?;
    starting.ready();
    if args.run.is_none() {
        // With --run this is more a command than a daemon, and says nothing.
        tracing::info!(target: "ovsdb_server", "{}", VERSION);
    }
    let status = tokio::select! {
        () = stop.notified() => 0,
        status = wait_command(child) => status,
        signal = process::fatal_signal() => match signal {
            Ok(signal) => process::die(signal),
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
