//! What was acknowledged is what comes of executing the log's transactions one after the other: no two leaders
//! acknowledge what contradicts, nothing is acknowledged that was executed on another state than it saw.

use std::collections::BTreeMap;

use ovsdb_engine::Snapshot;
use serde_json::Value;

use crate::sim::work::{N_REGISTERS, Op, Serial, is_restored};
use crate::sim::world::{Outcome, Record, World};

/// The values of the registers.
pub fn registers(state: Option<&Snapshot>) -> Vec<i64> {
    match state {
        Some(state) => of_state(state).registers.to_vec(),
        None => vec![0; N_REGISTERS],
    }
}

/// Executes the log's transactions again; the states that they lead to, the one before the first included.
pub fn check(world: &World) -> Result<Vec<Serial>, String> {
    let records: BTreeMap<&str, &Record> = world.history.iter().map(|r| (r.tag.as_str(), r)).collect();
    let mut serial = Serial::default();
    let mut states = vec![serial.clone()];
    let mut latest_began: Option<(&Record, u64)> = None;
    for tag in &world.reference.executed {
        if is_restored(tag) {
            serial = Serial::restored(tag);
            states.push(serial.clone());
            continue;
        }
        let record = records
            .get(tag.as_str())
            .ok_or_else(|| format!("{tag} was executed, nobody asked for it"))?;
        let Op::Write(write) = &record.op else {
            return Err(format!("{tag} was executed, and writes nothing"));
        };
        let counts = serial
            .execute(tag, write)
            .map_err(|why| format!("transaction {tag}: {why}"))?;
        if let Outcome::Done(results) = &record.outcome {
            let told = results.as_array().into_iter().flatten();
            let told: Vec<usize> = told
                .filter_map(|result| result.get("count").and_then(Value::as_u64))
                .map(|count| count as usize)
                .collect();
            if told != counts {
                return Err(format!("transaction {tag} is told {told:?}, and did {counts:?}"));
            }
        }
        // What was acknowledged before another was asked for comes before it.
        if let (Some((other, began)), Some(ended)) = (latest_began, record.ended)
            && matches!(record.outcome, Outcome::Done(_))
            && ended < began
        {
            return Err(format!(
                "transaction {tag} was acknowledged before {} began, and comes after it",
                other.tag
            ));
        }
        if latest_began.is_none_or(|(_, began)| began < record.began) {
            latest_began = Some((record, record.began));
        }
        states.push(serial.clone());
    }
    let real = of_state(world.reference.now());
    match real == serial {
        true => Ok(states),
        false => Err(format!(
            "the transactions lead to {serial:?}, the members have {real:?}"
        )),
    }
}

/// A state, as transactions see it.
fn of_state(state: &Snapshot) -> Serial {
    let mut serial = Serial::default();
    let rows = |table: &str, columns: &[&str]| -> Vec<Vec<Value>> {
        let index = state.schema.table_idx(table).expect("a table of both schemas");
        let schema = state.schema.table(index);
        let value = |row: &ovsdb_data::Row, name: &&str| {
            let column = schema.column(name).expect("a column of both schemas");
            row.get(column).to_json(&schema.column_schema(column).ty)
        };
        let rows = state.table(index).values();
        rows.map(|row| columns.iter().map(|name| value(row, name)).collect())
            .collect()
    };
    let integer = |value: &Value| value.as_i64().expect("an integer");
    for row in rows("Done", &["tag"]) {
        serial.done.extend(row[0].as_str().map(str::to_owned));
    }
    for row in rows("Counter", &["name", "n"]) {
        serial.counters[integer(&row[0]) as usize] = integer(&row[1]);
    }
    for row in rows("Register", &["name", "value"]) {
        serial.registers[integer(&row[0]) as usize] = integer(&row[1]);
    }
    for row in rows("Slot", &["key"]) {
        serial.slots.insert(integer(&row[0]));
    }
    for row in rows("Parent", &["name"]) {
        serial.parents[integer(&row[0]) as usize] += 1;
    }
    serial
}
