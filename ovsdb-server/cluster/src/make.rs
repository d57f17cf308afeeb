//! Files of new members: of one that founds a cluster, and of one that joins.
//!
//! In: who the member is, what the cluster begins with or whom to ask. Out: the file; a folder of an earlier member of
//! that place is put aside.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ovsdb_data::{DatabaseSchema, Uuid};
use ovsdb_engine::Snapshot as Rows;
use ovsdb_store::clustered::{Address, Data, Entry, Header, Snapshot, Standing, Txn};
use ovsdb_store::text::encode_snapshot;

use crate::Fresh;
use crate::file::{FileError, put_aside};

/// What a cluster begins with.
pub struct Contents {
    /// The schema.
    pub schema: DatabaseSchema,
    /// The record of all rows.
    pub record: Vec<u8>,
    /// The last log index that clients can have seen.
    pub index: u64,
    /// The election timer of a cluster that is continued, in milliseconds.
    pub election_timer: Option<u64>,
}

impl Contents {
    /// No rows.
    pub fn empty(schema: DatabaseSchema) -> Contents {
        Contents {
            schema,
            record: b"{}".to_vec(),
            index: 1,
            election_timer: None,
        }
    }

    /// The rows of a database, read from `file` at a time.
    pub fn of(snapshot: &Rows, file: &str, date_ms: i64) -> Contents {
        Contents {
            record: encode_snapshot(snapshot, &format!("created from {file}"), date_ms, true),
            ..Contents::empty((*snapshot.schema).clone())
        }
    }
}

/// Makes the file of a cluster of one, whose member has this id and address. `from` names what the contents are from;
/// `chosen` is the election timer that somebody wants, in milliseconds.
pub fn found(
    path: &Path,
    mut contents: Contents,
    from: &str,
    (server, address): (Uuid, Address),
    chosen: Option<u64>,
    fresh: Fresh<'_>,
) -> Result<(), FileError> {
    persist(&mut contents.schema, from);
    let header = Header {
        name: contents.schema.name.to_string(),
        server_id: server,
        cluster_id: Some(fresh()),
        local_address: address.clone(),
        standing: Standing::Member {
            servers: BTreeMap::from([(server, address)]),
            snapshot: Some(Snapshot {
                index: contents.index,
                term: 1,
                eid: fresh(),
                data: Data {
                    schema: Some(Arc::new(contents.schema)),
                    txn: Txn::parse(&contents.record),
                },
                election_timer: contents.election_timer,
            }),
        },
    };
    let mut log = header.create(path)?;
    put_aside(path)?;
    if chosen.is_some() {
        let entry = Entry {
            term: 1,
            index: contents.index + 1,
            data: None,
            eid: None,
            servers: None,
            election_timer: chosen,
        };
        log.append(&entry.to_record())?;
        log.sync()?;
    }
    Ok(())
}

/// Makes the file of a member of this id and address that asks others to be taken in, by a certain cluster if one is
/// given.
pub fn join(
    path: &Path,
    name: &str,
    (server, address): (Uuid, Address),
    remotes: Vec<Address>,
    cluster: Option<Uuid>,
) -> Result<(), FileError> {
    let header = Header {
        name: name.to_owned(),
        server_id: server,
        cluster_id: cluster,
        local_address: address,
        standing: Standing::Joining {
            remote_addresses: remotes,
        },
    };
    let _log = header.create(path)?;
    put_aside(path)
}

/// Clusters have no ephemeral columns: every member must come to the same contents.
fn persist(schema: &mut DatabaseSchema, file: &str) {
    let (persistent, changed) = schema.clone().into_persistent();
    let n: usize = changed.values().map(Vec::len).sum();
    if let Some((table, columns)) = changed.last_key_value()
        && let Some(column) = columns.last()
    {
        tracing::warn!(
            target: "ovsdb",
            "{file}: changed {n} columns in '{}' database from ephemeral to persistent, including '{column}' column \
             in '{table}' table, because clusters do not support ephemeral columns",
            schema.name
        );
    }
    *schema = persistent;
}
