//! Keeps trying to reach one of several remotes.
//!
//! In: remotes, which connection ended when. Out: connections, one at a time. Each round tries every remote; between
//! rounds it waits, longer each time ([`crate::backoff`]).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ovsdb_data::os_text;

use crate::backoff::Backoff;
use crate::dial::dial;
use crate::listen::Listener;
use crate::remote::Remote;
use crate::stream::Stream;
use crate::tls::Tls;

/// The state of the attempts.
pub struct Dialer {
    remotes: Vec<Remote>,
    tls: Arc<Tls>,
    max_wait: Duration,
    backoff: Backoff,
    /// The remote to try next, and how many were tried since the last wait.
    next: usize,
    tried: usize,
}

impl Dialer {
    /// Tries `remotes` in this order, again and again. `max_wait` bounds both an attempt and the wait after a round;
    /// none is the default of 8 seconds.
    pub fn new(remotes: Vec<Remote>, max_wait: Option<Duration>, tls: Arc<Tls>) -> Dialer {
        let max_wait = max_wait.unwrap_or(Backoff::MAX);
        let first = match remotes.len() {
            0 | 1 => Backoff::MIN,
            _ => Backoff::SOON,
        };
        Dialer {
            remotes,
            tls,
            max_wait,
            backoff: Backoff::new(first, max_wait),
            next: 0,
            tried: 0,
        }
    }

    /// Tries the remotes in an order that `random` numbers decide, so that many clients spread.
    pub fn shuffle(&mut self, mut random: impl FnMut() -> u64) {
        for i in (1..self.remotes.len()).rev() {
            self.remotes.swap(i, (random() % (i as u64 + 1)) as usize);
        }
    }

    /// A connection to the next remote that accepts one, and that remote. None without remotes.
    pub async fn connect(&mut self) -> Option<(Remote, Stream)> {
        loop {
            if self.tried == self.remotes.len() {
                self.tried = 0;
                let wait = self.backoff.failed();
                tracing::info!(target: "reconnect", "waiting {} seconds before reconnect", wait.as_secs_f64());
                tokio::time::sleep(wait).await;
            }
            let remote = self.remotes.get(self.next)?.clone();
            self.next = (self.next + 1) % self.remotes.len();
            self.tried += 1;
            tracing::info!(target: "reconnect", "{remote}: connecting...");
            match self.attempt(&remote).await {
                Ok(stream) => {
                    tracing::info!(target: "reconnect", "{remote}: connected");
                    return Some((remote, stream));
                }
                Err(error) => {
                    let text = os_text(&error);
                    tracing::info!(target: "reconnect", "{remote}: connection attempt failed ({text})");
                }
            }
        }
    }

    async fn attempt(&self, remote: &Remote) -> io::Result<Stream> {
        match remote {
            Remote::Active(active) => tokio::time::timeout(self.max_wait, dial(active, &self.tls))
                .await
                .map_err(|_| io::Error::other("timed out"))?,
            // The peer connects to us, whenever it likes.
            Remote::Passive(passive) => {
                let accepted = Listener::bind(passive, &self.tls)?.accept().await?;
                accepted.handshake().await
            }
        }
    }

    /// The connection is gone after this long. After one that was good every remote is tried once more before a wait.
    pub fn ended(&mut self, lived: Duration) {
        if self.backoff.ended(lived) {
            self.tried = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UnixListener;
    use tokio::time::Instant;

    fn dialer(remotes: &[String]) -> Dialer {
        let remotes = remotes.iter().map(|text| text.parse().unwrap());
        Dialer::new(remotes.collect(), None, Arc::default())
    }

    /// Of three remotes only the middle one is there. Its first connection lives so long; how long it takes then to
    /// come back to it.
    async fn wait_after(lived: Duration) -> Duration {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let _listening = UnixListener::bind(path("b")).unwrap();
        let mut dialer = dialer(&["a", "b", "c"].map(|name| format!("unix:{}", path(name))));
        let began = Instant::now();
        dialer.connect().await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
        dialer.ended(lived);
        dialer.connect().await.unwrap();
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_comes_after_a_round_without_a_good_connection() {
        assert_eq!(wait_after(Duration::from_millis(100)).await, Backoff::SOON);
        assert_eq!(wait_after(Duration::from_secs(1)).await, Duration::ZERO);
    }

    #[test]
    fn numbers_decide_the_order() {
        let check = |numbers: &[u64], expected: &[u16]| {
            let remotes: Vec<String> = (0..4).map(|port| format!("tcp:h:{port}")).collect();
            let (mut dialer, mut numbers) = (dialer(&remotes), numbers.iter().copied());
            dialer.shuffle(|| numbers.next().unwrap());
            let ports = dialer.remotes.iter().map(|remote| match remote {
                Remote::Active(crate::remote::Active::Tcp(_, port)) => *port,
                other => panic!("{other} is no remote of this test"),
            });
            assert_eq!(ports.collect::<Vec<_>>(), expected);
        };
        check(&[3, 2, 1], &[0, 1, 2, 3]);
        check(&[0, 0, 0], &[1, 2, 3, 0]);
        check(&[u64::MAX, 1, 4], &[2, 0, 1, 3]);
    }
}
