//! Queues of ports with a limited rate (ovn-sb(5) "Port_Binding" `options:qdisc_queue_id`): kept, or else the lowest
//! that is free anywhere.

use std::collections::{BTreeMap, BTreeSet};

use ovn_schemas::rows::ovn_northbound::LogicalSwitch;
use ovsdb_data::Uuid;

use super::number::fill;
use crate::graph::Derivation;
use crate::model::binding::OwnBinding;
use crate::model::bucket::Bucket;
use crate::model::switch_bucket::{BucketPorts, buckets};
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The highest queue (the kernel has 16 bits for them, and keeps some).
const MAX: i64 = 0xf000;

/// The queue of a port, if it wants one ([`Queue`]).
pub fn of(view: &View<'_>, port: &SwitchPort) -> Option<i64> {
    is_limited(port).then(|| *view.get::<Queue>(port.uuid)).flatten()
}

fn is_limited(port: &SwitchPort) -> bool {
    let limits = ["qos_max_rate", "qos_min_rate", "qos_burst"];
    port.r#type != Type::Router && limits.iter().any(|key| port.options.get(key).is_some())
}

/// Whether a port wants a queue, and the one that it has already.
pub enum QueueClaim {}

impl Derivation for QueueClaim {
    type Key = Uuid;
    type Value = Option<Option<i64>>;
    const NODE: NodeId = Node::QueueClaim;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        is_limited(port.as_ref().as_ref()?).then(|| view.get::<OwnBinding>(uuid).as_ref().as_ref()?.queue)
    }
}

/// The ports of a switch that want queues.
pub enum SwitchQueues {}

impl Derivation for SwitchQueues {
    type Key = Uuid;
    type Value = Vec<(Uuid, Option<i64>)>;
    const NODE: NodeId = Node::SwitchQueues;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let of_bucket = |bucket| view.get::<BucketQueues>(bucket).to_vec();
        buckets(view, uuid).flat_map(of_bucket).collect()
    }
}

/// The same of the ports of a bucket.
pub enum BucketQueues {}

impl Derivation for BucketQueues {
    type Key = Bucket;
    type Value = Vec<(Uuid, Option<i64>)>;
    const NODE: NodeId = Node::BucketQueues;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        let ports = view.get::<BucketPorts>(bucket);
        let wants = |port: &&Uuid| {
            view.get::<SwitchPort>(**port)
                .as_ref()
                .as_ref()
                .is_some_and(is_limited)
        };
        let claim = |port: &Uuid| view.get::<QueueClaim>(*port).map(|kept| (*port, kept));
        ports.iter().filter(wants).filter_map(claim).collect()
    }
}

/// All queues, by port.
pub enum Queues {}

impl Derivation for Queues {
    type Key = ();
    type Value = BTreeMap<Uuid, i64>;
    const NODE: NodeId = Node::Queues;

    fn derive(view: &View<'_>, (): (), before: Option<&Self::Value>) -> Self::Value {
        let mut claims = Vec::new();
        for switch in view.uuids::<LogicalSwitch<'_>>() {
            claims.extend(view.get::<SwitchQueues>(switch).iter().copied());
        }
        let (mut queues, mut used) = (BTreeMap::new(), BTreeSet::new());
        for (port, kept) in &claims {
            let before = before.and_then(|before| before.get(port)).copied();
            if let Some(queue) = [before, *kept]
                .into_iter()
                .flatten()
                .find(|queue| used.insert(*queue))
            {
                queues.insert(*port, queue);
            }
        }
        if !fill(&mut queues, claims.iter().map(|(port, _)| *port), MAX) {
            tracing::warn!("all queue ids exhausted");
        }
        queues
    }
}

/// The queue of one port.
pub enum Queue {}

impl Derivation for Queue {
    type Key = Uuid;
    type Value = Option<i64>;
    const NODE: NodeId = Node::Queue;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        // Whoever wants none is not troubled with everybody's.
        (*view.get::<QueueClaim>(uuid))?;
        view.get::<Queues>(()).get(&uuid).copied()
    }
}
