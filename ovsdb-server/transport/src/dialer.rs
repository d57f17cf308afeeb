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
        Dialer {
            remotes,
            tls,
            max_wait,
            backoff: Backoff::new(max_wait),
            next: 0,
            tried: 0,
        }
    }

    /// A connection to the next remote that accepts one, and that remote. None without remotes.
    pub async fn connect(&mut self) -> Option<(Remote, Stream)> {
        loop {
            if self.tried == self.remotes.len() {
                self.tried = 0;
                let wait = self.backoff.failed();
                tracing::info!(target: "reconnect", "waiting {} seconds before reconnect", wait.as_secs());
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

    /// The connection is gone after this long.
    pub fn ended(&mut self, lived: Duration) {
        if lived > self.max_wait {
            self.backoff.succeeded();
        }
    }
}
