//! Routes that other zones hear of (ovn-ic-sb(5) "Route"): networks of routers that are on transit switches, and their
//! static routes. The next hop is the router's address on the transit switch.

use std::net::IpAddr;

use ovn_schemas::rows::ovn_ic_southbound::Route;
use ovn_schemas::rows::ovn_northbound::{LogicalRouter, LogicalRouterPort, LogicalRouterStaticRoute};
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::cidr::{Cidr, ip_text};
use crate::desired::{Desired, Hasher};
use crate::graph::Derivation;
use crate::learned_route::is_learned;
use crate::nodes::{Node, NodeId};
use crate::settings::Settings;
use crate::transit_port::{RouterTransit, TransitPort};
use crate::view::View;
use crate::zone::Zone;

/// A route, before it is known where it goes out.
struct Advertised<'a> {
    prefix: Cidr,
    origin: &'a str,
    route_table: &'a str,
    /// The row that it comes from.
    of: Uuid,
    router: Uuid,
}

/// Routes to the networks of a router port. They come before static routes: a static route to the same network by the
/// same router gives way, the database has room for one of them.
pub enum ConnectedRoutes {}

impl Derivation for ConnectedRoutes {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::ConnectedRoutes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut rows = Vec::new();
        let Some(row) = view.row::<LogicalRouterPort<'_>>(uuid) else {
            return rows;
        };
        for router in view.holders(LogicalRouter::PORTS, uuid) {
            let ports = transit_ports(view, router);
            if ports.iter().any(|port| *port.router_port == *row.name()) {
                continue;
            }
            for network in row.networks().iter() {
                let Some(prefix) = Cidr::parse(network) else {
                    continue;
                };
                if !ports.is_empty() && is_taken(view, router, uuid, network) {
                    tracing::warn!(
                        "Duplicate connected route advertisement was suppressed! NB lrp uuid: {uuid}"
                    );
                    continue;
                }
                let route = Advertised {
                    prefix,
                    origin: "connected",
                    route_table: "",
                    of: uuid,
                    router,
                };
                advertise(view, &route, ports.iter(), &mut rows);
            }
        }
        rows
    }
}

/// Whether an earlier port of a router has the same network: others hear of it once.
fn is_taken(view: &View<'_>, router: Uuid, port: Uuid, network: &str) -> bool {
    let same = view.holders(LogicalRouterPort::NETWORKS, network).into_iter();
    let mut same = same.filter(|other| *other < port);
    same.any(|other| view.holders(LogicalRouter::PORTS, other).contains(&router))
}

/// A static route that was not learned, of the table that the router exchanges on a transit switch.
pub enum StaticRoutes {}

impl Derivation for StaticRoutes {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::StaticRoutes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut rows = Vec::new();
        let Some(row) = view.row::<LogicalRouterStaticRoute<'_>>(uuid) else {
            return rows;
        };
        if is_learned(row) || row.policy() == Some("src-ip") {
            return rows;
        }
        let Some((prefix, _)) = parse(row.ip_prefix(), row.nexthop()) else {
            return rows;
        };
        for router in view.holders(LogicalRouter::STATIC_ROUTES, uuid) {
            let route = Advertised {
                prefix,
                origin: "static",
                route_table: row.route_table(),
                of: uuid,
                router,
            };
            let ports = transit_ports(view, router);
            let of_table = ports
                .iter()
                .filter(|port| *port.route_table == *row.route_table());
            advertise(view, &route, of_table, &mut rows);
        }
        rows
    }
}

/// Prefix and next hop of a route, where both make sense and the next hop can be reached from elsewhere.
pub(crate) fn parse(prefix: &str, next_hop: &str) -> Option<(Cidr, Cidr)> {
    let (prefix, next_hop) = (Cidr::parse(prefix)?, Cidr::parse(next_hop)?);
    // Of the link-local addresses only those that interfaces give themselves count (RFC 4291 §2.5.6).
    let is_local = match next_hop.addr {
        IpAddr::V6(addr) => addr.segments().starts_with(&[0xfe80, 0, 0, 0]),
        IpAddr::V4(_) => false,
    };
    (!is_local).then_some((prefix, next_hop))
}

fn transit_ports(view: &View<'_>, router: Uuid) -> Vec<TransitPort> {
    let ports = view.get::<RouterTransit>(router);
    let ports = ports.iter().map(|port| view.get::<TransitPort>(*port));
    ports.filter_map(|port| port.as_ref().clone()).collect()
}

fn advertise<'a>(
    view: &View<'_>,
    route: &Advertised<'_>,
    ports: impl Iterator<Item = &'a TransitPort>,
    rows: &mut Vec<Desired>,
) {
    let settings = view.get::<Settings>(());
    let (Some(settings), Some(zone)) = (settings.as_ref(), *view.get::<Zone>(())) else {
        return;
    };
    if !settings.permits(settings.advertise, route.prefix) {
        return;
    }
    for port in ports {
        let Some(next_hop) = next_hop(port, route.prefix.addr.is_ipv4()) else {
            continue;
        };
        let (prefix, next_hop) = (route.prefix.to_string(), ip_text(next_hop));
        let mut id = Hasher::new("Route");
        id.bytes(zone.as_bytes());
        for part in [&*port.switch_name, route.route_table, &prefix, &next_hop] {
            id.text(part);
        }
        let mut ids = vec![
            ("nb-id", route.of.to_string()),
            ("lr-id", route.router.to_string()),
        ];
        if !port.tag.is_empty() {
            ids.push(("ic-route-tag", port.tag.to_string()));
        }
        let columns = Columns::new()
            .set(Route::TRANSIT_SWITCH, port.switch_name.clone())
            .set(Route::AVAILABILITY_ZONE, zone)
            .set(Route::ROUTE_TABLE, route.route_table)
            .set(Route::IP_PREFIX, prefix)
            .set(Route::NEXTHOP, next_hop)
            .set(Route::ORIGIN, route.origin)
            .set(Route::EXTERNAL_IDS, ids);
        rows.push(Desired::row::<Route<'static>>(id.finish(), columns));
    }
}

/// The router's address on a transit switch; IPv6 has always one.
fn next_hop(port: &TransitPort, is_v4: bool) -> Option<IpAddr> {
    let addresses = port.addresses.as_ref()?;
    match is_v4 {
        true => addresses.v4.first().map(|v4| v4.addr.into()),
        false => {
            let first = addresses.v6.first().copied();
            Some(first.unwrap_or_else(|| addresses.mac.link_local()).addr.into())
        }
    }
}
