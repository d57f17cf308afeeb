//! What clients do to the cluster, and what they remember of it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

use ferrovn_tests::client::{Client, Received};
use ferrovn_tests::workload::Random;
use serde_json::{Value, json};

use crate::linear::{Operation, What};

/// The database: rows that are only inserted, in pairs; a counter; registers.
pub const SCHEMA: &str = r#"{"name": "Chaos", "version": "1.0.0", "tables": {
  "Pair": {"isRoot": true, "columns": {"name": {"type": "string"}, "half": {"type": "integer"}}},
  "Counter": {"isRoot": true, "maxRows": 1, "columns": {"value": {"type": "integer"}}},
  "Register": {"isRoot": true, "indexes": [["name"]], "columns": {"name": {"type": "string"},
    "value": {"type": "integer"}}}}}"#;

/// Who does not answer by then is left for another.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two of a client's operations: the histories stay short enough to be searched.
const PAUSE: Duration = Duration::from_millis(4);

/// A register is used for so long, by everybody; then comes the next. Searching is by register.
const REGISTER_MS: u64 = 3000;

/// Registers that there are; a longer run uses them again after others.
const REGISTERS: u64 = 64;

/// What all clients share.
pub struct Shared {
    /// Where the members serve; more come, some are gone.
    pub sockets: RwLock<Vec<PathBuf>>,
    /// The end of the clients.
    pub stop: AtomicBool,
    /// The beginning of their clock.
    pub begin: Instant,
    /// What the inserting clients know.
    pub pairs: Mutex<Pairs>,
    /// What the counting clients know.
    pub counts: Mutex<Counts>,
    /// What the clients of registers know, by register.
    pub registers: Mutex<Vec<(u64, Operation)>>,
}

/// Names of pairs.
#[derive(Default)]
pub struct Pairs {
    /// Inserted, the server said.
    pub acknowledged: Vec<String>,
    /// Perhaps inserted.
    pub unknown: Vec<String>,
    /// Not inserted, the server said.
    pub refused: Vec<String>,
}

/// Swaps of the counter's value for the next.
#[derive(Default)]
pub struct Counts {
    /// The values that were replaced, the server said.
    pub acknowledged: Vec<i64>,
    /// How many perhaps were.
    pub n_unknown: usize,
    /// How many were not, the server said.
    pub n_refused: usize,
}

impl Shared {
    /// Of members that serve there.
    pub fn new(sockets: Vec<PathBuf>) -> Shared {
        Shared {
            sockets: RwLock::new(sockets),
            stop: AtomicBool::new(false),
            begin: Instant::now(),
            pairs: Mutex::default(),
            counts: Mutex::default(),
            registers: Mutex::default(),
        }
    }

    /// Whether clients go on.
    pub fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Microseconds on the clients' clock.
    pub fn now(&self) -> u64 {
        self.begin.elapsed().as_micros() as u64
    }

    /// A connection to any member that takes one.
    pub fn connect(&self, random: &mut Random) -> Option<Client> {
        self.connect_to(&self.any_socket(random))
    }

    /// The socket of any member.
    pub fn any_socket(&self, random: &mut Random) -> PathBuf {
        let sockets = self.sockets.read().expect("no client panicked");
        sockets[random.below(sockets.len() as u64) as usize].clone()
    }

    /// A connection to a member, if it takes one.
    pub fn connect_to(&self, socket: &Path) -> Option<Client> {
        let client = Client::try_connect(socket).ok();
        if client.is_none() {
            std::thread::sleep(Duration::from_millis(20));
        }
        client
    }
}

/// What came of a transaction.
pub enum Ended {
    /// It was done, with these results.
    Done(Vec<Value>),
    /// It was not, the server said.
    Refused,
    /// The connection ended or nothing was heard.
    Unknown,
}

/// Runs a transaction. Notifications are kept on the client.
pub fn transact(client: &mut Client, db: &str, operations: &[Value]) -> Ended {
    let mut params = vec![json!(db)];
    params.extend_from_slice(operations);
    let request = json!({"id": "chaos", "method": "transact", "params": params});
    if client.try_write(request.to_string().as_bytes()).is_err() {
        return Ended::Unknown;
    }
    let until = Instant::now() + PATIENCE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match client.poll(left.max(Duration::from_millis(1))) {
            Received::Message(message) if message["id"] == "chaos" => return ended(&message),
            Received::Message(other) => client.notifications.push_back(other),
            Received::Silence | Received::Closed => return Ended::Unknown,
        }
    }
}

fn ended(reply: &Value) -> Ended {
    let Some(results) = reply["result"].as_array() else {
        return Ended::Refused;
    };
    match results.iter().any(|result| result.get("error").is_some()) {
        true => Ended::Refused,
        false => Ended::Done(results.clone()),
    }
}

/// The rows that all begins with.
pub fn first_rows() -> Vec<Value> {
    let register = |i| {
        let row = json!({"name": format!("r{i}"), "value": 0});
        json!({"op": "insert", "table": "Register", "row": row})
    };
    std::iter::once(json!({"op": "insert", "table": "Counter", "row": {"value": 0}}))
        .chain((0..REGISTERS).map(register))
        .collect()
}

/// Inserts pairs of rows, each pair in one transaction.
pub fn insert(shared: &Shared, who: u64, seed: u64) {
    let mut random = Random::new(seed);
    let mut connection = None;
    for n in 0.. {
        if !shared.goes_on() {
            return;
        }
        let Some(client) = connection.take().or_else(|| shared.connect(&mut random)) else {
            continue;
        };
        let mut client: Client = client;
        let name = format!("{who}-{n}");
        let half = |half: u8| json!({"op": "insert", "table": "Pair", "row": {"name": name, "half": half}});
        let ended = transact(&mut client, "Chaos", &[half(0), half(1)]);
        // Elsewhere after trouble, and at times without.
        let stays = !matches!(ended, Ended::Unknown) && !random.one_in(200);
        let mut pairs = shared.pairs.lock().expect("no client panicked");
        match ended {
            Ended::Done(_) => pairs.acknowledged.push(name),
            Ended::Refused => pairs.refused.push(name),
            Ended::Unknown => pairs.unknown.push(name),
        }
        drop(pairs);
        connection = stays.then_some(client);
        std::thread::sleep(PAUSE);
    }
}

/// Replaces the counter's value by the next one, if it is still what was read.
pub fn count(shared: &Shared, seed: u64) {
    let mut random = Random::new(seed);
    let mut connection = None;
    while shared.goes_on() {
        let Some(client) = connection.take().or_else(|| shared.connect(&mut random)) else {
            continue;
        };
        let mut client: Client = client;
        let select = json!({"op": "select", "table": "Counter", "where": [], "columns": ["value"]});
        let Ended::Done(results) = transact(&mut client, "Chaos", &[select]) else {
            continue;
        };
        let Some(value) = results[0]["rows"][0]["value"].as_i64() else {
            continue;
        };
        let wait = json!({"op": "wait", "table": "Counter", "where": [], "columns": ["value"], "until": "==",
            "rows": [{"value": value}], "timeout": 0});
        let mutate =
            json!({"op": "mutate", "table": "Counter", "where": [], "mutations": [["value", "+=", 1]]});
        let ended = transact(&mut client, "Chaos", &[wait, mutate]);
        let mut counts = shared.counts.lock().expect("no client panicked");
        match ended {
            Ended::Done(_) => counts.acknowledged.push(value),
            Ended::Refused => counts.n_refused += 1,
            Ended::Unknown => {
                counts.n_unknown += 1;
                continue;
            }
        }
        drop(counts);
        connection = (!random.one_in(200)).then_some(client);
        std::thread::sleep(PAUSE);
    }
}

/// Reads, writes and swaps registers, on the leader alone.
pub fn use_registers(shared: &Shared, who: u64, seed: u64) {
    let mut random = Random::new(seed);
    let mut connection = None;
    let mut last_seen = 0;
    for n in 0.. {
        if !shared.goes_on() {
            return;
        }
        let Some(client) = connection
            .take()
            .or_else(|| connect_to_leader(shared, &mut random))
        else {
            std::thread::sleep(PAUSE);
            continue;
        };
        let mut client: Client = client;
        let register = shared.now() / 1000 / REGISTER_MS % REGISTERS;
        // Nobody writes a value twice.
        let new = (n * 100 + who + 1) as i64;
        let of = json!([["name", "==", format!("r{register}")]]);
        let write = json!({"op": "update", "table": "Register", "where": of, "row": {"value": new}});
        let (operations, what) = match random.below(4) {
            0 | 1 => {
                let select = json!({"op": "select", "table": "Register", "where": of, "columns": ["value"]});
                (vec![select], What::Read(0))
            }
            2 => (vec![write], What::Write(new)),
            _ => {
                let wait = json!({"op": "wait", "table": "Register", "where": of, "columns": ["value"],
                    "until": "==", "rows": [{"value": last_seen}], "timeout": 0});
                (vec![wait, write], What::Swap(last_seen, new))
            }
        };
        let called = shared.now();
        let ended = transact(&mut client, "Chaos", &operations);
        let returned = Some(shared.now());
        let leads = still_leads(&client);
        let known = match (ended, what) {
            // Who does not lead any more may answer from yesterday.
            (Ended::Done(_), What::Read(_)) if !leads => None,
            (Ended::Done(results), What::Read(_)) => {
                let seen = results[0]["rows"][0]["value"].as_i64();
                last_seen = seen.unwrap_or(last_seen);
                seen.map(|seen| (returned, What::Read(seen)))
            }
            (Ended::Done(_), what) => {
                last_seen = new;
                Some((returned, what))
            }
            (Ended::Refused, _) => None,
            (Ended::Unknown, what) => {
                note(shared, register, called, None, what);
                continue;
            }
        };
        if let Some((returned, what)) = known {
            note(shared, register, called, returned, what);
        }
        connection = leads.then_some(client);
        std::thread::sleep(PAUSE);
    }
}

fn note(shared: &Shared, register: u64, called: u64, returned: Option<u64>, what: What) {
    let operation = Operation {
        called,
        returned,
        what,
    };
    let mut registers = shared.registers.lock().expect("no client panicked");
    registers.push((register, operation));
}

/// A connection to a member that says that it leads, and will say when it does no more.
fn connect_to_leader(shared: &Shared, random: &mut Random) -> Option<Client> {
    let mut client = shared.connect(random)?;
    let monitor = json!({"id": "monitor", "method": "monitor_cond", "params": ["_Server", "leads",
        {"Database": [{"columns": ["leader"], "where": [["name", "==", "Chaos"]]}]}]});
    client.try_write(monitor.to_string().as_bytes()).ok()?;
    match client.poll(PATIENCE) {
        Received::Message(reply) => reply.to_string().contains("\"leader\":true").then_some(client),
        Received::Silence | Received::Closed => None,
    }
}

/// Whether the member has not said that it leads no more.
fn still_leads(client: &Client) -> bool {
    let lost = |message: &Value| message["params"].to_string().contains("\"leader\":false");
    !client.notifications.iter().any(lost)
}
