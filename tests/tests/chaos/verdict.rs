//! What must hold at the end.
//!
//! The C server is known to fall short in three ways, which are told and not judged: it may execute a transaction
//! twice when leadership changes under it, so that a swap that was done is answered as one that was not; and its
//! leader answers reads without asking whether it still leads.

use std::collections::{BTreeMap, BTreeSet};

use ferrovn_tests::cluster::Cluster;
use ferrovn_tests::server::Kind;
use serde_json::{Value, json};

use crate::linear::{Operation, is_linearizable};
use crate::load::Shared;
use crate::watch::Watching;

/// The pairs that a member has, with how many rows each.
pub fn pairs_of(cluster: &Cluster, member: usize) -> BTreeMap<String, usize> {
    let mut pairs = BTreeMap::new();
    for row in rows(cluster, member, "Pair") {
        let name = row["name"].as_str().expect("a name").to_owned();
        *pairs.entry(name).or_default() += 1;
    }
    pairs
}

/// A table's rows as a member has them.
pub fn rows(cluster: &Cluster, member: usize, table: &str) -> Vec<Value> {
    let select = json!({"op": "select", "table": table, "where": []});
    let mut results = cluster.client(member).transact(json!(["Chaos", select]));
    let mut rows = match results[0]["rows"].take() {
        Value::Array(rows) => rows,
        other => panic!("no rows of {table}: {other}"),
    };
    for row in &mut rows {
        // Each server has versions of its own.
        row.as_object_mut().expect("a row").remove("_version");
    }
    rows.sort_by_key(|row| row["_uuid"].to_string());
    rows
}

/// Fails where something does not hold.
pub fn check(cluster: &Cluster, shared: &Shared, watching: &Watching) {
    let mut wrong: Vec<String> = watching.violations.lock().expect("no client panicked").clone();
    let mut known: Vec<String> = Vec::new();
    let is_c = cluster.kind() == Kind::C;
    let mut fault = |is_known: bool, text: String| match is_known && is_c {
        true => known.push(text),
        false => wrong.push(text),
    };

    let leader = cluster.leader();
    let present = pairs_of(cluster, leader);
    let pairs = shared.pairs.lock().expect("no client panicked");
    for name in &pairs.acknowledged {
        match present.get(name) {
            None => fault(false, format!("{name} was acknowledged and is not there")),
            Some(2) => {}
            Some(n) => fault(true, format!("{name} is there in {n} rows, not 2")),
        }
    }
    for name in &pairs.unknown {
        if present.get(name).is_some_and(|n| *n != 2) {
            fault(true, format!("{name} is there in {} rows, not 2", present[name]));
        }
    }
    for name in pairs.refused.iter().filter(|name| present.contains_key(*name)) {
        fault(true, format!("{name} was refused and is there"));
    }
    let asked: BTreeSet<&String> = [&pairs.acknowledged, &pairs.unknown, &pairs.refused]
        .into_iter()
        .flatten()
        .collect();
    for name in present.keys().filter(|name| !asked.contains(name)) {
        fault(false, format!("{name} is there and nobody inserted it"));
    }

    let counts = shared.counts.lock().expect("no client panicked");
    let value = rows(cluster, leader, "Counter")[0]["value"]
        .as_i64()
        .expect("a number");
    let swapped: BTreeSet<i64> = counts.acknowledged.iter().copied().collect();
    if swapped.len() < counts.acknowledged.len() {
        fault(false, "the counter's value was replaced twice".into());
    }
    let least = swapped.len() as i64;
    let most = least + counts.n_unknown as i64;
    if value < least || swapped.last().is_some_and(|last| *last >= value) {
        fault(false, format!("the counter is {value} after {least} steps"));
    }
    if value > most {
        fault(
            true,
            format!("the counter is {value}, and at most {most} steps were made"),
        );
    }

    for member in cluster.running() {
        for table in ["Pair", "Counter", "Register"] {
            if rows(cluster, member, table) != rows(cluster, leader, table) {
                fault(
                    false,
                    format!("member {member} has other rows of {table} than the leader"),
                );
            }
        }
    }

    let mut registers: BTreeMap<u64, Vec<Operation>> = BTreeMap::new();
    let operations = shared.registers.lock().expect("no client panicked");
    for (register, operation) in &*operations {
        registers.entry(*register).or_default().push(*operation);
    }
    for (register, history) in &registers {
        if !is_linearizable(0, history) {
            fault(
                true,
                format!("register {register} is not one register: {history:?}"),
            );
        }
    }

    println!(
        "{:?}: {} pairs acknowledged, {} unknown, {} refused; counter {value}, {least} acknowledged, {} unknown, {} \
         refused; {} operations on {} registers; {:?}",
        cluster.kind(),
        pairs.acknowledged.len(),
        pairs.unknown.len(),
        pairs.refused.len(),
        counts.n_unknown,
        counts.n_refused,
        operations.len(),
        registers.len(),
        watching.tally.lock().expect("no client panicked"),
    );
    let brief = |texts: &[String]| {
        let first: Vec<String> = texts
            .iter()
            .take(20)
            .map(|text| text.chars().take(20_000).collect())
            .collect();
        first.join("\n")
    };
    if !known.is_empty() {
        println!("known of the C server, {}:\n{}", known.len(), brief(&known));
    }
    // A run in which nothing happened proves nothing.
    assert!(
        pairs.acknowledged.len() > 100 && least > 20 && operations.len() > 100,
        "hardly anything was done"
    );
    assert!(
        wrong.is_empty(),
        "{} things are wrong:\n{}\n{}",
        wrong.len(),
        brief(&wrong),
        cluster.tails()
    );
}
