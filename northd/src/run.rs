//! Wires the program together and runs it: two clients, the core, one transaction at a time to each database.
//!
//! ```text
//!   NB client ──changes──► Northd ──touched rows──► Reconcile SB ──operations──► SB client ──► acknowledged:
//!   SB client ──changes──►   │                                                                  sb_cfg, hv_cfg
//!                            └───────────────────► Reconcile NB ──operations──► NB client ◄──────────┘
//! ```

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use northd_core::databases::Databases;
use northd_core::graph::Count;
use northd_core::nodes::Node;
use northd_core::northd::RowId;
use northd_core::reconcile::Reconcile;
use northd_core::{Northd, Side};
use ovn_schemas::Db;
use ovn_schemas::rows::ovn_northbound::NbGlobal;
use ovn_schemas::rows::ovn_southbound::Chassis;
use ovsdb_daemon::unixctl::{Commands, Reply};
use ovsdb_daemon::{process, unixctl};
use ovsdb_data::typed::Table;
use ovsdb_data::{Row, os_text};
use ovsdb_idl::session::{Config, Event};
use ovsdb_idl::txn::Outcome;
use ovsdb_transport::dialer::Dialer;
use ovsdb_transport::drive::Client;
use ovsdb_transport::tls::Tls;
use serde_json::{Value, json};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Notify;

use crate::args::{Args, PROGRAM, VERSION};
use crate::control::{self, Ask, Shared};
use crate::coverage::{self, Coverage};
use crate::databases::{Seen, interest, see};
use crate::engine::Engine;
use crate::sequence;
use crate::stopwatch::{self, Stopwatches};

/// The lock that the active one of several holds.
const LOCK: &str = "ovn_northd";

/// For how long changes are taken in before something is made of them: a stream of them must not keep it from that.
const PATIENCE: Duration = Duration::from_millis(100);

/// After so long a transaction that was refused is tried again.
const PENANCE: Duration = Duration::from_secs(1);

/// Silence after which a server is probed, unless `northd_probe_interval` says otherwise, and the least that it may say.
const PROBE_INTERVAL_MS: i64 = 5000;
const PROBE_INTERVAL_MIN_MS: i64 = 1000;

/// A run that takes longer is told in the log, unless set otherwise.
const LOG_TIMEOUT_MS: u64 = 500;

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
        serve(args, starting).await.unwrap_or_else(|error| {
            eprintln!("{PROGRAM}: {error}");
            1
        })
    });
    process::clean_up();
    runtime.shutdown_background();
    status
}

async fn serve(args: Args, starting: process::Starting) -> Result<i32, String> {
    let shared = Arc::new(Shared::default());
    shared.is_paused.store(args.dry_run, Ordering::Relaxed);
    shared.n_threads.store(args.n_threads, Ordering::Relaxed);
    shared.log_timeout_ms.store(LOG_TIMEOUT_MS, Ordering::Relaxed);
    let commands = Commands::new(VERSION);
    let stop = Arc::new(Notify::new());
    let exit = stop.clone();
    control::register(&commands, &shared, move || exit.notify_one());
    if let Some(path) = unixctl::Server::path(args.unixctl.as_deref(), PROGRAM) {
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
    let client = |db: Db, remotes| {
        let config = Config {
            db: db.name().to_owned(),
            leader_only: true,
            tables: interest(db),
            schema: Some(ovn_schemas::schema(db)),
        };
        Client::start(
            &Handle::current(),
            config,
            Dialer::new(remotes, None, tls.clone()),
        )
    };
    let nb = client(Db::OvnNorthbound, args.nb);
    let sb = client(Db::OvnSouthbound, args.sb);
    starting.ready();
    let mut turn = Loop::new(nb, sb, shared);
    tokio::select! {
        () = turn.run() => Ok(0),
        () = stop.notified() => Ok(0),
        signal = process::fatal_signal() => match signal {
            Ok(signal) => process::die(signal),
            Err(error) => Err(format!("cannot wait for signals: {error}")),
        },
    }
}

/// A transaction under way.
type Commit = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// One database: who follows it, and what it lacks.
struct Follower {
    side: Side,
    client: Client,
    reconcile: Reconcile,
    commit: Option<Commit>,
    has_contents: bool,
    /// When a transaction was refused last.
    failed_at: Option<Instant>,
}

impl Follower {
    fn new(side: Side, client: Client) -> Follower {
        Follower {
            side,
            client,
            reconcile: Reconcile::new(side),
            commit: None,
            has_contents: false,
            failed_at: None,
        }
    }

    fn take(&mut self, northd: &mut Northd, event: Event) -> Seen {
        let is_first = matches!(event, Event::Reset { .. });
        let seen = see(self.side, event, northd.databases());
        if let Seen::Changes(changes) = &seen {
            self.has_contents |= is_first;
            northd.change(self.side, changes);
            self.reconcile.changed(changes);
        }
        seen
    }

    /// The transaction has ended.
    fn ended(&mut self, northd: &Northd, outcome: &Outcome) {
        self.commit = None;
        match outcome {
            Outcome::Committed => return,
            Outcome::TryAgain | Outcome::Unknown => {}
            Outcome::Failed(error) => {
                tracing::warn!(target: "ovn_northd", "{:?} transaction failed: {error}", self.side);
                self.failed_at = Some(Instant::now());
            }
        }
        self.reconcile.again(northd);
    }

    /// A server that refuses is not asked again at once.
    fn must_wait(&self) -> bool {
        self.failed_at.is_some_and(|at| at.elapsed() < PENANCE)
    }

    /// Sends what is needed, if nothing is under way.
    fn send(&mut self, northd: &Northd, more: Option<Value>) {
        if self.commit.is_some() || !self.has_contents || !self.client.is_connected() || self.must_wait() {
            return;
        }
        let mut operations = self.reconcile.operations(northd);
        operations.extend(more);
        if operations.is_empty() {
            return;
        }
        if self.side == Side::Sb {
            operations.insert(0, json!({"op": "assert", "lock": LOCK}));
        }
        self.failed_at = None;
        self.commit = Some(Box::pin(self.client.commit(operations)));
    }
}

struct Loop {
    nb: Follower,
    sb: Follower,
    northd: Northd,
    shared: Arc<Shared>,
    was_active: bool,
    engine: Engine,
    stopwatches: Stopwatches,
    coverage: Coverage,
    /// What comes before that is taken in, and nothing is made of it yet.
    rests_until: Option<Instant>,
    probe_interval_ms: i64,
}

impl Loop {
    fn new(nb: Client, sb: Client, shared: Arc<Shared>) -> Loop {
        Loop {
            nb: Follower::new(Side::Nb, nb),
            sb: Follower::new(Side::Sb, sb),
            northd: Northd::new(),
            shared,
            was_active: false,
            engine: Engine::default(),
            stopwatches: Stopwatches::default(),
            coverage: Coverage::default(),
            rests_until: None,
            probe_interval_ms: PROBE_INTERVAL_MS,
        }
    }

    async fn run(&mut self) {
        if !self.shared.is_paused.load(Ordering::Relaxed) {
            self.sb.client.lock(LOCK);
        }
        loop {
            let Loop {
                nb,
                sb,
                northd,
                shared,
                rests_until,
                ..
            } = self;
            let rest = rests_until.map(|until| until.saturating_duration_since(Instant::now()));
            let wish = shared.clone();
            let must_wait = nb.must_wait() || sb.must_wait();
            let happened = tokio::select! {
                event = nb.client.event() => Happened::Event(Side::Nb, event),
                event = sb.client.event() => Happened::Event(Side::Sb, event),
                outcome = outcome(&mut nb.commit) => Happened::Ended(Side::Nb, outcome),
                outcome = outcome(&mut sb.commit) => Happened::Ended(Side::Sb, outcome),
                () = wish.wish.notified() => Happened::Wish,
                () = tokio::time::sleep(PENANCE), if must_wait => Happened::Nothing,
                () = tokio::time::sleep(rest.unwrap_or_default()), if rest.is_some() => Happened::Nothing,
            };
            let began = Instant::now();
            match happened {
                Happened::Event(Side::Nb, event) => {
                    let seen = nb.take(northd, event);
                    self.seen(Side::Nb, &seen);
                }
                Happened::Event(Side::Sb, event) => {
                    let seen = sb.take(northd, event);
                    self.seen(Side::Sb, &seen);
                }
                Happened::Ended(side, outcome) => {
                    match side {
                        Side::Nb => nb.ended(northd, &outcome),
                        Side::Sb => sb.ended(northd, &outcome),
                    }
                    self.coverage.hit(match outcome {
                        Outcome::Committed => coverage::SUCCESS,
                        Outcome::TryAgain | Outcome::Unknown => coverage::TRY_AGAIN,
                        Outcome::Failed(_) => coverage::ERROR,
                    });
                }
                Happened::Wish => self.obey(),
                Happened::Nothing => {}
            }
            self.drain();
            self.stopwatches.add(stopwatch::SOUTHBOUND, began.elapsed());
            self.step();
            self.stopwatches.add(stopwatch::LOOP, began.elapsed());
        }
    }

    /// Takes what else has come, for a while.
    fn drain(&mut self) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let nb = self.nb.client.try_event();
            let sb = self.sb.client.try_event();
            if nb.is_none() && sb.is_none() {
                return;
            }
            if let Some(event) = nb {
                let seen = self.nb.take(&mut self.northd, event);
                self.seen(Side::Nb, &seen);
            }
            if let Some(event) = sb {
                let seen = self.sb.take(&mut self.northd, event);
                self.seen(Side::Sb, &seen);
            }
        }
    }

    fn seen(&mut self, side: Side, seen: &Seen) {
        match seen {
            Seen::Connected(is_connected) => {
                let shown = match side {
                    Side::Nb => &self.shared.is_nb_connected,
                    Side::Sb => &self.shared.is_sb_connected,
                };
                shown.store(*is_connected, Ordering::Relaxed);
            }
            Seen::Lock(is_ours) => {
                self.shared.has_lock.store(*is_ours, Ordering::Relaxed);
                let text = match is_ours {
                    true => "ovn-northd lock acquired. This ovn-northd instance is now active.",
                    false => "ovn-northd lock lost. This ovn-northd instance is now on standby.",
                };
                tracing::info!(target: "ovn_northd", "{text}");
            }
            Seen::Changes(_) | Seen::Nothing => {}
        }
    }

    fn obey(&mut self) {
        let asked = std::mem::take(&mut *self.shared.asked.lock());
        for (ask, arguments, sender) in asked {
            // Who asked may have gone.
            let _ = sender.send(self.answer(ask, &arguments));
        }
        if self.shared.is_recompute_wanted.swap(false, Ordering::Relaxed) {
            self.recompute();
        }
        let is_paused = self.shared.is_paused.load(Ordering::Relaxed);
        if is_paused && self.was_active {
            tracing::info!(target: "ovn_northd", "This ovn-northd instance is now paused.");
            self.sb.client.unlock();
            self.shared.has_lock.store(false, Ordering::Relaxed);
        } else if !is_paused && !self.sb.client.has_lock() {
            self.sb.client.lock(LOCK);
        }
        self.was_active = !is_paused;
    }

    /// Everything from nothing: it must come out as it is, and what does not is put right.
    fn recompute(&mut self) {
        let fresh = self.northd.again();
        let rows = |northd: &Northd| northd.all().into_iter().map(|row| (row.side, row.table, row.id));
        let all: Vec<RowId> = rows(&self.northd).chain(rows(&fresh)).collect();
        self.northd = fresh;
        self.engine.ran(&self.northd.counts(), true);
        self.nb.reconcile.touch(all.iter().copied());
        self.sb.reconcile.touch(all);
    }

    fn step(&mut self) {
        if !self.nb.has_contents || !self.sb.has_contents {
            return;
        }
        if self.rests_until.is_some_and(|until| until > Instant::now()) {
            return;
        }
        self.rests_until = None;
        self.settle();
        if !self.shared.is_active() {
            return;
        }
        self.was_active = true;
        let began = Instant::now();
        self.sb.send(&self.northd, None);
        self.stopwatches.add(stopwatch::TO_SOUTHBOUND, began.elapsed());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let more = sequence::operation(self.northd.databases(), now_ms);
        self.nb.send(&self.northd, more);
    }

    /// Makes what has to be made again.
    fn settle(&mut self) {
        let began = Instant::now();
        let is_first = self.northd.counts().is_empty();
        let touched = self.northd.settle();
        self.nb.reconcile.touch(touched.iter().copied());
        self.sb.reconcile.touch(touched);
        let took = began.elapsed();
        self.engine.ran(&self.northd.counts(), is_first);
        self.stopwatches.add(stopwatch::NORTHBOUND, took);
        self.coverage.hit(coverage::RUN);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if ms > self.shared.log_timeout_ms.load(Ordering::Relaxed) {
            tracing::info!(target: "inc_proc_eng", "a run took {ms}ms");
        }
        self.obey_options(took);
    }

    /// Options of `NB_Global` that are about this process.
    fn obey_options(&mut self, took: Duration) {
        let option = |key: &str| -> Option<i64> {
            let rows = self.northd.databases().rows(Side::Nb, NbGlobal::TABLE_INDEX);
            let global = rows.map(NbGlobal::of).next()?;
            global.options().get(key)?.parse().ok()
        };
        let backoff = option("northd-backoff-interval-ms").and_then(|ms| u64::try_from(ms).ok());
        let rest = took.min(Duration::from_millis(backoff.unwrap_or_default()));
        self.rests_until = (!rest.is_zero()).then(|| Instant::now() + rest);
        let interval = match option("northd_probe_interval").unwrap_or(-1) {
            ..0 => PROBE_INTERVAL_MS,
            0 => 0,
            ms => ms.max(PROBE_INTERVAL_MIN_MS),
        };
        if interval != self.probe_interval_ms {
            self.probe_interval_ms = interval;
            let interval = u64::try_from(interval).ok().filter(|ms| *ms > 0);
            let interval = interval.map(Duration::from_millis);
            self.nb.client.set_probe_interval(interval);
            self.sb.client.set_probe_interval(interval);
        }
    }

    fn answer(&mut self, ask: Ask, arguments: &[String]) -> Reply {
        let empty = Ok(String::new());
        match ask {
            Ask::EngineStats => Ok(self.engine.show(arguments)),
            Ask::ClearEngineStats => {
                self.engine.clear();
                empty
            }
            Ask::Counts => {
                let counts = self.northd.counts();
                let line = |(node, count): &(Node, Count)| {
                    format!(
                        "{:<28} made {:>10}, {:>10} of them equal: {}\n",
                        format!("{node:?}"),
                        count.made,
                        count.equal,
                        node.words()
                    )
                };
                Ok(counts.iter().map(line).collect())
            }
            Ask::ClearCounts => {
                self.northd.clear_counts();
                self.engine.counts_begin_anew();
                empty
            }
            Ask::Features => Ok(features(self.northd.databases())),
            Ask::Stopwatches => self.stopwatches.show(arguments.first()),
            Ask::ResetStopwatches => {
                self.stopwatches.reset(arguments.first());
                empty
            }
            Ask::Memory => Ok(self.memory()),
            Ask::Coverage => Ok(self.coverage.show()),
            Ask::ResetCluster(side) => {
                let (client, name) = match side {
                    Side::Nb => (&self.nb.client, "northbound"),
                    Side::Sb => (&self.sb.client, "southbound"),
                };
                tracing::info!(target: "ovn_northd", "Resetting {name} database cluster state");
                client.forget_index();
                empty
            }
            Ask::ReadCounter => self.coverage.read(arguments.first().map_or("", String::as_str)),
        }
    }

    /// How much there is of everything.
    fn memory(&self) -> String {
        let cells = |side: Side| -> usize {
            let rows = self.northd.databases().all(side);
            let columns = |row: &Row| row.iter().map(|(_, value)| value.n_atoms()).sum::<usize>();
            rows.map(|change| change.new.as_ref().map_or(0, columns)).sum()
        };
        format!(
            "flows:{} idl-cells-OVN_Northbound:{} idl-cells-OVN_Southbound:{}\n",
            self.northd.flows().len(),
            cells(Side::Nb),
            cells(Side::Sb)
        )
    }
}

/// The one feature that the C program lists: whether all chassis of this zone say when MAC bindings were used.
fn features(databases: &Databases) -> String {
    let mut rows = databases.rows(Side::Sb, Chassis::TABLE_INDEX).map(Chassis::of);
    let has = |chassis: Chassis<'_>| {
        let is = |key: &str| chassis.other_config().get(key) == Some("true");
        is("is-remote") || is("mac-binding-timestamp")
    };
    let mut globals = databases.rows(Side::Nb, NbGlobal::TABLE_INDEX).map(NbGlobal::of);
    let is_ignored = globals.any(|row| row.options().get("ignore_chassis_features") == Some("true"));
    format!("mac_binding_timestamp: {}\n", is_ignored || rows.all(has))
}

enum Happened {
    Event(Side, Event),
    Ended(Side, Outcome),
    Wish,
    Nothing,
}

/// Waits for the outcome of a transaction; for ever without one.
async fn outcome(commit: &mut Option<Commit>) -> Outcome {
    match commit {
        Some(commit) => commit.await,
        None => std::future::pending().await,
    }
}
