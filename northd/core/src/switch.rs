//! The flows of logical switches: one feature, one file.

pub mod acl;
pub mod acl_action;
pub mod acl_hint;
pub mod acl_sample;
pub mod arp_nd;
pub mod dhcp;
pub mod dns;
pub mod external;
pub mod external_macs;
pub mod fdb;
pub mod forwarding_group;
pub mod l2_lookup;
pub mod multicast;
pub mod nat;
pub mod port_security;
pub mod pre_acl;
pub mod qos;
pub mod routing_protocols;
pub mod stateful;
pub mod vtep;
