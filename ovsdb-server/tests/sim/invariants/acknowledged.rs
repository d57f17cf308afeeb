//! What was acknowledged is never lost: it was agreed on before, and it is there at the end.

use crate::sim::work::Op;
use crate::sim::world::{Outcome, World, acknowledged};

/// A client was answered.
pub fn on_answer(world: &World, i: usize) -> Result<(), String> {
    let record = &world.history[i];
    match (&record.op, &record.outcome) {
        (Op::Write(_), Outcome::Done(_)) if !world.reference.tags.contains_key(&record.tag) => Err(format!(
            "transaction {} is acknowledged and was not agreed on",
            record.tag
        )),
        _ => Ok(()),
    }
}

/// At the end.
pub fn check(world: &World) -> Result<(), String> {
    let state = world.reference.now();
    let table = state.schema.table_idx("Done").ok_or("no table Done")?;
    let column = state.schema.table(table).column("tag").ok_or("no column tag")?;
    let present = |tag: &str| {
        let mut rows = state.table(table).values();
        rows.any(|row| row.get(column).one().and_then(|atom| atom.as_str()) == Some(tag))
    };
    match acknowledged(&world.history).into_iter().find(|tag| !present(tag)) {
        Some(tag) => Err(format!("transaction {tag} was acknowledged and is lost")),
        None => Ok(()),
    }
}
