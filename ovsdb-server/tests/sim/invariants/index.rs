//! The index in `_Server` never goes back on a member while it runs, and means the same entry on all of them.

use crate::sim::work::DB;
use crate::sim::world::World;

pub fn check(world: &mut World, m: usize) -> Result<(), String> {
    // A member that was taken out shows none any more.
    let Some(shown) = shown(world, m) else {
        return Ok(());
    };
    match world.members[m].shown_index.replace(shown) {
        Some(before) if before > shown => Err(format!("member {m} shows index {shown} after {before}")),
        _ => Ok(()),
    }
}

/// Everything was shown.
pub fn at_end(world: &World, m: usize) -> Result<(), String> {
    if world.members[m].server.is_none() {
        return Ok(());
    }
    let last = world.reference.last();
    let index = world.reference.states[last].index_base + last as u64;
    let shown = shown(world, m);
    match shown == i64::try_from(index).ok() {
        true => Ok(()),
        false => Err(format!("member {m} shows index {shown:?} in place of {index}")),
    }
}

fn shown(world: &World, m: usize) -> Option<i64> {
    let server = world.members[m].server.as_ref()?;
    let own = server.databases.get("_Server")?.snapshot();
    let table = own.schema.table_idx("Database")?;
    let column = |name| own.schema.table(table).column(name);
    let (name, index) = (column("name")?, column("index")?);
    let row = own
        .table(table)
        .values()
        .find(|row| row.get(name).one().and_then(|atom| atom.as_str()) == Some(DB))?;
    row.get(index).one()?.as_integer()
}
