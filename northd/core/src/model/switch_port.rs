//! Logical switch ports (ovn-nb(5) "Logical_Switch_Port").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LogicalRouterPort, LogicalSwitchPort};
use ovsdb_data::typed::Table;
use ovsdb_data::{Row, Uuid};

use super::address::Addresses;
use super::name::{chassis_redirect, quoted};
use super::options::Options;
use super::router_port::RouterPort;
use super::switch::{self, SwitchTraits};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What is behind a port (`type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// An interface of a virtual machine or a container: the empty text.
    Vif,
    /// `router`.
    Router,
    /// `localnet`.
    Localnet,
    /// `localport`.
    Localport,
    /// `l2gateway`.
    L2gateway,
    /// `vtep`.
    Vtep,
    /// `external`.
    External,
    /// `virtual`.
    Virtual,
    /// `remote`.
    Remote,
    /// `switch`.
    Switch,
    /// A type that OVN does not know.
    Unknown,
}

impl Type {
    fn parse(text: &str) -> Type {
        match text {
            "" => Type::Vif,
            "router" => Type::Router,
            "localnet" => Type::Localnet,
            "localport" => Type::Localport,
            "l2gateway" => Type::L2gateway,
            "vtep" => Type::Vtep,
            "external" => Type::External,
            "virtual" => Type::Virtual,
            "remote" => Type::Remote,
            "switch" => Type::Switch,
            _ => Type::Unknown,
        }
    }
}

/// Whether a row is of a port of type `router`.
pub(crate) fn leads_to_router(row: &Row) -> bool {
    Type::parse(LogicalSwitchPort::of(row).r#type()) == Type::Router
}

/// Whether a row is of a port of type `external`.
pub(crate) fn is_external(row: &Row) -> bool {
    Type::parse(LogicalSwitchPort::of(row).r#type()) == Type::External
}

/// Whether a row is of a port that takes what is for unknown addresses.
pub(crate) fn takes_unknown(row: &Row) -> bool {
    has_unknown(LogicalSwitchPort::of(row))
}

fn has_unknown(row: LogicalSwitchPort<'_>) -> bool {
    Type::parse(row.r#type()) == Type::Switch || row.addresses().iter().any(|text| text == "unknown")
}

/// A logical switch port that is on a switch and bears a name that no other has.
#[derive(Clone, Debug, PartialEq)]
pub struct SwitchPort {
    /// Its row.
    pub uuid: Uuid,
    /// Its switch.
    pub switch: Uuid,
    /// Its name.
    pub name: Arc<str>,
    /// Its name in quotation marks.
    pub key: Arc<str>,
    /// Its type.
    pub r#type: Type,
    /// Whether it is enabled.
    pub is_enabled: bool,
    /// What its `addresses` say, the dynamic ones as they were given; `router` is the peer's, which `Peer` knows.
    pub addresses: Vec<Addresses>,
    /// What its `port_security` says.
    pub port_security: Vec<Addresses>,
    /// It takes what is for unknown addresses.
    pub has_unknown: bool,
    /// One of its addresses is `router`.
    pub has_router_address: bool,
    /// `options`.
    pub options: Options,
    /// `parent_name`, if it is not empty.
    pub parent: Option<Arc<str>>,
    /// It asks for a tag (`tag_request`).
    pub asks_for_tag: bool,
}

impl SwitchPort {
    /// The router port that it leads to ([`Peer`]).
    pub fn peer(&self, view: &View<'_>) -> Option<Uuid> {
        let leads_to_router = self.r#type == Type::Router;
        leads_to_router.then(|| *view.get::<Peer>(self.uuid)).flatten()
    }

    /// The chassisredirect port that stands for it ([`RedirectPort`]).
    pub fn redirect(&self, view: &View<'_>) -> Option<Arc<str>> {
        let leads_to_router = self.r#type == Type::Router;
        leads_to_router
            .then(|| (*view.get::<RedirectPort>(self.uuid)).clone())
            .flatten()
    }
}

/// The switch of a port, if the port counts: where names clash, a router's port does, then the first one.
pub enum SwitchOf {}

impl Derivation for SwitchOf {
    type Key = Uuid;
    type Value = Option<Uuid>;
    const NODE: NodeId = Node::SwitchOf;

    fn derive(view: &View<'_>, port: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LogicalSwitchPort<'_>>(port)?;
        let mut of_routers = view.holders(LogicalRouterPort::NAME, row.name()).into_iter();
        let is_of_router = of_routers.any(|port| view.get::<RouterPort>(port).is_some());
        if is_of_router || switch::named(view, row.name()) != Some(port) {
            tracing::warn!("duplicate logical port {}", row.name());
            return None;
        }
        switch::holder_of(view, port)
    }
}

impl Derivation for SwitchPort {
    type Key = Uuid;
    type Value = Option<SwitchPort>;
    const NODE: NodeId = Node::SwitchPort;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LogicalSwitchPort<'_>>(uuid)?;
        let switch = (*view.get::<SwitchOf>(uuid))?;
        let r#type = Type::parse(row.r#type());
        Some(SwitchPort {
            uuid,
            switch,
            name: row.name().into(),
            key: quoted(row.name()),
            r#type,
            is_enabled: row.enabled().unwrap_or(true),
            addresses: addresses(&row),
            port_security: row.port_security().iter().filter_map(Addresses::parse).collect(),
            has_unknown: has_unknown(row),
            has_router_address: row.addresses().iter().any(|text| text == "router"),
            options: Options::of(&row.options()),
            parent: row.parent_name().filter(|name| !name.is_empty()).map(Into::into),
            asks_for_tag: row.tag_request().is_some(),
        })
    }
}

/// The addresses of a port, but for "unknown" and "router".
pub(super) fn addresses(row: &LogicalSwitchPort<'_>) -> Vec<Addresses> {
    let texts = row.addresses();
    let texts = texts.iter().filter(|text| !["unknown", "router"].contains(text));
    texts
        .filter_map(|text| match is_dynamic(text) {
            true => row.dynamic_addresses().and_then(Addresses::parse),
            false => Addresses::parse(text).or_else(|| {
                tracing::info!("invalid syntax '{text}' in address. No MAC address found");
                None
            }),
        })
        .collect()
}

/// Whether an address is for OVN to choose (ovn-nb(5) "addresses").
pub fn is_dynamic(text: &str) -> bool {
    let mut words = text.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some("dynamic"), _) => true,
        (Some(mac), Some("dynamic")) => super::address::Mac::parse(mac).is_some(),
        _ => false,
    }
}

/// The router port that a switch port of type `router` leads to, if its router takes part and it is not connected to
/// another router.
pub enum Peer {}

impl Derivation for Peer {
    type Key = Uuid;
    type Value = Option<Uuid>;
    const NODE: NodeId = Node::Peer;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        let port = port
            .as_ref()
            .as_ref()
            .filter(|port| port.r#type == Type::Router)?;
        let peer = view.holder(LogicalRouterPort::NAME, port.options.get("router-port")?)?;
        let peer = view.get::<RouterPort>(peer);
        let peer = peer.as_ref().as_ref()?;
        if let Some(other) = &peer.peer {
            tracing::warn!(
                "Bad configuration: The peer of the switch port '{}' (LRP peer: '{}') has its own peer \
                 configuration: '{other}'",
                port.name,
                peer.name
            );
            return None;
        }
        Some(peer.uuid)
    }
}

/// The chassisredirect port that stands for a router-type switch port, by name in quotation marks: its peer is the
/// only distributed gateway port of its router, and its switch has no localnet port.
pub enum RedirectPort {}

impl Derivation for RedirectPort {
    type Key = Uuid;
    type Value = Option<Arc<str>>;
    const NODE: NodeId = Node::RedirectPort;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        let port = port.as_ref().as_ref()?;
        let peer = view.get::<RouterPort>(port.peer(view)?);
        let peer = peer.as_ref().as_ref().filter(|peer| peer.is_gateway)?;
        let gateways = view.get::<super::router::GatewayPorts>(peer.router);
        let has_localnet = !view.get::<SwitchTraits>(port.switch).localnet.is_empty();
        (gateways.len() == 1 && !has_localnet).then(|| quoted(&chassis_redirect(&port.name)))
    }
}
