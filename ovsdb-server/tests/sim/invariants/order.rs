//! What one session asks of a leader is executed in the order in which it was asked, also where it had to be taken
//! back and run again. What waits for its time may come later.

use std::collections::BTreeMap;

use crate::sim::work::{Op, Write};
use crate::sim::world::{Outcome, Record, World};

pub fn check(world: &World) -> Result<(), String> {
    let mut last: BTreeMap<u64, (&Record, usize)> = BTreeMap::new();
    for record in world.history.iter().filter(|record| record.by_leader) {
        let waits = matches!(record.op, Op::Write(Write::Cas { timeout_ms, .. }) if timeout_ms > 0);
        let (false, Outcome::Done(_), Some(entry)) =
            (waits, &record.outcome, world.reference.tags.get(&record.tag))
        else {
            continue;
        };
        if let Some((before, its_entry)) = last.insert(record.session, (record, *entry))
            && its_entry >= *entry
        {
            return Err(format!(
                "{} was asked for before {} in the same session, and executed after it",
                before.tag, record.tag
            ));
        }
    }
    Ok(())
}
