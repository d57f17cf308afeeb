//! Where a frame goes: to the port of its destination, to all, or to those who take what is for unknown addresses
//! (ovn-northd(8) "Ingress Table 28", "29"). Requests for a router's own addresses go to that router first.
//!
//! Never here: addresses of NAT rules and load balancers, multicast that is learned.

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{DhcpRelay, LogicalRouterPort};
use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::{Mac, v6_text};
use crate::model::config::Config;
use crate::model::copp;
use crate::model::kube_ovn::release;
use crate::model::name::{chassis_redirect, is_resident};
use crate::model::router::GatewayPorts;
use crate::model::router_port::{RouterPort, SwitchPeer};
use crate::model::router_side::{HasOnlyRouters, RouterSide};
use crate::model::switch::{Switch, SwitchTraits};
use crate::model::switch_port::{Peer, SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::switch::arp_nd::{port_named, proxy};
use crate::switch::external_macs::ExternalMacs;
use crate::switch::forward::Forward;
use crate::view::View;

/// The flows of a switch.
pub enum SwitchL2LookupFlows {}

impl Derivation for SwitchL2LookupFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchL2LookupFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let switch = view.get::<Switch>(uuid);
        let Some(switch) = switch.as_ref() else {
            return flows;
        };
        let lookup = Stage::LsInL2Lkup;
        flows
            .add(
                lookup,
                110,
                "eth.dst == $svc_monitor_mac && (tcp || icmp || icmp6)",
                "handle_svc_check(inport);",
            )
            .meter(copp::meter(view, switch.copp, "svc-monitor"));
        if !switch.other_config.is_true("broadcast-arps-to-all-routers", true) {
            flows.add(
                lookup,
                72,
                "eth.mcast && (arp.op == 1 || nd_ns)",
                "outport = \"_MC_flood_l2\"; output;",
            );
        }
        flows.add(lookup, 70, "eth.mcast", "outport = \"_MC_flood\"; output;");
        flows.add(lookup, 0, "1", "outport = get_fdb(eth.dst); next;");
        let unknown = Stage::LsInL2Unknown;
        match view.get::<SwitchTraits>(uuid).has_unknown {
            true => flows.add(
                unknown,
                50,
                "outport == \"none\"",
                "outport = \"_MC_unknown\"; output;",
            ),
            false => flows
                .add(
                    unknown,
                    50,
                    "outport == \"none\"",
                    view.get::<Config>(()).drop.clone(),
                )
                .describe("No L2 destination"),
        };
        flows.add(unknown, 0, "1", "output;");
        flows
    }
}

/// The flows of a port.
pub enum L2LookupFlows {}

impl Derivation for L2LookupFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::L2LookupFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on(port.switch);
        if port.r#type != Type::External && !forces_fdb_lookup(port) {
            match router_port(view, port) {
                Some(peer) => {
                    let peer = peer.as_ref().as_ref();
                    peer.into_iter()
                        .for_each(|peer| to_router(view, port, peer, &mut flows));
                }
                None => to_port(view, port, &mut flows),
            }
        }
        if !port.is_enabled {
            refuse(view, port, &mut flows);
        }
        relay_dhcp(view, port, &mut flows);
        flows
    }
}

fn forces_fdb_lookup(port: &SwitchPort) -> bool {
    port.r#type == Type::Vif && port.has_unknown && port.options.is_true("force_fdb_lookup", false)
}

fn router_port(view: &View<'_>, port: &SwitchPort) -> Option<Arc<Option<RouterPort>>> {
    let peer = port.peer(view)?;
    Some(view.get::<RouterPort>(peer))
}

/// What is done with a frame for a port, or for the chassisredirect port that stands for it.
fn deliver(view: &View<'_>, port: &SwitchPort, key: &str) -> String {
    if !port.is_enabled {
        return view.get::<Config>(()).drop.to_string();
    }
    let is_cloned = port.options.get("pkt_clone_type") == Some("mc_unknown");
    match is_cloned && view.get::<SwitchTraits>(port.switch).has_unknown {
        true => format!("clone {{outport = {key}; output; }};outport = \"_MC_unknown\"; output;"),
        false => format!("outport = {key}; output;"),
    }
}

fn to_port(view: &View<'_>, port: &SwitchPort, flows: &mut Flows) {
    let actions = deliver(view, port, &port.key);
    for own in &port.addresses {
        flows
            .add(
                Stage::LsInL2Lkup,
                50,
                format!("eth.dst == {}", own.mac),
                &*actions,
            )
            .hint(port.uuid);
    }
}

fn to_router(view: &View<'_>, port: &SwitchPort, peer: &RouterPort, flows: &mut Flows) {
    if peer.is_enabled {
        let forward = Forward::to(view, port);
        for v4 in &peer.addresses.v4 {
            forward.requests(false, &v4.addr.to_string(), flows);
        }
        for v6 in &peer.addresses.v6 {
            forward.requests(true, &v6_text(v6.addr), flows);
        }
    }
    let mac = peer.addresses.mac;
    let mut add = |r#match: String, key: &str| {
        flows
            .add(Stage::LsInL2Lkup, 50, r#match, deliver(view, port, key))
            .hint(port.uuid);
    };
    let mut is_for_it = match proxy(port).filter(|proxy| proxy.has_mac) {
        Some(proxy) => format!("eth.dst == {{ {}, {mac} }}", proxy.addresses.mac),
        None => format!("eth.dst == {mac}"),
    };
    let gateways = view.get::<GatewayPorts>(peer.router);
    let has_localnet = !view.get::<SwitchTraits>(port.switch).localnet.is_empty();
    if !gateways.is_empty() && has_localnet {
        if let Some(chassis) = chassis_of(view, peer, &gateways) {
            is_for_it += &format!(" && {chassis}");
        }
    } else if let Some(redirect) = &port.redirect(view) {
        let here = is_resident(redirect);
        add(format!("eth.dst == {mac} && !{here}"), redirect);
        is_for_it += &format!(" && {here}");
    }
    add(is_for_it, &port.key);
}

/// True on the only chassis that takes what comes for a router port from the physical network; none where each does.
fn chassis_of(view: &View<'_>, peer: &RouterPort, gateways: &[Uuid]) -> Option<String> {
    if peer.is_gateway {
        return Some(peer.is_resident());
    }
    match gateways {
        [only] if peer.options.is_true("reside-on-redirect-chassis", false) => view
            .get::<RouterPort>(*only)
            .as_ref()
            .as_ref()
            .map(RouterPort::is_resident),
        _ => None,
    }
}

/// A port that is off gets nothing.
fn refuse(view: &View<'_>, port: &SwitchPort, flows: &mut Flows) {
    if port.r#type == Type::External {
        return;
    }
    let drop = &view.get::<Config>(()).drop;
    let mut add = |key: &str, name: &str| {
        flows
            .add(
                Stage::LsInL2Unknown,
                50,
                format!("outport == {key}"),
                drop.clone(),
            )
            .hint(port.uuid)
            .tag(name);
    };
    add(&port.key, &port.name);
    if let Some(redirect) = &port.redirect(view) {
        add(redirect, &chassis_redirect(&port.name));
    }
}

/// The router port that relays a switch's DHCP requests (`dhcp_relay_port`), as the switch port that leads to it and
/// its Ethernet address.
pub enum DhcpRelayPort {}

impl Derivation for DhcpRelayPort {
    type Key = Uuid;
    type Value = Option<(Arc<str>, Mac)>;
    const NODE: NodeId = Node::DhcpRelayPort;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let switch = view.get::<Switch>(uuid);
        let name = switch.as_ref().as_ref()?.other_config.get("dhcp_relay_port")?;
        if view.get::<RouterSide>(uuid).is_empty() {
            return None;
        }
        let leading = port_named(view, name)?;
        let peer = (*view.get::<Peer>(leading))?;
        if *view.get::<SwitchPeer>(peer) != Some(leading) {
            return None;
        }
        let relay = view.row::<LogicalRouterPort<'_>>(peer)?.dhcp_relay()?;
        let relay = view.row::<DhcpRelay<'_>>(relay)?;
        is_server(relay.servers()?).then_some(())?;
        let mac = view.get::<RouterPort>(peer).as_ref().as_ref()?.addresses.mac;
        let key = view.get::<SwitchPort>(leading).as_ref().as_ref()?.key.clone();
        Some((key, mac))
    }
}

/// Whether a text is an address, with or without a port.
fn is_server(text: &str) -> bool {
    let bracketed = |text: &str| {
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        inner.is_some_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
    };
    text.parse::<std::net::IpAddr>().is_ok()
        || text.parse::<std::net::SocketAddr>().is_ok()
        || bracketed(text)
}

/// DHCP requests go to the router that relays them.
fn relay_dhcp(view: &View<'_>, port: &SwitchPort, flows: &mut Flows) {
    let Some(first) = port.addresses.first().filter(|_| port.r#type == Type::Vif) else {
        return;
    };
    let Some((relay, mac)) = &*view.get::<DhcpRelayPort>(port.switch) else {
        return;
    };
    flows
        .add(
            Stage::LsInL2Lkup,
            100,
            format!(
                "inport == {} && eth.src == {} && ip4.src == 0.0.0.0 && ip4.dst == 255.255.255.255 && \
                 udp.src == 68 && udp.dst == 67",
                port.key, first.mac
            ),
            format!("eth.dst = {mac}; outport = {relay}; next; /* DHCP_RELAY_REQ */"),
        )
        .hint(port.uuid)
        .tag(&port.name);
}

/// What a router asks itself goes to all but routers. Which port it comes in from does not tell: it may come back
/// from a physical network.
pub enum SelfOriginatedFlows {}

impl Derivation for SelfOriginatedFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SelfOriginatedFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on(port.switch);
        let Some(peer) = router_port(view, port) else {
            return flows;
        };
        let Some(peer) = peer.as_ref().as_ref().filter(|peer| peer.is_enabled) else {
            return flows;
        };
        if *view.get::<HasOnlyRouters>(port.switch) {
            return flows;
        }
        let mut macs = vec![peer.addresses.mac.to_string()];
        macs.extend(
            view.get::<ExternalMacs>(peer.router)
                .iter()
                .map(|mac| mac.to_string()),
        );
        // Controllers of OVN 22.03 do not know RARP.
        let rarp = match view.get::<Config>(()).kube_ovn.has_old(release::V22_03) {
            true => "",
            false => "rarp.op == 3 || ",
        };
        flows.add(
            Stage::LsInL2Lkup,
            75,
            format!(
                "eth.src == {{{}}} && (arp.op == 1 || {rarp}nd_ns)",
                macs.join(", ")
            ),
            "outport = \"_MC_flood_l2\"; output;",
        );
        flows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_addresses_with_or_without_a_port() {
        for (text, is) in [
            ("10.0.0.1", true),
            ("10.0.0.1:67", true),
            ("fd00::1", true),
            ("[fd00::1]", true),
            ("[fd00::1]:67", true),
            ("[10.0.0.1]", false),
            ("server", false),
            ("", false),
        ] {
            assert_eq!(is_server(text), is, "{text}");
        }
    }
}
