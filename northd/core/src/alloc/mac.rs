//! Ethernet addresses that OVN chooses (ovn-nb(5) "NB_Global" `options:mac_prefix`): which prefix, and which are in use.

use std::collections::BTreeSet;

use ovn_schemas::rows::ovn_northbound::{LogicalRouter, LogicalSwitch, NbGlobal};
use ovsdb_data::Uuid;
use ovsdb_data::typed::Table;

use super::ipam::PortIpam;
use crate::desired;
use crate::graph::Derivation;
use crate::model::address::Mac;
use crate::model::router::RouterPorts;
use crate::model::router_port::RouterPort;
use crate::model::switch::SwitchPorts;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// How many addresses have one prefix, the first and the last left out.
const SPACE: u32 = 0xff_fffe;

/// The first three bytes of the addresses that OVN chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacPrefix(pub [u8; 3]);

impl Derivation for MacPrefix {
    type Key = ();
    type Value = MacPrefix;
    const NODE: NodeId = Node::MacPrefix;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let Some(global) = view.rows::<NbGlobal<'_>>().into_iter().next() else {
            return MacPrefix::own(Uuid::nil());
        };
        let prefix = global.options().get("mac_prefix").and_then(MacPrefix::parse);
        prefix.unwrap_or_else(|| MacPrefix::own(global.uuid()))
    }
}

impl MacPrefix {
    /// `aa:bb:cc`; what follows does not count. Zeros are none.
    ///
    /// Read as scanf(3) reads `%hhx:%hhx:%hhx`: blanks, a sign and `0x` may stand before a number, and of one that is too
    /// long the last two digits count.
    fn parse(text: &str) -> Option<MacPrefix> {
        let (a, rest) = scan_byte(text)?;
        let (b, rest) = scan_byte(rest.strip_prefix(':')?)?;
        let (c, _) = scan_byte(rest.strip_prefix(':')?)?;
        let bytes = [a, b, c];
        (bytes != [0; 3]).then_some(MacPrefix(bytes))
    }

    /// One that stays the same as long as the database does: unicast, locally administered.
    fn own(global: Uuid) -> MacPrefix {
        let id = desired::identity("mac_prefix", &[global.as_bytes()]);
        let [a, b, c, ..] = id.into_bytes();
        MacPrefix([a & 0xfc | 2, b, c])
    }

    /// Whether an address has it.
    pub fn is_of(self, mac: Mac) -> bool {
        mac.0.starts_with(&self.0)
    }

    /// The first free address from the place on that an IP address gives.
    pub fn unused(self, ip: u32, used: &BTreeSet<Mac>) -> Mac {
        let [a, b, c] = self.0;
        let at = |i: u32| {
            let [_, d, e, f] = (((ip & 0xff_ffff) + i) % SPACE + 1).to_be_bytes();
            Mac([a, b, c, d, e, f])
        };
        let free = (0..SPACE).map(at).find(|mac| !used.contains(mac));
        free.unwrap_or_else(|| {
            tracing::warn!("MAC address space exhausted.");
            at(0)
        })
    }
}

/// A number in hexadecimal digits that a text begins with, cut to a byte, and what follows it.
fn scan_byte(text: &str) -> Option<(u8, &str)> {
    let text = text.trim_start();
    let is_below = text.starts_with('-');
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_digit = |c: char| c.is_ascii_hexdigit();
    let unmarked = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let text = unmarked.filter(|rest| rest.starts_with(is_digit)).unwrap_or(text);
    let end = text.find(|c| !is_digit(c)).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let last = digits.get(end.saturating_sub(2)..)?;
    let byte = u8::from_str_radix(last, 16).ok()?;
    Some((if is_below { byte.wrapping_neg() } else { byte }, rest))
}

impl std::fmt::Display for MacPrefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}")
    }
}

/// The addresses with OVN's prefix that somebody else has chosen for ports of one switch or one router.
pub enum DatapathMacs {}

impl Derivation for DatapathMacs {
    type Key = Uuid;
    type Value = BTreeSet<Mac>;
    const NODE: NodeId = Node::DatapathMacs;

    fn derive(view: &View<'_>, datapath: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut macs = BTreeSet::new();
        for port in view.get::<SwitchPorts>(datapath).iter() {
            macs.extend(view.get::<PortIpam>(*port).fixed.iter().map(|fixed| fixed.mac));
        }
        for port in view.get::<RouterPorts>(datapath).iter() {
            macs.extend(
                (*view.get::<RouterPort>(*port))
                    .iter()
                    .map(|port| port.addresses.mac),
            );
        }
        let prefix = *view.get::<MacPrefix>(());
        macs.retain(|mac| prefix.is_of(*mac));
        macs
    }
}

/// Those of all.
pub fn fixed(view: &View<'_>) -> BTreeSet<Mac> {
    let (switches, routers) = (
        view.uuids::<LogicalSwitch<'_>>(),
        view.uuids::<LogicalRouter<'_>>(),
    );
    let of = |datapath| (*view.get::<DatapathMacs>(datapath)).clone();
    switches.into_iter().chain(routers).flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_from_the_ip_address() {
        let prefix = MacPrefix::parse("0a:00:00:ff:ff:ff").unwrap();
        let check = |ip: u32, used: &[&str], chosen: &str| {
            let used = used.iter().filter_map(|mac| Mac::parse(mac)).collect();
            assert_eq!(prefix.unused(ip, &used).to_string(), chosen);
        };
        check(0x0a00_0002, &[], "0a:00:00:00:00:03");
        check(0x0a00_0002, &["0a:00:00:00:00:03"], "0a:00:00:00:00:04");
        check(0x0aff_fffe, &[], "0a:00:00:00:00:01");
        check(0, &[], "0a:00:00:00:00:01");
    }

    #[test]
    fn prefixes_are_read_as_the_c_program_reads_them() {
        // What was seen of ovn-northd 25.03.0; where it drew one by chance there is none.
        let check = |text: &str, shown: Option<&str>| {
            let prefix = MacPrefix::parse(text).map(|prefix| prefix.to_string());
            assert_eq!(prefix.as_deref(), shown, "{text:?}");
        };
        for text in [
            "0a:0b:0c",
            "0A:b:0C",
            "10a:0b:0c",
            "fffffffffffffffff0a:0b:0c",
            "0x0a:0b:0xC",
            "  0a: 0b: 0c",
            "+a:b:c",
            "0a:0b:0c:0d:0e:0f",
            "0a:0b:0cxyz",
        ] {
            check(text, Some("0a:0b:0c"));
        }
        check("-1:0b:0c", Some("ff:0b:0c"));
        check("01:00:00", Some("01:00:00"));
        for text in [
            "",
            "nonsense",
            "0a",
            "0a:0b",
            "0a-0b-0c",
            "0a:0b:xyz",
            "0a :0b:0c",
            "0x:1:2",
            ":1:2",
            "a0b::",
            "00:00:00",
            "100:100:100",
        ] {
            check(text, None);
        }
    }
}
