//! Port groups (ovn-nb(5) "Port_Group"): whose ports they have, seen from both sides.
//!
//! A group's row is long and changes with every port, so nothing but [`GroupSwitches`] and the group's address sets
//! walks it; a switch finds its groups through its own ports ([`SwitchGroups`]), and everybody else reads a
//! [`Group`], which stays equal while ports come and go.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::PortGroup;
use ovsdb_data::Uuid;

use super::switch::SwitchPorts;
use super::switch_port::SwitchPort;
use crate::graph::Derivation;
use crate::nodes::Node;
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
    const NODE: Node = Node::Group;

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
    /// Its switch.
    pub switch: Uuid,
    /// Its name.
    pub name: Arc<str>,
    /// Its IPv4 addresses.
    pub v4: Vec<Ipv4Addr>,
    /// Its IPv6 addresses.
    pub v6: Vec<Ipv6Addr>,
}

impl Derivation for Member {
    type Key = Uuid;
    type Value = Option<Member>;
    const NODE: Node = Node::Member;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        let port = port.as_ref().as_ref()?;
        let addresses = || port.addresses.iter();
        Some(Member {
            switch: port.switch,
            name: port.name.clone(),
            v4: addresses().flat_map(|a| &a.v4).map(|v4| v4.addr).collect(),
            v6: addresses().flat_map(|a| &a.v6).map(|v6| v6.addr).collect(),
        })
    }
}

/// The groups that a switch has ports in, with the names of these ports.
pub enum SwitchGroups {}

impl Derivation for SwitchGroups {
    type Key = Uuid;
    type Value = BTreeMap<Uuid, BTreeSet<Arc<str>>>;
    const NODE: Node = Node::SwitchGroups;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut groups: Self::Value = BTreeMap::new();
        for port in view.get::<SwitchPorts>(uuid).iter() {
            for group in view.holders(PortGroup::PORTS, *port) {
                if let Some(member) = &*view.get::<Member>(*port) {
                    groups.entry(group).or_default().insert(member.name.clone());
                }
            }
        }
        groups
    }
}

/// The switches that a group has ports on, sorted.
pub enum GroupSwitches {}

impl Derivation for GroupSwitches {
    type Key = Uuid;
    type Value = Vec<Uuid>;
    const NODE: Node = Node::GroupSwitches;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<PortGroup<'_>>(uuid) else {
            return Vec::new();
        };
        let mut switches = BTreeSet::new();
        for port in row.ports().iter() {
            if let Some(member) = &*view.get::<Member>(port) {
                switches.insert(member.switch);
            }
        }
        switches.into_iter().collect()
    }
}
