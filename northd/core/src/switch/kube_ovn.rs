//! What switches do besides for Kube-OVN ([`KubeOvn`]): shortcuts past connection tracking, and past routers.
//!
//! - `ls_in_pre_acl`, `ls_out_pre_acl`, `ls_in_pre_lb`: packets to a DNS server on each node, to networks that the
//!   administrator names, and straight to the physical network are not tracked: no load balancer has to do with them,
//!   and tracking is what costs most. A switch with one router tracks what goes to any network, whatever
//!   `ls_ct_skip_dst_lport_ips` says: Kube-OVN's ovn-northd looks for the router's networks in a list that OVN has for
//!   switches alone. Just as well, as Kube-OVN has virtual addresses in such networks.
//! - `ls_in_arp_rsp`: routers that are on every chassis do not answer what the physical network asks: there is a
//!   gateway of that address out there, or all chassis would answer. Requests for ports go straight to them, where
//!   flooding would exceed what Open vSwitch does for one packet.
//! - `ls_in_l2_lkup`: what a load balancer sent to a port of the same switch, but to the Ethernet address of a gateway
//!   out there, gets the port's; what a router took a detour with leaves with the Ethernet address of the sender, or
//!   the physical network would learn the router's on every chassis.
//!
//! Without Kube-OVN there is nothing here. Never here: load balancers themselves, and what Kube-OVN's ovn-controller
//! does otherwise (gratuitous ARP).

use std::net::Ipv4Addr;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalSwitchPort;
use ovsdb_data::Uuid;

use super::arp_nd::addresses;
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::acl::SwitchAcls;
use crate::model::address::{Addresses, V4, V6, v6_text};
use crate::model::config::Config;
use crate::model::kube_ovn::{KubeOvn, to_v4, to_v6};
use crate::model::router_port::RouterPort;
use crate::model::router_side::RouterSide;
use crate::model::switch::{Switch, SwitchTraits};
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a switch.
pub enum SwitchKubeOvnFlows {}

impl Derivation for SwitchKubeOvnFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchKubeOvnFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let config = view.get::<Config>(());
        let asked = &config.kube_ovn;
        if *asked == KubeOvn::default() {
            return flows;
        }
        let mut skip = |stage: Stage, priority: u16, packets: &str| {
            let flow = flows.add(stage, priority, packets, "next;");
            flow.hint(uuid).skip_tracking();
        };
        let SwitchAcls { acls, has_vip } = *view.get::<SwitchAcls>(uuid);
        for packets in asked.local_dns.iter().filter(|_| acls.has_related) {
            skip(Stage::LsInPreAcl, 110, packets);
            skip(Stage::LsOutPreAcl, 110, packets);
        }
        if has_vip {
            let untracked = asked.local_dns.iter().chain(&asked.untracked);
            untracked.for_each(|packets| skip(Stage::LsInPreLb, 105, packets));
            if asked.skips_networks && view.get::<RouterSide>(uuid).len() != 1 {
                let wires = physical_networks(view, uuid);
                wires
                    .iter()
                    .for_each(|packets| skip(Stage::LsInPreLb, 105, packets));
            }
        }
        if asked.directs_arp && view.get::<SwitchTraits>(uuid).has_unknown {
            flows.add(Stage::LsInL2Lkup, 90, "eth.bcast && arp.op == 1", "next;");
        }
        flows
    }
}

/// Packets to the networks behind the localnet ports of a switch, which Kube-OVN writes down there. What is no network,
/// but all of them or one address, does not count; what cannot be read ends the port's.
fn physical_networks(view: &View<'_>, switch: Uuid) -> Vec<String> {
    let traits = view.get::<SwitchTraits>(switch);
    let mut all = Vec::new();
    for row in &traits.localnet {
        let Some(row) = view.row::<LogicalSwitchPort<'_>>(*row) else {
            continue;
        };
        let ids = row.external_ids();
        if let Some(text) = ids.get("ipv4_network") {
            let Some(v4) = V4::parse(text) else { continue };
            all.extend((1..32).contains(&v4.plen).then(|| to_v4(v4.addr, v4.plen)));
        }
        let v6 = ids.get("ipv6_network").and_then(V6::parse);
        let v6 = v6.filter(|v6| (1..128).contains(&v6.plen));
        all.extend(v6.map(|v6| to_v6(v6.addr, v6.plen)));
    }
    all
}

/// Whether an address is of a network of link-local ones (RFC 3927).
fn is_link_local(v4: &V4) -> bool {
    let all = V4 {
        addr: Ipv4Addr::new(169, 254, 0, 0),
        plen: 16,
    };
    v4.plen >= 16 && all.contains(v4.addr)
}

/// The flows of a port.
pub enum PortKubeOvnFlows {}

impl Derivation for PortKubeOvnFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortKubeOvnFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let config = view.get::<Config>(());
        let asked = &config.kube_ovn;
        if *asked == KubeOvn::default() {
            return Flows::on(uuid);
        }
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on(port.switch);
        let routers = view.get::<RouterSide>(port.switch);
        if asked.directs_arp {
            forward_questions(view, port, &mut flows);
        }
        if asked.is_there {
            ignore_wire(view, port, &routers, &mut flows);
        }
        if let Some(own) = only_addresses(port) {
            if asked.addresses_dnat && routers.is_empty() {
                address_dnat(port, own, &mut flows);
            }
            if asked.is_there && port.is_enabled {
                restore_source(view, port, own, &routers, &mut flows);
            }
        }
        flows
    }
}

/// Requests from the physical network for a port's addresses go to the port, and nowhere else.
fn forward_questions(view: &View<'_>, port: &SwitchPort, flows: &mut Flows) {
    let switch = view.get::<Switch>(port.switch);
    if switch.as_ref().as_ref().is_none_or(Switch::passes_vlans) {
        return;
    }
    let all = addresses(view, port);
    for wire in wires(view, port.switch) {
        for v4 in all.iter().flat_map(|own| &own.v4) {
            flows.add(
                Stage::LsInArpRsp,
                110,
                format!(
                    "inport == {wire} && eth.bcast && arp.op == 1 && arp.tpa == {}",
                    v4.addr
                ),
                format!("outport = {}; output;", port.key),
            );
        }
    }
}

/// The localnet ports of a switch, in quotation marks.
fn wires(view: &View<'_>, switch: Uuid) -> Vec<Arc<str>> {
    let traits = view.get::<SwitchTraits>(switch);
    let keys = traits.localnet.iter().filter_map(|port| {
        let port = view.get::<SwitchPort>(*port);
        port.as_ref().as_ref().map(|port| port.key.clone())
    });
    keys.collect()
}

/// Requests from the physical network for the addresses of a router that is on every chassis are not answered.
fn ignore_wire(view: &View<'_>, port: &SwitchPort, routers: &[(Uuid, Uuid)], flows: &mut Flows) {
    let switch = view.get::<Switch>(port.switch);
    if port.has_unknown || switch.as_ref().as_ref().is_none_or(Switch::passes_vlans) {
        return;
    }
    let Some((_, peer)) = routers.iter().find(|(lsp, _)| *lsp == port.uuid) else {
        return;
    };
    let peer = view.get::<RouterPort>(*peer);
    let Some(peer) = peer.as_ref().as_ref().filter(|peer| !peer.names_chassis) else {
        return;
    };
    let v4 = peer.addresses.v4.iter().filter(|v4| !is_link_local(v4));
    let v4 = v4.map(|v4| format!("arp.tpa == {} && arp.op == 1", v4.addr));
    let v6 = peer.addresses.v6.iter().filter(|v6| !v6.is_link_local());
    let v6 = v6.map(|v6| {
        let (ip, group) = (v6_text(v6.addr), v6_text(v6.solicited_node()));
        format!("nd_ns && ip6.dst == {{{ip}, {group}}} && nd.target == {ip}")
    });
    let asked: Vec<String> = v4.chain(v6).collect();
    for wire in wires(view, port.switch) {
        for asked in &asked {
            flows
                .add(
                    Stage::LsInArpRsp,
                    105,
                    format!("inport == {wire} && {asked}"),
                    "drop;",
                )
                .hint(port.uuid)
                .tag(&port.name);
        }
    }
}

/// The addresses of a port behind which there is one interface with one Ethernet address.
fn only_addresses(port: &SwitchPort) -> Option<&Addresses> {
    use Type::{External, Localport, Router, Virtual};
    if matches!(port.r#type, External | Localport | Router | Virtual) || port.has_unknown {
        return None;
    }
    match &port.addresses[..] {
        [own] if !own.v4.is_empty() || !own.v6.is_empty() => Some(own),
        _ => None,
    }
}

/// What a load balancer sent here gets the port's Ethernet address.
fn address_dnat(port: &SwitchPort, own: &Addresses, flows: &mut Flows) {
    let actions = format!("eth.dst = {}; outport = {}; output;", own.mac, port.key);
    for to in each(own, "dst") {
        flows
            .add(Stage::LsInL2Lkup, 55, format!("reg0[2] != 0 && {to}"), &*actions)
            .hint(port.uuid);
    }
}

/// What a router sends on in the same network has the port's Ethernet address as its source again, where there is a
/// physical network.
fn restore_source(
    view: &View<'_>,
    port: &SwitchPort,
    own: &Addresses,
    routers: &[(Uuid, Uuid)],
    flows: &mut Flows,
) {
    if routers.is_empty() || view.get::<SwitchTraits>(port.switch).localnet.is_empty() {
        return;
    }
    let lookup = Stage::LsInL2Lkup;
    let actions = format!(
        "eth.src = {}; next(pipeline=ingress, table={});",
        own.mac,
        lookup.table()
    );
    for (leading, peer) in routers {
        let (leading, peer) = (view.get::<SwitchPort>(*leading), view.get::<RouterPort>(*peer));
        let (Some(leading), Some(peer)) = (leading.as_ref(), peer.as_ref()) else {
            continue;
        };
        for from in each(own, "src").filter(|_| !peer.names_chassis) {
            flows
                .add(
                    lookup,
                    60,
                    format!("inport == {} && {from} && eth.src != {}", leading.key, own.mac),
                    &*actions,
                )
                .hint(port.uuid);
        }
    }
}

/// Packets from (`src`) or to (`dst`) each of the IP addresses.
fn each<'a>(own: &'a Addresses, side: &'a str) -> impl Iterator<Item = String> + use<'a> {
    let v4 = own.v4.iter().map(move |v4| format!("ip4.{side} == {}", v4.addr));
    let v6 = own
        .v6
        .iter()
        .map(move |v6| format!("ip6.{side} == {}", v6_text(v6.addr)));
    v4.chain(v6)
}
