//! One availability zone among others, pure: the heart of `ovn-ic`.
//!
//! In: rows of the zone's two databases and of the two that all zones share, and their changes. Out: rows as they are
//! to be in each. Never here: sockets, clocks, how a row is made of another ([`ovn_incremental`] is the machine).
//!
//! ```text
//!   IC_NB  transit switches ──► NB switches, IC_SB keys
//!   SB     local gateways   ──► IC_SB ──► remote chassis in other zones' SB
//!   NB     local ports      ──► IC_SB ──► remote ports in other zones' NB
//!   NB     local routes     ──► IC_SB ──► learned routes in other zones' NB
//! ```
//!
//! Reading order: `nodes` (all of it at a glance), `zone` (who this is), `twin` (who else
//! says so), `transit_switch`, `gateway`, `local_port` and
//! `remote_port`, `transit_port` (how routers are on transit switches), `advertised_route` and `learned_route`, `ours`
//! (which rows of shared tables this zone keeps).

pub mod advertised_route;
pub mod cidr;
pub mod gateway;
pub mod ic;
pub mod indexes;
pub mod learned_route;
pub mod local_port;
pub mod nodes;
pub mod ours;
pub mod remote_port;
pub mod sequence;
pub mod settings;
mod tables;
pub mod transit_port;
pub mod transit_switch;
pub mod twin;
pub mod zone;

pub use ic::{Ic, Reconcile, is_idle, probe_interval, zone_name};
pub use ovn_incremental::{Side, databases, desired, graph, view};
