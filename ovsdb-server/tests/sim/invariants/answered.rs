//! Once a cluster is healed, no request is left without an answer and every member has everything.

use crate::sim::clients::Wait;
use crate::sim::world::World;

pub fn check(world: &World) -> Result<(), String> {
    if let Some(ailing) = world.ails() {
        return Err(ailing);
    }
    for (c, client) in world.clients.iter().enumerate() {
        let Some(connection) = &client.connection else {
            return Err(format!("client {c} finds no member"));
        };
        if let Some((id, wait)) = connection.pending.iter().next() {
            let what = match wait {
                Wait::Op(record) => {
                    let record = &world.history[*record];
                    format!("{:?} {}", record.op, record.tag)
                }
                Wait::Monitor(_) => "a monitor".to_owned(),
                Wait::Change(_) => "new conditions".to_owned(),
                Wait::Other => "something else".to_owned(),
            };
            return Err(format!(
                "client {c} is never answered request {id} by member {}: {what}",
                connection.member
            ));
        }
        if !client.is_quiet() {
            return Err(format!("client {c} cannot monitor"));
        }
    }
    Ok(())
}
