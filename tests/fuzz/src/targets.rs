//! What is fuzzed: one function over bytes for each reader of foreign bytes. It panics when a law is broken.

pub mod client;
pub mod cluster;
pub mod control;
pub mod data;
pub mod engine;
pub mod peer;
pub mod store;
pub mod wire;

use std::sync::atomic::{AtomicU64, Ordering};

use ovsdb_data::Uuid;

/// One reader.
pub struct Target {
    /// Its folder of the corpus.
    pub name: &'static str,
    /// Feeds it bytes.
    pub run: fn(&[u8]),
    /// How many times dearer than the cheapest one input is; it gets so many fewer.
    pub cost: u64,
}

const fn target(name: &'static str, run: fn(&[u8]), cost: u64) -> Target {
    Target { name, run, cost }
}

/// Every target.
pub const ALL: [Target; 16] = [
    target("framing", wire::framing, 1),
    target("message", wire::message, 1),
    target("client", client::run, 1),
    target("schema", data::schema, 1),
    target("operations", data::operations, 1),
    target("condition", data::condition, 1),
    target("monitor", data::monitor, 1),
    target("transact", engine::transact, 1),
    target("log", store::log, 2),
    target("standalone", store::standalone, 2),
    target("clustered", store::clustered, 2),
    target("image", cluster::image, 5),
    target("entries", cluster::entries, 2),
    target("member", cluster::member, 10),
    target("control", control::run, 5),
    target("peer", peer::run, 1),
];

/// Uuids in a row: a fuzzed reader is as repeatable as its input.
fn fresh() -> impl Fn() -> Uuid + Sync {
    let n = AtomicU64::new(1);
    move || Uuid::from_u128(u128::from(n.fetch_add(1, Ordering::Relaxed)) << 64)
}
