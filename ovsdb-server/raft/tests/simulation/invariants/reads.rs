//! What a leader shows after it was asked to be linearizable has everything that was acknowledged, anywhere, before.

use std::collections::BTreeMap;

use crate::invariants::Invariant;
use crate::record::Seen;

#[derive(Default)]
pub struct Reads {
    acknowledged: Option<u64>,
    /// What each read has to show at least.
    due: BTreeMap<u64, Option<u64>>,
}

impl Invariant for Reads {
    fn see(&mut self, seen: &Seen) -> Result<(), String> {
        match seen {
            // A state that was installed may be from after the request.
            Seen::Acknowledged {
                index, term: Some(_), ..
            } => {
                self.acknowledged = self.acknowledged.max(Some(*index));
            }
            Seen::Applied { index, .. } => {
                self.acknowledged = self.acknowledged.max(Some(*index));
            }
            Seen::ReadBegan { number } => {
                self.due.insert(*number, self.acknowledged);
            }
            Seen::ReadEnded { number, index } => {
                let due = self.due.remove(number).flatten();
                if *index < due {
                    return Err(format!(
                        "a read was shown the state after {index:?} instead of {due:?}"
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
