//! The dialer's side: openraft's network to one member.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Timeout, Unreachable};
use openraft::network::RPCOption;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{EntryPayload, OptionalSend, RPCTypes, RaftNetworkFactory, RaftNetworkV2};
use ovsdb_transport::stream::Stream;
use ovsdb_transport::tls::Tls;
use parking_lot::Mutex;
use tokio::io::{AsyncWriteExt, BufReader};

use crate::elections::{ElectionReason, Elections};
use crate::failpoints::{Failpoint, Failpoints};
use crate::peer::acknowledged::Acknowledged;
use crate::peer::links::{Direction, Link, Links};
use crate::peer::{self, Answer, Greeting, Hello, MAX_FRAME, MAX_HELLO, Refusal, Request, SnapshotHead};
use crate::settings::Settings;
use crate::state_machine::StoredSnapshot;
use crate::store::snapshots::Stored;
use crate::types::{ClusterId, Peer, ServerId, TypeConfig, Vote};
use crate::world::World;

/// How long a piece of a snapshot, or its installation, may take.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(120);

/// How long entries may take at least, and how many bytes of them a millisecond.
const APPEND_TIMEOUT: Duration = Duration::from_secs(2);
const BYTES_PER_MS: u64 = 5_000;

/// What every connection of a member needs.
#[derive(Clone)]
pub struct Dialing {
    /// Where the others are.
    pub world: Arc<dyn World>,
    /// Who dials.
    pub server: ServerId,
    /// Its cluster, once known.
    pub cluster: Arc<Mutex<Option<ClusterId>>>,
    /// The database's name.
    pub database: Arc<str>,
    /// For `ssl:` addresses.
    pub tls: Arc<Tls>,
    /// Why members refused, by address, for the status.
    pub refusals: Arc<Mutex<BTreeMap<String, Refusal>>>,
    /// The connections that there are.
    pub links: Arc<Links>,
    /// What followers have, as far as this member led them.
    pub acknowledged: Arc<Acknowledged>,
    /// The elections that were begun.
    pub elections: Arc<Elections>,
    /// Where the membership is in the log that a member knows and this server is not in; 0 for none.
    pub expelled: Arc<AtomicU64>,
    /// See [`Failpoints`].
    pub failpoints: Arc<Failpoints>,
}

impl Dialing {
    /// What every connection of a server needs.
    pub fn new(settings: &Settings, world: Arc<dyn World>) -> Dialing {
        Dialing {
            world,
            server: settings.server,
            cluster: Arc::new(Mutex::new(settings.cluster)),
            database: settings.database.as_str().into(),
            tls: settings.tls.clone(),
            refusals: Arc::default(),
            links: Arc::default(),
            acknowledged: Arc::default(),
            elections: Arc::default(),
            expelled: Arc::default(),
            failpoints: Arc::default(),
        }
    }

    /// See [`Dialing::expelled`].
    pub(crate) fn expelled_at(&self) -> Option<u64> {
        Some(self.expelled.load(Ordering::Acquire)).filter(|at| *at > 0)
    }

    /// Somebody refuses this server.
    pub(crate) fn refused(&self, address: &str, refusal: &Refusal) {
        let before = self.refusals.lock().insert(address.to_owned(), refusal.clone());
        if before.as_ref() != Some(refusal) {
            tracing::warn!(target: "raft", rl = true, "{address}: {refusal}");
        }
    }
}

/// Makes the network of each member.
pub struct Factory(pub Dialing);

impl RaftNetworkFactory<TypeConfig> for Factory {
    type Network = Connection;

    async fn new_client(&mut self, target: ServerId, node: &Peer) -> Connection {
        Connection::new(self.0.clone(), Some(target), node.address.clone())
    }
}

/// A connection to one member, made when it is needed.
pub struct Connection {
    dialing: Dialing,
    to: Option<ServerId>,
    address: String,
    stream: Option<Linked>,
}

/// A stream to a server that has said who it is.
pub(crate) struct Linked {
    pub(crate) stream: BufReader<Stream>,
    pub(crate) server: ServerId,
    _link: Link,
}

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody is there.
    #[error("{address}: cannot connect: {error}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        error: io::Error,
    },
    /// Somebody is there who will not talk.
    #[error("{address}: {refusal}")]
    Refused {
        /// Where.
        address: String,
        /// Why.
        refusal: Refusal,
    },
    /// The connection broke.
    #[error("{address}: {error}")]
    Broken {
        /// Where.
        address: String,
        /// How.
        error: io::Error,
    },
    /// No answer in time.
    #[error("{address}: no answer within {} ms", timeout.as_millis())]
    Timeout {
        /// Where.
        address: String,
        /// How long was waited.
        timeout: Duration,
    },
    /// An answer to another question, or a failure there.
    #[error("{address}: {what}")]
    Answer {
        /// Where.
        address: String,
        /// What came.
        what: String,
    },
}

impl Connection {
    /// A connection that is made when it is needed. Without `to`, whoever is at the address will do.
    pub fn new(dialing: Dialing, to: Option<ServerId>, address: String) -> Connection {
        Connection {
            dialing,
            to,
            address,
            stream: None,
        }
    }

    /// Sends a request and waits for its answer.
    pub async fn call(&mut self, request: &Request, timeout: Duration) -> Result<Answer, CallError> {
        let frame = self.frame(request)?;
        self.exchange(&frame, timeout, None).await
    }

    fn frame(&self, request: &Request) -> Result<Vec<u8>, CallError> {
        let mut frame = Vec::new();
        peer::frame(&mut frame, request).map_err(|error| self.broken(error))?;
        Ok(frame)
    }

    async fn exchange(
        &mut self,
        frame: &[u8],
        timeout: Duration,
        entries_to: Option<ServerId>,
    ) -> Result<Answer, CallError> {
        // A call that is given up half-way leaves no connection behind on which its answer could still arrive.
        let stream = self.stream.take();
        let address = self.address.clone();
        let failpoints = self.dialing.failpoints.clone();
        let exchange = async {
            failpoints.stall().await;
            let mut linked = match stream {
                Some(linked) => linked,
                None => self.connect().await?,
            };
            let stream = &mut linked.stream;
            let backlog = self.dialing.links.sending(frame.len());
            stream
                .write_all(frame)
                .await
                .map_err(|error| self.broken(error))?;
            stream.flush().await.map_err(|error| self.broken(error))?;
            drop(backlog);
            if let Some(to) = entries_to {
                failpoints.sent_append(to).await;
            }
            let answer = peer::read(stream, MAX_FRAME).await;
            failpoints.stall().await;
            match answer.map_err(|error| self.broken(error))? {
                Some(answer) => Ok((linked, answer)),
                None => Err(self.broken(io::ErrorKind::UnexpectedEof.into())),
            }
        };
        match tokio::time::timeout(timeout, exchange).await {
            Err(_) => Err(CallError::Timeout { address, timeout }),
            Ok(Err(error)) => {
                if matches!(error, CallError::Broken { .. }) {
                    self.dialing.links.broken();
                }
                Err(error)
            }
            Ok(Ok((linked, answer))) => {
                // One whose consensus has failed still answers, but is not there for anything.
                if !matches!(answer, Answer::Failed(_)) {
                    self.dialing.links.heard(linked.server);
                }
                self.stream = Some(linked);
                match answer {
                    Answer::Failed(what) => Err(CallError::Answer { address, what }),
                    Answer::Refused(refusal) => {
                        self.dialing.refused(&address, &refusal);
                        Err(CallError::Refused { address, refusal })
                    }
                    Answer::NotMember(at) => {
                        self.dialing.expelled.fetch_max(at, Ordering::AcqRel);
                        let what = "this server is not a member of the cluster".to_owned();
                        Err(CallError::Answer { address, what })
                    }
                    answer => Ok(answer),
                }
            }
        }
    }

    fn broken(&self, error: io::Error) -> CallError {
        CallError::Broken {
            address: self.address.clone(),
            error,
        }
    }

    /// Connects and greets.
    pub(crate) async fn connect(&self) -> Result<Linked, CallError> {
        let unreachable = |error| self.unreachable(error);
        let active = peer::active(&self.address)
            .map_err(|error| unreachable(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        // Of TLS, or of somebody else's protocol.
        let no_greeting = |error: io::Error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                self.refused(Refusal::NoGreeting(error.to_string()))
            }
            _ => self.unreachable(error),
        };
        let dialed = self.dialing.world.dial(&active, &self.dialing.tls);
        let stream = dialed.await.map_err(no_greeting)?;
        stream.keep_alive().map_err(unreachable)?;
        let mut stream = BufReader::new(stream);
        let cluster = *self.dialing.cluster.lock();
        let hello = Hello::new(cluster, self.dialing.server, self.to, &self.dialing.database);
        peer::write(&mut stream, &hello).await.map_err(no_greeting)?;
        let greeting: Option<Greeting> = peer::read(&mut stream, MAX_HELLO).await.map_err(no_greeting)?;
        match greeting {
            None => Err(unreachable(io::ErrorKind::UnexpectedEof.into())),
            Some(Ok(welcome)) => {
                self.dialing.refusals.lock().remove(&self.address);
                // Who joins takes the cluster of whom it was told to join.
                if let (None, Some(cluster)) = (cluster, welcome.cluster) {
                    self.dialing.cluster.lock().get_or_insert(cluster);
                }
                let link = self.dialing.links.open(welcome.server, Direction::Outgoing);
                Ok(Linked {
                    stream,
                    server: welcome.server,
                    _link: link,
                })
            }
            Some(Err(refusal)) => Err(self.refused(refusal)),
        }
    }

    fn refused(&self, refusal: Refusal) -> CallError {
        self.dialing.refused(&self.address, &refusal);
        CallError::Refused {
            address: self.address.clone(),
            refusal,
        }
    }

    fn unreachable(&self, error: io::Error) -> CallError {
        CallError::Unreachable {
            address: self.address.clone(),
            error,
        }
    }

    fn unexpected(&self, answer: &Answer) -> CallError {
        CallError::Answer {
            address: self.address.clone(),
            what: format!("unexpected answer {answer:?}"),
        }
    }

    fn rpc_error(&self, kind: RPCTypes, error: CallError) -> RPCError<TypeConfig> {
        match &error {
            CallError::Timeout { timeout, .. } => RPCError::Timeout(Timeout {
                action: kind,
                id: self.dialing.server,
                target: self.to.unwrap_or_default(),
                timeout: *timeout,
            }),
            CallError::Unreachable { .. } | CallError::Refused { .. } => {
                RPCError::Unreachable(Unreachable::new(&error))
            }
            CallError::Broken { .. } | CallError::Answer { .. } => {
                RPCError::Network(NetworkError::new(&error))
            }
        }
    }

    async fn ask(
        &mut self,
        kind: RPCTypes,
        request: Request,
        option: &RPCOption,
    ) -> Result<Answer, RPCError<TypeConfig>> {
        let answer = self.call(&request, option.soft_ttl()).await;
        answer.map_err(|error| self.rpc_error(kind, error))
    }

    /// Asks for a vote, or whether it would be given.
    async fn ask_for_vote(
        &mut self,
        request: Request,
        term: u64,
        reason: ElectionReason,
        option: &RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        self.dialing.elections.began(term, reason);
        if self.dialing.failpoints.is(Failpoint::DontSendVoteRequest) {
            let error = self.unreachable(io::ErrorKind::TimedOut.into());
            return Err(self.rpc_error(RPCTypes::Vote, error));
        }
        match self.ask(RPCTypes::Vote, request, option).await? {
            Answer::Vote(response) => {
                let said = match response.vote_granted {
                    true => Some(self.dialing.server),
                    // It has voted in this term already.
                    false => Some(response.vote.leader_id)
                        .filter(|theirs| theirs.term == term)
                        .map(|theirs| theirs.voted_for),
                };
                if let (Some(to), Some(candidate)) = (self.to, said) {
                    self.dialing.elections.voted(to, candidate);
                }
                Ok(response)
            }
            other => Err(self.rpc_error(RPCTypes::Vote, self.unexpected(&other))),
        }
    }

    /// Notes what a follower has. An error is a follower that has lost some of what it had: openraft must not hear of
    /// that, which it takes for impossible.
    fn note(
        &self,
        term: u64,
        previous: Option<u64>,
        last: Option<u64>,
        response: &AppendEntriesResponse<TypeConfig>,
    ) -> Result<(), CallError> {
        let (Some(to), acknowledged) = (self.to, &self.dialing.acknowledged) else {
            return Ok(());
        };
        let has = match response {
            AppendEntriesResponse::Success => last,
            AppendEntriesResponse::PartialSuccess(matching) => matching.map(|id| id.index),
            AppendEntriesResponse::Conflict => {
                let lost = previous.and_then(|index| acknowledged.lacks(to, term, index));
                return lost.map_or(Ok(()), |index| Err(self.log_lost(to, index)));
            }
            AppendEntriesResponse::HigherVote(_) => None,
        };
        if let Some(index) = has {
            acknowledged.has(to, term, index);
        }
        Ok(())
    }

    /// A follower takes part no more.
    fn log_lost(&self, server: ServerId, index: u64) -> CallError {
        self.refused(Refusal::LogLost { server, index })
    }

    /// Sends a snapshot, or the rest of it where a connection broke in the middle.
    async fn send_snapshot(
        &mut self,
        vote: Vote,
        snapshot: &Stored,
    ) -> Result<SnapshotResponse<TypeConfig>, CallError> {
        let head = SnapshotHead {
            vote,
            number: snapshot.description.number,
            n_pieces: snapshot.description.n_pieces,
            contents: snapshot.description.contents.clone(),
        };
        let mut answer = self
            .call(&Request::Snapshot(head.clone()), SNAPSHOT_TIMEOUT)
            .await?;
        loop {
            let next = match answer {
                Answer::Next(next) => next,
                // A vote that is over: no piece is wanted.
                Answer::Installed(response) => return Ok(response),
                other => return Err(self.unexpected(&other)),
            };
            let request = match next < head.n_pieces {
                false => Request::Install(head.clone()),
                true => {
                    let stored = snapshot.clone();
                    let piece = snapshot.store.aside(move || stored.piece(next)).await;
                    Request::Piece {
                        number: head.number,
                        i: next,
                        bytes: piece.map_err(|error| self.broken(error))?.into(),
                    }
                }
            };
            answer = self.call(&request, SNAPSHOT_TIMEOUT).await?;
        }
    }
}

impl RaftNetworkV2<TypeConfig> for Connection {
    type SnapshotData = Stored;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<TypeConfig>, RPCError<TypeConfig>> {
        let kind = RPCTypes::AppendEntries;
        // It is to notice that it has no leader, and to ask: then it is told.
        if let Some(to) = self.to
            && let Some(index) = self.dialing.acknowledged.lost(to, rpc.vote.leader_id.term)
        {
            return Err(self.rpc_error(kind, self.log_lost(to, index)));
        }
        let failpoints = &self.dialing.failpoints;
        let counts = rpc
            .entries
            .iter()
            .any(|entry| !matches!(entry.payload, EntryPayload::Blank));
        if counts {
            failpoints.crash(Failpoint::CrashBeforeSendingAppendRequest);
        }
        let entries_to = self.to.filter(|_| counts);
        let heartbeat = rpc.entries.is_empty();
        let term = rpc.vote.leader_id.term;
        let previous = rpc.prev_log_id.map(|id| id.index);
        let last = rpc.entries.last().map(|entry| entry.log_id.index).or(previous);
        let sent = async {
            let frame = self.frame(&Request::Append(rpc))?;
            let timeout = match heartbeat {
                true => option.soft_ttl(),
                false => APPEND_TIMEOUT + Duration::from_millis(frame.len() as u64 / BYTES_PER_MS),
            };
            self.exchange(&frame, timeout, entries_to).await
        };
        match sent.await.map_err(|error| self.rpc_error(kind, error))? {
            Answer::Append(response) => {
                self.note(term, previous, last, &response)
                    .map_err(|error| self.rpc_error(kind, error))?;
                Ok(response)
            }
            other => Err(self.rpc_error(kind, self.unexpected(&other))),
        }
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        let reason = match rpc.leadership_transfer {
            true => ElectionReason::LeadershipTransfer,
            false => ElectionReason::Timeout,
        };
        let term = rpc.vote.leader_id.term;
        self.ask_for_vote(Request::Vote(rpc), term, reason, &option).await
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        let term = rpc.vote.leader_id.term;
        self.ask_for_vote(Request::PreVote(rpc), term, ElectionReason::Timeout, &option)
            .await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: StoredSnapshot,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let (term, last) = (vote.leader_id.term, snapshot.meta.last_log_id);
        tokio::select! {
            biased;
            closed = cancel => Err(StreamingError::Closed(closed)),
            sent = self.send_snapshot(vote, &snapshot.snapshot) => match sent {
                Ok(response) => {
                    if let (Some(to), Some(last), true) = (self.to, last, response.vote == vote) {
                        self.dialing.acknowledged.has(to, term, last.index);
                    }
                    Ok(response)
                }
                Err(error @ (CallError::Unreachable { .. } | CallError::Refused { .. })) => {
                    Err(StreamingError::Unreachable(Unreachable::new(&error)))
                }
                Err(error) => Err(StreamingError::Network(NetworkError::new(&error))),
            },
        }
    }

    async fn transfer_leader(
        &mut self,
        req: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, RPCError<TypeConfig>> {
        let kind = RPCTypes::TransferLeader;
        match self.ask(kind, Request::TransferLeader(req), &option).await? {
            Answer::Transferred(response) => Ok(response),
            other => Err(self.rpc_error(kind, self.unexpected(&other))),
        }
    }
}
