//! The threads of a process's members: consensus must not wait for a database.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

/// Enough for the members of a process: one may wait for the disk while another answers a heartbeat.
const N_THREADS: usize = 2;

/// The threads' name.
const NAME: &str = "raft";

/// How long their end may take.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// Threads on which members run, one set for a process. Clones share it, and each member has one; they end with the last
/// one: members are to be stopped first.
#[derive(Clone)]
pub struct Threads(Arc<Owned>);

struct Owned(Option<Runtime>);

impl Threads {
    /// Starts them.
    pub fn start() -> io::Result<Threads> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(N_THREADS)
            .thread_name(NAME)
            .enable_all()
            .build()?;
        Ok(Threads(Arc::new(Owned(Some(runtime)))))
    }

    /// Where to spawn what belongs to members.
    pub fn handle(&self) -> &Handle {
        let runtime = self.0.0.as_ref();
        runtime.expect("only its drop takes the runtime away").handle()
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
