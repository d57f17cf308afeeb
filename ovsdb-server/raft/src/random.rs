//! Randomness for everything in this crate and in openraft: the operating system's, unless a simulation gave this
//! thread a seed.

use std::cell::RefCell;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

thread_local! {
    static SEEDED: RefCell<Option<SmallRng>> = const { RefCell::new(None) };
}

/// From now on, on this thread, chance is decided by a seed.
#[doc(hidden)]
pub fn seed(seed: u64) {
    SEEDED.set(Some(SmallRng::seed_from_u64(seed)));
}

/// Any number.
pub(crate) fn number() -> u64 {
    let seeded = SEEDED.with_borrow_mut(|seeded| seeded.as_mut().map(SmallRng::next_u64));
    seeded.unwrap_or_else(|| Uuid::new_v4().as_u64_pair().1.rotate_left(32))
}

/// A uuid that nothing else has.
pub(crate) fn uuid() -> Uuid {
    if SEEDED.with_borrow(Option::is_none) {
        return Uuid::new_v4();
    }
    let bytes = u128::from(number()) << 64 | u128::from(number());
    uuid::Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid()
}
