//! Sets of datapaths by name. Flows that are said on all routers of a group of load balancers say so: a router that joins
//! the group changes the set, and none of its ten thousand flows is made again.
//!
//! In: sets as they are now, from those who define them. Out: which sets changed, and from what.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovsdb_data::Uuid;

/// The datapaths of a set, sorted.
pub type Set = Arc<[Uuid]>;

/// What a set is called: whose it is, and which of those.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetName {
    /// A northbound row.
    pub of: Uuid,
    /// Which of its sets.
    pub which: u8,
}

/// All sets that have a name.
#[derive(Default)]
pub struct Sets {
    sets: BTreeMap<SetName, Set>,
    /// What those were that changed since the last time; none for a new one.
    before: BTreeMap<SetName, Option<Set>>,
}

/// A set that is otherwise than before.
pub struct Moved {
    /// Which.
    pub name: SetName,
    /// What it was.
    pub before: Set,
    /// What it is.
    pub now: Set,
}

impl Sets {
    /// Whoever defines sets defines others than before.
    pub fn change(&mut self, before: &[(SetName, Set)], after: &[(SetName, Set)]) {
        for (name, _) in before {
            if after.iter().all(|(other, _)| other != name) {
                let was = self.sets.remove(name);
                self.before.entry(*name).or_insert(was);
            }
        }
        for (name, set) in after {
            let was = self.sets.insert(*name, set.clone());
            self.before.entry(*name).or_insert(was);
        }
    }

    /// The datapaths; none where nobody defines the set.
    pub fn get(&self, name: SetName) -> Option<&Set> {
        self.sets.get(&name)
    }

    /// Those that were there before, are there still and are otherwise. Flows come and go with others.
    pub fn take_moved(&mut self) -> Vec<Moved> {
        let moved = std::mem::take(&mut self.before).into_iter();
        let moved = moved.filter_map(|(name, before)| {
            let (before, now) = (before?, self.sets.get(&name)?.clone());
            (before != now).then_some(Moved { name, before, now })
        });
        moved.collect()
    }
}
