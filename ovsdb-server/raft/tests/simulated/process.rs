//! A process of a simulated machine: one thread and a clock of its own. When it dies, all its tasks are gone at once.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ovsdb_raft::World;
use ovsdb_raft::store::disk::Disk;
use ovsdb_transport::listen::Listener;
use ovsdb_transport::remote::{Active, Passive};
use ovsdb_transport::stream::Stream;
use ovsdb_transport::tls::Tls;
use tokio::runtime::{Builder, Handle, Runtime};

use super::disk::SimDisk;
use super::network::{Host, Network};

pub struct Process(Runtime);

impl Process {
    pub fn start() -> Process {
        let mut builder = Builder::new_current_thread();
        Process(
            builder
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime"),
        )
    }

    pub fn handle(&self) -> &Handle {
        self.0.handle()
    }

    /// Does all that is to be done in the next so many milliseconds.
    pub fn run(&self, ms: u64) {
        self.0
            .block_on(async { tokio::time::sleep(Duration::from_millis(ms)).await });
    }

    /// It was stopped for so long: its clock went on.
    pub fn skip(&self, ms: u64) {
        self.0
            .block_on(async { tokio::time::advance(Duration::from_millis(ms)).await });
    }
}

/// What a process finds around it.
pub struct Surroundings {
    pub host: Host,
    pub disk: SimDisk,
    pub network: Network,
}

impl World for Surroundings {
    fn open(&self, _: &Path) -> io::Result<Arc<dyn Disk>> {
        self.disk.open()
    }

    fn look(&self, _: &Path) -> io::Result<Arc<dyn Disk>> {
        Ok(self.disk.look())
    }

    fn listen(&self, at: &Passive, _: &Arc<Tls>) -> io::Result<Listener> {
        match at {
            Passive::Tcp(port, Some(host)) => Ok(self.network.listen(self.host, format!("{host}:{port}"))),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn dial<'a>(&'a self, to: &'a Active, _: &'a Arc<Tls>) -> BoxFuture<'a, io::Result<Stream>> {
        match to {
            Active::Tcp(host, port) => self.network.dial(self.host, format!("{host}:{port}")).boxed(),
            _ => async { Err(io::ErrorKind::Unsupported.into()) }.boxed(),
        }
    }
}
