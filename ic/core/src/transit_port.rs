//! Routers on transit switches: where routes go out to other zones and come in.

use std::sync::Arc;

use ovn_incremental::address::Addresses;
use ovn_schemas::rows::ovn_ic_northbound::TransitSwitch;
use ovn_schemas::rows::ovn_northbound::{LogicalRouter, LogicalRouterPort, LogicalSwitch, LogicalSwitchPort};
use ovsdb_data::Uuid;

use crate::cidr::Cidr;
use crate::graph::Derivation;
use crate::local_port::{Binding, LocalPort};
use crate::nodes::{Node, NodeId};
use crate::transit_switch::LocalSwitch;
use crate::view::View;

/// A router's port on a transit switch.
#[derive(Clone, Debug, PartialEq)]
pub struct TransitPort {
    /// The transit switch's name.
    pub switch_name: Arc<str>,
    /// The router.
    pub router: Uuid,
    /// The router port's name.
    pub router_port: Arc<str>,
    /// What others reach the router by; none where that is not known or makes no sense.
    pub addresses: Option<Addresses>,
    /// Which of the router's route tables is exchanged.
    pub route_table: Arc<str>,
    /// What its routes are marked with.
    pub tag: Arc<str>,
    /// Routes with this mark are not learned.
    pub filter_tag: Arc<str>,
}

impl Derivation for TransitPort {
    type Key = Uuid;
    type Value = Option<TransitPort>;
    const NODE: NodeId = Node::TransitPort;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<LocalPort>(uuid);
        let port = port.as_ref().as_ref()?;
        let router_port = port.router_port.clone()?;
        let binding = view.get::<Binding>(uuid);
        let binding = binding.as_ref().as_ref()?;
        let router = binding.router?;
        view.row::<LogicalRouter<'_>>(router)?;
        let row = view.holder(LogicalRouterPort::NAME, &*router_port);
        let row = row.and_then(|row| view.row::<LogicalRouterPort<'_>>(row));
        let option = |key: &str| -> Arc<str> {
            let value = row.and_then(|row| row.options().get(key));
            value.unwrap_or_default().into()
        };
        let addresses = Addresses::parse(&binding.address);
        if addresses.is_none() {
            tracing::info!(
                "port {} on transit switch {}: its address {:?} makes no sense, so its router advertises nothing there",
                port.name,
                port.switch_name,
                binding.address
            );
        }
        Some(TransitPort {
            switch_name: port.switch_name.clone(),
            router,
            addresses,
            route_table: option("route_table"),
            tag: option("ic-route-tag"),
            filter_tag: option("ic-route-filter-tag"),
            router_port,
        })
    }
}

/// The networks that a router is connected to, with its ports' names.
pub enum RouterNetworks {}

impl Derivation for RouterNetworks {
    type Key = Uuid;
    type Value = Vec<(Arc<str>, Cidr)>;
    const NODE: NodeId = Node::RouterNetworks;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let ports = view.row::<LogicalRouter<'_>>(router);
        let ports = ports.into_iter().flat_map(|row| row.ports().iter());
        let ports = ports.filter_map(|port| view.row::<LogicalRouterPort<'_>>(port));
        let networks = |port: LogicalRouterPort<'_>| {
            let name: Arc<str> = port.name().into();
            let networks = port.networks().iter().filter_map(Cidr::parse);
            networks
                .map(|network| (name.clone(), network))
                .collect::<Vec<_>>()
        };
        ports.flat_map(networks).collect()
    }
}

/// The ports of transit switches that lead to a router.
pub enum RouterTransit {}

impl Derivation for RouterTransit {
    type Key = Uuid;
    type Value = Vec<Uuid>;
    const NODE: NodeId = Node::RouterTransit;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let ports = view.row::<LogicalRouter<'_>>(router);
        let ports = ports.into_iter().flat_map(|row| row.ports().iter());
        let names = ports.filter_map(|port| Some(view.row::<LogicalRouterPort<'_>>(port)?.name()));
        let peers = names.flat_map(|name| view.holders(LogicalSwitchPort::OPTIONS, name));
        let is_here = |port: &Uuid| {
            let port = view.get::<TransitPort>(*port);
            port.as_ref().as_ref().is_some_and(|port| port.router == router)
        };
        peers.filter(is_here).collect()
    }
}

/// The ports of a transit switch that lead to routers of this zone.
pub enum SwitchTransit {}

impl Derivation for SwitchTransit {
    type Key = Uuid;
    type Value = Vec<Uuid>;
    const NODE: NodeId = Node::SwitchTransit;

    fn derive(view: &View<'_>, switch: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let local = view.get::<LocalSwitch>(switch);
        let row = local.as_ref().as_ref().and_then(|local| local.switch);
        let row = row.and_then(|row| view.row::<LogicalSwitch<'_>>(row));
        let ports = row.into_iter().flat_map(|row| row.ports().iter());
        ports
            .filter(|port| view.get::<TransitPort>(*port).is_some())
            .collect()
    }
}

/// The transit switch of a name.
pub(crate) fn transit_switch(view: &View<'_>, name: &str) -> Option<Uuid> {
    view.holder(TransitSwitch::NAME, name)
}
