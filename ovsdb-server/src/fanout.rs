//! Monitors of one database, grouped so that clients who ask for the same are sent the same bytes.
//!
//! In: committed changes, new monitors, finished dumps, links that have room again. Out: frames on links, dumps to
//! be made elsewhere. Never here: sockets, parsing, what a session is besides its link.
//!
//! ```text
//!            commit ──► group (spec) ── view, encode once per notation ──► body ─┬─► monitor: envelope + body
//!                                                                               └─► monitor: envelope + body
//!   a monitor is  Loading   its first contents (or new conditions) are being made from a snapshot elsewhere
//!                 Live      sent every change at once
//!                 Lagging   its link is full: changes are merged until the link has room again
//!                 Cut       it lags by more rows than its contents have: its connection is being closed
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use ovsdb_data::RowChange;
use ovsdb_data::monitor::{MonitorSpec, MonitorVersion};
use ovsdb_engine::Snapshot;
use ovsdb_engine::pending::Pending;
use ovsdb_wire::update;
use serde_json::Value;

use crate::link::{Outlet, SessionId};

/// A link with more than this many bytes waiting gets merged changes instead of each one.
pub const LAG_BYTES: usize = ovsdb_transport::link::FULL_BYTES;

/// A client may lag by as many rows as its monitor's tables have, and this many more. Beyond that the merged changes
/// cost more memory than telling it everything anew, and it is disconnected: it will come back and be told.
pub const LAG_ROWS: usize = 10_000;

/// A group's position.
pub type GroupId = u64;

/// A monitor's name: its session, and its id as JSON text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonitorName {
    /// The session.
    pub session: SessionId,
    /// The client's id, as canonical JSON text.
    pub id: String,
}

enum State {
    Live,
    Lagging(Pending),
    Loading(Pending),
    Cut,
}

struct Monitor {
    link: Arc<dyn Outlet>,
    id: Value,
    version: MonitorVersion,
    group: GroupId,
    state: State,
}

struct Group {
    spec: Arc<MonitorSpec>,
    hash: u64,
    monitors: BTreeMap<MonitorName, ()>,
}

/// The monitors of one database.
#[derive(Default)]
pub struct Fanout {
    monitors: BTreeMap<MonitorName, Monitor>,
    /// Those that lag.
    lagging: BTreeSet<MonitorName>,
    groups: BTreeMap<GroupId, Group>,
    by_hash: HashMap<u64, Vec<GroupId>>,
    next_group: GroupId,
}

impl Fanout {
    /// True where the session already has a monitor of that id.
    pub fn contains(&self, name: &MonitorName) -> bool {
        self.monitors.contains_key(name)
    }

    /// The number of monitors (`monitors` of `memory/show`).
    pub fn len(&self) -> usize {
        self.monitors.len()
    }

    /// What a monitor asks for.
    pub fn spec(&self, name: &MonitorName) -> Option<(Arc<MonitorSpec>, MonitorVersion)> {
        let monitor = self.monitors.get(name)?;
        Some((self.groups[&monitor.group].spec.clone(), monitor.version))
    }

    /// Adds a monitor that waits for its first contents. Its spec is shared with equal ones: use what is returned.
    pub fn insert(
        &mut self,
        name: MonitorName,
        id: Value,
        version: MonitorVersion,
        spec: MonitorSpec,
        link: Arc<dyn Outlet>,
    ) -> Arc<MonitorSpec> {
        let group = self.join(spec, &name);
        let spec = self.groups[&group].spec.clone();
        let state = State::Loading(Pending::default());
        self.monitors.insert(
            name,
            Monitor {
                link,
                id,
                version,
                group,
                state,
            },
        );
        spec
    }

    /// Gives a monitor other conditions and perhaps another name; it waits for what the change shows and hides.
    /// The caller has sent it everything up to now ([`Fanout::flush`]).
    pub fn recondition(
        &mut self,
        name: &MonitorName,
        new_name: MonitorName,
        new_id: Value,
        spec: MonitorSpec,
    ) -> Option<Arc<MonitorSpec>> {
        let mut monitor = self.remove_monitor(name)?;
        monitor.id = new_id;
        monitor.group = self.join(spec, &new_name);
        monitor.state = State::Loading(Pending::default());
        let spec = self.groups[&monitor.group].spec.clone();
        self.monitors.insert(new_name, monitor);
        Some(spec)
    }

    /// Ends a monitor's wait: its contents have been sent by the caller; what was committed meanwhile follows.
    pub fn loaded(&mut self, name: &MonitorName, now: &Snapshot) {
        let Some(monitor) = self.monitors.get_mut(name) else {
            return;
        };
        if let State::Loading(pending) = std::mem::replace(&mut monitor.state, State::Live) {
            monitor.state = State::Lagging(pending);
        }
        self.flush(name, now);
    }

    /// Removes a monitor; false when there is none.
    pub fn remove(&mut self, name: &MonitorName) -> bool {
        self.remove_monitor(name).is_some()
    }

    /// Removes a session's monitors.
    pub fn remove_session(&mut self, session: SessionId) {
        for name in self.names_of(session) {
            self.remove_monitor(&name);
        }
    }

    /// Removes every monitor, telling whose and by which id.
    pub fn clear(&mut self) -> Vec<(SessionId, Value)> {
        self.groups.clear();
        self.by_hash.clear();
        self.lagging.clear();
        std::mem::take(&mut self.monitors)
            .into_iter()
            .map(|(name, m)| (name.session, m.id))
            .collect()
    }

    /// Tells every monitor of a commit, `now` being the state after it.
    pub fn committed(&mut self, changes: &[RowChange], now: &Snapshot) {
        for group in self.groups.values() {
            let seen: Vec<RowChange> = if changes.iter().any(|c| group.spec.tables.contains_key(&c.table)) {
                changes
                    .iter()
                    .filter_map(|c| ovsdb_engine::monitor::view(&group.spec, c))
                    .collect()
            } else {
                Vec::new()
            };
            let mut bodies: BTreeMap<bool, Bytes> = BTreeMap::new();
            for name in group.monitors.keys() {
                let Some(monitor) = self.monitors.get_mut(name) else {
                    continue;
                };
                let watched = || {
                    changes
                        .iter()
                        .filter(|c| group.spec.tables.contains_key(&c.table))
                };
                match &mut monitor.state {
                    State::Loading(pending) => pending.absorb(watched()),
                    State::Lagging(pending) => {
                        pending.absorb(watched());
                        if pending.n_rows() > LAG_ROWS + n_rows(&group.spec, now) {
                            monitor.state = State::Cut;
                            self.lagging.remove(name);
                            tracing::warn!(
                                target: "ovsdb_jsonrpc_server",
                                "session {}: disconnected, it lags behind by more than its monitors show", name.session.0
                            );
                            monitor
                                .link
                                .close("the client lags behind by more than its monitors show");
                        }
                    }
                    State::Cut => {}
                    State::Live if seen.is_empty() => {}
                    State::Live if monitor.link.queued_bytes() > LAG_BYTES => {
                        let mut pending = Pending::default();
                        pending.absorb(watched());
                        monitor.state = State::Lagging(pending);
                        self.lagging.insert(name.clone());
                    }
                    State::Live => {
                        let body = bodies
                            .entry(monitor.version == MonitorVersion::V1)
                            .or_insert_with(|| {
                                update::encode(monitor.version, &group.spec, &now.schema, &seen)
                            })
                            .clone();
                        monitor.link.send(update::notification(
                            monitor.version,
                            &monitor.id,
                            now.txn_id,
                            &[body],
                        ));
                    }
                }
            }
        }
    }

    /// Sends a session what it lags behind: its link has room, or it is about to be sent a reply, which must not
    /// overtake updates.
    pub fn catch_up(&mut self, session: SessionId, now: &Snapshot) {
        if self.lagging.is_empty() {
            return;
        }
        for name in self.names_of(session) {
            self.flush(&name, now);
        }
    }

    /// Sends a lagging monitor the merged changes.
    pub fn flush(&mut self, name: &MonitorName, now: &Snapshot) {
        let Some(monitor) = self.monitors.get_mut(name) else {
            return;
        };
        let State::Lagging(pending) = &mut monitor.state else {
            return;
        };
        let changes = pending.take(now);
        monitor.state = State::Live;
        self.lagging.remove(name);
        let spec = &self.groups[&monitor.group].spec;
        let seen: Vec<RowChange> = changes
            .iter()
            .filter_map(|c| ovsdb_engine::monitor::view(spec, c))
            .collect();
        if !seen.is_empty() {
            let body = update::encode(monitor.version, spec, &now.schema, &seen);
            monitor.link.send(update::notification(
                monitor.version,
                &monitor.id,
                now.txn_id,
                &[body],
            ));
        }
    }

    /// The monitors of a session.
    pub fn names_of(&self, session: SessionId) -> Vec<MonitorName> {
        let from = MonitorName {
            session,
            id: String::new(),
        };
        self.monitors
            .range(from..)
            .map(|(name, _)| name)
            .take_while(|n| n.session == session)
            .cloned()
            .collect()
    }

    fn join(&mut self, spec: MonitorSpec, name: &MonitorName) -> GroupId {
        let hash = hash_of(&spec);
        let known = self.by_hash.entry(hash).or_default();
        let group = match known.iter().find(|g| *self.groups[g].spec == spec) {
            Some(group) => *group,
            None => {
                let id = self.next_group;
                self.next_group += 1;
                known.push(id);
                self.groups.insert(
                    id,
                    Group {
                        spec: Arc::new(spec),
                        hash,
                        monitors: BTreeMap::new(),
                    },
                );
                id
            }
        };
        if let Some(group) = self.groups.get_mut(&group) {
            group.monitors.insert(name.clone(), ());
        }
        group
    }

    fn remove_monitor(&mut self, name: &MonitorName) -> Option<Monitor> {
        let monitor = self.monitors.remove(name)?;
        self.lagging.remove(name);
        if let Some(group) = self.groups.get_mut(&monitor.group) {
            group.monitors.remove(name);
            if group.monitors.is_empty() {
                let hash = group.hash;
                self.groups.remove(&monitor.group);
                if let Some(ids) = self.by_hash.get_mut(&hash) {
                    ids.retain(|id| *id != monitor.group);
                    if ids.is_empty() {
                        self.by_hash.remove(&hash);
                    }
                }
            }
        }
        Some(monitor)
    }
}

/// The rows of a monitor's tables.
fn n_rows(spec: &MonitorSpec, now: &Snapshot) -> usize {
    spec.tables.keys().map(|table| now.table(*table).len()).sum()
}

fn hash_of(spec: &MonitorSpec) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    spec.hash(&mut hasher);
    hasher.finish()
}
