//! Numbers and addresses that are given once and then stay.

pub mod acl_id;
pub mod chain;
pub mod datapath_key;
pub mod ecmp;
pub mod ipam;
pub mod mac;
pub mod number;
pub mod port_key;
pub mod queue;
pub mod route_table;
pub mod tag;
