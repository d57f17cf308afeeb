//! The ports of a switch, in buckets: a port that comes or goes among hundreds makes its bucket again, and what is made
//! of it, and nothing else.

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
        bucket::split(&ports, FILL)
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
