//! `DHCP_Options` and `DHCPv6_Options`: which options ovn-controller can put into answers (ovn-sb(5)). The same always.

use ovn_schemas::rows::ovn_southbound::{DHCPv6Options, DhcpOptions};
use ovsdb_data::typed::{Columns, Table};

use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Name, code and type of options of DHCP (RFC 2132 and later).
const V4: [(&str, i64, &str); 38] = [
    ("offerip", 0, "ipv4"),
    ("netmask", 1, "ipv4"),
    ("router", 3, "ipv4"),
    ("dns_server", 6, "ipv4"),
    ("log_server", 7, "ipv4"),
    ("lpr_server", 9, "ipv4"),
    ("hostname", 12, "str"),
    ("domain_name", 15, "str"),
    ("swap_server", 16, "ipv4"),
    ("ip_forward_enable", 19, "bool"),
    ("policy_filter", 21, "ipv4"),
    ("default_ttl", 23, "uint8"),
    ("mtu", 26, "uint16"),
    ("broadcast_address", 28, "ipv4"),
    ("router_discovery", 31, "bool"),
    ("router_solicitation", 32, "ipv4"),
    ("arp_cache_timeout", 35, "uint32"),
    ("ethernet_encap", 36, "bool"),
    ("tcp_ttl", 37, "uint8"),
    ("tcp_keepalive_interval", 38, "uint32"),
    ("nis_server", 41, "ipv4"),
    ("ntp_server", 42, "ipv4"),
    ("netbios_name_server", 44, "ipv4"),
    ("netbios_node_type", 46, "uint8"),
    ("lease_time", 51, "uint32"),
    ("server_id", 54, "ipv4"),
    ("T1", 58, "uint32"),
    ("T2", 59, "uint32"),
    ("tftp_server", 66, "host_id"),
    ("bootfile_name", 67, "str"),
    ("domain_search_list", 119, "domains"),
    ("classless_static_route", 121, "static_routes"),
    ("tftp_server_address", 150, "ipv4"),
    ("path_prefix", 210, "str"),
    ("ms_classless_static_route", 249, "static_routes"),
    ("wpad", 252, "str"),
    ("next_server", 253, "ipv4"),
    ("bootfile_name_alt", 254, "str"),
];

/// Name, code and type of options of DHCPv6 (RFC 8415 and others).
const V6: [(&str, i64, &str); 7] = [
    ("ia_addr", 5, "ipv6"),
    ("server_id", 2, "mac"),
    ("domain_search", 24, "str"),
    ("dns_server", 23, "ipv6"),
    ("bootfile_name", 59, "str"),
    ("bootfile_name_alt", 254, "str"),
    ("fqdn", 39, "domain"),
];

/// All rows of both tables.
pub enum DhcpOptionRows {}

impl Derivation for DhcpOptionRows {
    type Key = ();
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::DhcpOptionRows;

    fn derive(_: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let v4 = V4.iter().map(|(name, code, r#type)| {
            let columns = Columns::new()
                .set(DhcpOptions::NAME, *name)
                .set(DhcpOptions::CODE, *code)
                .set(DhcpOptions::TYPE, *r#type);
            Desired::row(named(DhcpOptions::TABLE_NAME, name), columns)
        });
        let v6 = V6.iter().map(|(name, code, r#type)| {
            let columns = Columns::new()
                .set(DHCPv6Options::NAME, *name)
                .set(DHCPv6Options::CODE, *code)
                .set(DHCPv6Options::TYPE, *r#type);
            Desired::row(named(DHCPv6Options::TABLE_NAME, name), columns)
        });
        v4.chain(v6).collect()
    }
}
