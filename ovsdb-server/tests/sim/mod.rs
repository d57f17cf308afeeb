//! What simulations of clustered databases share: servers, their clients and what these are promised. What is between
//! the servers is the simulation's own: the module `consensus` beside this one.
//!
//! Reading order: [`work`] (what clients do), [`world`] (what happens), [`clients`], [`reference`] (what the log
//! means), then one promise per file in [`invariants`].

pub mod clients;
pub mod host;
pub mod invariants;
pub mod reference;
pub mod replica;
pub mod work;
pub mod world;
