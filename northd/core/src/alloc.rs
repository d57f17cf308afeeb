//! Numbers and addresses that are given once and then stay.

pub mod acl_id;
pub mod datapath_key;
pub mod ipam;
pub mod mac;
pub mod port_key;
pub mod queue;
pub mod tag;
