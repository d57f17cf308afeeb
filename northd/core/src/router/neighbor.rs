//! Neighbours: whether a router knows who sent an ARP or ND packet, and learning it (ovn-northd(8) "Ingress Table 1:
//! Neighbor lookup", "2: Neighbor learning").

use ovn_schemas::rows::ovn_northbound::LogicalRouterPort;
use ovn_schemas::rows::ovn_southbound::Chassis;
use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::copp::meter;
use crate::model::kube_ovn::release;
use crate::model::network::Prefix;
use crate::model::router::{Router, RouterPorts};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Whether a router has a port on a chassis of another zone.
pub enum IsTransitRouter {}

impl Derivation for IsTransitRouter {
    type Key = Uuid;
    type Value = bool;
    const NODE: NodeId = Node::IsTransitRouter;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&bool>) -> bool {
        let ports = view.get::<RouterPorts>(router);
        ports.iter().any(|port| is_remote(view, *port).unwrap_or(false))
    }
}

fn is_remote(view: &View<'_>, port: Uuid) -> Option<bool> {
    let options = view.row::<LogicalRouterPort<'_>>(port)?.options();
    let name = options.get("requested-chassis").filter(|name| !name.is_empty())?;
    let chassis = view
        .holder(Chassis::NAME, name)
        .or_else(|| view.holder(Chassis::HOSTNAME, name))?;
    let chassis = view.row::<Chassis<'_>>(chassis)?;
    Some(chassis.other_config().get("is-remote") == Some("true"))
}

/// Whether a router learns from every ARP request, not only from those for itself.
fn learns_always(router: &Router) -> bool {
    router.options.is_true("always_learn_from_arp_request", true)
}

/// The flows of a router.
pub enum NeighborFlows {}

impl Derivation for NeighborFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::NeighborFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |router, flows| {
            let flood = match *view.get::<IsTransitRouter>(uuid) {
                true => "flood_remote; ",
                false => "",
            };
            look_up(flows, learns_always(router), flood);
            learn(view, router, flows);
        })
    }
}

fn look_up(flows: &mut Flows, always: bool, flood: &str) {
    let stage = Stage::LrInLookupNeighbor;
    let unless_always = |text: &'static str| if always { "" } else { text };
    let known = unless_always("reg9[3] = 1; ");
    flows.add(
        stage,
        100,
        "arp.op == 2",
        format!("reg9[2] = lookup_arp(inport, arp.spa, arp.sha); {known}{flood}next;"),
    );
    flows.add(
        stage,
        100,
        "nd_na",
        format!("reg9[2] = lookup_nd(inport, nd.target, nd.tll); {known}{flood}next;"),
    );
    if !always {
        // Nobody asked for an advertisement to all nodes (RFC 4861 §4.4).
        flows.add(
            stage,
            110,
            "nd_na && ip6.src == fe80::/10 && ip6.dst == ff00::/8",
            format!(
                "reg9[2] = lookup_nd(inport, nd.target, nd.tll); reg9[3] = lookup_nd_ip(inport, nd.target); {flood}next;"
            ),
        );
    }
    flows.add(
        stage,
        100,
        "nd_ns",
        format!(
            "reg9[2] = lookup_nd(inport, ip6.src, nd.sll); {}next;",
            unless_always("reg9[3] = lookup_nd_ip(inport, ip6.src); ")
        ),
    );
    flows.add(stage, 0, "1", "reg9[2] = 1; next;");
}

fn learn(view: &View<'_>, router: &Router, flows: &mut Flows) {
    let stage = Stage::LrInLearnNeighbor;
    let meter = |protocol: &str| meter(view, router.copp, protocol);
    let known = match learns_always(router) {
        true => "reg9[2] == 1",
        false => "reg9[2] == 1 || reg9[3] == 0",
    };
    let used = match view.get::<Config>(()).kube_ovn.has_old(release::V22_12) {
        true => "next;",
        false => "mac_cache_use; next;",
    };
    flows.add(stage, 100, known, used);
    flows.add(stage, 95, "nd_ns && (ip6.src == 0 || nd.sll == 0)", "next;");
    flows
        .add(
            stage,
            95,
            "nd_na && nd.tll == 0",
            "put_nd(inport, nd.target, eth.src); next;",
        )
        .meter(meter("nd-na"));
    flows
        .add(stage, 90, "arp", "put_arp(inport, arp.spa, arp.sha); next;")
        .meter(meter("arp"));
    flows
        .add(stage, 90, "nd_na", "put_nd(inport, nd.target, nd.tll); next;")
        .meter(meter("nd-na"));
    flows
        .add(stage, 90, "nd_ns", "put_nd(inport, ip6.src, nd.sll); next;")
        .meter(meter("nd-ns"));
    flows.add(stage, 0, "1", view.get::<Config>(()).drop.clone());
}

/// The flows of a port.
pub enum PortNeighborFlows {}

impl Derivation for PortNeighborFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortNeighborFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, router, flows| {
            let stage = Stage::LrInLookupNeighbor;
            let always = learns_always(router);
            let resident = match port.is_gateway {
                true => format!(" && {}", port.is_resident()),
                false => String::new(),
            };
            for v4 in &port.addresses.v4 {
                let from = format!("inport == {} && arp.spa == {}", port.key, Prefix::from(*v4));
                let look_up = "reg9[2] = lookup_arp(inport, arp.spa, arp.sha);";
                if !always {
                    // Who asks for the router itself is always learned.
                    let asked = format!("{from} && arp.tpa == {} && arp.op == 1{resident}", v4.addr);
                    flows
                        .add(stage, 110, asked, format!("{look_up} reg9[3] = 1; next;"))
                        .hint(uuid);
                }
                let known = match always {
                    true => "",
                    false => "reg9[3] = lookup_arp_ip(inport, arp.spa); ",
                };
                flows
                    .add(
                        stage,
                        100,
                        format!("{from} && arp.op == 1{resident}"),
                        format!("{look_up} {known}next;"),
                    )
                    .hint(uuid);
            }
        })
    }
}
