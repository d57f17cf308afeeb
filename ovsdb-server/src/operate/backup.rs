//! Backups of databases while they are written, and databases put back from backups.
//!
//! In: a database's name, a file. Out: files, a database with other contents.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ovsdb_data::{DatabaseSchema, json};
use ovsdb_engine::{Database, Snapshot};
use ovsdb_raft::ServerId;
use ovsdb_store::backup::{self, Origin};
use ovsdb_store::compact::save;
use ovsdb_store::log::{Magic, Mode, compose};
use ovsdb_store::standalone::Standalone;
use ovsdb_store::text::encode_snapshot;
use ovsdb_store::{Log, StoreError};
use tokio::sync::oneshot;

use crate::actor::Actor;
use crate::cluster::{Conversion, Initiator, Wish};
use crate::control::ask;
use crate::database::Model;
use crate::host::fresh_uuid;
use crate::server::Server;

/// How long a restore may take until it is committed.
const RESTORE_TIMEOUT: Duration = Duration::from_secs(300);

/// Why an operation was not done. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// No database of that name.
    #[error("no database named {0}")]
    NoDatabase(String),
    /// It has nothing to serve yet.
    #[error(
        "{0}: not available yet: this server has not joined the cluster, or has not heard from its source"
    )]
    NotAvailable(String),
    /// A copy of another server's database.
    #[error("{0}: a copy of another server's database: ask that server")]
    IsCopy(String),
    /// The file.
    #[error(transparent)]
    Store(Box<StoreError>),
    /// The file's contents, or a part of them.
    #[error("{file}: damaged, and not used: {why}; use another backup")]
    Damaged {
        /// As it was given.
        file: String,
        /// Where its valid part ends.
        why: Box<StoreError>,
    },
    /// A file of another database.
    #[error("{file}: a backup of database {theirs}, not of {ours}: use one of {ours}")]
    OtherDatabase {
        /// As it was given.
        file: String,
        /// What it holds.
        theirs: String,
        /// What was to be restored.
        ours: String,
    },
    /// A file that ends behind its schema.
    #[error(
        "{0}: no contents behind the schema: the file was cut off, or nothing was ever written to it; use another"
    )]
    NoContents(String),
    /// A file with another schema than the database has.
    #[error(
        "{file}: a backup with schema {theirs}, where the database has {ours}; convert a copy of it with \"ovsdb-tool \
         convert\" to the schema that \"ovsdb-client get-schema\" shows, or restore it with \"force\" to go back to its \
         schema"
    )]
    OtherSchema {
        /// As it was given.
        file: String,
        /// The version and checksum that it has.
        theirs: String,
        /// Those of the database.
        ours: String,
    },
    /// Another member leads, and does not hand that over.
    #[error("{db}: this server does not lead: ask {leader}")]
    NotLeader {
        /// The database.
        db: String,
        /// Who does, in words.
        leader: String,
    },
    /// The database refuses.
    #[error("{0}")]
    Refused(String),
    /// It took too long.
    #[error("not committed within {} s: the cluster may have no quorum; it may still take place", RESTORE_TIMEOUT.as_secs())]
    Timeout,
    /// The server ends.
    #[error("the server is stopping")]
    Stopping,
}

impl From<StoreError> for OperateError {
    fn from(error: StoreError) -> Self {
        OperateError::Store(Box::new(error))
    }
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// The database.
    pub db: String,
    /// The id of the state (`last-txn-id` of `monitor_cond_since`).
    pub txn_id: String,
    /// The public index of that state; none for databases that have none.
    pub index: Option<u64>,
}

/// A state to back up: it does not change any more, whatever is written meanwhile.
pub async fn state(actor: &Actor<Server>, db: &str) -> Result<(Snapshot, BackedUp), OperateError> {
    let name = db.to_owned();
    let answer = ask(actor, move |server| {
        let open = server
            .databases
            .get(&name)
            .ok_or_else(|| OperateError::NoDatabase(name.clone()))?;
        if !open.is_available() {
            return Err(OperateError::NotAvailable(name));
        }
        let index = match &open.model {
            Model::Clustered(cluster) => Some(cluster.index()),
            _ => None,
        };
        let snapshot = open.snapshot().clone();
        let told = BackedUp {
            db: name,
            txn_id: snapshot.txn_id.to_string(),
            index,
        };
        Ok((snapshot, told))
    });
    answer.await.map_err(|_| OperateError::Stopping)?
}

impl BackedUp {
    /// The comment of the backup's record.
    pub fn comment(&self) -> String {
        backup::comment(&self.db, self.index)
    }
}

/// A backup as the text of a standalone file: its records, each with its checksum.
pub async fn text(actor: &Actor<Server>, db: &str) -> Result<Vec<Bytes>, OperateError> {
    let (snapshot, told) = state(actor, db).await?;
    let date = date(actor).await?;
    let made = tokio::task::spawn_blocking(move || {
        let schema = json::to_string(&snapshot.schema.to_json());
        let contents = encode_snapshot(&snapshot, &told.comment(), date, true);
        [schema.into_bytes(), contents]
            .iter()
            .map(|record| compose(Magic::Json, record).0.into())
            .collect()
    });
    made.await.map_err(|_| OperateError::Stopping)
}

async fn date(actor: &Actor<Server>) -> Result<i64, OperateError> {
    let date = ask(actor, |server| server.host.date_ms());
    date.await.map_err(|_| OperateError::Stopping)
}

/// Writes a database to a standalone file, while it goes on being written. The file is there whole or not at all; one
/// that is there already is not touched.
pub async fn backup(actor: &Actor<Server>, db: &str, file: &Path) -> Result<BackedUp, OperateError> {
    let (snapshot, told) = state(actor, db).await?;
    let (file, comment) = (file.to_owned(), told.comment());
    let date = date(actor).await?;
    let saved = tokio::task::spawn_blocking(move || save(&file, Mode::Create, &snapshot, &comment, date));
    saved.await.map_err(|_| OperateError::Stopping)??;
    Ok(told)
}

/// A file to restore.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called in answers: as it was given.
    pub name: String,
    /// Whether its schema may differ from the database's, which goes then.
    pub any_schema: bool,
}

/// Puts a standalone file's contents and schema in place of a database's, in one step: clients see a conversion. In a
/// cluster it is the leader who does; a member that is none has leadership handed to it first.
pub async fn restore(actor: &Actor<Server>, db: &str, source: Source) -> Result<(), OperateError> {
    let (ours, _) = state(actor, db).await?;
    let read = tokio::task::spawn_blocking(move || read_backup(&source, &ours.schema));
    let contents = read.await.map_err(|_| OperateError::Stopping)??;
    lead(actor, db).await?;
    let (done, wait) = oneshot::channel();
    let name = db.to_owned();
    let begun = ask(actor, move |server| server.restore(&name, contents, done));
    begun.await.map_err(|_| OperateError::Stopping)??;
    match tokio::time::timeout(RESTORE_TIMEOUT, wait).await {
        Err(_) => Err(OperateError::Timeout),
        Ok(Err(_)) => Err(OperateError::Stopping),
        Ok(Ok(result)) => result.map_err(OperateError::Refused),
    }
}

/// Has this server lead the database's cluster, if it has one.
async fn lead(actor: &Actor<Server>, db: &str) -> Result<(), OperateError> {
    let name = db.to_owned();
    let follower = ask(actor, move |server| match &server.databases.get(&name)?.model {
        Model::Clustered(cluster) if cluster.is_loaded() && cluster.standing.leads.is_none() => {
            cluster.running.clone()
        }
        _ => None,
    });
    let Some(running) = follower.await.map_err(|_| OperateError::Stopping)? else {
        return Ok(());
    };
    running.member().lead().await.map_err(|error| {
        let status = running.member().status();
        let address = |leader: ServerId| {
            let server = status.servers.get(&leader);
            server.map_or_else(String::new, |server| format!(" at {}", server.address))
        };
        let leader = match status.leader {
            Some(leader) => format!("server {leader}{}", address(leader)),
            None => "again once there is a leader".to_owned(),
        };
        OperateError::NotLeader {
            db: db.to_owned(),
            leader: format!("{leader} (leadership was not handed over: {error})"),
        }
    })
}

/// What is to take a database's place.
pub struct Contents {
    /// For a database that this server alone keeps.
    pub database: Database,
    /// For a cluster: the schema's text.
    pub schema: Arc<str>,
    /// For a cluster: the record of all rows.
    pub record: Bytes,
    /// The last index that clients of the cluster that it is from can have seen.
    pub index: Option<u64>,
}

/// Reads a backup; a damaged one, or one that is not of this database, is refused whole.
fn read_backup(source: &Source, ours: &DatabaseSchema) -> Result<Contents, OperateError> {
    let file = source.name.clone();
    let log = || Log::open_called(&source.path, file.clone(), &Magic::ALL, Mode::ReadOnly);
    let opened = log().and_then(|log| Standalone::of(log, &fresh_uuid));
    let opened = opened.map_err(|why| unusable(&file, why))?;
    if let Some(why) = opened.warning {
        return Err(unusable(&file, why));
    }
    let snapshot = opened.database.snapshot();
    if snapshot.schema.name != ours.name {
        return Err(OperateError::OtherDatabase {
            file,
            theirs: snapshot.schema.name.to_string(),
            ours: ours.name.to_string(),
        });
    }
    // A backup has a record of contents, be they none: without it the file was cut between the two.
    let Some(Origin { index }) = backup::origin(&mut log()?)? else {
        return Err(OperateError::NoContents(file));
    };
    // In a cluster nothing is ephemeral.
    let (persistent, _) = (*snapshot.schema).clone().into_persistent();
    let (present, _) = ours.clone().into_persistent();
    if !source.any_schema && persistent != present {
        return Err(OperateError::OtherSchema {
            file,
            theirs: version(&persistent),
            ours: version(&present),
        });
    }
    let comment = format!("restored from {file}");
    Ok(Contents {
        schema: json::to_string(&persistent.to_json()).into(),
        record: encode_snapshot(snapshot, &comment, 0, true).into(),
        database: opened.database,
        index,
    })
}

/// Why a file is no backup: it cannot be had, is a cluster's, or its bytes make no sense.
fn unusable(file: &str, why: StoreError) -> OperateError {
    match why {
        StoreError::Io { .. } | StoreError::Locked { .. } | StoreError::Clustered(_) => why.into(),
        why => OperateError::Damaged {
            file: file.to_owned(),
            why: Box::new(why),
        },
    }
}

/// What tells a schema from another of its name.
fn version(schema: &DatabaseSchema) -> String {
    let or_none = |text: &str| match text {
        "" => "none".to_owned(),
        text => format!("\"{text}\""),
    };
    format!(
        "version {} checksum {}",
        or_none(&schema.version),
        or_none(&schema.cksum)
    )
}

impl Server {
    /// Puts contents in the place of a database's. `done` is told what came of it, which may be long after.
    pub fn restore(
        &mut self,
        name: &str,
        contents: Contents,
        done: oneshot::Sender<Result<(), String>>,
    ) -> Result<(), OperateError> {
        let id = self.host.fresh_uuid();
        let date = self.host.date_ms();
        let mut open = self
            .databases
            .remove(name)
            .ok_or_else(|| OperateError::NoDatabase(name.to_owned()))?;
        let result = match &open.model {
            Model::Clustered(cluster) if !cluster.is_loaded() => {
                Err(OperateError::NotAvailable(name.to_owned()))
            }
            Model::Clustered(cluster) if cluster.standing.leads.is_none() => Err(OperateError::NotLeader {
                db: name.to_owned(),
                leader: "the server that does (cluster/status names it)".to_owned(),
            }),
            Model::Clustered(cluster) => {
                // Neither this cluster's clients nor those of the backup's may take the contents for stale.
                let seen = cluster.index().max(contents.index.unwrap_or_default());
                let wish = Wish::Contents(contents.schema, contents.record, seen + 1);
                self.databases.insert(name.to_owned(), open);
                self.convert_in_cluster(
                    name,
                    Conversion {
                        id,
                        initiator: Initiator::Operator(done),
                        wish,
                    },
                );
                return Ok(());
            }
            Model::Standalone | Model::ActiveBackup(None) => {
                match open.replace(contents.database, date) {
                    Err(error) => Err(OperateError::Refused(error.to_string())),
                    Ok(()) => {
                        self.end_service(&mut open);
                        // Who asked may have gone.
                        let _ = done.send(Ok(()));
                        Ok(())
                    }
                }
            }
            Model::Relay(_) | Model::ActiveBackup(Some(_)) => Err(OperateError::IsCopy(name.to_owned())),
            Model::Own => Err(OperateError::Refused(
                "the server's own database cannot be restored".to_owned(),
            )),
        };
        self.databases.insert(name.to_owned(), open);
        self.refresh_server_rows();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(name: &str, version: &str, column: &str) -> DatabaseSchema {
        let text = format!(
            r#"{{"name":"{name}","version":"{version}","tables":{{"T":{{"columns":{{"{column}":{{"type":"integer"}}}}}}}}}}"#
        );
        DatabaseSchema::from_json(&json::parse(text.as_bytes()).unwrap()).unwrap()
    }

    /// What is made of a file of these records, for a database `D` of version 1.0.0 with a column `n`.
    fn check(records: &[&[u8]], any_schema: bool, expected: Result<Option<u64>, &str>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let bytes: Vec<u8> = records
            .iter()
            .flat_map(|record| compose(Magic::Json, record).0)
            .collect();
        std::fs::write(file.path(), bytes).unwrap();
        let source = Source {
            path: file.path().to_owned(),
            name: "F".to_owned(),
            any_schema,
        };
        let found = read_backup(&source, &schema("D", "1.0.0", "n"));
        match (found, expected) {
            (Ok(contents), expected) => assert_eq!(Ok(contents.index), expected),
            (Err(error), Err(expected)) => {
                let error = error.to_string();
                assert!(error.contains(expected), "{error}");
                // The name that was given, not where the file is kept.
                assert!(error.contains("F: "), "{error}");
                assert!(!error.contains(&*file.path().to_string_lossy()), "{error}");
            }
            (Err(error), Ok(_)) => panic!("{error}"),
        }
    }

    #[test]
    fn a_file_is_restored_whole_and_where_it_belongs() {
        let of =
            |name, version, column| json::to_string(&schema(name, version, column).to_json()).into_bytes();
        let own = of("D", "1.0.0", "n");
        let ours = br#"{"T":{},"_comment":"backup of D at index 7","_date":1}"#.as_slice();
        let other = br#"{"_comment":"produced by another program"}"#.as_slice();
        check(&[&own, ours], false, Ok(Some(7)));
        check(&[&own, other], false, Ok(None));
        check(&[&own], false, Err("no contents behind the schema"));
        check(&[], false, Err("cannot identify file type"));
        check(&[b"{"], false, Err("F: damaged, and not used: "));
        check(&[&own, b"{"], false, Err("damaged, and not used"));
        check(&[&own, ours, br#"{"X":{}}"#], false, Err("damaged, and not used"));
        check(
            &[&of("E", "1.0.0", "n"), ours],
            true,
            Err("a backup of database E, not of D"),
        );
        for (version, column) in [("1.0.1", "n"), ("1.0.0", "m")] {
            let differs = of("D", version, column);
            let told = format!("schema version \"{version}\" checksum none");
            check(&[&differs, ours], false, Err(&told));
            check(&[&differs, ours], true, Ok(Some(7)));
        }
    }
}
