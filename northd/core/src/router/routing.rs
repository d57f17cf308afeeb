//! Routes (ovn-northd(8) "Ingress Table 14: IP Routing Pre", "15: IP Routing"): those of ports' own networks, and
//! static and learned ones that have their packets for themselves. Those that share them are in `ecmp.rs`.

use std::net::IpAddr;

use ovsdb_data::Uuid;

use super::ecmp;
use super::kube_ovn::source_priority;
use crate::alloc::ecmp::EcmpGroup;
use crate::alloc::route_table;
use crate::alloc::route_table::PortTable;
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::bfd::HasBfd;
use crate::model::config::Config;
use crate::model::network::{Prefix, ip_text};
use crate::model::route::{Origin, Route, RouteKey, Via, routers_with};
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a router.
pub enum RoutingFlows {}

impl Derivation for RoutingFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::RoutingFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |_, flows| {
            let drop = &view.get::<Config>(()).drop;
            flows.add(Stage::LrInEcmpStateful, 0, "1", "next;");
            flows.add(Stage::LrInIpRoutingPre, 0, "1", "reg7 = 0; next;");
            flows.add(Stage::LrInIpRouting, 0, "1", drop.clone());
            flows.add(Stage::LrInIpRoutingEcmp, 150, "reg8[0..15] == 0", "next;");
            flows.add(Stage::LrInIpRoutingEcmp, 0, "1", drop.clone());
        })
    }
}

/// The flows of a port: which table its packets use, and its networks.
pub enum PortRoutingFlows {}

impl Derivation for PortRoutingFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortRoutingFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, router, flows| {
            if let Some(table) = view.get::<PortTable>(uuid).as_ref()
                && let Some(number) = route_table::number(view, router.uuid, table)
            {
                flows.add(
                    Stage::LrInIpRoutingPre,
                    100,
                    format!("inport == \"{}\"", port.name),
                    format!("reg7 = {number}; next;"),
                );
            }
            let v4 = port.addresses.v4.iter();
            let v4 = v4.map(|v4| (Prefix::from(*v4), IpAddr::from(v4.addr)));
            let v6 = port.addresses.v6.iter();
            let v6 = v6.map(|v6| (Prefix::from(*v6), IpAddr::from(v6.addr)));
            for (prefix, source) in v4.chain(v6) {
                let via = Via {
                    port: uuid,
                    source,
                    nexthop: None,
                };
                lead(view, flows, &connected(prefix), 0, &via, uuid);
            }
        })
    }
}

/// What a network of a router's own is for.
pub(super) fn connected(prefix: Prefix) -> RouteKey {
    RouteKey {
        origin: Origin::Connected,
        table: "".into(),
        prefix,
        by_source: false,
    }
}

/// The flows of a static or learned route: of its group those that are about it, and all of them if it is the first.
pub enum RouteFlows {}

impl Derivation for RouteFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::RouteFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        for router in routers_with(view, uuid) {
            if let Some(route) = view.get::<Route>((router, uuid)).as_ref() {
                flows.go_on(router);
                go(view, route, &mut flows);
            }
        }
        flows
    }
}

fn go(view: &View<'_>, route: &Route, flows: &mut Flows) -> Option<()> {
    let (router, row) = (route.router, route.row);
    let table = route_table::number(view, router, &route.key.table)?;
    match (view.get::<EcmpGroup>((router, row)).as_ref(), &route.via) {
        (Some(group), _) => ecmp::share(view, flows, route, table, group),
        (None, Some(via)) => lead(view, flows, &route.key, table, via, row),
        (None, None) => {
            let r#match = packets(&route.key, table);
            let drop = view.get::<Config>(()).drop.clone();
            let stage = Stage::LrInIpRouting;
            flows
                .add(stage, priority(view, &route.key), r#match, drop)
                .hint(row);
        }
    }
    Some(())
}

/// The packets of a route.
pub(super) fn packets(key: &RouteKey, table: u16) -> String {
    let direction = if key.by_source { "src" } else { "dst" };
    let to = format!("{}.{direction} == {}", key.prefix.family(), key.prefix);
    // The networks of ports are in every table.
    match table == 0 && key.origin == Origin::Connected {
        true => to,
        false => format!("reg7 == {table} && {to}"),
    }
}

/// The longest prefix first; of those of the same length the network of a port, then the administrator's word, then
/// what was learned, then what goes by the source.
pub(super) fn priority(view: &View<'_>, key: &RouteKey) -> u16 {
    match key.by_source && view.get::<Config>(()).kube_ovn.is_there {
        true => source_priority(&key.prefix),
        false => by_length(key),
    }
}

fn by_length(key: &RouteKey) -> u16 {
    let rank = match (key.by_source, key.origin) {
        (true, _) => 0,
        (false, Origin::Learned) => 2,
        (false, Origin::Static) => 4,
        (false, Origin::Connected) => 6,
    };
    u16::from(key.prefix.plen) * 8 + rank
}

/// Packets of a route go by one way.
pub(super) fn lead(view: &View<'_>, flows: &mut Flows, key: &RouteKey, table: u16, via: &Via, hint: Uuid) {
    let port = view.get::<RouterPort>(via.port);
    let Some(port) = port.as_ref() else { return };
    let mut r#match = packets(key, table);
    if key.prefix.is_link_local() {
        r#match = format!("inport == {} && {match}", port.key);
    }
    // The next hop's family, or that of who asks for the destination; the destination has its own.
    let is_v4 = via.nexthop.unwrap_or(via.source).is_ipv4();
    let to_v4 = via.nexthop.unwrap_or(key.prefix.network).is_ipv4();
    let actions = format!(
        "reg8[0..15] = 0; {} = {}; {}flags.loopback = 1; reg9[9] = {}; next;",
        if to_v4 { "reg0" } else { "xxreg0" },
        via.nexthop_text(key.prefix),
        leave(port, via.source, is_v4),
        u8::from(is_v4)
    );
    let (stage, priority) = (Stage::LrInIpRouting, priority(view, key));
    if *view.get::<HasBfd>(via.port) {
        // Sessions are watched over one hop: their packets keep their TTL (RFC 5881 §5).
        let session = format!("{match} && udp.dst == 3784");
        flows
            .add_on(port.router, stage, priority + 1, session, actions.clone())
            .hint(hint);
    }
    let actions = format!("ip.ttl--; {actions}");
    flows
        .add_on(port.router, stage, priority, r#match, actions)
        .hint(hint);
}

/// The way out: who asks for the next hop's Ethernet address, who sends, by which port.
pub(super) fn leave(port: &RouterPort, source: IpAddr, is_v4: bool) -> String {
    format!(
        "{} = {}; eth.src = {}; outport = {}; ",
        if is_v4 { "reg5" } else { "xxreg1" },
        ip_text(source),
        port.addresses.mac,
        port.key
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_prefixes_come_first() {
        let check = |prefix: &str, origin: Origin, by_source: bool, rank: u16| {
            let key = RouteKey {
                origin,
                table: "".into(),
                prefix: Prefix::parse(prefix).unwrap(),
                by_source,
            };
            assert_eq!(by_length(&key), rank, "{prefix}");
        };
        check("0.0.0.0/0", Origin::Static, true, 0);
        check("0.0.0.0/0", Origin::Static, false, 4);
        check("10.0.0.0/24", Origin::Learned, false, 194);
        check("10.0.0.0/24", Origin::Static, false, 196);
        check("10.0.0.0/24", Origin::Connected, false, 198);
        check("fd00::1", Origin::Connected, false, 1030);
    }
}
