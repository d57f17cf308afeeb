//! Numbers and addresses that are given once and then stay.

pub mod acl_id;
pub mod datapath_key;
