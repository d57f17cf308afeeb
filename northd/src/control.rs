//! The commands of `ovn-appctl -t ovn-northd` (ovn-northd(8) "Runtime Management Commands").
//!
//! In: commands. Out: answers from [`Shared`], which the loop keeps up to date, and wishes for the loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use ovsdb_daemon::unixctl::Commands;
use tokio::sync::Notify;

use crate::args;

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
    /// The counters, in words.
    pub counts: parking_lot::Mutex<String>,
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
    tell("nb-cluster-state-reset", |_| String::new());
    tell("sb-cluster-state-reset", |_| String::new());
    tell("inc-engine/show-stats", |shared| shared.counts.lock().clone());
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
