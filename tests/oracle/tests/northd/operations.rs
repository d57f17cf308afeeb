//! Random transactions on the northbound database: the packaged northd and ours make the same of what they leave.
//!
//! The rows are those of a few cases, whose ports and the like get names of their own, so that they can be in one
//! database. A step puts one in, with what it refers to, takes one out, or gives it another row's value in a column.
//! `ORACLE_SEED=n` runs one sequence, `ORACLE_SEEDS=n` as many, `ORACLE_STEPS=n` makes each as long.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use northd_oracle::compare::{Difference, differences, northbound, ours, unwritten};
use northd_oracle::fixture::{Contents, Fixture};
use northd_oracle::live::Live;
use northd_oracle::renamed::renamed;
use northd_oracle::{Case, Step, n_steps, seeds};
use ovn_schemas::Db;
use ovn_schemas::rows::ovn_northbound as nb;
use ovsdb_data::typed::Table;
use ovsdb_data::{DatabaseSchema, Uuid};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

use crate::{DONE, RUNS, is_intended};

/// Sequences, and the steps of each.
const SEEDS: u64 = 24;
const STEPS: u64 = 36;

/// After so many steps both are compared.
const INTERVAL: u64 = 12;

/// Cases whose rows come together.
const N_CASES: usize = 4;

/// Cases of which the packaged northd makes something else under other names, as its hash tables have other orders then.
const BY_HASH: [&str; 1] = ["gateway/arp_proxy_of_a_second_switch_port"];

/// Chassis that there may be, with the features of a recent one.
const CHASSIS: [(&str, &str); 3] = [
    ("ch1", "192.168.0.1"),
    ("ch2", "192.168.0.2"),
    ("hv1", "192.168.0.3"),
];
const FEATURES: [&str; 8] = [
    "mac-binding-timestamp",
    "fdb-timestamp",
    "ls-dpg-column",
    "ct-commit-nat-v2",
    "ct-commit-to-zone",
    "ct-next-zone",
    "ovn-sample-with-registers",
    "ct-label-flush",
];

/// A row to be.
struct Row {
    table: String,
    uuid: String,
    columns: Map<String, Value>,
}

/// The rows at hand, and what is in the database.
struct World<'a> {
    fixture: &'a Fixture,
    schema: DatabaseSchema,
    /// The database, to know what its schema forbids.
    live: Live,
    rows: Vec<Row>,
    by_uuid: HashMap<String, usize>,
    rng: StdRng,
    log: Vec<String>,
    n_done: u64,
}

impl<'a> World<'a> {
    fn new(fixture: &'a Fixture, seed: u64) -> World<'a> {
        let mut rng = StdRng::seed_from_u64(seed);
        let runs: Vec<&(Case, Contents)> = (RUNS.iter())
            .filter(|(case, _)| !BY_HASH.contains(&&*case.name))
            .collect();
        let some: Vec<&(Case, Contents)> = runs.choose_multiple(&mut rng, N_CASES).copied().collect();
        let schema = ovn_schemas::schema(Db::OvnNorthbound);
        let rows: Vec<Row> = (some.iter().enumerate())
            .flat_map(|(i, (_, contents))| rows(&schema, contents, seed + i as u64, i))
            .collect();
        let by_uuid = rows
            .iter()
            .enumerate()
            .map(|(i, row)| (row.uuid.clone(), i))
            .collect();
        let names = some.iter().map(|(case, _)| format!("case {}", case.name));
        World {
            fixture,
            schema,
            live: Live::default(),
            log: names.collect(),
            rows,
            by_uuid,
            rng,
            n_done: 0,
        }
    }

    /// Chassis of some kind, and the options of one of the cases.
    fn start(&mut self) {
        self.fixture.reset();
        let features = match self.rng.random_range(0..3) {
            0 => return,
            1 => String::new(),
            _ => FEATURES
                .map(|feature| format!(" other_config:{feature}=true"))
                .concat(),
        };
        let words = CHASSIS.map(|(name, ip)| {
            format!("chassis-add {name} geneve {ip} -- set Chassis {name} hostname={name}{features}")
        });
        let words = words.join(" -- ").split(' ').map(str::to_owned).collect();
        self.fixture.steps(&Case {
            name: String::new(),
            steps: vec![Step::Sb(words), Step::Sync],
        });
    }

    /// Operations that put a row in, and what it refers to.
    fn put(&self, at: usize, seen: &mut BTreeSet<usize>, operations: &mut Vec<Value>) {
        if !seen.insert(at) {
            return;
        }
        let row = &self.rows[at];
        let mut referred = Vec::new();
        row.columns.values().for_each(|value| uuids(value, &mut referred));
        for other in referred.iter().filter_map(|uuid| self.by_uuid.get(*uuid)) {
            self.put(*other, seen, operations);
        }
        let (table, uuid) = (&row.table, &row.uuid);
        operations.push(match self.is_there(row) {
            false => json!({"op": "insert", "table": table, "uuid": uuid, "row": row.columns}),
            true => json!({"op": "update", "table": table, "where": is(uuid), "row": row.columns}),
        });
    }

    fn is_there(&self, row: &Row) -> bool {
        let table = self.schema.table_idx(&row.table).expect("a table of the schema");
        let uuid: Uuid = row.uuid.parse().expect("a uuid");
        self.live.nb(table, uuid).is_some()
    }

    /// Something happens; the database refuses what its schema forbids.
    fn step(&mut self) {
        let at = self.rng.random_range(0..self.rows.len());
        let mut operations = Vec::new();
        let row = &self.rows[at];
        let kind = self.rng.random_range(0..10);
        match kind {
            0..4 => self.put(at, &mut BTreeSet::new(), &mut operations),
            4 => operations.push(json!({"op": "delete", "table": row.table, "where": is(&row.uuid)})),
            _ => {
                let others: Vec<&Row> = self
                    .rows
                    .iter()
                    .filter(|other| other.table == row.table)
                    .collect();
                let other = others.choose(&mut self.rng).map(|other| &other.columns);
                let columns: Vec<_> = other.into_iter().flatten().collect();
                let Some((column, value)) = columns.choose(&mut self.rng) else {
                    return;
                };
                if is_left_alone(&row.table, column, value) {
                    return;
                }
                if !self.is_there(row) {
                    self.put(at, &mut BTreeSet::new(), &mut operations);
                }
                let mut referred = Vec::new();
                uuids(value, &mut referred);
                let mut seen = BTreeSet::from([at]);
                for other in referred.iter().filter_map(|uuid| self.by_uuid.get(*uuid)) {
                    if !self.is_there(&self.rows[*other]) {
                        self.put(*other, &mut seen, &mut operations);
                    }
                }
                let changed = json!({(*column): value});
                operations.push(
                    json!({"op": "update", "table": row.table, "where": is(&row.uuid), "row": changed}),
                );
            }
        }
        self.transact(&operations);
    }

    fn transact(&mut self, operations: &[Value]) {
        if self.live.transact(operations) {
            assert!(self.fixture.transact(operations), "{operations:?}");
            self.n_done += 1;
            self.log.push(Value::Array(operations.to_vec()).to_string());
        }
    }

    /// What differs, and should not; none where the packaged northd does not make anything of it.
    fn compare(&self) -> Option<Vec<Difference>> {
        let contents = self.fixture.try_contents()?;
        let northd = ours(&contents);
        let mut found = differences(&contents, &northd);
        found.extend(northbound(&contents, &northd));
        found.retain(|difference| DONE.contains(&difference.at.as_str()));
        found.retain(|difference| !is_intended(difference) && !is_said_of_a_twin(difference));
        forget_stale_routes(&mut found);
        Some(found)
    }
}

/// What a step does not change, because the packaged northd has no one answer to it, or an odd one.
fn is_left_alone(table: &str, column: &str, value: &Value) -> bool {
    match (table, column) {
        // Datapaths are compared by name; of two owners of a port it takes the one that its hash table says first.
        (_, "name" | "ports") => true,
        // So it does of two switch ports that lead to one router port.
        ("Logical_Switch_Port", "options") => value.to_string().contains("router-port"),
        // Of a rule between two IP versions it announces the address outside, but makes nothing else.
        ("NAT", "external_ip" | "logical_ip") => true,
        // Its row stays as it was.
        ("Static_MAC_Binding", "logical_port" | "ip") => true,
        _ => false,
    }
}

/// Of two owners of one flow the packaged northd notes the one that it came to first.
fn is_said_of_a_twin(difference: &Difference) -> bool {
    [": hint, tags [", ": tags ["]
        .iter()
        .any(|said| difference.what.contains(said))
}

/// The rows of `Advertised_Route` that the packaged northd has kept: it takes one that tracks no port for that of any
/// route to the same place, so that what has come to track a port goes on without.
fn forget_stale_routes(found: &mut Vec<Difference>) {
    /// The row's name but for the port that it tracks, whether it tracks one, and who has it.
    fn route(difference: &Difference) -> Option<(&str, bool, &str)> {
        let (who, what) = difference.what.split_at_checked(2)?;
        let (name, columns) = what.split_once(": {")?;
        if difference.at != "Advertised_Route" {
            return None;
        }
        match columns.contains("\"tracked_port\": ") {
            true => Some((name.rsplit_once(" <")?.0, true, who)),
            false => Some((name, false, who)),
        }
    }
    let routes: BTreeSet<_> = found.iter().filter_map(route).collect();
    let is_stale = |name| routes.contains(&(name, false, "- ")) && routes.contains(&(name, true, "+ "));
    let stays: Vec<bool> = found
        .iter()
        .map(|difference| !route(difference).is_some_and(|(name, ..)| is_stale(name)))
        .collect();
    let mut stays = stays.into_iter();
    found.retain(|_| stays.next() == Some(true));
}

#[test]
fn only_pairs_of_routes_are_forgotten() {
    let check = |rows: &[&str], expected: &[usize]| {
        let found: Vec<Difference> = rows
            .iter()
            .map(|what| Difference {
                at: "Advertised_Route".to_owned(),
                what: (*what).to_owned(),
            })
            .collect();
        let mut left = found.clone();
        forget_stale_routes(&mut left);
        let expected: Vec<Difference> = expected.iter().map(|i| found[*i].clone()).collect();
        assert_eq!(left, expected);
    };
    let stale = r#"- <lr0> "10.0.0.1" <a>: {"ip_prefix": "10.0.0.1"}"#;
    let tracked = r#"+ <lr0> "10.0.0.1" <a> <vm>: {"ip_prefix": "10.0.0.1", "tracked_port": "<vm>"}"#;
    let other = r#"+ <lr0> "10.0.0.2" <a> <vm>: {"ip_prefix": "10.0.0.2", "tracked_port": "<vm>"}"#;
    let backwards = r#"- <lr0> "10.0.0.1" <a> <vm>: {"ip_prefix": "10.0.0.1", "tracked_port": "<vm>"}"#;
    check(&[stale, tracked, other], &[2]);
    check(&[stale, other], &[0, 1]);
    check(&[tracked], &[0]);
    check(&[backwards], &[0]);
}

/// The rows of a case, under names of their own.
fn rows(schema: &DatabaseSchema, contents: &Contents, seed: u64, i: usize) -> Vec<Row> {
    let changes = renamed(&unwritten(contents).nb, seed);
    let changes = changes
        .iter()
        .filter(|change| change.table != nb::NbGlobal::TABLE_INDEX);
    let mut rows: Vec<Row> = changes
        .filter_map(|change| {
            let (table, row) = (schema.table(change.table), change.new.as_ref()?);
            let columns = table
                .iter()
                .skip(2)
                .map(|(column, of)| (of.name.to_string(), row.get(column).to_json(&of.ty)));
            Some(Row {
                table: table.name.to_string(),
                uuid: row.uuid().to_string(),
                columns: columns.collect(),
            })
        })
        .collect();
    rows.sort_by(|a, b| (&a.table, &a.uuid).cmp(&(&b.table, &b.uuid)));
    let names = rows.iter().filter(|row| NAMED.contains(&row.table.as_str()));
    // Some words are also of the notation.
    let names = names.filter_map(|row| row.columns["name"].as_str());
    let names = names.filter(|name| !["map", "set", "uuid", "router"].contains(name));
    let names: BTreeMap<String, String> = names
        .map(|name| (name.to_owned(), format!("{name}.{i}")))
        .collect();
    for row in &mut rows {
        row.columns.values_mut().for_each(|value| rename(value, &names));
    }
    rows
}

/// Tables whose rows are known by their names.
const NAMED: [&str; 9] = [
    "Logical_Switch",
    "Logical_Switch_Port",
    "Logical_Router",
    "Logical_Router_Port",
    "Load_Balancer",
    "Port_Group",
    "Address_Set",
    "Meter",
    "HA_Chassis_Group",
];

/// Puts other names into every text, word by word.
fn rename(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, names)),
        Value::String(text) => {
            let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
            let mut words = Vec::new();
            let mut rest = text.as_str();
            while let Some(first) = rest.chars().next() {
                let end = rest
                    .find(|c| is_of_name(c) != is_of_name(first))
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                let name = word.trim_start_matches('@');
                match names.get(name) {
                    Some(other) => words.push(word.replace(name, other)),
                    None => words.push(word.to_owned()),
                }
                rest = after;
            }
            *text = words.concat();
        }
        _ => {}
    }
}

/// The uuids in a value.
fn uuids<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    if let Value::Array(values) = value {
        match values.as_slice() {
            [Value::String(tag), Value::String(uuid)] if tag == "uuid" => found.push(uuid),
            _ => values.iter().for_each(|value| uuids(value, found)),
        }
    }
}

fn is(uuid: &str) -> Value {
    json!([["_uuid", "==", ["uuid", uuid]]])
}

#[test]
fn both_make_the_same_of_random_transactions() {
    let mut fixture = Fixture::start();
    let (mut failed, mut ended, mut n_done) = (Vec::new(), Vec::new(), 0);
    for seed in seeds(SEEDS) {
        match run(&fixture, seed) {
            Outcome::Same(n) => n_done += n,
            Outcome::Differs => failed.push(seed),
            Outcome::Ended => {
                ended.push(seed);
                fixture = Fixture::start();
            }
        }
    }
    println!("{n_done} transactions; the packaged northd ends, or does not come to rest, of {ended:?}");
    assert_eq!(failed, Vec::<u64>::new());
}

/// How a sequence went.
enum Outcome {
    /// Both made the same of so many transactions.
    Same(u64),
    /// They did not.
    Differs,
    /// The packaged northd made nothing of it.
    Ended,
}

fn run(fixture: &Fixture, seed: u64) -> Outcome {
    let mut world = World::new(fixture, seed);
    world.start();
    // Something to begin with.
    for at in 0..world.rows.len() {
        if world.rng.random_bool(0.3) {
            let mut operations = Vec::new();
            world.put(at, &mut BTreeSet::new(), &mut operations);
            world.transact(&operations);
        }
    }
    for step in 1..=n_steps(STEPS) {
        world.step();
        if step % INTERVAL != 0 {
            continue;
        }
        let Some(found) = world.compare() else {
            return Outcome::Ended;
        };
        if !found.is_empty() {
            println!(
                "ORACLE_SEED={seed} ORACLE_STEPS={step}: {} differences",
                found.len()
            );
            for Difference { at, what } in found.iter().take(40) {
                println!("  {at}: {what}");
            }
            if std::env::var("ORACLE_SEED").is_ok() {
                world.log.iter().for_each(|operations| println!("{operations}"));
            }
            return Outcome::Differs;
        }
    }
    Outcome::Same(world.n_done)
}
