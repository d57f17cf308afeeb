//! What the tests of whole programs share: the real peers, servers and clusters of either kind, a plain client,
//! nodes.
//!
//! In: the peers' tree and the built programs. Out: running processes that end with their handles. A peer or a
//! program that is missing fails the test with the command that mends it; nothing is skipped.

pub mod client;
pub mod cluster;
pub mod figures;
pub mod member;
pub mod node;
pub mod peers;
pub mod pki;
pub mod process;
pub mod server;
pub mod transcript;
pub mod translator;
pub mod workload;
