//! A program from start to end: command line, sockets, the loop, signals.

use std::ffi::OsString;
use std::sync::Arc;

use ovsdb_daemon::unixctl::Commands;
use ovsdb_daemon::{process, unixctl};
use ovsdb_data::os_text;
use ovsdb_idl::session::Config;
use ovsdb_transport::dialer::Dialer;
use ovsdb_transport::drive::Client;
use ovsdb_transport::tls::Tls;
use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;

use crate::Service;
use crate::args::{self, Args, Command};
use crate::control;
use crate::follower::Follower;
use crate::turn::Turn;

/// The whole program: parses, runs; returns its exit status.
pub fn main<S: Service>() -> i32 {
    ovsdb_daemon::dirs::be_of_ovn();
    ovsdb_daemon::vlog::init(S::NAME);
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(status) = S::look(&words) {
        return status;
    }
    match args::parse::<S>(words) {
        Ok(Command::Run(args)) => run(*args),
        Ok(Command::Print(text)) => {
            print!("{text}");
            0
        }
        Err(error) => {
            eprintln!("{}: {error}", S::NAME);
            1
        }
    }
}

fn run<S: Service>(args: Args<S>) -> i32 {
    let starting = match process::start(&args.daemon) {
        Ok(starting) => starting,
        Err(error) => process::fatal(S::NAME, &error.to_string()),
    };
    // What comes over a socket is nearly always answered at once: on one thread nobody has to be woken for it.
    let runtime = match Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => process::fatal(S::NAME, &format!("cannot start threads: {error}")),
    };
    // Only now: threads end where a process goes on in its child. What a first run has needed is given back while
    // nothing happens, in about ten seconds.
    if let Err(error) = tikv_jemalloc_ctl::background_thread::write(true) {
        tracing::debug!(target: "memory", "the allocator has no thread of its own: {error}");
    }
    let served = runtime.block_on(runtime.spawn(serve(args, starting)));
    let status = served.unwrap_or_else(|error| process::fatal(S::NAME, &error.to_string()));
    let status = status.unwrap_or_else(|error| {
        eprintln!("{}: {error}", S::NAME);
        1
    });
    process::clean_up();
    runtime.shutdown_background();
    status
}

async fn serve<S: Service>(args: Args<S>, starting: process::Starting) -> Result<i32, String> {
    let commands = Commands::new(S::VERSION);
    let stop = Arc::new(Notify::new());
    let exit = stop.clone();
    commands.register_exit("", 0, move |_| exit.notify_one());
    let questions = control::register::<S>(&commands);
    if let Some(path) = unixctl::Server::path(args.unixctl.as_deref(), S::NAME) {
        let socket = unixctl::Server::bind(&path).map_err(|error| {
            format!(
                "{}: could not initialize control socket ({})",
                path.display(),
                os_text(&error)
            )
        })?;
        tokio::spawn(socket.run(commands));
    }
    let tls = Arc::new(Tls::new(args.tls));
    // Nothing is said on the terminal about connections.
    starting.ready();
    let followers = args.remotes.into_iter().map(|(side, remotes)| {
        let config = Config {
            db: side.db().name().to_owned(),
            leader_only: true,
            tables: S::interest(side),
            schema: Some(ovn_schemas::schema(side.db())),
        };
        let dialer = Dialer::new(remotes, None, tls.clone());
        Follower::new(side, Client::start(&Handle::current(), config, dialer))
    });
    let mut turn = Turn::new(args.service, followers.collect(), questions);
    tokio::select! {
        () = turn.run() => Ok(0),
        () = stop.notified() => Ok(0),
        signal = process::fatal_signal() => match signal {
            Ok(signal) => process::die(signal),
            Err(error) => Err(format!("cannot wait for signals: {error}")),
        },
    }
}
