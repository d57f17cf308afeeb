//! `Advertised_Route`: what routing protocols tell others about (ovn-sb(5); ovn-nb(5) "dynamic-routing-redistribute").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalSwitchPort;
use ovn_schemas::rows::ovn_southbound::AdvertisedRoute;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use super::datapath_binding::datapath_id;
use super::port_binding::port_binding_id;
use crate::desired::{Desired, Hasher};
use crate::graph::Derivation;
use crate::model::nat::{Nat, Placed, RouterNats};
use crate::model::network::{Attached, Prefix, SwitchRouters, ip_text};
use crate::model::redistribution::Redistribution;
use crate::model::route::{Origin, Route, routers_with};
use crate::model::router::{GatewayPorts, Router};
use crate::model::router_port::{Neighbors, RouterPeer, RouterPort};
use crate::model::router_vips;
use crate::model::switch_port::SwitchPort;
use crate::nodes::{Node, NodeId};
use crate::router::offered::offered;
use crate::router::peer_switch;
use crate::view::View;

/// A port that advertises.
struct Advertiser<'a> {
    router: Uuid,
    port: &'a str,
    rows: Vec<Desired>,
}

impl Advertiser<'_> {
    fn on(port: &RouterPort) -> Advertiser<'_> {
        Advertiser {
            router: port.router,
            port: &port.name,
            rows: Vec::new(),
        }
    }

    /// A row, best told by the chassis of another port, if there is one.
    fn add(&mut self, prefix: &str, tracked: Option<&str>) {
        let mut hasher = Hasher::new("Advertised_Route");
        hasher.bytes(self.router.as_bytes());
        for text in [self.port, prefix, tracked.unwrap_or_default()] {
            hasher.text(text);
        }
        let columns = Columns::new()
            .set(AdvertisedRoute::DATAPATH, datapath_id(self.router))
            .set(AdvertisedRoute::LOGICAL_PORT, port_binding_id(self.port))
            .set(AdvertisedRoute::IP_PREFIX, prefix)
            .set(AdvertisedRoute::TRACKED_PORT, tracked.map(port_binding_id));
        let row = Desired::row(hasher.finish(), columns);
        if !self.rows.contains(&row) {
            self.rows.push(row);
        }
    }
}

/// The rows of a router port: its networks, or who is in them, and addresses of NAT and load balancers, its router's
/// and its neighbours'.
pub enum PortAdvertisedRoutes {}

impl Derivation for PortAdvertisedRoutes {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::PortAdvertisedRoutes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let what = view.get::<Redistribution>(uuid);
        let port = view.get::<RouterPort>(uuid);
        let Some(port) = port.as_ref().as_ref().filter(|_| what.is_any()) else {
            return Vec::new();
        };
        let mut advertiser = Advertiser::on(port);
        if what.hosts {
            routers(view, port, &mut advertiser);
        } else if what.connected {
            for prefix in prefixes(port) {
                advertiser.add(&prefix.short(), None);
            }
        }
        if what.nat {
            nat(view, port, &mut advertiser);
        }
        if what.lb {
            vips(view, port, &mut advertiser);
        }
        advertiser.rows
    }
}

/// The networks of a port that others can be told about.
fn prefixes(port: &RouterPort) -> impl Iterator<Item = Prefix> + '_ {
    let v4 = port.addresses.v4.iter().map(|v4| Prefix::from(*v4));
    let v6 = port.addresses.v6.iter().map(|v6| Prefix::from(*v6));
    v4.chain(v6).filter(|prefix| !is_local(*prefix))
}

/// Whether a network means something on one link only.
fn is_local(prefix: Prefix) -> bool {
    prefix.is_link_local() || prefix.plen >= 16 && ip_text(prefix.network).starts_with("169.254.")
}

/// The routers in the networks of a port: itself, too, on a switch.
fn routers(view: &View<'_>, port: &RouterPort, advertiser: &mut Advertiser<'_>) {
    let mut all = Vec::new();
    if let Some(peer) = *view.get::<RouterPeer>(port.uuid) {
        all.push(peer);
    } else if let Some(switch) = peer_switch(view, port.uuid) {
        let routers = view.get::<SwitchRouters>(switch);
        all.extend(routers.iter().map(|router| router.port));
    }
    for other in all {
        let other = view.get::<RouterPort>(other);
        let Some(other) = other.as_ref() else { continue };
        for v4 in &other.addresses.v4 {
            advertiser.add(&v4.addr.to_string(), Some(&other.name));
        }
        for v6 in other.addresses.v6.iter().filter(|v6| !v6.is_link_local()) {
            advertiser.add(&ip_text(v6.addr.into()), Some(&other.name));
        }
        for (_, addresses) in offered(view, other, false) {
            for addr in addresses {
                advertiser.add(&ip_text(addr), Some(&other.name));
            }
        }
    }
}

/// The ports of other routers that a port sees.
fn neighbors(view: &View<'_>, port: Uuid) -> Vec<Uuid> {
    match *view.get::<RouterPeer>(port) {
        Some(peer) => vec![peer],
        None => view.get::<Neighbors>(port).to_vec(),
    }
}

fn nat(view: &View<'_>, port: &RouterPort, advertiser: &mut Advertiser<'_>) {
    let others = neighbors(view, port.uuid).into_iter().filter_map(|other| {
        let other = view.get::<RouterPort>(other);
        other.as_ref().as_ref().map(|other| other.router)
    });
    for router in [port.router].into_iter().chain(others) {
        for rule in &view.get::<RouterNats>(router).rules {
            let (nat, placed) = (view.get::<Nat>(*rule), *view.get::<Placed>((router, *rule)));
            let (Some(nat), Some(placed)) = (nat.as_ref(), placed) else {
                continue;
            };
            let port = placed.gateway_port.map(|port| view.get::<RouterPort>(port));
            let gateway = port.as_ref().and_then(|port| port.as_ref().as_ref());
            let tracked = match &nat.logical_port {
                Some(own) if placed.is_distributed => {
                    view.holder(LogicalSwitchPort::NAME, &**own).map(|_| &**own)
                }
                _ => gateway.map(|gateway| &*gateway.name),
            };
            advertiser.add(&nat.external_text, tracked);
        }
    }
}

fn vips(view: &View<'_>, port: &RouterPort, advertiser: &mut Advertiser<'_>) {
    let name = |port: &Uuid| {
        let port = view.get::<RouterPort>(*port);
        port.as_ref().as_ref().map(|port| port.name.clone())
    };
    let is_gateway = view
        .get::<Router>(port.router)
        .as_ref()
        .as_ref()
        .is_some_and(Router::is_gateway);
    let tracked: Vec<Option<Arc<str>>> = match is_gateway {
        true => vec![None],
        false => view
            .get::<GatewayPorts>(port.router)
            .iter()
            .map(name)
            .filter(Option::is_some)
            .collect(),
    };
    for vip in router_vips::all(view, port.router) {
        for tracked in &tracked {
            advertiser.add(&vip, tracked.as_deref());
        }
    }
    for other in neighbors(view, port.uuid) {
        let other = view.get::<RouterPort>(other);
        let Some(other) = other.as_ref() else { continue };
        for vip in router_vips::all(view, other.router) {
            advertiser.add(&vip, Some(&other.name));
        }
    }
}

/// The router ports of a switch that advertise who is on it.
pub enum HostAdvertisers {}

impl Derivation for HostAdvertisers {
    type Key = Uuid;
    type Value = Vec<Attached>;
    const NODE: NodeId = Node::HostAdvertisers;

    fn derive(view: &View<'_>, switch: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let routers = view.get::<SwitchRouters>(switch);
        let advertises = |router: &&Attached| view.get::<Redistribution>(router.port).hosts;
        routers.iter().filter(advertises).cloned().collect()
    }
}

/// The rows of a switch port: each of its addresses.
pub enum HostAdvertisedRoutes {}

impl Derivation for HostAdvertisedRoutes {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::HostAdvertisedRoutes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Vec::new();
        };
        let advertisers = view.get::<HostAdvertisers>(port.switch);
        if advertisers.is_empty() || port.peer(view).is_some() {
            return Vec::new();
        }
        let mut rows = Vec::new();
        for router in advertisers.iter() {
            let mut advertiser = Advertiser {
                router: router.router,
                port: &router.name,
                rows: Vec::new(),
            };
            for addresses in &port.addresses {
                for v4 in &addresses.v4 {
                    advertiser.add(&v4.addr.to_string(), Some(&port.name));
                }
                for v6 in addresses.v6.iter().filter(|v6| !v6.is_link_local()) {
                    advertiser.add(&ip_text(v6.addr.into()), Some(&port.name));
                }
            }
            rows.extend(advertiser.rows);
        }
        rows
    }
}

/// The row of a static route.
pub enum StaticAdvertisedRoutes {}

impl Derivation for StaticAdvertisedRoutes {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::StaticAdvertisedRoutes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let told = routers_with(view, uuid).filter_map(|router| advertised(view, (router, uuid)));
        told.flatten().collect()
    }
}

fn advertised(view: &View<'_>, route: (Uuid, Uuid)) -> Option<Vec<Desired>> {
    let route = view.get::<Route>(route);
    let route = route.as_ref().as_ref()?;
    let via = route.via.as_ref()?;
    let what = view.get::<Redistribution>(via.port);
    let is_told = match route.key.origin {
        Origin::Connected => what.connected && !what.hosts,
        Origin::Static => what.statics,
        Origin::Learned => false,
    };
    let port = view.get::<RouterPort>(via.port);
    let port = port.as_ref().as_ref().filter(|_| is_told)?;
    let mut advertiser = Advertiser {
        router: route.router,
        ..Advertiser::on(port)
    };
    if !is_local(route.key.prefix) {
        advertiser.add(&route.key.prefix.short(), None);
    }
    Some(advertiser.rows)
}
