//! The same random transactions, monitors and locks of two sessions on the packaged C server and on ours; replies,
//! errors, updates and notices must be equal.
//!
//! Intended differences, and what is masked because the C server leaves it to chance:
//! - transaction ids: ours keeps history for standalone databases, the C server answers the zero uuid;
//! - which of several violations a commit names first, and which row of a duplicate comes first, follow hash order in
//!   C: for those errors only the tag is compared;
//! - so does which faulty column of an operation is named: with several columns only the failure is compared;
//! - the C server sends a modification of nothing when a column changes that only the condition reads, or that is
//!   not selected for modifications beside one that is;
//! - with several requests for one table, C takes one of their conditions, which one follows hash order; ours takes
//!   any of them, as documented: here they are all the same;
//! - which of several rows a mutation takes out of range first follows hash order, too: the value is masked;
//! - the C server keeps weak references to rows that are gone, where the row that refers was modified by the same
//!   transaction, and ends by an assertion on some others: a seed ends where it does;
//! - the C server runs a waiting transaction again whenever anything changes, ours when the table changes that it waits
//!   for: waits for others are the first operation here;
//! - the C server merges the updates of a commit and of the waiting transactions that it lets go on, or not: then the
//!   contents are compared instead;
//! - the C server says `locked` to the owner of a lock when another session stops waiting for it;
//! - transaction-long uuids of names that no operation gave to a row are random;
//! - the C server crashes on `*=` with 0, takes some products near the greatest integer for overflows, takes -0 for
//!   another value than 0 where it removes duplicates of a `select`, and accepts a reference to a missing row of
//!   another table that has the uuid of the row it is in: these are left out;
//! - rows of a `select` without `sort` come in any order.
//!
//! `FERROVN_SEED` runs one seed, `FERROVN_CASES` a number of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;

use ferrovn_tests::client::Client;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::workload::{self, Generator, SCHEMA};
use serde_json::{Value, json};

/// Steps of one seed.
const N_STEPS: u32 = 150;

/// Makes what may differ by chance equal.
fn normalise(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
            if by_chance(text("error"), text("details")) {
                members.remove("details");
            }
            members.values_mut().for_each(normalise);
            if let Some(Value::Array(rows)) = members.get_mut("rows") {
                rows.sort_by_key(Value::to_string);
            }
        }
        Value::Array(elements) => {
            elements.iter_mut().for_each(normalise);
            match elements.as_mut_slice() {
                [Value::String(kind), Value::String(uuid)] if kind == "uuid" && !workload::is_known(uuid) => {
                    *uuid = "fresh".into();
                }
                // Their order followed the uuids.
                [Value::String(kind), Value::Array(elements)]
                    if matches!(kind.as_str(), "set" | "map")
                        && elements.iter().any(|e| e.to_string().contains("\"fresh\"")) =>
                {
                    elements.sort_by_key(Value::to_string);
                }
                _ => {}
            }
        }
        // C prints whole reals without a point; as values they are equal.
        Value::Number(number) => {
            if let Some(real) = number.as_f64().filter(|_| number.is_f64())
                && real.fract() == 0.0
                && real.abs() < 1e15
            {
                *value = json!(real as i64);
            }
        }
        _ => {}
    }
}

/// An operation with several columns may have several faults; which one C names follows hash order.
fn mask_first_of_several(params: &Value, reply: &mut Value) {
    let Some(results) = reply.get_mut("result").and_then(Value::as_array_mut) else {
        return;
    };
    let operations = params.as_array().into_iter().flatten().skip(1);
    for (operation, result) in operations.zip(results) {
        let n_columns = operation["row"].as_object().map_or(0, |row| row.len());
        if result.get("error").is_some() && n_columns > 1 {
            *result = json!("an error");
        }
        // So does which of several rows a mutation takes out of range first.
        if operation["op"] == "mutate"
            && let Some(details) = result.get_mut("details")
        {
            let text = details.as_str().unwrap_or_default();
            let is_value = |c: &char| c.is_ascii_digit() || matches!(c, '-' | '.' | 'e' | '+');
            *details = text.chars().filter(|c| !is_value(c)).collect::<String>().into();
        }
    }
}

/// Errors of a commit that name one of several culprits.
fn by_chance(tag: &str, details: &str) -> bool {
    tag == "referential integrity violation"
        || details.contains("identical values")
        || details.starts_with("Weak reference column")
        || details.contains("weak reference(s) to deleted")
        // How long it took is in the text.
        || tag == "timed out"
}

/// C tells of a change of a column that only the condition reads, or that is not selected for modifications, and of
/// weak references that never came to be, as a modification of nothing (but `_version`).
fn drop_empty_modifications(update: &mut Value) {
    let Some(tables) = update["params"]
        .as_array_mut()
        .and_then(|p| p.last_mut())
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let is_nothing =
        |changed: &Value| *changed == json!({}) || *changed == json!({"_version": ["uuid", "fresh"]});
    for rows in tables.values_mut().filter_map(Value::as_object_mut) {
        rows.retain(|_, row| {
            !is_nothing(&row["modify"]) && (!is_nothing(&row["old"]) || row["new"].is_null())
        });
    }
    tables.retain(|_, rows| *rows != json!({}));
}

/// One server and the sessions on it.
struct Side {
    // Dropped in this order: the server ends before its folder goes.
    clients: [Client; 2],
    server: Server,
    scratch: Scratch,
}

impl Side {
    fn start(kind: Kind) -> Side {
        let scratch = Scratch::new("differential");
        let server = Server::start(kind, &scratch, "d", SCHEMA, &[]);
        let clients = [server.client(&scratch), server.client(&scratch)];
        Side {
            clients,
            server,
            scratch,
        }
    }

    /// Ends the server, in order or not, and starts the other kind on its file.
    fn switch(self, kind: Kind, in_order: bool) -> Side {
        let Side {
            clients,
            mut server,
            scratch,
        } = self;
        drop(clients);
        if in_order {
            server.stop();
        } else {
            server.kill();
        }
        // The socket's file outlives a killed process.
        let _ = std::fs::remove_file(scratch.host("d.sock"));
        let server = Server::start_on(kind, &scratch, "d", &[&kind.path(&scratch, "d.db")], &[]);
        let clients = [server.client(&scratch), server.client(&scratch)];
        Side {
            clients,
            server,
            scratch,
        }
    }

    /// Everything but ephemeral columns, made comparable.
    fn persistent_contents(&mut self) -> Value {
        let mut contents = workload::contents(&mut self.clients[0]);
        for result in contents.as_array_mut().into_iter().flatten() {
            for row in result["rows"]
                .as_array_mut()
                .into_iter()
                .flatten()
                .filter_map(Value::as_object_mut)
            {
                row.retain(|column, _| !workload::is_ephemeral(column));
            }
        }
        normalise(&mut contents);
        contents
    }

    /// Sends a message on one session and collects what comes of it on both. None when a connection is closed.
    fn step(&mut self, session: usize, message: &Value) -> Option<[Vec<Value>; 2]> {
        self.clients[session]
            .try_write(message.to_string().as_bytes())
            .ok()?;
        for session in [session, 1 - session] {
            // A transaction that this one wakes runs, and is answered, within two rounds of the C server's main loop. An
            // echo would not do: ours answers it at once, whatever else a session waits for.
            for _ in 0..3 {
                self.clients[session].try_call("list_dbs", json!([]))?;
            }
        }
        Some(
            self.clients
                .each_mut()
                .map(|client| client.notifications.drain(..).collect()),
        )
    }
}

/// What is sent.
struct Script {
    generator: Generator,
    /// The monitors: session, id, requests.
    monitors: [(usize, &'static str, Value); 4],
    /// Every request by its id.
    sent: BTreeMap<String, Value>,
    /// Sessions and request ids of transactions that have not been answered.
    parked: Vec<(usize, String)>,
    /// Locks by the sessions that hold them.
    held: BTreeSet<(usize, String)>,
}

impl Script {
    fn new(seed: u64) -> Script {
        let mut generator = Generator::new(seed);
        let monitors = [(0, "v1"), (1, "w2"), (0, "v2"), (0, "v3")];
        Script {
            monitors: monitors.map(|(session, id)| (session, id, generator.monitor(id != "v1"))),
            generator,
            sent: BTreeMap::new(),
            parked: Vec::new(),
            held: BTreeSet::new(),
        }
    }

    /// The servers were started anew: nothing waits, nothing is locked.
    fn forget_sessions(&mut self) {
        self.parked.clear();
        self.held.clear();
    }

    /// The session and the message of a step. The monitors begin anew with every [`N_STEPS`] steps.
    fn message(&mut self, step: u32) -> (usize, Value) {
        let random = &mut self.generator.random;
        let session = random.below(2) as usize;
        let mut id = step.to_string();
        let (session, method, params) = match step % N_STEPS {
            0 => (0, "set_db_change_aware", json!([true])),
            phase @ (10 | 15 | 20 | 30) => self.monitor(phase),
            n if n > 30 && n % 12 == 0 => {
                let which = random.below(4) as usize;
                let (session, id, requests) = self.monitors[which].clone();
                let mut requests = self.generator.condition_change(&requests);
                if id == "v1" {
                    // It has no conditions, and what they are does not matter.
                    for request in requests.as_object_mut().into_iter().flat_map(|r| r.values_mut()) {
                        request[0]["where"] = json!([["nonsense", "==", 1], true]);
                    }
                }
                (session, "monitor_cond_change", json!([id, id, requests]))
            }
            _ => match random.below(20) {
                0 | 1 => {
                    let method = random.pick(&["lock", "lock", "steal", "unlock", "unlock"]);
                    (session, method, json!([self.generator.lock_name()]))
                }
                2 => {
                    let (session, id) = match self.parked.is_empty() {
                        true => (session, "none".into()),
                        false => self.parked.remove(0),
                    };
                    return (session, json!({"id": null, "method": "cancel", "params": [id]}));
                }
                n => {
                    let params = self.generator.transaction_with_others(self.parked.len() < 3);
                    match self.parked.first().cloned() {
                        // An id in use.
                        Some((session, parked)) if n == 3 => {
                            id = parked;
                            (session, "transact", params)
                        }
                        _ => (session, "transact", params),
                    }
                }
            },
        };
        let message = json!({"id": id, "method": method, "params": params});
        self.sent.entry(id).or_insert_with(|| message.clone());
        (session, message)
    }

    fn monitor(&self, phase: u32) -> (usize, &'static str, Value) {
        let (which, method) = match phase {
            10 => (0, "monitor"),
            15 => (1, "monitor_cond"),
            20 => (2, "monitor_cond"),
            _ => (3, "monitor_cond_since"),
        };
        let (session, id, requests) = &self.monitors[which];
        let mut params = json!(["D", id, requests]);
        if let (3, Value::Array(params)) = (which, &mut params) {
            params.push("00000000-0000-0000-0000-000000000000".into());
        }
        (*session, method, params)
    }

    /// Makes equal in a session's messages what may differ by chance.
    fn normalise(&self, messages: &mut Vec<Value>) {
        for message in messages.iter_mut() {
            if message["method"] == "update3" {
                message["params"][1] = json!("txn");
            }
            normalise(message);
            drop_empty_modifications(message);
            if let Some(request) = reply_id(message).and_then(|id| self.sent.get(id)) {
                if request["method"] == "monitor_cond_since" {
                    message["result"][1] = json!("txn");
                }
                mask_first_of_several(&request["params"], message);
            }
        }
        messages.retain(|message| {
            !is_update(message) || message["params"].as_array().and_then(|p| p.last()) != Some(&json!({}))
        });
        // Several monitors of one session are told of one commit in any order, but before the reply.
        for updates in messages.split_mut(|message| !is_update(message)) {
            updates.sort_by_key(Value::to_string);
        }
    }

    /// Removes what C tells the owner of a lock when another session stops waiting for it.
    fn drop_repeated_locks(&mut self, session: usize, message: &Value, told: &mut [Vec<Value>; 2]) {
        let method = message["method"].as_str().unwrap_or_default();
        let name = message["params"][0].as_str().unwrap_or_default().to_owned();
        if method == "unlock" {
            self.held.remove(&(session, name.clone()));
        }
        for (session, messages) in told.iter_mut().enumerate() {
            messages.retain(|notice| {
                let name = notice["params"][0].as_str().unwrap_or_default().to_owned();
                match notice["method"].as_str() {
                    Some("stolen") => {
                        self.held.remove(&(session, name));
                        true
                    }
                    Some("locked") => self.held.insert((session, name)),
                    _ => true,
                }
            });
        }
        let own = told[session]
            .iter()
            .find(|m| reply_id(m).map(String::as_str) == message["id"].as_str());
        if own.is_some_and(|reply| reply["result"]["locked"] == true) {
            self.held.insert((session, name));
        }
    }

    /// Takes note of the replies of a step; true when one is to an earlier transaction.
    fn answered(&mut self, step: u32, session: usize, message: &Value, told: &[Vec<Value>; 2]) -> Answered {
        let mut answered = Answered::default();
        let own = step.to_string();
        for id in told.iter().flatten().filter_map(reply_id) {
            // A request with an id in use is refused; the one that uses it is not answered by that.
            if *id != own && message["id"] == **id {
                continue;
            }
            answered.woken |= *id != own && self.parked.iter().any(|(_, parked)| parked == id);
            answered.own |= *id == own;
            self.parked.retain(|(_, parked)| parked != id);
        }
        if message["method"] == "transact" && message["id"] == *own {
            let reply = told[session]
                .iter()
                .find(|message| reply_id(message) == Some(&own));
            answered.committed = reply.is_some_and(is_committed);
            self.generator.settle(answered.committed);
            if reply.is_none() {
                self.parked.push((session, own));
            }
        } else if message["method"] == "transact" {
            self.generator.settle(false);
        }
        answered
    }
}

/// What a step's replies say.
#[derive(Default)]
struct Answered {
    own: bool,
    committed: bool,
    /// A transaction that had waited is answered.
    woken: bool,
}

fn is_update(message: &Value) -> bool {
    message["method"]
        .as_str()
        .is_some_and(|method| method.starts_with("update"))
}

fn reply_id(message: &Value) -> Option<&String> {
    match (&message["id"], message.get("method")) {
        (Value::String(id), None) => Some(id),
        _ => None,
    }
}

/// What a seed came to.
#[derive(Default)]
struct Tally {
    steps: u32,
    committed: u32,
    parked: u32,
    woken: u32,
}

/// Compares the servers for [`N_STEPS`] steps, or as long as the C server's weak references are sound.
fn check(seed: u64, tally: &mut Tally) {
    let mut sides = [Side::start(Kind::C), Side::start(Kind::Ours)];
    check_steps(seed, 0..N_STEPS, &mut Script::new(seed), &mut sides, tally);
}

/// The same, and then again with each server on the other's file.
fn check_switched(seed: u64, tally: &mut Tally) {
    let mut sides = [Side::start(Kind::C), Side::start(Kind::Ours)];
    let mut script = Script::new(seed);
    let in_order = script.generator.random.one_in(2);
    let is_sound = check_steps(seed, 0..N_STEPS, &mut script, &mut sides, tally);
    if !is_sound || workload::dangles(&mut sides[0].clients[0]) {
        return;
    }
    let before = sides.each_mut().map(Side::persistent_contents);
    let [c, ours] = sides;
    let mut sides = [ours.switch(Kind::C, in_order), c.switch(Kind::Ours, in_order)];
    script.forget_sessions();
    let after = sides.each_mut().map(Side::persistent_contents);
    let mut differences = String::new();
    compare("on C's file", &before[0], &after[1], &mut differences);
    compare("on our file", &after[0], &before[1], &mut differences);
    assert!(
        differences.is_empty(),
        "seed {seed}: after the switch\n{differences}"
    );
    check_steps(seed, N_STEPS..2 * N_STEPS, &mut script, &mut sides, tally);
}

/// Compares the servers step by step; false when the C server's weak references are not sound any more.
fn check_steps(
    seed: u64,
    steps: Range<u32>,
    script: &mut Script,
    sides: &mut [Side; 2],
    tally: &mut Tally,
) -> bool {
    let last = steps.end - 1;
    let mut transcript = String::new();
    for step in steps {
        let (session, message) = script.message(step);
        // Writing to a string cannot fail.
        let _ = writeln!(transcript, "{step}: session {session} {message}");
        let told = sides.each_mut().map(|side| side.step(session, &message));
        let log = sides[0].server.log(&sides[0].scratch);
        if told[0].is_none() && log.contains("assertion !ovsdb_row_find_weak_ref") {
            return false;
        }
        let mut told = told.map(|told| {
            told.unwrap_or_else(|| {
                panic!("seed {seed}: a connection is closed at {message}; C's log:\n{log}")
            })
        });
        script.drop_repeated_locks(session, &message, &mut told[0]);
        let answered = script.answered(step, session, &message, &told[0]);
        told.iter_mut()
            .flatten()
            .for_each(|messages| script.normalise(messages));
        let mut contents = [Value::Null, Value::Null];
        if answered.woken || step == last {
            // C merges the updates of a commit and of those it wakes, or not: by chance.
            told.iter_mut()
                .flatten()
                .for_each(|messages| messages.retain(|m| !is_update(m)));
            contents = sides
                .each_mut()
                .map(|side| workload::contents(&mut side.clients[0]));
            contents.iter_mut().for_each(normalise);
        }
        let mut differences = String::new();
        compare("contents", &contents[0], &contents[1], &mut differences);
        compare("told", &json!(told[0]), &json!(told[1]), &mut differences);
        if !differences.is_empty() && workload::dangles(&mut sides[0].clients[0]) {
            return false;
        }
        assert!(
            differences.is_empty(),
            "seed {seed} differs at step {step}\n{differences}{}",
            transcript.lines().rev().take(3).collect::<Vec<_>>().join("\n")
        );
        tally.steps += 1;
        tally.committed += u32::from(answered.committed);
        tally.parked += u32::from(message["method"] == "transact" && !answered.own);
        tally.woken += u32::from(answered.woken);
    }
    true
}

/// Lists where two values differ.
fn compare(path: &str, c: &Value, ours: &Value, out: &mut String) {
    match (c, ours) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter()
                .for_each(|(key, c)| compare(&format!("{path}/{key}"), c, &ours[key], out));
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}/{i}"), a, b, out);
            }
        }
        _ if c == ours => {}
        _ => {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{path}\n  C:    {c}\n  ours: {ours}");
        }
    }
}

/// Whether a transaction's reply has no error in it.
fn is_committed(reply: &Value) -> bool {
    let results = reply["result"].as_array();
    results.is_some_and(|results| results.iter().all(|result| result.get("error").is_none()))
}

/// Runs as many seeds as the environment wants, and sees that they came to something.
fn run_seeds(check: fn(u64, &mut Tally), n_steps: u32, n_seeds: u32) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let mut tally = Tally::default();
    if let Some(seed) = number("FERROVN_SEED") {
        check(seed, &mut tally);
        return;
    }
    let n_seeds: u32 = number("FERROVN_CASES").map_or(n_seeds, |n| n.try_into().expect("a number of cases"));
    for n in 1..=n_seeds {
        check(u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15), &mut tally);
    }
    let Tally {
        steps,
        committed,
        parked,
        woken,
    } = tally;
    assert!(
        steps > n_seeds * n_steps * 2 / 3 && committed > steps / 8 && parked > n_seeds && woken > n_seeds / 2,
        "of {n_seeds} seeds only {steps} steps are comparable, {committed} transactions committed, {parked} parked, \
         {woken} woken"
    );
}

#[test]
fn replies_and_updates_are_those_of_the_c_server() {
    run_seeds(check, N_STEPS, 20);
}

#[test]
fn each_server_goes_on_with_the_others_file() {
    run_seeds(check_switched, 2 * N_STEPS, 10);
}
