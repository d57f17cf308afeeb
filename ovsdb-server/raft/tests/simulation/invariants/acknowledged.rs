//! What a client was told to be done is done in the end, on every member.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::invariants::Invariant;
use crate::record::Seen;

#[derive(Default)]
pub struct Acknowledged(BTreeMap<Uuid, u64>);

impl Invariant for Acknowledged {
    fn see(&mut self, seen: &Seen) -> Result<(), String> {
        match seen {
            Seen::Acknowledged { id, index, .. } => {
                self.0.insert(*id, *index);
            }
            Seen::Ended { members } => {
                for (life, _, _, executed) in members {
                    let executed: BTreeSet<&Uuid> = executed.iter().collect();
                    if let Some((lost, index)) = self.0.iter().find(|(id, _)| !executed.contains(id)) {
                        let host = life.host;
                        return Err(format!("{host} lacks {lost}, acknowledged by index {index}"));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}
