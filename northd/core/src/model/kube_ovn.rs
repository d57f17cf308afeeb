//! What Kube-OVN asks of the whole: options of `NB_Global` that only the ovn-northd of its own images knows, as of
//! v1.15.24.
//!
//! In: the options. Out: what they come to. Never here: flows (`switch/kube_ovn.rs`, `router/kube_ovn.rs`); options of
//! single ports and load balancers.
//!
//! Some of what that ovn-northd does otherwise has no option: it does so for everybody. Here that is so where the
//! database is Kube-OVN's ([`KubeOvn::is_there`]); elsewhere flows are those of OVN's own ovn-northd. At its start
//! kube-ovn-controller writes `options:ls_dnat_mod_dl_dst` before anything else, `true` or `false`, or does not start;
//! then, since v1.15.0, `external_ids:kube-ovn-version`. Either will do, and neither ever goes away.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::address::v6_text;
use super::options::Options;

/// Releases of OVN before which something was otherwise, as far as controllers that still run care.
pub mod release {
    /// OVN 22.03.
    pub const V22_03: (u8, u8) = (22, 3);
    /// OVN 22.12.
    pub const V22_12: (u8, u8) = (22, 12);
    /// OVN 24.03.
    pub const V24_03: (u8, u8) = (24, 3);
}

/// What Kube-OVN asks for; nothing where it is not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KubeOvn {
    /// This is Kube-OVN's database: its controller says so at its start, whatever the values.
    pub is_there: bool,
    /// `ls_dnat_mod_dl_dst`: on a switch without a router, what a load balancer sent elsewhere gets the Ethernet
    /// address of where it goes.
    pub addresses_dnat: bool,
    /// `ls_ct_skip_dst_lport_ips`: what goes straight to a physical network is not tracked for load balancers.
    pub skips_networks: bool,
    /// `bcast_arp_req_flood=false`: ARP requests are not flooded, but go to who has the address.
    pub directs_arp: bool,
    /// `node_local_dns_ip`: packets to the DNS server of each node, which are tracked for nobody.
    pub local_dns: BTreeSet<String>,
    /// `skip_conntrack_dst_cidrs`: packets to networks that are not tracked for load balancers.
    pub untracked: BTreeSet<String>,
    /// `version_compatibility`: the OVN of the oldest controllers, while not all have been replaced.
    oldest: Option<(u8, u8)>,
}

impl KubeOvn {
    /// What `NB_Global` says in `options` and `external_ids`.
    pub fn of(options: &Options, external_ids: &Options) -> KubeOvn {
        // Nothing between commas ends a list.
        let list = |key: &str, read: fn(&str) -> Option<String>| -> BTreeSet<String> {
            let texts = options.get(key).unwrap_or_default().split(',');
            texts
                .take_while(|text| !text.is_empty())
                .filter_map(read)
                .collect()
        };
        KubeOvn {
            is_there: options.get("ls_dnat_mod_dl_dst").is_some()
                || external_ids.get("kube-ovn-version").is_some(),
            addresses_dnat: options.is_true("ls_dnat_mod_dl_dst", false),
            skips_networks: options.is_true("ls_ct_skip_dst_lport_ips", false),
            directs_arp: !options.is_true("bcast_arp_req_flood", true),
            local_dns: list("node_local_dns_ip", to_address),
            untracked: list("skip_conntrack_dst_cidrs", to_network),
            oldest: options.get("version_compatibility").and_then(release_of),
        }
    }

    /// Whether there are controllers of a release, or of one before it.
    pub fn has_old(&self, release: (u8, u8)) -> bool {
        self.oldest.is_some_and(|oldest| oldest <= release)
    }
}

/// Packets to an address.
fn to_address(text: &str) -> Option<String> {
    match text.contains(':') {
        true => Some(format!("ip6 && ip6.dst == {}", v6_text(text.parse().ok()?))),
        false => Some(format!("ip4 && ip4.dst == {}", text.parse::<Ipv4Addr>().ok()?)),
    }
}

/// Packets to a network; an IPv6 one is as it was typed.
fn to_network(text: &str) -> Option<String> {
    let (addr, plen) = text.trim_matches([' ', '\t']).split_once('/')?;
    let plen = leading_number(plen)?;
    match text.contains(':') {
        true => {
            addr.parse::<Ipv6Addr>().ok()?;
            (plen <= 128).then(|| format!("ip6 && ip6.dst == {addr}/{plen}"))
        }
        false => {
            let addr = addr.parse().ok()?;
            (plen <= 32).then(|| to_v4(addr, plen))
        }
    }
}

/// Packets to an IPv4 network.
pub fn to_v4(network: Ipv4Addr, plen: u8) -> String {
    format!("ip4 && ip4.dst == {network}/{plen}")
}

/// Packets to an IPv6 network.
pub fn to_v6(network: Ipv6Addr, plen: u8) -> String {
    format!("ip6 && ip6.dst == {}/{plen}", v6_text(network))
}

/// `major.minor`. Anything else says that no old controllers are left: `_major.minor` is how Kube-OVN says so.
fn release_of(text: &str) -> Option<(u8, u8)> {
    let (major, rest) = text.split_once('.')?;
    // Of the minor release two digits count, whatever comes after.
    let minor = leading_number(rest.get(..2).unwrap_or(rest))?;
    Some((major.parse().ok()?, minor))
}

/// The number at the beginning of a text.
fn leading_number(text: &str) -> Option<u8> {
    let end = text.find(|digit: char| !digit.is_ascii_digit());
    text[..end.unwrap_or(text.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(pairs: &[(&str, &str)]) -> KubeOvn {
        KubeOvn::of(&pairs.iter().copied().collect(), &Options::default())
    }

    #[test]
    fn addresses_and_networks_are_read() {
        let check = |key: &str, text: &str, found: &[&str]| {
            let read = parsed(&[(key, text)]);
            let all: Vec<&String> = read.local_dns.iter().chain(&read.untracked).collect();
            assert_eq!(all, found, "{key}={text}");
        };
        let dns = "node_local_dns_ip";
        check(dns, "", &[]);
        check(
            dns,
            "169.254.25.10,fd00:0::a, 10.0.0.1,x,10.0.0.0/8",
            &["ip4 && ip4.dst == 169.254.25.10", "ip6 && ip6.dst == fd00::a"],
        );
        check(
            dns,
            "169.254.25.10,,169.254.25.11",
            &["ip4 && ip4.dst == 169.254.25.10"],
        );
        let cidrs = "skip_conntrack_dst_cidrs";
        check(
            cidrs,
            "10.1.0.1/16, fd01:0::/64\t,10.2.0.0/33,10.3.0.1,fd02::/129,10.4.0.0/255.255.0.0,10.5.0.0/24x, ,10.6.0.0/0",
            &[
                "ip4 && ip4.dst == 10.1.0.1/16",
                "ip4 && ip4.dst == 10.5.0.0/24",
                "ip4 && ip4.dst == 10.6.0.0/0",
                "ip6 && ip6.dst == fd01:0::/64",
            ],
        );
        check(
            cidrs,
            "10.1.0.0/16,,10.2.0.0/16",
            &["ip4 && ip4.dst == 10.1.0.0/16"],
        );
        check(cidrs, ",10.1.0.0/16", &[]);
    }

    #[test]
    fn old_controllers_are_told() {
        let check = |text: &str, olds: [bool; 3]| {
            let read = parsed(&[("version_compatibility", text)]);
            let releases = [release::V22_03, release::V22_12, release::V24_03];
            assert_eq!(releases.map(|release| read.has_old(release)), olds, "{text}");
        };
        check("21.06", [true, true, true]);
        check("22.03", [true, true, true]);
        check("22.12", [false, true, true]);
        check("24.03", [false, false, true]);
        check("24.03.1", [false, false, true]);
        check("22.03-1", [true, true, true]);
        check("22.x", [false, false, false]);
        check("25.03", [false, false, false]);
        check("_24.03", [false, false, false]);
        check("", [false, false, false]);
    }
}
