//! Rows as they are to be: one table, one file.

pub mod datapath_binding;
pub mod dhcp_options;
pub mod dns;
pub mod ip_multicast;
pub mod logical_flow;
pub mod multicast_group;
