//! Networks: what a router reaches directly, and prefixes of routes.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ovsdb_data::Uuid;

use super::address::{Addresses, V4, V6, v6_text};
use super::block::{Block, ranges};
use super::router_port::RouterPort;
use super::router_side::RouterSide;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// An address that is written without a length, and not in the notation of IPv6 with one of IPv4.
pub fn without_length(text: &str) -> Option<IpAddr> {
    let addr = text.parse().ok()?;
    let is_mixed = |addr: IpAddr| addr.is_ipv6() && text.contains('.');
    (!is_mixed(addr)).then_some(addr)
}

/// An address as expressions have it.
pub fn ip_text(addr: IpAddr) -> String {
    match addr {
        IpAddr::V4(addr) => addr.to_string(),
        IpAddr::V6(addr) => v6_text(addr),
    }
}

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    /// Its first address.
    pub network: IpAddr,
    /// How many bits its addresses have in common.
    pub plen: u8,
}

impl Prefix {
    /// The network of an address, or of one with a prefix length or a mask.
    pub fn parse(text: &str) -> Option<Prefix> {
        V4::parse(text)
            .map(Prefix::from)
            .or_else(|| V6::parse(text).map(Prefix::from))
    }

    /// Whether it is of IPv4.
    pub fn is_v4(&self) -> bool {
        self.network.is_ipv4()
    }

    /// `ip4` or `ip6`.
    pub fn family(&self) -> &'static str {
        if self.is_v4() { "ip4" } else { "ip6" }
    }

    /// Whether its addresses are valid on one link only.
    pub fn is_link_local(&self) -> bool {
        match self.network {
            IpAddr::V4(_) => false,
            IpAddr::V6(addr) => V6 { addr, plen: 128 }.is_link_local(),
        }
    }

    /// Whether it is one address.
    pub fn is_host(&self) -> bool {
        self.plen == if self.is_v4() { 32 } else { 128 }
    }

    /// As short as can be: without the length where it is one address.
    pub fn short(&self) -> String {
        match self.is_host() {
            true => ip_text(self.network),
            false => self.to_string(),
        }
    }
}

impl From<V4> for Prefix {
    fn from(v4: V4) -> Prefix {
        Prefix {
            network: v4.network().into(),
            plen: v4.plen,
        }
    }
}

impl From<V6> for Prefix {
    fn from(v6: V6) -> Prefix {
        Prefix {
            network: v6.network().into(),
            plen: v6.plen,
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", ip_text(self.network), self.plen)
    }
}

/// A router port and the addresses it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Attached {
    /// The port.
    pub port: Uuid,
    /// Its router.
    pub router: Uuid,
    /// Its name.
    pub name: Arc<str>,
    /// Its name in quotation marks.
    pub key: Arc<str>,
    /// Its addresses.
    pub addresses: Addresses,
}

impl Attached {
    fn of(view: &View<'_>, port: Uuid) -> Option<Attached> {
        let port = view.get::<RouterPort>(port);
        let port = port.as_ref().as_ref()?;
        Some(Attached {
            port: port.uuid,
            router: port.router,
            name: port.name.clone(),
            key: port.key.clone(),
            addresses: port.addresses.clone(),
        })
    }

    /// The port's address in the network that has another one.
    pub fn towards(&self, addr: IpAddr) -> Option<IpAddr> {
        let Addresses { v4, v6, .. } = &self.addresses;
        match addr {
            IpAddr::V4(addr) => v4.iter().find(|v4| v4.contains(addr)).map(|v4| v4.addr.into()),
            IpAddr::V6(addr) => v6.iter().find(|v6| v6.contains(addr)).map(|v6| v6.addr.into()),
        }
    }
}

/// The ports of a router with their addresses, in the order of the column `ports`.
pub enum RouterNetworks {}

impl Derivation for RouterNetworks {
    type Key = Uuid;
    type Value = Vec<Attached>;
    const NODE: NodeId = Node::RouterNetworks;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let ports = view.get::<super::router::RouterPorts>(router);
        ports
            .iter()
            .filter_map(|port| Attached::of(view, *port))
            .collect()
    }
}

/// Those of them that have networks with addresses in a block.
pub enum BlockNetworks {}

impl Derivation for BlockNetworks {
    /// The router, and [`Block::id`].
    type Key = (Uuid, Uuid);
    type Value = Vec<Attached>;
    const NODE: NodeId = Node::BlockNetworks;

    fn derive(view: &View<'_>, (router, block): Self::Key, _: Option<&Self::Value>) -> Self::Value {
        let (first, last) = Block::from_id(block).range();
        let meets = |port: &&Attached| {
            let mut ranges = ranges(&port.addresses.v4, &port.addresses.v6);
            ranges.any(|(from, to)| from.is_ipv4() == first.is_ipv4() && from <= last && first <= to)
        };
        view.get::<RouterNetworks>(router)
            .iter()
            .filter(meets)
            .cloned()
            .collect()
    }
}

/// The first port of a router that has an address in one of its networks, and its own address there.
pub fn leading(view: &View<'_>, router: Uuid, addr: IpAddr) -> Option<(Attached, IpAddr)> {
    let ports = view.get::<BlockNetworks>((router, Block::around(addr).id()));
    let mut found = ports.iter().filter_map(|port| Some((port, port.towards(addr)?)));
    found.next().map(|(port, source)| (port.clone(), source))
}

/// The router ports that a switch leads to, with their addresses, in the order of the switch's column `ports`.
pub enum SwitchRouters {}

impl Derivation for SwitchRouters {
    type Key = Uuid;
    type Value = Vec<Attached>;
    const NODE: NodeId = Node::SwitchRouters;

    fn derive(view: &View<'_>, switch: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let side = view.get::<RouterSide>(switch);
        side.iter()
            .filter_map(|(_, port)| Attached::of(view, *port))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_read() {
        let check = |text: &str, read: Option<(&str, &str)>| {
            let shown = Prefix::parse(text).map(|prefix| (prefix.to_string(), prefix.short()));
            let shown = shown
                .as_ref()
                .map(|(long, short)| (long.as_str(), short.as_str()));
            assert_eq!(shown, read, "{text}");
        };
        check("10.1.2.3/16", Some(("10.1.0.0/16", "10.1.0.0/16")));
        check("10.1.2.3/255.255.255.0", Some(("10.1.2.0/24", "10.1.2.0/24")));
        check("10.1.2.3", Some(("10.1.2.3/32", "10.1.2.3")));
        check("0.0.0.0/0", Some(("0.0.0.0/0", "0.0.0.0/0")));
        check("fd00::1/64", Some(("fd00::/64", "fd00::/64")));
        check("fd00::1", Some(("fd00::1/128", "fd00::1")));
        check("10.1.2.3/33", None);
        check("", None);
    }
}
