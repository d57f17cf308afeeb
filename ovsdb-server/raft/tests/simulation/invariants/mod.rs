//! What a cluster promises, one promise per file.

mod acknowledged;
mod agreement;
mod once;
mod order;
mod reads;
mod terms;

use crate::record::Seen;

/// A promise.
pub trait Invariant: Send {
    /// An error says how it was broken.
    fn see(&mut self, seen: &Seen) -> Result<(), String>;
}

pub fn all() -> Vec<Box<dyn Invariant>> {
    vec![
        Box::<acknowledged::Acknowledged>::default(),
        Box::<agreement::Agreement>::default(),
        Box::<once::Once>::default(),
        Box::<order::Order>::default(),
        Box::<reads::Reads>::default(),
        Box::<terms::Terms>::default(),
    ]
}
