//! Port groups (ovn-nb(5) "Port_Group"): whose ports they have, seen from both sides.
//!
//! A group's row is long and changes with every port, so nothing but [`GroupMembers`] walks it; a switch finds its
//! groups through its own ports ([`SwitchGroups`]), and everybody else reads a [`Group`] or [`GroupSwitches`], which
//! stay equal while ports come and go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LogicalSwitchPort, PortGroup};
use ovsdb_data::Uuid;

use super::address::v6_text;
use super::bucket::Bucket;
use super::switch_bucket::{BucketPorts, buckets};
use super::switch_port::{self, SwitchPort};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// A port group without its ports.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// Its ACLs.
    pub acls: Vec<Uuid>,
}

impl Derivation for Group {
    type Key = Uuid;
    type Value = Option<Group>;
    const NODE: NodeId = Node::Group;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<PortGroup<'_>>(uuid)?;
        Some(Group {
            name: row.name().into(),
            acls: row.acls().iter().collect(),
        })
    }
}

/// A switch port as its groups see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its switch; none of a port that does not count: its addresses do, as in the C program.
    pub switch: Option<Uuid>,
    /// Its name.
    pub name: Arc<str>,
    /// Its IPv4 addresses.
    pub v4: Vec<Arc<str>>,
    /// Its IPv6 addresses.
    pub v6: Vec<Arc<str>>,
}

impl Derivation for Member {
    type Key = Uuid;
    type Value = Option<Member>;
    const NODE: NodeId = Node::Member;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        let (switch, name, of_port) = match &*port {
            Some(port) => (Some(port.switch), port.name.clone(), port.addresses.clone()),
            None => {
                let row = view.row::<LogicalSwitchPort<'_>>(uuid)?;
                (None, row.name().into(), switch_port::addresses(&row))
            }
        };
        let addresses = || of_port.iter();
        Some(Member {
            switch,
            name,
            v4: addresses()
                .flat_map(|a| &a.v4)
                .map(|v4| v4.addr.to_string().into())
                .collect(),
            v6: addresses()
                .flat_map(|a| &a.v6)
                .map(|v6| v6_text(v6.addr).into())
                .collect(),
        })
    }
}

/// The groups that a switch has ports in, with the names of these ports.
pub enum SwitchGroups {}

impl Derivation for SwitchGroups {
    type Key = Uuid;
    type Value = BTreeMap<Uuid, BTreeSet<Arc<str>>>;
    const NODE: NodeId = Node::SwitchGroups;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut groups: Self::Value = BTreeMap::new();
        for bucket in buckets(view, uuid) {
            for (group, names) in view.get::<BucketGroups>(bucket).iter() {
                groups.entry(*group).or_default().extend(names.iter().cloned());
            }
        }
        groups
    }
}

/// The same for the ports of a bucket.
pub enum BucketGroups {}

impl Derivation for BucketGroups {
    type Key = Bucket;
    type Value = BTreeMap<Uuid, BTreeSet<Arc<str>>>;
    const NODE: NodeId = Node::BucketGroups;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        let mut groups: Self::Value = BTreeMap::new();
        for port in view.get::<BucketPorts>(bucket).iter() {
            for group in view.holders(PortGroup::PORTS, *port) {
                if let Some(member) = &*view.get::<Member>(*port) {
                    groups.entry(group).or_default().insert(member.name.clone());
                }
            }
        }
        groups
    }
}

/// What the ports of a group have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupMembers {
    /// Their switches.
    pub switches: BTreeSet<Uuid>,
    /// Their IPv4 addresses, in no order.
    pub v4: Vec<Arc<str>>,
    /// Their IPv6 addresses, in no order.
    pub v6: Vec<Arc<str>>,
}

impl Derivation for GroupMembers {
    type Key = Uuid;
    type Value = GroupMembers;
    const NODE: NodeId = Node::GroupMembers;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut members = GroupMembers::default();
        let Some(row) = view.row::<PortGroup<'_>>(uuid) else {
            return members;
        };
        for port in row.ports().iter() {
            if let Some(member) = &*view.get::<Member>(port) {
                members.switches.extend(member.switch);
                members.v4.extend(member.v4.iter().cloned());
                members.v6.extend(member.v6.iter().cloned());
            }
        }
        members
    }
}

/// The switches that a group has ports on, sorted.
pub enum GroupSwitches {}

impl Derivation for GroupSwitches {
    type Key = Uuid;
    type Value = Vec<Uuid>;
    const NODE: NodeId = Node::GroupSwitches;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        view.get::<GroupMembers>(uuid).switches.iter().copied().collect()
    }
}
