//! The Ethernet addresses under which a router answers for its NAT rules' external addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LogicalRouter, Nat};
use ovsdb_data::Uuid;

use crate::graph::Derivation;
use crate::model::address::{Addresses, Mac, V4, V6};
use crate::model::router::GatewayPorts;
use crate::model::router_port::RouterPort;
use crate::nodes::Node;
use crate::view::View;

/// The `external_mac`s of a router's NAT rules that make sense, as they were typed.
pub enum ExternalMacs {}

impl Derivation for ExternalMacs {
    type Key = Uuid;
    type Value = BTreeSet<Arc<str>>;
    const NODE: Node = Node::ExternalMacs;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<LogicalRouter<'_>>(router) else {
            return BTreeSet::new();
        };
        let rules = row.nat().iter().filter_map(|nat| view.row::<Nat<'_>>(nat));
        let valid = rules.filter(|nat| nat.r#type() != "snat" && makes_sense(view, router, nat));
        valid.filter_map(|nat| Some(nat.external_mac()?.into())).collect()
    }
}

fn makes_sense(view: &View<'_>, router: Uuid, nat: &Nat<'_>) -> bool {
    let mut external = Addresses::default();
    external.add(nat.external_ip());
    let external = match (&external.v4[..], &external.v6[..]) {
        ([v4], []) => IpAddr::V4(v4.addr),
        ([], [v6]) => IpAddr::V6(v6.addr),
        _ => return false,
    };
    let is_host = match external {
        IpAddr::V4(_) => V4::parse(nat.logical_ip()).is_some_and(|v4| v4.plen == 32),
        IpAddr::V6(_) => V6::parse(nat.logical_ip()).is_some_and(|v6| v6.plen == 128),
    };
    let has_both = nat.allowed_ext_ips().is_some() && nat.exempted_ext_ips().is_some();
    is_host
        && !has_both
        && nat.external_mac().is_none_or(|mac| Mac::parse(mac).is_some())
        && has_gateway(view, router, nat.gateway_port(), external)
}

/// Whether it is clear at which gateway port a rule's external address is, or there is none at all.
fn has_gateway(view: &View<'_>, router: Uuid, asked: Option<Uuid>, external: IpAddr) -> bool {
    let gateways = view.get::<GatewayPorts>(router);
    if let Some(asked) = asked {
        return gateways.contains(&asked);
    }
    let reaches = |port: &Uuid| {
        let port = view.get::<RouterPort>(*port);
        let Some(port) = port.as_ref() else { return false };
        match external {
            IpAddr::V4(addr) => port.addresses.v4.iter().any(|v4| v4.contains(addr)),
            IpAddr::V6(addr) => port.addresses.v6.iter().any(|v6| v6.contains(addr)),
        }
    };
    gateways.len() < 2 || gateways.iter().any(reaches)
}
