//! Members that have applied the same entries have the same state: rows, schema, id, and the index that they show.

use ovsdb_cluster::state_hash;
use ovsdb_raft::StateHash;

use crate::sim::world::World;

/// When a member has nothing half applied.
pub fn check(world: &World, m: usize) -> Result<(), String> {
    let member = &world.members[m];
    let (Some(db), Some(cluster)) = (member.db(), member.cluster()) else {
        return Ok(());
    };
    let at = member.applied;
    let state = &world.reference.states[at];
    if cluster.applied != at as u64 || cluster.is_loaded() != state.snapshot.is_some() {
        return Err(format!(
            "member {m} says it is at entry {}, and is at {at}",
            cluster.applied
        ));
    }
    let Some(expected) = &state.snapshot else {
        return Ok(());
    };
    let now = db.snapshot();
    if now.txn_id != expected.txn_id {
        return Err(format!(
            "member {m} is in state {} after entry {at}; it should be in {}",
            now.txn_id.0, expected.txn_id.0
        ));
    }
    if state_hash(now) != state.hash {
        return Err(format!(
            "member {m} has another state than the log leads to at entry {at}"
        ));
    }
    match cluster.index_base == state.index_base {
        true => Ok(()),
        false => Err(format!(
            "member {m} adds {} to log indexes, and should add {}",
            cluster.index_base, state.index_base
        )),
    }
}

/// A member has looked what its state comes to, after an entry that asked for it.
pub fn verified(world: &mut World, m: usize, hash: &StateHash) -> Result<(), String> {
    world.counted.count("verified");
    let expected = world.reference.states[hash.index as usize].hash;
    match hash.hash == expected {
        true => Ok(()),
        false => Err(format!("member {m} finds {hash:?} where {expected} is right")),
    }
}
