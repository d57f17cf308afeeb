//! Routes that share their packets (ovn-northd(8) "Ingress Table 15: IP Routing", "16: IP_ROUTING_ECMP"), and replies
//! that go where the request came from ("Ingress Table 7", "11", "15", "17", "21").

use std::collections::BTreeSet;
use std::sync::Arc;

use ovsdb_data::Uuid;

use super::routing::{leave, packets, priority};
use crate::alloc::ecmp::Group;
use crate::alloc::port_key;
use crate::flow::{Flows, Stage};
use crate::model::network::ip_text;
use crate::model::route::{Route, Via};
use crate::model::router::Router;
use crate::model::router_port::RouterPort;
use crate::view::View;

/// Protocols with ports.
const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

/// The flows of a route in a group.
pub(super) fn share(view: &View<'_>, flows: &mut Flows, route: &Route, table: u16, group: &Group) {
    let Some(member) = group.member(route.row) else {
        return;
    };
    let selection = selection(view, route.router, group);
    let by_port = ["tp_src", "tp_dst"]
        .iter()
        .any(|field| selection.contains(*field));
    let variants = PROTOCOLS
        .iter()
        .filter(|_| by_port)
        .map(|protocol| Some(*protocol));
    let variants: Vec<Variant> = [None]
        .into_iter()
        .chain(variants)
        .map(|protocol| {
            let mut packets = packets(&route.key, table);
            // One member has all the packets, whatever their protocol.
            if let Some(protocol) = protocol.filter(|_| group.members.len() > 1) {
                packets += &format!(" && {protocol}");
            }
            Variant {
                priority: priority(view, &route.key) + u16::from(protocol.is_some()),
                protocol,
                packets,
            }
        })
        .collect();
    if member == 1 {
        for variant in &variants {
            choose(flows, group, &selection, variant);
        }
    }
    let Some(via) = &route.via else { return };
    let port = view.get::<RouterPort>(via.port);
    let Some(port) = port.as_ref() else { return };
    take(flows, route, via, port, group.number, member);
    if route.is_symmetric && is_first_of_port(view, route, via, group) {
        for variant in &variants {
            reply(view, flows, route, via, port, &variant.packets);
        }
    }
}

/// Packets that are chosen for in the same way.
struct Variant {
    priority: u16,
    protocol: Option<&'static str>,
    packets: String,
}

/// The fields that all members want packets to be told apart by.
fn selection(view: &View<'_>, router: Uuid, group: &Group) -> BTreeSet<Arc<str>> {
    let members = group.members.iter();
    let members = members.map(|member| view.get::<Route>((router, *member)));
    let fields = members.filter_map(|route| route.as_ref().as_ref().map(|route| route.selection.clone()));
    fields
        .reduce(|all, fields| all.intersection(&fields).cloned().collect())
        .unwrap_or_default()
}

/// A member is chosen.
fn choose(flows: &mut Flows, group: &Group, selection: &BTreeSet<Arc<str>>, variant: &Variant) {
    let members: Vec<String> = (1..=group.members.len())
        .map(|member| member.to_string())
        .collect();
    let members = members.join(", ");
    let chosen = if group.members.len() == 1 {
        format!("{members}; next;")
    } else if selection.is_empty() {
        format!("select({members});")
    } else {
        let fields: BTreeSet<String> = selection
            .iter()
            .map(|field| of_protocol(field, variant.protocol))
            .collect();
        let fields: Vec<String> = fields.into_iter().filter(|field| !field.is_empty()).collect();
        format!(
            "select(values=({members}); hash_fields=\"{}\");",
            fields.join(",")
        )
    };
    let actions = format!(
        "ip.ttl--; flags.loopback = 1; reg8[0..15] = {}; reg8[16..31] = {chosen}",
        group.number
    );
    flows.add(
        Stage::LrInIpRouting,
        variant.priority,
        variant.packets.clone(),
        actions,
    );
}

/// A field as a packet of a protocol has it; ports of no protocol are no field.
fn of_protocol(field: &str, protocol: Option<&str>) -> String {
    match (field, protocol) {
        ("tp_src" | "tp_dst", None) => String::new(),
        ("tp_src", Some(protocol)) => format!("{protocol}_src"),
        ("tp_dst", Some(protocol)) => format!("{protocol}_dst"),
        _ => field.to_owned(),
    }
}

/// The chosen member has the packet.
fn take(flows: &mut Flows, route: &Route, via: &Via, port: &RouterPort, group: u16, member: usize) {
    let is_v4 = via.nexthop.is_some_and(|nexthop| nexthop.is_ipv4());
    flows
        .add(
            Stage::LrInIpRoutingEcmp,
            100,
            format!("reg8[0..15] == {group} && reg8[16..31] == {member}"),
            format!(
                "{} = {}; {}reg9[9] = {}; next;",
                if is_v4 { "reg0" } else { "xxreg0" },
                via.nexthop_text(route.key.prefix),
                leave(port, via.source, is_v4),
                u8::from(is_v4)
            ),
        )
        .hint(route.row);
}

/// Whether no earlier member of the group replies through the same port.
fn is_first_of_port(view: &View<'_>, route: &Route, via: &Via, group: &Group) -> bool {
    let earlier = group.members.iter().take_while(|member| **member != route.row);
    let mut earlier = earlier.map(|member| view.get::<Route>((route.router, *member)));
    !earlier.any(|other| {
        other.as_ref().as_ref().is_some_and(|other| {
            other.is_symmetric && other.via.as_ref().is_some_and(|other| other.port == via.port)
        })
    })
}

/// Connections remember who sent the request and by which port it came in, and replies go back there. Only where all
/// packets of a connection pass the same chassis.
fn reply(view: &View<'_>, flows: &mut Flows, route: &Route, via: &Via, port: &RouterPort, packets: &str) {
    let router = view.get::<Router>(route.router);
    if !router.as_ref().as_ref().is_some_and(Router::is_gateway) {
        return;
    }
    let Some(key) = port_key::of(view, port.router, port.uuid).own else {
        return;
    };
    let prefix = route.key.prefix;
    let from = if route.key.by_source { "dst" } else { "src" };
    let came_in = format!(
        "inport == {} && {}.{from} == {}",
        port.key,
        prefix.family(),
        prefix.short()
    );
    let goes_back = format!("ct_mark.ecmp_reply_port == {key}");
    let mut add = |stage: Stage, priority: u16, r#match: &str, actions: &str| {
        flows.add(stage, priority, r#match, actions).hint(route.row);
    };
    add(Stage::LrInDefrag, 100, &came_in, "ct_next;");
    add(Stage::LrInDefrag, 100, packets, "ct_next;");
    add(
        Stage::LrInEcmpStateful,
        100,
        &format!("{came_in} && (ct.new || ct.est)"),
        &format!("ct_commit {{ ct_label.ecmp_reply_eth = eth.src; ct_mark.ecmp_reply_port = {key};}}; next;"),
    );
    add(
        Stage::LrInIpRouting,
        10300,
        &format!("{goes_back} && {packets}"),
        &format!(
            "ip.ttl--; flags.loopback = 1; eth.src = {}; {} = {}; outport = {}; next;",
            port.addresses.mac,
            if prefix.is_v4() { "reg5" } else { "xxreg1" },
            ip_text(via.source),
            port.key
        ),
    );
    add(Stage::LrInPolicy, 65535, &goes_back, "next;");
    add(
        Stage::LrInArpResolve,
        200,
        &goes_back,
        "push(xxreg1); xxreg1 = ct_label; eth.dst = xxreg1[32..79]; pop(xxreg1); next;",
    );
}
