//! Routes that others tell of: static routes of this zone's routers on the same transit switch (ovn-nb(5)
//! "Logical_Router_Static_Route" `external_ids:ic-learned-route`).

use ovn_schemas::rows::ovn_ic_southbound::{AvailabilityZone, Route};
use ovn_schemas::rows::ovn_northbound::{LogicalRouter, LogicalRouterStaticRoute};
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, Table};

use crate::advertised_route::parse;
use crate::cidr::{Cidr, ip_text};
use crate::desired::{Desired, Hasher};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::settings::Settings;
use crate::transit_port::{RouterNetworks, SwitchTransit, TransitPort, transit_switch};
use crate::view::View;
use crate::zone::Zone;

/// What names the route that a static route was learned from.
const LEARNED: &str = "ic-learned-route";

/// Whether a static route was learned.
pub(crate) fn is_learned(row: LogicalRouterStaticRoute<'_>) -> bool {
    let from = row.external_ids().get(LEARNED);
    from.is_some_and(|from| from.parse::<Uuid>().is_ok())
}

/// What routers here learn from a route, be it of another zone or of another router of this one.
pub enum LearnedRoutes {}

impl Derivation for LearnedRoutes {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::LearnedRoutes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        rows(view, uuid).unwrap_or_default()
    }
}

fn rows(view: &View<'_>, uuid: Uuid) -> Option<Vec<Desired>> {
    (*view.get::<Zone>(()))?;
    let settings = view.get::<Settings>(());
    let settings = settings.as_ref().as_ref()?;
    let route = view.row::<Route<'_>>(uuid)?;
    let switch = transit_switch(view, route.transit_switch())?;
    let ports = view.get::<SwitchTransit>(switch);
    if ports.is_empty() {
        return None;
    }
    let from: Uuid = route.external_ids().get("lr-id")?.parse().ok()?;
    let Some((prefix, next_hop)) = parse(route.ip_prefix(), route.nexthop()) else {
        let zone = view.row::<AvailabilityZone<'_>>(route.availability_zone());
        tracing::warn!(
            "route {uuid} of zone {}: {:?} by {:?} makes no sense",
            zone.map_or("?", AvailabilityZone::name),
            route.ip_prefix(),
            route.nexthop()
        );
        return None;
    };
    if !settings.permits(settings.learn, prefix) {
        return None;
    }
    let mut rows = Vec::new();
    for port in ports.iter() {
        let port = view.get::<TransitPort>(*port);
        let Some(port) = port.as_ref() else { continue };
        let is_filtered = route.external_ids().get("ic-route-tag") == Some(&*port.filter_tag);
        let is_of_table = route.route_table().is_empty() || route.route_table() == &*port.route_table;
        if port.router == from || is_filtered || !is_of_table || has_own(view, port.router, route) {
            continue;
        }
        tell_overlap(view, port.router, route, prefix);
        let mut id = Hasher::new("learned route");
        id.bytes(port.router.as_bytes());
        for part in [
            &prefix.to_string(),
            &ip_text(next_hop.addr),
            route.origin(),
            route.route_table(),
        ] {
            id.text(part);
        }
        let columns = Columns::new()
            .set(LogicalRouterStaticRoute::ROUTE_TABLE, route.route_table())
            .set(LogicalRouterStaticRoute::IP_PREFIX, route.ip_prefix())
            .set(LogicalRouterStaticRoute::NEXTHOP, route.nexthop());
        let pairs = Columns::new()
            .set(
                LogicalRouterStaticRoute::EXTERNAL_IDS,
                [(LEARNED, uuid.to_string())],
            )
            .set(LogicalRouterStaticRoute::OPTIONS, [("origin", route.origin())]);
        let row = Desired::row::<LogicalRouterStaticRoute<'static>>(id.finish(), columns)
            .pairs::<LogicalRouterStaticRoute<'static>>(pairs)
            .within(LogicalRouter::STATIC_ROUTES, port.router);
        rows.push(row);
    }
    Some(rows)
}

/// A route to addresses that the router is connected to itself takes packets away from there: mostly a mistake.
fn tell_overlap(view: &View<'_>, router: Uuid, route: Route<'_>, prefix: Cidr) {
    let networks = view.get::<RouterNetworks>(router);
    if let Some((port, network)) = networks.iter().find(|(_, network)| network.covers(prefix)) {
        let zone = view.row::<AvailabilityZone<'_>>(route.availability_zone());
        tracing::warn!(
            "route {prefix} of zone {}: lies within network {network} of Logical_Router_Port {port} here",
            zone.map_or("?", AvailabilityZone::name)
        );
    }
}

/// Whether a router has a route of its own to the same prefix.
fn has_own(view: &View<'_>, router: Uuid, route: Route<'_>) -> bool {
    let same = view.holders(LogicalRouterStaticRoute::IP_PREFIX, route.ip_prefix());
    let mut same = same
        .into_iter()
        .filter_map(|row| view.row::<LogicalRouterStaticRoute<'_>>(row));
    same.any(|row| {
        !row.external_ids().contains_key(LEARNED)
            && row.route_table() == route.route_table()
            && view
                .holders(LogicalRouter::STATIC_ROUTES, row.uuid())
                .contains(&router)
    })
}
