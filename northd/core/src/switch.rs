//! The flows of logical switches: one feature, one file.

pub mod arp_nd;
pub mod dhcp;
pub mod dns;
pub mod external;
pub mod external_macs;
pub mod fdb;
pub mod forwarding_group;
pub mod l2_lookup;
pub mod multicast;
pub mod port_security;
pub mod routing_protocols;
pub mod vtep;
