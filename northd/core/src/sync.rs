//! Rows as they are to be: one table, one file.

pub mod acl_id;
pub mod address_set;
pub mod advertised_route;
pub mod bfd;
pub mod chassis_template_var;
pub mod datapath_binding;
pub mod dhcp_options;
pub mod dns;
pub mod ecmp_nexthop;
pub mod global;
pub mod ha_chassis_group;
pub mod ip_multicast;
pub mod logical_flow;
pub mod meter;
pub mod mirror;
pub mod multicast_group;
pub mod nat_addresses;
pub mod nb_global;
pub mod nb_router_port;
pub mod nb_switch_port;
pub mod port_binding;
pub mod port_binding_options;
pub mod port_group;
pub mod rbac;
pub mod router_port_binding;
pub mod static_mac_binding;
