//! What a router itself takes, answers and refuses (ovn-northd(8) "Ingress Table 3: IP Input"): ARP and ND for its
//! addresses, BFD, multicast, packets that no host should have sent. ICMP is in `icmp.rs`, NAT and load balancers are
//! elsewhere.

use ovsdb_data::Uuid;

use super::kube_ovn;
use super::multicast::Multicast;
use super::{peer_switch, set};
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::v6_text;
use crate::model::bfd::HasBfd;
use crate::model::config::Config;
use crate::model::copp::meter;
use crate::model::network::Prefix;
use crate::model::router::{GatewayPorts, Router};
use crate::model::router_port::RouterPort;
use crate::model::switch::SwitchTraits;
use crate::nodes::{Node, NodeId};
use crate::view::View;

const STAGE: Stage = Stage::LrInIpInput;

/// The flows of a router.
pub enum IpInputFlows {}

impl Derivation for IpInputFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::IpInputFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |_, flows| {
            let drop = &view.get::<Config>(()).drop;
            let multicast = view.get::<Multicast>(uuid);
            if multicast.has_flood {
                flows.add(STAGE, 120, "igmp && ip.ttl == 1", "next;");
                flows.add(STAGE, 120, "(mldv1 || mldv2) && ip.ttl == 1", "next;");
            }
            flows.add(
                STAGE,
                100,
                "ip4.src_mcast ||ip4.src == 255.255.255.255 || ip4.src == 127.0.0.0/8 || ip4.dst == 127.0.0.0/8 || \
                 ip4.src == 0.0.0.0/8 || ip4.dst == 0.0.0.0/8",
                drop.clone(),
            );
            flows.add(STAGE, 85, "arp || nd", drop.clone());
            flows.add(STAGE, 84, "nd_rs || nd_ra", "next;");
            flows.add(STAGE, 83, "ip6.mcast_rsvd", drop.clone());
            match multicast.is_relay {
                true => flows.add(STAGE, 82, "ip4.mcast || ip6.mcast", "next;"),
                false => flows.add(STAGE, 82, "ip4.mcast || ip6.mcast", drop.clone()),
            };
            flows.add(STAGE, 50, "eth.bcast", drop.clone());
            // A TTL of 1 is how multicast stays on its link: nothing to report (RFC 1812 §5.3.1).
            flows.add(
                STAGE,
                32,
                "ip.ttl == {0, 1} && !ip.later_frag && (ip4.mcast || ip6.mcast)",
                drop.clone(),
            );
            flows.add(STAGE, 30, "ip.ttl == {0, 1}", drop.clone());
            flows.add(STAGE, 0, "1", "next;");
        })
    }
}

/// The flows of a port.
pub enum PortIpInputFlows {}

impl Derivation for PortIpInputFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortIpInputFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, router, flows| {
            refuse_own(view, port, flows);
            if *view.get::<HasBfd>(uuid) {
                take_bfd(view, port, router, flows);
                kube_ovn::lead_bfd(view, port, router, flows);
            }
            if port.options.is_true("prefix_delegation", false) {
                take_prefixes(port, flows);
            }
            answer_arp(view, port, flows);
            answer_nd(view, port, router, flows);
        })
    }
}

/// The IPv4 addresses of a port as an expression has them.
pub(super) fn v4_set(port: &RouterPort) -> Option<String> {
    let texts: Vec<String> = port.addresses.v4.iter().map(|v4| v4.addr.to_string()).collect();
    (!texts.is_empty()).then(|| set(&texts))
}

/// The IPv6 addresses of a port as an expression has them.
pub(super) fn v6_set(port: &RouterPort) -> Option<String> {
    let texts: Vec<String> = port.addresses.v6.iter().map(|v6| v6_text(v6.addr)).collect();
    (!texts.is_empty()).then(|| set(&texts))
}

/// Nobody else sends from the router's addresses, or from a network's broadcast address.
fn refuse_own(view: &View<'_>, port: &RouterPort, flows: &mut Flows) {
    let own = port.addresses.v4.iter();
    let own: Vec<String> = own.map(|v4| format!("{}, {}", v4.addr, v4.broadcast())).collect();
    if !own.is_empty() {
        let from_own = format!("ip4.src == {{{}}} && reg9[0] == 0", own.join(", "));
        let drop = view.get::<Config>(()).drop.clone();
        flows.add(STAGE, 100, from_own, drop).hint(port.uuid);
    }
}

fn take_bfd(view: &View<'_>, port: &RouterPort, router: &Router, flows: &mut Flows) {
    for (family, own) in [("ip4", v4_set(port)), ("ip6", v6_set(port))] {
        let Some(own) = own else { continue };
        flows
            .add(
                STAGE,
                110,
                format!("{family}.src == {own} && udp.dst == 3784"),
                "next; ",
            )
            .hint(port.uuid);
        flows
            .add(
                STAGE,
                110,
                format!("{family}.dst == {own} && udp.dst == 3784"),
                "handle_bfd_msg(); ",
            )
            .hint(port.uuid)
            .meter(meter(view, router.copp, "bfd"));
    }
}

/// Prefixes that a DHCPv6 server delegates.
fn take_prefixes(port: &RouterPort, flows: &mut Flows) {
    for v6 in &port.addresses.v6 {
        flows.add(
            STAGE,
            100,
            format!(
                "ip6.dst == {} && udp.src == 547 && udp.dst == 546",
                v6_text(v6.addr)
            ),
            "reg0 = 0; handle_dhcpv6_reply;",
        );
    }
}

fn answer_arp(view: &View<'_>, port: &RouterPort, flows: &mut Flows) {
    let resident = arp_residence(view, port).map(|resident| format!(" && {resident}"));
    let resident = resident.unwrap_or_default();
    for v4 in &port.addresses.v4 {
        flows
            .add(
                STAGE,
                90,
                format!(
                    "inport == {} && arp.op == 1 && arp.tpa == {} && arp.spa == {}{resident}",
                    port.key,
                    v4.addr,
                    Prefix::from(*v4)
                ),
                "eth.dst = eth.src; eth.src = xreg0[0..47]; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; \
                 arp.sha = xreg0[0..47]; arp.tpa <-> arp.spa; outport = inport; flags.loopback = 1; output;",
            )
            .hint(port.uuid);
    }
}

/// Where requests are answered, if not everywhere: a wire behind the switch should see one answer, from where the
/// router's address is.
fn arp_residence(view: &View<'_>, port: &RouterPort) -> Option<String> {
    let gateways = view.get::<GatewayPorts>(port.router);
    let first = gateways.first()?;
    let switch = peer_switch(view, port.uuid)?;
    if view.get::<SwitchTraits>(switch).localnet.is_empty() {
        return None;
    }
    if port.is_gateway {
        return Some(port.is_resident());
    }
    let follows = gateways.len() == 1 && port.options.is_true("reside-on-redirect-chassis", false);
    let gateway = view.get::<RouterPort>(*first);
    follows.then(|| gateway.as_ref().as_ref().map(RouterPort::is_resident))?
}

fn answer_nd(view: &View<'_>, port: &RouterPort, router: &Router, flows: &mut Flows) {
    let resident = match port.is_gateway {
        true => format!(" && {}", port.is_resident()),
        false => String::new(),
    };
    for v6 in &port.addresses.v6 {
        let addr = v6_text(v6.addr);
        flows
            .add(
                STAGE,
                90,
                format!(
                    "inport == {} && ip6.dst == {{{addr}, {}}} && nd_ns && nd.target == {addr}{resident}",
                    port.key,
                    v6_text(v6.solicited_node())
                ),
                "nd_na_router { eth.src = xreg0[0..47]; ip6.src = nd.target; nd.tll = xreg0[0..47]; \
                 outport = inport; flags.loopback = 1; output; };",
            )
            .hint(port.uuid)
            .meter(meter(view, router.copp, "nd-na"));
    }
}
