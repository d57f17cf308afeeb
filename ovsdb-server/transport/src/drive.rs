//! A client of one database on tokio: a [`Session`] kept connected to one of several remotes.
//!
//! In: what to follow, transactions. Out: events, in order; a transaction's changes come before its outcome.
//! Never here: what rows mean.
//!
//! ```text
//!   remotes ──Dialer──► connection ──messages──► Session ──events──► Client::event, Client::transact
//!                            ▲                      │
//!                            └───────messages───────┘
//! ```

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ovsdb_idl::Replica;
use ovsdb_idl::condition::Where;
use ovsdb_idl::operations::Operations;
use ovsdb_idl::session::{Config, Event, Reply, RequestId, Session};
use ovsdb_idl::tables::{NoRows, OtherDatabase, Rows, Schema, Table};
use ovsdb_idl::txn::{Outcome, Txn};
use ovsdb_wire::message::Message;
use parking_lot::{Mutex, MutexGuard};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;

use crate::connection::{self, Handler};
use crate::dialer::Dialer;
use crate::events::Events;
use crate::link::Link;
use crate::remote::{Active, Passive, Remote};
use crate::stream::Stream;

/// Silence after which the server is probed, unless set otherwise.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// A client. Dropping it ends its connection.
pub struct Client {
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    inner: Mutex<Inner>,
    /// There are events to take.
    wake: Notify,
}

struct Inner {
    session: Session,
    events: Events,
    link: Option<Arc<Link>>,
    /// The remote that the connection is to, where it has a name.
    remote: Option<Remote>,
    probe_interval: Option<Duration>,
    /// Who waits for the outcome of a transaction.
    waiting: HashMap<RequestId, oneshot::Sender<Reply>>,
}

impl Client {
    /// A client that connects, and connects again, until it is dropped.
    pub fn start(runtime: &Handle, config: Config, dialer: Dialer) -> Client {
        Self::with(runtime, config, |shared| keep_connected(shared, dialer))
    }

    /// A client on one connection that is there, for a server in the same process or one connected otherwise.
    pub fn on(runtime: &Handle, config: Config, stream: Stream) -> Client {
        Self::with(runtime, config, |shared| async move {
            serve(&shared, None, stream).await;
        })
    }

    fn with<F: Future<Output = ()> + Send + 'static>(
        runtime: &Handle,
        config: Config,
        run: impl FnOnce(Arc<Shared>) -> F,
    ) -> Client {
        let shared = Arc::new(Shared {
            inner: Mutex::new(Inner {
                session: Session::new(config),
                events: Events::default(),
                link: None,
                remote: None,
                probe_interval: Some(PROBE_INTERVAL),
                waiting: HashMap::new(),
            }),
            wake: Notify::new(),
        });
        let task = runtime.spawn(run(shared.clone())).abort_handle();
        Client { shared, task }
    }

    /// The next event. A program that takes events too slowly, or not for a while, is
    /// told how things are instead of what it has missed: the rows by an [`Event::Reset`].
    pub async fn event(&mut self) -> Event {
        loop {
            if let Some(event) = self.try_event() {
                return event;
            }
            self.shared.wake.notified().await;
        }
    }

    /// The next event, if there is one by now.
    pub fn try_event(&mut self) -> Option<Event> {
        let inner = &mut *self.shared.inner.lock();
        inner.events.pop(&inner.session)
    }

    /// Reads the rows as they are now; events that tell of their last changes may still be on their way.
    pub fn read<R>(&self, f: impl FnOnce(Option<&Replica>) -> R) -> R {
        f(self.shared.inner.lock().session.replica())
    }

    /// Reads the rows as they are now as the types of the schema that [`Config::schema`] brought.
    pub fn rows<S: Schema, R>(&self, f: impl FnOnce(Rows<'_, S>) -> R) -> Result<R, NoRows> {
        self.shared.inner.lock().session.rows().map(f)
    }

    /// Whether the rows follow a server at present.
    pub fn is_connected(&self) -> bool {
        self.shared.inner.lock().session.is_connected()
    }

    /// Commits a transaction. Its changes come as events before this returns.
    pub async fn transact(&self, txn: Txn<'_>) -> Outcome {
        let operations = txn.into_operations(self.shared.inner.lock().session.db());
        match operations {
            Ok(operations) => self.commit(operations.into()).await,
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }

    /// Commits operations of RFC 7047, for programs that make rows without their types. They are sent at once; the
    /// changes come as events before the outcome.
    pub fn commit(&self, operations: Operations) -> impl Future<Output = Outcome> + Send + use<> {
        let (sender, reply) = oneshot::channel();
        let mut inner = self.shared.inner.lock();
        let id = inner.session.transact(operations);
        inner.waiting.insert(id, sender);
        self.shared.pump(inner);
        async move { reply.await.unwrap_or(Reply::Lost).into() }
    }

    /// Asks for a lock, on this and every later connection; [`Event::Locked`] tells when it is ours.
    pub fn lock(&self, name: &str) {
        let mut inner = self.shared.inner.lock();
        inner.session.lock(name);
        self.shared.pump(inner);
    }

    /// Takes a lock from whoever has it; later connections ask for it.
    pub fn steal(&self, name: &str) {
        let mut inner = self.shared.inner.lock();
        inner.session.steal(name);
        self.shared.pump(inner);
    }

    /// Whether the lock asked for is ours.
    pub fn has_lock(&self) -> bool {
        self.shared.inner.lock().session.has_lock()
    }

    /// Whether the lock asked for is somebody else's.
    pub fn is_lock_contended(&self) -> bool {
        self.shared.inner.lock().session.is_lock_contended()
    }

    /// Gives the lock up.
    pub fn unlock(&self) {
        let mut inner = self.shared.inner.lock();
        inner.session.unlock();
        self.shared.pump(inner);
    }

    /// Follows only these rows of a table from now on; [`Event::ConditionsMet`] with the number returned, or a later one,
    /// tells when the contents are those.
    pub fn set_where<T: Table<'static>>(&self, rows: &Where<T>) -> Result<u64, OtherDatabase> {
        let mut inner = self.shared.inner.lock();
        let change = inner.session.set_where(rows);
        self.shared.pump(inner);
        change
    }

    /// The last change of conditions that the contents match.
    pub fn conditions_met(&self) -> u64 {
        self.shared.inner.lock().session.conditions_met()
    }

    /// Takes any member of a cluster from now on, however far it is behind the last one.
    pub fn forget_index(&self) {
        self.shared.inner.lock().session.forget_index();
    }

    /// Changes after how much silence the server is probed; none is never. Unix sockets need none of that.
    pub fn set_probe_interval(&self, interval: Option<Duration>) {
        let mut inner = self.shared.inner.lock();
        inner.probe_interval = interval;
        let is_local = matches!(
            inner.remote,
            Some(Remote::Active(Active::Unix(_)) | Remote::Passive(Passive::Unix(_)))
        );
        if let Some(link) = inner.link.as_ref().filter(|_| !is_local) {
            link.set_probe_interval(interval);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(link) = &self.shared.inner.lock().link {
            link.close("the client is gone");
        }
    }
}

impl Shared {
    /// Sends what the session wants sent, and hands its events on.
    fn pump(&self, mut inner: MutexGuard<'_, Inner>) {
        let inner = &mut *inner;
        while let Some(frame) = inner.session.poll_transmit() {
            if let Some(link) = &inner.link {
                link.send(frame);
            }
        }
        while let Some(event) = inner.session.poll_event() {
            let event = match event {
                Event::TxnReply { id, reply } => match inner.waiting.remove(&id) {
                    Some(waiting) => {
                        // Whoever asked may have gone.
                        let _ = waiting.send(reply);
                        continue;
                    }
                    None => Event::TxnReply { id, reply },
                },
                Event::TryNextRemote(refusal) => {
                    let of = inner
                        .remote
                        .as_ref()
                        .map_or_else(String::new, |remote| format!("{remote}: "));
                    match refusal.is_warning() {
                        true => tracing::warn!(target: "ovsdb_cs", "{of}{refusal}"),
                        false => tracing::info!(target: "ovsdb_cs", "{of}{refusal}"),
                    }
                    if let Some(link) = &inner.link {
                        link.close("another server is tried");
                    }
                    Event::TryNextRemote(refusal)
                }
                event => event,
            };
            inner.events.push(event);
            self.wake.notify_one();
        }
    }
}

async fn keep_connected(shared: Arc<Shared>, mut dialer: Dialer) {
    while let Some((remote, stream)) = dialer.connect().await {
        let began = Instant::now();
        let why = serve(&shared, Some(remote.clone()), stream).await;
        tracing::info!(target: "reconnect", "{remote}: {why}");
        dialer.ended(began.elapsed());
    }
}

async fn serve(shared: &Arc<Shared>, remote: Option<Remote>, stream: Stream) -> connection::Closed {
    let link = {
        let mut inner = shared.inner.lock();
        let interval = inner.probe_interval.filter(|_| stream.is_remote());
        let link = Arc::new(Link::new(interval));
        inner.link = Some(link.clone());
        inner.remote = remote;
        inner.session.handle_connected();
        shared.pump(inner);
        link
    };
    let mut follower = Follower {
        shared: shared.clone(),
        link: link.clone(),
    };
    let why = connection::serve(stream, link, &mut follower).await;
    let mut inner = shared.inner.lock();
    inner.link = None;
    inner.session.handle_disconnected();
    shared.pump(inner);
    why
}

struct Follower {
    shared: Arc<Shared>,
    link: Arc<Link>,
}

impl Handler for Follower {
    fn message(&mut self, message: Message, n_bytes: usize) -> ControlFlow<String> {
        self.link.release(n_bytes);
        let mut inner = self.shared.inner.lock();
        inner.session.handle_message(message);
        self.shared.pump(inner);
        ControlFlow::Continue(())
    }

    fn text(&mut self, text: &[u8]) -> bool {
        let mut inner = self.shared.inner.lock();
        let is_taken = inner.session.handle_text(text);
        self.shared.pump(inner);
        is_taken
    }

    fn drained(&mut self) {}
}
