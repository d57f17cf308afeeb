//! Parts of what an object has much of: what changes in one of them costs that part, not the whole.

use ovsdb_data::Uuid;

/// A bucket: whose, and which of how many.
pub type Bucket = (Uuid, Uuid);

/// All of an object's.
pub fn all(of: Uuid, n_buckets: usize) -> impl Iterator<Item = Bucket> {
    (0..n_buckets).map(move |idx| (of, Uuid::from_u64_pair(n_buckets as u64, idx as u64)))
}

/// What is in a bucket; nothing where there is another number of them by now.
pub fn part<T: Clone + Default>((_, place): Bucket, all: &[T]) -> T {
    let (n_buckets, idx) = place.as_u64_pair();
    let part = all.get(idx as usize).filter(|_| all.len() as u64 == n_buckets);
    part.cloned().unwrap_or_default()
}
