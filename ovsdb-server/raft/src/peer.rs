//! The protocol between members: frames of a length and a body ([`crate::codec`]); a greeting in which either side
//! proves that it is who the other means; then requests, each answered in turn.
//!
//! ```text
//!   dialer                                listener
//!   Hello{cluster, from, to, database} ─►
//!                                      ◄─ Welcome, or a Refusal that says what is wrong
//!   Request ─►                         ◄─ Answer      (any number, in order)
//! ```
//!
//! A length is believed up to [`MAX_FRAME`] only. A peer that speaks garbage, another version or another cluster's id
//! is refused before any request of it is looked at.

pub mod acknowledged;
pub mod client;
pub mod links;

use std::io;

use bytes::Bytes;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use ovsdb_transport::remote::{Active, Remote};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::codec;
use crate::machine::{Handled, StateHash};
use crate::store::snapshots::Contents;
use crate::types::{self, ClusterId, Peer, ServerId, TypeConfig, Vote};

/// The longest frame. A batch of entries may hold a whole `restore`.
pub const MAX_FRAME: u32 = 1 << 30;

/// The first bytes of a connection: nothing else begins so.
const MAGIC: [u8; 8] = *b"FRVNRAFT";

/// Of the protocol. Members of different versions refuse each other with a text that says so.
pub const VERSION: u16 = 1;

/// The dialer's greeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// See [`MAGIC`].
    pub magic: [u8; 8],
    /// See [`VERSION`].
    pub version: u16,
    /// The cluster; none where a server that joins does not know it yet.
    pub cluster: Option<ClusterId>,
    /// Who dials.
    pub from: ServerId,
    /// Who is meant; none where only the address is known.
    pub to: Option<ServerId>,
    /// The database's name.
    pub database: String,
}

impl Hello {
    /// A greeting of this version.
    pub fn new(cluster: Option<ClusterId>, from: ServerId, to: Option<ServerId>, database: &str) -> Hello {
        Hello {
            magic: MAGIC,
            version: VERSION,
            cluster,
            from,
            to,
            database: database.to_owned(),
        }
    }
}

/// The listener's answer to a greeting: who it is, or why it will not talk.
pub type Greeting = Result<Welcome, Refusal>;

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Its cluster; none while it joins one itself.
    pub cluster: Option<ClusterId>,
    /// Its id.
    pub server: ServerId,
}

/// Why a greeting is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// Not this protocol.
    #[error("not a peer of this protocol: the address is for members of a cluster only")]
    NotAPeer,
    /// Another version of it.
    #[error("protocol version {theirs} instead of {ours}: update the older member")]
    Version {
        /// The dialer's.
        theirs: u16,
        /// The listener's.
        ours: u16,
    },
    /// Another database.
    #[error("database {ours} is served here, not {theirs}: mend the address")]
    Database {
        /// The dialer's.
        theirs: String,
        /// The listener's.
        ours: String,
    },
    /// Another cluster of a database of that name.
    #[error(
        "wrong cluster: {theirs} was meant, this is a member of {ours}; remove the stale address or member"
    )]
    Cluster {
        /// The dialer's.
        theirs: ClusterId,
        /// The listener's.
        ours: ClusterId,
    },
    /// Another server has this address now.
    #[error("misrouted: server {theirs} was meant, this is {ours}; kick the member that is gone")]
    Server {
        /// Who was meant.
        theirs: ServerId,
        /// Who is here.
        ours: ServerId,
    },
    /// A member has the address of the server that wants to join.
    #[error("{address} is the address of server {server}: kick it before another one takes its place")]
    AddressTaken {
        /// Which.
        address: String,
        /// Who has it.
        server: ServerId,
    },
    /// A member has less of the log than it said it has. It takes part no more: others rely on what it lost.
    #[error(
        "server {server} had the log up to {index} and has lost some of it, as an old copy of its disk would have: \
         kick it, then let a new one join in its place"
    )]
    LogLost {
        /// Which.
        server: ServerId,
        /// What the leader knows it had.
        index: u64,
    },
    /// A member cannot read what comes from the one that it has greeted.
    #[error("server {server} cannot read what it is sent: {why}; update the older member")]
    Unreadable {
        /// Which cannot.
        server: ServerId,
        /// What it stumbles over.
        why: String,
    },
    /// Nobody who speaks this protocol, or not to this server. Found by the dialer.
    #[error(
        "no greeting of a member: {0}; mend the address, or for \"ssl:\" the certificate or the authority on either side"
    )]
    NoGreeting(String),
}

/// What one member asks of another.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// AppendEntries, heartbeats included.
    Append(AppendEntriesRequest<TypeConfig>),
    /// RequestVote.
    Vote(VoteRequest<TypeConfig>),
    /// Would a vote be granted?
    PreVote(VoteRequest<TypeConfig>),
    /// Leadership is being handed over.
    TransferLeader(TransferLeaderRequest<TypeConfig>),
    /// A snapshot begins, or goes on after a connection broke; the answer says with which piece.
    Snapshot(SnapshotHead),
    /// A piece.
    Piece {
        /// The snapshot's number.
        number: u64,
        /// The piece's.
        i: u32,
        /// Its contents.
        bytes: Bytes,
    },
    /// No more pieces: install.
    Install(SnapshotHead),
    /// A server wants to become a member.
    Join {
        /// Its id.
        server: ServerId,
        /// How it will be reached.
        peer: Peer,
        /// It has nothing of the log: if it is a member, it is one that lost its folder.
        is_new: bool,
    },
    /// A server is to be taken out of the membership.
    Remove(ServerId),
    /// The leader is to put a verification of this id into the log.
    Verify(uuid::Uuid),
    /// The leader is to hand leadership to this server.
    HandOver(ServerId),
    /// What the contents came to at the verification of this id.
    StateHash(uuid::Uuid),
    /// From now on the dialer sends [`Forwarded`](crate::Forwarded) only, and gets [`Reply`] in any order.
    Forwards,
}

/// What became of a forwarded request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Which.
    pub request: types::Request,
    /// See [`Handled`].
    pub handled: Handled,
}

/// What a snapshot is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHead {
    /// The leader's.
    pub vote: Vote,
    /// Its number, the leader's own count.
    pub number: u64,
    /// How many pieces.
    pub n_pieces: u32,
    /// What it has.
    pub contents: Contents,
}

/// The answer to a request.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Request::Append`].
    Append(AppendEntriesResponse<TypeConfig>),
    /// To [`Request::Vote`] and [`Request::PreVote`].
    Vote(VoteResponse<TypeConfig>),
    /// To [`Request::Snapshot`] and [`Request::Piece`]: the number of the piece wanted next.
    Next(u32),
    /// To [`Request::Install`].
    Installed(SnapshotResponse<TypeConfig>),
    /// To [`Request::TransferLeader`].
    Transferred(TransferLeaderResponse<TypeConfig>),
    /// Done, with nothing to tell.
    Done,
    /// To what only a leader does, by a member that is none: ask this one, if it is known.
    AskLeader(Option<Peer>),
    /// To [`Request::Join`], and to whoever asks for votes: it cannot be, until somebody changes something.
    Refused(Refusal),
    /// To a server that asks for votes without being in the membership that was made at this index.
    NotMember(u64),
    /// To [`Request::StateHash`]: none where the entry has not come for long.
    StateHash(Option<StateHash>),
    /// It could not be done.
    Failed(String),
    /// To [`Request::Join`]: it has a vote since the membership at this log index.
    Admitted(u64),
}

/// A member's address, for dialling.
pub(crate) fn active(address: &str) -> Result<Active, String> {
    match address.parse() {
        Ok(Remote::Active(active)) => Ok(active),
        Ok(_) => Err("a member's address is tcp:IP:PORT, ssl:IP:PORT or unix:PATH".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Adds a frame to others.
pub(crate) fn frame(out: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    codec::encode_into(out, value);
    let n_bytes = out.len() - start - 4;
    match u32::try_from(n_bytes) {
        Ok(length) if length <= MAX_FRAME => {
            out[start..start + 4].copy_from_slice(&length.to_be_bytes());
            Ok(())
        }
        _ => {
            out.truncate(start);
            let what = format!("a message of {n_bytes} bytes is too long for a peer");
            Err(io::Error::new(io::ErrorKind::InvalidInput, what))
        }
    }
}

/// Writes one frame.
pub(crate) async fn write(stream: &mut (impl AsyncWrite + Unpin), value: &impl Serialize) -> io::Result<()> {
    let mut out = Vec::new();
    frame(&mut out, value)?;
    stream.write_all(&out).await?;
    stream.flush().await
}

/// What is kept ready for a frame before its bytes arrive, at most.
const ROOM: u32 = 64 << 10;

/// Reads one frame; none at an orderly end.
pub(crate) async fn read<T: DeserializeOwned>(
    stream: &mut (impl AsyncRead + Unpin),
    max: u32,
) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length).await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    };
    let length = u32::from_be_bytes(length);
    if length > max {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a frame of {length} bytes, when {max} are allowed: not a peer"),
        ));
    }
    // Grown as bytes arrive: a length alone costs little memory.
    let mut body = Vec::with_capacity(length.min(ROOM) as usize);
    stream.take(length.into()).read_to_end(&mut body).await?;
    if body.len() < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(codec::decode(&body)?))
}

/// The longest greeting.
pub(crate) const MAX_HELLO: u32 = 4096;

/// Whether a greeting is for this member.
pub(crate) fn judge(hello: &Hello, cluster: Option<ClusterId>, server: ServerId, database: &str) -> Greeting {
    if hello.magic != MAGIC {
        return Err(Refusal::NotAPeer);
    }
    if hello.version != VERSION {
        return Err(Refusal::Version {
            theirs: hello.version,
            ours: VERSION,
        });
    }
    if hello.database != database {
        return Err(Refusal::Database {
            theirs: hello.database.clone(),
            ours: database.to_owned(),
        });
    }
    if let (Some(theirs), Some(ours)) = (hello.cluster, cluster)
        && theirs != ours
    {
        return Err(Refusal::Cluster { theirs, ours });
    }
    if let Some(theirs) = hello.to
        && theirs != server
    {
        return Err(Refusal::Server { theirs, ours: server });
    }
    Ok(Welcome { cluster, server })
}
