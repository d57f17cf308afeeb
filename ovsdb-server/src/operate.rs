//! What operators do with databases while they are served, whichever way they ask.
//!
//! In: names, files. Out: what the control socket prints ([`crate::control`]) and the management API answers
//! ([`crate::manage`]): one function for both. Never here: how somebody asks.

pub mod backup;
pub mod cluster;
pub mod upgrade;
pub mod verify;
