//! The management API's operations, done by this server.
//!
//! In: calls of `ovsdb-manage`. Out: answers, streams. The work is [`crate::operate`]'s; never here: JSON, sockets.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use ovsdb_manage::operations::{Backup, Outcome, async_trait};
use ovsdb_manage::types::{
    DatabaseInfo, Model as Kind, Removal, Standing, Status, StorageStatus, Verification,
};
use ovsdb_manage::{ErrorCode, OperationError, Operations};
use tokio::sync::oneshot;

use crate::actor::Actor;
use crate::control::ask;
use crate::database::{Model, OpenDatabase};
use crate::operate::backup::{self, OperateError};
use crate::operate::cluster::Target;
use crate::operate::verify;
use crate::server::Server;

/// How often a cluster that is watched is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Bytes of one piece of a backup.
const PIECE: usize = 256 << 10;

/// This server, to be managed.
pub struct Managed {
    actor: Actor<Server>,
}

impl Managed {
    /// Operations on that server.
    pub fn new(actor: Actor<Server>) -> Managed {
        Managed { actor }
    }

    async fn on_server<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Server) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        ask(&self.actor, f).await.unwrap_or_else(|_| Err(stopping()))
    }

    async fn on_database<T: Send + 'static>(
        &self,
        db: &str,
        f: impl FnOnce(&mut OpenDatabase) -> T + Send + 'static,
    ) -> Outcome<T> {
        let name = db.to_owned();
        self.on_server(move |server| match server.databases.get_mut(&name) {
            Some(open) => Ok(f(open)),
            None => Err(OperationError::no_database(&name)),
        })
        .await
    }

    async fn target(&self, db: &str) -> Outcome<Target> {
        self.on_database(db, |_| ()).await?;
        Target::find(&self.actor, db).await
    }
}

fn stopping() -> OperationError {
    OperationError::new(ErrorCode::Other, "the server is stopping")
}

impl From<OperateError> for OperationError {
    fn from(error: OperateError) -> OperationError {
        let code = match &error {
            OperateError::NoDatabase(_) => ErrorCode::NoDatabase,
            OperateError::NotAvailable(_) => ErrorCode::Busy,
            OperateError::IsCopy(_)
            | OperateError::OtherDatabase { .. }
            | OperateError::OtherSchema { .. } => ErrorCode::Invalid,
            OperateError::Damaged { .. } | OperateError::NoContents(_) => ErrorCode::Corrupt,
            OperateError::Store(_) => ErrorCode::Storage,
            OperateError::NotLeader { .. } => ErrorCode::NotLeader,
            OperateError::Timeout => ErrorCode::NoQuorum,
            OperateError::Refused(_) | OperateError::Stopping => ErrorCode::Other,
        };
        OperationError::new(code, error.to_string())
    }
}

#[async_trait]
impl Operations for Managed {
    async fn databases(&self) -> Outcome<Vec<DatabaseInfo>> {
        self.on_server(|server| {
            let now = server.host.now();
            let databases = server.databases.values().filter_map(|db| {
                let (model, connected, leader, index) = match &db.model {
                    Model::Standalone | Model::ActiveBackup(_) => (Kind::Standalone, true, true, None),
                    Model::Relay(relay) => (Kind::Relay, relay.is_connected(now), false, None),
                    Model::Clustered(cluster) => (
                        Kind::Clustered,
                        cluster.is_connected(),
                        cluster.standing.leads.is_some(),
                        cluster.is_loaded().then(|| cluster.index()),
                    ),
                    Model::Own => return None,
                };
                Some(DatabaseInfo {
                    name: db.name.clone(),
                    model,
                    connected,
                    leader,
                    index,
                })
            });
            Ok(databases.collect())
        })
        .await
    }

    async fn status(&self, db: &str) -> Outcome<Status> {
        Ok(self.target(db).await?.status())
    }

    async fn kick(&self, db: &str, server: &str) -> Outcome<Removal> {
        self.target(db).await?.kick(server)
    }

    async fn leave(&self, db: &str) -> Outcome<()> {
        self.target(db).await?.leave()
    }

    async fn transfer(&self, db: &str, to: Option<&str>) -> Outcome<()> {
        self.target(db).await?.transfer(to).await
    }

    async fn election_timer(&self, db: &str, ms: u64) -> Outcome<()> {
        self.target(db).await?.change_election_timer(ms).map(|_| ())
    }

    async fn storage_status(&self, db: &str) -> Outcome<StorageStatus> {
        self.on_database(db, |open| StorageStatus {
            error: open
                .storage_error
                .as_ref()
                .map(|error| format!("ovsdb error: {error}")),
        })
        .await
    }

    async fn compact(&self, db: &str) -> Outcome<()> {
        let (done, wait) = oneshot::channel();
        let name = db.to_owned();
        self.on_database(db, |_| ()).await?;
        self.on_server(move |server| {
            server.compact(
                &name,
                Box::new(move |result| {
                    // Who asked may have gone.
                    let _ = done.send(result);
                }),
            );
            Ok(())
        })
        .await?;
        let result = wait.await.map_err(|_| stopping())?;
        result.map_err(|error| OperationError::new(ErrorCode::Storage, error))
    }

    async fn verify(&self, db: &str) -> Outcome<Verification> {
        let target = self.target(db).await?;
        verify::verify(&target).await
    }

    async fn backup(&self, db: &str) -> Outcome<Backup> {
        let text = backup::text(&self.actor, db).await?;
        let total = text.iter().map(Bytes::len).sum::<usize>() as u64;
        let pieces: Vec<Outcome<Bytes>> = text
            .into_iter()
            .flat_map(|text| {
                let starts = (0..text.len()).step_by(PIECE);
                let pieces = starts.map(|from| text.slice(from..text.len().min(from + PIECE)));
                pieces.collect::<Vec<Bytes>>()
            })
            .map(Ok)
            .collect();
        Ok(Backup {
            total: Some(total),
            bytes: stream::iter(pieces).boxed(),
        })
    }

    async fn restore(&self, db: &str, file: Vec<u8>, any_schema: bool) -> Outcome<()> {
        let storage = |error: std::io::Error| OperationError::new(ErrorCode::Storage, error.to_string());
        let written = tokio::task::spawn_blocking(move || {
            let mut kept = tempfile::NamedTempFile::new()?;
            kept.write_all(&file)?;
            kept.flush()?;
            Ok(kept)
        });
        let kept = written.await.map_err(|_| stopping())?.map_err(storage)?;
        let source = backup::Source {
            path: kept.path().to_owned(),
            // Where it is kept meanwhile says nothing to whoever sent it.
            name: "the file that was sent".to_owned(),
            any_schema,
        };
        Ok(backup::restore(&self.actor, db, source).await?)
    }

    async fn watch(&self, db: &str) -> Outcome<BoxStream<'static, Status>> {
        self.target(db).await?;
        let (actor, db) = (self.actor.clone(), db.to_owned());
        let seen = (actor, db, None::<Seen>);
        // A member tells of itself when it is asked: its view of the others changes without an event.
        let changes = stream::unfold(seen, |(actor, db, before)| async move {
            loop {
                let status = Target::find(&actor, &db).await.ok()?.status();
                let now = Seen::of(&status);
                if before.as_ref() != Some(&now) {
                    return Some((status, (actor, db, Some(now))));
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        Ok(changes.boxed())
    }
}

/// What of a status is worth telling when it changes: not its clocks and counters.
#[derive(PartialEq)]
struct Seen {
    standing: Standing,
    role: ovsdb_manage::types::Role,
    term: u64,
    leader: Option<String>,
    timers: (u64, Option<u64>),
    members: Vec<(String, Option<ovsdb_manage::types::Phase>)>,
    links: Vec<ovsdb_manage::types::Link>,
    refusals: Vec<ovsdb_manage::types::Refusal>,
}

impl Seen {
    fn of(status: &Status) -> Seen {
        let members = status
            .members
            .iter()
            .map(|member| (member.sid.clone(), member.phase));
        Seen {
            standing: status.standing.clone(),
            role: status.role,
            term: status.term,
            leader: status.leader.clone(),
            timers: (status.election_timer_ms, status.election_timer_pending_ms),
            members: members.collect(),
            links: status.links.clone(),
            refusals: status.refusals.clone(),
        }
    }
}
