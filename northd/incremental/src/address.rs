//! Ethernet and IP addresses as northbound texts have them (ovn-nb(5) "addresses", "networks").
//!
//! In: texts. Out: addresses, and the texts that flows have. None where a text makes no sense; warnings are the
//! reader's business.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An Ethernet address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// `aa:bb:cc:dd:ee:ff`, in either case; zeros may be left out or be too many.
    pub fn parse(text: &str) -> Option<Mac> {
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next()?;
            if !part.starts_with(|digit: char| digit.is_ascii_hexdigit()) {
                return None;
            }
            *byte = u8::from_str_radix(part, 16).ok()?;
        }
        parts.next().is_none().then_some(Mac(bytes))
    }

    /// The interface's part of an IPv6 address (RFC 4291 appendix A).
    pub fn eui64(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f])
    }

    /// The link-local address of an interface with this address.
    pub fn link_local(self) -> V6 {
        V6 {
            addr: Ipv6Addr::from((0xfe80_u128 << 112) | u128::from(self.eui64())),
            plen: 64,
        }
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// An IPv4 address in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct V4 {
    /// The address.
    pub addr: Ipv4Addr,
    /// The network's prefix length; 32 where none was given.
    pub plen: u8,
}

impl V4 {
    /// `a.b.c.d`, `a.b.c.d/len` or `a.b.c.d/mask`.
    pub fn parse(text: &str) -> Option<V4> {
        let (addr, plen) = match text.split_once('/') {
            None => (text, 32),
            Some((addr, plen)) => (addr, v4_prefix(plen)?),
        };
        Some(V4 {
            addr: addr.parse().ok()?,
            plen,
        })
    }

    /// The network's mask.
    pub fn mask(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::MAX.checked_shl(32 - u32::from(self.plen)).unwrap_or(0))
    }

    /// The network's first address.
    pub fn network(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.addr) & u32::from(self.mask()))
    }

    /// The network's last address.
    pub fn broadcast(self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.addr) | !u32::from(self.mask()))
    }

    /// Whether an address is of this network.
    pub fn contains(self, addr: Ipv4Addr) -> bool {
        u32::from(addr) & u32::from(self.mask()) == u32::from(self.network())
    }
}

fn v4_prefix(text: &str) -> Option<u8> {
    if let Ok(mask) = text.parse::<Ipv4Addr>() {
        let mask = u32::from(mask);
        let plen = mask.leading_ones();
        return (mask.checked_shl(plen).unwrap_or(0) == 0).then_some(plen as u8);
    }
    text.parse().ok().filter(|plen| *plen <= 32)
}

/// An IPv6 address in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct V6 {
    /// The address.
    pub addr: Ipv6Addr,
    /// The network's prefix length; 128 where none was given.
    pub plen: u8,
}

impl V6 {
    /// `a::b` or `a::b/len`.
    pub fn parse(text: &str) -> Option<V6> {
        let (addr, plen) = match text.split_once('/') {
            None => (text, 128),
            Some((addr, plen)) => (addr, plen.parse().ok().filter(|plen| *plen <= 128)?),
        };
        Some(V6 {
            addr: addr.parse().ok()?,
            plen,
        })
    }

    fn mask(self) -> u128 {
        u128::MAX.checked_shl(128 - u32::from(self.plen)).unwrap_or(0)
    }

    /// The network's first address.
    pub fn network(self) -> Ipv6Addr {
        Ipv6Addr::from(u128::from(self.addr) & self.mask())
    }

    /// The network's last address.
    pub fn last(self) -> Ipv6Addr {
        Ipv6Addr::from(u128::from(self.addr) | !self.mask())
    }

    /// Whether an address is of this network.
    pub fn contains(self, addr: Ipv6Addr) -> bool {
        u128::from(addr) & self.mask() == u128::from(self.network())
    }

    /// The solicited-node multicast address (RFC 4291 §2.7.1).
    pub fn solicited_node(self) -> Ipv6Addr {
        let low = u128::from(self.addr) & 0xff_ffff;
        Ipv6Addr::from((0xff02_u128 << 112) | (1 << 32) | (0xff << 24) | low)
    }

    /// The Ethernet address of that (RFC 2464 §7).
    pub fn solicited_node_mac(self) -> Mac {
        let [.., a, b, c] = self.addr.octets();
        Mac([0x33, 0x33, 0xff, a, b, c])
    }

    /// Whether it is a link-local address (RFC 4291 §2.5.6).
    pub fn is_link_local(self) -> bool {
        self.addr.segments()[0] & 0xffc0 == 0xfe80
    }
}

/// An IPv6 address as C's `inet_ntop` writes it, which has IPv4's notation for more of them than RFC 5952.
pub fn v6_text(addr: Ipv6Addr) -> String {
    let bits = u128::from(addr);
    match u32::try_from(bits) {
        Ok(low) if low > 0xffff => format!("::{}", Ipv4Addr::from(low)),
        _ => addr.to_string(),
    }
}

/// What one string of `addresses` or `networks` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The Ethernet address.
    pub mac: Mac,
    /// IPv4 addresses, in the order of the text.
    pub v4: Vec<V4>,
    /// IPv6 addresses, in the order of the text.
    pub v6: Vec<V6>,
}

impl Addresses {
    /// An Ethernet address and any number of IP addresses (`addresses` of a switch port). What cannot be read ends
    /// it: what was read before counts.
    pub fn parse(text: &str) -> Option<Addresses> {
        let mut words = text.split_ascii_whitespace();
        let mac = Mac::parse(words.next()?)?;
        let mut addresses = Addresses {
            mac,
            ..Addresses::default()
        };
        for word in words {
            let (address, rest) = word.split_once(',').map_or((word, None), |(a, b)| (a, Some(b)));
            if !addresses.add(address) || rest.is_some() {
                break;
            }
        }
        Some(addresses)
    }

    /// Adds an IP address; false where the text is none.
    pub fn add(&mut self, text: &str) -> bool {
        if let Some(v4) = V4::parse(text) {
            self.v4.push(v4);
        } else if let Some(v6) = V6::parse(text) {
            self.v6.push(v6);
        } else {
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let check = |text: &str, read: Option<&str>| {
            let shown = Addresses::parse(text).map(|a| {
                let v4 = a.v4.iter().map(|v4| format!(" {}/{}", v4.addr, v4.plen));
                let v6 = a.v6.iter().map(|v6| format!(" {}/{}", v6_text(v6.addr), v6.plen));
                format!("{}{}{}", a.mac, v4.collect::<String>(), v6.collect::<String>())
            });
            assert_eq!(shown.as_deref(), read, "{text}");
        };
        check("00:00:00:00:00:0A", Some("00:00:00:00:00:0a"));
        check("0:0:0:0:0:010", Some("00:00:00:00:00:10"));
        check("0:0:0:0:0:110", None);
        check(
            "0:1:2:3:4:5 10.0.0.1/24 fe80::1",
            Some("00:01:02:03:04:05 10.0.0.1/24 fe80::1/128"),
        );
        check(
            "0:1:2:3:4:5 10.0.0.1/255.255.0.0",
            Some("00:01:02:03:04:05 10.0.0.1/16"),
        );
        check(
            "0:1:2:3:4:5 10.0.0.1 nonsense 10.0.0.2",
            Some("00:01:02:03:04:05 10.0.0.1/32"),
        );
        check(
            "0:1:2:3:4:5 10.0.0.1,10.0.0.2 10.0.0.3",
            Some("00:01:02:03:04:05 10.0.0.1/32"),
        );
        check("0:1:2:3:4:5:6", None);
        check("unknown", None);
        check("", None);
    }

    #[test]
    fn networks_are_found() {
        let v4 = V4::parse("192.168.1.77/24").unwrap();
        assert_eq!(
            (v4.network().to_string(), v4.broadcast().to_string()),
            ("192.168.1.0".into(), "192.168.1.255".into())
        );
        assert_eq!(V4::parse("1.2.3.4/0").unwrap().network(), Ipv4Addr::UNSPECIFIED);
        let v6 = V6::parse("fd00::1234:5678/64").unwrap();
        assert_eq!(v6.network().to_string(), "fd00::");
        assert_eq!(v6.solicited_node().to_string(), "ff02::1:ff34:5678");
        assert_eq!(v6.solicited_node_mac().to_string(), "33:33:ff:34:56:78");
        let link_local = Mac::parse("00:00:00:00:ff:01").unwrap().link_local();
        assert_eq!(link_local.addr.to_string(), "fe80::200:ff:fe00:ff01");
        assert!(link_local.is_link_local());
    }

    #[test]
    fn texts_are_those_of_c() {
        for (addr, text) in [
            ("::1", "::1"),
            ("::", "::"),
            ("::102:304", "::1.2.3.4"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
            ("1:0:0:2::", "1:0:0:2::"),
        ] {
            assert_eq!(v6_text(addr.parse().unwrap()), text);
        }
    }
}
