//! The member's way to the server: everything that it reports becomes an event.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ovsdb_data::Uuid;
use ovsdb_raft::StateHash;
use ovsdb_raft::machine::{Applied, Forwarded, Handled, Machine, Pieces, Standing};
use ovsdb_raft::types::{LogId, Request};
use tokio::sync::oneshot;

use super::ClusterEvent;
use crate::inbox::Inbox;
use crate::server::Event;

/// One database's machine.
pub(super) struct Link {
    pub inbox: Arc<dyn Inbox>,
    pub db: String,
}

impl Link {
    fn post(&self, event: ClusterEvent) {
        self.inbox.post(Event::Cluster(self.db.clone(), event));
    }

    fn gone(&self) -> io::Error {
        io::Error::other(format!("{}: the database is not served any more", self.db))
    }
}

impl Machine for Link {
    fn apply(&self, entries: Vec<Applied>) -> BoxFuture<'_, io::Result<()>> {
        let (done, wait) = oneshot::channel();
        self.post(ClusterEvent::Apply(entries, done));
        async { wait.await.unwrap_or_else(|_| Err(self.gone())) }.boxed()
    }

    fn snapshot(&self) -> BoxFuture<'_, io::Result<Pieces>> {
        let (to, wait) = oneshot::channel();
        self.post(ClusterEvent::Snapshot(to));
        async {
            let image = wait.await.map_err(|_| self.gone())?;
            Ok(image.into_pieces())
        }
        .boxed()
    }

    fn install(&self, last: Option<LogId>, pieces: Pieces) -> BoxFuture<'_, io::Result<()>> {
        let (done, wait) = oneshot::channel();
        self.post(ClusterEvent::Install(pieces, last, done));
        async { wait.await.unwrap_or_else(|_| Err(self.gone())) }.boxed()
    }

    fn standing(&self, standing: Standing) {
        self.post(ClusterEvent::Standing(standing));
    }

    fn forwarded(&self, request: Forwarded, answer: oneshot::Sender<Handled>) {
        self.post(ClusterEvent::Forwarded(request, answer));
    }

    fn state_hash(&self, id: Uuid) -> BoxFuture<'_, Option<StateHash>> {
        let (to, wait) = oneshot::channel();
        self.post(ClusterEvent::StateHash(id, to));
        async { wait.await.ok() }.boxed()
    }

    fn answered(&self, request: Request, reply: Bytes) {
        self.post(ClusterEvent::Answered(request, reply));
    }
}
