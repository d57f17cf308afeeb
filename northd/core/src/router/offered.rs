//! Addresses that NAT rules and load balancers of a router give away: which there are, and through which ports.
//! Flows of NAT and load balancers themselves are elsewhere.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{
    LoadBalancer, LoadBalancerGroup, LogicalRouter, LogicalSwitchPort, Nat,
};
use ovsdb_data::Uuid;

use crate::graph::Derivation;
use crate::model::address::{Mac, V4};
use crate::model::network::{Prefix, RouterNetworks};
use crate::model::router::{GatewayPorts, Router};
use crate::model::router_port::{RouterPort, SwitchPeer};
use crate::model::switch_port::RedirectPort;
use crate::nodes::Node;
use crate::view::View;

/// The addresses of a load balancer.
pub enum Vips {}

impl Derivation for Vips {
    type Key = Uuid;
    type Value = BTreeSet<IpAddr>;
    const NODE: Node = Node::OfferedVips;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LoadBalancer<'_>>(uuid);
        let vips = row.iter().flat_map(|row| row.vips().iter());
        vips.filter_map(|(vip, _)| address_of(vip)).collect()
    }
}

/// An address with or without a port.
fn address_of(text: &str) -> Option<IpAddr> {
    let addr = text.parse::<SocketAddr>().map(|addr| addr.ip());
    addr.or_else(|_| text.trim_matches(['[', ']']).parse()).ok()
}

/// The addresses of a group of load balancers.
pub enum GroupVips {}

impl Derivation for GroupVips {
    type Key = Uuid;
    type Value = BTreeSet<IpAddr>;
    const NODE: Node = Node::GroupVips;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LoadBalancerGroup<'_>>(uuid);
        let balancers = row.iter().flat_map(|row| row.load_balancer().iter());
        let mut all = BTreeSet::new();
        for balancer in balancers {
            all.extend(view.get::<Vips>(balancer).iter());
        }
        all
    }
}

/// The addresses of a router's load balancers.
pub enum RouterVips {}

impl Derivation for RouterVips {
    type Key = Uuid;
    type Value = BTreeSet<IpAddr>;
    const NODE: Node = Node::RouterVips;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        vips::<Vips, GroupVips>(view, uuid)
    }
}

/// The addresses of a router's load balancers, by what says which each has, and each group.
fn vips<One, Group>(view: &View<'_>, router: Uuid) -> BTreeSet<IpAddr>
where
    One: Derivation<Key = Uuid, Value = BTreeSet<IpAddr>>,
    Group: Derivation<Key = Uuid, Value = BTreeSet<IpAddr>>,
{
    let mut all = BTreeSet::new();
    if let Some(row) = view.row::<LogicalRouter<'_>>(router) {
        for group in row.load_balancer_group().iter() {
            all.extend(view.get::<Group>(group).iter());
        }
        for balancer in row.load_balancer().iter() {
            all.extend(view.get::<One>(balancer).iter());
        }
    }
    all
}

/// The addresses of a load balancer that others may reach.
pub enum RoutableVips {}

impl Derivation for RoutableVips {
    type Key = Uuid;
    type Value = BTreeSet<IpAddr>;
    const NODE: Node = Node::RoutableVips;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LoadBalancer<'_>>(uuid);
        let is_true = |key: &str| {
            row.as_ref()
                .is_some_and(|row| row.options().get(key) == Some("true"))
        };
        if !is_true("add_route") || is_true("template") {
            return BTreeSet::new();
        }
        view.get::<Vips>(uuid).as_ref().clone()
    }
}

/// Those of a group of load balancers.
pub enum GroupRoutableVips {}

impl Derivation for GroupRoutableVips {
    type Key = Uuid;
    type Value = BTreeSet<IpAddr>;
    const NODE: Node = Node::GroupRoutableVips;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LoadBalancerGroup<'_>>(uuid);
        let balancers = row.iter().flat_map(|row| row.load_balancer().iter());
        let mut all = BTreeSet::new();
        for balancer in balancers {
            all.extend(view.get::<RoutableVips>(balancer).iter());
        }
        all
    }
}

/// The addresses outside of a rule that makes sense.
pub(crate) struct External {
    /// The address.
    pub addr: IpAddr,
    /// As it was typed.
    pub text: Arc<str>,
    /// It is for what leaves only.
    pub is_snat: bool,
    /// The port whose chassis translates, if it is one.
    pub tracked: Option<Arc<str>>,
}

/// The address outside of a rule; none where the rule makes no sense.
pub(crate) fn external(view: &View<'_>, router: &Router, nat: Uuid) -> Option<External> {
    let nat = view.row::<Nat<'_>>(nat)?;
    if nat.allowed_ext_ips().is_some() && nat.exempted_ext_ips().is_some() {
        return None;
    }
    let addr = Prefix::parse(nat.external_ip())?.network;
    let is_snat = nat.r#type() == "snat";
    Prefix::parse(nat.logical_ip())
        .filter(|inside| inside.is_v4() == addr.is_ipv4() && (is_snat || inside.is_host()))?;
    if let Some(mac) = nat.external_mac() {
        Mac::parse(mac)?;
    }
    let gateways = view.get::<GatewayPorts>(router.uuid);
    let gateway = match (nat.gateway_port(), &gateways[..]) {
        (Some(port), _) => Some(gateways.contains(&port).then_some(port)?),
        (None, []) => None,
        (None, [one]) => Some(*one),
        (None, _) => {
            let networks = view.get::<RouterNetworks>(router.uuid);
            let mut ports = networks.iter().filter(|port| gateways.contains(&port.port));
            let port = ports.find(|port| port.towards(nat.external_ip()).is_some())?;
            Some(port.port)
        }
    };
    let name = |port: Uuid| {
        let port = view.get::<RouterPort>(port);
        port.as_ref().as_ref().map(|port| port.name.clone())
    };
    // Where the gateway port's peer is bound to a chassis, too, everything goes there.
    let is_central = gateway.is_some_and(|gateway| {
        view.get::<SwitchPeer>(gateway)
            .is_some_and(|peer| view.get::<RedirectPort>(peer).is_some())
    });
    let is_distributed = nat.r#type() == "dnat_and_snat" && nat.external_mac().is_some();
    let own = nat
        .logical_port()
        .filter(|_| gateway.is_some() && is_distributed && !is_central);
    let tracked = match own {
        Some(own) => view.holder(LogicalSwitchPort::NAME, own).map(|_| own.into()),
        None => gateway.and_then(name),
    };
    Some(External {
        addr,
        text: nat.external_ip().into(),
        is_snat,
        tracked,
    })
}

/// The addresses outside of a router's rules as they were typed, and the ports whose chassis translate.
pub enum Externals {}

impl Derivation for Externals {
    type Key = Uuid;
    type Value = Vec<(Arc<str>, Option<Arc<str>>)>;
    const NODE: Node = Node::Externals;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let (router, row) = (view.get::<Router>(uuid), view.row::<LogicalRouter<'_>>(uuid));
        let (Some(router), Some(row)) = (router.as_ref(), row) else {
            return Vec::new();
        };
        let rules = row.nat().iter().filter_map(|nat| external(view, router, nat));
        rules.map(|rule| (rule.text, rule.tracked)).collect()
    }
}

/// What is offered through a port besides its own addresses, by Ethernet address: everything, or only what other
/// routers are to have routes to.
pub(crate) fn offered(view: &View<'_>, port: &RouterPort, only_routable: bool) -> Vec<(Mac, Vec<IpAddr>)> {
    let Some(row) = view.row::<LogicalRouter<'_>>(port.router) else {
        return Vec::new();
    };
    let (mut all, mut of_port) = (Vec::new(), Vec::new());
    for nat in row.nat().iter() {
        match of_rule(view, port, nat, only_routable) {
            Some((Some(mac), addr)) => all.push((mac, vec![addr])),
            Some((None, addr)) if !port.addresses.v4.iter().any(|v4| v4.addr == addr) => of_port.push(addr),
            _ => {}
        }
    }
    of_port.extend(match only_routable {
        false => view.get::<RouterVips>(port.router).as_ref().clone(),
        true => vips::<RoutableVips, GroupRoutableVips>(view, port.router),
    });
    if !of_port.is_empty() {
        all.push((port.addresses.mac, of_port));
    }
    all
}

/// The address of a rule that is offered through a port, and its Ethernet address if it is not the port's.
fn of_rule(
    view: &View<'_>,
    port: &RouterPort,
    nat: Uuid,
    only_routable: bool,
) -> Option<(Option<Mac>, IpAddr)> {
    let nat = view.row::<Nat<'_>>(nat)?;
    let is_routable = nat.r#type() != "snat" && nat.options().get("add_route") == Some("true");
    if only_routable && !is_routable {
        return None;
    }
    let addr = V4::parse(nat.external_ip()).filter(|v4| v4.plen == 32)?.addr;
    let gateways = view.get::<GatewayPorts>(port.router);
    let is_through_port = match nat.gateway_port() {
        _ if gateways.len() < 2 => true,
        Some(gateway) => gateway == port.uuid,
        None => {
            let networks = view.get::<RouterNetworks>(port.router);
            let mut own = networks.iter().filter(|attached| attached.port == port.uuid);
            own.any(|own| own.towards(nat.external_ip()).is_some())
        }
    };
    let is_distributed =
        !gateways.is_empty() && nat.r#type() == "dnat_and_snat" && nat.logical_port().is_some();
    let mac = match nat.external_mac().filter(|_| is_distributed) {
        Some(mac) => Some(Mac::parse(mac)?),
        None => None,
    };
    is_through_port.then_some((mac, addr.into()))
}
