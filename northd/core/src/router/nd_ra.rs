//! Router advertisements, as ovn-controller answers solicitations with them (ovn-northd(8) "Ingress Table 12: IPv6 ND
//! RA option processing", "13: IPv6 ND RA responder").

use std::fmt::Write;

use ovn_schemas::rows::ovn_northbound::LogicalRouterPort;
use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::v6_text;
use crate::model::copp::meter;
use crate::model::network::Prefix;
use crate::model::options::Options;
use crate::model::router_port::{RouterPort, SwitchPeer};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The shortest MTU of IPv6 (RFC 8200 §5).
const MTU_MIN: i64 = 1280;

/// The flows of a router.
pub enum NdRaFlows {}

impl Derivation for NdRaFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::NdRaFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |_, flows| {
            flows.add(Stage::LrInNdRaOptions, 0, "1", "next;");
            flows.add(Stage::LrInNdRaResponse, 0, "1", "next;");
        })
    }
}

/// The flows of a port.
pub enum PortNdRaFlows {}

impl Derivation for PortNdRaFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortNdRaFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, router, flows| {
            if port.peer.is_some() || view.get::<SwitchPeer>(uuid).is_none() {
                return;
            }
            let Some(row) = view.row::<LogicalRouterPort<'_>>(uuid) else {
                return;
            };
            let Some(options) = options(port, &Options::of(&row.ipv6_ra_configs())) else {
                return;
            };
            let (key, mac) = (&port.key, port.addresses.mac);
            let asked = format!("inport == {key} && ip6.dst == ff02::2 &&");
            flows
                .add(
                    Stage::LrInNdRaOptions,
                    50,
                    format!("{asked} nd_rs"),
                    format!("reg0[5] = put_nd_ra_opts({options}); next;"),
                )
                .hint(uuid)
                .meter(meter(view, router.copp, "nd-ra-opts"));
            flows
                .add(
                    Stage::LrInNdRaResponse,
                    50,
                    format!("{asked} nd_ra && reg0[5]"),
                    format!(
                        "eth.dst = eth.src; eth.src = {mac}; ip6.dst = ip6.src; ip6.src = {}; outport = inport; \
                         flags.loopback = 1; output;",
                        v6_text(port.link_local().addr)
                    ),
                )
                .hint(uuid);
        })
    }
}

/// What a port advertises; nothing where it has no network to advertise.
fn options(port: &RouterPort, config: &Options) -> Option<String> {
    let mode = config.get("address_mode")?;
    if !["slaac", "dhcpv6_stateful", "dhcpv6_stateless"].contains(&mode) {
        tracing::warn!("Invalid address mode [{mode}] defined");
        return None;
    }
    let mut prefixes = String::new();
    for prefix in port.addresses.v6.iter().map(|v6| Prefix::from(*v6)) {
        if !prefix.is_link_local() {
            prefixes += &format!(", prefix = {prefix}");
        }
    }
    if prefixes.is_empty() {
        return None;
    }
    let mut options = format!("addr_mode = \"{mode}\", slla = {}", port.addresses.mac);
    let mut add = |text: std::fmt::Arguments<'_>| {
        // Writing to a text does not fail.
        let _ = options.write_fmt(text);
    };
    let mtu = config.number("mtu", 0);
    if mtu >= MTU_MIN {
        add(format_args!(", mtu = {mtu}"));
    }
    if let Some(preference) = config.get("router_preference").filter(|text| *text != "MEDIUM") {
        add(format_args!(", router_preference = \"{preference}\""));
    }
    if let Some(servers) = config.get("rdnss") {
        add(format_args!(", rdnss = {servers}"));
    }
    if let Some(domains) = config.get("dnssl") {
        add(format_args!(", dnssl = \"{domains}\""));
    }
    if let Some(routes) = config.get("route_info") {
        add(format_args!(", route_info = \"{routes}\""));
    }
    Some(options + &prefixes)
}
