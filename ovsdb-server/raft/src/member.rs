//! One member of a cluster: openraft with its log, network and state machine, and what operators do with it.
//!
//! Everything runs on [`Threads`] of the members' own: a heartbeat must never wait for a database.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use openraft::Instant as _;
use openraft::alias::WatchReceiverOf;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{ClientWriteError, Fatal, RaftError};
use openraft::{ChangeMembers, Config, ConfigError, ServerState, SnapshotPolicy};
use ovsdb_transport::listen::Listener;
use ovsdb_transport::remote::{Active, Passive};
use ovsdb_transport::tls::Tls;
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::failpoints::{Failpoints, UnknownScenario};
use crate::machine::{Forwarded, Handled, Machine, Standing};
use crate::peer::client::{CallError, Connection, Dialing, Factory};
use crate::peer::listener::{Serving, listen};
use crate::peer::{self, Answer, Request};
use crate::state_machine::StateMachine;
use crate::status::{Role, ServerStatus, Status};
use crate::store::Store;
use crate::store::log::Log;
use crate::threads::Threads;
use crate::types::{self, ClusterId, Command, LogId, Peer, ServerId, TypeConfig};

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

/// A running member. Its methods may be called from any thread.
pub struct Member {
    shared: Arc<Shared>,
    threads: Threads,
    proposals: UnboundedSender<Command>,
    forwarding: UnboundedSender<Forwarding>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    folder: Weak<rocksdb::DB>,
}

type RaftMetrics = openraft::RaftMetrics<TypeConfig>;

/// What a member's tasks share.
struct Shared {
    /// None once it was stopped.
    raft: Mutex<Option<Raft>>,
    metrics: Mutex<WatchReceiverOf<TypeConfig, RaftMetrics>>,
    settings: Settings,
    machine: Arc<dyn Machine>,
    dialing: Dialing,
    failpoints: Failpoints,
}

/// For the task that forwards.
enum Forwarding {
    Send(Forwarded),
    Forget(types::Request),
}

impl Shared {
    fn raft(&self) -> Result<Raft, MemberError> {
        let raft = self.raft.lock().clone();
        raft.ok_or_else(|| MemberError::Stopped("it was told to".to_owned()))
    }
}

impl Member {
    /// Opens a member's folder and starts it: it answers its peers from now on.
    pub async fn start(
        threads: &Threads,
        folder: &Path,
        settings: Settings,
        machine: Arc<dyn Machine>,
    ) -> Result<Member, MemberError> {
        let starting = Member::start_here(threads.clone(), folder.to_owned(), settings, machine);
        run(threads, starting).await?
    }

    async fn start_here(
        threads: Threads,
        folder: PathBuf,
        settings: Settings,
        machine: Arc<dyn Machine>,
    ) -> Result<Member, MemberError> {
        let store = Store::open(&folder)?;
        let dialing = Dialing {
            server: settings.server,
            cluster: Arc::new(Mutex::new(settings.cluster)),
            database: settings.database.as_str().into(),
            tls: settings.tls.clone(),
            refusals: Arc::default(),
        };
        let folder = store.watch();
        let log = Log::open(store.clone())?;
        let state_machine = StateMachine::new(store.clone(), machine.clone());
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
        let shared = Arc::new(Shared {
            raft: Mutex::new(Some(raft.clone())),
            metrics: Mutex::new(raft.metrics()),
            settings,
            machine,
            dialing,
            failpoints: Failpoints::default(),
        });
        let (proposals, proposed) = unbounded_channel();
        let (forwarding, forwarded) = unbounded_channel();
        let tasks = vec![
            tokio::spawn(listen(listener, serving)),
            tokio::spawn(propose(raft, proposed)),
            tokio::spawn(forward(shared.clone(), forwarded)),
            tokio::spawn(watch_standing(shared.clone())),
        ];
        Ok(Member {
            shared,
            threads,
            proposals,
            forwarding,
            tasks: Mutex::new(tasks),
            folder,
        })
    }

    /// Makes it the first member of a cluster, once. Later calls do nothing.
    pub async fn found(&self) -> Result<(), MemberError> {
        let shared = self.shared.clone();
        run(&self.threads, async move {
            let raft = shared.raft()?;
            if raft.is_initialized().await? {
                return Ok(());
            }
            let own = Peer {
                address: shared.settings.address.clone(),
            };
            let members = BTreeMap::from([(shared.settings.server, own)]);
            match raft.initialize(members).await {
                Ok(()) => Ok(()),
                Err(error) => Err(MemberError::Refused(error.to_string())),
            }
        })
        .await?
    }

    /// Asks members to take it in, again and again, until one that leads has done so.
    pub async fn join(&self, remotes: &[String]) -> Result<(), MemberError> {
        let (shared, remotes) = (self.shared.clone(), remotes.to_vec());
        run(&self.threads, async move { join(&shared, remotes).await }).await?
    }

    /// Proposes a command, if this member leads. Never blocks; commands keep their order. That it was committed is seen
    /// when the [`Machine`] gets it; a command that is proposed in vain is lost without a word.
    pub fn propose(&self, command: Command) {
        // Without a receiver the member was stopped.
        let _ = self.proposals.send(command);
    }

    /// Proposes a command and waits until this member has applied it.
    pub async fn write(&self, command: Command) -> Result<LogId, MemberError> {
        let raft = self.shared.raft()?;
        run(&self.threads, async move {
            Ok(raft.client_write(command).await?.log_id)
        })
        .await?
    }

    /// Hands a client's request to whoever leads, in order, as often as it takes, until [`Machine::answered`] is called
    /// or it is [forgotten](Member::forget). Never blocks.
    pub fn forward(&self, request: Forwarded) {
        // Without a receiver the member was stopped.
        let _ = self.forwarding.send(Forwarding::Send(request));
    }

    /// A forwarded request needs no answer any more: its log entry has been seen, or its client is gone.
    pub fn forget(&self, request: &types::Request) {
        // Without a receiver the member was stopped.
        let _ = self.forwarding.send(Forwarding::Forget(*request));
    }

    /// Takes a server out of the membership, whether it is there or not. Any member can be asked; ends when it is done.
    pub async fn kick(&self, which: ServerId) -> Result<(), MemberError> {
        let raft = self.shared.raft()?;
        run(&self.threads, async move { remove(&raft, which).await }).await?
    }

    /// Leaves the cluster: hands over leadership if it leads, then has itself taken out. Ends when that is done.
    pub async fn leave(&self) -> Result<(), MemberError> {
        self.kick(self.shared.settings.server).await
    }

    /// Hands leadership to another member, by default to the one that has most of the log. Ends when it was asked to.
    pub async fn transfer(&self, to: Option<ServerId>) -> Result<(), MemberError> {
        let raft = self.shared.raft()?;
        run(&self.threads, async move {
            let metrics = raft.metrics().borrow_watched().clone();
            let own = metrics.id;
            let matched = metrics.replication.unwrap_or_default();
            let voters = metrics.membership_config.membership().voter_ids();
            let best = voters
                .filter(|id| *id != own)
                .max_by_key(|id| matched.get(id).copied().flatten());
            match to.or(best) {
                Some(to) => Ok(raft.trigger().transfer_leader(to).await?),
                None => Err(MemberError::Refused("there is no other voter".to_owned())),
            }
        })
        .await?
    }

    /// Before a clean exit: if it leads other voters, one of them is to lead. Waits for that, one election timer at
    /// most.
    pub async fn hand_over(&self) {
        // There is nobody to hand over to, or it stopped: either way it may exit.
        let _ = self.transfer(None).await;
    }

    /// Makes a snapshot now, in the background.
    pub async fn snapshot(&self) -> Result<(), MemberError> {
        let raft = self.shared.raft()?;
        run(&self.threads, async move { Ok(raft.trigger().snapshot().await?) }).await?
    }

    /// Waits until what a leader says now is linearizable: it still leads, and has applied what was committed before.
    pub async fn linearize(&self) -> Result<(), MemberError> {
        let raft = self.shared.raft()?;
        run(&self.threads, async move {
            match raft.ensure_linearizable(openraft::ReadPolicy::ReadIndex).await {
                Ok(_) => Ok(()),
                Err(RaftError::Fatal(error)) => Err(error.into()),
                Err(error) => Err(MemberError::Refused(error.to_string())),
            }
        })
        .await?
    }

    /// Brings about a fault, for tests (ovsdb-server(1) `cluster/failure-test`); `clear` ends it.
    pub fn engage(&self, scenario: &str) -> Result<(), UnknownScenario> {
        self.shared.failpoints.engage(scenario).map(drop)
    }

    /// Its id.
    pub fn server(&self) -> ServerId {
        self.shared.settings.server
    }

    /// Its cluster, once known.
    pub fn cluster(&self) -> Option<ClusterId> {
        *self.shared.dialing.cluster.lock()
    }

    /// What is to be told of it.
    pub fn status(&self) -> Status {
        let metrics = self.shared.metrics.lock().borrow_watched().clone();
        let standing = standing(&metrics, self.shared.settings.election_timer_ms);
        let index = |id: Option<LogId>| id.map_or(0, |id| id.index);
        let membership = metrics.membership_config.membership();
        let voters: Vec<ServerId> = membership.voter_ids().collect();
        let matched = metrics.replication.unwrap_or_default();
        let server_status = |id: &ServerId, peer: &Peer| ServerStatus {
            address: peer.address.clone(),
            voter: voters.contains(id),
            phase: None,
            next_index: matched.get(id).map(|id| index(*id) + 1),
            match_index: matched.get(id).map(|id| index(*id)),
            last_message: None,
        };
        Status {
            role: match metrics.state {
                ServerState::Leader => Role::Leader,
                ServerState::Candidate => Role::Candidate,
                ServerState::Follower => Role::Follower,
                _ => Role::Learner,
            },
            term: metrics.current_term,
            voted_for: Some(metrics.vote.leader_id.voted_for),
            leader: standing.leader,
            connected: standing.connected,
            member: standing.member,
            removed: standing.removed,
            leaving: false,
            election_timer_ms: self.shared.settings.election_timer_ms,
            election_timer_next_ms: None,
            log: (index(metrics.purged) + 1, metrics.last_log_index.unwrap_or(0)),
            committed: index(metrics.local_committed),
            applied: index(metrics.last_applied),
            servers: membership
                .nodes()
                .map(|(id, peer)| (*id, server_status(id, peer)))
                .collect(),
            connections: BTreeMap::new(),
            n_disconnections: 0,
            election: None,
            refusals: self.shared.dialing.refusals.lock().clone(),
        }
    }

    /// Stops it and closes its folder.
    pub async fn stop(&self) -> Result<(), MemberError> {
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
        let Some(raft) = self.shared.raft.lock().take() else {
            return Ok(());
        };
        let folder = self.folder.clone();
        run(&self.threads, async move {
            let stopped = raft.shutdown().await;
            drop(raft);
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
        })
        .await?
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.tasks.lock().iter().for_each(JoinHandle::abort);
    }
}

/// Runs something on the members' threads, for callers on any.
async fn run<T: Send + 'static>(
    threads: &Threads,
    what: impl Future<Output = T> + Send + 'static,
) -> Result<T, MemberError> {
    let done = threads.handle().spawn(what).await;
    done.map_err(|error| MemberError::Stopped(error.to_string()))
}

async fn propose(raft: Raft, mut proposed: UnboundedReceiver<Command>) {
    while let Some(command) = proposed.recv().await {
        if let Err(error) = raft.client_write_ff(command, None).await {
            tracing::debug!(target: "raft", "proposed in vain: {error}");
        }
    }
}

async fn forward(shared: Arc<Shared>, mut forwarded: UnboundedReceiver<Forwarding>) {
    while let Some(forwarding) = forwarded.recv().await {
        let Forwarding::Send(forwarded) = forwarding else {
            continue;
        };
        let (answer, answered) = oneshot::channel();
        let request = forwarded.request;
        shared.machine.forwarded(forwarded, answer);
        let machine = shared.machine.clone();
        tokio::spawn(async move {
            if let Ok(Handled::Replied(reply)) = answered.await {
                machine.answered(request, reply);
            }
        });
    }
}

/// Tells the machine what this member is.
async fn watch_standing(shared: Arc<Shared>) {
    let Ok(raft) = shared.raft() else { return };
    let mut metrics = raft.metrics();
    drop(raft);
    let timer = shared.settings.election_timer_ms;
    let mut tick = tokio::time::interval(Duration::from_millis((timer / 10).max(10)));
    let mut told = Standing::default();
    loop {
        let now = standing(&metrics.borrow_watched().clone(), timer);
        if now != told {
            told = now.clone();
            shared.machine.standing(now);
        }
        tokio::select! {
            changed = metrics.changed() => if changed.is_err() { return },
            _ = tick.tick() => {}
        }
    }
}

fn standing(metrics: &RaftMetrics, timer_ms: u64) -> Standing {
    let timer = Duration::from_millis(timer_ms);
    let membership = metrics.membership_config.membership();
    let member = membership.voter_ids().any(|id| id == metrics.id);
    let fresh = metrics.last_quorum_acked.is_some_and(|at| at.elapsed() < timer);
    let began = metrics
        .last_applied
        .is_some_and(|last| last.committed_leader_id().term == metrics.current_term);
    let leads = metrics.state == ServerState::Leader && fresh && began;
    let leader = match metrics.state {
        ServerState::Leader => metrics.current_leader.filter(|_| fresh),
        _ => metrics.current_leader,
    };
    Standing {
        leads: leads.then_some(metrics.current_term),
        leader,
        connected: member && leader.is_some(),
        member,
        removed: false,
        term: metrics.current_term,
    }
}

async fn join(shared: &Shared, mut remotes: Vec<String>) -> Result<(), MemberError> {
    let own = Peer {
        address: shared.settings.address.clone(),
    };
    let mut next = 0;
    loop {
        let address = remotes[next % remotes.len()].clone();
        next += 1;
        let mut connection = Connection::new(shared.dialing.clone(), None, address);
        let request = Request::Join {
            server: shared.settings.server,
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

async fn remove(raft: &Raft, server: ServerId) -> Result<(), MemberError> {
    let voters = ChangeMembers::RemoveVoters([server].into());
    raft.change_membership(voters, false).await?;
    let nodes = ChangeMembers::RemoveNodes([server].into());
    raft.change_membership(nodes, false).await?;
    Ok(())
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
