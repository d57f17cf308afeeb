//! How many entries a cluster of three takes in a second: three processes on this host, entries of 300 bytes, and 1, 16
//! or 50 proposers each of which waits for its entry before it proposes the next.
//!
//! ```text
//! cargo run -p ovsdb-raft --example throughput [SECONDS]
//! ```

use std::io;
use std::path::Path;
use std::process::{Child, Command as Process};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ovsdb_raft::{
    Applied, ClusterId, Command, Forwarded, Handled, LogId, Machine, Member, Pieces, Request, ServerId,
    Settings, Standing, Threads, Transaction,
};
use ovsdb_transport::tls::Tls;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Proposes an entry for each of its own that was applied.
#[derive(Default)]
struct Loop {
    member: OnceLock<Member>,
    n_applied: AtomicU64,
    /// How many proposers are to stop.
    n_excess: AtomicU64,
}

impl Loop {
    fn propose(&self) {
        if let Some(member) = self.member.get() {
            member.propose(Command::Transaction(Transaction {
                id: Uuid::new_v4(),
                prerequisite: Uuid::nil(),
                request: None,
                record: Bytes::from_static(&[b'x'; 260]),
                reply: Bytes::new(),
            }));
        }
    }
}

impl Machine for Loop {
    fn apply(&self, entries: Vec<Applied>) -> BoxFuture<'_, io::Result<()>> {
        for entry in entries {
            if matches!(entry.command, Some(Command::Transaction(_))) {
                self.n_applied.fetch_add(1, Ordering::Relaxed);
                let less = |n: u64| n.checked_sub(1);
                if self
                    .n_excess
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
                    .is_err()
                {
                    self.propose();
                }
            }
        }
        async { Ok(()) }.boxed()
    }

    fn snapshot(&self) -> BoxFuture<'_, io::Result<Pieces>> {
        async { Ok(Box::new(std::iter::empty()) as Pieces) }.boxed()
    }

    fn install(&self, _: Option<LogId>, _: Pieces) -> BoxFuture<'_, io::Result<()>> {
        async { Ok(()) }.boxed()
    }

    fn standing(&self, _: Standing) {}

    fn forwarded(&self, _: Forwarded, _: oneshot::Sender<Handled>) {}

    fn answered(&self, _: Request, _: Bytes) {}
}

async fn start(n: u128, folder: &Path, address: &str, machine: Arc<Loop>) -> Member {
    let settings = Settings {
        server: ServerId(Uuid::from_u128(n)),
        cluster: Some(ClusterId(Uuid::from_u128(77))),
        database: "test".to_owned(),
        address: address.to_owned(),
        election_timer_ms: 1000,
        snapshot_every: 100_000,
        has_log: false,
        tls: Arc::new(Tls::default()),
    };
    let threads = Threads::start().expect("threads");
    Member::start(&threads, folder, settings, machine)
        .await
        .expect("it starts")
}

/// Ends with its parent's scope.
struct Follower(Child);

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    format!("tcp:127.0.0.1:{port}")
}

async fn lead(seconds: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |n: u128| folder.path().join(n.to_string());
    let addresses = [address(), address(), address()];
    let machine = Arc::new(Loop::default());
    let member = start(1, &path(1), &addresses[0], machine.clone()).await;
    member.found().await.expect("a new cluster");
    let own = std::env::current_exe().expect("this program");
    let _followers = [2_u128, 3].map(|n| {
        let mut follower = Process::new(&own);
        follower.arg("join").arg(n.to_string()).arg(path(n));
        follower.arg(&addresses[n as usize - 1]).arg(&addresses[0]);
        Follower(follower.spawn().expect("it starts"))
    });
    let joined = || {
        member
            .status()
            .servers
            .values()
            .filter(|server| server.voter)
            .count()
            == 3
    };
    while !joined() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let _ = machine.member.set(member);
    for n_proposers in [1, 16, 50] {
        (0..n_proposers).for_each(|_| machine.propose());
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (began, before) = (Instant::now(), machine.n_applied.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let n = machine.n_applied.load(Ordering::Relaxed) - before;
        let rate = n as f64 / began.elapsed().as_secs_f64();
        println!("{n_proposers:3} proposers: {rate:8.0} entries/s");
        machine.n_excess.store(n_proposers, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn follow(n: u128, folder: &Path, address: &str, leader: &str) {
    let member = start(n, folder, address, Arc::new(Loop::default())).await;
    member.join(&[leader.to_owned()]).await.expect("it is taken in");
    std::future::pending::<()>().await;
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [join, n, folder, address, leader] if join == "join" => {
            let n = n.parse().expect("a number");
            follow(n, Path::new(folder), address, leader).await;
        }
        [] => lead(5).await,
        [seconds] => lead(seconds.parse().expect("a number of seconds")).await,
        _ => eprintln!("usage: throughput [SECONDS]"),
    }
}
