//! The listener's side of the peer protocol: members' requests, answered by this member's openraft.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use openraft::ServerState;
use openraft::errors::Fatal;
use openraft::raft::AppendEntriesResponse;
use ovsdb_transport::listen::Listener;
use ovsdb_transport::stream::Stream;
use tokio::io::BufReader;
use tokio::task::JoinSet;

use crate::failpoints::Failpoint;
use crate::peer::links::Direction;
use crate::peer::{self, Answer, Hello, MAX_FRAME, MAX_HELLO, Refusal, Request, SnapshotHead};
use crate::shared::{Shared, index_of};
use crate::state_machine::snapshot_of;
use crate::store::snapshots::Arriving;
use crate::types::{Command, LogId, ServerId, TypeConfig};
use crate::{forward, membership, propose, suspect, verify};

/// A greeting that is not there by now is no greeting.
const HELLO_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves members until it is dropped.
pub(crate) async fn listen(listener: Listener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok(accepted) => {
                    let shared = shared.clone();
                    connections.spawn(async move {
                        let peer = accepted.peer.clone();
                        let served = async {
                            let greeted = async { hello(accepted.handshake().await?, &shared).await };
                            match tokio::time::timeout(HELLO_TIMEOUT, greeted).await {
                                Ok(greeted) => {
                                    let (stream, from) = greeted?;
                                    serve_one(stream, from, &shared).await
                                }
                                Err(_) => Err(io::ErrorKind::TimedOut.into()),
                            }
                        };
                        match served.await {
                            Ok(()) => {}
                            // No member, or not one of this cluster, or not of this version.
                            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                                tracing::warn!(target: "raft", rl = true, "{peer}: refused: {error}");
                            }
                            Err(error) => {
                                tracing::info!(target: "raft", "{peer}: connection from a peer ended: {error}");
                            }
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(target: "raft", "cannot accept a peer: {error}");
                    // Most likely too many files: some will be closed.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
}

/// Exchanges greetings: who dials?
async fn hello(stream: Stream, shared: &Shared) -> io::Result<(BufReader<Stream>, ServerId)> {
    stream.keep_alive()?;
    let mut stream = BufReader::new(stream);
    shared.dialing.failpoints.stall().await;
    let hello: Option<Hello> = peer::read(&mut stream, MAX_HELLO).await?;
    let hello = hello.ok_or(io::ErrorKind::UnexpectedEof)?;
    let cluster = *shared.dialing.cluster.lock();
    let greeting = peer::judge(&hello, cluster, shared.server(), &shared.settings.database);
    peer::write(&mut stream, &greeting).await?;
    match greeting {
        Ok(_) => Ok((stream, hello.from)),
        Err(refusal) => Err(io::Error::new(io::ErrorKind::InvalidData, refusal)),
    }
}

async fn serve_one(stream: BufReader<Stream>, from: ServerId, shared: &Arc<Shared>) -> io::Result<()> {
    let link = shared.dialing.links.open(from, Direction::Incoming);
    let served = serve(stream, from, shared).await;
    drop(link);
    if served.is_err() || is_missed(shared, from) {
        shared.dialing.links.broken();
    }
    suspect::ended(shared, from);
    served
}

/// Whether a member that leads this one, or follows it, has no connection here any more.
fn is_missed(shared: &Shared, from: ServerId) -> bool {
    let metrics = shared.metrics();
    let is_expected = metrics.state == ServerState::Leader || metrics.current_leader == Some(from);
    is_expected && !shared.dialing.links.is_open(from, Direction::Incoming)
}

async fn serve(mut stream: BufReader<Stream>, from: ServerId, shared: &Arc<Shared>) -> io::Result<()> {
    while let Some(request) = read(&mut stream, shared).await? {
        shared.dialing.failpoints.stall().await;
        shared.dialing.links.heard(from);
        if matches!(request, Request::Forwards) {
            return forward::serve(stream, from, shared).await;
        }
        let answer = match answer(request, from, shared).await {
            Ok(answer) => answer,
            Err(what) => Answer::Failed(what),
        };
        shared.dialing.failpoints.stall().await;
        peer::write(&mut stream, &answer).await?;
    }
    Ok(())
}

/// The next request. What cannot be read is answered before the connection ends: its sender is to say so, too.
async fn read(stream: &mut BufReader<Stream>, shared: &Shared) -> io::Result<Option<Request>> {
    let read = peer::read(stream, MAX_FRAME).await;
    if let Err(error) = &read
        && error.kind() == io::ErrorKind::InvalidData
    {
        let refusal = Refusal::Unreadable {
            server: shared.server(),
            why: error.to_string(),
        };
        // Whoever sent garbage may not listen.
        let _ = peer::write(stream, &Answer::Refused(refusal)).await;
    }
    read
}

async fn answer(request: Request, from: ServerId, shared: &Arc<Shared>) -> Result<Answer, String> {
    if let Request::Vote(vote) | Request::PreVote(vote) = &request
        && let Some(at) = expelled_at(shared, from, vote.last_log_id)
    {
        return Ok(Answer::NotMember(at));
    }
    if let Request::Vote(_) | Request::PreVote(_) = &request
        && let Some(refusal) = membership::log_lost(shared, from)
    {
        return Ok(Answer::Refused(refusal));
    }
    let running = shared.running().await.map_err(|error| error.to_string())?;
    if let Request::Vote(_) | Request::PreVote(_) = &request {
        // It may have been a voter once, and lost its folder: what it acknowledged then, a candidate may lack.
        let last = running
            .store
            .last()
            .and_then(|last| Ok(last.or(running.store.purged()?)));
        if last.map_err(|error| error.to_string())?.is_none() {
            return Err("it has nothing of the log yet, and no vote".to_owned());
        }
    }
    let raft = running.raft;
    let fatal = |error: Fatal<TypeConfig>| error.to_string();
    Ok(match request {
        Request::Append(rpc) => {
            if !rpc.entries.is_empty() {
                receive_entries(shared);
            }
            let has_entries = !rpc.entries.is_empty();
            let response = raft.append_entries(rpc).await.map_err(|e| e.to_string())?;
            if has_entries && shared.voter_at.load(Ordering::Acquire) == 0 {
                // A server that joins gets what it lacks as entries, too.
                shared
                    .dialing
                    .failpoints
                    .crash(Failpoint::CrashBeforeSendingInstallSnapshotReply);
            }
            if !matches!(response, AppendEntriesResponse::HigherVote(_)) {
                shared.heard(from);
            }
            Answer::Append(response)
        }
        Request::Vote(rpc) => Answer::Vote(raft.vote(rpc).await.map_err(|e| e.to_string())?),
        Request::PreVote(rpc) => Answer::Vote(raft.pre_vote(rpc).await.map_err(|e| e.to_string())?),
        Request::TransferLeader(rpc) => {
            Answer::Transferred(raft.handle_transfer_leader(rpc).await.map_err(fatal)?)
        }
        Request::Snapshot(head) => begin_snapshot(head, from, shared).await?,
        Request::Piece { number, i, bytes } => {
            let mut arriving = shared.arriving.lock().await;
            let wanted = arriving.as_ref().filter(|known| known.from == (from, number));
            let next = wanted.ok_or("a piece of no snapshot")?.writing.n_pieces();
            if i != next {
                return Err(format!("piece {i} when {next} is wanted"));
            }
            let Some(Arriving {
                n_pieces,
                mut writing,
                ..
            }) = arriving.take()
            else {
                return Err("a piece of no snapshot".to_owned());
            };
            let store = writing.store().clone();
            let written = store.aside(move || writing.push(&bytes).map(|()| writing));
            let writing = written.await.map_err(|error| error.to_string())?;
            let next = writing.n_pieces();
            *arriving = Some(Arriving {
                from: (from, number),
                n_pieces,
                writing,
            });
            Answer::Next(next)
        }
        Request::Install(head) => {
            let arriving = shared
                .arriving
                .lock()
                .await
                .take_if(|known| known.from == (from, head.number));
            let Arriving {
                n_pieces, writing, ..
            } = arriving.ok_or("no snapshot to install")?;
            if writing.n_pieces() != n_pieces {
                return Err(format!("{} of {n_pieces} pieces arrived", writing.n_pieces()));
            }
            shared
                .dialing
                .failpoints
                .crash(Failpoint::CrashBeforeSendingInstallSnapshotReply);
            let snapshot = snapshot_of(writing.finish(head.contents));
            let installed = raft.install_full_snapshot(head.vote, snapshot).await;
            Answer::Installed(installed.map_err(fatal)?)
        }
        Request::Join { server, peer, is_new } => membership::admit(shared, server, peer, is_new).await,
        Request::Remove(server) => membership::remove(shared, server).await,
        Request::Verify(id) => match propose::write(shared, Command::Verify(id)).await {
            Ok(_) => Answer::Done,
            Err(error) => membership::failed(error),
        },
        Request::HandOver(to) => match membership::transfer(shared, Some(to)).await {
            Ok(()) => Answer::Done,
            Err(error) => membership::failed(error),
        },
        Request::StateHash(id) => Answer::StateHash(verify::answer(shared, id).await),
        Request::Forwards => return Err("requests are not forwarded in the middle of others".to_owned()),
    })
}

/// Goes on with the snapshot that is arriving if it is the same.
async fn begin_snapshot(head: SnapshotHead, from: ServerId, shared: &Shared) -> Result<Answer, String> {
    let mut arriving = shared.arriving.lock().await;
    let same = |known: &&Arriving| known.from == (from, head.number) && known.n_pieces == head.n_pieces;
    if let Some(known) = arriving.as_ref().filter(same) {
        return Ok(Answer::Next(known.writing.n_pieces()));
    }
    let running = shared.running().await.map_err(|error| error.to_string())?;
    let writing = running
        .store
        .begin_snapshot()
        .map_err(|error| error.to_string())?;
    *arriving = Some(Arriving {
        from: (from, head.number),
        n_pieces: head.n_pieces,
        writing,
    });
    Ok(Answer::Next(0))
}

/// Where the membership is that a server is not in, if its log ends before that. A server that has more may have been
/// added later than is known here; one that has less has no vote to expect in any case.
fn expelled_at(shared: &Shared, server: ServerId, last: Option<LogId>) -> Option<u64> {
    let committed = shared.metrics().committed_membership_config;
    let known = committed.membership().get_node(&server).is_some();
    if known || last >= *committed.log_id() {
        return None;
    }
    index_of(&committed)
}

/// Faults that are brought about on purpose.
fn receive_entries(shared: &Shared) {
    let failpoints = &shared.dialing.failpoints;
    failpoints.crash(Failpoint::CrashAfterReceivingAppendRequestUpdate);
    if shared.voter_at.load(Ordering::Acquire) == 0 {
        failpoints.crash(Failpoint::CrashBeforeSendingInstallSnapshotReply);
    }
}
