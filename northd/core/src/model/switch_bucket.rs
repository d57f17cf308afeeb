//! The ports of a switch, in buckets: a port that comes or goes among hundreds makes its bucket again, and what is made
//! of it, and nothing else.

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalSwitch;
use ovsdb_data::Uuid;

use super::bucket::{self, Bucket};
use super::switch_port::SwitchOf;
use crate::graph::{Derivation, Parted};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// How many ports a bucket has, about.
const FILL: usize = 32;

/// The buckets of a switch, in the order of their ports: at least one.
pub fn buckets(view: &View<'_>, switch: Uuid) -> impl Iterator<Item = Bucket> + use<> {
    bucket::all(switch, view.part::<PortRefs>(switch, bucket::HOW_MANY).len())
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

/// Each bucket is a part.
impl Parted for PortRefs {
    fn differing(before: &Self::Value, after: &Self::Value, tell: &mut dyn FnMut(Uuid)) {
        bucket::differing(before, after, tell);
    }
}

/// The ports of a bucket that are the switch's.
pub enum BucketPorts {}

impl Derivation for BucketPorts {
    type Key = Bucket;
    type Value = Vec<Uuid>;
    const NODE: NodeId = Node::BucketPorts;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        let refs = bucket::part(bucket, &view.part::<PortRefs>(bucket.0, bucket.1));
        let is_here = |port: &Uuid| *view.get::<SwitchOf>(*port) == Some(bucket.0);
        refs.iter().copied().filter(is_here).collect()
    }
}
