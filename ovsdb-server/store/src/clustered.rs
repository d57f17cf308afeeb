//! The C server's cluster files, read-only: header, entries, snapshots, conversions (for import and inspection).
//!
//! In: a log of kind `CLUSTER`. Out: who the file belongs to, and the final schema and contents as the records of a
//! standalone database. Never here: elections, peers.

mod record;

use std::path::Path;
use std::sync::Arc;

use ovsdb_data::{DatabaseSchema, TxnId, Uuid, json};
use ovsdb_engine::Database;
use ovsdb_engine::convert::convert;
use serde_json::Value;

use crate::error::StoreError;
use crate::log::{Log, Magic, Mode};
use crate::standalone::{decode, parse};

pub use record::{ClusterRecord, Entry, Says};

/// What the first record says.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The database's name.
    pub name: String,
    /// This server's id.
    pub server_id: Uuid,
    /// The cluster's id; unknown until a joining server has heard it.
    pub cluster_id: Option<Uuid>,
    /// Where this server listens, `tcp:HOST:PORT`.
    pub local_address: String,
    /// The servers to ask, for one that has not joined yet; else empty.
    pub remote_addresses: Vec<String>,
    /// The record as it stands, with the snapshot's `prev_…` members.
    pub json: Value,
}

impl Header {
    /// Reads the first record.
    pub fn read(log: &mut Log) -> Result<Header, StoreError> {
        let record = log
            .read()?
            .ok_or_else(|| StoreError::Format(format!("{}: unexpected end of file", log.display())))?;
        let json = parse(log, &record)?;
        Header::from_json(json).ok_or_else(|| {
            StoreError::Format(format!(
                "{}: the first record is no cluster header",
                log.display()
            ))
        })
    }

    fn from_json(json: Value) -> Option<Header> {
        let text = |name: &str| json.get(name)?.as_str().map(str::to_owned);
        let uuid = |name: &str| Uuid::try_parse(json.get(name)?.as_str()?).ok();
        let remotes = json.get("remote_addresses").and_then(Value::as_array);
        let remote_addresses = remotes
            .into_iter()
            .flatten()
            .map(|a| a.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()?;
        Some(Header {
            name: text("name")?,
            server_id: uuid("server_id")?,
            cluster_id: uuid("cluster_id").filter(|id| !id.is_nil()),
            local_address: text("local_address")?,
            remote_addresses,
            json,
        })
    }

    /// Writes a new file that holds this header and nothing else, durably.
    pub fn create(path: &Path, header: &Value) -> Result<Log, StoreError> {
        let mut log = Log::open(path, &[Magic::Cluster], Mode::Create)?;
        log.append(json::to_string(header).as_bytes())?;
        log.sync()?;
        Ok(log)
    }

    /// Whether the server has not joined its cluster yet.
    pub fn is_joining(&self) -> bool {
        !self.remote_addresses.is_empty()
    }
}

/// Replays a cluster file after its header: the snapshot and every entry, committed or not, as
/// `cluster-to-standalone` does. None when nothing gives a schema. A later entry of the same index replaces an
/// earlier one and those after it, as the log does.
pub fn contents(
    header: &Header,
    log: &mut Log,
    fresh: &mut dyn FnMut() -> Uuid,
) -> Result<Option<Database>, StoreError> {
    let first = header.json.get("prev_index").and_then(Value::as_u64).unwrap_or(0);
    let mut entries: Vec<Value> = Vec::new();
    while let Some(record) = log.read()? {
        let value = parse(log, &record)?;
        let Some(index) = value.get("index").and_then(Value::as_u64) else {
            continue;
        };
        let position = usize::try_from(index.saturating_sub(first + 1)).unwrap_or(usize::MAX);
        if index <= first || position > entries.len() {
            return Err(StoreError::Format(format!(
                "{}: entry {index} does not follow",
                log.display()
            )));
        }
        entries.truncate(position);
        entries.push(value.get("data").cloned().unwrap_or(Value::Null));
    }
    let mut database = None;
    let snapshot = header.json.get("prev_data").cloned();
    for data in snapshot.into_iter().chain(entries).filter(|data| !data.is_null()) {
        apply(&mut database, &data, log.display(), fresh)?;
    }
    Ok(database)
}

/// Applies one `[schema|null, transaction|null]`.
fn apply(
    database: &mut Option<Database>,
    data: &Value,
    file: &str,
    fresh: &mut dyn FnMut() -> Uuid,
) -> Result<(), StoreError> {
    let Some([schema, txn]) = data.as_array().map(Vec::as_slice) else {
        return Err(StoreError::Format(format!(
            "{file}: Incorrect raft record array length"
        )));
    };
    let id = TxnId::default();
    if !schema.is_null() {
        let schema = Arc::new(DatabaseSchema::from_json(schema)?);
        *database = Some(match &database {
            // A conversion without data: what is here, under the new schema.
            Some(old) if txn.is_null() => convert(old.snapshot(), schema, id, fresh)?,
            _ => Database::new(schema, id),
        });
    }
    if !txn.is_null() {
        let database = database
            .as_mut()
            .ok_or_else(|| StoreError::Format(format!("{file}: data before any schema")))?;
        let changes = decode(database.snapshot(), txn, false, fresh)?;
        database.replay(changes, id, fresh)?;
    }
    Ok(())
}
