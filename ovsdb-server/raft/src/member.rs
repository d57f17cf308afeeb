//! One member of a cluster: openraft with its log, network and state machine, and what operators do with it.
//!
//! Runs on the runtime it is started on, which should have threads of its own: a heartbeat must never wait for a
//! database.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use openraft::Instant as _;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{ClientWriteError, Fatal, RaftError};
use openraft::{ChangeMembers, Config, ConfigError, ServerState, SnapshotPolicy};
use ovsdb_transport::listen::Listener;
use ovsdb_transport::remote::{Active, Passive};
use ovsdb_transport::tls::Tls;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::machine::Machine;
use crate::peer::client::{CallError, Connection, Dialing, Factory};
use crate::peer::listener::{Serving, listen};
use crate::peer::{self, Answer, Refusal, Request};
use crate::state_machine::StateMachine;
use crate::store::Store;
use crate::store::log::Log;
use crate::types::{ClusterId, Command, LogId, Peer, ServerId, TypeConfig};

/// openraft with our types.
pub type Raft = openraft::Raft<TypeConfig, StateMachine>;

/// How long a server that joins waits before it asks again.
const JOIN_AGAIN: Duration = Duration::from_secs(1);

/// How long the last tasks may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a call about membership may take.
const MEMBERSHIP_TIMEOUT: Duration = Duration::from_secs(30);

/// Who a member is and how it behaves.
#[derive(Clone)]
pub struct Settings {
    /// Its id.
    pub server: ServerId,
    /// Its cluster; none for a server that joins and has not been told which.
    pub cluster: Option<ClusterId>,
    /// The database's name.
    pub database: String,
    /// Its own address: where it listens, and where others find it.
    pub address: String,
    /// Its election timer, in milliseconds (ovsdb-server(1) `cluster/change-election-timer`).
    pub election_timer_ms: u64,
    /// Log entries after which a snapshot is made.
    pub snapshot_every: u64,
    /// For `ssl:` addresses.
    pub tls: Arc<Tls>,
}

/// Why a member cannot start or do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// Its folder.
    #[error("{0}")]
    Store(#[from] io::Error),
    /// Its address.
    #[error("{address}: {error}")]
    Address {
        /// As it was given.
        address: String,
        /// What is wrong.
        error: String,
    },
    /// Its settings.
    #[error("invalid settings of the cluster: {0}")]
    Settings(#[from] ConfigError),
    /// It has stopped.
    #[error("the member has stopped: {0}")]
    Stopped(String),
    /// Another member leads.
    #[error("not the leader")]
    NotLeader(Option<ServerId>),
    /// openraft refuses.
    #[error("{0}")]
    Refused(String),
}

impl From<Fatal<TypeConfig>> for MemberError {
    fn from(error: Fatal<TypeConfig>) -> Self {
        MemberError::Stopped(error.to_string())
    }
}

impl From<RaftError<TypeConfig, ClientWriteError<TypeConfig>>> for MemberError {
    fn from(error: RaftError<TypeConfig, ClientWriteError<TypeConfig>>) -> Self {
        match error {
            RaftError::Fatal(error) => error.into(),
            RaftError::APIError(ClientWriteError::ForwardToLeader(forward)) => {
                MemberError::NotLeader(forward.leader_id)
            }
            RaftError::APIError(other) => MemberError::Refused(other.to_string()),
        }
    }
}

/// What a member plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It leads.
    Leader,
    /// It wants to.
    Candidate,
    /// It follows.
    Follower,
    /// It is being caught up, or was never a member.
    Learner,
}

/// What is to be told of a member (`cluster/status`).
#[derive(Clone, Debug)]
pub struct Status {
    /// What it plays.
    pub role: Role,
    /// Its term.
    pub term: u64,
    /// For whom it voted in this term.
    pub voted_for: Option<ServerId>,
    /// Who leads, as far as it knows.
    pub leader: Option<ServerId>,
    /// Whether a quorum has heard of the leader within the election timer: only then it leads, and is connected.
    pub quorum_is_fresh: bool,
    /// The members: voters with true.
    pub members: BTreeMap<ServerId, (Peer, bool)>,
    /// The first and the last index in the log.
    pub log: (u64, u64),
    /// The last index known to be committed.
    pub committed: u64,
    /// The last index applied.
    pub applied: u64,
    /// On a leader: what each member is known to have.
    pub matched: BTreeMap<ServerId, Option<u64>>,
}

/// A running member.
pub struct Member {
    raft: Raft,
    settings: Settings,
    dialing: Dialing,
    tasks: Vec<JoinHandle<()>>,
    folder: Weak<rocksdb::DB>,
}

impl Member {
    /// Opens a member's folder and starts it: it answers its peers from now on.
    pub async fn start(
        folder: &Path,
        settings: Settings,
        machine: Arc<dyn Machine>,
    ) -> Result<Member, MemberError> {
        let store = Store::open(folder)?;
        let dialing = Dialing {
            server: settings.server,
            cluster: Arc::new(Mutex::new(settings.cluster)),
            database: settings.database.as_str().into(),
            tls: settings.tls.clone(),
            refusals: Arc::default(),
        };
        let folder = store.watch();
        let log = Log::open(store.clone())?;
        let state_machine = StateMachine::new(store.clone(), machine);
        let raft = Raft::new(
            settings.server,
            Arc::new(config(&settings).validate()?),
            Factory(dialing.clone()),
            log,
            state_machine,
        )
        .await?;
        let address_error = |error: String| MemberError::Address {
            address: settings.address.clone(),
            error,
        };
        let passive = passive(&settings.address).map_err(address_error)?;
        let listener =
            Listener::bind(&passive, &settings.tls).map_err(|error| address_error(error.to_string()))?;
        let for_join = raft.clone();
        let serving = Serving {
            raft: raft.clone(),
            store,
            identity: dialing.clone(),
            join: Arc::new(move |server, peer| admit(for_join.clone(), server, peer).boxed()),
        };
        let tasks = vec![tokio::spawn(listen(listener, serving))];
        Ok(Member {
            raft,
            settings,
            dialing,
            tasks,
            folder,
        })
    }

    /// Makes it the first member of a cluster, once. Later calls do nothing.
    pub async fn found(&self) -> Result<(), MemberError> {
        if self.raft.is_initialized().await? {
            return Ok(());
        }
        let own = Peer {
            address: self.settings.address.clone(),
        };
        let members = BTreeMap::from([(self.settings.server, own)]);
        match self.raft.initialize(members).await {
            Ok(()) => Ok(()),
            Err(error) => Err(MemberError::Refused(error.to_string())),
        }
    }

    /// Asks members to take it in, again and again, until one that leads has done so.
    pub async fn join(&self, remotes: &[String]) -> Result<(), MemberError> {
        let mut remotes: Vec<String> = remotes.to_vec();
        let own = Peer {
            address: self.settings.address.clone(),
        };
        let mut next = 0;
        loop {
            let address = remotes[next % remotes.len()].clone();
            next += 1;
            let mut connection = Connection::new(self.dialing.clone(), None, address);
            let request = Request::Join {
                server: self.settings.server,
                peer: own.clone(),
            };
            match connection.call(&request, MEMBERSHIP_TIMEOUT).await {
                Ok(Answer::Done) => return Ok(()),
                Ok(Answer::AskLeader(Some(leader))) if !remotes.contains(&leader.address) => {
                    remotes.push(leader.address);
                }
                Ok(Answer::AskLeader(Some(leader))) => {
                    next = remotes
                        .iter()
                        .position(|address| *address == leader.address)
                        .unwrap_or(0);
                }
                Ok(_) => {}
                Err(CallError::Refused { address, refusal }) => {
                    return Err(MemberError::Refused(format!("{address}: {refusal}")));
                }
                Err(error) => tracing::info!(target: "raft", "joining: {error}"),
            }
            tokio::time::sleep(JOIN_AGAIN).await;
        }
    }

    /// Proposes a command, to be put into the log by this member as the leader of `term` or not at all. That it was
    /// committed is seen when the [`Machine`] gets it.
    pub async fn propose(&self, command: Command, term: u64) -> Result<(), MemberError> {
        Ok(self.raft.write(command).with_leader(term).await?)
    }

    /// Proposes a command and waits until this member has applied it.
    pub async fn write(&self, command: Command) -> Result<LogId, MemberError> {
        Ok(self.raft.client_write(command).await?.log_id)
    }

    /// Takes a member out, whether it is there or not.
    pub async fn remove(&self, server: ServerId) -> Result<(), MemberError> {
        let voters = ChangeMembers::RemoveVoters([server].into());
        self.raft.change_membership(voters, false).await?;
        let nodes = ChangeMembers::RemoveNodes([server].into());
        self.raft.change_membership(nodes, false).await?;
        Ok(())
    }

    /// Hands leadership to another member.
    pub async fn transfer(&self, to: ServerId) -> Result<(), MemberError> {
        Ok(self.raft.trigger().transfer_leader(to).await?)
    }

    /// Makes a snapshot now, in the background.
    pub async fn snapshot(&self) -> Result<(), MemberError> {
        Ok(self.raft.trigger().snapshot().await?)
    }

    /// Waits until what a leader says now is linearizable: it still leads, and has applied what was committed before.
    pub async fn linearize(&self) -> Result<(), MemberError> {
        let policy = openraft::ReadPolicy::ReadIndex;
        match self.raft.ensure_linearizable(policy).await {
            Ok(_) => Ok(()),
            Err(RaftError::Fatal(error)) => Err(error.into()),
            Err(error) => Err(MemberError::Refused(error.to_string())),
        }
    }

    /// Its cluster, once known.
    pub fn cluster(&self) -> Option<ClusterId> {
        *self.dialing.cluster.lock()
    }

    /// Why members refuse this one, by address.
    pub fn refusals(&self) -> BTreeMap<String, Refusal> {
        self.dialing.refusals.lock().clone()
    }

    /// What is to be told of it.
    pub fn status(&self) -> Status {
        let metrics = self.raft.metrics().borrow_watched().clone();
        let index = |id: Option<LogId>| id.map_or(0, |id| id.index);
        let timer = Duration::from_millis(self.settings.election_timer_ms);
        let membership = metrics.membership_config.membership();
        let voters: Vec<ServerId> = membership.voter_ids().collect();
        Status {
            role: match metrics.state {
                ServerState::Leader => Role::Leader,
                ServerState::Candidate => Role::Candidate,
                ServerState::Follower => Role::Follower,
                _ => Role::Learner,
            },
            term: metrics.current_term,
            voted_for: Some(metrics.vote.leader_id.voted_for),
            leader: metrics.current_leader,
            quorum_is_fresh: metrics.last_quorum_acked.is_some_and(|at| at.elapsed() < timer),
            members: membership
                .nodes()
                .map(|(id, peer)| (*id, (peer.clone(), voters.contains(id))))
                .collect(),
            log: (index(metrics.purged) + 1, metrics.last_log_index.unwrap_or(0)),
            committed: index(metrics.local_committed),
            applied: index(metrics.last_applied),
            matched: metrics
                .replication
                .into_iter()
                .flatten()
                .map(|(id, matched)| (id, matched.map(|id| id.index)))
                .collect(),
        }
    }

    /// Stops it and closes its folder.
    pub async fn stop(mut self) -> Result<(), MemberError> {
        for task in self.tasks.drain(..) {
            task.abort();
        }
        let stopped = self.raft.shutdown().await;
        let folder = self.folder.clone();
        drop(self);
        // What still holds the folder are tasks that end by themselves: replication, snapshots, the last sync.
        let closed = async {
            while folder.strong_count() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(STOP_TIMEOUT, closed).await {
            Err(_) => Err(MemberError::Stopped("its folder is still in use".to_owned())),
            Ok(()) => stopped.map_err(|error| MemberError::Stopped(error.to_string())),
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Takes a server in: as a learner until it has caught up, then with a vote. Asking again is harmless.
async fn admit(raft: Raft, server: ServerId, peer: Peer) -> Answer {
    let metrics = raft.metrics().borrow_watched().clone();
    let membership = metrics.membership_config.membership().clone();
    if metrics.state != ServerState::Leader {
        let leader = metrics
            .current_leader
            .and_then(|id| membership.get_node(&id).cloned());
        return Answer::AskLeader(leader);
    }
    if let Some((other, _)) = membership
        .nodes()
        .find(|(id, node)| **id != server && **node == peer)
    {
        return Answer::Failed(format!(
            "{} is the address of server {other}: kick it before another one takes its place",
            peer.address
        ));
    }
    if membership.voter_ids().any(|id| id == server) {
        return Answer::Done;
    }
    let added = async {
        raft.add_learner(server, peer, true).await?;
        let voter = ChangeMembers::AddVoterIds([server].into());
        raft.change_membership(voter, false).await
    };
    match added.await {
        Ok(_) => Answer::Done,
        Err(error) => Answer::Failed(error.to_string()),
    }
}

/// The same address as others dial, for listening.
fn passive(address: &str) -> Result<Passive, String> {
    Ok(match peer::active(address)? {
        Active::Unix(path) => Passive::Unix(path),
        Active::Tcp(host, port) => Passive::Tcp(port, Some(host)),
        Active::Ssl(host, port) => Passive::Ssl(port, Some(host)),
    })
}

fn config(settings: &Settings) -> Config {
    let timer = settings.election_timer_ms;
    Config {
        cluster_name: settings.database.clone(),
        heartbeat_interval: (timer / 5).max(10),
        election_timeout_min: timer,
        election_timeout_max: timer * 2,
        max_payload_entries: 1024,
        replication_lag_threshold: settings.snapshot_every * 2,
        snapshot_policy: SnapshotPolicy::LogsSinceLast(settings.snapshot_every),
        max_in_snapshot_log_to_keep: 1000,
        install_snapshot_timeout: 120_000,
        enable_pre_vote: Some(true),
        // A leader that comes back must be elected: what it last applied is not on disk.
        enable_leader_restore: Some(false),
        ..Config::default()
    }
}
