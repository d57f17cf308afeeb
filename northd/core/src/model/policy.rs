//! Policies of routers (ovn-nb(5) "Logical_Router_Policy"): the next hops that can be reached.

use std::net::IpAddr;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{Bfd, LogicalRouterPolicy, LogicalRouterPort};
use ovsdb_data::Uuid;

use super::bfd::BfdIsUp;
use super::network::{Attached, leading, without_length};
use super::router_port::RouterPort;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// A next hop of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct NextHop {
    /// The address as it was typed.
    pub text: Arc<str>,
    /// The router port that leads there.
    pub port: Uuid,
    /// That port's address in the network.
    pub source: IpAddr,
}

impl NextHop {
    /// Whether it is of IPv4.
    pub fn is_v4(&self) -> bool {
        self.text.contains('.')
    }
}

/// The next hops of a policy that reroutes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NextHops {
    /// How many it names.
    pub asked: usize,
    /// Those that can be reached.
    pub valid: Vec<NextHop>,
}

impl Derivation for NextHops {
    /// The router, which may share the row with others, and the row.
    type Key = (Uuid, Uuid);
    type Value = NextHops;
    const NODE: NodeId = Node::NextHops;

    fn derive(view: &View<'_>, (router, policy): (Uuid, Uuid), _: Option<&NextHops>) -> NextHops {
        let mut hops = NextHops::default();
        let Some(row) = view.row::<LogicalRouterPolicy<'_>>(policy) else {
            return hops;
        };
        if row.action() != "reroute" {
            return hops;
        }
        hops.asked = row.nexthops().len();
        // The column `nexthop` is from before there could be several.
        let one = row.nexthop().filter(|_| row.nexthops().is_empty());
        for text in row.nexthops().iter().chain(one) {
            let found = without_length(text).and_then(|addr| leading(view, router, addr));
            let Some((port, source)) = found else {
                tracing::warn!(
                    "No path for routing policy priority {}; next hop {text}",
                    row.priority()
                );
                continue;
            };
            if is_up(view, &row, &port, text) {
                hops.valid.push(NextHop {
                    text: text.into(),
                    port: port.port,
                    source,
                });
            }
        }
        hops
    }
}

/// Whether a session of one port watches next hops behind another.
pub fn watches(view: &View<'_>, session: Bfd<'_>, port: &str) -> bool {
    if session.logical_port() == port {
        return true;
    }
    let own = view.holder(LogicalRouterPort::NAME, session.logical_port());
    let own = own.map(|own| view.get::<RouterPort>(own));
    own.is_some_and(|own| own.as_ref().as_ref().is_some_and(RouterPort::is_for_bfd))
}

/// Whether the session that watches a next hop is up; one that nobody watches is.
fn is_up(view: &View<'_>, row: &LogicalRouterPolicy<'_>, port: &Attached, nexthop: &str) -> bool {
    let mut sessions = row.bfd_sessions().iter();
    let watching = sessions.find(|session| {
        view.row::<Bfd<'_>>(*session)
            .is_some_and(|bfd| bfd.dst_ip() == nexthop && watches(view, bfd, &port.name))
    });
    watching.is_none_or(|session| *view.get::<BfdIsUp>(session))
}
