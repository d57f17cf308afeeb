//! What comes in for addresses outside: frames for their Ethernet addresses, questions for these, packets too big for
//! the way on (ovn-northd(8) "Ingress Table 0: L2 Admission Control", "3: IP Input").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalSwitchPort;
use ovsdb_data::Uuid;

use super::nat::Rule;
use crate::flow::{Flows, Stage};
use crate::model::address::V6;
use crate::model::copp;
use crate::model::nat::{Kind, is_peer_central};
use crate::model::network::ip_text;
use crate::model::router_port::{RouterPort, SwitchPeer};
use crate::model::switch::SwitchTraits;
use crate::model::switch_port::SwitchPort;
use crate::view::View;

/// The Ethernet address of the port that a packet came in by.
const INPORT_MAC: &str = "xreg0[0..47]";

/// Answers to questions for a rule's address outside: one rule with that address gives them.
pub fn replies(view: &View<'_>, rule: &Rule<'_>, gateways: &[Uuid], flows: &mut Flows) {
    if !rule.rank.speaks {
        return;
    }
    let meter = match rule.nat.family() {
        '4' => None,
        _ => copp::meter(view, rule.router.copp, "nd-na"),
    };
    let question = question(rule);
    // A rule that translates what comes in has the better claim to the address.
    let yields = rule.nat.kind == Kind::Snat;
    flows
        .add(Stage::LrInIpInput, 90, question.clone(), reply(rule, INPORT_MAC))
        .meter(meter.clone())
        .hint(rule.nat.uuid)
        .yields(yields);
    for uuid in gateways {
        let port = view.get::<RouterPort>(*uuid);
        let belongs = |port: &&RouterPort| rule.nat.belongs_to(port, gateways.len());
        let Some(port) = port.as_ref().as_ref().filter(belongs) else {
            continue;
        };
        if is_peer_central(view, *uuid) {
            continue;
        }
        // One chassis answers, so that switches outside learn where it is.
        let (here, mac) = match rule.nat.asks_distribution() {
            Some((logical_port, _, mac)) => (format!("is_chassis_resident(\"{logical_port}\")"), mac),
            None => (port.is_resident(), INPORT_MAC),
        };
        let at_port = format!("inport == {} && {question}", port.key);
        flows
            .add(
                Stage::LrInIpInput,
                92,
                format!("{at_port} && {here}"),
                reply(rule, mac),
            )
            .meter(meter.clone())
            .hint(rule.nat.uuid)
            .yields(yields);
        flows
            .add(Stage::LrInIpInput, 91, at_port, rule.drop.clone())
            .hint(rule.nat.uuid)
            .yields(yields);
    }
}

fn question(rule: &Rule<'_>) -> String {
    let address = rule.nat.external();
    match rule.nat.external {
        std::net::IpAddr::V4(_) => format!("arp.op == 1 && arp.tpa == {address}"),
        std::net::IpAddr::V6(addr) => {
            let multicast = ip_text(V6 { addr, plen: 128 }.solicited_node().into());
            format!("ip6.dst == {{{address}, {multicast}}} && nd_ns && nd.target == {address}")
        }
    }
}

fn reply(rule: &Rule<'_>, mac: &str) -> String {
    match rule.nat.family() {
        '4' => format!(
            "eth.dst = eth.src; eth.src = {mac}; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; arp.sha = {mac}; \
             arp.tpa <-> arp.spa; outport = inport; flags.loopback = 1; output;"
        ),
        _ => format!(
            "nd_na {{ eth.src = {mac}; ip6.src = nd.target; nd.tll = {mac}; outport = inport; flags.loopback = 1; \
             output; }};"
        ),
    }
}

/// What a rule lets in.
pub fn admission(view: &View<'_>, rule: &Rule<'_>, flows: &mut Flows) {
    let (nat, Some(port)) = (rule.nat, rule.port) else {
        return;
    };
    if nat.kind == Kind::Snat {
        let own = format!(
            "inport == {} && {}",
            port.key,
            rule.address("src", &nat.external_text)
        );
        flows.add(Stage::LrInIpInput, 120, own, "next;").hint(nat.uuid);
    }
    let (Some(_), Some((mac, mac_text))) = (&rule.distributed_to, &nat.mac) else {
        return;
    };
    let r#match = format!("eth.dst == {mac} && inport == {}{}", port.key, rule.at_home());
    let actions = format!("{INPORT_MAC} = {}; next;", port.addresses.mac);
    let mtu = port.options.number("gateway_mtu", 0);
    let check = match mtu > 0 {
        true => format!("reg9[1] = check_pkt_larger({}); ", mtu + header_len(view, port)),
        false => String::new(),
    };
    flows
        .add(
            Stage::LrInAdmission,
            50,
            r#match.clone(),
            format!("{check}{actions}"),
        )
        .hint(nat.uuid);
    if mtu > 0
        && let Some(bypass) = port.options.get("gateway_mtu_bypass")
    {
        let r#match = format!("{match} && ({bypass})");
        flows
            .add(Stage::LrInAdmission, 55, r#match, actions)
            .hint(nat.uuid);
    }
    if mtu != 0 {
        too_big(view, rule, port, mac_text, mtu, flows);
    }
}

/// The length of the Ethernet header before what comes in by a port.
fn header_len(view: &View<'_>, port: &RouterPort) -> i64 {
    let is_tagged = |port: &Uuid| {
        view.row::<LogicalSwitchPort<'_>>(*port).is_some_and(|port| {
            let has_parent = port.parent_name().is_some_and(|parent| !parent.is_empty());
            port.tag_request().is_some_and(|tag| tag != 0 || has_parent)
        })
    };
    let peer = view
        .get::<SwitchPeer>(port.uuid)
        .map(|peer| view.get::<SwitchPort>(peer));
    let switch = peer.and_then(|peer| peer.as_ref().as_ref().map(|peer| peer.switch));
    let localnet = switch.map(|switch| view.get::<SwitchTraits>(switch));
    match localnet.is_some_and(|traits| traits.localnet.iter().any(is_tagged)) {
        true => 18,
        false => 14,
    }
}

/// The sender of what is too big is told so, in the name of the address outside.
fn too_big(view: &View<'_>, rule: &Rule<'_>, port: &RouterPort, mac: &Arc<str>, mtu: i64, flows: &mut Flows) {
    let (nat, key) = (rule.nat, &port.key);
    let outside = &nat.external_text;
    let (v, ip) = (nat.family(), format!("ip{}", nat.family()));
    let what = match v {
        '4' => format!(
            "icmp4.type = 3; /* Destination Unreachable. */ icmp4.code = 4; /* Frag Needed and DF was Set. */ \
             icmp4.frag_mtu = {mtu};"
        ),
        _ => format!("icmp6.type = 2; /* Packet Too Big. */ icmp6.code = 0; icmp6.frag_mtu = {mtu};"),
    };
    flows
        .add(
            Stage::LrInIpInput,
            160,
            format!("inport == {key} && reg9[1] && reg9[0] == 0 && {ip} && {ip}.dst == {outside}"),
            format!(
                "icmp{v}_error {{reg9[0] = 1; reg9[1] = 0; eth.dst = eth.src; eth.src = {mac}; {ip}.dst = {ip}.src; \
                 {ip}.src = {outside}; ip.ttl = 254; {what} outport = {key}; flags.loopback = 1; output; }};"
            ),
        )
        .meter(copp::meter(view, rule.router.copp, &format!("icmp{v}-error")))
        .hint(nat.uuid);
}
