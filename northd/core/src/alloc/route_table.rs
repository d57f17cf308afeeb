//! Numbers of route tables (ovn-nb(5) "route_table"). The main table, whose name is empty, is 0.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovsdb_data::Uuid;

use super::number::give;
use crate::graph::Derivation;
use crate::model::route_bucket;
use crate::model::router::RouterPorts;
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The table that a router port says its packets use, if it is not the main one.
pub enum PortTable {}

impl Derivation for PortTable {
    type Key = Uuid;
    type Value = Option<Arc<str>>;
    const NODE: NodeId = Node::PortTable;

    fn derive(view: &View<'_>, port: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<RouterPort>(port);
        let table = port.as_ref().as_ref()?.options.get("route_table")?;
        (!table.is_empty()).then(|| table.into())
    }
}

/// The route tables of a router by name.
pub enum RouteTables {}

impl Derivation for RouteTables {
    type Key = Uuid;
    type Value = BTreeMap<Arc<str>, u16>;
    const NODE: NodeId = Node::RouteTables;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let ports = view.get::<RouterPorts>(router);
        let of_ports = ports
            .iter()
            .filter_map(|port| view.get::<PortTable>(*port).as_ref().clone());
        let of_buckets = route_bucket::of_router(view, router);
        let of_routes = of_buckets.iter().flat_map(|bucket| bucket.tables.iter().cloned());
        give(of_ports.chain(of_routes))
    }
}

/// The number of a table; none where there are too many.
pub fn number(view: &View<'_>, router: Uuid, table: &str) -> Option<u16> {
    match table {
        "" => Some(0),
        _ => view.get::<RouteTables>(router).get(table).copied(),
    }
}
