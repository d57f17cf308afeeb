//! Blocks of addresses: who looks for an address among those of others depends on those of its block, and is left alone
//! when one of another block comes or goes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ovsdb_data::Uuid;

use super::address::{V4, V6};

/// The first and the last of some addresses.
pub type Range = (IpAddr, IpAddr);

/// Those of networks.
pub fn ranges(v4: &[V4], v6: &[V6]) -> impl Iterator<Item = Range> {
    let v4 = v4.iter().map(|v4| (v4.network().into(), v4.broadcast().into()));
    v4.chain(v6.iter().map(|v6| (v6.network().into(), v6.last().into())))
}

/// All addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// By its first 16 bits.
    V4(u16),
    /// By its first 64 bits.
    V6(u64),
}

impl Block {
    /// The one that addresses are in, if it is one.
    pub fn of((first, last): Range) -> Option<Block> {
        (Block::around(first) == Block::around(last)).then(|| Block::around(first))
    }

    /// The one that an address is in.
    pub fn around(addr: IpAddr) -> Block {
        match addr {
            IpAddr::V4(addr) => Block::V4((addr.to_bits() >> 16) as u16),
            IpAddr::V6(addr) => Block::V6((addr.to_bits() >> 64) as u64),
        }
    }

    /// Its addresses.
    pub fn range(self) -> Range {
        match self {
            Block::V4(bits) => {
                let first = u32::from(bits) << 16;
                let last = first | u32::MAX >> 16;
                (Ipv4Addr::from(first).into(), Ipv4Addr::from(last).into())
            }
            Block::V6(bits) => {
                let first = u128::from(bits) << 64;
                let last = first | u128::from(u64::MAX);
                (Ipv6Addr::from(first).into(), Ipv6Addr::from(last).into())
            }
        }
    }

    /// As part of a key.
    pub fn id(self) -> Uuid {
        match self {
            Block::V4(bits) => Uuid::from_u64_pair(4, bits.into()),
            Block::V6(bits) => Uuid::from_u64_pair(6, bits),
        }
    }

    /// The one of a key.
    pub fn from_id(id: Uuid) -> Block {
        match id.as_u64_pair() {
            (4, bits) => Block::V4(bits as u16),
            (_, bits) => Block::V6(bits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_what_begins_alike() {
        let check = |first: &str, last: &str, expected: Option<(&str, &str)>| {
            let parse = |text: &str| text.parse::<IpAddr>().unwrap();
            let block = Block::of((parse(first), parse(last)));
            assert_eq!(block.map(|block| Block::from_id(block.id())), block);
            let expected = expected.map(|(first, last)| (parse(first), parse(last)));
            assert_eq!(block.map(Block::range), expected, "{first} to {last}");
        };
        check("10.1.0.0", "10.1.0.0", Some(("10.1.0.0", "10.1.255.255")));
        check("10.1.2.0", "10.1.2.255", Some(("10.1.0.0", "10.1.255.255")));
        check("0.0.0.0", "0.0.0.0", Some(("0.0.0.0", "0.0.255.255")));
        check("10.1.0.0", "10.2.0.0", None);
        check("::", "::1", Some(("::", "::ffff:ffff:ffff:ffff")));
        check("fd00::1", "fd00:0:0:1::", None);
        check("0.0.0.0", "::", None);
    }
}
