//! The flows of logical routers: one feature, one file.

pub mod affinity;
pub mod defrag;
pub mod dnat;
pub mod egress_loop;
pub mod force_snat;
pub mod gateway_redirect;
pub mod load_balancer;
pub mod load_balancer_arp;
pub mod nat;
pub mod nat_input;
pub mod nat_resolve;
pub mod nat_stages;
pub mod snat;
pub mod undnat;
pub mod unsnat;
