//! Logical routers (ovn-nb(5) "Logical_Router").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalRouter;
use ovsdb_data::Uuid;

use super::options::Options;
use super::router_port::{RouterPort, router_of};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// An enabled logical router, without what it refers to.
#[derive(Clone, Debug, PartialEq)]
pub struct Router {
    /// Its row.
    pub uuid: Uuid,
    /// Its name.
    pub name: Arc<str>,
    /// `options`.
    pub options: Options,
    /// `external_ids`.
    pub external_ids: Options,
    /// Control plane protection.
    pub copp: Option<Uuid>,
}

impl Router {
    /// Whether it is a gateway router: all of it on one chassis.
    pub fn is_gateway(&self) -> bool {
        self.options.get("chassis").is_some()
    }
}

impl Derivation for Router {
    type Key = Uuid;
    type Value = Option<Router>;
    const NODE: NodeId = Node::Router;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LogicalRouter<'_>>(uuid)?;
        row.enabled().unwrap_or(true).then(|| Router {
            uuid,
            name: row.name().into(),
            options: Options::of(&row.options()),
            external_ids: Options::of(&row.external_ids()),
            copp: row.copp(),
        })
    }
}

/// The ports of a router that count, in the order of the column `ports`.
pub enum RouterPorts {}

impl Derivation for RouterPorts {
    type Key = Uuid;
    type Value = Vec<Uuid>;
    const NODE: NodeId = Node::RouterPorts;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<LogicalRouter<'_>>(uuid) else {
            return Vec::new();
        };
        let ports = row.ports().iter();
        let counts =
            |port: &Uuid| router_of(view, *port) == Some(uuid) && view.get::<RouterPort>(*port).is_some();
        ports.filter(counts).collect()
    }
}

/// The distributed gateway ports of a router, by name.
pub enum GatewayPorts {}

impl Derivation for GatewayPorts {
    type Key = Uuid;
    type Value = Vec<Uuid>;
    const NODE: NodeId = Node::GatewayPorts;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let ports = view.get::<RouterPorts>(uuid);
        let mut gateways: Vec<(Arc<str>, Uuid)> = Vec::new();
        for port in ports.iter() {
            if let Some(port) = &*view.get::<RouterPort>(*port)
                && port.is_gateway
            {
                gateways.push((port.name.clone(), port.uuid));
            }
        }
        gateways.sort();
        gateways.into_iter().map(|(_, port)| port).collect()
    }
}
