//! Who hosts a gateway: HA chassis groups and gateway chassis, and which chassis watch over a group (ovn-sb(5)
//! "HA_Chassis_Group" `ref_chassis`).
//!
//! The chassis that watch are those with ports on the switches of the same *router group*: all routers that packets
//! can get to one from the other, directly or over switches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{GatewayChassis, HaChassisGroup, LogicalRouter, LogicalRouterPort};
use ovsdb_data::Uuid;

use super::binding::PortChassis;
use super::bucket::Bucket;
use super::router::RouterPorts;
use super::router_port::{Neighbors, RouterPeer, RouterPort, SwitchPeer};
use super::switch_bucket::{BucketPorts, buckets};
use super::switch_port::SwitchPort;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The southbound group of a distributed gateway port, by name: its HA chassis group, or else one made of its gateway
/// chassis, which bears the port's name.
pub fn of_gateway_port(view: &View<'_>, port: &RouterPort) -> Option<Arc<str>> {
    let row = view.row::<LogicalRouterPort<'_>>(port.uuid)?;
    match row.ha_chassis_group() {
        Some(group) => named(view, group),
        None => row
            .gateway_chassis()
            .iter()
            .any(|chassis| view.row::<GatewayChassis<'_>>(chassis).is_some())
            .then(|| port.name.clone()),
    }
}

/// The name of a northbound group.
pub fn named(view: &View<'_>, group: Uuid) -> Option<Arc<str>> {
    let group = view.row::<HaChassisGroup<'_>>(group)?;
    Some(group.name().into())
}

/// The routers that a router is connected to, directly or over a switch.
pub enum RouterLinks {}

impl Derivation for RouterLinks {
    type Key = Uuid;
    type Value = BTreeSet<Uuid>;
    const NODE: NodeId = Node::RouterLinks;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut links = BTreeSet::new();
        for port in view.get::<RouterPorts>(uuid).iter() {
            let peers = view.get::<Neighbors>(*port);
            for peer in peers.iter().copied().chain(*view.get::<RouterPeer>(*port)) {
                if let Some(peer) = &*view.get::<RouterPort>(peer) {
                    links.insert(peer.router);
                }
            }
        }
        links
    }
}

/// The group of each router: all of its routers, in the order of their uuids.
pub enum RouterGroups {}

impl Derivation for RouterGroups {
    type Key = ();
    type Value = BTreeMap<Uuid, Arc<[Uuid]>>;
    const NODE: NodeId = Node::RouterGroups;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let mut groups = BTreeMap::new();
        for router in view.uuids::<LogicalRouter<'_>>() {
            if groups.contains_key(&router) {
                continue;
            }
            let (mut members, mut next) = (BTreeSet::from([router]), vec![router]);
            while let Some(router) = next.pop() {
                for linked in view.get::<RouterLinks>(router).iter() {
                    if members.insert(*linked) {
                        next.push(*linked);
                    }
                }
            }
            let group: Arc<[Uuid]> = members.into_iter().collect();
            groups.extend(group.iter().map(|router| (*router, group.clone())));
        }
        groups
    }
}

/// The group of one router.
pub enum RouterGroup {}

impl Derivation for RouterGroup {
    type Key = Uuid;
    type Value = Arc<[Uuid]>;
    const NODE: NodeId = Node::RouterGroup;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let groups = view.get::<RouterGroups>(());
        groups.get(&uuid).cloned().unwrap_or_else(|| Arc::from([uuid]))
    }
}

/// The chassis with ports of a switch.
pub enum SwitchChassis {}

impl Derivation for SwitchChassis {
    type Key = Uuid;
    type Value = BTreeSet<Uuid>;
    const NODE: NodeId = Node::SwitchChassis;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let of_bucket = |bucket| (*view.get::<BucketChassis>(bucket)).clone();
        buckets(view, uuid).flat_map(of_bucket).collect()
    }
}

/// The same of the ports of a bucket.
pub enum BucketChassis {}

impl Derivation for BucketChassis {
    type Key = Bucket;
    type Value = BTreeSet<Uuid>;
    const NODE: NodeId = Node::BucketChassis;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        let ports = view.get::<BucketPorts>(bucket);
        let of_port = |port: &Uuid| view.get::<PortChassis>(*port).to_vec();
        ports.iter().flat_map(of_port).collect()
    }
}

/// The chassis with ports on the switches of a group of routers, which is named by its first router.
pub enum GroupChassis {}

impl Derivation for GroupChassis {
    type Key = Uuid;
    type Value = BTreeSet<Uuid>;
    const NODE: NodeId = Node::GroupChassis;

    fn derive(view: &View<'_>, first: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut switches = BTreeSet::new();
        for router in view.get::<RouterGroup>(first).iter() {
            for port in view.get::<RouterPorts>(*router).iter() {
                let peer = (*view.get::<SwitchPeer>(*port)).map(|peer| view.get::<SwitchPort>(peer));
                switches.extend(peer.iter().filter_map(|peer| Some((**peer).as_ref()?.switch)));
            }
        }
        let of_switch = |switch| (*view.get::<SwitchChassis>(switch)).clone();
        switches.into_iter().flat_map(of_switch).collect()
    }
}

/// The chassis that watch over the group that some routers' gateways use.
pub fn watchers(view: &View<'_>, routers: impl IntoIterator<Item = Uuid>) -> BTreeSet<Uuid> {
    let first = |router| view.get::<RouterGroup>(router).first().copied();
    let groups: BTreeSet<Uuid> = routers.into_iter().filter_map(first).collect();
    let chassis = groups.into_iter().map(|group| view.get::<GroupChassis>(group));
    chassis.flat_map(|chassis| (*chassis).clone()).collect()
}
