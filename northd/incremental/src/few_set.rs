//! Sets that nearly always have few members and sometimes thousands: who reads a value, which rows hold one.

use std::collections::BTreeSet;

use smallvec::SmallVec;

/// How many are kept without a tree.
const FEW: usize = 32;

/// A set, of which the first `N` members need no allocation. There are millions of them: what most do not have costs
/// them a pointer.
#[derive(Debug)]
pub enum FewSet<T, const N: usize> {
    /// So many, sorted; what comes after them means nothing.
    Inline(u8, [T; N]),
    /// Sorted.
    Few(Box<SmallVec<[T; 6]>>),
    /// More than [`FEW`], at some time.
    #[allow(clippy::box_collection, reason = "the set's size counts, and this is seldom")]
    Many(Box<BTreeSet<T>>),
}

impl<T: Copy + Default, const N: usize> Default for FewSet<T, N> {
    fn default() -> FewSet<T, N> {
        FewSet::Inline(0, [T::default(); N])
    }
}

impl<T: Copy + Default + Ord, const N: usize> FewSet<T, N> {
    /// One more, or one that is there already.
    pub fn insert(&mut self, member: T) {
        if let FewSet::Many(many) = self {
            many.insert(member);
            return;
        }
        let Err(at) = self.few().binary_search(&member) else {
            return;
        };
        match self {
            FewSet::Inline(n, members) if usize::from(*n) < N => {
                members.copy_within(at..usize::from(*n), at + 1);
                members[at] = member;
                *n += 1;
            }
            FewSet::Inline(_, members) => {
                let mut few = SmallVec::from_slice(members);
                few.insert(at, member);
                *self = FewSet::Few(Box::new(few));
            }
            FewSet::Few(few) if few.len() < FEW => few.insert(at, member),
            FewSet::Few(few) => {
                let many = few.iter().copied().chain([member]).collect();
                *self = FewSet::Many(Box::new(many));
            }
            FewSet::Many(_) => {}
        }
    }

    /// One less.
    pub fn remove(&mut self, member: T) {
        if let FewSet::Many(many) = self {
            many.remove(&member);
        } else if let Ok(at) = self.few().binary_search(&member) {
            match self {
                FewSet::Inline(n, members) => {
                    members.copy_within(at + 1..usize::from(*n), at);
                    *n -= 1;
                }
                FewSet::Few(few) => drop(few.remove(at)),
                FewSet::Many(_) => {}
            }
        }
        if self.is_empty() {
            *self = FewSet::default();
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        match self {
            FewSet::Inline(..) | FewSet::Few(_) => self.few().is_empty(),
            FewSet::Many(many) => many.is_empty(),
        }
    }

    /// All of them, sorted.
    pub fn to_vec(&self) -> Vec<T> {
        match self {
            FewSet::Inline(..) | FewSet::Few(_) => self.few().to_vec(),
            FewSet::Many(many) => many.iter().copied().collect(),
        }
    }

    /// All of them unless they are many.
    fn few(&self) -> &[T] {
        match self {
            FewSet::Inline(n, members) => &members[..usize::from(*n)],
            FewSet::Few(few) => few,
            FewSet::Many(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_the_same_set() {
        let (mut members, mut model) = (FewSet::<u32, 2>::default(), BTreeSet::new());
        // Multiples of a number without common factors come in no order and come back.
        for n in 0..200_u32 {
            let member = n * 37 % 101;
            members.insert(member);
            model.insert(member);
            assert_eq!(members.to_vec(), model.iter().copied().collect::<Vec<_>>());
        }
        assert!(matches!(members, FewSet::Many(_)));
        for n in 0..101_u32 {
            let member = n * 53 % 101;
            assert!(!members.is_empty());
            members.remove(member);
            model.remove(&member);
            assert_eq!(members.to_vec(), model.iter().copied().collect::<Vec<_>>());
        }
        assert!(members.is_empty() && matches!(members, FewSet::Inline(0, _)));
    }
}
