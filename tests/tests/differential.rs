//! The same random transactions and monitors on the packaged C server and on ours; replies, errors and updates must
//! be equal.
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
//! - transaction-long uuids of names that no operation gave to a row are random;
//! - the C server crashes on `*=` with 0, takes some products near the greatest integer for overflows, takes -0 for
//!   another value than 0 where it removes duplicates of a `select`, and accepts a reference to a missing row of
//!   another table that has the uuid of the row it is in: these are left out;
//! - rows of a `select` without `sort` come in any order.
//!
//! `FERROVN_SEED` runs one seed, `FERROVN_CASES` a number of them.

use std::collections::BTreeSet;
use std::fmt::Write;

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
}

/// The updates received, without transaction ids.
fn updates(client: &mut Client) -> Vec<Value> {
    let mut updates: Vec<Value> = client.notifications.drain(..).collect();
    for update in &mut updates {
        if update["method"] == "update3" {
            update["params"][1] = json!("txn");
        }
        normalise(update);
        drop_empty_modifications(update);
    }
    updates.retain(|update| update["params"].as_array().and_then(|p| p.last()) != Some(&json!({})));
    // Several monitors of one session are told of one commit in any order.
    updates.sort_by_key(Value::to_string);
    updates
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

/// Compares the servers for [`N_STEPS`] steps, or as long as the C server's weak references are sound.
fn check(seed: u64) -> u32 {
    let mut generator = Generator::new(seed);
    let scratches = [Scratch::new("diff-c"), Scratch::new("diff-ours")];
    let servers = [
        Server::start(Kind::C, &scratches[0], "d", SCHEMA, &[]),
        Server::start(Kind::Ours, &scratches[1], "d", SCHEMA, &[]),
    ];
    let mut clients = [servers[0].client(&scratches[0]), servers[1].client(&scratches[1])];
    let mut transcript = String::new();
    let mut n_committed = 0;
    let monitors = [false, true, true].map(|conditional| generator.monitor(conditional));
    for step in 0..N_STEPS {
        let (method, params) = match step {
            10 => ("monitor", json!(["D", "v1", monitors[0]])),
            20 => ("monitor_cond", json!(["D", "v2", monitors[1]])),
            30 => {
                let zero = "00000000-0000-0000-0000-000000000000";
                ("monitor_cond_since", json!(["D", "v3", monitors[2], zero]))
            }
            n if n > 30 && n % 12 == 0 => {
                let (id, monitor) = generator
                    .random
                    .pick(&[("v2", &monitors[1]), ("v3", &monitors[2])]);
                let requests = generator.condition_change(monitor);
                ("monitor_cond_change", json!([id, id, requests]))
            }
            _ => ("transact", generator.transaction()),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(transcript, "{step}: {method} {params}");
        let called = [0, 1].map(|i| clients[i].try_call(method, params.clone()));
        let log = servers[0].log(&scratches[0]);
        if called[0].is_none() && log.contains("assertion !ovsdb_row_find_weak_ref") {
            return step;
        }
        let mut replies = called.map(|reply| {
            reply.unwrap_or_else(|| {
                panic!("seed {seed}: a connection is closed at {method} {params}; C's log:\n{log}")
            })
        });
        if method == "monitor_cond_since" {
            replies
                .iter_mut()
                .for_each(|reply| reply["result"][1] = json!("txn"));
        }
        if method == "transact" {
            let committed = is_committed(&replies[0]);
            generator.settle(committed);
            n_committed += u32::from(committed);
        }
        replies.iter_mut().for_each(normalise);
        replies
            .iter_mut()
            .for_each(|reply| mask_first_of_several(&params, reply));
        let told = [0, 1].map(|i| updates(&mut clients[i]));
        let [c, ours] = [0, 1].map(|i| json!({"reply": replies[i], "updates": told[i]}));
        let mut differences = String::new();
        compare("", &c, &ours, &mut differences);
        if !differences.is_empty() && workload::dangles(&mut clients[0]) {
            return step;
        }
        assert!(
            differences.is_empty(),
            "seed {seed} differs at step {step}\n{differences}{}",
            transcript.lines().rev().take(3).collect::<Vec<_>>().join("\n")
        );
    }
    assert!(
        n_committed > N_STEPS / 8,
        "seed {seed}: only {n_committed} transactions are committed"
    );
    N_STEPS
}

/// Lists where two values differ.
fn compare(path: &str, c: &Value, ours: &Value, out: &mut String) {
    match (c, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                compare(&format!("{path}/{key}"), &c[key], &ours[key], out);
            }
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

#[test]
fn replies_and_updates_are_those_of_the_c_server() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("FERROVN_SEED") {
        check(seed);
        return;
    }
    let n_seeds: u32 = number("FERROVN_CASES").map_or(20, |n| n.try_into().expect("a number of cases"));
    let n_steps: u32 = (1..=n_seeds)
        .map(|n| check(u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .sum();
    assert!(
        n_steps > n_seeds * N_STEPS / 2,
        "only {n_steps} steps of {n_seeds} seeds are comparable"
    );
}
