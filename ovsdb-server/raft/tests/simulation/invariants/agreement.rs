//! At one index there is one entry, and one state after it, on every member, for ever.

use std::collections::BTreeMap;

use crate::invariants::Invariant;
use crate::record::Seen;

#[derive(Default)]
pub struct Agreement {
    /// Term and contents of each entry.
    entries: BTreeMap<u64, (u64, u64)>,
    /// The state after it.
    hashes: BTreeMap<u64, u64>,
}

impl Agreement {
    fn is_state(&mut self, index: u64, hash: u64) -> Result<(), String> {
        match *self.hashes.entry(index).or_insert(hash) == hash {
            true => Ok(()),
            false => Err(format!("the states after {index} differ")),
        }
    }
}

impl Invariant for Agreement {
    fn see(&mut self, seen: &Seen) -> Result<(), String> {
        match seen {
            Seen::Applied {
                by,
                index,
                term,
                what,
                hash,
                ..
            } => {
                let known = *self.entries.entry(*index).or_insert((*term, *what));
                if known != (*term, *what) {
                    let host = by.host;
                    return Err(format!(
                        "{host} has another entry at {index}, of term {term} instead of {}",
                        known.0
                    ));
                }
                self.is_state(*index, *hash)
            }
            Seen::Installed { index, hash, .. } => index.map_or(Ok(()), |index| self.is_state(index, *hash)),
            Seen::Verified { said } => {
                for (_, index, hash) in said {
                    self.is_state(*index, *hash)?;
                }
                Ok(())
            }
            Seen::Ended { members } => {
                for (_, index, hash, _) in members {
                    index.map_or(Ok(()), |index| self.is_state(index, *hash))?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
