//! How old what chassis have learned may grow: the neighbors of routers (ovn-nb(5) "Logical_Router"
//! `options:mac_binding_age_threshold`) and who is behind which port of a switch ("Logical_Switch"
//! `other_config:fdb_age_threshold`).
//!
//! Never here: the rows that grow old (`sync/mac_binding.rs`, `sync/fdb.rs`), clocks.

use std::net::IpAddr;

use ovsdb_data::Uuid;

use super::address::{V4, V6};
use super::features::Features;
use super::router::Router;
use super::switch::Switch;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// An age in seconds; zero is any age.
pub type Seconds = u32;

/// How old neighbors may grow, by their addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// By network, the smallest ones first.
    networks: Vec<(Network, Seconds)>,
    /// Elsewhere.
    otherwise: Seconds,
}

/// An address as it was written, and a prefix length. Where the address is not the network's first one, there is
/// nobody in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    V4(V4),
    V6(V6),
}

impl Network {
    fn parse(text: &str) -> Option<Network> {
        let v4 = V4::parse(text).map(Network::V4);
        v4.or_else(|| V6::parse(text).map(Network::V6))
    }

    fn plen(self) -> u8 {
        match self {
            Network::V4(v4) => v4.plen,
            Network::V6(v6) => v6.plen,
        }
    }

    fn contains(self, ip: IpAddr) -> bool {
        match (self, ip) {
            (Network::V4(own), IpAddr::V4(addr)) => V4 { addr, ..own }.network() == own.addr,
            (Network::V6(own), IpAddr::V6(addr)) => V6 { addr, ..own }.network() == own.addr,
            _ => false,
        }
    }
}

impl Thresholds {
    /// `[CIDR:]SECONDS`, separated by semicolons. Where one entry makes no sense, none counts.
    pub fn parse(text: &str) -> Option<Thresholds> {
        let mut thresholds = Thresholds::default();
        for entry in text.split(';').filter(|entry| !entry.is_empty()) {
            let (network, seconds) = match entry.rsplit_once(':') {
                Some((network, seconds)) => (Some(Network::parse(network)?), seconds),
                None => (None, entry),
            };
            let seconds = seconds.trim_start().parse().ok()?;
            match network.filter(|network| network.plen() > 0) {
                Some(network) => thresholds.networks.push((network, seconds)),
                None => thresholds.otherwise = seconds,
            }
        }
        thresholds
            .networks
            .sort_by_key(|(network, _)| std::cmp::Reverse(network.plen()));
        Some(thresholds)
    }

    /// How old a neighbor with this address may grow.
    pub fn of(&self, ip: &str) -> Seconds {
        let found = ip.parse().ok().and_then(|ip| {
            let mut networks = self.networks.iter();
            networks.find(|(network, _)| network.contains(ip))
        });
        found.map_or(self.otherwise, |(_, seconds)| *seconds)
    }

    /// The shortest of all; zero where there is none.
    pub fn shortest(&self) -> Seconds {
        let all = self.networks.iter().map(|(_, seconds)| *seconds);
        let all = all.chain([self.otherwise]);
        all.filter(|seconds| *seconds > 0).min().unwrap_or(0)
    }
}

/// When what was seen last at a time (milliseconds since 1970) is too old; never where it may have any age.
pub fn too_old_at(seen: i64, age: Seconds) -> Option<i64> {
    (age > 0).then(|| seen.saturating_add(1000 * i64::from(age)))
}

/// How old the neighbors of a router may grow; none where there is no such router.
pub enum NeighborAges {}

impl Derivation for NeighborAges {
    type Key = Uuid;
    type Value = Option<Thresholds>;
    const NODE: NodeId = Node::NeighborAges;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let router = view.get::<Router>(uuid);
        let text = router.as_ref().as_ref()?.options.get("mac_binding_age_threshold");
        let text = text.filter(|_| view.get::<Features>(()).mac_binding_timestamp);
        let thresholds = text.map(|text| {
            Thresholds::parse(text).unwrap_or_else(|| {
                tracing::warn!("bad 'mac_binding_age_threshold' {text} in logical router {uuid}");
                Thresholds::default()
            })
        });
        Some(thresholds.unwrap_or_default())
    }
}

/// How old what a switch has learned may grow; none where there is no such switch.
pub enum StationAge {}

impl Derivation for StationAge {
    type Key = Uuid;
    type Value = Option<Seconds>;
    const NODE: NodeId = Node::StationAge;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let switch = view.get::<Switch>(uuid);
        let config = &switch.as_ref().as_ref()?.other_config;
        let is_known = view.get::<Features>(()).fdb_timestamp;
        let age = Seconds::try_from(config.number("fdb_age_threshold", 0)).ok();
        Some(age.filter(|_| is_known).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read() {
        let check = |text: &str, of: &[(&str, Seconds)], shortest: Seconds| {
            let thresholds = Thresholds::parse(text).unwrap_or_else(|| panic!("{text}"));
            for (ip, seconds) in of {
                assert_eq!(thresholds.of(ip), *seconds, "{text}: {ip}");
            }
            assert_eq!(thresholds.shortest(), shortest, "{text}");
        };
        check("", &[("10.0.0.1", 0)], 0);
        check("60", &[("10.0.0.1", 60), ("fd00::1", 60), ("nonsense", 60)], 60);
        check("0", &[("10.0.0.1", 0)], 0);
        check(
            "10.0.0.0/8:30;10.1.0.0/16:20;60",
            &[("10.0.0.1", 30), ("10.1.0.1", 20), ("11.0.0.1", 60)],
            20,
        );
        check(
            "10.1.0.0/16:20;10.0.0.0/8:30",
            &[("10.1.0.1", 20), ("11.0.0.1", 0)],
            20,
        );
        check(
            "fd00::/64:30;fd00::7:20;10.0.0.7:10",
            &[
                ("fd00::1", 30),
                ("fd00::7", 20),
                ("10.0.0.7", 10),
                ("10.0.0.8", 0),
            ],
            10,
        );
        check(
            "10.0.0.0/255.255.255.0:30;60",
            &[("10.0.0.9", 30), ("10.0.1.9", 60)],
            30,
        );
        check("10.0.0.0/8:0;60", &[("10.0.0.1", 0), ("11.0.0.1", 60)], 60);
        check("0.0.0.0/0:30", &[("10.0.0.1", 30), ("fd00::1", 30)], 30);
        check("::/0:30;60", &[("10.0.0.1", 60)], 60);
        check("10.0.0.5/8:30;60", &[("10.0.0.5", 60)], 30);
        check(";; 60;", &[("10.0.0.1", 60)], 60);
        for text in [
            "x",
            "10.0.0.0/8",
            "10.0.0.0/33:30",
            "10.0.0.0/8:30;x",
            "60s",
            "-1",
            "4294967296",
            ":60",
        ] {
            assert_eq!(Thresholds::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ages_begin_when_something_was_seen() {
        assert_eq!(too_old_at(5_000, 2), Some(7_000));
        assert_eq!(too_old_at(5_000, 0), None);
        assert_eq!(too_old_at(i64::MAX, u32::MAX), Some(i64::MAX));
    }
}
