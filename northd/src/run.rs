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

use northd_core::ageing::Ageing;
use northd_core::desired::RowId;
use northd_core::{Northd, Reconcile, Side};
use northd_core::refusal::{LeftOut, Search};
use ovn_schemas::Db;
use ovsdb_daemon::unixctl::Commands;
use ovsdb_daemon::{process, unixctl};
use ovsdb_data::{DatabaseSchema, os_text};
use ovsdb_idl::session::{Config, Event, Interest};
use ovsdb_idl::txn::Outcome;
use ovsdb_transport::dialer::Dialer;
use ovsdb_transport::drive::Client;
use ovsdb_transport::tls::Tls;
use serde_json::{Value, json};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Notify;

use crate::args::{Args, PROGRAM, VERSION};
use crate::control::{self, Shared};
use crate::databases::{Seen, see};
use crate::sequence;

/// The lock that the active one of several holds.
const LOCK: &str = "ovn_northd";

/// For how long changes are taken in before something is made of them: a stream of them must not keep it from that.
const PATIENCE: Duration = Duration::from_millis(100);

/// After so long a transaction that was refused as a whole is tried again.
const PENANCE: Duration = Duration::from_secs(1);

/// After so long what was left out of a transaction is tried again.
const GRACE: Duration = Duration::from_secs(60);

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
            tables: Interest::All,
            schema: Some(ovn_schemas::schema(db)),
        };
        Client::start(
            &Handle::current(),
            config,
            Dialer::new(remotes, None, tls.clone()),
        )
    };
    // Nothing is said on the terminal about connections.
    starting.ready();
    let nb = client(Db::OvnNorthbound, args.nb);
    let sb = client(Db::OvnSouthbound, args.sb);
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
    schema: DatabaseSchema,
    client: Client,
    reconcile: Reconcile,
    commit: Option<Commit>,
    has_contents: bool,
    /// When a transaction was refused last, and it was not found why.
    failed_at: Option<Instant>,
    /// A transaction was refused: it is to be found why.
    must_search: bool,
    /// That was not found the last time.
    is_hopeless: bool,
    search: Option<Search>,
    left_out: LeftOut,
    left_out_at: Instant,
}

impl Follower {
    fn new(side: Side, client: Client) -> Follower {
        let db = side.db();
        Follower {
            side,
            schema: ovn_schemas::schema(db),
            client,
            reconcile: Reconcile::new(side),
            commit: None,
            has_contents: false,
            failed_at: None,
            must_search: false,
            is_hopeless: false,
            search: None,
            left_out: LeftOut::default(),
            left_out_at: Instant::now(),
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
        match (outcome, &mut self.search) {
            (Outcome::Committed, None) => return self.is_hopeless = false,
            (Outcome::Committed, Some(search)) => return search.was_committed(),
            (Outcome::Failed(error), Some(search)) => return search.was_refused(error),
            (Outcome::Failed(error), None) => {
                tracing::warn!(target: "ovn_northd", "{:?} transaction failed: {error}", self.side);
                match self.is_hopeless {
                    true => self.failed_at = Some(Instant::now()),
                    false => self.must_search = true,
                }
            }
            (Outcome::TryAgain | Outcome::Unknown, _) => self.search = None,
        }
        self.reconcile.again(northd);
    }

    /// The operations to be sent next.
    fn operations(&mut self, northd: &Northd, more: impl FnOnce(&Reconcile) -> Vec<Value>) -> Vec<Value> {
        if let Some(attempt) = self.attempt(northd) {
            return attempt;
        }
        if self.must_wait() {
            return Vec::new();
        }
        if self.grace_left().is_some_and(|left| left.is_zero()) {
            self.left_out = LeftOut::default();
            self.reconcile.again(northd);
        }
        let operations = self.reconcile.operations(northd);
        let mut operations = self.left_out.without(operations, &self.schema);
        operations.extend(more(&self.reconcile));
        if std::mem::take(&mut self.must_search) && !operations.is_empty() {
            self.search = Some(Search::new(operations, &self.schema));
            return self.attempt(northd).unwrap_or_default();
        }
        operations
    }

    /// The next attempt of a search, which ends where there is none.
    fn attempt(&mut self, northd: &Northd) -> Option<Vec<Value>> {
        let attempt = self.search.as_mut()?.attempt();
        if attempt.is_none() {
            self.end_search(northd);
        }
        attempt
    }

    fn end_search(&mut self, northd: &Northd) {
        let Some(search) = self.search.take() else { return };
        if search.has_given_up() {
            self.is_hopeless = true;
            self.failed_at = Some(Instant::now());
        } else {
            for (table, row, error) in search.refused() {
                tracing::warn!(target: "ovn_northd", "{:?}: {table} {row} is left out: {error}", self.side);
            }
            self.left_out.add(search.left_out());
            self.left_out_at = Instant::now();
        }
        self.reconcile.again(northd);
    }

    /// After what time what was left out is tried again, if anything was.
    fn grace_left(&self) -> Option<Duration> {
        (!self.left_out.is_empty()).then(|| GRACE.saturating_sub(self.left_out_at.elapsed()))
    }

    /// A server that refuses is not asked again at once.
    fn must_wait(&self) -> bool {
        self.failed_at.is_some_and(|at| at.elapsed() < PENANCE)
    }

    /// Whether what is needed may be sent now.
    fn can_send(&self) -> bool {
        self.commit.is_none() && self.has_contents && self.client.is_connected() && !self.must_wait()
    }

    /// Sends what is needed and more, if nothing is under way.
    fn send(&mut self, northd: &Northd, more: impl FnOnce(&Reconcile) -> Vec<Value>) {
        if !self.can_send() {
            return;
        }
        let mut operations = self.operations(northd, more);
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
    ageing: Ageing,
    shared: Arc<Shared>,
    was_active: bool,
}

impl Loop {
    fn new(nb: Client, sb: Client, shared: Arc<Shared>) -> Loop {
        Loop {
            nb: Follower::new(Side::Nb, nb),
            sb: Follower::new(Side::Sb, sb),
            northd: Northd::new(),
            ageing: Ageing::default(),
            shared,
            was_active: false,
        }
    }

    async fn run(&mut self) {
        if !self.shared.is_paused.load(Ordering::Relaxed) {
            self.sb.client.lock(LOCK);
        }
        loop {
            let wakes_in = self.wakes_in();
            let Loop {
                nb,
                sb,
                northd,
                shared,
                ..
            } = self;
            let wish = shared.clone();
            let happened = tokio::select! {
                event = nb.client.event() => Happened::Event(Side::Nb, event),
                event = sb.client.event() => Happened::Event(Side::Sb, event),
                outcome = outcome(&mut nb.commit) => Happened::Ended(Side::Nb, outcome),
                outcome = outcome(&mut sb.commit) => Happened::Ended(Side::Sb, outcome),
                () = wish.wish.notified() => Happened::Wish,
                () = tokio::time::sleep(wakes_in.unwrap_or_default()), if wakes_in.is_some() => Happened::Nothing,
            };
            match happened {
                Happened::Event(Side::Nb, event) => {
                    let seen = nb.take(northd, event);
                    self.seen(Side::Nb, &seen);
                }
                Happened::Event(_, event) => {
                    let seen = sb.take(northd, event);
                    self.seen(Side::Sb, &seen);
                }
                Happened::Ended(Side::Nb, outcome) => nb.ended(northd, &outcome),
                Happened::Ended(_, outcome) => sb.ended(northd, &outcome),
                Happened::Wish => self.obey(),
                Happened::Nothing => {}
            }
            self.drain();
            self.step();
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
                    _ => &self.shared.is_sb_connected,
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
        self.nb.reconcile.touch(all.iter().copied());
        self.sb.reconcile.touch(all);
    }

    fn step(&mut self) {
        if !self.nb.has_contents || !self.sb.has_contents {
            return;
        }
        let touched = self.northd.settle();
        self.nb.reconcile.touch(touched.iter().copied());
        self.sb.reconcile.touch(touched);
        if !self.shared.is_active() {
            return;
        }
        self.was_active = true;
        let (northd, now) = (&self.northd, now_ms());
        let ageing = &mut self.ageing;
        self.sb
            .send(northd, |reconcile| ageing.operations(northd, reconcile, now));
        let more = sequence::operation(northd.databases(), now);
        self.nb.send(northd, |_| more.into_iter().collect());
        self.show_counts();
    }

    /// After what time there may be something to do without anything having happened.
    fn wakes_in(&self) -> Option<Duration> {
        let is_active = self.shared.is_active();
        let of = |follower: &Follower| match follower.must_wait() {
            true => Some(PENANCE),
            false => follower.grace_left().filter(|_| is_active && follower.can_send()),
        };
        [of(&self.nb), of(&self.sb), self.ages_in()]
            .into_iter()
            .flatten()
            .min()
    }

    /// After what time something is too old, if it can be deleted then.
    fn ages_in(&self) -> Option<Duration> {
        if !self.shared.is_active() || !self.sb.can_send() {
            return None;
        }
        let now = now_ms();
        let left = self.ageing.next(&self.sb.reconcile, now)?.saturating_sub(now);
        Some(Duration::from_millis(left.try_into().unwrap_or(0)))
    }

    fn show_counts(&self) {
        let counts = self.northd.counts();
        let lines = counts.iter().map(|(node, count)| {
            format!(
                "Node: {}\n- made:  {:>12}\n- equal: {:>12}\n",
                self.northd.name(*node),
                count.made,
                count.equal
            )
        });
        *self.shared.counts.lock() = lines.collect();
    }
}

/// What time it is, in milliseconds since 1970.
fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
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
