//! `Address_Set`: a copy of each, two for each port group with the addresses of its ports, and one for the address
//! that checks the health of services (ovn-sb(5)). Never here: the sets of routers' load balancers.

use std::collections::BTreeSet;

use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound::AddressSet;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::model::address::v6_text;
use crate::model::config::Config;
use crate::model::port_group::Member;
use crate::nodes::Node;
use crate::view::View;

/// A row. Of several of the same name the first counts.
pub fn row(name: &str, addresses: impl IntoIterator<Item = String>) -> Desired {
    let columns = Columns::new()
        .set(AddressSet::NAME, name)
        .set(AddressSet::ADDRESSES, addresses);
    Desired::row(named("Address_Set", name), columns)
}

/// The row of a set. It comes before those that are made here: they lose their names to it.
pub enum AddressSets {}

impl Derivation for AddressSets {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: Node = Node::AddressSets;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let set = view.row::<nb::AddressSet<'_>>(uuid);
        let row = set.map(|set| row(set.name(), set.addresses().iter().map(str::to_owned)));
        row.into_iter().collect()
    }
}

/// The rows of a port group.
pub enum GroupAddressSets {}

impl Derivation for GroupAddressSets {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: Node = Node::GroupAddressSets;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(group) = view.row::<nb::PortGroup<'_>>(uuid) else {
            return Vec::new();
        };
        let (mut v4, mut v6) = (BTreeSet::new(), BTreeSet::new());
        for port in group.ports().iter() {
            if let Some(member) = &*view.get::<Member>(port) {
                v4.extend(member.v4.iter().map(ToString::to_string));
                v6.extend(member.v6.iter().copied().map(v6_text));
            }
        }
        let name = group.name();
        vec![row(&format!("{name}_ip4"), v4), row(&format!("{name}_ip6"), v6)]
    }
}

/// The row of the address that checks the health of services.
pub enum MonitorAddressSet {}

impl Derivation for MonitorAddressSet {
    type Key = ();
    type Value = Vec<Desired>;
    const NODE: Node = Node::MonitorAddressSet;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let mac = view.get::<Config>(()).svc_monitor_mac;
        vec![row("svc_monitor_mac", [mac.to_string()])]
    }
}
