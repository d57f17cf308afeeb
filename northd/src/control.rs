//! The commands of `ovn-appctl -t ovn-northd` (ovn-northd(8) "Runtime Management Commands").
//!
//! In: commands. Out: answers from [`Shared`], which the loop keeps up to date; questions that only the loop can answer
//! ([`Ask`]), and wishes for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use northd_core::Side;
use ovsdb_daemon::unixctl::{Commands, Reply};
use tokio::sync::{Notify, oneshot};

use crate::args;

/// What only the loop knows, or does.
#[derive(Clone, Copy, Debug)]
pub enum Ask {
    /// `inc-engine/show-stats`.
    EngineStats,
    /// `inc-engine/clear-stats`.
    ClearEngineStats,
    /// `derivations/show-counts`.
    Counts,
    /// `derivations/clear-counts`.
    ClearCounts,
    /// `debug/chassis-features-list`.
    Features,
    /// `stopwatch/show`.
    Stopwatches,
    /// `stopwatch/reset`.
    ResetStopwatches,
    /// `memory/show`.
    Memory,
    /// `coverage/show`.
    Coverage,
    /// `coverage/read-counter`.
    ReadCounter,
    /// `nb-cluster-state-reset` and `sb-cluster-state-reset`.
    ResetCluster(Side),
}

/// The commands that the loop answers: name, usage, fewest and most arguments.
const ASKS: [(&str, &str, usize, usize, Ask); 12] = [
    ("nb-cluster-state-reset", "", 0, 0, Ask::ResetCluster(Side::Nb)),
    ("sb-cluster-state-reset", "", 0, 0, Ask::ResetCluster(Side::Sb)),
    ("inc-engine/show-stats", "", 0, 2, Ask::EngineStats),
    ("inc-engine/clear-stats", "", 0, 0, Ask::ClearEngineStats),
    ("derivations/show-counts", "", 0, 0, Ask::Counts),
    ("derivations/clear-counts", "", 0, 0, Ask::ClearCounts),
    ("debug/chassis-features-list", "", 0, 0, Ask::Features),
    ("stopwatch/show", "[NAME]", 0, 1, Ask::Stopwatches),
    ("stopwatch/reset", "[NAME]", 0, 1, Ask::ResetStopwatches),
    ("memory/show", "", 0, 0, Ask::Memory),
    ("coverage/show", "", 0, 0, Ask::Coverage),
    ("coverage/read-counter", "COUNTER", 1, 1, Ask::ReadCounter),
];

/// A question, its arguments, and who waits for the answer.
pub type Asked = (Ask, Vec<String>, oneshot::Sender<Reply>);

/// What the loop and the commands share.
#[derive(Default)]
pub struct Shared {
    /// The operator wants nothing written.
    pub is_paused: AtomicBool,
    /// The lock is ours.
    pub has_lock: AtomicBool,
    /// The databases are followed.
    pub is_nb_connected: AtomicBool,
    /// Likewise.
    pub is_sb_connected: AtomicBool,
    /// Everything is to be found anew.
    pub is_recompute_wanted: AtomicBool,
    /// `parallel-build/set-n-threads`.
    pub n_threads: AtomicU32,
    /// A run that takes more milliseconds is told in the log.
    pub log_timeout_ms: AtomicU64,
    /// Questions to the loop.
    pub asked: parking_lot::Mutex<Vec<Asked>>,
    /// There is a wish for the loop.
    pub wish: Notify,
}

impl Shared {
    /// Whether it writes.
    pub fn is_active(&self) -> bool {
        self.has_lock.load(Ordering::Relaxed) && !self.is_paused.load(Ordering::Relaxed)
    }

    fn status(&self) -> &'static str {
        match (
            self.is_paused.load(Ordering::Relaxed),
            self.has_lock.load(Ordering::Relaxed),
        ) {
            (true, _) => "paused",
            (false, true) => "active",
            (false, false) => "standby",
        }
    }
}

/// Registers the commands.
pub fn register(commands: &Commands, shared: &Arc<Shared>, exit: impl Fn() + Send + Sync + 'static) {
    commands.register_exit("", 0, move |_| exit());
    let set = |name: &str, paused: bool| {
        let shared = shared.clone();
        commands.register(name, "", 0, 0, move |_| {
            shared.is_paused.store(paused, Ordering::Relaxed);
            shared.wish.notify_one();
            Ok(String::new())
        });
    };
    set("pause", true);
    set("resume", false);
    let tell = |name: &str, text: fn(&Shared) -> String| {
        let shared = shared.clone();
        commands.register(name, "", 0, 0, move |_| Ok(text(&shared)));
    };
    tell("is-paused", |shared| {
        shared.is_paused.load(Ordering::Relaxed).to_string()
    });
    tell("status", |shared| format!("Status: {}\n", shared.status()));
    tell("nb-connection-status", |shared| {
        connected(&shared.is_nb_connected)
    });
    tell("sb-connection-status", |shared| {
        connected(&shared.is_sb_connected)
    });
    tell("parallel-build/get-n-threads", |shared| {
        format!("{}\n", shared.n_threads.load(Ordering::Relaxed))
    });
    for (name, usage, min, max, ask) in ASKS {
        let shared = shared.clone();
        commands.register_deferred(name, usage, min, max, move |arguments| {
            let (sender, answer) = oneshot::channel();
            shared.asked.lock().push((ask, arguments, sender));
            shared.wish.notify_one();
            answer
        });
    }
    let timeout = shared.clone();
    commands.register("inc-engine/compute-log-timeout", "", 1, 1, move |arguments| {
        let ms = arguments.first().and_then(|text| text.parse::<u32>().ok());
        let ms = ms.ok_or("unsigned integer required")?;
        timeout.log_timeout_ms.store(u64::from(ms), Ordering::Relaxed);
        Ok(String::new())
    });
    let wish = shared.clone();
    commands.register("inc-engine/recompute", "", 0, 0, move |_| {
        wish.is_recompute_wanted.store(true, Ordering::Relaxed);
        wish.wish.notify_one();
        Ok(String::new())
    });
    let threads = shared.clone();
    commands.register(
        "parallel-build/set-n-threads",
        "N_THREADS",
        1,
        1,
        move |arguments| {
            let text = arguments.first().map_or("", String::as_str);
            match text.parse::<u32>() {
                Ok(n) if (1..=256).contains(&n) => {
                    threads.n_threads.store(args::threads(text)?, Ordering::Relaxed);
                    Ok(String::new())
                }
                _ => Err(format!("invalid n_threads: {text}\n")),
            }
        },
    );
}

fn connected(is_connected: &AtomicBool) -> String {
    match is_connected.load(Ordering::Relaxed) {
        true => "connected".to_owned(),
        false => "not connected".to_owned(),
    }
}
