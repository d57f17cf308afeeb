//! Who reads a value: nearly always few, sometimes thousands.

use std::collections::BTreeSet;

use smallvec::SmallVec;

/// How many are kept without a tree.
const FEW: usize = 32;

/// A set of readers, by number.
#[derive(Debug)]
pub enum Readers {
    /// Sorted.
    Few(SmallVec<[u32; 4]>),
    /// More than [`FEW`], at some time.
    Many(BTreeSet<u32>),
}

impl Default for Readers {
    fn default() -> Readers {
        Readers::Few(SmallVec::new())
    }
}

impl Readers {
    /// One more, or one that is there already.
    pub fn insert(&mut self, reader: u32) {
        match self {
            Readers::Few(few) => match few.binary_search(&reader) {
                Ok(_) => {}
                Err(at) if few.len() < FEW => few.insert(at, reader),
                Err(_) => *self = Readers::Many(few.iter().copied().chain([reader]).collect()),
            },
            Readers::Many(many) => {
                many.insert(reader);
            }
        }
    }

    /// One less.
    pub fn remove(&mut self, reader: u32) {
        match self {
            Readers::Few(few) => {
                if let Ok(at) = few.binary_search(&reader) {
                    few.remove(at);
                }
            }
            Readers::Many(many) => {
                many.remove(&reader);
                if many.is_empty() {
                    *self = Readers::default();
                }
            }
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        match self {
            Readers::Few(few) => few.is_empty(),
            Readers::Many(many) => many.is_empty(),
        }
    }

    /// All of them, sorted.
    pub fn to_vec(&self) -> Vec<u32> {
        match self {
            Readers::Few(few) => few.to_vec(),
            Readers::Many(many) => many.iter().copied().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_the_same_set() {
        let (mut readers, mut model) = (Readers::default(), BTreeSet::new());
        // Multiples of a number without common factors come in no order and come back.
        for n in 0..200_u32 {
            let reader = n * 37 % 101;
            readers.insert(reader);
            model.insert(reader);
            assert_eq!(readers.to_vec(), model.iter().copied().collect::<Vec<_>>());
        }
        assert!(matches!(readers, Readers::Many(_)));
        for n in 0..101_u32 {
            let reader = n * 53 % 101;
            assert!(!readers.is_empty());
            readers.remove(reader);
            model.remove(&reader);
            assert_eq!(readers.to_vec(), model.iter().copied().collect::<Vec<_>>());
        }
        assert!(readers.is_empty() && matches!(readers, Readers::Few(_)));
    }
}
