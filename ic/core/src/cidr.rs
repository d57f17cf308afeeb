//! Addresses with prefix lengths, host bits and all: as zones tell each other about routes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ovn_incremental::address::{V4, V6, v6_text};

/// An address and how many of its bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr {
    /// The address.
    pub addr: IpAddr,
    /// How many bits.
    pub plen: u8,
}

impl Cidr {
    /// An address, alone or with a prefix length or a mask.
    pub fn parse(text: &str) -> Option<Cidr> {
        let v4 = V4::parse(text).map(|V4 { addr, plen }| Cidr {
            addr: addr.into(),
            plen,
        });
        v4.or_else(|| {
            V6::parse(text).map(|V6 { addr, plen }| Cidr {
                addr: addr.into(),
                plen,
            })
        })
    }

    /// Whether all of another prefix is in this one.
    pub fn covers(self, other: Cidr) -> bool {
        if other.plen < self.plen {
            return false;
        }
        match (self.addr, other.addr) {
            (IpAddr::V4(addr), IpAddr::V4(of)) => V4 {
                addr,
                plen: self.plen,
            }
            .contains(of),
            (IpAddr::V6(addr), IpAddr::V6(of)) => V6 {
                addr,
                plen: self.plen,
            }
            .contains(of),
            _ => false,
        }
    }

    /// Whether it is for one link only.
    pub fn is_link_local(self) -> bool {
        let v4 = Cidr {
            addr: Ipv4Addr::new(169, 254, 0, 0).into(),
            plen: 16,
        };
        let v6 = Cidr {
            addr: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0).into(),
            plen: 10,
        };
        v4.covers(self) || v6.covers(self)
    }
}

/// An address as the C programs write it.
pub fn ip_text(addr: IpAddr) -> String {
    match addr {
        IpAddr::V4(addr) => addr.to_string(),
        IpAddr::V6(addr) => v6_text(addr),
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", ip_text(self.addr), self.plen)
    }
}
