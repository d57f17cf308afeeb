//! The keys of maps that northd knows (ovn-nb(5), ovn-sb(5)). Never here: those that only Kube-OVN's own ovn-northd
//! knows, on which the packaged one has nothing to say (`northd/core/tests/kube_ovn` is about them).

/// Tables, columns, and their keys. A key that stands there more than once is what random rows have more often.
pub const KEYS: &[(&str, &str, &str)] = &[
    (
        "NB_Global",
        "options",
        "mac_prefix svc_monitor_mac max_tunid northd_internal_version northd_probe_interval northd-backoff-interval-ms northd_trim_timeout use_ct_inv_match controller_event ignore_lsp_down default_acl_drop install_ls_lb_from_router use_common_zone vxlan_mode ignore_chassis_features debug_drop_collector_set debug_drop_domain_id mac_binding_removal_limit fdb_removal_limit ecmp_nexthop_monitor_enable always_tunnel",
    ),
    (
        "Logical_Switch",
        "other_config",
        "subnet exclude_ips ipv6_prefix mac_only dhcp_relay_port fdb_age_threshold ct-zone-limit mcast_snoop mcast_querier mcast_flood_unregistered mcast_table_size mcast_idle_timeout mcast_query_interval mcast_query_max_response mcast_eth_src mcast_ip4_src mcast_ip6_src interconn-ts ic-vxlan_mode requested-tnl-key vlan-passthru broadcast-arps-to-all-routers",
    ),
    ("Logical_Switch", "external_ids", "neutron:network_name"),
    (
        "Logical_Switch_Port",
        "options",
        "router-port router-port router-port nat-addresses exclude-lb-vips-from-garp arp_proxy enable_router_port_acl network_name localnet_learn_fdb requested-chassis qos_min_rate qos_max_rate qos_burst hostname force_fdb_lookup pkt_clone_type disable_arp_nd_rsp virtual-ip virtual-parents mcast_flood mcast_flood_reports requested-tnl-key activation-strategy",
    ),
    ("Logical_Switch_Port", "external_ids", "neutron:port_name name"),
    (
        "Logical_Router",
        "options",
        "chassis dnat_force_snat_ip lb_force_snat_ip mcast_relay dynamic_neigh_routers always_learn_from_arp_request requested-tnl-key snat-ct-zone mac_binding_age_threshold ct-zone-limit ct-commit-all dynamic-routing dynamic-routing-redistribute dynamic-routing-vrf-name",
    ),
    ("Logical_Router", "external_ids", "neutron:router_name"),
    (
        "Logical_Router_Port",
        "options",
        "reside-on-redirect-chassis redirect-type mcast_flood requested-tnl-key prefix_delegation prefix route_table gateway_mtu gateway_mtu_bypass routing-protocol-redirect routing-protocols requested-chassis dynamic-routing-redistribute dynamic-routing-maintain-vrf dynamic-routing-port-name",
    ),
    (
        "Logical_Router_Port",
        "ipv6_ra_configs",
        "address_mode router_preference route_info mtu send_periodic max_interval min_interval rdnss dnssl",
    ),
    ("Logical_Router_Port", "status", "hosting-chassis"),
    (
        "Logical_Router_Static_Route",
        "options",
        "ecmp_symmetric_reply origin",
    ),
    ("Logical_Router_Policy", "options", "pkt_mark"),
    ("NAT", "options", "stateless add_route"),
    (
        "Load_Balancer",
        "options",
        "reject skip_snat add_route neighbor_responder template address-family affinity_timeout event use_stateless_nat hairpin_snat_ip ct_flush",
    ),
    (
        "Load_Balancer_Health_Check",
        "options",
        "interval timeout success_count failure_count",
    ),
    ("ACL", "options", "apply-after-lb persist-established log-related"),
    (
        "DHCP_Options",
        "options",
        "server_id server_mac lease_time router dhcpv6_stateless offerip domain_name tftp_server_address hostname",
    ),
    ("DHCP_Relay", "options", "a"),
    ("DNS", "options", "ovn-owned"),
    (
        "Copp",
        "meters",
        "arp arp-resolve dhcpv4-opts dhcpv6-opts dns event-elb icmp4-error icmp6-error igmp nd-na nd-ns nd-ns-resolve nd-ra-opts tcp-reset bfd reject svc-monitor dhcpv4-relay",
    ),
    (
        "Chassis",
        "other_config",
        "is-remote mac-binding-timestamp fdb-timestamp ls-dpg-column ct-commit-nat-v2 ct-commit-to-zone ovn-sample-with-registers ct-next-zone ct-label-flush ovn-bridge-mappings",
    ),
];
