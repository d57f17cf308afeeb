//! A request is executed once at most, and not at all where its client was told that it failed.

use std::collections::BTreeMap;

use crate::sim::work::Op;
use crate::sim::world::{Outcome, World};

pub fn check(world: &World) -> Result<(), String> {
    let mut executed: BTreeMap<&str, usize> = BTreeMap::new();
    for tag in &world.reference.executed {
        *executed.entry(tag).or_default() += 1;
    }
    for record in &world.history {
        let n = executed.get(record.tag.as_str()).copied().unwrap_or(0);
        let allowed = match (&record.op, &record.outcome) {
            (Op::Write(_), Outcome::Done(_)) => 1..=1,
            (Op::Write(_), Outcome::Pending | Outcome::Unknown) => 0..=1,
            _ => 0..=0,
        };
        if !allowed.contains(&n) {
            return Err(format!(
                "transaction {} ({:?}) was executed {n} times; its client: {:?}",
                record.tag, record.op, record.outcome
            ));
        }
    }
    Ok(())
}
