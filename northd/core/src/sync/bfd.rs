//! `BFD`: sessions of router ports, and what is said of them northbound (ovn-sb(5) "BFD", ovn-nb(5) "BFD").
//!
//! A session runs only while a static route or a routing policy needs it; otherwise it is `admin_down`. While it runs,
//! ovn-controller says how it is.

use std::collections::{BTreeMap, BTreeSet};

use ovn_schemas::rows::ovn_northbound::{
    self as nb, LogicalRouter, LogicalRouterPolicy, LogicalRouterPort, LogicalRouterStaticRoute,
};
use ovn_schemas::rows::ovn_southbound::Bfd;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::{Desired, identity};
use crate::graph::Derivation;
use crate::model::address::{Addresses, V4, V6};
use crate::model::binding::OwnBinding;
use crate::model::chassis::ChassisTraits;
use crate::model::policy::watches;
use crate::model::router::{Router, RouterPorts};
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The first source port of sessions (RFC 5881 §4).
const FIRST_PORT: i64 = 49_152;

/// The one after the last.
const END_PORT: i64 = 65_535;

/// The southbound row of a session as it is: its source port, its discriminator, its status.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionState {
    port: i64,
    discriminator: i64,
    status: String,
}

/// The southbound sessions, by port and destination.
pub enum SessionStates {}

impl Derivation for SessionStates {
    type Key = ();
    type Value = BTreeMap<(String, String), SessionState>;
    const NODE: NodeId = Node::BfdSessionStates;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let rows = view.rows::<Bfd<'_>>();
        let state = |row: &Bfd<'_>| SessionState {
            port: row.src_port(),
            discriminator: row.disc(),
            status: row.status().to_owned(),
        };
        let key = |row: &Bfd<'_>| (row.logical_port().to_owned(), row.dst_ip().to_owned());
        rows.iter().map(|row| (key(row), state(row))).collect()
    }
}

/// The southbound session of a northbound one.
pub enum BfdSession {}

impl Derivation for BfdSession {
    type Key = Uuid;
    type Value = Option<SessionState>;
    const NODE: NodeId = Node::BfdSession;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<nb::Bfd<'_>>(uuid)?;
        let key = (row.logical_port().to_owned(), row.dst_ip().to_owned());
        view.get::<SessionStates>(()).get(&key).cloned()
    }
}

/// Source ports, by northbound session: kept, or the lowest that is free.
pub enum BfdPorts {}

impl Derivation for BfdPorts {
    type Key = ();
    type Value = BTreeMap<Uuid, i64>;
    const NODE: NodeId = Node::BfdPorts;

    fn derive(view: &View<'_>, (): (), before: Option<&Self::Value>) -> Self::Value {
        let (mut ports, mut used) = (BTreeMap::new(), BTreeSet::new());
        let sessions = view.uuids::<nb::Bfd<'_>>();
        for session in &sessions {
            let before = before.and_then(|before| before.get(session)).copied();
            let kept = (*view.get::<BfdSession>(*session))
                .as_ref()
                .map(|session| session.port);
            if let Some(port) = [before, kept]
                .into_iter()
                .flatten()
                .find(|port| used.insert(*port))
            {
                ports.insert(*session, port);
            }
        }
        let mut free = (FIRST_PORT..END_PORT).filter(|port| !used.contains(port));
        for session in sessions {
            if !ports.contains_key(&session)
                && let Some(port) = free.next()
            {
                ports.insert(session, port);
            }
        }
        ports
    }
}

/// The southbound row of a northbound session, and the northbound row's status.
pub enum BfdRows {}

impl Derivation for BfdRows {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::BfdRows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<nb::Bfd<'_>>(uuid) else {
            return Vec::new();
        };
        let ports = view.holders(LogicalRouterPort::NAME, row.logical_port());
        let Some(port) = ports
            .into_iter()
            .find(|port| view.get::<RouterPort>(*port).is_some())
        else {
            return Vec::new();
        };
        let Some(source) = view.get::<BfdPorts>(()).get(&uuid).copied() else {
            return Vec::new();
        };
        let session = view.get::<BfdSession>(uuid);
        let session = session.as_ref().as_ref();
        let status = status(is_used(view, uuid, row), session.map(|session| &*session.status));
        let id = identity("BFD", &[row.logical_port().as_bytes(), row.dst_ip().as_bytes()]);
        let discriminator = session.map_or_else(|| discriminator(id), |session| session.discriminator);
        let mut columns = Columns::new()
            .set(Bfd::LOGICAL_PORT, row.logical_port())
            .set(Bfd::DST_IP, row.dst_ip())
            .set(Bfd::SRC_PORT, source)
            .set(Bfd::DISC, discriminator)
            .set(Bfd::MIN_TX, row.min_tx().unwrap_or(1000))
            .set(Bfd::MIN_RX, row.min_rx().unwrap_or(1000))
            .set(Bfd::DETECT_MULT, row.detect_mult().unwrap_or(5));
        // What ovn-controller says is left alone.
        if session.is_none_or(|session| session.status != status) {
            columns = columns.set(Bfd::STATUS, &*status);
        }
        let chassis = view
            .get::<OwnBinding>(port)
            .as_ref()
            .as_ref()
            .and_then(|binding| binding.chassis);
        let chassis = chassis.map(|chassis| view.get::<ChassisTraits>(chassis));
        let chassis = chassis.as_ref().and_then(|chassis| chassis.as_ref().as_ref());
        columns = columns.set(Bfd::CHASSIS_NAME, chassis.map_or("", |chassis| &*chassis.name));
        let northbound = Columns::new().set(nb::Bfd::STATUS, Some(&*status));
        vec![Desired::row(id, columns), Desired::update(uuid, northbound)]
    }
}

/// The status of a session on both sides, by what the southbound side says.
fn status(is_used: bool, said: Option<&str>) -> String {
    match said {
        _ if !is_used => "admin_down",
        None | Some("admin_down") => "down",
        Some(said) => said,
    }
    .to_owned()
}

/// A number that tells a session from others, not zero (RFC 5880 §4.1).
fn discriminator(id: Uuid) -> i64 {
    let [a, b, c, d, ..] = id.into_bytes();
    i64::from(u32::from_be_bytes([a, b, c, d])).max(1)
}

fn is_used(view: &View<'_>, uuid: Uuid, session: nb::Bfd<'_>) -> bool {
    let routes = view.holders(LogicalRouterStaticRoute::BFD, uuid);
    let policies = view.holders(LogicalRouterPolicy::BFD_SESSIONS, uuid);
    routes.into_iter().any(|route| route_uses(view, route, session))
        || policies
            .into_iter()
            .any(|policy| policy_uses(view, policy, session))
}

fn route_uses(view: &View<'_>, route: Uuid, session: nb::Bfd<'_>) -> bool {
    let Some(row) = view.row::<LogicalRouterStaticRoute<'_>>(route) else {
        return false;
    };
    let is_way = |port: &RouterPort| match row.output_port() {
        Some(name) => *port.name == *name,
        None => contains(&port.addresses, row.nexthop()),
    };
    let routers = view.holders(LogicalRouter::STATIC_ROUTES, route);
    let has_way = |router: Uuid| any_port(view, router, is_way);
    let prefix = row.ip_prefix();
    row.nexthop() == session.dst_ip()
        && (V4::parse(prefix).is_some() || V6::parse(prefix).is_some())
        && routers.into_iter().any(has_way)
}

fn policy_uses(view: &View<'_>, policy: Uuid, session: nb::Bfd<'_>) -> bool {
    let Some(row) = view.row::<LogicalRouterPolicy<'_>>(policy) else {
        return false;
    };
    let is_nexthop = match row.nexthops().is_empty() {
        true => row.nexthop() == Some(session.dst_ip()),
        false => row.nexthops().contains(session.dst_ip()),
    };
    let is_way =
        |port: &RouterPort| contains(&port.addresses, session.dst_ip()) && watches(view, session, &port.name);
    let routers = view.holders(LogicalRouter::POLICIES, policy);
    row.action() == "reroute"
        && is_nexthop
        && routers.into_iter().any(|router| any_port(view, router, is_way))
}

fn any_port(view: &View<'_>, router: Uuid, is: impl Fn(&RouterPort) -> bool) -> bool {
    let ports = view.get::<RouterPorts>(router);
    let is = |port: &Uuid| (*view.get::<RouterPort>(*port)).as_ref().is_some_and(&is);
    view.get::<Router>(router).is_some() && ports.iter().any(is)
}

/// Whether an address is in one of the networks.
fn contains(addresses: &Addresses, text: &str) -> bool {
    match (V4::parse(text), V6::parse(text)) {
        (Some(ip), _) => addresses.v4.iter().any(|v4| v4.contains(ip.addr)),
        (None, Some(ip)) => addresses.v6.iter().any(|v6| v6.contains(ip.addr)),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn a_session_is_down_until_it_is_needed_and_heard_of() {
        for (is_used, said, expected) in [
            (false, None, "admin_down"),
            (false, Some("up"), "admin_down"),
            (true, None, "down"),
            (true, Some("admin_down"), "down"),
            (true, Some("up"), "up"),
            (true, Some("init"), "init"),
        ] {
            assert_eq!(status(is_used, said), expected, "{is_used} {said:?}");
        }
    }
}
