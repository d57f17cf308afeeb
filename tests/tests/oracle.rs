//! What monitors tell is what the database holds: clients apply updates to replicas, and after every transaction each
//! replica equals a `select` of what its monitor asks for.
//!
//! The select goes over the monitor's own session, so its reply is also the barrier: updates come before replies.
//! The C server is held to the same, which tests the test. `FERROVN_SEED` runs one seed, `FERROVN_CASES` a number of
//! them.

use std::collections::{BTreeMap, BTreeSet};

use ferrovn_tests::client::Client;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::workload::{Generator, SCHEMA};
use serde_json::{Value, json};

/// Transactions of one seed.
const N_STEPS: u32 = 120;

const UNKNOWN: &str = "00000000-0bad-4000-8000-000000000000";
const ZERO: &str = "00000000-0000-0000-0000-000000000000";

/// A column's value: the elements as JSON text; those of maps with their values, those of sets with nothing.
type Datum = BTreeMap<String, String>;
/// Rows by uuid, columns by name.
type Rows = BTreeMap<String, BTreeMap<String, Datum>>;

fn datum(value: &Value) -> Datum {
    let text = |atom: &Value| match atom {
        // Whole reals may be printed as integers.
        Value::Number(number) => number.as_f64().map_or_else(String::new, |n| format!("{n:e}")),
        other => other.to_string(),
    };
    let elements = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match (value[0].as_str(), &value[1]) {
        (Some("set"), set) => elements(set)
            .iter()
            .map(|atom| (text(atom), String::new()))
            .collect(),
        (Some("map"), map) => elements(map)
            .iter()
            .map(|pair| (text(&pair[0]), text(&pair[1])))
            .collect(),
        _ => Datum::from([(text(value), String::new())]),
    }
}

/// The schema's type of a column.
fn type_of(table: &str, column: &str) -> Value {
    let schema: Value = SCHEMA.parse().expect("the schema is JSON");
    match column {
        "_uuid" | "_version" => json!("uuid"),
        _ => schema["tables"][table]["columns"][column]["type"].clone(),
    }
}

fn default(ty: &Value) -> Datum {
    if ty["min"] == 0 {
        return Datum::new();
    }
    let key = if ty.is_string() { ty } else { &ty["key"] };
    datum(&match key.as_str().or(key["type"].as_str()) {
        Some("integer" | "real") => json!(0),
        Some("boolean") => json!(false),
        Some("string") => json!(""),
        _ => json!(["uuid", ZERO]),
    })
}

/// Applies the difference that an `update2` names (ovsdb-server(7) §4.1.14).
fn apply_diff(ty: &Value, old: &Datum, diff: Datum) -> Datum {
    // A map of one pair is told whole, like a set of one element.
    let is_composite = ty["max"].is_string() || ty["max"].as_u64().is_some_and(|max| max > 1);
    if !is_composite {
        return diff;
    }
    let mut new = old.clone();
    for (key, value) in diff {
        if new.get(&key) == Some(&value) {
            new.remove(&key);
        } else {
            new.insert(key, value);
        }
    }
    new
}

/// A monitor and its replica.
struct Watcher {
    client: Option<Client>,
    method: &'static str,
    /// With the present conditions.
    requests: Value,
    replica: BTreeMap<String, Rows>,
    last: String,
    /// What is applied is the reply to a monitor that goes on. Its transaction id may be older than a change of its
    /// conditions that showed and hid nothing; a row that matched the new ones before that change, and none
    /// since, is then deleted though it was never told.
    resumes: bool,
}

impl Watcher {
    fn new(method: &'static str, mut requests: Value) -> Watcher {
        // Everything that happens is told: a replica needs it.
        for request in requests.as_object_mut().into_iter().flat_map(|r| r.values_mut()) {
            let of_table = if request.is_array() {
                request.take()
            } else {
                json!([request.take()])
            };
            *request = of_table;
            for request in request.as_array_mut().into_iter().flatten() {
                request.as_object_mut().map(|request| request.remove("select"));
            }
        }
        Watcher {
            client: None,
            method,
            requests,
            replica: BTreeMap::new(),
            last: ZERO.into(),
            resumes: false,
        }
    }

    /// Starts the monitor on a new session; whether the server knew `last`.
    fn connect(&mut self, client: Client, last: &str) -> bool {
        let mut params = json!(["D", ["monitor", self.method], self.requests]);
        if let ("monitor_cond_since", Value::Array(params)) = (self.method, &mut params) {
            params.push(last.into());
        }
        let client = self.client.insert(client);
        let mut reply = client.call(self.method, params);
        let mut result = reply["result"].take();
        assert!(result.is_object() || result.is_array(), "{reply}");
        let mut found = false;
        if self.method == "monitor_cond_since" {
            found = result[0].as_bool().expect("found or not");
            self.last = result[1].as_str().expect("a transaction id").to_owned();
            result = result[2].take();
        }
        if !found {
            self.replica.clear();
        }
        self.resumes = found;
        self.apply(&result);
        self.resumes = false;
        found
    }

    fn apply(&mut self, tables: &Value) {
        for (table, rows) in tables.as_object().into_iter().flatten() {
            let columns = columns(&self.requests[table], table);
            for (uuid, update) in rows.as_object().into_iter().flatten() {
                let known = self.replica.entry(table.clone()).or_default();
                let context = || format!("{} {table} {uuid} {update}", self.method);
                let told = |row: &Value| -> BTreeMap<String, Datum> {
                    let row = row.as_object().into_iter().flatten();
                    row.map(|(column, value)| (column.clone(), datum(value)))
                        .collect()
                };
                let of = |kind: &str| update.get(kind);
                if let Some(row) = of("initial").or(of("insert")) {
                    let mut new: BTreeMap<String, Datum> = columns
                        .iter()
                        .map(|c| (c.clone(), default(&type_of(table, c))))
                        .collect();
                    new.extend(told(row));
                    assert!(
                        known.insert(uuid.clone(), new).is_none(),
                        "inserted twice: {}",
                        context()
                    );
                } else if let Some(row) = of("modify") {
                    let old = known
                        .get_mut(uuid)
                        .unwrap_or_else(|| panic!("modified unseen: {}", context()));
                    for (column, diff) in told(row) {
                        let new = apply_diff(&type_of(table, &column), &old[&column], diff);
                        old.insert(column, new);
                    }
                } else if of("delete").is_some() || of("new").is_none() {
                    let is_known = known.remove(uuid).is_some();
                    assert!(is_known || self.resumes, "deleted unseen: {}", context());
                } else if let Some(row) = of("new") {
                    let before = known.insert(uuid.clone(), told(row));
                    assert_eq!(before.is_some(), of("old").is_some(), "{}", context());
                    for (column, old) in of("old").map(told).into_iter().flatten() {
                        assert_eq!(
                            before.as_ref().and_then(|row| row.get(&column)),
                            Some(&old),
                            "{}",
                            context()
                        );
                    }
                }
            }
        }
    }

    /// Applies what has come before the last reply.
    fn catch_up(&mut self) {
        let client = self.client.as_mut().expect("it is connected");
        for mut update in std::mem::take(&mut client.notifications) {
            let params = update["params"].as_array_mut().expect("parameters");
            assert_eq!(params[0], json!(["monitor", self.method]));
            let tables = params.pop().expect("the tables");
            if update["method"] == "update3" {
                self.last = update["params"][1].as_str().expect("a transaction id").to_owned();
            }
            self.apply(&tables);
        }
    }

    /// Compares the replica with the database. None when the server has hung up.
    fn check(&mut self, context: &str) -> Option<()> {
        let mut params = vec![json!("D")];
        let mut tables = Vec::new();
        for (name, requests) in self.requests.as_object().into_iter().flatten() {
            let columns: BTreeSet<String> = columns(requests, name)
                .into_iter()
                .chain(["_uuid".to_owned()])
                .collect();
            // Any clause suffices for a monitor, every clause is needed for a select.
            let clauses = requests[0]["where"].as_array().cloned().unwrap_or_default();
            let wheres: Vec<Value> = match clauses.as_slice() {
                [] => vec![json!([])],
                clauses => clauses.iter().map(|clause| json!([clause])).collect(),
            };
            for clause in wheres {
                params.push(json!({"op": "select", "table": name, "where": clause, "columns": columns}));
                tables.push(name.clone());
            }
        }
        let client = self.client.as_mut().expect("it is connected");
        let reply = client.try_call("transact", Value::Array(params))?;
        self.catch_up();
        let mut expected: BTreeMap<String, Rows> = BTreeMap::new();
        for (table, result) in tables
            .into_iter()
            .zip(reply["result"].as_array().into_iter().flatten())
        {
            let rows = result["rows"]
                .as_array()
                .unwrap_or_else(|| panic!("{context}: {reply}"));
            let monitored = columns(&self.requests[&table], &table);
            for row in rows {
                let uuid = row["_uuid"][1].as_str().expect("a uuid").to_owned();
                let values = monitored.iter().map(|c| (c.clone(), datum(&row[c]))).collect();
                expected.entry(table.clone()).or_default().insert(uuid, values);
            }
        }
        self.replica.retain(|_, rows| !rows.is_empty());
        assert_eq!(
            self.replica, expected,
            "{context}: the replica of {} is on the left",
            self.method
        );
        Some(())
    }

    /// Changes the conditions; false when the server has hung up.
    fn recondition(&mut self, changes: Value) -> Option<()> {
        let id = json!(["monitor", self.method]);
        let client = self.client.as_mut().expect("it is connected");
        let reply = client.try_call("monitor_cond_change", json!([id, id, changes]))?;
        assert_eq!(reply["result"], json!({}), "{reply}");
        self.catch_up();
        for (table, change) in changes.as_object().into_iter().flatten() {
            for request in self.requests[table].as_array_mut().into_iter().flatten() {
                request["where"] = change[0]["where"].clone();
            }
        }
        Some(())
    }
}

/// The columns that a table's requests monitor.
fn columns(requests: &Value, table: &str) -> BTreeSet<String> {
    let schema: Value = SCHEMA.parse().expect("the schema is JSON");
    let all = schema["tables"][table]["columns"].as_object().expect("columns");
    let mut columns = BTreeSet::new();
    for request in requests.as_array().into_iter().flatten() {
        match request["columns"].as_array() {
            Some(named) => columns.extend(named.iter().filter_map(Value::as_str).map(str::to_owned)),
            None => columns.extend(all.keys().cloned().chain(["_version".to_owned()])),
        }
    }
    columns
}

/// What a seed came to.
#[derive(Default)]
struct Tally {
    steps: u32,
    resumed: u32,
    started_anew: u32,
}

/// Runs a seed as long as the server lives; only C's may end, by an assertion about weak references.
fn run(kind: Kind, seed: u64, tally: &mut Tally) {
    let scratch = Scratch::new("oracle");
    let mut server = Server::start(kind, &scratch, "o", SCHEMA, &[]);
    if try_run(kind, seed, &server, &scratch, tally).is_none() {
        let log = server.log(&scratch);
        let is_known = kind == Kind::C && log.contains("assertion !ovsdb_row_find_weak_ref");
        assert!(
            is_known,
            "seed {seed}: {kind:?} hung up; {}; its log:\n{log}",
            server.wait_for_end()
        );
    }
}

fn try_run(kind: Kind, seed: u64, server: &Server, scratch: &Scratch, tally: &mut Tally) -> Option<()> {
    let mut generator = Generator::new(seed);
    let mut writer = server.client(scratch);
    let [v1, v2, v3, other] = [false, true, true, true].map(|conditional| generator.monitor(conditional));
    // The last one comes and goes. On ours the last two ask for the same; equal monitors with different conditions
    // crash the C server.
    let last = if kind == Kind::Ours { v3.clone() } else { other };
    let mut watchers = [
        Watcher::new("monitor", v1),
        Watcher::new("monitor_cond", v2),
        Watcher::new("monitor_cond_since", v3),
        Watcher::new("monitor_cond_since", last),
    ];
    for step in 0..N_STEPS {
        let transaction = generator.transaction();
        let context = format!("seed {seed}, {kind:?}, step {step} {transaction}");
        let reply = writer.try_call("transact", transaction)?;
        let results = reply["result"].as_array().expect("results");
        generator.settle(results.iter().all(|result| result.get("error").is_none()));
        if step == 10 {
            for watcher in &mut watchers {
                watcher.connect(server.client(scratch), ZERO);
            }
        }
        if step > 10 && step % 7 == 0 {
            let which = generator.random.below(3) as usize + 1;
            let watcher = &mut watchers[which];
            if watcher.client.is_some() {
                watcher.recondition(generator.condition_change(&watcher.requests))?;
            }
        }
        if step > 10 && generator.random.one_in(5) {
            let watcher = &mut watchers[3];
            if watcher.client.take().is_none() {
                let last = match generator.random.one_in(4) {
                    true => UNKNOWN.to_owned(),
                    false => watcher.last.clone(),
                };
                let found = watcher.connect(server.client(scratch), &last);
                assert!(!found || last != UNKNOWN, "{context}");
                tally.resumed += u32::from(found);
                tally.started_anew += u32::from(!found);
            }
        }
        for watcher in watchers.iter_mut().filter(|watcher| watcher.client.is_some()) {
            watcher.check(&context)?;
        }
        tally.steps += 1;
    }
    Some(())
}

fn run_all(kind: Kind) -> Tally {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let mut tally = Tally::default();
    if let Some(seed) = number("FERROVN_SEED") {
        run(kind, seed, &mut tally);
        return tally;
    }
    let n_seeds = number("FERROVN_CASES").unwrap_or(10);
    for n in 1..=n_seeds {
        run(kind, n.wrapping_mul(0x9e37_79b9_7f4a_7c15), &mut tally);
    }
    let n_steps = n_seeds as u32 * N_STEPS;
    let Tally {
        steps, started_anew, ..
    } = tally;
    assert!(
        steps > n_steps / 2 && started_anew > 0,
        "of {n_steps} steps {steps} ran, {started_anew} new starts"
    );
    tally
}

#[test]
fn replicas_of_ours_are_true() {
    let tally = run_all(Kind::Ours);
    assert!(
        tally.steps <= N_STEPS || tally.resumed > 0,
        "no monitor went on from where it was"
    );
}

#[test]
fn replicas_of_the_c_server_are_true() {
    // Its standalone databases keep no history.
    assert_eq!(run_all(Kind::C).resumed, 0);
}
