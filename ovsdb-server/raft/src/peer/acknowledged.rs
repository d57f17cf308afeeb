//! What each follower told its leader it has of the log, to notice one that has lost some of it: a disk that was
//! restored, a folder that was removed. openraft takes a follower's word for final, and its leader fails over one who
//! takes it back.
//!
//! In: answers to entries, by term. Out: whether a conflict can be. What one leader heard says nothing in another
//! term: what was not committed may have been replaced since.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::types::ServerId;

/// What followers of this member have.
#[derive(Default)]
pub struct Acknowledged(Mutex<BTreeMap<ServerId, Known>>);

#[derive(Clone, Copy, Default)]
struct Known {
    /// The leader's.
    term: u64,
    /// The last log index that it said it has.
    index: u64,
    /// It turned out to have less.
    lost: bool,
}

impl Acknowledged {
    /// A follower has the log up to an index.
    pub fn has(&self, follower: ServerId, term: u64, index: u64) {
        let mut known = self.0.lock();
        let known = known.entry(follower).or_default();
        match known.term == term {
            true => known.index = known.index.max(index),
            false => {
                *known = Known {
                    term,
                    index,
                    lost: false,
                }
            }
        }
    }

    /// A follower does not have the entry at an index. Up to where it said it has the log, if that is a contradiction.
    pub fn lacks(&self, follower: ServerId, term: u64, index: u64) -> Option<u64> {
        let mut known = self.0.lock();
        let known = known.get_mut(&follower)?;
        if known.term != term || index > known.index {
            return None;
        }
        known.lost = true;
        Some(known.index)
    }

    /// Up to where a server had the log that has lost some of it.
    pub fn lost(&self, follower: ServerId, term: u64) -> Option<u64> {
        let known = self.0.lock();
        let known = known.get(&follower)?;
        (known.lost && known.term == term).then_some(known.index)
    }

    /// A server begins anew.
    pub fn forget(&self, follower: ServerId) {
        self.0.lock().remove(&follower);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_was_acknowledged_in_a_term_stays_so() {
        let acknowledged = Acknowledged::default();
        let [a, b] = [1, 2].map(|n| ServerId(Uuid::from_u128(n)));
        assert_eq!(acknowledged.lacks(a, 1, 0), None);
        acknowledged.has(a, 1, 5);
        acknowledged.has(a, 1, 3);
        // It is asked for what it may not have, nothing more.
        assert_eq!(acknowledged.lacks(a, 1, 6), None);
        assert_eq!(acknowledged.lost(a, 1), None);
        assert_eq!(acknowledged.lacks(b, 1, 5), None);
        assert_eq!(acknowledged.lacks(a, 1, 5), Some(5));
        assert_eq!(acknowledged.lost(a, 1), Some(5));
        assert_eq!(acknowledged.lost(a, 2), None);
        assert_eq!(acknowledged.lacks(a, 2, 5), None);
        acknowledged.has(a, 2, 2);
        assert_eq!(acknowledged.lacks(a, 2, 3), None);
        acknowledged.forget(a);
        assert_eq!(acknowledged.lacks(a, 2, 1), None);
    }
}
