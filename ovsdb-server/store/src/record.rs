//! Records of a file as JSON objects, and the ids of the states that they lead to.

use ovsdb_data::{TxnId, Uuid};
use serde_json::Value;
use sha1::{Digest as _, Sha1};

use crate::error::StoreError;
use crate::log::{Log, Record};
use crate::text::{TextError, parse_text};

/// The id of the state after a record: the first 16 bytes of SHA-1(previous id ‖ the record's SHA-1). It survives a
/// restart and names the exact prefix of the file.
pub fn next_txn_id(previous: TxnId, record: &[u8; 20]) -> TxnId {
    let mut hash = Sha1::new();
    hash.update(previous.0.as_bytes());
    hash.update(record);
    let digest = hash.finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    TxnId(Uuid::from_bytes(id))
}

/// A record's JSON object.
pub fn parse(log: &Log, record: &Record) -> Result<Value, StoreError> {
    parse_text(&record.text).map_err(|failure| does_not_count(log, record, failure))
}

/// The error for a record that does not count.
pub(crate) fn does_not_count(log: &Log, record: &Record, why: TextError) -> StoreError {
    match why {
        TextError::NotJson(why) => log.not_json(record, &why),
        TextError::NotObject => log.not_object(record),
        TextError::Contents(why) => log.not_valid(record, why),
    }
}
