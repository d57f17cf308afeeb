//! Addresses that OVN chooses for ports (ovn-nb(5) "Logical_Switch" `other_config:subnet`, `exclude_ips`,
//! `ipv6_prefix`, `mac_only`; "Logical_Switch_Port" `addresses`, `dynamic_addresses`).
//!
//! What a port has it keeps, part by part, as long as that is possible; then ports without get the lowest free
//! addresses. One derivation chooses for all switches, because Ethernet addresses must differ between them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LogicalSwitch, LogicalSwitchPort};
use ovsdb_data::Uuid;

use super::mac::{self, MacPrefix};
use crate::graph::Derivation;
use crate::model::address::{Addresses, Mac, V4, V6, v6_text};
use crate::model::options::Options;
use crate::model::router_port::RouterPort;
use crate::model::switch::{Switch, SwitchPorts, SwitchTraits};
use crate::model::switch_link;
use crate::model::switch_port::{Peer, SwitchPort};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// IPv4 addresses of a switch.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// The network's first address after its own. It is for the gateway: nobody gets it.
    first: u32,
    /// How many there are from there on. Nobody gets the last, which is for broadcasts.
    n: u32,
    /// Those that nobody gets: first and last of each range.
    excluded: Vec<(u32, u32)>,
}

impl Pool {
    fn parse(subnet: &str, excluded: &str) -> Option<Pool> {
        let subnet_v4 = subnet.contains('/').then(|| V4::parse(subnet)).flatten();
        let Some(v4) = subnet_v4.filter(|v4| v4.plen < 32) else {
            tracing::warn!("bad 'subnet' {subnet}");
            return None;
        };
        let first = u32::from(v4.network()).wrapping_add(1);
        let n = !u32::from(v4.mask());
        let mut pool = Pool {
            first,
            n,
            excluded: vec![(first, first)],
        };
        if let Err(problem) = pool.exclude(excluded) {
            tracing::warn!("bad exclude_ips ({problem})");
        }
        Some(pool)
    }

    /// Addresses, and ranges `a..b`.
    fn exclude(&mut self, text: &str) -> Result<(), &'static str> {
        let text = text.replace("..", " .. ");
        let mut words = text.split_ascii_whitespace().peekable();
        let mut result = Ok(());
        while let Some(word) = words.next() {
            let address = |word: &str| word.parse::<Ipv4Addr>().map(u32::from);
            let from = address(word).map_err(|_| "expecting address")?;
            let to = match words.next_if_eq(&"..") {
                Some(_) => {
                    let word = words.next().unwrap_or_default();
                    address(word).map_err(|_| "expecting address range")?
                }
                None => from,
            };
            let (from, to) = (
                from.max(self.first),
                to.min(self.first.saturating_add(self.n - 1)),
            );
            match from <= to {
                true => self.excluded.push((from, to)),
                false => result = Err("excluded addresses not in subnet"),
            }
        }
        result
    }

    /// Whether an address may be given to a port.
    fn may_give(&self, ip: u32) -> bool {
        ip >= self.first
            && ip - self.first < self.n.saturating_sub(1)
            && !self.excluded.iter().any(|(from, to)| (*from..=*to).contains(&ip))
    }

    /// The lowest free address.
    fn unused(&self, used: &BTreeSet<u32>) -> Option<u32> {
        let mut ip = self.first;
        while ip - self.first < self.n.saturating_sub(1) {
            let over = self
                .excluded
                .iter()
                .find(|(from, to)| (*from..=*to).contains(&ip));
            match over {
                Some((_, to)) => ip = to.checked_add(1)?,
                None if used.contains(&ip) => ip += 1,
                None => return Some(ip),
            }
        }
        None
    }
}

/// From what OVN chooses addresses for the ports of a switch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ipam {
    pool: Option<Pool>,
    /// The upper half of IPv6 addresses.
    prefix: Option<u128>,
}

impl Ipam {
    fn parse(config: &Options) -> Option<Ipam> {
        let (subnet, prefix) = (config.get("subnet"), config.get("ipv6_prefix"));
        if subnet.is_none() && prefix.is_none() {
            return config.is_true("mac_only", false).then(Ipam::default);
        }
        let ipam = Ipam {
            pool: subnet
                .and_then(|subnet| Pool::parse(subnet, config.get("exclude_ips").unwrap_or_default())),
            prefix: prefix.and_then(parse_prefix),
        };
        (ipam != Ipam::default()).then_some(ipam)
    }
}

fn parse_prefix(text: &str) -> Option<u128> {
    let parsed = V6::parse(text).filter(|v6| v6.plen == if text.contains('/') { 64 } else { 128 });
    if parsed.is_none() {
        tracing::warn!("bad 'ipv6_prefix' {text}");
    }
    parsed.map(|v6| u128::from(v6.addr) >> 64 << 64)
}

/// What a port asks for: `dynamic`, `dynamic IP`, `dynamic IP6`, `dynamic IP IP6` or `MAC dynamic`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Asked {
    mac: Option<Mac>,
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
}

impl Asked {
    fn parse(text: &str) -> Option<Asked> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let mut asked = Asked::default();
        match words[..] {
            ["dynamic"] => {}
            ["dynamic", ip] => match ip.parse() {
                Ok(v4) => asked.v4 = Some(v4),
                Err(_) => asked.v6 = Some(ip.parse().ok()?),
            },
            ["dynamic", v4, v6] => {
                asked.v4 = Some(v4.parse().ok()?);
                asked.v6 = Some(v6.parse().ok()?);
            }
            [mac, "dynamic"] => asked.mac = Some(Mac::parse(mac)?),
            _ => return None,
        }
        Some(asked)
    }
}

/// What a port has to do with the choice of addresses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PortIpam {
    /// Addresses that somebody else has chosen.
    pub fixed: Vec<Addresses>,
    /// What it asks OVN for.
    asked: Option<Asked>,
    /// `dynamic_addresses` as it is.
    given: Option<Arc<str>>,
    /// It leads to a router or to another switch: its `dynamic_addresses` are left alone.
    pub has_peer: bool,
}

impl Derivation for PortIpam {
    type Key = Uuid;
    type Value = PortIpam;
    const NODE: NodeId = Node::PortIpam;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let (Some(row), Some(port)) = (
            view.row::<LogicalSwitchPort<'_>>(uuid),
            &*view.get::<SwitchPort>(uuid),
        ) else {
            return PortIpam::default();
        };
        let has_peer = port.peer(view).is_some() || switch_link::of(view, port).is_some();
        let mut port = PortIpam {
            given: row.dynamic_addresses().map(Into::into),
            has_peer,
            ..PortIpam::default()
        };
        for text in row.addresses().iter() {
            match Asked::parse(text) {
                Some(_) if port.asked.is_some() => tracing::warn!(
                    "More than one dynamic address configured for logical switch port '{}'",
                    row.name()
                ),
                Some(asked) => port.asked = (!has_peer).then_some(asked),
                None => port.fixed.extend(Addresses::parse(text)),
            }
        }
        port
    }
}

/// What the choice for the ports of one switch follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct SwitchIpam {
    ipam: Ipam,
    /// IPv4 addresses that somebody else has chosen.
    used: BTreeSet<u32>,
    /// The ports that ask, with what they have.
    ports: Vec<(Uuid, Asked, Option<Arc<str>>)>,
}

impl Derivation for SwitchIpam {
    type Key = Uuid;
    type Value = Option<SwitchIpam>;
    const NODE: NodeId = Node::SwitchIpam;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let switch = view.get::<Switch>(uuid);
        let ipam = Ipam::parse(&switch.as_ref().as_ref()?.other_config)?;
        let (mut used, mut ports) = (BTreeSet::new(), Vec::new());
        for uuid in view.get::<SwitchPorts>(uuid).iter() {
            let port = view.get::<PortIpam>(*uuid);
            let fixed = port.fixed.iter().flat_map(|fixed| &fixed.v4);
            used.extend(fixed.map(|v4| u32::from(v4.addr)));
            ports.extend(port.asked.map(|asked| (*uuid, asked, port.given.clone())));
        }
        for port in &view.get::<SwitchTraits>(uuid).router {
            let Some(peer) = *view.get::<Peer>(*port) else {
                continue;
            };
            if let Some(peer) = &*view.get::<RouterPort>(peer) {
                used.extend(peer.addresses.v4.iter().map(|v4| u32::from(v4.addr)));
            }
        }
        Some(SwitchIpam { ipam, used, ports })
    }
}

/// The addresses of all ports that ask for some, as `dynamic_addresses` has them.
pub enum DynamicAddresses {}

impl Derivation for DynamicAddresses {
    type Key = ();
    type Value = BTreeMap<Uuid, Arc<str>>;
    const NODE: NodeId = Node::DynamicAddresses;

    fn derive(view: &View<'_>, (): (), before: Option<&Self::Value>) -> Self::Value {
        let prefix = *view.get::<MacPrefix>(());
        let switches = view.uuids::<LogicalSwitch<'_>>();
        let switches = switches.into_iter().map(|switch| view.get::<SwitchIpam>(switch));
        let mut switches: Vec<SwitchIpam> = switches.filter_map(|switch| (*switch).clone()).collect();
        for (port, _, given) in switches.iter_mut().flat_map(|switch| &mut switch.ports) {
            if given.is_none() {
                *given = before.and_then(|before| before.get(port).cloned());
            }
        }
        choose(&mut switches, prefix, || mac::fixed(view))
    }
}

/// What becomes of a part of the addresses that a port has.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part<T> {
    /// It stays, or there is none and there will be none.
    Keep(Option<T>),
    /// It goes.
    Remove,
    /// It is as asked.
    Fixed(T),
    /// It is to be chosen.
    Choose,
}

/// A port whose addresses change.
struct Change {
    switch: usize,
    port: Uuid,
    mac: Part<Mac>,
    v4: Part<u32>,
    v6: Part<Ipv6Addr>,
}

/// Chooses addresses. `fixed` are the Ethernet addresses that ports have by somebody else's choice.
fn choose(
    switches: &mut [SwitchIpam],
    prefix: MacPrefix,
    fixed: impl FnOnce() -> BTreeSet<Mac>,
) -> BTreeMap<Uuid, Arc<str>> {
    let (mut chosen, mut kept_macs, mut changes) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    for (at, switch) in switches.iter_mut().enumerate() {
        for (port, asked, given) in &switch.ports {
            let current = given
                .as_deref()
                .map(|text| Addresses::parse(text).unwrap_or_default());
            let (mac, v4, v6) = match &current {
                Some(current) => parts(&switch.ipam, &switch.used, prefix, asked, current),
                None => fresh(&switch.ipam, asked),
            };
            if let Part::Keep(Some(mac)) = mac {
                kept_macs.insert(mac);
            }
            if let Part::Keep(Some(v4)) = v4 {
                switch.used.insert(v4);
            }
            let stays = matches!((mac, v4, v6), (Part::Keep(_), Part::Keep(_), Part::Keep(_)));
            match given {
                Some(given) if stays => {
                    chosen.insert(*port, given.clone());
                }
                _ => changes.push(Change {
                    switch: at,
                    port: *port,
                    mac,
                    v4,
                    v6,
                }),
            }
        }
    }
    let mut macs = match changes.iter().any(|change| change.mac == Part::Choose) {
        true => fixed(),
        false => BTreeSet::new(),
    };
    macs.extend(kept_macs);
    for Change {
        switch,
        port,
        mac,
        v4,
        v6,
    } in changes
    {
        let SwitchIpam { ipam, used, .. } = &mut switches[switch];
        let v4 = match v4 {
            Part::Keep(v4) => v4,
            Part::Remove => None,
            Part::Fixed(v4) => Some(v4),
            Part::Choose => {
                let v4 = ipam.pool.as_ref().and_then(|pool| pool.unused(used));
                if v4.is_none() {
                    tracing::warn!("Subnet address space has been exhausted.");
                }
                v4
            }
        };
        let mac = match mac {
            Part::Keep(Some(mac)) | Part::Fixed(mac) => mac,
            _ => prefix.unused(v4.unwrap_or(0), &macs),
        };
        let v6 = match v6 {
            Part::Keep(v6) => v6,
            Part::Remove => None,
            Part::Fixed(v6) => Some(v6),
            Part::Choose => ipam
                .prefix
                .map(|prefix| Ipv6Addr::from(prefix | u128::from(mac.eui64()))),
        };
        macs.insert(mac);
        used.extend(v4);
        let mut text = mac.to_string();
        text.extend(v4.map(|v4| format!(" {}", Ipv4Addr::from(v4))));
        text.extend(v6.map(|v6| format!(" {}", v6_text(v6))));
        chosen.insert(port, text.into());
    }
    chosen
}

type Parts = (Part<Mac>, Part<u32>, Part<Ipv6Addr>);

/// For a port that has nothing yet.
fn fresh(ipam: &Ipam, asked: &Asked) -> Parts {
    let v4 = asked.v4.map(|v4| Part::Fixed(v4.into()));
    let v6 = asked.v6.map(Part::Fixed);
    (
        asked.mac.map_or(Part::Choose, Part::Fixed),
        v4.unwrap_or(if ipam.pool.is_some() {
            Part::Choose
        } else {
            Part::Keep(None)
        }),
        v6.unwrap_or(if ipam.prefix.is_some() {
            Part::Choose
        } else {
            Part::Keep(None)
        }),
    )
}

/// For a port that has something.
fn parts(ipam: &Ipam, used: &BTreeSet<u32>, prefix: MacPrefix, asked: &Asked, current: &Addresses) -> Parts {
    let mac = match asked.mac {
        Some(mac) if mac != current.mac => Part::Fixed(mac),
        None if !prefix.is_of(current.mac) => Part::Choose,
        _ => Part::Keep(Some(current.mac)),
    };
    let may_have = |pool: &Pool, v4: u32| pool.may_give(v4) && !used.contains(&v4);
    let v4 = match (&ipam.pool, current.v4.first().map(|v4| u32::from(v4.addr))) {
        (None, Some(_)) => Part::Remove,
        (None, None) => Part::Keep(None),
        (Some(pool), Some(v4)) if may_have(pool, v4) => match asked.v4.map(u32::from) {
            None => Part::Keep(Some(v4)),
            Some(asked) if asked == v4 => Part::Keep(Some(v4)),
            Some(asked) if may_have(pool, asked) => Part::Fixed(asked),
            Some(_) => Part::Choose,
        },
        (Some(_), _) => Part::Choose,
    };
    let v6 = match (ipam.prefix, current.v6.first().map(|v6| v6.addr)) {
        (None, Some(_)) => Part::Remove,
        (None, None) => Part::Keep(None),
        (Some(_), None) => Part::Choose,
        (Some(_), Some(_)) if asked.mac.is_some() => Part::Choose,
        (Some(prefix), Some(v6)) => match asked.v6 {
            Some(asked) if u128::from(asked) & prefix != prefix => Part::Choose,
            Some(asked) if asked != v6 => Part::Fixed(asked),
            None if !matches!(mac, Part::Keep(_)) => Part::Choose,
            _ => Part::Keep(Some(v6)),
        },
    };
    (mac, v4, v6)
}

/// The addresses of one port that asks for some.
pub enum DynamicAddress {}

impl Derivation for DynamicAddress {
    type Key = Uuid;
    type Value = Option<Arc<str>>;
    const NODE: NodeId = Node::DynamicAddress;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        view.get::<PortIpam>(uuid).asked?;
        view.get::<DynamicAddresses>(()).get(&uuid).cloned()
    }
}

/// Whether OVN chooses addresses for ports of a switch.
pub enum HasIpam {}

impl Derivation for HasIpam {
    type Key = Uuid;
    type Value = bool;
    const NODE: NodeId = Node::HasIpam;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        view.get::<SwitchIpam>(uuid).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: MacPrefix = MacPrefix([0x0a, 0, 0]);

    /// Ports of one switch: what each asks for, what it has, and what it gets.
    fn check(ipam: &[(&str, &str)], used: &[&str], ports: &[(&str, &str, &str)]) {
        let config = Options::from_iter(ipam.iter().copied());
        let port = |(id, (asked, given, _)): (usize, &(&str, &str, &str))| {
            let given = (!given.is_empty()).then(|| Arc::from(*given));
            (Uuid::from_u128(id as u128), Asked::parse(asked).unwrap(), given)
        };
        let mut switches = [SwitchIpam {
            ipam: Ipam::parse(&config).unwrap(),
            used: used
                .iter()
                .map(|ip| u32::from(ip.parse::<Ipv4Addr>().unwrap()))
                .collect(),
            ports: ports.iter().enumerate().map(port).collect(),
        }];
        let chosen = choose(&mut switches, PREFIX, BTreeSet::new);
        let chosen: Vec<&str> = chosen.values().map(|text| &**text).collect();
        let expected: Vec<&str> = ports.iter().map(|(.., chosen)| *chosen).collect();
        assert_eq!(chosen, expected, "{ipam:?} {ports:?}");
    }

    #[test]
    fn addresses_are_chosen_and_kept() {
        let v4 = [
            ("subnet", "10.0.0.0/24"),
            ("exclude_ips", "10.0.0.2..10.0.0.4 10.0.0.6"),
        ];
        let both = [("subnet", "10.0.0.0/24"), ("ipv6_prefix", "fd00::")];
        let fifth = "0a:00:00:00:00:06 10.0.0.5";
        check(
            &v4,
            &[],
            &[
                ("dynamic", "", fifth),
                ("dynamic", "", "0a:00:00:00:00:08 10.0.0.7"),
            ],
        );
        check(
            &v4,
            &["10.0.0.5"],
            &[("dynamic", "", "0a:00:00:00:00:08 10.0.0.7")],
        );
        // Who has one keeps it; who has not waits.
        check(
            &v4,
            &[],
            &[
                ("dynamic", "", "0a:00:00:00:00:08 10.0.0.7"),
                ("dynamic", fifth, fifth),
            ],
        );
        // Excluded, taken, out of the subnet, another prefix.
        check(
            &v4,
            &[],
            &[(
                "dynamic",
                "0a:00:00:00:00:03 10.0.0.2",
                "0a:00:00:00:00:03 10.0.0.5",
            )],
        );
        check(
            &v4,
            &["10.0.0.5"],
            &[("dynamic", fifth, "0a:00:00:00:00:06 10.0.0.7")],
        );
        check(&v4, &[], &[("dynamic", "0b:00:00:00:00:06 10.0.1.5", fifth)]);
        check(
            &v4,
            &[],
            &[("dynamic 10.0.0.9", fifth, "0a:00:00:00:00:06 10.0.0.9")],
        );
        check(
            &v4,
            &[],
            &[("dynamic 10.0.0.9", "", "0a:00:00:00:00:0a 10.0.0.9")],
        );
        check(
            &v4,
            &[],
            &[("00:00:00:00:00:01 dynamic", "", "00:00:00:00:00:01 10.0.0.5")],
        );
        check(
            &both,
            &[],
            &[
                ("dynamic", "", "0a:00:00:00:00:03 10.0.0.2 fd00::800:ff:fe00:3"),
                ("dynamic fd00::9", "", "0a:00:00:00:00:04 10.0.0.3 fd00::9"),
                (
                    "dynamic 10.0.0.4 fd00::8",
                    "",
                    "0a:00:00:00:00:05 10.0.0.4 fd00::8",
                ),
            ],
        );
        // A pool of one address, and nothing left.
        let small = [("subnet", "10.0.0.0/30")];
        check(
            &small,
            &[],
            &[
                ("dynamic", "", "0a:00:00:00:00:03 10.0.0.2"),
                ("dynamic", "", "0a:00:00:00:00:01"),
            ],
        );
        check(
            &[("mac_only", "true")],
            &[],
            &[("dynamic", fifth, "0a:00:00:00:00:06")],
        );
    }

    #[test]
    fn settings_that_make_no_sense_are_none() {
        for (key, value) in [
            ("subnet", "10.0.0.0"),
            ("subnet", "10.0.0.1/32"),
            ("ipv6_prefix", "fd00::/60"),
            ("mac_only", "yes"),
        ] {
            assert_eq!(
                Ipam::parse(&Options::from_iter([(key, value)])),
                None,
                "{key}={value}"
            );
        }
    }
}
