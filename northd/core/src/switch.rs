//! The flows of logical switches: one feature, one file.

pub mod acl;
pub mod acl_action;
pub mod acl_hint;
pub mod acl_sample;
pub mod nat;
pub mod port_security;
pub mod pre_acl;
pub mod qos;
pub mod stateful;
