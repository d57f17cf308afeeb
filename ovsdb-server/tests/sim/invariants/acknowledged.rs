//! What was acknowledged is never lost: it was agreed on before, and it is there at the end.

use std::collections::BTreeSet;

use crate::sim::reference::tags;
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

/// At the end. A backup takes the place of what was done before it.
pub fn check(world: &mut World) -> Result<(), String> {
    let present: BTreeSet<String> = tags(world.reference.now()).into_iter().collect();
    let is_lost = |tag: &&str| {
        let entry = world.reference.tags.get(*tag);
        !present.contains(*tag) && entry.is_none_or(|entry| *entry > world.reference.restored_at)
    };
    if let Some(tag) = acknowledged(&world.history).into_iter().find(is_lost) {
        return Err(format!("transaction {tag} was acknowledged and is lost"));
    }
    for (tag, wait) in &mut world.restores {
        if wait.try_recv() == Ok(Ok(())) && !world.reference.tags.contains_key(tag) {
            return Err(format!("backup {tag} was put in place, and was not agreed on"));
        }
    }
    Ok(())
}
