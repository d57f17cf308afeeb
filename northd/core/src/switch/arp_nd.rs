//! Answers to ARP requests and neighbor solicitations for addresses that are known; virtual ports, which are where
//! somebody says he has their address; proxy ARP of routers (ovn-northd(8) "Ingress Table 22").
//!
//! Never here: addresses of load balancers' health checks, of forwarding groups.

use std::net::{IpAddr, Ipv6Addr};

use ovn_schemas::rows::ovn_northbound::LogicalSwitchPort;
use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::{Addresses, V6, v6_text};
use crate::model::config::Config;
use crate::model::copp;
use crate::model::router_port::RouterPort;
use crate::model::router_side::RouterSide;
use crate::model::switch::Switch;
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What answers an ARP request.
pub fn arp_reply(mac: &str, ip: &str) -> String {
    format!(
        "eth.dst = eth.src; eth.src = {mac}; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; arp.sha = {mac}; \
         arp.tpa = arp.spa; arp.spa = {ip}; outport = inport; flags.loopback = 1; output;"
    )
}

/// All addresses of a port, those that it has from its router too.
pub fn addresses(view: &View<'_>, port: &SwitchPort) -> Vec<Addresses> {
    let mut all = port.addresses.clone();
    if port.has_router_address
        && let Some(peer) = port.peer(view)
        && let Some(peer) = &*view.get::<RouterPort>(peer)
    {
        all.push(peer.addresses.clone());
    }
    all
}

/// The addresses for which a router answers in the place of others (`arp_proxy`).
pub struct Proxy {
    /// Its own Ethernet address, if the text has one.
    pub has_mac: bool,
    /// The addresses.
    pub addresses: Addresses,
}

/// The proxy of a port that leads to a router.
pub fn proxy(port: &SwitchPort) -> Option<Proxy> {
    let text = port.options.get("arp_proxy")?;
    if let Some(addresses) = Addresses::parse(text) {
        return Some(Proxy {
            has_mac: addresses.mac != Default::default(),
            addresses,
        });
    }
    let mut addresses = Addresses::default();
    for word in text.split_ascii_whitespace() {
        if !addresses.add(word) {
            break;
        }
    }
    if addresses.v4.is_empty() && addresses.v6.is_empty() {
        tracing::warn!("Invalid arp_proxy option: '{text}' at lsp '{}'", port.name);
        return None;
    }
    Some(Proxy {
        has_mac: false,
        addresses,
    })
}

/// Whether a router on a switch answers in the place of others.
pub enum HasProxy {}

impl Derivation for HasProxy {
    type Key = Uuid;
    type Value = bool;
    const NODE: NodeId = Node::HasProxy;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&bool>) -> bool {
        let routers = view.get::<RouterSide>(uuid);
        let mut ports = routers.iter().map(|(lsp, _)| view.get::<SwitchPort>(*lsp));
        ports.any(|port| port.as_ref().as_ref().is_some_and(|port| proxy(port).is_some()))
    }
}

/// The flows of a switch.
pub enum SwitchArpNdFlows {}

impl Derivation for SwitchArpNdFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchArpNdFlows;

    fn derive(_: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        flows.add(Stage::LsInArpRsp, 0, "1", "next;");
        flows
    }
}

/// The flows of a port.
pub enum ArpNdFlows {}

impl Derivation for ArpNdFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::ArpNdFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on(port.switch);
        if port.r#type == Type::Localnet && !*view.get::<HasProxy>(port.switch) {
            flows
                .add(Stage::LsInArpRsp, 100, format!("inport == {}", port.key), "next;")
                .hint(uuid)
                .tag(&port.name);
        }
        match port.r#type {
            Type::Virtual => bind_virtual(view, port, &mut flows),
            _ => {
                answer(view, port, &mut flows);
                answer_for_others(view, port, &mut flows);
            }
        }
        flows
    }
}

/// Whoever of its parents says that he has the virtual address gets the port.
fn bind_virtual(view: &View<'_>, port: &SwitchPort, flows: &mut Flows) {
    let (Some(ip), Some(parents)) = (
        port.options.get("virtual-ip"),
        port.options.get("virtual-parents"),
    ) else {
        return;
    };
    let Ok(addr) = ip.parse::<IpAddr>() else { return };
    for parent in parents.split(',').filter(|parent| !parent.is_empty()) {
        let Some(row) = port_named(view, parent).filter(|row| is_on(view, *row, port.switch)) else {
            continue;
        };
        let said = match addr {
            IpAddr::V4(_) => {
                format!(
                    "((arp.op == 1 && arp.spa == {ip} && arp.tpa == {ip}) || (arp.op == 2 && arp.spa == {ip}))"
                )
            }
            IpAddr::V6(addr) => {
                let group = v6_text(V6 { addr, plen: 128 }.solicited_node());
                format!(
                    "((nd_ns && ip6.dst == {{{ip}, {group}}} && nd.target == {ip}) ||(nd_na && nd.target == {ip}))"
                )
            }
        };
        flows
            .add(
                Stage::LsInArpRsp,
                100,
                format!("inport == \"{parent}\" && {said}"),
                format!("bind_vport({}, inport); next;", port.key),
            )
            .hint(row)
            .tag(parent);
    }
}

/// The switch port of a name.
pub fn port_named(view: &View<'_>, name: &str) -> Option<Uuid> {
    let rows = view.holders(LogicalSwitchPort::NAME, name);
    rows.into_iter()
        .find(|row| view.get::<SwitchPort>(*row).is_some())
}

fn is_on(view: &View<'_>, port: Uuid, switch: Uuid) -> bool {
    let port = view.get::<SwitchPort>(port);
    port.as_ref().as_ref().is_some_and(|port| port.switch == switch)
}

/// Answers for the port's own addresses, except to itself: it asks whether somebody else has them.
fn answer(view: &View<'_>, port: &SwitchPort, flows: &mut Flows) {
    if port.r#type == Type::External || port.has_unknown {
        return;
    }
    if port.r#type == Type::Vif && port.options.is_true("disable_arp_nd_rsp", false) {
        return;
    }
    let is_always_up = matches!(port.r#type, Type::Router | Type::Localport);
    if !is_always_up && !view.get::<Config>(()).ignore_lsp_down && !is_up(view, port.uuid) {
        return;
    }
    let switch = view.get::<Switch>(port.switch);
    let Some(switch) = switch.as_ref().as_ref().filter(|switch| !switch.passes_vlans()) else {
        return;
    };
    let meter = copp::meter(view, switch.copp, "nd-na");
    for Addresses { mac, v4, v6 } in addresses(view, port) {
        let mac = mac.to_string();
        for v4 in v4 {
            let asked = format!(
                "arp.tpa == {} && arp.op == 1 && eth.dst == ff:ff:ff:ff:ff:ff",
                v4.addr
            );
            flows
                .add(
                    Stage::LsInArpRsp,
                    50,
                    &*asked,
                    arp_reply(&mac, &v4.addr.to_string()),
                )
                .hint(port.uuid);
            let_own_pass(port, &asked, flows);
        }
        for v6 in v6 {
            let (ip, group) = (v6_text(v6.addr), v6_text(v6.solicited_node()));
            let asked = format!("nd_ns_mcast && ip6.dst == {group} && nd.target == {ip}");
            flows
                .add(
                    Stage::LsInArpRsp,
                    50,
                    &*asked,
                    nd_reply(port.r#type, &mac, &ip, &ip),
                )
                .hint(port.uuid)
                .meter(meter.clone());
            let_own_pass(port, &asked, flows);
        }
    }
}

fn is_up(view: &View<'_>, port: Uuid) -> bool {
    view.row::<LogicalSwitchPort<'_>>(port)
        .is_some_and(|row| row.up() == Some(true))
}

fn let_own_pass(port: &SwitchPort, asked: &str, flows: &mut Flows) {
    flows
        .add(
            Stage::LsInArpRsp,
            100,
            format!("{asked} && inport == {}", port.key),
            "next;",
        )
        .hint(port.uuid)
        .tag(&port.name);
}

fn nd_reply(r#type: Type, mac: &str, source: &str, target: &str) -> String {
    let action = match r#type {
        Type::Router => "nd_na_router",
        _ => "nd_na",
    };
    format!(
        "{action} {{ eth.src = {mac}; ip6.src = {source}; nd.target = {target}; nd.tll = {mac}; outport = inport; \
         flags.loopback = 1; output; }};"
    )
}

/// Answers of a router in the place of others.
fn answer_for_others(view: &View<'_>, port: &SwitchPort, flows: &mut Flows) {
    let Some(peer) = port.peer(view) else {
        return;
    };
    let Some(Proxy { has_mac, addresses }) = proxy(port) else {
        return;
    };
    let peer = view.get::<RouterPort>(peer);
    let Some(peer) = peer.as_ref() else { return };
    let mac = match has_mac {
        true => addresses.mac.to_string(),
        false => peer.addresses.mac.to_string(),
    };
    if !addresses.v4.is_empty() {
        let networks: Vec<String> = addresses
            .v4
            .iter()
            .map(|v4| format!("{}/{}", v4.addr, v4.plen))
            .collect();
        flows
            .add(
                Stage::LsInArpRsp,
                30,
                format!(
                    "reg0[18] == 0 && arp.op == 1 && arp.tpa == {{{}}}",
                    networks.join(",")
                ),
                format!(
                    "eth.dst = eth.src; eth.src = {mac}; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; \
                     arp.sha = {mac}; arp.tpa <-> arp.spa; outport = inport; flags.loopback = 1; output;"
                ),
            )
            .hint(port.uuid);
    }
    if addresses.v6.is_empty() {
        return;
    }
    let network = |addr: Ipv6Addr, plen: u8| format!("{}/{plen}", v6_text(addr));
    let destinations: Vec<String> = addresses
        .v6
        .iter()
        .flat_map(|v6| [network(v6.addr, v6.plen), network(v6.solicited_node(), v6.plen)])
        .collect();
    let targets: Vec<String> = addresses.v6.iter().map(|v6| network(v6.addr, v6.plen)).collect();
    let switch = view.get::<Switch>(port.switch);
    let copp = switch.as_ref().as_ref().and_then(|switch| switch.copp);
    flows
        .add(
            Stage::LsInArpRsp,
            30,
            format!(
                "reg0[18] == 0 && nd_ns && ip6.dst == {{ {} }} && nd.target == {{ {} }}",
                destinations.join(", "),
                targets.join(", ")
            ),
            nd_reply(port.r#type, &mac, "nd.target", "nd.target"),
        )
        .hint(port.uuid)
        .meter(copp::meter(view, copp, "nd-na"));
}
