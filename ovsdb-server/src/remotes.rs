//! Listeners and outgoing connections, kept equal to what is configured.
//!
//! In: the desired remotes with their options. Out: sessions of the server, the state of each remote for status.
//! Never here: where the configuration comes from.
//!
//! ```text
//!   Remotes ──one task per remote──┬─ listen: accept ──one task per client──► serve (transport) ──► actor
//!                                  └─ dial, back off, dial ─────────────────► serve (transport) ──► actor
//! ```

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ovsdb_data::os_text;
use ovsdb_engine::rbac::Identity;
use ovsdb_transport::backoff::Backoff;
use ovsdb_transport::connection::{self, Handler};
use ovsdb_transport::dial::dial;
use ovsdb_transport::link::Link;
use ovsdb_transport::listen::Listener;
use ovsdb_transport::remote::{Active, Passive, Remote};
use ovsdb_transport::stream::Stream;
use ovsdb_transport::tls::Tls;
use ovsdb_wire::message::Message;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::actor::Actor;
use crate::link::{LinkOutlet, SessionId};
use crate::server::{Event, Server};
use crate::session::Profile;

/// Silence after which a peer on TCP or TLS is probed, unless configured.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// How long until a listener that could not be bound is tried again.
const REBIND: Duration = Duration::from_secs(1);

/// How a remote is served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteOptions {
    /// Longest wait between attempts, ms (active remotes).
    pub max_backoff_ms: Option<u64>,
    /// Silence before a probe, ms; 0 is never.
    pub inactivity_probe_ms: Option<u64>,
    /// No writes through it.
    pub read_only: bool,
    /// The role of its clients.
    pub role: Option<String>,
}

/// What became of a remote, for status.
#[derive(Clone, Debug, Default)]
pub struct RemoteState {
    /// `LISTENING`, `BACKOFF`, `CONNECTING`, `ACTIVE`; empty before the first attempt.
    pub state: &'static str,
    /// Its sessions.
    pub sessions: Vec<SessionId>,
    /// The port a listener got.
    pub bound_port: Option<u16>,
    /// Why the last connection or attempt ended.
    pub last_error: Option<String>,
    /// When the last session began.
    pub connected_at: Option<Instant>,
    /// When the last session ended.
    pub disconnected_at: Option<Instant>,
}

type Links = Arc<Mutex<BTreeMap<SessionId, Arc<Link>>>>;

struct Entry {
    options: RemoteOptions,
    task: AbortHandle,
    state: Arc<Mutex<RemoteState>>,
    links: Links,
    probe: Arc<AtomicU64>,
}

/// The remotes of a server.
pub struct Remotes {
    runtime: Handle,
    actor: Actor<Server>,
    tls: Arc<Tls>,
    entries: BTreeMap<String, Entry>,
    sessions: Arc<AtomicU64>,
}

/// What the tasks of one remote share.
#[derive(Clone)]
struct Shared {
    target: String,
    options: RemoteOptions,
    actor: Actor<Server>,
    tls: Arc<Tls>,
    state: Arc<Mutex<RemoteState>>,
    links: Links,
    probe: Arc<AtomicU64>,
    sessions: Arc<AtomicU64>,
}

/// "Not configured" among the milliseconds of a probe interval.
const DEFAULT_PROBE: u64 = u64::MAX;

impl Remotes {
    /// No remotes yet.
    pub fn new(runtime: Handle, actor: Actor<Server>, tls: Arc<Tls>) -> Remotes {
        Remotes {
            runtime,
            actor,
            tls,
            entries: BTreeMap::new(),
            sessions: Arc::default(),
        }
    }

    /// Makes the remotes equal to `desired`: removed ones close with their sessions, new ones start; a changed role
    /// or access closes the sessions, a changed probe interval applies at once. Returns when every new listener has
    /// been bound or has failed to be, for the first time.
    pub async fn configure(&mut self, desired: &BTreeMap<String, RemoteOptions>) {
        let gone: Vec<String> = self
            .entries
            .iter()
            .filter(|(target, entry)| {
                desired.get(*target).is_none_or(|options| {
                    options.read_only != entry.options.read_only
                        || options.role != entry.options.role
                        || options.max_backoff_ms != entry.options.max_backoff_ms
                })
            })
            .map(|(target, _)| target.clone())
            .collect();
        for target in gone {
            if let Some(entry) = self.entries.remove(&target) {
                entry.task.abort();
                for link in entry.links.lock().values() {
                    link.close("remote removed or changed");
                }
            }
        }
        for (target, options) in desired {
            match self.entries.get_mut(target) {
                Some(entry) if entry.options == *options => {}
                Some(entry) => {
                    entry.options = options.clone();
                    entry.probe.store(
                        options.inactivity_probe_ms.unwrap_or(DEFAULT_PROBE),
                        Ordering::Relaxed,
                    );
                    for link in entry.links.lock().values() {
                        link.set_probe_interval(probe_interval(options.inactivity_probe_ms, true));
                    }
                }
                None => self.start(target, options).await,
            }
        }
    }

    async fn start(&mut self, target: &str, options: &RemoteOptions) {
        let remote: Remote = match target.parse() {
            Ok(remote) => remote,
            Err(error) => {
                tracing::error!(target: "ovsdb_jsonrpc_server", "{error}");
                return;
            }
        };
        let shared = Shared {
            target: target.to_owned(),
            options: options.clone(),
            actor: self.actor.clone(),
            tls: self.tls.clone(),
            state: Arc::default(),
            links: Arc::default(),
            probe: Arc::new(AtomicU64::new(
                options.inactivity_probe_ms.unwrap_or(DEFAULT_PROBE),
            )),
            sessions: self.sessions.clone(),
        };
        let (state, links, probe) = (shared.state.clone(), shared.links.clone(), shared.probe.clone());
        let task = match remote {
            Remote::Passive(passive) => {
                let first = bind(&passive, &shared);
                self.runtime.spawn(listen(passive, first, shared)).abort_handle()
            }
            Remote::Active(active) => self.runtime.spawn(keep_dialing(active, shared)).abort_handle(),
        };
        self.entries.insert(
            target.to_owned(),
            Entry {
                options: options.clone(),
                task,
                state,
                links,
                probe,
            },
        );
    }

    /// The targets in force, sorted.
    pub fn targets(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }

    /// The state of a remote.
    pub fn state(&self, target: &str) -> Option<RemoteState> {
        let entry = self.entries.get(target)?;
        let mut state = entry.state.lock().clone();
        state.sessions = entry.links.lock().keys().copied().collect();
        Some(state)
    }
}

impl Drop for Remotes {
    fn drop(&mut self) {
        for entry in self.entries.values() {
            entry.task.abort();
        }
    }
}

fn probe_interval(ms: Option<u64>, remote: bool) -> Option<Duration> {
    match ms {
        Some(0) => None,
        // Shorter than a second is a mistake that would cut healthy peers.
        Some(ms) => Some(Duration::from_millis(ms.max(1000))),
        None => remote.then_some(PROBE_INTERVAL),
    }
}

fn bind(passive: &Passive, shared: &Shared) -> Option<Listener> {
    match Listener::bind(passive, &shared.tls) {
        Ok(listener) => {
            let port = listener.bound_port();
            if let (Some(port), Passive::Tcp(0, _) | Passive::Ssl(0, _)) = (port, passive) {
                let name = shared
                    .target
                    .split_once(':')
                    .map_or(&*shared.target, |(_, name)| name);
                tracing::info!(target: "socket_util", "{name}: listening on port {port}");
            }
            if let Passive::Unix(path) = passive {
                ovsdb_daemon::process::remove_at_exit(path);
            }
            let mut state = shared.state.lock();
            state.state = "LISTENING";
            state.bound_port = port;
            Some(listener)
        }
        Err(error) => {
            let text = os_text(&error);
            tracing::error!(target: "ovsdb_jsonrpc_server", "{}: listen failed: {text}", shared.target);
            shared.state.lock().last_error = Some(text);
            None
        }
    }
}

async fn listen(passive: Passive, first: Option<Listener>, shared: Shared) {
    let mut bound = first;
    loop {
        let Some(listener) = &bound else {
            tokio::time::sleep(REBIND).await;
            bound = bind(&passive, &shared);
            continue;
        };
        match listener.accept().await {
            Ok(accepted) => {
                let shared = shared.clone();
                tokio::spawn(async move {
                    let peer = accepted.peer.clone();
                    match tokio::time::timeout(PROBE_INTERVAL * 2, accepted.handshake()).await {
                        Ok(Ok(stream)) => {
                            serve(stream, &peer, &shared).await;
                        }
                        Ok(Err(error)) => {
                            tracing::warn!(target: "stream_ssl", rl = true, "{peer}: {}", os_text(&error));
                        }
                        Err(_) => {
                            tracing::warn!(target: "stream_ssl", rl = true, "{peer}: handshake timed out")
                        }
                    }
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: others must end first.
                tracing::warn!(target: "socket_util", rl = true, "{}: accept: {}", shared.target, os_text(&error));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn keep_dialing(active: Active, shared: Shared) {
    let max = shared
        .options
        .max_backoff_ms
        .map_or(Backoff::MAX, |ms| Duration::from_millis(ms.max(1000)));
    let mut backoff = Backoff::new(Backoff::MIN, max);
    loop {
        shared.state.lock().state = "CONNECTING";
        tracing::info!(target: "reconnect", "{}: connecting...", shared.target);
        let attempt = tokio::time::timeout(max, dial(&active, &shared.tls)).await;
        let error = match attempt {
            Ok(Ok(stream)) => {
                tracing::info!(target: "reconnect", "{}: connected", shared.target);
                shared.state.lock().state = "ACTIVE";
                let began = Instant::now();
                // A task of its own: the session must end in order even when this remote is removed.
                let (peer, session) = (shared.target.clone(), shared.clone());
                let why = tokio::spawn(async move { serve(stream, &peer, &session).await }).await;
                let why = why.unwrap_or_else(|error| error.to_string());
                backoff.ended(began.elapsed());
                why
            }
            Ok(Err(error)) => os_text(&error),
            Err(_) => "connection attempt timed out".to_owned(),
        };
        {
            let mut state = shared.state.lock();
            state.state = "BACKOFF";
            state.last_error = Some(error.clone());
        }
        let wait = backoff.failed();
        tracing::info!(
            target: "reconnect", "{}: {error}, waiting {} seconds before reconnect", shared.target, wait.as_secs()
        );
        tokio::time::sleep(wait).await;
    }
}

/// Serves one connection as a session, to its end; returns why it ended.
async fn serve(stream: Stream, peer: &str, shared: &Shared) -> String {
    let session = SessionId(shared.sessions.fetch_add(1, Ordering::Relaxed) + 1);
    let ms = Some(shared.probe.load(Ordering::Relaxed)).filter(|ms| *ms != DEFAULT_PROBE);
    let link = Arc::new(Link::new(probe_interval(ms, stream.is_remote())));
    let role = shared.options.role.clone().filter(|role| !role.is_empty());
    let profile = Profile {
        remote: shared.target.clone(),
        read_only: shared.options.read_only,
        identity: role.map(|role| Identity {
            role,
            id: stream.peer_common_name(),
        }),
    };
    shared.links.lock().insert(session, link.clone());
    shared.state.lock().connected_at = Some(Instant::now());
    shared.actor.post(Event::Connected {
        session,
        link: Arc::new(LinkOutlet(link.clone())),
        profile,
    });
    let mut handler = SessionHandler {
        session,
        actor: shared.actor.clone(),
    };
    let why = connection::serve(stream, link, &mut handler).await;
    match &why {
        connection::Closed::Protocol(_) | connection::Closed::Silent => {
            tracing::warn!(target: "jsonrpc", rl = true, "{peer}: {why}");
        }
        _ => tracing::debug!(target: "jsonrpc", "{peer}: {why}"),
    }
    shared.actor.post(Event::Closed(session));
    shared.links.lock().remove(&session);
    shared.state.lock().disconnected_at = Some(Instant::now());
    why.to_string()
}

/// Hands a connection's messages to the server.
pub(crate) struct SessionHandler {
    pub session: SessionId,
    pub actor: Actor<Server>,
}

impl Handler for SessionHandler {
    fn message(&mut self, message: Message, n_bytes: usize) -> ControlFlow<String> {
        self.actor.post(Event::Message {
            session: self.session,
            message,
            n_bytes,
        });
        ControlFlow::Continue(())
    }

    fn drained(&mut self) {
        self.actor.post(Event::Drained(self.session));
    }
}
