//! Clusters of members in one process, over loopback.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ovsdb_raft::codec::{decode, encode};
use ovsdb_raft::machine::{Applied, Forwarded, Handled, Machine, Pieces, Standing};
use ovsdb_raft::peer::{Greeting, Hello};
use ovsdb_raft::types::LogId;
use ovsdb_raft::{
    ClusterId, Command, Member, MemberError, Request, Role, ServerId, Settings, Threads, Transaction,
};
use ovsdb_transport::tls::Tls;
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Decides what becomes of a forwarded request; none where it is not answered.
pub type Handle = Box<dyn FnMut(&Forwarded) -> Option<Handled> + Send>;

/// Remembers what it was told.
#[derive(Default)]
pub struct Ids {
    /// The ids of what was applied, in order.
    pub applied: Mutex<Vec<Uuid>>,
    /// Every standing.
    pub standings: Mutex<Vec<Standing>>,
    /// Requests that came while this member led.
    pub forwarded: Mutex<Vec<Forwarded>>,
    /// Replies to what it had forwarded.
    pub answered: Mutex<Vec<(Request, Bytes)>>,
    /// What becomes of a forwarded request; by default it is replied to with its own body.
    pub handle: Mutex<Option<Handle>>,
    /// Whether it cannot take what comes.
    pub is_broken: AtomicBool,
}

impl Machine for Ids {
    fn apply(&self, entries: Vec<Applied>) -> BoxFuture<'_, io::Result<()>> {
        if self.is_broken.load(Ordering::Acquire) {
            return async { Err(io::ErrorKind::StorageFull.into()) }.boxed();
        }
        for entry in entries {
            if let Some(Command::Transaction(txn)) = entry.command {
                self.applied.lock().push(txn.id);
            }
        }
        async { Ok(()) }.boxed()
    }

    fn snapshot(&self) -> BoxFuture<'_, io::Result<Pieces>> {
        // Few ids in a piece: more than one piece is wanted.
        let pieces: Vec<Vec<u8>> = self
            .applied
            .lock()
            .chunks(7)
            .map(|ids| ids.iter().flat_map(|id| id.into_bytes()).collect())
            .collect();
        async { Ok(Box::new(pieces.into_iter().map(Ok)) as Pieces) }.boxed()
    }

    fn install(&self, _: Option<LogId>, pieces: Pieces) -> BoxFuture<'_, io::Result<()>> {
        async {
            let mut ids = Vec::new();
            for piece in pieces {
                for id in piece?.chunks(16) {
                    ids.push(Uuid::from_slice(id).map_err(io::Error::other)?);
                }
            }
            *self.applied.lock() = ids;
            Ok(())
        }
        .boxed()
    }

    fn standing(&self, standing: Standing) {
        self.standings.lock().push(standing);
    }

    fn forwarded(&self, request: Forwarded, answer: oneshot::Sender<Handled>) {
        let handled = match &mut *self.handle.lock() {
            Some(handle) => handle(&request),
            None => Some(Handled::Replied(request.body.clone())),
        };
        self.forwarded.lock().push(request);
        if let Some(handled) = handled {
            let _ = answer.send(handled);
        }
    }

    fn answered(&self, request: Request, reply: Bytes) {
        self.answered.lock().push((request, reply));
    }
}

pub fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub fn transaction(n: u128) -> Command {
    Command::Transaction(Transaction {
        id: uuid(n),
        prerequisite: Uuid::nil(),
        request: None,
        record: b"{}"[..].into(),
        reply: Default::default(),
    })
}

/// A member's place: its folder outlives it.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub settings: Settings,
}

pub struct Running {
    pub member: Member,
    pub ids: Arc<Ids>,
}

/// A free port, for a moment at least.
pub fn address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    format!("tcp:127.0.0.1:{port}")
}

pub fn place(n: u128, cluster: Option<ClusterId>) -> Place {
    Place {
        folder: tempfile::tempdir().expect("a folder"),
        settings: Settings {
            server: ServerId(uuid(n)),
            cluster,
            database: "test".to_owned(),
            address: address(),
            election_timer_ms: 300,
            snapshot_every: 50,
            has_log: false,
            tls: Arc::new(Tls::default()),
        },
    }
}

impl Place {
    pub async fn start(&self) -> Running {
        self.try_start().await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub async fn try_start(&self) -> Result<Running, MemberError> {
        let threads = Threads::start().expect("threads");
        let ids = Arc::new(Ids::default());
        let member = Member::start(&threads, self.folder.path(), self.settings.clone(), ids.clone()).await?;
        Ok(Running { member, ids })
    }
}

/// Copies a member's folder.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

pub const CLUSTER: ClusterId = ClusterId(Uuid::from_u128(77));

/// Three members of one cluster, the first of which leads.
pub async fn three() -> (Vec<Place>, Vec<Running>) {
    let places: Vec<Place> = (1..=3).map(|n| place(n, (n == 1).then_some(CLUSTER))).collect();
    let mut running = Vec::new();
    for place in &places {
        running.push(place.start().await);
    }
    running[0].member.found().await.expect("a new cluster");
    let first = [places[0].settings.address.clone()];
    for joining in &running[1..] {
        joining.member.join(&first).await.expect("it is taken in");
        assert_eq!(joining.member.cluster(), Some(CLUSTER));
    }
    (places, running)
}

pub async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < end, "waited for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Writes through whoever leads, as often as it takes.
pub async fn write(running: &[Running], n: u128) {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        for one in running {
            if one.member.status().role == Role::Leader && one.member.write(transaction(n)).await.is_ok() {
                return;
            }
        }
        assert!(Instant::now() < end, "nobody takes {n}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub async fn until_equal(running: &[Running], expected: &[u128]) {
    let expected: Vec<Uuid> = expected.iter().map(|n| uuid(*n)).collect();
    for one in running {
        until("equal members", || *one.ids.applied.lock() == expected).await;
    }
}

/// The one that leads.
pub async fn leader(running: &[Running]) -> usize {
    let leads = |one: &Running| one.ids.standings.lock().last().is_some_and(|s| s.leads.is_some());
    until("somebody to lead", || running.iter().any(leads)).await;
    running.iter().position(leads).unwrap_or_default()
}

/// Sends a frame and reads the one that answers it; none where the member hangs up.
pub async fn ask<T: DeserializeOwned>(stream: &mut TcpStream, value: &impl Serialize) -> Option<T> {
    send(stream, &encode(value)).await;
    receive(stream).await
}

/// Reads a frame; none where the member hangs up.
pub async fn receive<T: DeserializeOwned>(stream: &mut TcpStream) -> Option<T> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).await.ok()?;
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut body).await.ok()?;
    Some(decode(&body).expect("what a member sends is a value"))
}

async fn send(stream: &mut TcpStream, body: &[u8]) {
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    stream.write_all(&length).await.expect("it reads");
    stream.write_all(body).await.expect("it reads");
}

/// Greets a member as another server would.
pub async fn greet(to: &Place, from: ServerId) -> TcpStream {
    let address = to.settings.address.trim_start_matches("tcp:");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let hello = Hello::new(Some(CLUSTER), from, Some(to.settings.server), "test");
    let greeting: Greeting = ask(&mut stream, &hello).await.expect("it answers");
    assert!(greeting.is_ok(), "{greeting:?}");
    stream
}
