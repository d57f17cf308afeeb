//! Wires a program together and runs it: a client for each database, the machine, one transaction at a time to each.
//!
//! ```text
//!   client ──changes──► Machine ──touched rows──► Reconcile ──operations──► client     for each database
//! ```

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::future::select_all;
use ovn_incremental::desired::RowId;
use ovn_incremental::{Machine, Program, Side};
use ovsdb_daemon::unixctl::Commands;
use ovsdb_daemon::{process, unixctl};
use ovsdb_data::os_text;
use ovsdb_idl::session::{Config, Interest};
use ovsdb_transport::dialer::Dialer;
use ovsdb_transport::drive::Client;
use ovsdb_transport::tls::Tls;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Notify;

use crate::Service;
use crate::args::{self, Args, Command};
use crate::control::{self, Shared};
use crate::follower::{Follower, News, PENANCE};
use crate::seen::Seen;

/// For how long changes are taken in before something is made of them: a stream of them must not keep it from that.
const PATIENCE: Duration = Duration::from_millis(100);

/// The whole program: parses, runs; returns its exit status.
pub fn main<S: Service>() -> i32 {
    ovsdb_daemon::dirs::be_of_ovn();
    ovsdb_daemon::vlog::init(S::NAME);
    match args::parse::<S>(std::env::args_os().skip(1)) {
        Ok(Command::Run(args)) => run::<S>(*args),
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

fn run<S: Service>(args: Args) -> i32 {
    let starting = match process::start(&args.daemon) {
        Ok(starting) => starting,
        Err(error) => process::fatal(S::NAME, &error.to_string()),
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => process::fatal(S::NAME, &format!("cannot start threads: {error}")),
    };
    let status = runtime.block_on(async {
        serve::<S>(args, starting).await.unwrap_or_else(|error| {
            eprintln!("{}: {error}", S::NAME);
            1
        })
    });
    process::clean_up();
    runtime.shutdown_background();
    status
}

async fn serve<S: Service>(args: Args, starting: process::Starting) -> Result<i32, String> {
    let shared = Arc::new(Shared::new::<S>());
    let commands = Commands::new(S::VERSION);
    let stop = Arc::new(Notify::new());
    let exit = stop.clone();
    control::register::<S>(&commands, &shared, move || exit.notify_one());
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
    let tls = Arc::new(Tls::new(args.tls.clone()));
    let followers = args.remotes.into_iter().map(|(side, remotes)| {
        let config = Config {
            db: side.db().name().to_owned(),
            leader_only: true,
            tables: Interest::All,
            schema: Some(ovn_schemas::schema(side.db())),
        };
        let dialer = Dialer::new(remotes, None, tls.clone());
        Follower::new(side, Client::start(&Handle::current(), config, dialer))
    });
    let mut turn: Loop<S> = Loop {
        followers: followers.collect(),
        machine: Machine::new(),
        shared,
        was_active: false,
    };
    starting.ready();
    tokio::select! {
        () = turn.run() => Ok(0),
        () = stop.notified() => Ok(0),
        signal = process::fatal_signal() => match signal {
            Ok(signal) => process::die(signal),
            Err(error) => Err(format!("cannot wait for signals: {error}")),
        },
    }
}

struct Loop<S: Service> {
    followers: Vec<Follower<S::Program>>,
    machine: Machine<S::Program>,
    shared: Arc<Shared>,
    was_active: bool,
}

enum Happened {
    News(usize, News),
    Wish,
    Nothing,
}

impl<S: Service> Loop<S> {
    async fn run(&mut self) {
        if !self.shared.is_paused.load(Ordering::Relaxed) {
            self.lock();
        }
        loop {
            match self.next().await {
                Happened::News(n, News::Event(event)) => {
                    let seen = self.followers[n].take(&mut self.machine, event);
                    self.seen(self.followers[n].side, &seen);
                }
                Happened::News(n, News::Ended(outcome)) => {
                    self.followers[n].ended::<S>(&self.machine, &outcome);
                }
                Happened::Wish => self.obey(),
                Happened::Nothing => {}
            }
            self.drain();
            self.step();
        }
    }

    async fn next(&mut self) -> Happened {
        let must_wait = self.followers.iter().any(Follower::must_wait);
        let all = self.followers.iter_mut().enumerate();
        let all = all.map(|(n, follower)| Box::pin(async move { (n, follower.next().await) }));
        tokio::select! {
            ((n, news), ..) = select_all(all) => Happened::News(n, news),
            () = self.shared.wish.notified() => Happened::Wish,
            () = tokio::time::sleep(PENANCE), if must_wait => Happened::Nothing,
        }
    }

    fn southbound(&self) -> Option<&Client> {
        let mut found = self.followers.iter().filter(|follower| follower.side == Side::Sb);
        found.next().map(|follower| &follower.client)
    }

    fn lock(&self) {
        if let Some(client) = self.southbound().filter(|client| !client.has_lock()) {
            client.lock(S::LOCK);
        }
    }

    /// Takes what else has come, for a while.
    fn drain(&mut self) {
        let began = Instant::now();
        let mut is_more = true;
        while is_more && began.elapsed() < PATIENCE {
            is_more = false;
            for n in 0..self.followers.len() {
                if let Some(event) = self.followers[n].client.try_event() {
                    is_more = true;
                    let seen = self.followers[n].take(&mut self.machine, event);
                    self.seen(self.followers[n].side, &seen);
                }
            }
        }
    }

    fn seen(&self, side: Side, seen: &Seen) {
        match seen {
            Seen::Connected(is_connected) => self.shared.set_connected(side, *is_connected),
            Seen::Lock(is_ours) => {
                self.shared.has_lock.store(*is_ours, Ordering::Relaxed);
                let name = S::NAME;
                S::inform(&match is_ours {
                    true => format!("{name} lock acquired. This {name} instance is now active."),
                    false => format!("{name} lock lost. This {name} instance is now on standby."),
                });
            }
            Seen::Changes(_) | Seen::Nothing => {}
        }
    }

    fn obey(&mut self) {
        if self.shared.is_recompute_wanted.swap(false, Ordering::Relaxed) {
            self.recompute();
        }
        let is_paused = self.shared.is_paused.load(Ordering::Relaxed);
        if is_paused && self.was_active {
            S::inform(&format!("This {} instance is now paused.", S::NAME));
            if let Some(client) = self.southbound() {
                client.unlock();
            }
            self.shared.has_lock.store(false, Ordering::Relaxed);
        } else if !is_paused {
            self.lock();
        }
        self.was_active = !is_paused;
    }

    /// Everything from nothing: it must come out as it is, and what does not is put right.
    fn recompute(&mut self) {
        let fresh = self.machine.again();
        let rows = |machine: &Machine<S::Program>| {
            let rows = machine.all().into_iter();
            rows.map(|row| (row.side, row.table, row.id))
                .collect::<Vec<RowId>>()
        };
        let all = [rows(&self.machine), rows(&fresh)].concat();
        self.machine = fresh;
        for follower in &mut self.followers {
            follower.reconcile.touch(all.iter().copied());
        }
    }

    fn step(&mut self) {
        if !self.followers.iter().all(|follower| follower.has_contents) {
            return;
        }
        let touched = self.machine.settle();
        for follower in &mut self.followers {
            follower.reconcile.touch(touched.iter().copied());
        }
        if !self.shared.is_active() {
            return;
        }
        self.was_active = true;
        for follower in &mut self.followers {
            if !S::is_idle(&self.machine, follower.side) {
                follower.send::<S>(&self.machine);
            }
        }
        *self.shared.counts.lock() = counts(&self.machine);
    }
}

fn counts<P: Program>(machine: &Machine<P>) -> String {
    let counts = machine.counts().into_iter();
    let lines = counts.map(|(node, count)| {
        format!(
            "Node: {}\n- made:  {:>12}\n- equal: {:>12}\n",
            machine.name(node),
            count.made,
            count.equal
        )
    });
    lines.collect()
}
