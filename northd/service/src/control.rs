//! Control commands (ovn-northd(8), ovn-ic(8) "Runtime Management Commands").
//!
//! In: commands. Out: answers from [`Shared`], which the loop keeps up to date, and wishes for the loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ovn_incremental::Side;
use ovsdb_daemon::unixctl::Commands;
use tokio::sync::Notify;

use crate::Service;

/// What the loop and the commands share.
pub struct Shared {
    /// The operator wants nothing written.
    pub is_paused: AtomicBool,
    /// The lock is ours.
    pub has_lock: AtomicBool,
    /// The databases, and whether they are followed.
    connected: Vec<(Side, AtomicBool)>,
    /// Everything is to be found anew.
    pub is_recompute_wanted: AtomicBool,
    /// The counters, in words.
    pub counts: parking_lot::Mutex<String>,
    /// There is a wish for the loop.
    pub wish: Notify,
}

impl Shared {
    /// Of a program that has not begun.
    pub fn new<S: Service>() -> Shared {
        let databases = S::DATABASES.iter();
        Shared {
            is_paused: AtomicBool::default(),
            has_lock: AtomicBool::default(),
            connected: databases
                .map(|database| (database.side, AtomicBool::default()))
                .collect(),
            is_recompute_wanted: AtomicBool::default(),
            counts: parking_lot::Mutex::default(),
            wish: Notify::new(),
        }
    }

    /// Whether it writes.
    pub fn is_active(&self) -> bool {
        self.has_lock.load(Ordering::Relaxed) && !self.is_paused.load(Ordering::Relaxed)
    }

    /// A database is followed, or not any more.
    pub fn set_connected(&self, side: Side, is_connected: bool) {
        for (_, shown) in self.connected.iter().filter(|(of, _)| *of == side) {
            shown.store(is_connected, Ordering::Relaxed);
        }
    }

    fn connected(&self, side: Side) -> &'static str {
        let mut of_side = self.connected.iter().filter(|(of, _)| *of == side);
        match of_side.any(|(_, is_connected)| is_connected.load(Ordering::Relaxed)) {
            true => "connected",
            false => "not connected",
        }
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
pub fn register<S: Service>(
    commands: &Commands,
    shared: &Arc<Shared>,
    exit: impl Fn() + Send + Sync + 'static,
) {
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
    tell("inc-engine/show-stats", |shared| shared.counts.lock().clone());
    for database in S::DATABASES {
        let (shared, side) = (shared.clone(), database.side);
        let name = format!("{}-connection-status", database.short);
        commands.register(&name, "", 0, 0, move |_| Ok(shared.connected(side).to_owned()));
    }
    let wish = shared.clone();
    commands.register("inc-engine/recompute", "", 0, 0, move |_| {
        wish.is_recompute_wanted.store(true, Ordering::Relaxed);
        wish.wish.notify_one();
        Ok(String::new())
    });
}
