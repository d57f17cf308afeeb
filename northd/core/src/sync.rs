//! Rows as they are to be: one table, one file.

pub mod acl_id;
pub mod address_set;
pub mod datapath_binding;
pub mod logical_flow;
pub mod meter;
pub mod mirror;
pub mod port_group;
