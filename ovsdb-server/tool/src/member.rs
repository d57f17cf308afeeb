//! What a member's file holds, be it one beside a folder of ours or a C cluster's.

use std::path::Path;

use ovsdb_cluster::export::{self, Upto};
use ovsdb_cluster::file::ELECTION_TIMER_MS;
use ovsdb_engine::Database;
use ovsdb_store::clustered::{self, Header};
use ovsdb_store::log::{Log, Magic, Mode};

use crate::{ToolError, fresh_uuid, with_remedy};

/// Contents of a cluster.
pub(crate) struct Contents {
    pub database: Database,
    /// The last index that clients can have seen.
    pub index: u64,
    /// The election timer that was chosen, ms.
    pub election_timer: Option<u64>,
}

/// Whatever is in a member's log, committed or not. The member may be at work.
pub(crate) fn contents(path: &str) -> Result<Contents, ToolError> {
    let not_joined = || ToolError::Plain(format!("{path}: has not joined its cluster yet"));
    if let Some(exported) = export::read_only(Path::new(path))? {
        let contents = exported.contents(Upto::Last, &fresh_uuid)?;
        return Ok(Contents {
            database: contents.db.ok_or_else(not_joined)?,
            index: contents.index,
            election_timer: Some(contents.election_timer_ms).filter(|ms| *ms != ELECTION_TIMER_MS),
        });
    }
    let mut log = Log::open(Path::new(path), &[Magic::Cluster], Mode::ReadOnly)?;
    let header = Header::read(&mut log)?;
    let import = clustered::import(&header, &mut log, &mut fresh_uuid);
    let import = import.map_err(|error| with_remedy(error, path))?;
    Ok(Contents {
        database: import.database.ok_or_else(not_joined)?,
        index: import.index,
        election_timer: import.election_timer,
    })
}
