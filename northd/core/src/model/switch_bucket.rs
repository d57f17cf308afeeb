//! The ports of a switch, in buckets: a port that comes or goes among hundreds makes its bucket again, and what is made
//! of it, and nothing else.
//!
//! Buckets have the ports whose uuids begin with the same bits, so that one after the other they are in the order of the
//! column `ports`.

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalSwitch;
use ovsdb_data::Uuid;

use super::bucket::{self, Bucket};
use super::switch_port::SwitchOf;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// How many ports a bucket has, about.
const FILL: usize = 32;

/// In which of so many buckets a port is; their number is a power of two.
fn idx(port: Uuid, n_buckets: usize) -> usize {
    let bits = n_buckets.trailing_zeros();
    let first = port.as_u128().checked_shr(128 - bits).unwrap_or(0);
    first as usize
}

/// The buckets of a switch, in the order of their ports: at least one.
pub fn buckets(view: &View<'_>, switch: Uuid) -> impl Iterator<Item = Bucket> + use<> {
    bucket::all(switch, *view.get::<PortBuckets>(switch))
}

/// The column `ports`, by bucket.
pub enum PortRefs {}

impl Derivation for PortRefs {
    type Key = Uuid;
    type Value = Vec<Arc<[Uuid]>>;
    const NODE: NodeId = Node::PortRefs;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<LogicalSwitch<'_>>(uuid) else {
            return vec![Arc::default()];
        };
        let ports: Vec<Uuid> = row.ports().iter().collect();
        let n_buckets = (ports.len() / FILL).next_power_of_two();
        let mut rest = ports.as_slice();
        let mut buckets = Vec::with_capacity(n_buckets);
        for at in 0..n_buckets {
            let n = rest.partition_point(|port| idx(*port, n_buckets) <= at);
            let (of_bucket, others) = rest.split_at(n);
            buckets.push(of_bucket.into());
            rest = others;
        }
        buckets
    }
}

/// How many buckets there are.
pub enum PortBuckets {}

impl Derivation for PortBuckets {
    type Key = Uuid;
    type Value = usize;
    const NODE: NodeId = Node::PortBuckets;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&usize>) -> usize {
        view.get::<PortRefs>(uuid).len()
    }
}

/// The part of the column `ports` that is in one bucket.
pub enum BucketRefs {}

impl Derivation for BucketRefs {
    type Key = Bucket;
    type Value = Arc<[Uuid]>;
    const NODE: NodeId = Node::BucketRefs;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        bucket::part(bucket, &view.get::<PortRefs>(bucket.0))
    }
}

/// The ports of a bucket that are the switch's.
pub enum BucketPorts {}

impl Derivation for BucketPorts {
    type Key = Bucket;
    type Value = Vec<Uuid>;
    const NODE: NodeId = Node::BucketPorts;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        let refs = view.get::<BucketRefs>(bucket);
        let is_here = |port: &Uuid| *view.get::<SwitchOf>(*port) == Some(bucket.0);
        refs.iter().copied().filter(is_here).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_the_order_of_uuids() {
        let check = |port: u128, n_buckets: usize, expected: usize| {
            assert_eq!(idx(Uuid::from_u128(port), n_buckets), expected, "{port:x}");
        };
        check(0, 1, 0);
        check(u128::MAX, 1, 0);
        check(1 << 127, 2, 1);
        check((1 << 127) - 1, 2, 0);
        check(0xf << 124, 16, 15);
        check(0x7 << 124, 16, 7);
    }
}
