//! Chance that is decided by a seed. Clones share one sequence.

use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;

#[derive(Clone)]
pub struct Chance(Arc<Mutex<u64>>);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(Arc::new(Mutex::new(seed)))
    }

    /// SplitMix64.
    pub fn number(&self) -> u64 {
        let mut state = self.0.lock();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn within(&self, range: Range<u64>) -> u64 {
        range.start + self.number() % (range.end - range.start)
    }

    /// One of so many, or none of none.
    pub fn index(&self, n: usize) -> Option<usize> {
        (n > 0).then(|| self.within(0..n as u64) as usize)
    }

    pub fn one<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        self.index(of.len()).map(|i| &of[i])
    }

    pub fn in_hundred(&self, n: u64) -> bool {
        self.within(0..100) < n
    }
}
