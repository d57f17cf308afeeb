//! The threads of a process's members: consensus must not wait for a database.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};

/// Enough for the members of a process: one may wait for the disk while another answers a heartbeat.
const N_THREADS: usize = 2;

/// Threads on which members run, one set for a process. Clones share it; they end with the last one.
#[derive(Clone)]
pub struct Threads(Arc<Owned>);

struct Owned(Option<Runtime>);

impl Threads {
    /// Starts them.
    pub fn start() -> io::Result<Threads> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(N_THREADS)
            .thread_name("raft")
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
        // The last clone may go on a thread of another runtime, which must not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
