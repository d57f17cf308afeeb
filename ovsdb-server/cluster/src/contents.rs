//! What log entries do to a database: their texts as row changes and the other way round.
//!
//! In: the texts of `ovsdb_raft::types::Command`. Out: a database, row changes. The texts are those of a standalone
//! file's records (ovsdb-server(5)).

use std::sync::Arc;

use bytes::Bytes;
use ovsdb_data::{DatabaseSchema, OvsdbError, RowChange, TxnId, json};
use ovsdb_engine::{Database, Snapshot};
use ovsdb_store::Fresh;
use ovsdb_store::standalone;
use sha1::{Digest as _, Sha1};

/// Why a text is not what a log entry promises.
#[derive(Debug, thiserror::Error)]
pub enum ContentsError {
    /// It is not JSON.
    #[error("{what} of a log entry is not JSON: {why}")]
    NotJson {
        /// Which text.
        what: &'static str,
        /// What the parser says.
        why: String,
    },
    /// It breaks OVSDB's rules, or does not apply to the state before it.
    #[error("{what} of a log entry: {why}")]
    Invalid {
        /// Which text.
        what: &'static str,
        /// What is wrong with it.
        why: OvsdbError,
    },
}

fn parse(what: &'static str, text: &[u8]) -> Result<serde_json::Value, ContentsError> {
    json::parse(text).map_err(|error| ContentsError::NotJson {
        what,
        why: error.to_string(),
    })
}

/// A schema's text, typed.
pub fn schema(text: &str) -> Result<Arc<DatabaseSchema>, ContentsError> {
    let value = parse("schema", text.as_bytes())?;
    let schema = DatabaseSchema::from_json(&value);
    schema
        .map(Arc::new)
        .map_err(|why| ContentsError::Invalid { what: "schema", why })
}

/// The database that `Restore` puts in place of everything: `record` is one object of all rows. `fresh` makes
/// `_version`s.
pub fn database(
    schema_text: &str,
    record: &[u8],
    id: TxnId,
    fresh: Fresh<'_>,
) -> Result<Database, ContentsError> {
    let mut database = Database::new(schema(schema_text)?, id);
    let changes = changes(record, database.snapshot(), fresh)?;
    let replayed = database.replay(changes, id, &mut || fresh());
    replayed.map_err(|why| ContentsError::Invalid {
        what: "contents",
        why,
    })?;
    Ok(database)
}

/// What a `Transaction` changes in the present state: all of it, garbage collected and references weakened. `fresh`
/// makes `_version`s.
pub fn changes(record: &[u8], now: &Snapshot, fresh: Fresh<'_>) -> Result<Vec<RowChange>, ContentsError> {
    let value = parse("record", record)?;
    let changes = standalone::decode(now, &value, false, &mut || fresh());
    changes.map_err(|why| ContentsError::Invalid { what: "record", why })
}

/// The text of a transaction: what [`changes`] reads. `date` is in milliseconds since 1970.
pub fn record(schema: &DatabaseSchema, changes: &[RowChange], comment: Option<&str>, date: i64) -> Bytes {
    standalone::encode(schema, changes, comment, date, true)
        .unwrap_or_default()
        .into()
}

/// What takes changes back.
pub fn inverse(changes: &[RowChange]) -> Vec<RowChange> {
    let undone = |change: &RowChange| RowChange {
        old: change.new.clone(),
        new: change.old.clone(),
        ..*change
    };
    changes.iter().map(undone).collect()
}

/// A number for the schema and all rows, `_version`s left out: the same on all members after the same entry.
pub fn state_hash(snapshot: &Snapshot) -> u64 {
    let mut hash = Sha1::new();
    hash.update(json::to_string(&snapshot.schema.to_json()));
    hash.update(standalone::encode_snapshot(snapshot, "", 0, true));
    let digest: [u8; 20] = hash.finalize().into();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}
