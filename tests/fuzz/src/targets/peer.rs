//! What members of a cluster send each other, and what they keep.

use ovsdb_raft::Forwarded;
use ovsdb_raft::codec::{decode, encode};
use ovsdb_raft::peer::{Answer, Greeting, Hello, Reply, Request};
use ovsdb_raft::store::snapshots::Description;
use ovsdb_raft::types::{Entry, Vote};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes that are a value are written as bytes of the same value.
fn check<T: Serialize + DeserializeOwned>(input: &[u8]) {
    if let Ok(value) = decode::<T>(input) {
        let written = encode(&value);
        let again: T = decode(&written).expect("what was written is read");
        assert_eq!(encode(&again), written);
    }
}

/// Every kind of message and record.
pub fn run(input: &[u8]) {
    check::<Hello>(input);
    check::<Greeting>(input);
    check::<Request>(input);
    check::<Answer>(input);
    check::<Entry>(input);
    check::<Vote>(input);
    check::<Description>(input);
    check::<Forwarded>(input);
    check::<Reply>(input);
}
