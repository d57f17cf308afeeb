//! What a monitor was told up to a state's id is what it should see of that state: so updates come in order, whole,
//! and none is missing, also where a client went on at another member.

use ovsdb_data::Uuid;
use ovsdb_engine::Snapshot;
use serde_json::Value;

use crate::sim::clients::MonitorState;
use crate::sim::replica::{self, Rows, View};
use crate::sim::world::{Outcome, World};

/// A monitor has its contents, or what it lacked.
pub fn begun(world: &mut World, c: usize, i: usize, result: Result<Value, Value>) -> Result<(), String> {
    let monitor = &mut world.clients[c].monitors[i];
    let Ok(result) = result else {
        monitor.state = MonitorState::Off;
        return Ok(());
    };
    let parts = result.as_array().map(Vec::as_slice);
    let Some([Value::Bool(found), last, updates]) = parts else {
        return Err(format!("client {c} is given {result} for a monitor"));
    };
    match found {
        true => world.counted.count("monitors resumed"),
        false => monitor.rows = Rows::new(),
    }
    monitor.last = replica::id_of(last);
    monitor.state = MonitorState::On;
    replica::apply(&monitor.views, &mut monitor.rows, updates)
        .map_err(|why| format!("client {c}'s monitor {i} begins (found: {found}): {why}"))?;
    compare(world, c, i)
}

/// New conditions are in force.
pub fn reconditioned(
    world: &mut World,
    c: usize,
    i: usize,
    result: Result<Value, Value>,
) -> Result<(), String> {
    let monitor = &mut world.clients[c].monitors[i];
    // The monitor may have been canceled meanwhile.
    if let (Ok(_), Some(views)) = (result, monitor.next_views.take()) {
        monitor.views = views;
        // The rows are of a later state than the last update if nothing had to be told: which one, only the next
        // update says.
        monitor.last = None;
    }
    Ok(())
}

/// An update has come.
pub fn updated(world: &mut World, c: usize, params: &[Value]) -> Result<(), String> {
    let [i, last, updates] = params else {
        return Err(format!("client {c} is updated by {params:?}"));
    };
    let i = i.as_u64().ok_or("an update without its monitor's id")? as usize;
    let monitor = &mut world.clients[c].monitors[i];
    if monitor.state != MonitorState::On {
        return Err(format!(
            "client {c} is told of monitor {i}, which is {:?}",
            monitor.state
        ));
    }
    let before = monitor.last;
    monitor.last = replica::id_of(last);
    let views = monitor.next_views.as_ref().unwrap_or(&monitor.views);
    replica::apply(views, &mut monitor.rows, updates)
        .map_err(|why| format!("client {c}'s monitor {i}: {why}"))?;
    let position = |id: Option<Uuid>| Some(world.reference.of_id(id?)?.0);
    let (before, now) = (position(before), position(world.clients[c].monitors[i].last));
    if now < before {
        return Err(format!(
            "client {c}'s monitor {i} goes from entry {before:?} back to {now:?}"
        ));
    }
    compare(world, c, i)
}

/// A client is answered: its monitors have shown it what it did (ovsdb-server(7); clients rely on it).
pub fn before_reply(world: &World, c: usize, record: usize) -> Result<(), String> {
    // Others may be told while their session is being closed because of another schema.
    if !world.clients[c].is_aware {
        return Ok(());
    }
    let record = &world.history[record];
    let (Outcome::Done(_), Some(entry)) = (&record.outcome, world.reference.tags.get(&record.tag)) else {
        return Ok(());
    };
    // A member that was sent a snapshot goes on from there: what came and went before it, it never saw.
    let since = &world.reference.states[*entry..];
    let monitors = world.clients[c].monitors.iter().enumerate();
    for (i, monitor) in monitors.filter(|(_, m)| m.state == MonitorState::On && m.next_views.is_none()) {
        let shown = monitor.last.and_then(|last| world.reference.of_id(last));
        let is_shown = |state: &Snapshot| replica::expected(&monitor.views, state) == monitor.rows;
        if let Some((shown, _)) = shown.filter(|(shown, _)| shown < entry)
            && !since
                .iter()
                .any(|state| state.snapshot.as_ref().is_some_and(is_shown))
        {
            return Err(format!(
                "client {c} is told that {} was done at entry {entry}; its monitor {i} is at entry {shown}",
                record.tag
            ));
        }
    }
    Ok(())
}

/// Everybody has been told everything.
pub fn at_end(world: &World) -> Result<(), String> {
    for (c, client) in world.clients.iter().enumerate() {
        for (i, monitor) in client.monitors.iter().enumerate() {
            let expected = replica::expected(&monitor.views, world.reference.now());
            if monitor.state != MonitorState::On || monitor.rows != expected {
                return Err(format!(
                    "at the end, client {c}'s monitor {i} ({:?}): {}",
                    monitor.state,
                    replica::difference(&monitor.rows, &expected)
                ));
            }
        }
    }
    Ok(())
}

fn compare(world: &World, c: usize, i: usize) -> Result<(), String> {
    let monitor = &world.clients[c].monitors[i];
    let id = monitor.last.ok_or("an update without a state's id")?;
    let Some((index, state)) = world.reference.of_id(id) else {
        return Err(format!(
            "client {c}'s monitor {i} is told of state {id}, which was not agreed on"
        ));
    };
    let matches = |views: &Vec<View>| replica::expected(views, state) == monitor.rows;
    match matches(&monitor.views) || monitor.next_views.as_ref().is_some_and(matches) {
        true => Ok(()),
        false => Err(format!(
            "client {c}'s monitor {i} at entry {index}: {}",
            replica::difference(&monitor.rows, &replica::expected(&monitor.views, state))
        )),
    }
}
