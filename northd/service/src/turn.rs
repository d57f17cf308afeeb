//! The loop: what comes changes the machine, what the machine makes of it is sent, one transaction at a time to each
//! database.
//!
//! ```text
//!   client ──changes──► Machine ──touched rows──► Reconcile ──operations──► client     for each database
//! ```

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::select_all;
use ovn_incremental::graph::Count;
use ovn_incremental::{Machine, NodeId, Side};
use ovsdb_idl::session::Event;
use ovsdb_idl::txn::Outcome;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::block_in_place;

use crate::Service;
use crate::control::Question;
use crate::coverage::{self, Coverage};
use crate::follower::{Follower, News, PENANCE};
use crate::seen::Seen;
use crate::stopwatch::Stopwatches;

/// For how long changes are taken in before something is made of them: a stream of them must not keep it from that.
const PATIENCE: Duration = Duration::from_millis(100);

/// So many values are made soon.
const FEW_VALUES: usize = 10_000;

/// A run that takes longer is told in the log, unless set otherwise.
const LOG_TIMEOUT: Duration = Duration::from_millis(500);

/// The loop and all that it knows.
pub struct Turn<S: Service> {
    /// What is its own as a process.
    pub service: S,
    /// What is made of what.
    pub machine: Machine<S::Program>,
    /// A run that takes longer is told in the log.
    pub log_timeout: Duration,
    /// What the counts of derivations were when somebody wanted them to start from nothing.
    pub(crate) counted: HashMap<NodeId, Count>,
    pub(crate) followers: Vec<Follower<S::Program>>,
    pub(crate) stopwatches: Stopwatches,
    pub(crate) coverage: Coverage,
    questions: UnboundedReceiver<Question<S>>,
    is_paused: bool,
    has_lock: bool,
    has_run: bool,
    /// What comes before that is taken in, and nothing is made of it yet.
    rests_until: Option<Instant>,
}

enum Happened<S: Service> {
    News(usize, News),
    Question(Question<S>),
    Nothing,
}

impl<S: Service> Turn<S> {
    pub(crate) fn new(
        service: S,
        followers: Vec<Follower<S::Program>>,
        questions: UnboundedReceiver<Question<S>>,
    ) -> Turn<S> {
        Turn {
            is_paused: service.starts_paused(),
            service,
            machine: Machine::new(),
            log_timeout: LOG_TIMEOUT,
            counted: HashMap::new(),
            followers,
            stopwatches: Stopwatches::new(&S::STOPWATCHES),
            coverage: Coverage::default(),
            questions,
            has_lock: false,
            has_run: false,
            rests_until: None,
        }
    }

    pub(crate) async fn run(&mut self) {
        if !self.is_paused {
            self.lock();
        }
        loop {
            let happened = self.wait().await;
            match Self::is_long(&happened) {
                true => block_in_place(|| self.turn(happened)),
                false => self.turn(happened),
            }
        }
    }

    /// Whether it may take so long that connections have to be served meanwhile: servers end those that are silent.
    fn is_long(happened: &Happened<S>) -> bool {
        match happened {
            Happened::News(_, News::Event(Event::Reset { .. })) | Happened::Question(_) => true,
            Happened::News(..) | Happened::Nothing => false,
        }
    }

    fn turn(&mut self, happened: Happened<S>) {
        let began = Instant::now();
        match happened {
            Happened::News(n, News::Event(event)) => self.take(n, event),
            Happened::News(n, News::Ended(outcome)) => {
                self.followers[n].ended::<S>(&self.machine, &outcome);
                self.coverage.hit(match outcome {
                    Outcome::Committed => coverage::SUCCESS,
                    Outcome::TryAgain | Outcome::Unknown => coverage::TRY_AGAIN,
                    Outcome::Failed(_) => coverage::ERROR,
                });
            }
            Happened::Question(question) => question(self),
            Happened::Nothing => {}
        }
        self.drain();
        self.stopwatches.add(S::STOPWATCHES.take, began.elapsed());
        self.step();
        self.stopwatches.add(S::STOPWATCHES.turn, began.elapsed());
    }

    async fn wait(&mut self) -> Happened<S> {
        let wakes_in = self.wakes_in();
        let all = self.followers.iter_mut().enumerate();
        let all = all.map(|(n, follower)| Box::pin(async move { (n, follower.next().await) }));
        tokio::select! {
            ((n, news), ..) = select_all(all) => Happened::News(n, news),
            Some(question) = self.questions.recv() => Happened::Question(question),
            () = tokio::time::sleep(wakes_in.unwrap_or_default()), if wakes_in.is_some() => Happened::Nothing,
        }
    }

    /// After what time there may be something to do without anything having happened.
    fn wakes_in(&self) -> Option<Duration> {
        let now = now_ms();
        let of = |follower: &Follower<S::Program>| {
            if follower.must_wait() {
                return Some(PENANCE);
            }
            if !self.is_active() || !follower.can_send() {
                return None;
            }
            let next = self.service.next(&follower.reconcile, now);
            let next = next.map(|at| Duration::from_millis(at.saturating_sub(now).try_into().unwrap_or(0)));
            next.into_iter().chain(follower.grace_left()).min()
        };
        let rest = self
            .rests_until
            .map(|until| until.saturating_duration_since(Instant::now()));
        self.followers.iter().filter_map(of).chain(rest).min()
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
                    self.take(n, event);
                }
            }
        }
    }

    fn take(&mut self, n: usize, event: Event) {
        match self.followers[n].take(&mut self.machine, event) {
            Seen::Lock => self.look_at_lock(),
            Seen::Connected(false) => S::lost(&self.machine, self.followers[n].side),
            Seen::Connected(true) | Seen::Changes(_) | Seen::Nothing => {}
        }
    }

    /// What is heard of the lock may be out of date: it may have been given up since.
    fn look_at_lock(&mut self) {
        let has_lock = self
            .follower(Side::Sb)
            .is_some_and(|follower| follower.client.has_lock());
        if std::mem::replace(&mut self.has_lock, has_lock) == has_lock {
            return;
        }
        let name = S::NAME;
        S::inform(&match has_lock {
            true => format!("{name} lock acquired. This {name} instance is now active."),
            false => format!("{name} lock lost. This {name} instance is now on standby."),
        });
    }

    fn step(&mut self) {
        let is_resting = self.rests_until.is_some_and(|until| until > Instant::now());
        if is_resting || !self.followers.iter().all(|follower| follower.has_contents) {
            return;
        }
        let began = Instant::now();
        match self.machine.makes_few(FEW_VALUES) {
            true => self.make_and_send(began),
            false => block_in_place(|| self.make_and_send(began)),
        }
    }

    fn make_and_send(&mut self, began: Instant) {
        self.make(began);
        if !self.is_active() {
            return;
        }
        let (began, now) = (Instant::now(), now_ms());
        for follower in &mut self.followers {
            if !S::is_idle(&self.machine, follower.side) {
                follower.send(&mut self.service, &self.machine, now);
            }
        }
        self.stopwatches.add(S::STOPWATCHES.compare, began.elapsed());
    }

    /// Makes what has to be made again.
    fn make(&mut self, began: Instant) {
        let is_first = !std::mem::replace(&mut self.has_run, true);
        let touched = self.machine.settle();
        for follower in &mut self.followers {
            follower.reconcile.touch(&self.machine, touched.iter().copied());
        }
        let took = began.elapsed();
        self.service.ran(&self.machine, is_first);
        self.stopwatches.add(S::STOPWATCHES.make, took);
        self.coverage.hit(coverage::RUN);
        if took > self.log_timeout {
            tracing::info!(target: "inc_proc_eng", "a run took {}ms", took.as_millis());
        }
        let rest = took.min(S::backoff(&self.machine));
        self.rests_until = (!rest.is_zero()).then(|| Instant::now() + rest);
        for follower in &mut self.followers {
            let interval = S::probe_interval(&self.machine, follower.side);
            if interval != follower.probe_interval {
                follower.probe_interval = interval;
                follower.client.set_probe_interval(interval);
            }
        }
    }

    /// Everything again: it must come out as it is, and what does not is put right, as are the databases' rows.
    pub(crate) fn recompute(&mut self) {
        let touched = self.machine.remake();
        self.service.ran(&self.machine, true);
        for follower in &mut self.followers {
            follower.reconcile.touch(&self.machine, touched.iter().copied());
            follower.reconcile.review(&self.machine);
        }
    }

    /// The operator wants nothing written, or again.
    pub(crate) fn pause(&mut self, is_paused: bool) {
        let was_paused = std::mem::replace(&mut self.is_paused, is_paused);
        if !is_paused {
            self.lock();
        } else if !was_paused && let Some(follower) = self.follower(Side::Sb) {
            let client = &follower.client;
            if client.has_lock() || client.is_lock_contended() {
                S::inform(&format!("This {} instance is now paused.", S::NAME));
            }
            // Whoever only waits for the lock must not get it either.
            client.unlock();
            self.has_lock = false;
        }
    }

    fn lock(&self) {
        let follower = self.follower(Side::Sb);
        if let Some(follower) = follower.filter(|follower| !follower.client.has_lock()) {
            follower.client.lock(S::LOCK);
        }
    }

    pub(crate) fn follower(&self, side: Side) -> Option<&Follower<S::Program>> {
        self.followers.iter().find(|follower| follower.side == side)
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused
    }

    fn is_active(&self) -> bool {
        self.has_lock && !self.is_paused
    }

    pub(crate) fn status(&self) -> &'static str {
        match (self.is_paused, self.has_lock) {
            (true, _) => "paused",
            (false, true) => "active",
            (false, false) => "standby",
        }
    }
}

/// What time it is, in milliseconds since 1970.
fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
