//! Opens a member's file, starts its member, and ends both.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use ovsdb_cluster::{Kind, Opened};
use ovsdb_raft::{Command, Forwarded, Member, Request, Settings, Threads};
use ovsdb_transport::tls::Tls;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::link::Link;
use super::{Cluster, ClusterEvent, Consensus};
use crate::actor::Actor;
use crate::control::ask;
use crate::database::{Model, OpenDatabase};
use crate::inbox::Inbox;
use crate::server::{Event, Server};

/// Log entries after which a snapshot is made.
const SNAPSHOT_EVERY: u64 = 10_000;

/// A cluster of one founds itself within a few syncs of its disk. One that takes longer has logged why.
const FOUNDING_MAX: Duration = Duration::from_secs(10);

/// A running member.
pub struct Running {
    member: Arc<Member>,
    runtime: Handle,
    inbox: Arc<dyn Inbox>,
    db: String,
}

impl Running {
    /// The member.
    pub fn member(&self) -> &Arc<Member> {
        &self.member
    }

    /// Where its tasks run.
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }
}

impl Consensus for Running {
    fn propose(&self, command: Command) {
        self.member.propose(command);
    }

    fn forward(&self, request: Forwarded) {
        self.member.forward(request);
    }

    fn forget(&self, request: &Request) {
        self.member.forget(request);
    }

    fn confirm(&self, round: u64) {
        let (member, inbox, db) = (self.member.clone(), self.inbox.clone(), self.db.clone());
        self.runtime.spawn(async move {
            let leads = member.linearize().await.is_ok();
            inbox.post(Event::Cluster(db, ClusterEvent::Confirmed { round, leads }));
        });
    }
}

/// Serves the member that a file names; returns the database's name.
pub(crate) async fn open(
    path: &Path,
    actor: &Actor<Server>,
    threads: &Threads,
    tls: &Arc<Tls>,
) -> Result<String, String> {
    let path = path.to_owned();
    // Reading a large file takes a while; the other databases are served meanwhile.
    let opened = tokio::task::spawn_blocking(move || ovsdb_cluster::file::open(&path)).await;
    let file = opened
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    let name = file.name.clone();
    let server: Arc<dyn Inbox> = Arc::new(actor.downgrade());
    serve(Arc::new(file), server, threads, tls, SNAPSHOT_EVERY).await?;
    Ok(name)
}

/// Serves the member of an open file on a server: adds its database, and starts it. A snapshot is made after so many
/// log entries.
pub async fn serve(
    file: Arc<Opened>,
    server: Arc<dyn Inbox>,
    threads: &Threads,
    tls: &Arc<Tls>,
    snapshot_every: u64,
) -> Result<(), String> {
    let (to_add, name) = (file.clone(), file.name.clone());
    let added = ask(&*server, move |server| {
        let mut cluster = Cluster::new(to_add.server);
        cluster.file = Some(to_add);
        let db = OpenDatabase::clustered(&name, cluster).map_err(|error| error.to_string())?;
        server.add_database(db).map_err(|error| error.to_string())
    });
    added.await.map_err(|_| stopping())??;
    let started = start(&file, &server, threads, tls, snapshot_every).await;
    if started.is_err() {
        let to_remove = file.name.clone();
        // The server may be stopping.
        let _ = ask(&*server, move |server| server.remove_database(&to_remove)).await;
    }
    started
}

fn stopping() -> String {
    "the server is stopping".to_owned()
}

async fn start(
    file: &Arc<Opened>,
    server: &Arc<dyn Inbox>,
    threads: &Threads,
    tls: &Arc<Tls>,
    snapshot_every: u64,
) -> Result<(), String> {
    let settings = Settings {
        server: file.server,
        cluster: file.cluster,
        database: file.name.clone(),
        address: file.address.clone(),
        election_timer_ms: file.election_timer_ms,
        snapshot_every,
        has_log: file.kind == Kind::Existing,
        tls: tls.clone(),
    };
    let machine = Arc::new(Link {
        inbox: server.clone(),
        db: file.name.clone(),
    });
    let member = Member::start(threads, &file.folder, settings, machine)
        .await
        .map_err(|error| error.to_string())?;
    member.on_crash(Box::new(ovsdb_daemon::process::clean_up));
    let running = Arc::new(Running {
        member: Arc::new(member),
        runtime: threads.handle().clone(),
        inbox: server.clone(),
        db: file.name.clone(),
    });
    let (to_start, name) = (running.clone(), file.name.clone());
    let is_founding = matches!(file.kind, Kind::Founding { .. });
    let (to_tell, founded) = oneshot::channel();
    let started = ask(&**server, move |server| {
        if let Some(cluster) = server.cluster(&name) {
            cluster.founded = Some(to_tell);
            cluster.start(to_start, is_founding);
        }
    });
    started.await.map_err(|_| stopping())?;
    match &file.kind {
        Kind::Existing => {}
        Kind::Founding { .. } => {
            running.member.found().await.map_err(|error| error.to_string())?;
            // Clients of a server that is ready find what the file holds.
            let _ = tokio::time::timeout(FOUNDING_MAX, founded).await;
        }
        Kind::Joining { remotes } => {
            let (member, remotes, name) = (running.member.clone(), remotes.clone(), file.name.clone());
            let inbox = server.clone();
            running.runtime.spawn(async move {
                match member.join(&remotes).await {
                    // The answer would say nothing.
                    Ok(()) => drop(ask(&*inbox, move |server| server.joined(&name))),
                    Err(error) => tracing::warn!(target: "raft", "{name}: cannot join: {error}"),
                }
            });
        }
    }
    Ok(())
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Its member must not outlive it: nobody would take its entries.
        if let Some(running) = self.running.take() {
            let member = running.member.clone();
            running.runtime.spawn(async move {
                if let Err(error) = member.stop().await {
                    tracing::warn!(target: "raft", "a member did not stop in order: {error}");
                }
            });
        }
    }
}

/// Hands over leadership, ends the members, and waits for it: RocksDB must not be in use while the program exits.
pub(crate) async fn close_all(actor: &Actor<Server>) {
    let members = ask(actor, |server| {
        let databases = server.databases.values();
        let members = databases.filter_map(|db| match &db.model {
            Model::Clustered(cluster) => Some(cluster.running.as_ref()?.member.clone()),
            _ => None,
        });
        members.collect::<Vec<Arc<Member>>>()
    });
    let members = members.await.unwrap_or_default();
    join_all(members.iter().map(|member| member.hand_over())).await;
    for member in members {
        if let Err(error) = member.stop().await {
            tracing::warn!(target: "raft", "a member did not stop in order: {error}");
        }
    }
}
