//! `Port_Binding.nat_addresses`: what ovn-controller announces on a switch for the router behind a port (ovn-sb(5),
//! ovn-nb(5) "nat-addresses").

use std::net::IpAddr;

use ovn_schemas::rows::ovn_southbound::PortBinding;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::model::address::{Addresses, V4};
use crate::model::nat::{Kind, Nat, NatTraits, RouterNats};
use crate::model::router::{GatewayPorts, Router};
use crate::model::router_port::RouterPort;
use crate::model::router_vips::{self, HasVip};
use crate::model::switch::SwitchTraits;
use crate::model::switch_port::SwitchPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The column of the row of a port of type `router`; others own the row.
pub enum NatAddresses {}

impl Derivation for NatAddresses {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::NatAddresses;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Vec::new();
        };
        let columns = Columns::<PortBinding<'static>>::new().set(
            PortBinding::NAT_ADDRESSES,
            announced(view, port).unwrap_or_default(),
        );
        vec![Desired::update(named("Port_Binding", &port.name), columns)]
    }
}

/// What is announced for the router behind a port; none where there is none.
fn announced(view: &View<'_>, port: &SwitchPort) -> Option<Vec<String>> {
    let peer = view.get::<RouterPort>(port.peer(view)?);
    let peer = peer.as_ref().as_ref()?;
    let router = view.get::<Router>(peer.router);
    let router = router.as_ref().as_ref()?;
    let gateways = view.get::<GatewayPorts>(router.uuid);
    let central = match peer.is_gateway {
        true => Some(peer.uuid),
        false => gateways.first().copied(),
    };
    let central = central.map(|port| view.get::<RouterPort>(port));
    // Where the gateway port is, if there is one.
    let at_center = central
        .as_ref()
        .and_then(|port| port.as_ref().as_ref())
        .map_or_else(String::new, |port| format!(" {}", port.is_resident()));
    let mut announced = Vec::new();
    let has_center = router.is_gateway() || !gateways.is_empty();
    match port.options.get("nat-addresses").filter(|_| has_center) {
        Some("router") => {
            let with_vips = !port.options.is_true("exclude-lb-vips-from-garp", false);
            of_router(view, peer, gateways.len(), with_vips, &mut announced);
        }
        Some(text) if Addresses::parse(text).is_some() => announced.push(format!("{text}{at_center}")),
        Some(text) => tracing::warn!("Logical_Switch_Port {}: bad nat-addresses {text}", port.name),
        None => {}
    }
    let resides = peer.options.is_true("reside-on-redirect-chassis", false);
    let is_own = match gateways.len() {
        0 => router.is_gateway() && !view.get::<SwitchTraits>(port.switch).localnet.is_empty(),
        n => peer.is_gateway || (resides && n == 1),
    };
    if is_own {
        let ips = peer.addresses.v4.iter().map(|v4| format!(" {}", v4.addr));
        announced.push(format!(
            "{}{}{at_center}",
            peer.addresses.mac,
            ips.collect::<String>()
        ));
    }
    Some(announced)
}

/// The addresses outside of a router's rules, and those that its load balancers serve, as a port of it has them.
fn of_router(
    view: &View<'_>,
    port: &RouterPort,
    n_gateways: usize,
    with_vips: bool,
    announced: &mut Vec<String>,
) {
    let has_rules = view.get::<NatTraits>(port.router).has_any;
    if !(has_rules || with_vips && *view.get::<HasVip>(port.router)) {
        return;
    }
    let mut central = Vec::new();
    for rule in &view.get::<RouterNats>(port.router).rules {
        let nat = view.get::<Nat>(*rule);
        let is_host = |nat: &&Nat| V4::parse(&nat.external_text).is_some_and(|v4| v4.plen == 32);
        let belongs = |nat: &&Nat| nat.belongs_to(port, n_gateways);
        let Some(nat) = nat.as_ref().as_ref().filter(is_host).filter(belongs) else {
            continue;
        };
        let outside = &nat.external_text;
        match nat.asks_distribution() {
            Some((logical_port, mac, _)) if n_gateways > 0 && nat.kind == Kind::Both => {
                announced.push(format!("{mac} {outside} is_chassis_resident(\"{logical_port}\")"));
            }
            _ if port
                .addresses
                .v4
                .iter()
                .any(|v4| IpAddr::from(v4.addr) == nat.external) => {}
            _ => central.push(outside.clone()),
        }
    }
    if with_vips {
        central.extend(router_vips::all(view, port.router));
    }
    if !central.is_empty() {
        let here = match port.is_gateway {
            true => format!(" {}", port.is_resident()),
            false => String::new(),
        };
        announced.push(format!("{} {}{here}", port.addresses.mac, central.join(" ")));
    }
}
