//! Sets that nearly always have few members and sometimes thousands: who reads a value, which rows hold one.

use std::collections::BTreeSet;

use smallvec::SmallVec;

/// How many are kept without a tree.
const FEW: usize = 32;

/// A set, of which the first `N` members need no allocation.
#[derive(Debug)]
pub enum FewSet<T, const N: usize> {
    /// Sorted.
    Few(SmallVec<[T; N]>),
    /// More than [`FEW`], at some time.
    Many(BTreeSet<T>),
}

impl<T, const N: usize> Default for FewSet<T, N> {
    fn default() -> FewSet<T, N> {
        FewSet::Few(SmallVec::new())
    }
}

impl<T: Copy + Ord, const N: usize> FewSet<T, N> {
    /// One more, or one that is there already.
    pub fn insert(&mut self, member: T) {
        match self {
            FewSet::Few(few) => match few.binary_search(&member) {
                Ok(_) => {}
                Err(at) if few.len() < FEW => few.insert(at, member),
                Err(_) => *self = FewSet::Many(few.iter().copied().chain([member]).collect()),
            },
            FewSet::Many(many) => {
                many.insert(member);
            }
        }
    }

    /// One less.
    pub fn remove(&mut self, member: T) {
        match self {
            FewSet::Few(few) => {
                if let Ok(at) = few.binary_search(&member) {
                    few.remove(at);
                }
            }
            FewSet::Many(many) => {
                many.remove(&member);
                if many.is_empty() {
                    *self = FewSet::default();
                }
            }
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        match self {
            FewSet::Few(few) => few.is_empty(),
            FewSet::Many(many) => many.is_empty(),
        }
    }

    /// All of them, sorted.
    pub fn to_vec(&self) -> Vec<T> {
        match self {
            FewSet::Few(few) => few.to_vec(),
            FewSet::Many(many) => many.iter().copied().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_the_same_set() {
        let (mut members, mut model) = (FewSet::<u32, 4>::default(), BTreeSet::new());
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
        assert!(members.is_empty() && matches!(members, FewSet::Few(_)));
    }
}
