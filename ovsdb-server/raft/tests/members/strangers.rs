//! What a member does with peers that are none: it says what is wrong, or hangs up, and goes on as it was.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ovsdb_raft::machine::{Applied, Forwarded, Handled, Machine, Pieces, Standing};
use ovsdb_raft::peer::{Answer, Greeting, Hello, Refusal, Request, SnapshotHead};
use ovsdb_raft::store::snapshots::Contents;
use ovsdb_raft::types::{self, LogId, Vote};
use ovsdb_raft::{ClusterId, Command, Member, Role, ServerId, Settings, Threads};
use ovsdb_transport::tls::Tls;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::common::{ask, place, receive, until};

const CLUSTER: ClusterId = ClusterId(Uuid::from_u128(77));
const SERVER: ServerId = ServerId(Uuid::from_u128(1));

/// Counts commands; notes whether a snapshot was installed.
#[derive(Default)]
struct Counter(Mutex<(usize, bool)>);

impl Machine for Counter {
    fn apply(&self, entries: Vec<Applied>) -> BoxFuture<'_, io::Result<()>> {
        self.0.lock().0 += entries.iter().filter(|entry| entry.command.is_some()).count();
        async { Ok(()) }.boxed()
    }

    fn snapshot(&self) -> BoxFuture<'_, io::Result<Pieces>> {
        async { Ok(Box::new(std::iter::empty()) as Pieces) }.boxed()
    }

    fn install(&self, _: Option<LogId>, _: Pieces) -> BoxFuture<'_, io::Result<()>> {
        self.0.lock().1 = true;
        async { Ok(()) }.boxed()
    }

    fn standing(&self, _: Standing) {}

    fn forwarded(&self, _: Forwarded, _: oneshot::Sender<Handled>) {}

    fn answered(&self, _: types::Request, _: Bytes) {}
}

struct Lonely {
    _folder: tempfile::TempDir,
    member: Member,
    counter: Arc<Counter>,
    address: String,
}

/// A cluster of one.
async fn lonely() -> Lonely {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let folder = tempfile::tempdir().expect("a folder");
    let threads = Threads::start().expect("threads");
    let counter = Arc::new(Counter::default());
    let settings = Settings {
        server: SERVER,
        cluster: Some(CLUSTER),
        database: "test".to_owned(),
        address: format!("tcp:127.0.0.1:{port}"),
        election_timer_ms: 200,
        snapshot_every: 1000,
        has_log: false,
        tls: Arc::new(Tls::default()),
    };
    let member = Member::start(&threads, folder.path(), settings, counter.clone())
        .await
        .expect("it starts");
    member.found().await.expect("a new cluster");
    Lonely {
        _folder: folder,
        member,
        counter,
        address: format!("127.0.0.1:{port}"),
    }
}

impl Lonely {
    async fn dial(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.expect("it listens")
    }

    /// Greets as a server of the cluster.
    async fn greeted(&self) -> TcpStream {
        let mut stream = self.dial().await;
        let hello = Hello::new(Some(CLUSTER), ServerId(Uuid::from_u128(2)), Some(SERVER), "test");
        let greeting: Greeting = ask(&mut stream, &hello).await.expect("an answer");
        assert!(greeting.is_ok(), "{greeting:?}");
        stream
    }

    /// It leads, takes a command, and nobody has given it another state.
    async fn is_well(&self) {
        let before = self.counter.0.lock().0;
        loop {
            if self.member.write(Command::ElectionTimer(200)).await.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(*self.counter.0.lock(), (before + 1, false));
        assert_eq!(self.member.status().role, Role::Leader);
    }
}

async fn hangs_up(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // Reset or closed, as long as it is over.
    let _ = stream.read_to_end(&mut rest).await;
    assert_eq!(rest, b"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_meant_is_told_why() {
    let lonely = lonely().await;
    let right = Hello::new(Some(CLUSTER), ServerId(Uuid::from_u128(2)), Some(SERVER), "test");
    let other = Uuid::from_u128(99);
    let cases = [
        (
            Hello {
                magic: *b"GET / HT",
                ..right.clone()
            },
            Refusal::NotAPeer,
        ),
        (
            Hello {
                version: 9,
                ..right.clone()
            },
            Refusal::Version { theirs: 9, ours: 1 },
        ),
        (
            Hello {
                database: "other".to_owned(),
                ..right.clone()
            },
            Refusal::Database {
                theirs: "other".to_owned(),
                ours: "test".to_owned(),
            },
        ),
        (
            Hello {
                cluster: Some(ClusterId(other)),
                ..right.clone()
            },
            Refusal::Cluster {
                theirs: ClusterId(other),
                ours: CLUSTER,
            },
        ),
        (
            Hello {
                to: Some(ServerId(other)),
                ..right
            },
            Refusal::Server {
                theirs: ServerId(other),
                ours: SERVER,
            },
        ),
    ];
    for (hello, refusal) in cases {
        let mut stream = lonely.dial().await;
        let greeting: Greeting = ask(&mut stream, &hello).await.expect("an answer");
        assert_eq!(greeting, Err(refusal));
        hangs_up(stream).await;
    }
    lonely.is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_ends_a_connection_and_nothing_else() {
    let lonely = lonely().await;
    for garbage in [
        &b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"[..],
        &[0xff; 64],
        &[0, 0, 0, 0],
        &[0, 0, 0, 3, 1, 2, 3],
        &[0, 0, 0, 3, 9, 2, 3],
    ] {
        let mut stream = lonely.dial().await;
        stream.write_all(garbage).await.expect("it reads");
        stream.shutdown().await.expect("it is open");
        hangs_up(stream).await;
        // Who has greeted is told: it may be a member of another version.
        let mut stream = lonely.greeted().await;
        stream.write_all(garbage).await.expect("it reads");
        stream.shutdown().await.expect("it is open");
        is_told_that_it_is_not_understood(stream).await;
    }
    // A frame that claims to be longer than any may be.
    let mut stream = lonely.greeted().await;
    stream.write_all(&[0xff; 4]).await.expect("it reads");
    is_told_that_it_is_not_understood(stream).await;
    lonely.is_well().await;
}

async fn is_told_that_it_is_not_understood(mut stream: TcpStream) {
    let answer: Option<Answer> = receive(&mut stream).await;
    assert!(
        matches!(&answer, Some(Answer::Refused(Refusal::Unreadable { server, .. })) if *server == SERVER),
        "{answer:?}"
    );
    hangs_up(stream).await;
}

/// Whoever is refused shows by whom and why, and what to do, for as long as it is; nothing comes of it on either side.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_refused_says_so() {
    let lonely = lonely().await;
    let babbler = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let babble = format!("tcp:{}", babbler.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = babbler.accept().await {
            // Whoever dialed may have hung up.
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let other = ClusterId(Uuid::from_u128(99));
    let here = format!("tcp:{}", lonely.address);
    for (cluster, database, address, expected) in [
        (
            None,
            "other",
            &here,
            "database test is served here, not other: mend the address",
        ),
        (Some(other), "test", &here, "remove the stale address or member"),
        (None, "test", &babble, "no greeting of a member: a frame of"),
    ] {
        let mut place = place(5, cluster);
        place.settings.database = database.to_owned();
        let one = place.start().await;
        let told = || {
            let refusals = one.member.status().refusals;
            refusals
                .get(address)
                .is_some_and(|why| why.to_string().contains(expected))
        };
        let asked = [address.clone()];
        tokio::select! {
            joined = one.member.join(&asked) => panic!("{expected}: {joined:?}"),
            () = until(expected, told) => {}
        }
        let status = one.member.status();
        assert_eq!((status.log, status.servers.len()), ((0, 0), 0), "{expected}");
        one.member.stop().await.expect("it stops");
    }
    lonely.is_well().await;
    assert_eq!(lonely.member.status().servers.len(), 1);
}

/// Snapshots that are cut off, incomplete, or from nobody who leads change nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_snapshot_is_none() {
    let lonely = lonely().await;
    lonely.is_well().await;
    let head = SnapshotHead {
        vote: Vote::new_committed(0, ServerId(Uuid::from_u128(2))),
        number: 5,
        n_pieces: 2,
        contents: Contents::default(),
    };
    let piece = |number, i| Request::Piece {
        number,
        i,
        bytes: vec![1, 2, 3].into(),
    };
    let mut cut = lonely.greeted().await;
    let next: Option<Answer> = ask(&mut cut, &Request::Snapshot(head.clone())).await;
    assert!(matches!(next, Some(Answer::Next(0))), "{next:?}");
    let next: Option<Answer> = ask(&mut cut, &piece(5, 0)).await;
    assert!(matches!(next, Some(Answer::Next(1))), "{next:?}");
    drop(cut);
    // What came is kept for the next connection, and nothing else is taken for it.
    let mut incomplete = lonely.greeted().await;
    let other = SnapshotHead {
        number: 6,
        ..head.clone()
    };
    for (request, refused) in [
        (piece(6, 1), "a piece of no snapshot"),
        (piece(5, 0), "piece 0 when 1 is wanted"),
        (Request::Install(other.clone()), "no snapshot to install"),
    ] {
        let answer: Option<Answer> = ask(&mut incomplete, &request).await;
        assert!(
            matches!(&answer, Some(Answer::Failed(what)) if what == refused),
            "{answer:?}"
        );
    }
    let next: Option<Answer> = ask(&mut incomplete, &Request::Snapshot(head.clone())).await;
    assert!(matches!(next, Some(Answer::Next(1))), "{next:?}");
    let answer: Option<Answer> = ask(&mut incomplete, &Request::Install(head)).await;
    assert!(
        matches!(&answer, Some(Answer::Failed(what)) if what == "1 of 2 pieces arrived"),
        "{answer:?}"
    );
    let next: Option<Answer> = ask(&mut incomplete, &Request::Snapshot(other)).await;
    assert!(matches!(next, Some(Answer::Next(0))), "{next:?}");
    lonely.is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_taken_is_not_given_twice() {
    let lonely = lonely().await;
    lonely.is_well().await;
    let mut stream = lonely.greeted().await;
    let request = Request::Join {
        server: ServerId(Uuid::from_u128(2)),
        peer: ovsdb_raft::Peer {
            address: format!("tcp:{}", lonely.address),
        },
        is_new: true,
    };
    let answer: Option<Answer> = ask(&mut stream, &request).await;
    assert!(
        matches!(&answer, Some(Answer::Refused(Refusal::AddressTaken { server, .. })) if *server == SERVER),
        "{answer:?}"
    );
    assert_eq!(lonely.member.status().servers.len(), 1);
}
