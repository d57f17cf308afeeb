//! Parts of what an object has much of: what changes in one of them costs that part, not the whole.

use std::sync::Arc;

use ovsdb_data::Uuid;

/// A bucket: whose, and which of how many.
pub type Bucket = (Uuid, Uuid);

/// All of an object's.
pub fn all(of: Uuid, n_buckets: usize) -> impl Iterator<Item = Bucket> {
    (0..n_buckets).map(move |idx| (of, Uuid::from_u64_pair(n_buckets as u64, idx as u64)))
}

/// Sorted rows in buckets of about so many: a power of two of buckets, each with the rows whose uuids begin with the same
/// bits, so that one bucket after the other they are as before.
pub fn split(rows: &[Uuid], fill: usize) -> Vec<Arc<[Uuid]>> {
    let n_buckets = (rows.len() / fill).next_power_of_two();
    let mut rest = rows;
    let mut buckets = Vec::with_capacity(n_buckets);
    for at in 0..n_buckets {
        let n = rest.partition_point(|row| idx(*row, n_buckets) <= at);
        let (of_bucket, others) = rest.split_at(n);
        buckets.push(of_bucket.into());
        rest = others;
    }
    buckets
}

/// In which of so many buckets a row is.
fn idx(row: Uuid, n_buckets: usize) -> usize {
    let bits = n_buckets.trailing_zeros();
    let first = row.as_u128().checked_shr(128 - bits).unwrap_or(0);
    first as usize
}

/// Of all buckets only how many there are: a part of a value that is parted by buckets.
pub const HOW_MANY: Uuid = Uuid::nil();

/// Tells which parts of an object's buckets differ; of a number of them that does, all of both.
pub fn differing<T: PartialEq>(before: &[T], after: &[T], tell: &mut dyn FnMut(Uuid)) {
    let places = |n_buckets| all(Uuid::nil(), n_buckets).map(|(_, place)| place);
    if before.len() != after.len() {
        tell(HOW_MANY);
        return places(before.len()).chain(places(after.len())).for_each(tell);
    }
    let pairs = before.iter().zip(after).zip(places(after.len()));
    pairs
        .filter(|((a, b), _)| a != b)
        .for_each(|(_, place)| tell(place));
}

/// What is in a bucket; nothing where there is another number of them by now.
pub fn part<T: Clone + Default>((_, place): Bucket, all: &[T]) -> T {
    let (n_buckets, idx) = place.as_u64_pair();
    let part = all.get(idx as usize).filter(|_| all.len() as u64 == n_buckets);
    part.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_the_order_of_uuids() {
        let check = |row: u128, n_buckets: usize, expected: usize| {
            assert_eq!(idx(Uuid::from_u128(row), n_buckets), expected, "{row:x}");
        };
        check(0, 1, 0);
        check(u128::MAX, 1, 0);
        check(1 << 127, 2, 1);
        check((1 << 127) - 1, 2, 0);
        check(0xf << 124, 16, 15);
        check(0x7 << 124, 16, 7);
    }
}
