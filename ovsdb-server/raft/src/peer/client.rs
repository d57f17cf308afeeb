//! The dialer's side: openraft's network to one member.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Timeout, Unreachable};
use openraft::network::RPCOption;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{OptionalSend, RPCTypes, RaftNetworkFactory, RaftNetworkV2};
use ovsdb_transport::dial::dial;
use ovsdb_transport::stream::Stream;
use ovsdb_transport::tls::Tls;
use parking_lot::Mutex;

use crate::peer::{self, Answer, Greeting, Hello, MAX_FRAME, MAX_HELLO, Refusal, Request, SnapshotHead};
use crate::state_machine::StoredSnapshot;
use crate::store::snapshots::Stored;
use crate::types::{ClusterId, Peer, ServerId, TypeConfig, Vote};

/// How long a piece of a snapshot, or its installation, may take.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(120);

/// What every connection of a member needs.
#[derive(Clone)]
pub struct Dialing {
    /// Who dials.
    pub server: ServerId,
    /// Its cluster, once known.
    pub cluster: Arc<Mutex<Option<ClusterId>>>,
    /// The database's name.
    pub database: Arc<str>,
    /// For `ssl:` addresses.
    pub tls: Arc<Tls>,
    /// Why members refused, by address, for the status.
    pub refusals: Arc<Mutex<std::collections::BTreeMap<String, Refusal>>>,
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
    stream: Option<Stream>,
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
        // A call that is given up half-way leaves no connection behind on which its answer could still arrive.
        let stream = self.stream.take();
        let address = self.address.clone();
        let exchange = async {
            let mut stream = match stream {
                Some(stream) => stream,
                None => self.connect().await?,
            };
            let broken = |error| CallError::Broken {
                address: self.address.clone(),
                error,
            };
            peer::write(&mut stream, request).await.map_err(broken)?;
            match peer::read(&mut stream, MAX_FRAME).await.map_err(broken)? {
                Some(answer) => Ok((stream, answer)),
                None => Err(broken(io::ErrorKind::UnexpectedEof.into())),
            }
        };
        match tokio::time::timeout(timeout, exchange).await {
            Err(_) => Err(CallError::Timeout { address, timeout }),
            Ok(Err(error)) => Err(error),
            Ok(Ok((stream, answer))) => {
                self.stream = Some(stream);
                match answer {
                    Answer::Failed(what) => Err(CallError::Answer { address, what }),
                    answer => Ok(answer),
                }
            }
        }
    }

    async fn connect(&self) -> Result<Stream, CallError> {
        let unreachable = |error| CallError::Unreachable {
            address: self.address.clone(),
            error,
        };
        let active = peer::active(&self.address)
            .map_err(|error| unreachable(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        let mut stream = dial(&active, &self.dialing.tls).await.map_err(unreachable)?;
        let cluster = *self.dialing.cluster.lock();
        let hello = Hello::new(cluster, self.dialing.server, self.to, &self.dialing.database);
        peer::write(&mut stream, &hello).await.map_err(unreachable)?;
        let greeting: Option<Greeting> = peer::read(&mut stream, MAX_HELLO).await.map_err(unreachable)?;
        match greeting {
            None => Err(unreachable(io::ErrorKind::UnexpectedEof.into())),
            Some(Ok(welcome)) => {
                let mut refusals = self.dialing.refusals.lock();
                refusals.remove(&self.address);
                // Who joins takes the cluster of whom it was told to join.
                if let (None, Some(cluster)) = (cluster, welcome.cluster) {
                    self.dialing.cluster.lock().get_or_insert(cluster);
                }
                Ok(stream)
            }
            Some(Err(refusal)) => {
                let address = self.address.clone();
                let before = self
                    .dialing
                    .refusals
                    .lock()
                    .insert(address.clone(), refusal.clone());
                if before.as_ref() != Some(&refusal) {
                    tracing::warn!(target: "raft", "{address}: {refusal}");
                }
                Err(CallError::Refused { address, refusal })
            }
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

    async fn send_snapshot(
        &mut self,
        vote: Vote,
        snapshot: &Stored,
    ) -> Result<SnapshotResponse<TypeConfig>, CallError> {
        let head = SnapshotHead {
            vote,
            last: snapshot.description.last,
            membership: snapshot.description.membership.clone(),
            n_pieces: snapshot.description.n_pieces,
        };
        let mut answer = self.call(&Request::Snapshot(head), SNAPSHOT_TIMEOUT).await?;
        loop {
            let next = match answer {
                Answer::Next(next) => next,
                // A vote that is over: no piece is wanted.
                Answer::Installed(response) => return Ok(response),
                other => return Err(self.unexpected(&other)),
            };
            let request = match next < snapshot.description.n_pieces {
                false => Request::Install,
                true => {
                    let stored = snapshot.clone();
                    let piece = tokio::task::spawn_blocking(move || stored.piece(next)).await;
                    let piece = piece.unwrap_or_else(|error| Err(io::Error::other(error)));
                    let broken = |error| CallError::Broken {
                        address: self.address.clone(),
                        error,
                    };
                    Request::Piece(piece.map_err(broken)?.into())
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
        match self.ask(kind, Request::Append(rpc), &option).await? {
            Answer::Append(response) => Ok(response),
            other => Err(self.rpc_error(kind, self.unexpected(&other))),
        }
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        match self.ask(RPCTypes::Vote, Request::Vote(rpc), &option).await? {
            Answer::Vote(response) => Ok(response),
            other => Err(self.rpc_error(RPCTypes::Vote, self.unexpected(&other))),
        }
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        match self.ask(RPCTypes::Vote, Request::PreVote(rpc), &option).await? {
            Answer::Vote(response) => Ok(response),
            other => Err(self.rpc_error(RPCTypes::Vote, self.unexpected(&other))),
        }
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: StoredSnapshot,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        tokio::select! {
            closed = cancel => Err(StreamingError::Closed(closed)),
            sent = self.send_snapshot(vote, &snapshot.snapshot) => sent.map_err(|error| match error {
                CallError::Unreachable { .. } | CallError::Refused { .. } => {
                    StreamingError::Unreachable(Unreachable::new(&error))
                }
                error => StreamingError::Network(NetworkError::new(&error)),
            }),
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
