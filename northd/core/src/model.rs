//! Northbound rows as what OVN means by them. A row that makes no sense is left out, and a warning names it.

pub mod acl;
pub mod address;
pub mod binding;
pub mod chassis;
pub mod config;
pub mod copp;
pub mod features;
pub mod ha_group;
pub mod health;
pub mod load_balancer;
pub mod load_balancer_datapaths;
pub mod name;
pub mod nat;
pub mod options;
pub mod port_group;
pub mod router;
pub mod router_port;
pub mod router_vips;
pub mod switch;
pub mod switch_link;
pub mod switch_port;
pub mod vip;
pub mod vips;
