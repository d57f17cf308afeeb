//! openraft's own conformance suite on the store.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use ovsdb_raft::machine::{Applied, Forwarded, Handled, Machine, Pieces, Standing};
use ovsdb_raft::state_machine::{Progress, StateMachine};
use ovsdb_raft::store::Store;
use ovsdb_raft::store::log::Log;
use ovsdb_raft::types::{LogId, Request, ServerId, TypeConfig};
use tokio::sync::oneshot;

struct Nothing;

impl Machine for Nothing {
    fn apply(&self, _: Vec<Applied>) -> BoxFuture<'_, io::Result<()>> {
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

struct Builder;

impl StoreBuilder<TypeConfig, Log, StateMachine, tempfile::TempDir> for Builder {
    async fn build(&self) -> Result<(tempfile::TempDir, Log, StateMachine), StorageError<TypeConfig>> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("an empty folder opens");
        let log = Log::open(store.clone()).expect("an empty log opens");
        let progress = Arc::new(Progress::new(&store, 1000).expect("nothing is known"));
        let server = ServerId::from(1);
        let state_machine = StateMachine::new(store, Arc::new(Nothing), server, Arc::default(), progress);
        Ok((folder, log, state_machine))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_does_what_openraft_asks_of_one() {
    Suite::test_all(Builder).await.expect("the suite passes");
}
