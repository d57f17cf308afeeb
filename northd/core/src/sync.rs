//! Rows as they are to be: one table, one file.

pub mod datapath_binding;
pub mod logical_flow;
pub mod nat_addresses;
