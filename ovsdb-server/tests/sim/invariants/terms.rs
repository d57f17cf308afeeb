//! In one term one member leads: no other one takes itself for the leader, and so acknowledges as one.

use crate::sim::world::World;

pub fn check(world: &mut World, m: usize) -> Result<(), String> {
    let member = &world.members[m];
    let Some(term) = member.leads() else { return Ok(()) };
    let id = member.id;
    match *world.leaders.entry(term).or_insert(id) == id {
        true => Ok(()),
        false => Err(format!("member {m} is another leader of term {term}")),
    }
}
