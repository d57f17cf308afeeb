//! A read shows one state of the log; a leader's has everything that was acknowledged before it began, and nothing
//! that a client has seen is missing from its later reads on a leader.

use std::collections::BTreeMap;

use crate::sim::work::{Op, Serial, is_restored};
use crate::sim::world::{Outcome, World};

/// `states`: what the log's transactions lead to, one after the other.
pub fn check(world: &mut World, states: &[Serial]) -> Result<(), String> {
    let executed = world.reference.executed.iter().enumerate();
    let positions: BTreeMap<&str, usize> = executed.map(|(i, tag)| (tag.as_str(), i + 1)).collect();
    // By when they ended: what must be seen by whoever begins later.
    let mut known: Vec<(u64, usize)> = Vec::new();
    let mut reads = Vec::new();
    for record in &world.history {
        let (Outcome::Done(results), Some(ended)) = (&record.outcome, record.ended) else {
            continue;
        };
        match record.op {
            Op::Write(_) => known.extend(
                positions
                    .get(record.tag.as_str())
                    .map(|position| (ended, *position)),
            ),
            Op::Read => {
                let read = Serial::of_read(results).ok_or_else(|| format!("a read is answered {results}"))?;
                // Since a backup was put in place, if one was.
                let backup = read.done.iter().find(|tag| is_restored(tag));
                let since = backup.and_then(|tag| positions.get(tag.as_str())).copied();
                let position = since.map_or(read.done.len(), |since| since + read.done.len() - 1);
                if states.get(position).map(Serial::as_read).as_ref() != Some(&read) {
                    return Err(format!("read {} shows no state of the log: {read:?}", record.tag));
                }
                if record.by_leader {
                    known.push((ended, position));
                }
                reads.push((record, position));
            }
            _ => {}
        }
    }
    known.sort_unstable();
    // The most that was known by then.
    let mut most = 0;
    for (_, position) in &mut known {
        most = most.max(*position);
        *position = most;
    }
    let mut n_by_leader = 0;
    for (record, position) in reads {
        let before = known.partition_point(|(ended, _)| *ended < record.began);
        let needed = before.checked_sub(1).map_or(0, |last| known[last].1);
        if record.by_leader {
            n_by_leader += 1;
            if position < needed {
                return Err(format!(
                    "read {} on a leader shows {position} transactions; {needed} were known before it began",
                    record.tag
                ));
            }
        }
    }
    world.counted.add("reads by a leader", n_by_leader);
    Ok(())
}
