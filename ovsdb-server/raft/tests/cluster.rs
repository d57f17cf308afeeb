//! Clusters of members in one process, over loopback: what is acknowledged stays, everywhere alike.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ovsdb_raft::machine::{Applied, Forwarded, Handled, Machine, Pieces, Standing};
use ovsdb_raft::types::LogId;
use ovsdb_raft::{ClusterId, Command, Member, Request, Role, ServerId, Settings, Threads, Transaction};
use ovsdb_transport::tls::Tls;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Remembers the ids of what was applied, in order.
#[derive(Default)]
struct Ids(Mutex<Vec<Uuid>>);

impl Machine for Ids {
    fn apply(&self, entries: Vec<Applied>) -> BoxFuture<'_, io::Result<()>> {
        for entry in entries {
            if let Some(Command::Transaction(txn)) = entry.command {
                self.0.lock().push(txn.id);
            }
        }
        async { Ok(()) }.boxed()
    }

    fn snapshot(&self) -> BoxFuture<'_, io::Result<Pieces>> {
        // Few ids in a piece: more than one piece is wanted.
        let pieces: Vec<Vec<u8>> = self
            .0
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
            *self.0.lock() = ids;
            Ok(())
        }
        .boxed()
    }

    fn standing(&self, _: Standing) {}

    fn forwarded(&self, _: Forwarded, _: oneshot::Sender<Handled>) {}

    fn answered(&self, _: Request, _: Bytes) {}
}

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn transaction(n: u128) -> Command {
    Command::Transaction(Transaction {
        id: uuid(n),
        prerequisite: Uuid::nil(),
        request: None,
        record: b"{}"[..].into(),
        reply: Default::default(),
    })
}

/// A member's place: its folder outlives it.
struct Place {
    folder: tempfile::TempDir,
    settings: Settings,
}

struct Running {
    member: Member,
    ids: Arc<Ids>,
}

/// A free port, for a moment at least.
fn address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    format!("tcp:127.0.0.1:{port}")
}

fn place(n: u128, cluster: Option<ClusterId>) -> Place {
    Place {
        folder: tempfile::tempdir().expect("a folder"),
        settings: Settings {
            server: ServerId(uuid(n)),
            cluster,
            database: "test".to_owned(),
            address: address(),
            election_timer_ms: 300,
            snapshot_every: 50,
            tls: Arc::new(Tls::default()),
        },
    }
}

impl Place {
    async fn start(&self) -> Running {
        let ids = Arc::new(Ids::default());
        let member = Member::start(&THREADS, self.folder.path(), self.settings.clone(), ids.clone()).await;
        Running {
            member: member.expect("it starts"),
            ids,
        }
    }
}

static THREADS: LazyLock<Threads> = LazyLock::new(|| Threads::start().expect("threads"));

const CLUSTER: ClusterId = ClusterId(Uuid::from_u128(77));

/// Three members of one cluster, the first of which leads.
async fn three() -> (Vec<Place>, Vec<Running>) {
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

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < end, "waited for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Writes through whoever leads, as often as it takes.
async fn write(running: &[Running], n: u128) {
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

async fn until_equal(running: &[Running], expected: &[u128]) {
    let expected: Vec<Uuid> = expected.iter().map(|n| uuid(*n)).collect();
    for one in running {
        until("equal members", || *one.ids.0.lock() == expected).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_join_and_agree() {
    let (_places, running) = three().await;
    for n in 0..20 {
        write(&running, n).await;
    }
    until_equal(&running, &(0..20).collect::<Vec<_>>()).await;
    let members: Vec<BTreeSet<ServerId>> = running
        .iter()
        .map(|r| r.member.status().servers.into_keys().collect())
        .collect();
    assert!(members.iter().all(|m| m.len() == 3), "{members:?}");
}

/// The leader goes away in the middle; the others go on, and it catches up when it is back, by a snapshot: the log
/// that it would need is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_lost_loses_nothing() {
    let (places, mut running) = three().await;
    for n in 0..100 {
        write(&running, n).await;
    }
    let lost = running
        .iter()
        .position(|r| r.member.status().role == Role::Leader)
        .expect("somebody leads");
    running.remove(lost).member.stop().await.expect("it stops");
    for n in 100..1400 {
        write(&running, n).await;
    }
    until("a log without its beginning", || {
        running.iter().all(|r| r.member.status().log.0 > 200)
    })
    .await;
    let back = places[lost].start().await;
    assert!(back.ids.0.lock().len() <= 101);
    running.push(back);
    write(&running, 1400).await;
    until_equal(&running, &(0..=1400).collect::<Vec<_>>()).await;
}

/// All members stop and start: what was acknowledged is there, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_comes_back_as_it_was() {
    let (places, mut running) = three().await;
    for n in 0..70 {
        write(&running, n).await;
    }
    for one in running.drain(..) {
        one.member.stop().await.expect("it stops");
    }
    for place in &places {
        running.push(place.start().await);
    }
    write(&running, 70).await;
    until_equal(&running, &(0..=70).collect::<Vec<_>>()).await;
}

/// Leadership is handed over, members are removed; one of another cluster is refused and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_and_go() {
    let (places, running) = three().await;
    write(&running, 0).await;
    let second = places[1].settings.server;
    running[0].member.transfer(Some(second)).await.expect("it leads");
    until("the second to lead", || {
        running[1].member.status().role == Role::Leader
    })
    .await;
    running[1]
        .member
        .kick(places[0].settings.server)
        .await
        .expect("it is removed");
    assert_eq!(running[1].member.status().servers.len(), 2);
    write(&running[1..], 1).await;
    until_equal(&running[1..], &[0, 1]).await;

    let mut stranger = place(9, Some(ClusterId(uuid(78))));
    stranger.settings.server = ServerId(uuid(9));
    let stranger = stranger.start().await;
    let refused = stranger
        .member
        .join(&[places[1].settings.address.clone()])
        .await
        .expect_err("another cluster's member");
    assert!(refused.to_string().contains("wrong cluster"), "{refused}");

    let mut usurper = place(10, Some(CLUSTER));
    usurper.settings.address = places[2].settings.address.clone();
    let members = running[1].member.status().servers;
    assert!(!members.contains_key(&usurper.settings.server));
}
