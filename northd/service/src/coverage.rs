//! How often things happened (`coverage/…`).

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Events are counted in slots of this length, an hour of them.
const SLOT: Duration = Duration::from_secs(5);
const N_SLOTS: usize = 720;

/// A transaction was committed.
pub const SUCCESS: &str = "txn_success";
/// A transaction is tried again.
pub const TRY_AGAIN: &str = "txn_try_again";
/// A transaction was refused.
pub const ERROR: &str = "txn_error";
/// Something was made again.
pub const RUN: &str = "northd_run";

const NAMES: [&str; 4] = [SUCCESS, TRY_AGAIN, ERROR, RUN];

#[derive(Default)]
struct Counter {
    total: u64,
    /// By slot, the present one last.
    slots: VecDeque<u64>,
}

/// Every counter.
pub struct Coverage {
    began: Instant,
    counters: BTreeMap<&'static str, Counter>,
    slot: u64,
}

impl Default for Coverage {
    fn default() -> Self {
        Coverage {
            began: Instant::now(),
            counters: NAMES.map(|name| (name, Counter::default())).into(),
            slot: 0,
        }
    }
}

impl Coverage {
    /// It happened.
    pub fn hit(&mut self, name: &'static str) {
        self.turn();
        let counter = self.counters.entry(name).or_default();
        counter.total += 1;
        match counter.slots.back_mut() {
            Some(slot) => *slot += 1,
            None => counter.slots.push_back(1),
        }
    }

    /// Begins the slots that time has brought.
    fn turn(&mut self) {
        let now = self.began.elapsed().as_secs() / SLOT.as_secs();
        let n = usize::try_from(now - self.slot).map_or(N_SLOTS, |n| n.min(N_SLOTS));
        self.slot = now;
        for counter in self.counters.values_mut() {
            counter.slots.extend(std::iter::repeat_n(0, n));
            let n_gone = counter.slots.len().saturating_sub(N_SLOTS);
            counter.slots.drain(..n_gone);
        }
    }

    /// `coverage/show`.
    pub fn show(&mut self) -> String {
        self.turn();
        let hits: Vec<_> = self
            .counters
            .iter()
            .filter(|(_, counter)| counter.total > 0)
            .collect();
        let mut text = "Event coverage, avg rate over last: 5 seconds, last minute, last hour:\n".to_owned();
        let rate = |counter: &Counter, n: usize| {
            let last: u64 = counter.slots.iter().rev().take(n).sum();
            last as f64 / (n as u64 * SLOT.as_secs()) as f64
        };
        for (name, counter) in &hits {
            text.push_str(&format!(
                "{name:<24} {:>5.1}/sec {:>9.3}/sec {:>13.4}/sec   total: {}\n",
                rate(counter, 1),
                rate(counter, 12),
                rate(counter, N_SLOTS),
                counter.total
            ));
        }
        text.push_str(&format!(
            "{} events never hit\n",
            self.counters.len() - hits.len()
        ));
        text
    }

    /// `coverage/read-counter`.
    pub fn read(&self, name: &str) -> Result<String, String> {
        let counter = self.counters.get(name);
        counter
            .map(|counter| format!("{}\n", counter.total))
            .ok_or_else(|| "No such counter\n".to_owned())
    }
}
