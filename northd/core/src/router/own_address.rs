//! Packets for a router's own addresses, which end here unless the address is also one that NAT or a load balancer
//! gives away: those end where no session has taken them (ovn-northd(8) "Ingress Table 3: IP Input", "21: ARP/ND
//! Resolution").

use std::collections::BTreeSet;
use std::net::IpAddr;

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::nat::{ForceSnat, SnatIps};
use crate::model::network::{Attached, RouterNetworks, ip_text};
use crate::model::router_vips::RouterBalancers;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// A router's own addresses that NAT or a load balancer gives away, too.
pub enum SharedAddresses {}

impl Derivation for SharedAddresses {
    type Key = Uuid;
    type Value = BTreeSet<IpAddr>;
    const NODE: NodeId = Node::SharedAddresses;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let snat = view.get::<SnatIps>(uuid);
        let balancers = view.get::<RouterBalancers>(uuid);
        let is_shared = |ip: &IpAddr| snat.contains(ip) || balancers.serve(view, &ip_text(*ip));
        let networks = view.get::<RouterNetworks>(uuid);
        networks.iter().flat_map(addresses).filter(is_shared).collect()
    }
}

fn addresses(port: &Attached) -> impl Iterator<Item = IpAddr> + '_ {
    let v4 = port.addresses.v4.iter().map(|v4| IpAddr::from(v4.addr));
    v4.chain(port.addresses.v6.iter().map(|v6| v6.addr.into()))
}

/// The flows of a port.
pub enum OwnAddressFlows {}

impl Derivation for OwnAddressFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::OwnAddressFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, router, flows| {
            let shared = view.get::<SharedAddresses>(router.uuid);
            let drop = &view.get::<Config>(()).drop;
            let v4: Vec<IpAddr> = port.addresses.v4.iter().map(|v4| v4.addr.into()).collect();
            let v6: Vec<IpAddr> = port.addresses.v6.iter().map(|v6| v6.addr.into()).collect();
            for (family, addresses) in [("ip4", v4), ("ip6", v6)] {
                let mut end = |stage: Stage, priority: u16, is_shared: bool| {
                    let ending = addresses.iter().filter(|ip| shared.contains(ip) == is_shared);
                    let ending: Vec<String> = ending.map(|ip| ip_text(*ip)).collect();
                    if !ending.is_empty() {
                        let for_them = format!("{family}.dst == {{{}}}", ending.join(", "));
                        flows.add(stage, priority, for_them, drop.clone()).hint(uuid);
                    }
                };
                // What load balancers took may come back to any of them.
                if !view.get::<ForceSnat>(router.uuid).lb_router_ip {
                    end(Stage::LrInIpInput, 60, false);
                }
                end(Stage::LrInArpResolve, 2, true);
            }
        })
    }
}
