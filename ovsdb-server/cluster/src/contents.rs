//! What log entries do to a database: their texts as row changes and the other way round.
//!
//! In: the texts of `ovsdb_raft::types::Command`. Out: a database, row changes. The texts are those of a standalone
//! file's records (ovsdb-server(5)).

use std::sync::Arc;

use bytes::Bytes;
use ovsdb_data::{DatabaseSchema, RowChange, TxnId, json};
use ovsdb_engine::{Database, Snapshot};
use ovsdb_store::Fresh;
use ovsdb_store::parse;
use ovsdb_store::text::{self, TextError};
use sha1::{Digest as _, Sha1};

/// Why a text is not what a log entry promises.
#[derive(Debug, thiserror::Error)]
#[error("the {what} of a log entry: {why}")]
pub struct ContentsError {
    /// Which text.
    pub what: &'static str,
    /// What is wrong with it.
    pub why: TextError,
}

fn of<E: Into<TextError>>(what: &'static str) -> impl Fn(E) -> ContentsError {
    move |why| ContentsError {
        what,
        why: why.into(),
    }
}

/// A schema's text, typed.
pub fn schema(text: &str) -> Result<Arc<DatabaseSchema>, ContentsError> {
    let value = json::parse(text.as_bytes()).map_err(|error| TextError::NotJson(error.to_string()));
    let value = value.map_err(of("schema"))?;
    Ok(Arc::new(DatabaseSchema::from_json(&value).map_err(of("schema"))?))
}

/// The database that `Restore` puts in place of everything: `record` is one object of all rows, which must pass the
/// commit checks. `fresh` makes `_version`s; rows are parsed by several threads.
pub fn database(
    schema_text: &str,
    record: &[u8],
    id: TxnId,
    fresh: Fresh<'_>,
) -> Result<Database, ContentsError> {
    let mut database = Database::new(schema(schema_text)?, id);
    let rows = parse::changes(database.snapshot(), record, fresh).map_err(of("contents"))?;
    let replayed = database.replay(rows, id, &mut || fresh());
    replayed.map_err(of("contents"))?;
    Ok(database)
}

/// What a `Transaction` changes in the present state, to be applied as it is: garbage was collected and references
/// weakened before it was written. `fresh` makes `_version`s.
pub fn changes(record: &[u8], now: &Snapshot, fresh: Fresh<'_>) -> Result<Vec<RowChange>, ContentsError> {
    parse::changes(now, record, fresh).map_err(of("record"))
}

/// The text of a transaction: what [`changes()`] reads. `changes` are sorted by table; `date` is in milliseconds since
/// 1970.
pub fn record(schema: &DatabaseSchema, changes: &[RowChange], comment: Option<&str>, date: i64) -> Bytes {
    text::encode(schema, changes, comment, date, true)
        .unwrap_or_else(|| text::encode_nothing(comment, date, true))
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
    hash.update(text::encode_snapshot(snapshot, "", 0, true));
    let digest: [u8; 20] = hash.finalize().into();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}
