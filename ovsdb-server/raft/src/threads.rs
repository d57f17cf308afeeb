//! The threads of a process's members, and the world around them: consensus must not wait for a database.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::world::{ThisMachine, World};

/// Enough for the members of a process: one may wait for the disk while another answers a heartbeat.
const N_THREADS: usize = 1;

/// The threads' name.
const NAME: &str = "raft";

/// How long their end may take.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// Threads on which members run, one set for a process. Clones share it, and each member has one; they end with the last
/// one: members are to be stopped first.
#[derive(Clone)]
pub struct Threads {
    handle: Handle,
    world: Arc<dyn World>,
    /// None where they are somebody else's.
    _owned: Option<Arc<Owned>>,
}

struct Owned(Option<Runtime>);

impl Threads {
    /// Starts them.
    pub fn start() -> io::Result<Threads> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(N_THREADS)
            .thread_name(NAME)
            .enable_all()
            .build()?;
        Ok(Threads {
            handle: runtime.handle().clone(),
            world: Arc::new(ThisMachine),
            _owned: Some(Arc::new(Owned(Some(runtime)))),
        })
    }

    /// Threads that are there already, for members in another world.
    pub fn of(handle: Handle, world: Arc<dyn World>) -> Threads {
        Threads {
            handle,
            world,
            _owned: None,
        }
    }

    /// Where to spawn what belongs to members.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// What members find around them.
    pub(crate) fn world(&self) -> &Arc<dyn World> {
        &self.world
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let Some(runtime) = self.0.take() else {
            return;
        };
        if std::thread::current().name() == Some(NAME) {
            // A thread cannot wait for itself.
            runtime.shutdown_background();
            return;
        }
        // What runs must have ended before the program does. Not here: this may be a thread of another runtime, on which
        // tokio refuses to wait.
        let ended = std::thread::spawn(move || runtime.shutdown_timeout(END_TIMEOUT)).join();
        if ended.is_err() {
            tracing::error!(target: "raft", "the threads of members did not end in order");
        }
    }
}
