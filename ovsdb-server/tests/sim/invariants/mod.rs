//! What a cluster promises, one promise per file.

pub mod acknowledged;
pub mod agreement;
pub mod answered;
pub mod heads;
pub mod index;
pub mod monitors;
pub mod once;
pub mod order;
pub mod reads;
pub mod state_hash;
pub mod terms;

use crate::sim::world::World;

/// What holds at every step, after a member's server did something.
pub fn each_step(world: &mut World, m: usize) -> Result<(), String> {
    index::check(world, m)?;
    terms::check(world, m)?;
    if world.step.is_multiple_of(16) {
        heads::check(world, m)?;
    }
    Ok(())
}

/// What holds once the cluster is healed.
pub fn at_end(world: &mut World) -> Result<(), String> {
    for m in 0..world.members.len() {
        heads::check(world, m)?;
        state_hash::check(world, m)?;
        index::at_end(world, m)?;
    }
    once::check(world)?;
    order::check(world)?;
    acknowledged::check(world)?;
    let states = agreement::check(world)?;
    reads::check(world, &states)?;
    monitors::at_end(world)
}
