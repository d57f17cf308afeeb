//! Numbers and addresses that are given once and then stay.

pub mod datapath_key;
