//! Address translation rules of routers (ovn-nb(5) "NAT").
//!
//! A rule is parsed once ([`Nat`]), and placed on each router that refers to it ([`Placed`]): which distributed gateway
//! port it belongs to, and whether every chassis translates for itself. What it is beside the other rules of its router
//! ([`Rank`]) is apart, so that rules that come and go do not touch those that stay.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{self as nb, AddressSet, LogicalRouter};
use ovsdb_data::Uuid;

use super::address::{Addresses, Mac, V4, V6, v6_text};
use super::network::ip_text;
use super::options::Options;
use super::router::{GatewayPorts, Router, RouterPorts};
use super::router_port::{RouterPeer, RouterPort, SwitchPeer};
use super::switch_port::RedirectPort;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What a rule translates (`type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sources of what goes out.
    Snat,
    /// Destinations of what comes in.
    Dnat,
    /// Both, one address to one.
    Both,
}

/// Which addresses outside a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peers {
    /// All of them.
    All,
    /// Those of an address set.
    Allowed(Arc<str>),
    /// All but those of an address set.
    Exempted(Arc<str>),
}

/// A rule that makes sense by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Nat {
    /// Its row.
    pub uuid: Uuid,
    /// What it translates.
    pub kind: Kind,
    /// The address outside.
    pub external: IpAddr,
    /// That as it was typed.
    pub external_text: Arc<str>,
    /// The address or network inside, as it was typed.
    pub logical_text: Arc<str>,
    /// The length of its prefix.
    pub logical_plen: u8,
    /// The Ethernet address of the address outside, and as it was typed.
    pub mac: Option<(Mac, Arc<str>)>,
    /// The port whose chassis translates.
    pub logical_port: Option<Arc<str>>,
    /// Ports outside; empty for any.
    pub port_range: Arc<str>,
    /// Addresses outside.
    pub peers: Peers,
    /// What packets must match besides; may be empty.
    pub r#match: Arc<str>,
    /// Its priority among those with a match.
    pub priority: u16,
    /// Without connection tracking.
    pub is_stateless: bool,
    /// Routers on the same switch get a route to the address outside.
    pub adds_route: bool,
    /// The distributed gateway port that it asks for.
    pub gateway_port: Option<Uuid>,
}

impl Nat {
    /// The IP version of its addresses, as in `ip4`.
    pub fn family(&self) -> char {
        match self.external {
            IpAddr::V4(_) => '4',
            IpAddr::V6(_) => '6',
        }
    }

    /// Whether it translates sources of what goes out.
    pub fn translates_sources(&self) -> bool {
        self.kind != Kind::Dnat
    }

    /// Whether it translates destinations of what comes in.
    pub fn translates_destinations(&self) -> bool {
        self.kind != Kind::Snat
    }

    /// The address outside as flows have it.
    pub fn external(&self) -> String {
        ip_text(self.external)
    }

    /// The port and the Ethernet address, where the rule asks that the port's chassis translate.
    pub fn asks_distribution(&self) -> Option<(&str, Mac, &str)> {
        let (mac, text) = self.mac.as_ref()?;
        Some((self.logical_port.as_deref()?, *mac, text))
    }

    /// Whether it belongs to a distributed gateway port of a router with so many of them.
    pub fn belongs_to(&self, port: &RouterPort, n_gateway_ports: usize) -> bool {
        n_gateway_ports <= 1
            || match self.gateway_port {
                Some(asked) => asked == port.uuid,
                None => reaches(&port.addresses, self.external),
            }
    }
}

/// Whether an address is of one of the networks.
fn reaches(networks: &Addresses, addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(v4) => networks.v4.iter().any(|network| network.contains(v4)),
        IpAddr::V6(v6) => networks.v6.iter().any(|network| network.contains(v6)),
    }
}

impl Derivation for Nat {
    type Key = Uuid;
    type Value = Option<Nat>;
    const NODE: NodeId = Node::Nat;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<nb::Nat<'_>>(uuid)?;
        let kind = match row.r#type() {
            "snat" => Kind::Snat,
            "dnat_and_snat" => Kind::Both,
            _ => Kind::Dnat,
        };
        let Some(external) = one_address(row.external_ip()) else {
            tracing::warn!("NAT {uuid}: bad external_ip {}", row.external_ip());
            return None;
        };
        let mac = match row.external_mac().map(|text| (Mac::parse(text), text)) {
            None => None,
            Some((Some(mac), text)) => Some((mac, text.into())),
            Some((None, text)) => {
                tracing::warn!("NAT {uuid}: bad external_mac {text}");
                return None;
            }
        };
        let set = |uuid: Uuid| view.row::<AddressSet<'_>>(uuid).map(|set| set.name().into());
        let peers = match (row.allowed_ext_ips(), row.exempted_ext_ips()) {
            (Some(_), Some(_)) => {
                tracing::warn!("NAT {uuid}: not applied: both allowed_ext_ips and exempted_ext_ips are set");
                return None;
            }
            (Some(allowed), None) => set(allowed).map_or(Peers::All, Peers::Allowed),
            (None, Some(exempted)) => set(exempted).map_or(Peers::All, Peers::Exempted),
            (None, None) => Peers::All,
        };
        let plen = match external {
            IpAddr::V4(_) => V4::parse(row.logical_ip()).map(|v4| (v4.plen, 32)),
            IpAddr::V6(_) => V6::parse(row.logical_ip()).map(|v6| (v6.plen, 128)),
        };
        let Some((plen, _)) = plen.filter(|(plen, max)| kind == Kind::Snat || plen == max) else {
            tracing::warn!(
                "NAT {uuid}: bad logical_ip {} for {}",
                row.logical_ip(),
                row.r#type()
            );
            return None;
        };
        let options = Options::of(&row.options());
        Some(Nat {
            uuid,
            kind,
            external,
            external_text: row.external_ip().into(),
            logical_text: row.logical_ip().into(),
            logical_plen: plen,
            mac,
            logical_port: row.logical_port().map(Into::into),
            port_range: row.external_port_range().into(),
            peers,
            r#match: row.r#match().into(),
            priority: u16::try_from(row.priority()).unwrap_or_default(),
            is_stateless: kind == Kind::Both && options.is_true("stateless", false),
            adds_route: options.is_true("add_route", false),
            gateway_port: row.gateway_port(),
        })
    }
}

/// The addresses of a list without an Ethernet address; what cannot be read ends it.
fn addresses(text: &str) -> Addresses {
    let mut addresses = Addresses::default();
    let mut words = text.split_ascii_whitespace();
    while words.next().is_some_and(|word| addresses.add(word)) {}
    addresses
}

fn one_address(text: &str) -> Option<IpAddr> {
    let addresses = addresses(text);
    match (&addresses.v4[..], &addresses.v6[..]) {
        ([v4], []) => Some(v4.addr.into()),
        ([], [v6]) => Some(v6.addr.into()),
        _ => None,
    }
}

/// A rule on a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The distributed gateway port where it translates; none on gateway routers.
    pub gateway_port: Option<Uuid>,
    /// The chassis of the rule's logical port translates, not the one of the gateway port.
    pub is_distributed: bool,
}

impl Derivation for Placed {
    /// The router and the rule.
    type Key = (Uuid, Uuid);
    type Value = Option<Placed>;
    const NODE: NodeId = Node::PlacedNat;

    fn derive(view: &View<'_>, (router, nat): (Uuid, Uuid), _: Option<&Self::Value>) -> Self::Value {
        let nat = view.get::<Nat>(nat);
        let nat = nat.as_ref().as_ref()?;
        let router = view.get::<Router>(router);
        let router = router.as_ref().as_ref()?;
        let ports = view.get::<GatewayPorts>(router.uuid);
        let is_near = |port: &Uuid| {
            let port = view.get::<RouterPort>(*port);
            port.as_ref()
                .as_ref()
                .is_some_and(|port| reaches(&port.addresses, nat.external))
        };
        let gateway_port = match (nat.gateway_port, &ports[..]) {
            (Some(asked), ports) if ports.contains(&asked) => Some(asked),
            (Some(_), _) => {
                tracing::warn!(
                    "NAT {}: gateway_port is no distributed gateway port of router {}",
                    nat.uuid,
                    router.name
                );
                return None;
            }
            (None, []) => None,
            (None, [only]) => Some(*only),
            (None, several) => match several.iter().find(|port| is_near(port)) {
                Some(near) => Some(*near),
                None => {
                    tracing::warn!(
                        "NAT {}: no distributed gateway port of router {} is on the network of {}",
                        nat.uuid,
                        router.name,
                        nat.external_text
                    );
                    return None;
                }
            },
        };
        let is_distributed = nat.kind == Kind::Both
            && nat.asks_distribution().is_some()
            && gateway_port.is_some_and(|port| !is_peer_central(view, port));
        Some(Placed {
            gateway_port,
            is_distributed,
        })
    }
}

/// Whether the port behind a distributed gateway port is bound to a chassis itself: then all traffic goes there.
pub fn is_peer_central(view: &View<'_>, port: Uuid) -> bool {
    if let Some(peer) = *view.get::<SwitchPeer>(port) {
        return view.get::<RedirectPort>(peer).is_some();
    }
    let Some(peer) = *view.get::<RouterPeer>(port) else {
        return false;
    };
    let peer = view.get::<RouterPort>(peer);
    peer.as_ref().as_ref().is_some_and(|peer| peer.is_gateway)
}

/// The rules of a router together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouterNats {
    /// Those that count, in the order of the column `nat`.
    pub rules: Vec<Uuid>,
    /// The column is not empty.
    pub has_any: bool,
    /// One of them needs connection tracking.
    pub is_stateful: bool,
    /// One of them asks for a port's chassis to translate.
    pub asks_distribution: bool,
    /// The first rule with an address outside, as it was typed.
    first: BTreeMap<Arc<str>, Uuid>,
    /// The first of type `snat` with an address outside.
    first_snat: BTreeMap<IpAddr, Uuid>,
}

impl Derivation for RouterNats {
    type Key = Uuid;
    type Value = RouterNats;
    const NODE: NodeId = Node::RouterNats;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut nats = RouterNats::default();
        let Some(row) = view.row::<LogicalRouter<'_>>(uuid) else {
            return nats;
        };
        for rule in row.nat().iter() {
            nats.has_any = true;
            let nat = view.get::<Nat>(rule);
            let (Some(nat), Some(_)) = (nat.as_ref(), *view.get::<Placed>((uuid, rule))) else {
                continue;
            };
            nats.rules.push(rule);
            nats.is_stateful |= !nat.is_stateless;
            nats.first.entry(nat.external_text.clone()).or_insert(rule);
            if nat.kind == Kind::Snat {
                nats.first_snat.entry(nat.external).or_insert(rule);
                continue;
            }
            nats.asks_distribution |= nat.kind == Kind::Both && nat.asks_distribution().is_some();
        }
        nats
    }
}

/// What the rules of a router mean for the whole of it. Rules come and go without changing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NatTraits {
    /// There is a rule, valid or not.
    pub has_any: bool,
    /// A rule needs connection tracking.
    pub is_stateful: bool,
    /// A rule of type `dnat_and_snat` asks for a port's chassis to translate.
    pub asks_distribution: bool,
}

impl Derivation for NatTraits {
    type Key = Uuid;
    type Value = NatTraits;
    const NODE: NodeId = Node::NatTraits;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let nats = view.get::<RouterNats>(uuid);
        NatTraits {
            has_any: nats.has_any,
            is_stateful: nats.is_stateful,
            asks_distribution: nats.asks_distribution,
        }
    }
}

/// What a rule is among those of its router.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rank {
    /// It is the first with its address outside.
    pub is_first: bool,
    /// It speaks for its address outside: all do, but of those of type `snat` the first.
    pub speaks: bool,
}

impl Derivation for Rank {
    /// The router and the rule.
    type Key = (Uuid, Uuid);
    type Value = Rank;
    const NODE: NodeId = Node::NatRank;

    fn derive(view: &View<'_>, (router, rule): (Uuid, Uuid), _: Option<&Self::Value>) -> Self::Value {
        let nat = view.get::<Nat>(rule);
        let Some(nat) = nat.as_ref() else {
            return Rank::default();
        };
        let nats = view.get::<RouterNats>(router);
        Rank {
            is_first: nats.first.get(&nat.external_text) == Some(&rule),
            speaks: nat.kind != Kind::Snat || nats.first_snat.get(&nat.external) == Some(&rule),
        }
    }
}

/// The addresses that a gateway router gives to what it has translated or balanced on the way in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForceSnat {
    /// `dnat_force_snat_ip`.
    pub dnat: Force,
    /// `lb_force_snat_ip`.
    pub lb: Force,
    /// `lb_force_snat_ip` is `router_ip`: the address of the port that it leaves by.
    pub lb_router_ip: bool,
}

/// An address of each version at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Force {
    /// IPv4.
    pub v4: Option<Ipv4Addr>,
    /// IPv6.
    pub v6: Option<Ipv6Addr>,
}

impl Force {
    /// Whether there is one.
    pub fn is_some(self) -> bool {
        self.v4.is_some() || self.v6.is_some()
    }

    /// Both.
    pub fn iter(self) -> impl Iterator<Item = IpAddr> {
        let v4 = self.v4.map(IpAddr::from);
        v4.into_iter().chain(self.v6.map(IpAddr::from))
    }

    fn of(router: &Router, key: &str) -> Force {
        let Some(text) = router.options.get(key) else {
            return Force::default();
        };
        let read = addresses(text);
        let is_host = read.v4.iter().all(|v4| v4.plen == 32) && read.v6.iter().all(|v6| v6.plen == 128);
        match (&read.v4[..], &read.v6[..]) {
            ([_] | [], [_] | []) if is_host && read.v4.len() + read.v6.len() > 0 => Force {
                v4: read.v4.first().map(|v4| v4.addr),
                v6: read.v6.first().map(|v6| v6.addr),
            },
            _ => {
                tracing::warn!("Logical_Router {}: bad {key} {text}", router.name);
                Force::default()
            }
        }
    }
}

impl Derivation for ForceSnat {
    type Key = Uuid;
    type Value = ForceSnat;
    const NODE: NodeId = Node::ForceSnat;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let router = view.get::<Router>(uuid);
        let Some(router) = router.as_ref() else {
            return ForceSnat::default();
        };
        let lb_router_ip = router.is_gateway() && router.options.get("lb_force_snat_ip") == Some("router_ip");
        ForceSnat {
            dnat: Force::of(router, "dnat_force_snat_ip"),
            lb: match lb_router_ip {
                true => Force::default(),
                false => Force::of(router, "lb_force_snat_ip"),
            },
            lb_router_ip,
        }
    }
}

/// The addresses that a router gives to what leaves it: those outside of rules of type `snat`, and forced ones.
pub enum SnatIps {}

impl Derivation for SnatIps {
    type Key = Uuid;
    type Value = BTreeSet<IpAddr>;
    const NODE: NodeId = Node::SnatIps;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let nats = view.get::<RouterNats>(uuid);
        let force = view.get::<ForceSnat>(uuid);
        let rules = nats.first_snat.keys().copied();
        rules.chain(force.dnat.iter()).chain(force.lb.iter()).collect()
    }
}

/// The addresses of a router's own ports, without link-local ones, as flows have them.
pub enum OwnIps {}

impl Derivation for OwnIps {
    type Key = Uuid;
    type Value = BTreeSet<String>;
    const NODE: NodeId = Node::OwnIps;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut own = BTreeSet::new();
        for port in view.get::<RouterPorts>(uuid).iter() {
            let Some(port) = &*view.get::<RouterPort>(*port) else {
                continue;
            };
            own.extend(port.addresses.v4.iter().map(|v4| v4.addr.to_string()));
            let v6 = port.addresses.v6.iter().filter(|v6| !v6.is_link_local());
            own.extend(v6.map(|v6| v6_text(v6.addr)));
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_read() {
        let check = |text: &str, read: Option<&str>| {
            assert_eq!(one_address(text).map(ip_text).as_deref(), read, "{text}");
        };
        check("10.0.0.1", Some("10.0.0.1"));
        check("10.0.0.1/24", Some("10.0.0.1"));
        check("FD00::1", Some("fd00::1"));
        check("10.0.0.1 10.0.0.2", None);
        check("10.0.0.1 fd00::1", None);
        check("somewhere", None);
        check("", None);
    }
}
