//! References, indexes and counts of the head that transactions run on are those of its rows.

use crate::sim::world::World;

pub fn check(world: &World, m: usize) -> Result<(), String> {
    match world.members[m].db() {
        Some(db) => db
            .db
            .check_invariants()
            .map_err(|why| format!("member {m}'s head: {why}")),
        None => Ok(()),
    }
}
