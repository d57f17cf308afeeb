//! Routes (ovn-nb(5) "Logical_Router_Static_Route", ovn-sb(5) "Learned_Route"): what they say, and through which port
//! they lead. Connected routes are their ports' (`router/routing.rs`).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{Bfd, LogicalRouter, LogicalRouterPort, LogicalRouterStaticRoute};
use ovn_schemas::rows::ovn_southbound::{DatapathBinding, LearnedRoute, PortBinding};
use ovsdb_data::Uuid;

use super::bfd::BfdIsUp;
use super::datapath::Datapath;
use super::network::{Attached, Prefix, RouterNetworks, ip_text, leading, without_length};
use super::options::Options;
use super::router::Router;
use super::router_port::router_of;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Where a route comes from: of routes to the same network the first one wins, in the order connected, static,
/// learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A network of a port.
    Connected,
    /// The northbound database.
    Static,
    /// A routing protocol.
    Learned,
}

/// What packets a route is for. Routes that say the same share the packets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteKey {
    /// Where it comes from.
    pub origin: Origin,
    /// Its table; the empty one is the main table.
    pub table: Arc<str>,
    /// The network.
    pub prefix: Prefix,
    /// The network is the packets' source.
    pub by_source: bool,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Via {
    /// The router port.
    pub port: Uuid,
    /// That port's address, as the source of requests for the next hop's Ethernet address.
    pub source: IpAddr,
    /// The next hop; the destination itself where there is none.
    pub nexthop: Option<IpAddr>,
}

/// A route.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Its row.
    pub row: Uuid,
    /// Its router.
    pub router: Uuid,
    /// Its packets.
    pub key: RouteKey,
    /// Where it leads; nowhere where it discards.
    pub via: Option<Via>,
    /// Replies go where the request came from.
    pub is_symmetric: bool,
    /// What packets of the same next hop have in common; everything, where it is empty.
    pub selection: BTreeSet<Arc<str>>,
}

impl Route {
    /// Whether it may share its packets with other routes.
    pub fn is_shareable(&self) -> bool {
        let has_nexthop = self.via.as_ref().is_some_and(|via| via.nexthop.is_some());
        self.key.origin != Origin::Connected && has_nexthop
    }
}

impl Derivation for Route {
    /// The router, which may share the row with others, and the row.
    type Key = (Uuid, Uuid);
    type Value = Option<Route>;
    const NODE: NodeId = Node::Route;

    fn derive(view: &View<'_>, (router, uuid): (Uuid, Uuid), _: Option<&Self::Value>) -> Self::Value {
        if view.get::<Router>(router).is_none() {
            return None;
        }
        match view.row::<LogicalRouterStaticRoute<'_>>(uuid) {
            Some(row) => static_route(view, router, uuid, row),
            None => learned_route(view, router, uuid),
        }
    }
}

/// The routers that have a static or learned route.
pub fn routers_with(view: &View<'_>, uuid: Uuid) -> impl Iterator<Item = Uuid> {
    let learned = view.row::<LearnedRoute<'_>>(uuid);
    let learned = learned.and_then(|row| Datapath::find(view, row.datapath())?.router());
    let r#static = view.holders(LogicalRouter::STATIC_ROUTES, uuid);
    r#static.into_iter().chain(learned)
}

fn static_route(
    view: &View<'_>,
    router: Uuid,
    uuid: Uuid,
    row: LogicalRouterStaticRoute<'_>,
) -> Option<Route> {
    let nexthop = match row.nexthop() {
        "" | "discard" => None,
        text => Some(host(text).or_else(|| {
            tracing::warn!("bad 'nexthop' {text} in static route {uuid}");
            None
        })?),
    };
    let Some(prefix) = Prefix::parse(row.ip_prefix()) else {
        tracing::warn!("bad 'ip_prefix' {} in static route {uuid}", row.ip_prefix());
        return None;
    };
    let via = match row.nexthop() {
        "discard" => None,
        _ => match out_port(view, router, &row, prefix) {
            Some((port, source)) => Some(Via {
                port,
                source,
                nexthop,
            }),
            None => {
                tracing::warn!(
                    "No path for static route {}; next hop {}",
                    row.ip_prefix(),
                    row.nexthop()
                );
                return None;
            }
        },
    };
    if let Some(session) = row.bfd()
        && view
            .row::<Bfd<'_>>(session)
            .is_some_and(|bfd| bfd.dst_ip() == row.nexthop())
        && !*view.get::<BfdIsUp>(session)
    {
        return None;
    }
    let options = Options::of(&row.options());
    let mut selection: BTreeSet<Arc<str>> = row.selection_fields().iter().map(Into::into).collect();
    if selection.contains("tp_src") || selection.contains("tp_dst") {
        // Ports mean nothing without their protocol.
        selection.insert("ip_proto".into());
    }
    Some(Route {
        row: uuid,
        router,
        key: RouteKey {
            origin: match options.get("origin") {
                Some("connected") => Origin::Connected,
                _ => Origin::Static,
            },
            table: row.route_table().into(),
            prefix,
            by_source: row.policy() == Some("src-ip"),
        },
        via,
        is_symmetric: options.is_true("ecmp_symmetric_reply", false),
        selection,
    })
}

/// The port of a static route: the one that it names, or one with the next hop in a network of its own.
fn out_port(
    view: &View<'_>,
    router: Uuid,
    row: &LogicalRouterStaticRoute<'_>,
    prefix: Prefix,
) -> Option<(Uuid, IpAddr)> {
    let nexthop = without_length(row.nexthop());
    let Some(name) = row.output_port() else {
        return leading(view, router, nexthop?).map(|(port, source)| (port.port, source));
    };
    let port = named(view, name)?;
    // Whoever names the port may know of a path that its networks do not tell.
    let first = || match prefix.is_v4() {
        true => port.addresses.v4.first().map(|v4| v4.addr.into()),
        false => port.addresses.v6.first().map(|v6| v6.addr.into()),
    };
    let source = nexthop.and_then(|nexthop| port.towards(nexthop)).or_else(first)?;
    Some((port.port, source))
}

fn named(view: &View<'_>, name: &str) -> Option<Attached> {
    let mut ports = view.holders(LogicalRouterPort::NAME, name).into_iter();
    ports.find_map(|port| {
        let networks = view.get::<RouterNetworks>(router_of(view, port)?);
        networks.iter().find(|attached| attached.port == port).cloned()
    })
}

/// An address without a network.
fn host(text: &str) -> Option<IpAddr> {
    Prefix::parse(text)
        .filter(Prefix::is_host)
        .map(|prefix| prefix.network)
}

fn learned_route(view: &View<'_>, router: Uuid, uuid: Uuid) -> Option<Route> {
    let row = view.row::<LearnedRoute<'_>>(uuid)?;
    let (Some(nexthop), Some(prefix)) = (host(row.nexthop()), Prefix::parse(row.ip_prefix())) else {
        tracing::warn!(
            "bad 'nexthop' {} or 'ip_prefix' {} in learned route {uuid}",
            row.nexthop(),
            row.ip_prefix()
        );
        return None;
    };
    let binding = view.row::<PortBinding<'_>>(row.logical_port())?;
    let port = named(view, binding.logical_port());
    let towards = without_length(row.nexthop());
    let Some((port, source)) = port.and_then(|port| Some((port.port, port.towards(towards?)?))) else {
        tracing::warn!(
            "could not find output port {} for learned route {uuid}",
            binding.logical_port()
        );
        return None;
    };
    Some(Route {
        row: uuid,
        router,
        key: RouteKey {
            origin: Origin::Learned,
            table: "".into(),
            prefix,
            by_source: false,
        },
        via: Some(Via {
            port,
            source,
            nexthop: Some(nexthop),
        }),
        is_symmetric: false,
        selection: BTreeSet::new(),
    })
}

/// The routes that a router has learned.
pub enum LearnedRoutes {}

impl Derivation for LearnedRoutes {
    type Key = Uuid;
    type Value = Vec<Uuid>;
    const NODE: NodeId = Node::LearnedRoutes;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let bindings = view.holders(DatapathBinding::EXTERNAL_IDS, router.to_string().as_str());
        let routes = bindings
            .into_iter()
            .flat_map(|binding| view.holders(LearnedRoute::DATAPATH, binding));
        routes.collect()
    }
}

impl Via {
    /// The next hop's text, or the field that has it.
    pub fn nexthop_text(&self, prefix: Prefix) -> String {
        match self.nexthop {
            Some(nexthop) => ip_text(nexthop),
            None => format!("{}.dst", prefix.family()),
        }
    }
}
