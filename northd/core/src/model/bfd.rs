//! BFD sessions (ovn-nb(5) "BFD"): which of them are up, and which router ports have any. ovn-controller says how a
//! session is, in the southbound row. Never here: rows.

use ovn_schemas::rows::{ovn_northbound as nb, ovn_southbound as sb};
use ovsdb_data::Uuid;

use super::router_port::RouterPort;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Whether what depends on a session may be used.
pub enum BfdIsUp {}

impl Derivation for BfdIsUp {
    type Key = Uuid;
    type Value = bool;
    const NODE: NodeId = Node::BfdIsUp;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&bool>) -> bool {
        let Some(session) = view.row::<nb::Bfd<'_>>(uuid) else {
            return false;
        };
        let of_port = view.holders(sb::Bfd::LOGICAL_PORT, session.logical_port());
        let mut rows = of_port.into_iter().filter_map(|row| view.row::<sb::Bfd<'_>>(row));
        let seen = rows.find(|row| row.dst_ip() == session.dst_ip());
        seen.is_some_and(|row| !["down", "admin_down"].contains(&row.status()))
    }
}

/// Whether a router port has a session.
pub enum HasBfd {}

impl Derivation for HasBfd {
    type Key = Uuid;
    type Value = bool;
    const NODE: NodeId = Node::HasBfd;

    fn derive(view: &View<'_>, port: Uuid, _: Option<&bool>) -> bool {
        let port = view.get::<RouterPort>(port);
        let port = port.as_ref().as_ref();
        port.is_some_and(|port| view.holder(nb::Bfd::LOGICAL_PORT, &*port.name).is_some())
    }
}
