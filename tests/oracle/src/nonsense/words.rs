//! Texts that parsers meet: right ones by the name of their column or key, and wrong ones.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// What somebody will type one day.
const WILD: &[&str] = &[
    "",
    " ",
    "\t",
    "\n",
    "\"",
    "\\",
    "a\"b\\c",
    "\u{1}\u{1f}\u{7f}",
    "ü",
    "日本語",
    "🦀",
    "e\u{301}",
    "\u{202e}",
    "\u{a0}",
    ",",
    ";",
    ":",
    "=",
    ",,",
    ";;",
    "::",
    ":::",
    "/",
    "//",
    "/0",
    "/-1",
    "/33",
    "/129",
    "/4294967296",
    "[",
    "]",
    "[]",
    "[]:",
    "[]:80",
    "[::]:",
    "[::1",
    "::1]:80",
    ":80",
    "-",
    "--1",
    "-1",
    "+1",
    "0",
    "00",
    "1",
    "2",
    "1e9",
    "0.5",
    "NaN",
    "0x10",
    "255",
    "256",
    "4095",
    "4096",
    "32767",
    "32768",
    "65535",
    "65536",
    "16777215",
    "16777216",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999999999999999999999",
    "0xffffffffffffffffff",
    " 1",
    "1 ",
    "true",
    "false",
    "TRUE",
    "none",
    "router",
    "router_ip",
    "dynamic",
    "unknown",
    "all",
    "$as",
    "@pg",
    "&",
    "%s%n",
    "{",
    "}",
    "{\"a\":1}",
    "'",
    "a b",
    "a,b",
    "a;b",
    "a:b",
    "1-",
    "-2",
    "2-1",
    "1-2-3",
    "0-65535",
    "65535-0",
    "::/0",
    "0.0.0.0/0",
    "0.0.0.0",
    "255.255.255.255",
    "255.255.255.255/32",
    "255.255.255.255/0",
    "1.2.3.4/255.0.255.0",
    "1.2.3",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
    "::ffff:1.2.3.4",
    "fe80::",
    "ff02::1",
    "224.0.0.1",
    "00:00:00:00:00:00",
    "ff:ff:ff:ff:ff:ff",
    "01:00:5e:00:00:01",
    "0:0:0:0:0:0",
    "0a:00:00",
    "gg:00:00:00:00:00",
];

/// Names of ports, rows, sets and chassis: few, so that they meet.
const NAMES: &[&str] = &[
    "a",
    "b",
    "x",
    "rtr",
    "pg",
    "as",
    "_MC_flood",
    "svc_monitor_mac",
    "<main>",
    "default",
];

/// Names that are made of others.
const MADE_OF: &[(&str, &str)] = &[
    ("cr-", ""),
    ("", "_ip4"),
    ("", "_ip6"),
    ("_rtr_lb_", "_ip4"),
    ("_rtr_lb_", "_ip6"),
    ("acl_log_", ""),
    ("cr-cr-", ""),
    ("", "_ip4_ip4"),
    ("", "__acl"),
    ("$", ""),
    ("@", ""),
    ("!", ""),
    ("is_chassis_resident(", ")"),
];

/// What a text is to be, by words in the name of its column or key.
const KINDS: &[(&str, Kind)] = &[
    ("nat-addresses", Kind::NatAddresses),
    ("arp_proxy", Kind::Proxy),
    ("logical_switch_port.addresses", Kind::PortAddresses),
    ("address_set.addresses", Kind::Network),
    ("bfd.logical_port", Kind::RouterPort),
    ("static_mac_binding.logical_port", Kind::RouterPort),
    ("mac_binding.logical_port", Kind::RouterPort),
    ("output_port", Kind::RouterPort),
    ("dhcp_relay_port", Kind::RouterPort),
    ("logical_switch_port.peer", Kind::SwitchPort),
    ("parent_name", Kind::SwitchPort),
    ("child_port", Kind::SwitchPort),
    ("protocol-redirect", Kind::SwitchPort),
    ("port_security", Kind::Addresses),
    ("subnet", Kind::Network),
    ("exclude_ips", Kind::Addressed),
    ("ipv6_prefix", Kind::Network),
    ("networks", Kind::Network),
    ("ip_prefix", Kind::Network),
    ("logical_ip", Kind::Network),
    ("cidr", Kind::Network),
    ("route_info", Kind::RouteInfo),
    ("prefix", Kind::Network),
    ("mac_prefix", Kind::MacPrefix),
    ("mac_only", Kind::Bool),
    ("ip_port_mappings", Kind::Mapping),
    ("port_range", Kind::Range),
    ("vips", Kind::Backends),
    ("virtual-ip", Kind::Ip),
    ("virtual-parents", Kind::Names),
    ("vip", Kind::Vip),
    ("mac", Kind::Mac),
    ("eth_src", Kind::Mac),
    ("requested-chassis", Kind::Names),
    ("chassis", Kind::Name),
    ("protocol", Kind::Protocols),
    ("redistribute", Kind::Redistribute),
    ("match", Kind::Match),
    ("router-port", Kind::RouterPort),
    ("peer", Kind::RouterPort),
    ("port", Kind::SwitchPort),
    ("name", Kind::Name),
    ("meter", Kind::Name),
    ("table", Kind::Name),
    ("chain", Kind::Name),
    ("snat_ip", Kind::Ips),
    ("servers", Kind::Ip),
    ("sink", Kind::Ip),
    ("server", Kind::Ip),
    ("rdnss", Kind::Ips),
    ("records", Kind::Ips),
    ("nexthop", Kind::Ip),
    ("ip", Kind::Ip),
    ("address", Kind::Ip),
    ("type", Kind::Type),
    ("limit", Kind::Number),
    ("age_threshold", Kind::Thresholds),
    ("threshold", Kind::Number),
    ("key", Kind::Number),
    ("tag", Kind::Number),
    ("size", Kind::Number),
    ("interval", Kind::Number),
    ("timeout", Kind::Number),
    ("mtu", Kind::Number),
    ("qos", Kind::Number),
    ("id", Kind::Number),
    ("time", Kind::Number),
];

#[derive(Clone, Copy)]
enum Kind {
    Mac,
    MacPrefix,
    Ip,
    Ips,
    Network,
    Addresses,
    Addressed,
    PortAddresses,
    NatAddresses,
    Proxy,
    RouteInfo,
    Vip,
    Backends,
    Mapping,
    Range,
    Name,
    RouterPort,
    SwitchPort,
    Names,
    Match,
    Number,
    Thresholds,
    Bool,
    Type,
    Protocols,
    Redistribute,
}

/// Makes texts.
pub struct Words {
    /// How many of a hundred texts are not what is asked for.
    pub wildness: u32,
    /// Names of rows.
    pub names: Vec<String>,
}

impl Words {
    /// A text for a table's column or a key of its map.
    pub fn text(&self, rng: &mut StdRng, table: &str, of: &str) -> String {
        let (full, of) = (format!("{table}.{of}").to_lowercase(), of.to_lowercase());
        let is_of = |word: &str| {
            if word.contains('.') {
                full == word
            } else {
                of.contains(word)
            }
        };
        let kind = KINDS.iter().find(|(word, _)| is_of(word)).map(|(_, kind)| *kind);
        let is_wild = rng.random_range(0..100) < self.wildness;
        match (is_wild, rng.random_range(0..3)) {
            (true, 0) => self.wild(rng),
            (true, 1) => {
                let right = self.right(rng, kind);
                almost(rng, right)
            }
            (true, _) => {
                let other = KINDS.choose(rng).map(|(_, kind)| *kind);
                self.right(rng, other)
            }
            (false, _) => self.right(rng, kind),
        }
    }

    /// A name, perhaps one that others have.
    pub fn name(&self, rng: &mut StdRng) -> String {
        let name = match rng.random_bool(0.8) {
            true => self.names.choose(rng).cloned().unwrap_or_default(),
            false => one(rng, NAMES),
        };
        match (rng.random_range(0..12), MADE_OF.choose(rng)) {
            (0, Some((before, after))) => format!("{before}{name}{after}"),
            _ => name,
        }
    }

    fn wild(&self, rng: &mut StdRng) -> String {
        match rng.random_range(0..30) {
            0 => one(rng, WILD).repeat(300),
            n => (0..1 + n / 12).map(|_| one(rng, WILD)).collect(),
        }
    }

    fn right(&self, rng: &mut StdRng, kind: Option<Kind>) -> String {
        let Some(kind) = kind else {
            return match rng.random_range(0..4) {
                0 => "true".into(),
                1 => "false".into(),
                2 => number(rng),
                _ => self.name(rng),
            };
        };
        match kind {
            Kind::Mac => mac(rng),
            Kind::MacPrefix => mac(rng)[..8].to_owned(),
            Kind::Ip => ip(rng),
            Kind::Ips => list(rng, &[" ", ","], ip),
            Kind::Network => network(rng),
            Kind::Addresses => addresses(rng),
            Kind::Addressed => list(rng, &[" "], |rng| match rng.random_bool(0.5) {
                true => ip(rng),
                false => format!("{}..{}", ip(rng), ip(rng)),
            }),
            Kind::PortAddresses => match rng.random_range(0..10) {
                0 => "unknown".into(),
                1 | 2 => "router".into(),
                3 => "dynamic".into(),
                4 => format!("dynamic {}", list(rng, &[" "], ip)),
                5 => format!("{} dynamic", mac(rng)),
                _ => addresses(rng),
            },
            Kind::NatAddresses => match rng.random_range(0..3) {
                0 => "router".into(),
                1 => addresses(rng),
                _ => format!("{} is_chassis_resident(\"{}\")", addresses(rng), self.name(rng)),
            },
            Kind::Proxy => match rng.random_bool(0.5) {
                true => format!("{} {}", mac(rng), list(rng, &[" "], network)),
                false => list(rng, &[" ", ","], network),
            },
            Kind::RouteInfo => list(rng, &[","], |rng| {
                format!("{}-{}", one(rng, &["HIGH", "MEDIUM", "LOW"]), network(rng))
            }),
            Kind::Vip => vip(rng),
            Kind::Backends => list(rng, &[","], vip),
            Kind::Mapping => format!("{}:{}", self.name(rng), bracketed(rng)),
            Kind::Range => match rng.random_bool(0.5) {
                true => port(rng),
                false => format!("{}-{}", port(rng), port(rng)),
            },
            Kind::Name => self.name(rng),
            Kind::RouterPort if rng.random_bool(0.9) => format!("r{}", rng.random_range(0..10)),
            Kind::SwitchPort if rng.random_bool(0.9) => format!("p{}", rng.random_range(0..18)),
            Kind::RouterPort | Kind::SwitchPort => self.name(rng),
            Kind::Names => list(rng, &[","], |rng| self.name(rng)),
            Kind::Match => match rng.random_range(0..5) {
                0 => String::new(),
                1 => "1".into(),
                2 => format!("inport == \"{}\" && ip4.src == {}", self.name(rng), network(rng)),
                3 => format!(
                    "outport == @{} && ip6.dst == ${}_ip6",
                    self.name(rng),
                    self.name(rng)
                ),
                _ => format!("tcp.dst == {}", port(rng)),
            },
            Kind::Number => number(rng),
            Kind::Thresholds => list(rng, &[";"], |rng| match rng.random_bool(0.5) {
                true => number(rng),
                false => format!("{}:{}", network(rng), number(rng)),
            }),
            Kind::Bool => one(rng, &["true", "false"]),
            Kind::Type => one(
                rng,
                &[
                    "",
                    "",
                    "",
                    "router",
                    "router",
                    "router",
                    "router",
                    "router",
                    "router",
                    "localnet",
                    "localport",
                    "l2gateway",
                    "vtep",
                    "external",
                    "virtual",
                    "remote",
                    "switch",
                    "overlay",
                    "bridged",
                ],
            ),
            Kind::Protocols => list(rng, &[","], |rng| one(rng, &["BGP", "BFD", "tcp", "udp", "OSPF"])),
            Kind::Redistribute => list(rng, &[","], |rng| {
                one(rng, &["connected", "static", "nat", "lb", "connected-as-host"])
            }),
        }
    }
}

fn one(rng: &mut StdRng, of: &[&str]) -> String {
    of.choose(rng).copied().unwrap_or_default().to_owned()
}

fn list(rng: &mut StdRng, separators: &[&str], element: impl Fn(&mut StdRng) -> String) -> String {
    let separator = one(rng, separators);
    let n = rng.random_range(1..4);
    let elements: Vec<String> = (0..n).map(|_| element(rng)).collect();
    elements.join(&separator)
}

fn mac(rng: &mut StdRng) -> String {
    format!(
        "0a:00:00:00:{:02x}:{:02X}",
        rng.random_range(0..2),
        rng.random_range(0..12)
    )
}

fn v4(rng: &mut StdRng) -> String {
    format!("10.0.{}.{}", rng.random_range(0..3), rng.random_range(0..8))
}

fn v6(rng: &mut StdRng) -> String {
    format!("fd0{}::{:x}", rng.random_range(0..3), rng.random_range(0..8))
}

fn ip(rng: &mut StdRng) -> String {
    match rng.random_range(0..3) {
        0 => v6(rng),
        _ => v4(rng),
    }
}

fn network(rng: &mut StdRng) -> String {
    match rng.random_range(0..7) {
        0 => v4(rng),
        1 => v6(rng),
        2 => format!("{}/{}", v6(rng), rng.random_range(0..=128)),
        3 => format!("{}/{}", v4(rng), rng.random_range(0..=32)),
        4 => format!("{}/64", v6(rng)),
        _ => format!("{}/24", v4(rng)),
    }
}

fn addresses(rng: &mut StdRng) -> String {
    match rng.random_range(0..4) {
        0 => mac(rng),
        _ => format!("{} {}", mac(rng), list(rng, &[" "], network)),
    }
}

fn port(rng: &mut StdRng) -> String {
    rng.random_range(0..=90_000).to_string()
}

fn bracketed(rng: &mut StdRng) -> String {
    match rng.random_bool(0.3) {
        true => format!("[{}]", v6(rng)),
        false => v4(rng),
    }
}

/// An address, and perhaps a port, of a load balancer or behind it.
fn vip(rng: &mut StdRng) -> String {
    match rng.random_range(0..8) {
        0 => ip(rng),
        1 => format!("^{}:^{}", one(rng, NAMES), one(rng, NAMES)),
        _ => format!("{}:{}", bracketed(rng), rng.random_range(79..83)),
    }
}

fn number(rng: &mut StdRng) -> String {
    match rng.random_range(0..3) {
        0 => rng.random_range(0..5).to_string(),
        1 => rng.random_range(0..40_000).to_string(),
        _ => {
            let bits: i64 = rng.random();
            (bits >> rng.random_range(0..64)).to_string()
        }
    }
}

/// A text with a mistake in it.
fn almost(rng: &mut StdRng, right: String) -> String {
    let mut letters: Vec<char> = right.chars().collect();
    for _ in 0..rng.random_range(1..3) {
        let at = rng.random_range(0..=letters.len());
        match rng.random_range(0..6) {
            0 => letters.truncate(at),
            1 if at < letters.len() => {
                letters.remove(at);
            }
            2 if at < letters.len() => letters.insert(at, letters[at]),
            3 => {
                let (left, rest) = letters.split_at(at);
                letters = left
                    .iter()
                    .copied()
                    .chain(one(rng, WILD).chars())
                    .chain(rest.iter().copied())
                    .collect();
            }
            4 => letters.extend(right.chars()),
            _ => letters.reverse(),
        }
    }
    letters.into_iter().collect()
}
