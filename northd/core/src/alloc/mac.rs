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
    fn parse(text: &str) -> Option<MacPrefix> {
        let mut bytes = [0; 3];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
        }
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
        for text in ["", "0a", "0a:0b", "00:00:00", "0a:zz:01"] {
            assert_eq!(MacPrefix::parse(text), None, "{text}");
        }
    }
}
