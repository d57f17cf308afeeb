//! `Static_MAC_Binding`: the northbound rows whose router port exists (ovn-sb(5)). Their rows have their uuids.

use ovn_schemas::rows::ovn_northbound::{self as nb, LogicalRouterPort};
use ovn_schemas::rows::ovn_southbound::StaticMacBinding;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use super::datapath_binding::datapath_id;
use crate::alloc::datapath_key::DatapathKey;
use crate::desired::Desired;
use crate::graph::Derivation;
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The row of a northbound row.
pub enum StaticMacBindings {}

impl Derivation for StaticMacBindings {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::StaticMacBindings;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(binding) = view.row::<nb::StaticMacBinding<'_>>(uuid) else {
            return Vec::new();
        };
        let name = binding.logical_port();
        // A gateway port may be meant by the port that stands for it on its chassis.
        let gateway = name.strip_prefix("cr-");
        let names = [(Some(name), false), (gateway, true)];
        let ports = names.into_iter().filter_map(|(name, is_gateway)| {
            let ports = view.holders(LogicalRouterPort::NAME, name?).into_iter();
            Some(ports.map(move |port| (port, is_gateway)))
        });
        let routers = ports.flatten().filter_map(|(port, is_gateway)| {
            let port = view.get::<RouterPort>(port);
            let port = (*port).as_ref().filter(|port| port.is_gateway || !is_gateway)?;
            Some(port.router)
        });
        let mut routers = routers.filter(|router| view.get::<DatapathKey>(*router).is_some());
        let Some(router) = routers.next() else {
            return Vec::new();
        };
        let columns = Columns::new()
            .set(StaticMacBinding::LOGICAL_PORT, name)
            .set(StaticMacBinding::IP, binding.ip())
            .set(StaticMacBinding::MAC, binding.mac())
            .set(
                StaticMacBinding::OVERRIDE_DYNAMIC_MAC,
                binding.override_dynamic_mac(),
            )
            .set(StaticMacBinding::DATAPATH, datapath_id(router));
        vec![Desired::row(uuid, columns)]
    }
}
