//! `Address_Set`: a copy of each, two for each port group with the addresses of its ports, and one for the address
//! that checks the health of services (ovn-sb(5)). Never here: the sets of routers' load balancers.

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound::AddressSet;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::port_group::{Group, GroupMembers};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// A row. Of several of the same name the first counts.
pub fn row(name: &str, addresses: impl IntoIterator<Item = Arc<str>>) -> Desired {
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
    const NODE: NodeId = Node::AddressSets;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let set = view.row::<nb::AddressSet<'_>>(uuid);
        let row = set.map(|set| row(set.name(), set.addresses().iter().map(Into::into)));
        row.into_iter().collect()
    }
}

/// The rows of a port group.
pub enum GroupAddressSets {}

impl Derivation for GroupAddressSets {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::GroupAddressSets;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let group = view.get::<Group>(uuid);
        let Some(Group { name, .. }) = group.as_ref() else {
            return Vec::new();
        };
        let members = view.get::<GroupMembers>(uuid);
        vec![
            row(&format!("{name}_ip4"), members.v4.iter().cloned()),
            row(&format!("{name}_ip6"), members.v6.iter().cloned()),
        ]
    }
}

/// The row of the address that checks the health of services.
pub enum MonitorAddressSet {}

impl Derivation for MonitorAddressSet {
    type Key = ();
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::MonitorAddressSet;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let mac = view.get::<Config>(()).svc_monitor_mac;
        vec![row("svc_monitor_mac", [mac.to_string().into()])]
    }
}
