//! Logical router ports (ovn-nb(5) "Logical_Router_Port").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LogicalRouter, LogicalRouterPort, LogicalSwitchPort};
use ovsdb_data::Uuid;

use super::address::{Addresses, Mac};
use super::name::{chassis_redirect, is_resident, quoted, unredirected};
use super::options::Options;
use super::router::Router;
use super::router_side::RouterSide;
use super::switch_port::{Peer, SwitchPort};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// A port of an enabled router, with an address that makes sense and a name that no other has.
#[derive(Clone, Debug, PartialEq)]
pub struct RouterPort {
    /// Its row.
    pub uuid: Uuid,
    /// Its router.
    pub router: Uuid,
    /// Its name.
    pub name: Arc<str>,
    /// Its name in quotation marks.
    pub key: Arc<str>,
    /// Its addresses in the order of `networks`; the last IPv6 one is the link-local address of its Ethernet address,
    /// even if that is among the others.
    pub addresses: Addresses,
    /// Its `mac` as it was typed.
    pub mac_text: Arc<str>,
    /// Whether it is enabled.
    pub is_enabled: bool,
    /// Whether it names chassis: it is a distributed gateway port then, except on a gateway router.
    pub names_chassis: bool,
    /// Whether it is a distributed gateway port.
    pub is_gateway: bool,
    /// `options`.
    pub options: Options,
    /// The port of another router that it is connected to directly, by name.
    pub peer: Option<Arc<str>>,
}

impl RouterPort {
    /// The name of its chassisredirect port, in quotation marks.
    pub fn redirect_key(&self) -> Arc<str> {
        quoted(&chassis_redirect(&self.name))
    }

    /// True where its chassisredirect port is.
    pub fn is_resident(&self) -> String {
        is_resident(&self.redirect_key())
    }

    /// Whether it is there for BFD sessions alone, which its gateway chassis holds (an option of Kube-OVN).
    pub fn is_for_bfd(&self) -> bool {
        self.options.is_true("bfd-only", false)
    }

    /// The link-local address of its Ethernet address.
    pub fn link_local(&self) -> super::address::V6 {
        self.addresses.mac.link_local()
    }
}

/// The router of a port, if the port counts: where names clash, the first one does.
pub fn router_of(view: &View<'_>, port: Uuid) -> Option<Uuid> {
    let row = view.row::<LogicalRouterPort<'_>>(port)?;
    let holder = |port: Uuid| view.holder(LogicalRouter::PORTS, port);
    let mut named = view.holders(LogicalRouterPort::NAME, row.name()).into_iter();
    if named.find(|port| holder(*port).is_some()) != Some(port) {
        tracing::warn!("duplicate logical router port {}", row.name());
        return None;
    }
    let routers = view.holders(LogicalRouter::PORTS, port);
    if routers.len() > 1 {
        tracing::warn!(
            "duplicate logical router port {}: it is on {} routers, of which the first counts",
            row.name(),
            routers.len()
        );
    }
    routers.first().copied()
}

impl Derivation for RouterPort {
    type Key = Uuid;
    type Value = Option<RouterPort>;
    const NODE: NodeId = Node::RouterPort;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LogicalRouterPort<'_>>(uuid)?;
        let router = router_of(view, uuid)?;
        let on = view.get::<Router>(router);
        let on = on.as_ref().as_ref()?;
        let Some(mac) = Mac::parse(row.mac()) else {
            tracing::warn!("bad 'mac' {}", row.mac());
            return None;
        };
        let mut addresses = Addresses {
            mac,
            ..Addresses::default()
        };
        for network in row.networks().iter() {
            if network.starts_with("0.0.0.0") || !addresses.add(network) {
                tracing::warn!("bad 'networks' {network}");
            }
        }
        addresses.v6.push(mac.link_local());
        let names_chassis = row.ha_chassis_group().is_some() || !row.gateway_chassis().is_empty();
        if names_chassis && on.is_gateway() {
            tracing::warn!(
                "Logical router port {} configured as gateway on a gateway router: ignored",
                row.name()
            );
        }
        Some(RouterPort {
            uuid,
            router,
            name: row.name().into(),
            key: quoted(row.name()),
            addresses,
            mac_text: row.mac().into(),
            is_enabled: row.enabled().unwrap_or(true),
            names_chassis,
            is_gateway: names_chassis && !on.is_gateway(),
            options: Options::of(&row.options()),
            peer: row.peer().map(Into::into),
        })
    }
}

/// Whether a router port is a distributed gateway port; none where there is no such port.
pub enum IsGatewayPort {}

impl Derivation for IsGatewayPort {
    type Key = Uuid;
    type Value = Option<bool>;
    const NODE: NodeId = Node::IsGatewayPort;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<RouterPort>(uuid);
        port.as_ref().as_ref().map(|port| port.is_gateway)
    }
}

/// Whether a name is that of a router port, or of the chassisredirect port that stands for one.
pub fn is_known(view: &View<'_>, name: &str) -> bool {
    let is_port = |name: &str, is: fn(bool) -> bool| {
        let mut ports = view.holders(LogicalRouterPort::NAME, name).into_iter();
        ports.any(|port| view.get::<IsGatewayPort>(port).is_some_and(is))
    };
    is_port(name, |_| true) || unredirected(name).is_some_and(|name| is_port(name, |is_gateway| is_gateway))
}

/// The switch port of type `router` that leads to a router port.
pub enum SwitchPeer {}

impl Derivation for SwitchPeer {
    type Key = Uuid;
    type Value = Option<Uuid>;
    const NODE: NodeId = Node::SwitchPeer;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<RouterPort>(uuid);
        let port = port.as_ref().as_ref()?;
        let mut leading = view.holders(LogicalSwitchPort::OPTIONS, &*port.name).into_iter();
        leading.find(|lsp| *view.get::<Peer>(*lsp) == Some(uuid))
    }
}

/// The port of another router that a router port is directly connected to: each names the other.
pub enum RouterPeer {}

impl Derivation for RouterPeer {
    type Key = Uuid;
    type Value = Option<Uuid>;
    const NODE: NodeId = Node::RouterPeer;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<RouterPort>(uuid);
        let port = port.as_ref().as_ref()?;
        let peer = view.holder(LogicalRouterPort::NAME, port.peer.as_deref()?)?;
        let peer = view.get::<RouterPort>(peer);
        let peer = peer.as_ref().as_ref()?;
        (peer.peer.as_ref() == Some(&port.name)).then_some(peer.uuid)
    }
}

/// The other router-type ports of the switch that a router port is on, as the router ports they lead to.
pub enum Neighbors {}

impl Derivation for Neighbors {
    type Key = Uuid;
    type Value = Vec<Uuid>;
    const NODE: NodeId = Node::Neighbors;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(peer) = *view.get::<SwitchPeer>(uuid) else {
            return Vec::new();
        };
        let Some(switch) = view
            .get::<SwitchPort>(peer)
            .as_ref()
            .as_ref()
            .map(|port| port.switch)
        else {
            return Vec::new();
        };
        let side = view.get::<RouterSide>(switch);
        let others = side.iter().map(|(_, other)| *other);
        others.filter(|other| *other != uuid).collect()
    }
}
