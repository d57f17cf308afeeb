//! Small numbers: of names of a router, which flows carry in registers, and of rows that keep theirs.
//!
//! Each name has one, from 1 on. They depend on the names alone, not on what was there before, so that a fresh start
//! gives the same ones. A few names are numbered in their order. Many have places by their hashes: one that comes or goes
//! moves hardly any other.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;
use ovsdb_data::Uuid;

/// Up to so many names are numbered in their order.
const FEW: usize = 16;

/// The highest number: registers have 16 bits, and the last value is left out.
const MAX: u16 = u16::MAX - 1;

/// Numbers for names; those that come again count once.
pub fn give<K: Ord + Hash + Clone>(names: impl IntoIterator<Item = K>) -> BTreeMap<K, u16> {
    let mut seen = BTreeSet::new();
    let all: Vec<K> = names
        .into_iter()
        .filter(|name| seen.insert(name.clone()))
        .collect();
    match all.len() <= FEW {
        true => all.into_iter().zip(1..).collect(),
        false => by_hash(seen),
    }
}

/// Gives the lowest numbers that nobody has, from 1 on, to those who have none; whether there were enough.
pub fn fill(given: &mut BTreeMap<Uuid, i64>, all: impl IntoIterator<Item = Uuid>, max: i64) -> bool {
    let used: BTreeSet<i64> = given.values().copied().collect();
    let mut free = (1..=max).filter(|number| !used.contains(number));
    for who in all {
        if let Entry::Vacant(entry) = given.entry(who) {
            let Some(number) = free.next() else {
                return false;
            };
            entry.insert(number);
        }
    }
    true
}

fn by_hash<K: Ord + Hash>(names: BTreeSet<K>) -> BTreeMap<K, u16> {
    let mut is_free = vec![true; usize::from(MAX)];
    let mut given = BTreeMap::new();
    for name in names {
        let hash = FixedState::default().hash_one(&name);
        let start = (hash % u64::from(MAX)) as u16;
        let mut places = (start..MAX).chain(0..start);
        let Some(place) = places.find(|place| is_free[usize::from(*place)]) else {
            tracing::warn!("too many route tables, policy chains or ECMP groups on a logical router");
            break;
        };
        is_free[usize::from(place)] = false;
        given.insert(name, place + 1);
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_numbered_in_their_order() {
        let check = |names: &str, given: &[(char, u16)]| {
            let shown: Vec<(char, u16)> = give(names.chars()).into_iter().collect();
            assert_eq!(shown, given, "{names}");
        };
        check("", &[]);
        check("ba", &[('a', 2), ('b', 1)]);
        check("aab", &[('a', 1), ('b', 2)]);
    }

    #[test]
    fn many_stay_where_they_are() {
        let before = give(0..1000);
        let after = give((0..1000).filter(|name| *name != 500));
        let moved = after
            .iter()
            .filter(|(name, number)| before.get(name) != Some(number));
        assert!(moved.count() < 10);
        let numbers: BTreeSet<u16> = before.values().copied().collect();
        assert_eq!(numbers.len(), 1000);
        assert!(!numbers.contains(&0) && !numbers.contains(&u16::MAX));
    }
}
