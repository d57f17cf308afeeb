//! A machine gets every entry once, in order, from its start or from a state that it was given.

use std::collections::BTreeMap;

use crate::invariants::Invariant;
use crate::record::{Life, Seen};

#[derive(Default)]
pub struct Order(BTreeMap<Life, Option<u64>>);

impl Invariant for Order {
    fn see(&mut self, seen: &Seen) -> Result<(), String> {
        match seen {
            Seen::Started(life) => {
                self.0.insert(*life, None);
            }
            Seen::Applied { by, index, .. } => {
                let last = self.0.entry(*by).or_default();
                let next = last.map_or(0, |last| last + 1);
                *last = Some(*index);
                if *index != next {
                    return Err(format!("{} got entry {index} when {next} was due", by.host));
                }
            }
            Seen::Installed { by, index, .. } => {
                let last = self.0.entry(*by).or_default();
                let before = std::mem::replace(last, *index);
                if *index < before {
                    return Err(format!("{} was put back from {before:?} to {index:?}", by.host));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
