//! Files of new members: of one that founds a cluster, and of one that joins.
//!
//! In: who the member is, what the cluster begins with or whom to ask. Out: the file; a folder of an earlier member of
//! that place is put aside. Contents that no cluster can begin with are refused before anything is touched.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ovsdb_data::{DatabaseSchema, Uuid, json};
use ovsdb_engine::Snapshot as Rows;
use ovsdb_store::clustered::{Address, Data, Entry, Header, Snapshot, Standing, Txn};
use ovsdb_store::text::encode_snapshot;

use crate::Fresh;
use crate::file::{FileError, fits, put_aside};

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

    /// Whether a cluster can begin with them: they are its log's first entry. `from` names what they are from.
    pub fn check(&self, from: &str) -> Result<(), FileError> {
        fits(from, &json::to_string(&self.schema.to_json()), &self.record)
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
    contents.check(from)?;
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

#[cfg(test)]
mod tests {
    use ovsdb_raft::types::MAX_COMMAND;

    use super::*;

    const SCHEMA: &str = r#"{"name":"D","tables":{},"version":"1.0.0"}"#;

    #[test]
    fn contents_that_no_log_takes_found_no_cluster() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("db");
        let schema = json::parse(SCHEMA.as_bytes()).expect("JSON");
        let schema = DatabaseSchema::from_json(&schema).expect("a schema");
        // Pages of zeros take no memory until somebody writes there.
        let of_length = |n_bytes| Contents {
            record: vec![0; n_bytes],
            ..Contents::empty(schema.clone())
        };
        let largest = MAX_COMMAND - SCHEMA.len();
        of_length(largest).check("F").expect("it fits");
        let refused = found(
            &path,
            of_length(largest + 1),
            "F",
            (
                Uuid::from_u128(1),
                Address::parse("tcp:127.0.0.1:1").expect("an address"),
            ),
            None,
            &Uuid::nil,
        );
        let told = refused.expect_err("it is too large").to_string();
        assert!(told.starts_with("ovsdb error: F: "), "{told}");
        assert!(
            told.contains(&format!("{} bytes are too many", MAX_COMMAND + 1)),
            "{told}"
        );
        assert_eq!(dir.path().read_dir().expect("a folder").count(), 0);
    }
}
