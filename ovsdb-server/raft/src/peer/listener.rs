//! The listener's side: members' requests, answered by this member's openraft.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use openraft::errors::Fatal;
use ovsdb_transport::listen::Listener;
use ovsdb_transport::stream::Stream;
use tokio::task::JoinSet;

use crate::member::Raft;
use crate::peer::client::Dialing;
use crate::peer::{self, Answer, Hello, MAX_FRAME, MAX_HELLO, Request, SnapshotHead};
use crate::state_machine::snapshot_of;
use crate::store::Store;
use crate::store::snapshots::Writing;
use crate::types::{Peer, ServerId, TypeConfig};

/// A greeting that is not there by now is no greeting.
const HELLO_TIMEOUT: Duration = Duration::from_secs(5);

/// What to do for servers that want to become members.
pub type Join = Arc<dyn Fn(ServerId, Peer) -> BoxFuture<'static, Answer> + Send + Sync>;

/// What every connection is served with.
#[derive(Clone)]
pub struct Serving {
    /// This member.
    pub raft: Raft,
    /// Its folder.
    pub store: Store,
    /// Who it is.
    pub identity: Dialing,
    /// See [`Join`].
    pub join: Join,
}

/// Serves members until it is dropped.
pub async fn listen(listener: Listener, serving: Serving) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => {
                    let serving = serving.clone();
                    connections.spawn(async move {
                        let peer = accepted.peer.clone();
                        let served = async {
                            let greeted = async { hello(accepted.handshake().await?, &serving).await };
                            match tokio::time::timeout(HELLO_TIMEOUT, greeted).await {
                                Ok(greeted) => serve(greeted?, &serving).await,
                                Err(_) => Err(io::ErrorKind::TimedOut.into()),
                            }
                        };
                        if let Err(error) = served.await {
                            tracing::info!(target: "raft", "{peer}: connection from a peer ended: {error}");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(target: "raft", "cannot accept a peer: {error}");
                    // Most likely too many files: some will be closed.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            _ = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// Exchanges greetings.
async fn hello(mut stream: Stream, serving: &Serving) -> io::Result<Stream> {
    let hello: Option<Hello> = peer::read(&mut stream, MAX_HELLO).await?;
    let hello = hello.ok_or(io::ErrorKind::UnexpectedEof)?;
    let Dialing {
        server,
        cluster,
        database,
        ..
    } = &serving.identity;
    let cluster = *cluster.lock();
    let greeting = peer::judge(&hello, cluster, *server, database);
    peer::write(&mut stream, &greeting).await?;
    match greeting {
        Ok(_) => Ok(stream),
        Err(refusal) => Err(io::Error::new(io::ErrorKind::InvalidData, refusal)),
    }
}

/// A snapshot that is arriving.
struct Arriving {
    head: SnapshotHead,
    writing: Writing,
}

async fn serve(mut stream: Stream, serving: &Serving) -> io::Result<()> {
    let mut arriving = None;
    while let Some(request) = peer::read(&mut stream, MAX_FRAME).await? {
        let answer = match answer(request, &mut arriving, serving).await {
            Ok(answer) => answer,
            Err(what) => Answer::Failed(what),
        };
        peer::write(&mut stream, &answer).await?;
    }
    Ok(())
}

async fn answer(
    request: Request,
    arriving: &mut Option<Arriving>,
    serving: &Serving,
) -> Result<Answer, String> {
    let raft = &serving.raft;
    let fatal = |error: Fatal<TypeConfig>| error.to_string();
    let text = |error: io::Error| error.to_string();
    Ok(match request {
        Request::Append(rpc) => Answer::Append(raft.append_entries(rpc).await.map_err(|e| e.to_string())?),
        Request::Vote(rpc) => Answer::Vote(raft.vote(rpc).await.map_err(|e| e.to_string())?),
        Request::PreVote(rpc) => Answer::Vote(raft.pre_vote(rpc).await.map_err(|e| e.to_string())?),
        Request::TransferLeader(rpc) => {
            Answer::Transferred(raft.handle_transfer_leader(rpc).await.map_err(fatal)?)
        }
        Request::Snapshot(head) => {
            let writing = serving.store.begin_snapshot().map_err(text)?;
            *arriving = Some(Arriving { head, writing });
            Answer::Next(0)
        }
        Request::Piece(bytes) => {
            let Some(Arriving { head, mut writing }) = arriving.take() else {
                return Err("a piece of no snapshot".to_owned());
            };
            let written = tokio::task::spawn_blocking(move || writing.push(&bytes).map(|()| writing));
            let writing = written.await.map_err(|e| e.to_string())?.map_err(text)?;
            let next = writing.n_pieces();
            *arriving = Some(Arriving { head, writing });
            Answer::Next(next)
        }
        Request::Install => {
            let Some(Arriving { head, writing }) = arriving.take() else {
                return Err("no snapshot to install".to_owned());
            };
            if writing.n_pieces() != head.n_pieces {
                return Err(format!(
                    "{} of {} pieces arrived",
                    writing.n_pieces(),
                    head.n_pieces
                ));
            }
            let snapshot = snapshot_of(writing.finish(head.last, head.membership));
            let installed = raft.install_full_snapshot(head.vote, snapshot).await;
            Answer::Installed(installed.map_err(fatal)?)
        }
        Request::Join { server, peer } => (serving.join)(server, peer).await,
    })
}
