//! What a router offers to others through a port besides the port's own addresses: those of NAT rules and load
//! balancers.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ovn_schemas::rows::ovn_northbound::{LoadBalancer, LoadBalancerGroup};
use ovsdb_data::Uuid;

use crate::graph::Derivation;
use crate::model::address::{Mac, V4};
use crate::model::nat::{Kind, Nat, RouterNats};
use crate::model::options::Options;
use crate::model::router::GatewayPorts;
use crate::model::router_port::RouterPort;
use crate::model::router_vips::{self, RouterBalancers};
use crate::model::served::BalancerServes;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The addresses of a load balancer that others are to have routes to.
pub enum RoutableVips {}

impl Derivation for RoutableVips {
    type Key = Uuid;
    type Value = BTreeSet<IpAddr>;
    const NODE: NodeId = Node::RoutableVips;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LoadBalancer<'_>>(uuid);
        let options = row.map_or_else(Options::default, |row| Options::of(&row.options()));
        if !options.is_true("add_route", false) || options.is_true("template", false) {
            return BTreeSet::new();
        }
        let served = view.get::<BalancerServes>(uuid);
        served.addresses.iter().map(|address| address.addr).collect()
    }
}

/// Those of a group of load balancers.
pub enum GroupRoutableVips {}

impl Derivation for GroupRoutableVips {
    type Key = Uuid;
    type Value = BTreeSet<IpAddr>;
    const NODE: NodeId = Node::GroupRoutableVips;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LoadBalancerGroup<'_>>(uuid);
        let mut all = BTreeSet::new();
        for balancer in row.iter().flat_map(|row| row.load_balancer().iter()) {
            all.extend(view.get::<RoutableVips>(balancer).iter());
        }
        all
    }
}

/// Those of a router.
fn routable_vips(view: &View<'_>, router: Uuid) -> BTreeSet<IpAddr> {
    let mut all = BTreeSet::new();
    let balancers = view.get::<RouterBalancers>(router);
    for group in &balancers.groups {
        all.extend(view.get::<GroupRoutableVips>(*group).iter());
    }
    for balancer in &balancers.balancers {
        all.extend(view.get::<RoutableVips>(*balancer).iter());
    }
    all
}

/// What is offered through a port, by Ethernet address: everything, or only what other routers are to have routes to.
pub(crate) fn offered(view: &View<'_>, port: &RouterPort, only_routable: bool) -> Vec<(Mac, Vec<IpAddr>)> {
    let n_gateways = view.get::<GatewayPorts>(port.router).len();
    let (mut all, mut of_port) = (Vec::new(), Vec::new());
    for rule in &view.get::<RouterNats>(port.router).rules {
        let nat = view.get::<Nat>(*rule);
        let Some(nat) = nat.as_ref() else { continue };
        let is_routable = nat.adds_route && nat.kind != Kind::Snat;
        let is_host = V4::parse(&nat.external_text).is_some_and(|v4| v4.plen == 32);
        if only_routable && !is_routable || !is_host || !nat.belongs_to(port, n_gateways) {
            continue;
        }
        let is_own = |v4: &V4| IpAddr::from(v4.addr) == nat.external;
        match nat.asks_distribution() {
            Some((_, mac, _)) if n_gateways > 0 && nat.kind == Kind::Both => {
                all.push((mac, vec![nat.external]));
            }
            _ if port.addresses.v4.iter().any(is_own) => {}
            _ => of_port.push(nat.external),
        }
    }
    match only_routable {
        true => of_port.extend(routable_vips(view, port.router)),
        false => {
            let vips = router_vips::all(view, port.router);
            of_port.extend(vips.iter().filter_map(|ip| ip.parse::<IpAddr>().ok()));
        }
    }
    if !of_port.is_empty() {
        all.push((port.addresses.mac, of_port));
    }
    all
}
