//! In one term one member leads: no other one says so, or acknowledges anything.

use std::collections::BTreeMap;

use ovsdb_raft::ServerId;

use crate::invariants::Invariant;
use crate::record::Seen;

#[derive(Default)]
pub struct Terms(BTreeMap<u64, ServerId>);

impl Invariant for Terms {
    fn see(&mut self, seen: &Seen) -> Result<(), String> {
        let (by, term) = match seen {
            Seen::Leads { by, term: Some(term) }
            | Seen::Acknowledged {
                by, term: Some(term), ..
            } => (by, term),
            _ => return Ok(()),
        };
        match *self.0.entry(*term).or_insert(by.server) == by.server {
            true => Ok(()),
            false => Err(format!("{} is another leader of term {term}", by.host)),
        }
    }
}
