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

    /// Opens a folder for reading, as it is: nothing is written, and nothing that is out of place is cleaned up.
    fn look(&self, folder: &Path) -> io::Result<Arc<dyn Disk>>;

    /// Listens for other members.
    fn listen(&self, at: &Passive, tls: &Arc<Tls>) -> io::Result<Listener>;

    /// Connects to another member.
    fn dial<'a>(&'a self, to: &'a Active, tls: &'a Arc<Tls>) -> BoxFuture<'a, io::Result<Stream>>;
}

/// RocksDB names its files at most.
fn of(folder: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", folder.display()))
}

/// This machine's.
pub(crate) struct ThisMachine;

impl World for ThisMachine {
    fn open(&self, folder: &Path) -> io::Result<Arc<dyn Disk>> {
        Ok(Arc::new(Rocks::open(folder).map_err(|error| of(folder, &error))?))
    }

    fn look(&self, folder: &Path) -> io::Result<Arc<dyn Disk>> {
        Ok(Arc::new(
            Rocks::read_only(folder).map_err(|error| of(folder, &error))?,
        ))
    }

    fn listen(&self, at: &Passive, tls: &Arc<Tls>) -> io::Result<Listener> {
        Listener::bind(at, tls)
    }

    fn dial<'a>(&'a self, to: &'a Active, tls: &'a Arc<Tls>) -> BoxFuture<'a, io::Result<Stream>> {
        ovsdb_transport::dial::dial(to, tls).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemberError;

    #[test]
    fn a_damaged_folder_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(ThisMachine.open(folder.path()).expect("it is made"));
        std::fs::write(folder.path().join("CURRENT"), "nonsense").expect("it is ours");
        let error = ThisMachine.open(folder.path()).err().expect("it is damaged");
        let told = MemberError::from(error).to_string();
        assert!(
            told.starts_with(&format!("{}: ", folder.path().display())),
            "{told}"
        );
        assert!(
            told.contains("kick it, remove its file, and let a new one join"),
            "{told}"
        );
    }
}
