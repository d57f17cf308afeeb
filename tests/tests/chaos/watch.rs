//! Clients that keep a copy by `monitor_cond_since`, on any member, resumed on others: nothing may be lost, come
//! twice, be torn, or go back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use ferrovn_tests::client::{Client, Received};
use ferrovn_tests::workload::Random;
use serde_json::{Map, Value, json};

use crate::load::Shared;

/// Who knows no transaction.
const NOTHING: &str = "00000000-0000-0000-0000-000000000000";

/// A member that is silent for longer while a copy begins is left.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a copy may take to be complete at the end.
const COMPLETE_MAX: Duration = Duration::from_secs(30);

/// So many stays are remembered.
const N_STAYS: usize = 6;

/// What watchers share.
#[derive(Default)]
pub struct Watching {
    /// The names of all pairs, once no more come.
    pub expected: OnceLock<BTreeSet<String>>,
    /// What was seen that must not be.
    pub violations: Mutex<Vec<String>>,
    /// What happened.
    pub tally: Mutex<Tally>,
}

/// What happened to watchers.
#[derive(Debug, Default)]
pub struct Tally {
    /// Updates that were applied.
    pub n_updates: usize,
    /// Copies that went on elsewhere from where they were.
    pub n_resumed: usize,
    /// Copies that began anew elsewhere.
    pub n_anew: usize,
    /// Members that were passed over, because they knew less than was seen.
    pub n_behind: usize,
}

/// A copy.
#[derive(Clone, Default)]
struct View {
    pairs: BTreeMap<String, (String, i64)>,
    counter: BTreeMap<String, i64>,
}

struct Watcher<'a> {
    shared: &'a Shared,
    watching: &'a Watching,
    random: Random,
    view: View,
    last: String,
    /// The highest `_Server` index that a member has shown.
    index: u64,
    /// The end of all, once the expected is known.
    until: Option<Instant>,
    /// Where it has been lately: told with what must not be.
    stays: VecDeque<String>,
}

/// Watches until the copy is complete, or too late.
pub fn watch(shared: &Shared, watching: &Watching, seed: u64) {
    let mut watcher = Watcher {
        shared,
        watching,
        random: Random::new(seed),
        view: View::default(),
        last: NOTHING.into(),
        index: 0,
        until: None,
        stays: VecDeque::new(),
    };
    while !watcher.is_done() {
        let socket = shared.any_socket(&mut watcher.random);
        if let Some(client) = shared.connect_to(&socket) {
            watcher.stay(client, &socket);
        }
    }
}

impl Watcher<'_> {
    /// Follows one member until it ends, or for a while.
    fn stay(&mut self, mut client: Client, socket: &Path) {
        let Some(index) = self.index_of(&mut client) else {
            std::thread::sleep(Duration::from_millis(20));
            return;
        };
        if index < self.index {
            self.tally(|tally| tally.n_behind += 1);
            std::thread::sleep(Duration::from_millis(50));
            return;
        }
        let at = self.shared.begin.elapsed().as_secs_f64();
        let from = std::mem::replace(&mut self.index, index);
        self.stays.truncate(N_STAYS - 1);
        let stay = format!(
            "{at:.3} s: with index {from} to {}, which has {index}",
            socket.display()
        );
        self.stays.push_front(stay);
        if self.begin(&mut client).is_none() {
            return;
        }
        let leaves = Instant::now() + Duration::from_millis(500 + self.random.below(3000));
        while Instant::now() < leaves && !self.is_done() {
            match client.poll(Duration::from_millis(50)) {
                Received::Silence => {}
                Received::Closed => return,
                Received::Message(message) => {
                    if self.take(&mut client, &message).is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// The index of the database that a member has; it goes on telling. None when it has none, or has no part in the
    /// cluster.
    fn index_of(&self, client: &mut Client) -> Option<u64> {
        let monitor = json!({"id": "server", "method": "monitor_cond", "params": ["_Server", "server",
            {"Database": [{"columns": ["index", "connected"], "where": [["name", "==", "Chaos"]]}]}]});
        client.try_write(monitor.to_string().as_bytes()).ok()?;
        let Received::Message(reply) = client.poll(PATIENCE) else {
            return None;
        };
        let row = reply["result"]["Database"].as_object()?.values().next()?["initial"].clone();
        (row["connected"] == true)
            .then(|| row["index"].as_u64())
            .flatten()
    }

    /// Begins or resumes the copy.
    fn begin(&mut self, client: &mut Client) -> Option<()> {
        let monitor = json!({"id": "chaos", "method": "monitor_cond_since", "params": ["Chaos", "chaos",
            {"Pair": [{"columns": ["name", "half"]}], "Counter": [{"columns": ["value"]}]}, self.last]});
        client.try_write(monitor.to_string().as_bytes()).ok()?;
        loop {
            let Received::Message(message) = client.poll(PATIENCE) else {
                return None;
            };
            if message["id"] != "chaos" {
                self.take(client, &message)?;
                continue;
            }
            let [found, last, updates] = message["result"].as_array()?.as_slice() else {
                return None;
            };
            let before = self.view.clone();
            if *found == true {
                self.tally(|tally| tally.n_resumed += 1);
            } else {
                self.tally(|tally| tally.n_anew += 1);
                self.view = View::default();
            }
            self.apply(updates);
            self.compare(&before);
            self.last = last.as_str()?.to_owned();
            return Some(());
        }
    }

    /// Takes a notification; none when the member is to be left.
    fn take(&mut self, client: &mut Client, message: &Value) -> Option<()> {
        let params = &message["params"];
        match message["method"].as_str() {
            Some("update3") => {
                let before = self.view.clone();
                self.apply(&params[2]);
                self.compare(&before);
                self.last = params[1].as_str()?.to_owned();
                self.tally(|tally| tally.n_updates += 1);
            }
            Some("update2") => {
                for row in params[1]["Database"].as_object()?.values() {
                    if let Some(index) = row["modify"]["index"].as_u64() {
                        self.index = self.index.max(index);
                    }
                    // As clients do: a member without a part in the cluster is left.
                    if row["modify"]["connected"] == false {
                        return None;
                    }
                }
            }
            Some("echo") => {
                let reply = json!({"id": message["id"], "result": params, "error": null});
                client.try_write(reply.to_string().as_bytes()).ok()?;
            }
            _ => {}
        }
        Some(())
    }

    /// Applies an update in the second notation.
    fn apply(&mut self, updates: &Value) {
        let empty = Map::new();
        let rows = |table: &str| updates[table].as_object().unwrap_or(&empty).clone();
        for (uuid, change) in rows("Pair") {
            let row = change.get("insert").or(change.get("initial"));
            let Some(row) = row else {
                self.violation(format!("a pair changed: {change}"));
                continue;
            };
            // A column of its default value is left out.
            let name = row["name"].as_str().unwrap_or_default().to_owned();
            let half = row["half"].as_i64().unwrap_or_default();
            if let Some(old) = self.view.pairs.insert(uuid, (name, half)) {
                self.violation(format!("a row came twice: {old:?}"));
            }
        }
        for (uuid, change) in rows("Counter") {
            let value = ["insert", "initial", "modify"]
                .iter()
                .find_map(|kind| Some(change.get(kind)?["value"].as_i64().unwrap_or_default()));
            match value {
                Some(value) => drop(self.view.counter.insert(uuid, value)),
                None => self.violation(format!("the counter went: {change}")),
            }
        }
    }

    /// Looks at what a step made of the copy.
    fn compare(&self, before: &View) {
        for (uuid, old) in &before.counter {
            let new = self.view.counter.get(uuid);
            if new.is_none_or(|new| new < old) {
                self.violation(format!("the counter went from {old} to {new:?}"));
            }
        }
        let lost: Vec<_> = before
            .pairs
            .iter()
            .filter(|(uuid, _)| !self.view.pairs.contains_key(*uuid))
            .map(|(_, pair)| pair)
            .collect();
        if !lost.is_empty() {
            self.violation(format!("{} rows went, such as {:?}", lost.len(), lost[0]));
        }
        let mut halves: BTreeMap<&str, usize> = BTreeMap::new();
        let new = self
            .view
            .pairs
            .iter()
            .filter(|(uuid, _)| !before.pairs.contains_key(*uuid));
        for (_, (name, _)) in new {
            *halves.entry(name).or_default() += 1;
        }
        if let Some((name, _)) = halves.iter().find(|(_, n)| **n % 2 == 1) {
            self.violation(format!("half of the pair {name}"));
        }
    }

    /// Whether the copy has everything, or never will.
    fn is_done(&mut self) -> bool {
        let Some(expected) = self.watching.expected.get() else {
            return false;
        };
        let until = *self.until.get_or_insert(Instant::now() + COMPLETE_MAX);
        let names: BTreeSet<&String> = self.view.pairs.values().map(|(name, _)| name).collect();
        if names.len() == expected.len() && names.iter().all(|name| expected.contains(*name)) {
            return true;
        }
        if Instant::now() < until {
            return false;
        }
        self.violation(format!("a copy has {} pairs of {}", names.len(), expected.len()));
        true
    }

    fn violation(&self, what: String) {
        let at = self.shared.begin.elapsed().as_secs_f64();
        let text = format!("{at:.3} s: {what}; the latest first: {:?}", self.stays);
        self.watching
            .violations
            .lock()
            .expect("no client panicked")
            .push(text);
    }

    fn tally(&self, count: impl FnOnce(&mut Tally)) {
        count(&mut self.watching.tally.lock().expect("no client panicked"));
    }
}
