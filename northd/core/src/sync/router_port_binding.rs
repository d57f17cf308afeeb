//! `Port_Binding` of router ports, and of the chassisredirect ports of distributed gateway ports (ovn-sb(5)).

use std::fmt::Write as _;

use ovn_schemas::rows::ovn_northbound::LogicalRouterPort;
use ovn_schemas::rows::ovn_southbound::PortBinding;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use super::datapath_binding::datapath_id;
use super::port_binding::{OptionMap, ha_group_id, row};
use super::port_binding_options::{advertisements, dynamic_routing, redirect};
use crate::alloc::port_key;
use crate::desired::Desired;
use crate::graph::Derivation;
use crate::model::address::v6_text;
use crate::model::binding::{Binding, OwnBinding, RedirectBinding};
use crate::model::name::chassis_redirect;
use crate::model::router::Router;
use crate::model::router_port::{RouterPeer, RouterPort, SwitchPeer};
use crate::model::switch_port::SwitchPort;
use crate::model::{chassis, ha_group};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The rows of a router port.
pub enum RouterPortBindings {}

impl Derivation for RouterPortBindings {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::RouterPortBindings;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<RouterPort>(uuid);
        let (Some(port), Some(nb)) = (&*port, view.row::<LogicalRouterPort<'_>>(uuid)) else {
            return Vec::new();
        };
        let router = view.get::<Router>(port.router);
        let Some(router) = router.as_ref() else {
            return Vec::new();
        };
        let keys = port_key::of(view, port.router, uuid);
        let mut rows = Vec::new();
        if let Some(key) = keys.own {
            let (r#type, chassis) = own_type(view, port, router);
            let binding = view.get::<OwnBinding>(uuid);
            let binding = binding.as_ref().as_ref();
            let mut columns = common(port, nb)
                .set(PortBinding::TUNNEL_KEY, key)
                .set(PortBinding::TYPE, r#type)
                .set(PortBinding::REQUESTED_CHASSIS, chassis)
                // It may have been a switch port's row.
                .set(PortBinding::HA_CHASSIS_GROUP, None::<Uuid>)
                .set(PortBinding::OPTIONS, own_options(view, port, router, nb, binding));
            if chassis.is_some() {
                columns = columns.set(PortBinding::CHASSIS, chassis);
            }
            rows.push(row(&port.name, binding, columns));
        }
        if let Some(key) = keys.redirect {
            let group = ha_group::of_gateway_port(view, port);
            let binding = view.get::<RedirectBinding>(uuid);
            let binding = binding.as_ref().as_ref();
            let mut options = redirect(view, port);
            dynamic_routing(port, router, &mut options);
            mark_bfd(port, &mut options);
            keep_delegated(binding, &mut options);
            let columns = common(port, nb)
                .set(PortBinding::TUNNEL_KEY, key)
                .set(PortBinding::TYPE, "chassisredirect")
                .set(PortBinding::REQUESTED_CHASSIS, None::<Uuid>)
                .set(
                    PortBinding::HA_CHASSIS_GROUP,
                    group.map(|group| ha_group_id(&group)),
                )
                .set(PortBinding::GATEWAY_CHASSIS, None::<Uuid>)
                .set(PortBinding::OPTIONS, options);
            rows.push(row(&chassis_redirect(&port.name), binding, columns));
        }
        rows
    }
}

/// What the row of a port and that of its chassisredirect port have in common.
fn common(port: &RouterPort, nb: LogicalRouterPort<'_>) -> Columns<PortBinding<'static>> {
    Columns::new()
        .set(PortBinding::DATAPATH, datapath_id(port.router))
        .set(PortBinding::PARENT_PORT, None::<&str>)
        .set(PortBinding::TAG, None::<i64>)
        .set(PortBinding::MAC, [networks(port)])
        .set(PortBinding::EXTERNAL_IDS, nb.external_ids().iter())
}

/// The addresses that a port has by its configuration: all but the last, which is its link-local address.
fn networks(port: &RouterPort) -> String {
    let addresses = &port.addresses;
    let mut text = addresses.mac.to_string();
    for v4 in &addresses.v4 {
        // Writing to a string cannot fail.
        let _ = write!(text, " {}/{}", v4.addr, v4.plen);
    }
    for v6 in addresses.v6.iter().rev().skip(1).rev() {
        let _ = write!(text, " {}/{}", v6_text(v6.addr), v6.plen);
    }
    text
}

/// The type of a port that is not a chassisredirect one, and the chassis of another zone that it is on.
fn own_type(view: &View<'_>, port: &RouterPort, router: &Router) -> (&'static str, Option<Uuid>) {
    if router.is_gateway() {
        return ("l3gateway", None);
    }
    let asked = port.options.get("requested-chassis");
    let asked = asked.and_then(|name| chassis::find(view, name));
    match asked.filter(|chassis| chassis::is_remote(view, *chassis)) {
        Some(chassis) => ("remote", Some(chassis)),
        None => ("patch", None),
    }
}

fn own_options(
    view: &View<'_>,
    port: &RouterPort,
    router: &Router,
    nb: LogicalRouterPort<'_>,
    binding: Option<&Binding>,
) -> OptionMap {
    let mut options = OptionMap::new();
    let switch_peer = (*view.get::<SwitchPeer>(port.uuid)).map(|peer| view.get::<SwitchPort>(peer));
    let switch_peer = switch_peer.as_ref().and_then(|peer| peer.as_ref().as_ref());
    let router_peer = (*view.get::<RouterPeer>(port.uuid)).map(|peer| view.get::<RouterPort>(peer));
    let router_peer = router_peer.as_ref().and_then(|peer| peer.as_ref().as_ref());
    let peer = switch_peer
        .map(|peer| &peer.name)
        .or(router_peer.map(|peer| &peer.name));
    if let Some(peer) = peer {
        options.insert("peer".into(), peer.to_string());
        if port.is_gateway {
            options.insert("chassis-redirect-port".into(), chassis_redirect(&port.name));
        }
    }
    if let Some(chassis) = router.options.get("chassis") {
        options.insert("l3gateway-chassis".into(), chassis.into());
        dynamic_routing(port, router, &mut options);
    }
    mark_bfd(port, &mut options);
    keep_delegated(binding, &mut options);
    if switch_peer.is_some() {
        advertisements(port, nb, &mut options);
    }
    options
}

/// Tells ovn-controller that a port is there for BFD sessions alone, as Kube-OVN has it.
fn mark_bfd(port: &RouterPort, options: &mut OptionMap) {
    if port.is_for_bfd() {
        options.insert("bfd-only".into(), "true".into());
    }
}

/// Prefixes that ovn-controller was given stay.
fn keep_delegated(binding: Option<&Binding>, options: &mut OptionMap) {
    if let Some(delegated) = binding.and_then(|binding| binding.delegated.as_deref()) {
        options.insert("ipv6_ra_pd_list".into(), delegated.into());
    }
}
