//! The flows of logical switches: one feature, one file.

pub mod nat;
pub mod port_security;
