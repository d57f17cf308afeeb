//! What a member finds around it: a disk and a network. One value, given with the [`Threads`](crate::Threads) that it
//! runs on: this machine's, or a simulation's.

use std::io;
use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ovsdb_transport::listen::Listener;
use ovsdb_transport::remote::{Active, Passive};
use ovsdb_transport::stream::Stream;
use ovsdb_transport::tls::Tls;

use crate::store::disk::Disk;
use crate::store::rocks::Rocks;

/// A disk and a network.
pub trait World: Send + Sync + 'static {
    /// Opens a member's folder, or makes it.
    fn open(&self, folder: &Path) -> io::Result<Arc<dyn Disk>>;

    /// Listens for other members.
    fn listen(&self, at: &Passive, tls: &Arc<Tls>) -> io::Result<Listener>;

    /// Connects to another member.
    fn dial<'a>(&'a self, to: &'a Active, tls: &'a Arc<Tls>) -> BoxFuture<'a, io::Result<Stream>>;
}

/// This machine's.
pub(crate) struct ThisMachine;

impl World for ThisMachine {
    fn open(&self, folder: &Path) -> io::Result<Arc<dyn Disk>> {
        Ok(Arc::new(Rocks::open(folder)?))
    }

    fn listen(&self, at: &Passive, tls: &Arc<Tls>) -> io::Result<Listener> {
        Listener::bind(at, tls)
    }

    fn dial<'a>(&'a self, to: &'a Active, tls: &'a Arc<Tls>) -> BoxFuture<'a, io::Result<Stream>> {
        ovsdb_transport::dial::dial(to, tls).boxed()
    }
}
