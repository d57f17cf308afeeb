//! One member of a cluster: what a server does with it.
//!
//! Everything runs on [`Threads`] of the members' own: a heartbeat must never wait for a database.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use openraft::errors::RaftError;
use ovsdb_transport::remote::{Active, Passive};
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

pub use crate::error::MemberError;
use crate::failpoints::{CrashHook, UnknownScenario};
use crate::forward::{self, Forwarding};
use crate::listener::listen;
use crate::machine::{Forwarded, Machine, StateHash};
use crate::peer;
use crate::propose::Proposals;
pub use crate::settings::Settings;
use crate::shared::Shared;
use crate::status::Status;
use crate::store::Store;
use crate::store::log::Log;
use crate::threads::Threads;
use crate::types::{ClusterId, Command, LogId, Request, ServerId};
use crate::{compact, membership, propose, standing, timer, unfinished, verify};

/// How long the last tasks may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// A running member. Its methods may be called from any thread.
pub struct Member {
    shared: Arc<Shared>,
    threads: Threads,
    proposals: Arc<Proposals>,
    forwarding: UnboundedSender<Forwarding>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    folder: Weak<()>,
}

impl Member {
    /// Opens a member's folder and starts it: it answers its peers from now on.
    pub async fn start(
        threads: &Threads,
        folder: &Path,
        settings: Settings,
        machine: Arc<dyn Machine>,
    ) -> Result<Member, MemberError> {
        let starting = Member::start_here(threads.clone(), folder.to_owned(), settings, machine);
        run(threads, starting).await?
    }

    async fn start_here(
        threads: Threads,
        folder: PathBuf,
        settings: Settings,
        machine: Arc<dyn Machine>,
    ) -> Result<Member, MemberError> {
        let address_error = |error: String| MemberError::Address {
            address: settings.address.clone(),
            error,
        };
        let passive = passive(&settings.address).map_err(address_error)?;
        let world = threads.world().clone();
        let damaged = |error: io::Error| {
            let text = format!("{}: {error}", folder.display());
            MemberError::Store(io::Error::new(error.kind(), text))
        };
        // To be refused, it is not to be opened: whoever opens it deletes what seems to be no part of it.
        if settings.has_log
            && Store::on(world.look(&folder)?)
                .lacks_beginning()
                .map_err(damaged)?
        {
            let what = "its log is gone, or the beginning of it";
            return Err(damaged(io::Error::new(io::ErrorKind::InvalidData, what)));
        }
        let store = Store::on(world.open(&folder)?);
        let in_use = store.watch();
        let listener = world.listen(&passive, &settings.tls);
        let listener = listener.map_err(|error| address_error(error.to_string()))?;
        let log = Log::open(store.clone()).map_err(damaged)?;
        let shared = Shared::new(settings, world, machine, &store).map_err(damaged)?;
        let shared = Arc::new(shared);
        let timer_ms = shared.progress.timer_ms();
        let running = timer::start(&shared, store, log, timer_ms, false).await;
        let running = running.map_err(|error| match error {
            MemberError::Store(error) => damaged(error),
            other => other,
        })?;
        if shared.removed.load(Ordering::Acquire) {
            running.raft.runtime_config().elect(false);
        }
        *shared.metrics.lock() = Some(running.raft.metrics());
        *shared.running.write().await = Some(running);
        let proposals = Arc::<Proposals>::default();
        let (forwarding, forwarded) = unbounded_channel();
        let tasks = vec![
            tokio::spawn(listen(listener, shared.clone())),
            tokio::spawn(propose::run(shared.clone(), proposals.clone())),
            tokio::spawn(forward::run(shared.clone(), forwarded)),
            tokio::spawn(standing::watch(shared.clone())),
            tokio::spawn(timer::follow(shared.clone())),
            tokio::spawn(compact::follow(shared.clone())),
            tokio::spawn(membership::hand_over_on_demand(shared.clone())),
            tokio::spawn(membership::ask_whether_removed(shared.clone())),
            tokio::spawn(unfinished::finish(shared.clone())),
        ];
        Ok(Member {
            shared,
            threads,
            proposals,
            forwarding,
            tasks: Mutex::new(tasks),
            folder: in_use,
        })
    }

    /// Makes it the first member of a cluster, once. Later calls do nothing.
    pub async fn found(&self) -> Result<(), MemberError> {
        let shared = self.shared.clone();
        run(&self.threads, async move { membership::found(&shared).await }).await?
    }

    /// Asks members to take it in, again and again, until one that leads has done so. Who refuses is in the status.
    pub async fn join(&self, remotes: &[String]) -> Result<(), MemberError> {
        let (shared, remotes) = (self.shared.clone(), remotes.to_vec());
        run(
            &self.threads,
            async move { membership::join(&shared, remotes).await },
        )
        .await?
    }

    /// Proposes a command that [can be](Command::check), if this member leads. Never blocks; commands keep their order.
    /// That it was committed is seen when the [`Machine`] gets it. If it was in vain,
    /// [`Standing::leads`](crate::Standing) becomes none, for a moment at least.
    pub fn propose(&self, command: Command) {
        let is_passed_on = match &command {
            Command::Transaction(txn) => txn.request.is_some_and(|request| request.server != self.server()),
            _ => false,
        };
        self.proposals.push(command, is_passed_on);
    }

    /// Proposes a command and waits until this member has applied it.
    pub async fn write(&self, command: Command) -> Result<LogId, MemberError> {
        let shared = self.shared.clone();
        run(
            &self.threads,
            async move { propose::write(&shared, command).await },
        )
        .await?
    }

    /// Hands a client's request to whoever leads, in order, as often as it takes, until [`Machine::answered`] is called
    /// or it is [forgotten](Member::forget). Never blocks.
    pub fn forward(&self, request: Forwarded) {
        // Without a receiver the member was stopped.
        let _ = self.forwarding.send(Forwarding::Send(request));
    }

    /// A forwarded request needs no answer any more: its log entry has been seen, or its client is gone.
    pub fn forget(&self, request: &Request) {
        // Without a receiver the member was stopped.
        let _ = self.forwarding.send(Forwarding::Forget(*request));
    }

    /// What every member's contents come to at one log entry, which whoever leads makes for that.
    pub async fn state_hashes(&self) -> Result<BTreeMap<ServerId, Result<StateHash, String>>, MemberError> {
        let shared = self.shared.clone();
        run(&self.threads, async move { verify::verify(&shared).await }).await?
    }

    /// Whether a server can be taken out of the membership now: those that are there must be able to agree on it, and
    /// on what comes after. Only a leader knows; others let it decide.
    pub fn may_remove(&self, which: ServerId) -> Result<(), MemberError> {
        membership::may_remove(&self.shared, which)
    }

    /// Takes a server out of the membership, whether it is there or not. Any member can be asked; ends when it is done.
    pub async fn kick(&self, which: ServerId) -> Result<(), MemberError> {
        let shared = self.shared.clone();
        run(
            &self.threads,
            async move { membership::kick(&shared, which).await },
        )
        .await?
    }

    /// Leaves the cluster: hands over leadership if it leads, then has itself taken out. Ends when that is done.
    pub async fn leave(&self) -> Result<(), MemberError> {
        let shared = self.shared.clone();
        run(&self.threads, async move { membership::leave(&shared).await }).await?
    }

    /// Hands leadership to another member, by default to the one that has most of the log. Ends when it leads, or with an
    /// error that says who does: after some election timers at most.
    pub async fn transfer(&self, to: Option<ServerId>) -> Result<(), MemberError> {
        let shared = self.shared.clone();
        run(&self.threads, async move {
            membership::transfer_and_wait(&shared, to).await
        })
        .await?
    }

    /// Has leadership handed to it by whoever has it. Ends when it leads.
    pub async fn lead(&self) -> Result<(), MemberError> {
        let shared = self.shared.clone();
        run(&self.threads, async move { membership::lead(&shared).await }).await?
    }

    /// Before a clean exit: if it leads other voters, one of them is to lead. Waits for that, one election timer at
    /// most.
    pub async fn hand_over(&self) {
        let shared = self.shared.clone();
        // The exit must not fail for this.
        let _ = run(&self.threads, async move { membership::hand_over(&shared).await }).await;
    }

    /// Makes a snapshot of what was applied when this is called, cuts the log, and gives back the disk's space; writes
    /// go on meanwhile. Ends when that is done.
    pub async fn snapshot(&self) -> Result<(), MemberError> {
        let shared = self.shared.clone();
        run(&self.threads, async move { compact::compact(&shared).await }).await?
    }

    /// Waits until what a leader says now is linearizable: it still leads, and has applied what was committed before.
    pub async fn linearize(&self) -> Result<(), MemberError> {
        let shared = self.shared.clone();
        run(&self.threads, async move {
            loop {
                let raft = shared.raft().await?;
                match raft.ensure_linearizable(openraft::ReadPolicy::ReadIndex).await {
                    Ok(_) => return Ok(()),
                    Err(RaftError::Fatal(_)) if shared.progress.is_restarting() => {}
                    Err(RaftError::Fatal(error)) => return Err(error.into()),
                    Err(error) => return Err(MemberError::Refused(error.to_string())),
                }
            }
        })
        .await?
    }

    /// Brings about a fault, for tests (ovsdb-server(1) `cluster/failure-test`); `clear` ends it.
    pub fn engage(&self, scenario: &str) -> Result<(), UnknownScenario> {
        let engaged = self.shared.dialing.failpoints.engage(scenario);
        let shared = self.shared.clone();
        self.threads.handle().spawn(async move {
            // One that was delayed may go on.
            if let Ok(raft) = shared.raft().await {
                raft.runtime_config()
                    .elect(!shared.removed.load(Ordering::Acquire));
            }
        });
        engaged
    }

    /// Sets what is done before a fault of [`engage`](Member::engage) ends the process: the files by which others see
    /// it are removed.
    pub fn on_crash(&self, hook: CrashHook) {
        self.shared.dialing.failpoints.on_crash(hook);
    }

    /// Its id.
    pub fn server(&self) -> ServerId {
        self.shared.server()
    }

    /// Its cluster, once known.
    pub fn cluster(&self) -> Option<ClusterId> {
        *self.shared.dialing.cluster.lock()
    }

    /// What is to be told of it.
    pub fn status(&self) -> Status {
        Status::of(&self.shared)
    }

    /// Stops it and closes its folder.
    pub async fn stop(&self) -> Result<(), MemberError> {
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
        let (shared, folder) = (self.shared.clone(), self.folder.clone());
        run(&self.threads, async move {
            let running = shared.running.write().await.take();
            let arriving = shared.arriving.lock().await.take();
            drop(arriving);
            let Some(running) = running else {
                return Ok(());
            };
            let stopped = running.raft.shutdown().await;
            drop(running);
            // What still holds the folder are tasks that end by themselves: replication, snapshots, the last sync.
            let closed = async {
                while folder.strong_count() > 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            match tokio::time::timeout(STOP_TIMEOUT, closed).await {
                Err(_) => Err(MemberError::Stopped("its folder is still in use".to_owned())),
                Ok(()) => stopped.map_err(|error| MemberError::Stopped(error.to_string())),
            }
        })
        .await?
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.tasks.lock().iter().for_each(JoinHandle::abort);
    }
}

/// Runs something on the members' threads, for callers on any, as long as they wait for it.
async fn run<T: Send + 'static>(
    threads: &Threads,
    what: impl Future<Output = T> + Send + 'static,
) -> Result<T, MemberError> {
    /// Ends what nobody waits for.
    struct Waited<T>(JoinHandle<T>);

    impl<T> Drop for Waited<T> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }

    let mut waited = Waited(threads.handle().spawn(what));
    let done = (&mut waited.0).await;
    done.map_err(|error| MemberError::Stopped(error.to_string()))
}

/// The same address as others dial, for listening.
fn passive(address: &str) -> Result<Passive, String> {
    Ok(match peer::active(address)? {
        Active::Unix(path) => Passive::Unix(path),
        Active::Tcp(host, port) => Passive::Tcp(port, Some(host)),
        Active::Ssl(host, port) => Passive::Ssl(port, Some(host)),
    })
}
