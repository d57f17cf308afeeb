//! Small numbers that flows carry in registers: each name of a router has one, from 1 on, and keeps it.

use std::collections::{BTreeMap, BTreeSet};

/// The highest number: registers have 16 bits, and the last value is left out.
const MAX: u16 = u16::MAX - 1;

/// Numbers for names: those that had one keep it, others get the lowest that is free, in their order.
pub fn give<K: Ord + Clone>(
    names: impl IntoIterator<Item = K>,
    before: &BTreeMap<K, u16>,
) -> BTreeMap<K, u16> {
    let names: Vec<K> = names.into_iter().collect();
    let mut given = BTreeMap::new();
    for name in &names {
        if let Some(number) = before.get(name) {
            given.insert(name.clone(), *number);
        }
    }
    let mut used: BTreeSet<u16> = given.values().copied().collect();
    let mut next = 1;
    for name in names {
        if given.contains_key(&name) {
            continue;
        }
        while used.contains(&next) {
            next += 1;
        }
        if next > MAX {
            tracing::warn!("too many route tables, policy chains or ECMP groups on a logical router");
            break;
        }
        used.insert(next);
        given.insert(name, next);
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept() {
        let check = |names: &str, before: &[(char, u16)], given: &[(char, u16)]| {
            let before = before.iter().copied().collect();
            let shown: Vec<(char, u16)> = give(names.chars(), &before).into_iter().collect();
            assert_eq!(shown, given, "{names}");
        };
        check("", &[('a', 1)], &[]);
        check("ba", &[], &[('a', 2), ('b', 1)]);
        check("abc", &[('b', 1), ('x', 2)], &[('a', 2), ('b', 1), ('c', 3)]);
        check("aa", &[], &[('a', 1)]);
    }
}
