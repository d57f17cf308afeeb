//! Addresses of NAT rules and load balancers that other routers on the same switch can reach without a route of their
//! own (ovn-nb(5) "add_route"; ovn-northd(8) "Ingress Table 15: IP Routing", "21: ARP/ND Resolution").

use std::net::{IpAddr, Ipv4Addr};

use ovsdb_data::Uuid;

use super::arp_resolve::asks_neighbors;
use super::offered::offered;
use super::routing::{connected, lead};
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::{Mac, V4};
use crate::model::network::Prefix;
use crate::model::route::Via;
use crate::model::router::Router;
use crate::model::router_port::{Neighbors, RouterPort};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What can be reached through a port, by Ethernet address. Only IPv4 addresses are.
pub enum Routable {}

impl Derivation for Routable {
    type Key = Uuid;
    type Value = Vec<(Mac, Vec<Ipv4Addr>)>;
    const NODE: NodeId = Node::Routable;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<RouterPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Vec::new();
        };
        let v4 = |addr: IpAddr| match addr {
            IpAddr::V4(addr) => Some(addr),
            IpAddr::V6(_) => None,
        };
        let all = offered(view, port, true).into_iter();
        let all = all.map(|(mac, addresses)| (mac, addresses.into_iter().filter_map(v4).collect::<Vec<_>>()));
        all.filter(|(_, addresses)| !addresses.is_empty()).collect()
    }
}

/// The flows of a port, in the other routers on its switch.
pub enum RoutableFlows {}

impl Derivation for RoutableFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::RoutableFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, router, flows| {
            let routable = view.get::<Routable>(uuid);
            if routable.is_empty() {
                return;
            }
            for other in view.get::<Neighbors>(uuid).iter() {
                let other = view.get::<RouterPort>(*other);
                let Some(other) = other.as_ref() else { continue };
                if port.is_gateway || router.is_gateway() {
                    for addr in routable.iter().flat_map(|(_, addresses)| addresses) {
                        reach(view, flows, other, *addr);
                    }
                }
                resolve(view, flows, other, &routable);
            }
        })
    }
}

/// A route of another router.
fn reach(view: &View<'_>, flows: &mut Flows, from: &RouterPort, addr: Ipv4Addr) {
    let v4 = from.addresses.v4.first().map(|v4| IpAddr::from(v4.addr));
    let source = v4.unwrap_or_else(|| from.link_local().addr.into());
    let via = Via {
        port: from.uuid,
        source,
        nexthop: None,
    };
    let prefix = Prefix::from(V4 { addr, plen: 32 });
    lead(view, flows, &connected(prefix), 0, &via, from.uuid);
}

/// Gateways need not ask for the Ethernet addresses.
fn resolve(view: &View<'_>, flows: &mut Flows, from: &RouterPort, routable: &[(Mac, Vec<Ipv4Addr>)]) {
    let router = view.get::<Router>(from.router);
    let is_gateway = router.as_ref().as_ref().is_some_and(Router::is_gateway);
    if asks_neighbors(view, from.router) || !(is_gateway || from.is_gateway) {
        return;
    }
    for (mac, addresses) in routable {
        let addresses: Vec<String> = addresses.iter().map(Ipv4Addr::to_string).collect();
        flows.add_on(
            from.router,
            Stage::LrInArpResolve,
            100,
            format!("outport == {} && reg0 == {{{}}}", from.key, addresses.join(", ")),
            format!("eth.dst = {mac}; next;"),
        );
    }
}
