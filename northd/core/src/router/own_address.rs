//! Packets for a router's own addresses, which end here unless the address is also one that NAT or a load balancer
//! gives away: those end where no session has taken them (ovn-northd(8) "Ingress Table 3: IP Input", "21: ARP/ND
//! Resolution").

use std::collections::BTreeSet;
use std::net::IpAddr;

use ovn_schemas::rows::ovn_northbound::LogicalRouter;
use ovsdb_data::Uuid;

use super::offered::{GroupVips, Vips, external};
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::Addresses;
use crate::model::config::Config;
use crate::model::network::{Attached, RouterNetworks, ip_text};
use crate::model::router::Router;
use crate::nodes::Node;
use crate::view::View;

/// A router's own addresses that NAT or a load balancer gives away, too.
pub enum SharedAddresses {}

impl Derivation for SharedAddresses {
    type Key = Uuid;
    type Value = BTreeSet<IpAddr>;
    const NODE: Node = Node::SharedAddresses;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut shared = BTreeSet::new();
        let (router, row) = (view.get::<Router>(uuid), view.row::<LogicalRouter<'_>>(uuid));
        let (Some(router), Some(row)) = (router.as_ref(), row) else {
            return shared;
        };
        let networks = view.get::<RouterNetworks>(uuid);
        let own: BTreeSet<IpAddr> = networks.iter().flat_map(addresses).collect();
        let mut share =
            |others: &BTreeSet<IpAddr>| shared.extend(own.iter().filter(|ip| others.contains(ip)));
        for group in row.load_balancer_group().iter() {
            share(&view.get::<GroupVips>(group));
        }
        for balancer in row.load_balancer().iter() {
            share(&view.get::<Vips>(balancer));
        }
        share(&forced(router));
        let snat = row.nat().iter().filter_map(|nat| snat(view, router, nat));
        share(&snat.collect());
        shared
    }
}

fn addresses(port: &Attached) -> impl Iterator<Item = IpAddr> + '_ {
    let v4 = port.addresses.v4.iter().map(|v4| IpAddr::from(v4.addr));
    v4.chain(port.addresses.v6.iter().map(|v6| v6.addr.into()))
}

/// Whether what load balancers take on a gateway router gets the address of the port that it leaves by.
fn forces_own_address(router: &Router) -> bool {
    router.is_gateway() && router.options.get("lb_force_snat_ip") == Some("router_ip")
}

/// The addresses that everything with other addresses gets: the first one of each family.
fn forced(router: &Router) -> BTreeSet<IpAddr> {
    let mut all = BTreeSet::new();
    for key in ["dnat_force_snat_ip", "lb_force_snat_ip"] {
        let mut addresses = Addresses::default();
        let texts = router.options.get(key).unwrap_or_default();
        for text in texts.split_ascii_whitespace() {
            addresses.add(text);
        }
        all.extend(addresses.v4.first().map(|v4| IpAddr::from(v4.addr)));
        all.extend(addresses.v6.first().map(|v6| IpAddr::from(v6.addr)));
    }
    all
}

/// The address that a rule gives to what leaves.
fn snat(view: &View<'_>, router: &Router, nat: Uuid) -> Option<IpAddr> {
    let rule = external(view, router, nat)?;
    rule.is_snat.then_some(rule.addr)
}

/// The flows of a port.
pub enum OwnAddressFlows {}

impl Derivation for OwnAddressFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: Node = Node::OwnAddressFlows;

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
                if !forces_own_address(router) {
                    end(Stage::LrInIpInput, 60, false);
                }
                end(Stage::LrInArpResolve, 2, true);
            }
        })
    }
}
