//! A cluster's file as a database.
//!
//! What the C programs make of a file's entries, and what is made of them here:
//!
//! | the file has | C server at start | C `cluster-to-standalone` | here |
//! |---|---|---|---|
//! | an entry of an index that is there already | it replaces that one and those after it | all are applied, in the file's order | as the C server |
//! | the same, before the last `commit_index` | refuses | all are applied | refuses: something committed would be lost |
//! | entries after the last `commit_index` | waits until a leader commits them; a cluster of one does | all are applied | all are applied |
//! | an entry that skips an index, or is in the snapshot | refuses, or aborts | all are applied | refuses |
//! | a commit index that goes back or is too high, terms that go back, `left` | refuses | all are applied | all are applied: `check-cluster` tells of them |
//! | a transaction that does not apply | logs, and goes on without it | refuses | refuses |
//! | a damaged record | ends there, with a warning | refuses | refuses |

use std::sync::Arc;

use ovsdb_data::{OvsdbError, TxnId, Uuid};
use ovsdb_engine::Database;
use ovsdb_engine::convert::convert;

use super::header::{Header, Standing};
use super::parts::{Data, Servers};
use super::record::{ClusterRecord, Entry, Says};
use crate::error::StoreError;
use crate::log::Log;
use crate::text::decode;

/// Where a record is in its file: how many come before it, and its offset.
type Place = (u64, u64);

/// What a cluster's file comes to.
pub struct Import {
    /// Schema and contents after the last entry; none when nothing gives a schema.
    pub database: Option<Database>,
    /// The index of the last entry.
    pub index: u64,
    /// The members after the last entry; none while the server joins.
    pub servers: Option<Servers>,
    /// The election timer after the last entry, ms; none where nobody chose one.
    pub election_timer: Option<u64>,
    /// The number of the record that says that the server left its cluster.
    pub left: Option<u64>,
}

/// Replays a cluster file after its header: the snapshot and every entry, committed or not, as
/// `cluster-to-standalone` does. A later entry of the same index replaces an earlier one and those after it, unless
/// one of those is committed.
pub fn import(header: &Header, log: &mut Log, fresh: &mut dyn FnMut() -> Uuid) -> Result<Import, StoreError> {
    let first = header.first_index();
    let mut entries: Vec<(Place, Entry)> = Vec::new();
    let mut committed = 0;
    let mut left = None;
    while let Some(record) = log.read()? {
        let entry = match ClusterRecord::parse(log, &record)?.says {
            Says::Entry(entry) => entry,
            Says::CommitIndex(index) => {
                committed = committed.max(index);
                continue;
            }
            Says::Note(note) if note == "left" => {
                left = left.or(Some(record.number));
                continue;
            }
            _ => continue,
        };
        // The C server lets the last committed entry itself be written again.
        if entry.index < committed {
            let why = format!(
                "entry {} would take back what is committed up to {committed}",
                entry.index
            );
            return Err(log.not_valid(&record, OvsdbError::new("ovsdb error", why)));
        }
        let position = entry
            .index
            .checked_sub(first)
            .and_then(|n| usize::try_from(n).ok());
        let Some(position) = position.filter(|position| *position <= entries.len()) else {
            let why = OvsdbError::new("ovsdb error", format!("entry {} does not follow", entry.index));
            return Err(log.not_valid(&record, why));
        };
        entries.truncate(position);
        entries.push(((record.number, record.offset), entry));
    }
    let at_first = match &header.standing {
        Standing::Member { servers, .. } => Some(servers.clone()),
        Standing::Joining { .. } => None,
    };
    let mut import = Import {
        database: None,
        index: first - 1 + entries.len() as u64,
        servers: at_first,
        election_timer: header.snapshot().and_then(|snapshot| snapshot.election_timer),
        left,
    };
    let mut all = Vec::new();
    all.extend(header.snapshot().map(|snapshot| ((0, 0), snapshot.data.clone())));
    for (place, entry) in entries {
        import.servers = entry.servers.or(import.servers);
        import.election_timer = entry.election_timer.or(import.election_timer);
        all.extend(entry.data.map(|data| (place, data)));
    }
    for ((number, offset), data) in all {
        apply(&mut import.database, data, fresh).map_err(|why| StoreError::Record {
            file: log.display().to_owned(),
            number,
            offset,
            why,
        })?;
    }
    Ok(import)
}

/// What [`import`] finds in the file, as a database; none when nothing gives a schema.
pub fn contents(
    header: &Header,
    log: &mut Log,
    fresh: &mut dyn FnMut() -> Uuid,
) -> Result<Option<Database>, StoreError> {
    Ok(import(header, log, fresh)?.database)
}

fn apply(
    database: &mut Option<Database>,
    data: Data,
    fresh: &mut dyn FnMut() -> Uuid,
) -> Result<(), OvsdbError> {
    let id = TxnId::default();
    if let Some(schema) = data.schema {
        *database = Some(match &database {
            // A conversion without data: what is here, under the new schema.
            Some(old) if data.txn.is_none() => convert(old.snapshot(), schema, id, fresh)?,
            _ => Database::new(Arc::clone(&schema), id),
        });
    }
    if let Some(txn) = data.txn {
        let database = database
            .as_mut()
            .ok_or_else(|| OvsdbError::new("ovsdb error", "data before any schema"))?;
        let changes = decode(database.snapshot(), &txn.to_json(), false, fresh)?;
        database.replay(changes, id, fresh)?;
    }
    Ok(())
}
