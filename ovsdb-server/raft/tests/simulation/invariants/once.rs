//! A request is executed once, at one place of the log, however often it was passed on; or it is answered once, and
//! never both.

use std::collections::{BTreeMap, BTreeSet};

use ovsdb_raft::Request;

use crate::invariants::Invariant;
use crate::record::Seen;

#[derive(Default)]
pub struct Once {
    executed: BTreeMap<Request, u64>,
    answered: BTreeSet<Request>,
}

impl Invariant for Once {
    fn see(&mut self, seen: &Seen) -> Result<(), String> {
        match seen {
            Seen::Applied {
                index,
                executed: Some(id),
                request: Some(request),
                ..
            } => {
                let at = *self.executed.entry(*request).or_insert(*index);
                if at != *index {
                    return Err(format!("{id} was executed at {at} and at {index}"));
                }
            }
            Seen::Answered { request, .. } if !self.answered.insert(*request) => {
                return Err(format!("{} was answered twice", request.id));
            }
            _ => {}
        }
        let both = self.answered.iter().find(|r| self.executed.contains_key(r));
        match (seen, both) {
            (Seen::Ended { .. }, Some(both)) => Err(format!("{} was executed and answered", both.id)),
            _ => Ok(()),
        }
    }
}
