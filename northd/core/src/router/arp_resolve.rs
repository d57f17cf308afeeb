//! The Ethernet addresses of next hops that are known without asking: those of switch ports and of other routers'
//! ports (ovn-northd(8) "Ingress Table 21: ARP/ND Resolution").

use ovn_schemas::rows::ovn_northbound::LogicalRouterPort;
use ovsdb_data::Uuid;

use super::ip_input::{v4_set, v6_set};
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::v6_text;
use crate::model::config::Config;
use crate::model::network::{SwitchRouters, without_length};
use crate::model::router::Router;
use crate::model::router_port::{RouterPeer, RouterPort};
use crate::model::router_side::RouterSide;
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::view::View;

const STAGE: Stage = Stage::LrInArpResolve;

/// The flows of a router.
pub enum ArpResolveFlows {}

impl Derivation for ArpResolveFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::ArpResolveFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |_, flows| {
            flows.add(STAGE, 500, "ip4.mcast || ip6.mcast", "next;");
            flows.add(STAGE, 1, "reg9[9] == 1", "get_arp(outport, reg0); next;");
            flows.add(STAGE, 1, "reg9[9] == 0", "get_nd(outport, xxreg0); next;");
            flows.add(STAGE, 0, "1", view.get::<Config>(()).drop.clone());
        })
    }
}

/// The flows of a router port.
pub enum PortArpResolveFlows {}

impl Derivation for PortArpResolveFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortArpResolveFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, _, flows| {
            if let Some(peer) = *view.get::<RouterPeer>(uuid)
                && let Some(peer) = view.get::<RouterPort>(peer).as_ref()
            {
                answer_peer(port, peer, flows);
            }
            let redirect = port.options.get("redirect-type").unwrap_or_default();
            if port.is_gateway && redirect.eq_ignore_ascii_case("bridged") {
                // Elsewhere the gateway chassis is asked, by way of a bridge.
                flows
                    .add(
                        STAGE,
                        50,
                        format!("outport == {} && !{}", port.key, port.is_resident()),
                        format!("eth.dst = {}; next;", port.addresses.mac),
                    )
                    .hint(uuid);
            }
        })
    }
}

/// The port of another router that is connected to a port directly need not ask for it.
fn answer_peer(port: &RouterPort, peer: &RouterPort, flows: &mut Flows) {
    let out = format!("outport == {} &&", peer.key);
    let actions = format!("eth.dst = {}; next;", port.addresses.mac);
    let v4 = v4_set(port).map(|own| format!("{out} reg0== {own}"));
    let v6 = v6_set(port).map(|own| format!("{out} xxreg0 == {own}"));
    for r#match in v4.into_iter().chain(v6) {
        flows
            .add_on(peer.router, STAGE, 100, r#match, actions.clone())
            .hint(port.uuid);
    }
}

/// The flows of a switch port: in the routers on its switch, or, if it leads to a router itself, in that one.
pub enum SwitchPortArpResolveFlows {}

impl Derivation for SwitchPortArpResolveFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchPortArpResolveFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let port = view.get::<SwitchPort>(uuid);
        if let Some(port) = port.as_ref().as_ref().filter(|port| port.is_enabled) {
            match port.r#type {
                Type::Router => routers(view, uuid, &mut flows),
                Type::Virtual => {}
                _ => hosts(view, port, &mut flows),
            }
        }
        flows
    }
}

fn hosts(view: &View<'_>, port: &SwitchPort, flows: &mut Flows) {
    let routers = view.get::<SwitchRouters>(port.switch);
    for addresses in &port.addresses {
        let actions = format!("eth.dst = {}; next;", addresses.mac);
        let v4 = addresses.v4.iter().map(|v4| ("reg0", v4.addr.to_string()));
        let v6 = addresses.v6.iter().map(|v6| ("xxreg0", v6_text(v6.addr)));
        for (register, text) in v4.chain(v6) {
            let Some(addr) = without_length(&text) else {
                continue;
            };
            for router in routers.iter().filter(|router| router.towards(addr).is_some()) {
                flows
                    .add_on(
                        router.router,
                        STAGE,
                        100,
                        format!("outport == {} && {register} == {text}", router.key),
                        actions.clone(),
                    )
                    .hint(port.uuid);
            }
        }
    }
}

/// The other routers on the switch, unless they are to be asked for. A router port that is connected to another router
/// besides is told of them, too, and they are not told of it.
fn routers(view: &View<'_>, uuid: Uuid, flows: &mut Flows) {
    let lsp = view.get::<SwitchPort>(uuid);
    let Some(lsp) = lsp.as_ref().as_ref().filter(|lsp| lsp.r#type == Type::Router) else {
        return;
    };
    let named = lsp.options.get("router-port");
    let Some(peer) = named.and_then(|name| view.holder(LogicalRouterPort::NAME, name)) else {
        return;
    };
    let port = view.get::<RouterPort>(peer);
    let Some(port) = port.as_ref() else { return };
    if asks_neighbors(view, port.router) {
        return;
    }
    let side = view.get::<RouterSide>(lsp.switch);
    for (_, other) in side.iter().filter(|(_, other)| *other != peer) {
        let other = view.get::<RouterPort>(*other);
        let Some(other) = other.as_ref() else { continue };
        let actions = format!("eth.dst = {}; next;", other.addresses.mac);
        let v4 = v4_set(other).map(|own| format!("outport == {} && reg0 == {own}", port.key));
        let v6 = v6_set(other).map(|own| format!("outport == {} && xxreg0 == {own}", port.key));
        for r#match in v4.into_iter().chain(v6) {
            flows
                .add_on(port.router, STAGE, 100, r#match, actions.clone())
                .hint(uuid);
        }
    }
}

/// Whether a router asks for the addresses of other routers.
pub(super) fn asks_neighbors(view: &View<'_>, router: Uuid) -> bool {
    let router = view.get::<Router>(router);
    let router = router.as_ref().as_ref();
    router.is_some_and(|router| router.options.is_true("dynamic_neigh_routers", false))
}
