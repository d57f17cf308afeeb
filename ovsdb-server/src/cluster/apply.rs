//! What every member does with committed entries: the same, whoever proposed them.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use bytes::Bytes;
use ovsdb_cluster::contents;
use ovsdb_cluster::image::{self, Image, Loaded};
use ovsdb_cluster::requests::of_conversion;
use ovsdb_data::{OvsdbError, RowChange, TableIdx, TxnId, Uuid};
use ovsdb_engine::Snapshot;
use ovsdb_raft::machine::{Applied, Pieces};
use ovsdb_raft::types::{Command, LogId, Request, Transaction};
use ovsdb_wire::reply;
use tokio::sync::oneshot;

use super::{Asked, Cluster, ClusterEvent, InFlight, Proposal};
use crate::asker::Asker;
use crate::database::{Model, OpenDatabase};
use crate::host::fresh_uuid;
use crate::link::SessionId;
use crate::server::{Event, Server};
use crate::session::Session;
use crate::triggers::Parked;

/// Entries that are being applied.
pub(crate) struct Applying {
    entries: VecDeque<Applied>,
    done: oneshot::Sender<io::Result<()>>,
}

impl Server {
    pub(crate) fn cluster(&mut self, name: &str) -> Option<&mut Cluster> {
        match &mut self.databases.get_mut(name)?.model {
            Model::Clustered(cluster) => Some(cluster),
            _ => None,
        }
    }

    /// Committed entries have come.
    pub(super) fn apply_entries(
        &mut self,
        name: &str,
        entries: Vec<Applied>,
        done: oneshot::Sender<io::Result<()>>,
    ) {
        let Some(cluster) = self.cluster(name) else { return };
        cluster.applying = Some(Applying {
            entries: entries.into(),
            done,
        });
        self.go_on_applying(name);
    }

    /// Applies what has come, up to a conversion, which runs elsewhere while the database is served.
    pub(super) fn go_on_applying(&mut self, name: &str) {
        let mut taken_back = Vec::new();
        self.announce(name);
        let result = loop {
            let Some(cluster) = self.cluster(name) else { return };
            let Some(Applied { log_id, command }) = cluster
                .applying
                .as_mut()
                .and_then(|applying| applying.entries.pop_front())
            else {
                break Ok(());
            };
            cluster.applied = log_id.index;
            match command {
                None => {}
                Some(Command::ElectionTimer(ms)) => cluster.election_timer_ms = ms,
                Some(Command::Verify(id)) => self.verify(name, id),
                Some(Command::Transaction(txn)) => {
                    if let Err(error) = self.apply_transaction(name, txn, &mut taken_back) {
                        break Err(error);
                    }
                }
                Some(command) => match self.begin_conversion(name, command, &mut taken_back) {
                    true => return self.run_again(name, taken_back),
                    false => {
                        tracing::debug!(target: "raft", "{name}: a conversion is void");
                        self.announce(name);
                    }
                },
            }
        };
        if let Err(error) = &result {
            self.fail_storage(name, error);
        }
        let applying = self.cluster(name).and_then(|cluster| cluster.applying.take());
        if let Some(Applying { done, .. }) = applying {
            // The member may be stopping.
            let _ = done.send(result.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)));
        }
        self.run_again(name, taken_back);
        self.release_held(name);
        self.rerun_touched(name);
    }

    /// An entry that this member cannot take: it serves what it has, and takes no more.
    fn fail_storage(&mut self, name: &str, error: &OvsdbError) {
        tracing::error!(
            target: "ovsdb_file",
            "{name}: inconsistent data: {error}; replace this member: kick it and let a new one join"
        );
        if let Some(db) = self.databases.get_mut(name) {
            db.storage_error = Some(OvsdbError::new("inconsistent data", error.to_string()));
        }
    }

    fn apply_transaction(
        &mut self,
        name: &str,
        entry: Transaction,
        taken_back: &mut Vec<Parked>,
    ) -> Result<(), OvsdbError> {
        let Server {
            databases, sessions, ..
        } = self;
        let Some(db) = databases.get_mut(name) else {
            return Ok(());
        };
        let Model::Clustered(cluster) = &mut db.model else {
            return Ok(());
        };
        let own = cluster
            .in_flight
            .front()
            .is_some_and(|first| first.id == entry.id);
        if own
            && let Some(InFlight {
                what:
                    Proposal::Transaction {
                        txn,
                        request,
                        changes,
                        after,
                        results,
                    },
                ..
            }) = cluster.in_flight.pop_front()
        {
            cluster.requests.insert(request, results.clone());
            let more = cluster
                .in_flight
                .iter()
                .any(|next| matches!(next.what, Proposal::Transaction { .. }));
            cluster.committed = more.then(|| after.clone());
            db.publish(changes, TxnId(entry.id), &after);
            match txn.asker {
                Asker::Client(..) => db.tell(sessions, txn.asker, results),
                // This member may have passed it on to itself, when it had just begun to lead.
                Asker::Member(_) => db.tell_asked(sessions, &request, results),
            }
            return Ok(());
        }
        let known = entry
            .request
            .is_some_and(|request| cluster.requests.get(&request).is_some());
        if known || entry.prerequisite != db.snapshot().txn_id.0 {
            tracing::debug!(target: "raft", "{name}: entry {} is void", entry.id);
            return Ok(());
        }
        taken_back.extend(db.take_back());
        let mut changes = contents::changes(&entry.record, db.db.snapshot(), &fresh_uuid)
            .map_err(|error| OvsdbError::new("inconsistent data", error.to_string()))?;
        db.db.share(&mut changes);
        db.touch(&changes);
        db.db.apply(&changes, TxnId(entry.id));
        let after = db.db.snapshot().clone();
        db.publish(changes.into(), TxnId(entry.id), &after);
        let Model::Clustered(cluster) = &mut db.model else {
            return Ok(());
        };
        if let Some(request) = entry.request {
            cluster.requests.insert(request, entry.reply.clone());
            db.tell_asked(sessions, &request, entry.reply);
        }
        Ok(())
    }

    /// Runs again, or passes on, what was taken back.
    pub(super) fn run_again(&mut self, name: &str, taken_back: Vec<Parked>) {
        for txn in taken_back {
            let Some(cluster) = self.cluster(name) else { return };
            // It may have been committed after all, under another leader.
            let results = txn.tag.and_then(|tag| cluster.requests.get(&tag).cloned());
            match (results, &txn.asker) {
                (Some(results), Asker::Client(..)) => self.tell(name, txn.asker, results),
                // The member that passed it on sees it in its own log.
                (Some(_), _) => {}
                (None, _) => self.run(name, txn),
            }
        }
    }

    pub(super) fn tell(&mut self, name: &str, asker: Asker, results: Bytes) {
        let Server {
            databases, sessions, ..
        } = self;
        if let Some(db) = databases.get_mut(name) {
            db.tell(sessions, asker, results);
        }
    }

    /// The state after the last entry, for a snapshot.
    pub(super) fn image(&mut self, name: &str, to: oneshot::Sender<Image>) {
        let Some(db) = self.databases.get(name) else {
            return;
        };
        let Model::Clustered(cluster) = &db.model else {
            return;
        };
        // The member may be stopping.
        let _ = to.send(Image {
            snapshot: cluster.loaded.then(|| db.snapshot().clone()),
            history: db.history.clone(),
            requests: cluster.requests.clone(),
            index_base: cluster.index_base,
            election_timer_ms: cluster.election_timer_ms,
        });
    }

    /// A snapshot has come: a large one takes a while to read.
    pub(super) fn read(
        &mut self,
        name: &str,
        pieces: Pieces,
        last: Option<LogId>,
        done: oneshot::Sender<io::Result<()>>,
    ) {
        let name = name.to_owned();
        self.host
            .spawn(Box::new(move || match image::read(pieces, &fresh_uuid) {
                Ok(loaded) => Event::Cluster(name, ClusterEvent::Read(Box::new(loaded), last, done)),
                Err(error) => {
                    // The member may be stopping.
                    let _ = done.send(Err(error.into()));
                    Event::Nothing
                }
            }));
    }

    /// It takes the place of the entries that lead to it.
    pub(super) fn install(
        &mut self,
        name: &str,
        loaded: Loaded,
        last: Option<LogId>,
        done: oneshot::Sender<io::Result<()>>,
    ) {
        let Some(cluster) = self.cluster(name) else { return };
        cluster.applied = last.map_or(0, |last| last.index);
        cluster.index_base = loaded.index_base;
        self.announce(name);
        let Some(mut db) = self.databases.remove(name) else {
            return;
        };
        let taken_back = db.take_back();
        let Model::Clustered(cluster) = &mut db.model else {
            self.databases.insert(name.to_owned(), db);
            return;
        };
        cluster.election_timer_ms = loaded.election_timer_ms;
        cluster.requests = loaded.requests;
        let was_loaded = std::mem::replace(&mut cluster.loaded, loaded.db.is_some());
        let answered = cluster.take_executed();
        match loaded.db {
            None => {}
            // Monitors are told the difference: nobody has to read everything again.
            Some(new) if was_loaded && new.snapshot().schema == db.db.snapshot().schema => {
                let id = new.snapshot().txn_id;
                let changes = difference(db.db.snapshot(), new.snapshot());
                db.touch(&changes);
                db.db.apply(&changes, id);
                let after = db.db.snapshot().clone();
                db.publish(changes.into(), id, &after);
            }
            Some(new) => {
                db.db = new;
                db.config_changed = true;
                self.end_service(&mut db);
            }
        }
        db.history = loaded.history;
        self.databases.insert(name.to_owned(), db);
        for (asked, results) in answered {
            match asked {
                Asked::Transaction(txn) => self.tell(name, txn.asker, results),
                Asked::Conversion(conversion) => self.conversion_executed(conversion, &results),
            }
        }
        self.run_again(name, taken_back);
        // The member may be stopping.
        let _ = done.send(Ok(()));
        self.rerun_touched(name);
        self.settle(name);
        self.refresh_server_rows();
    }
}

impl Cluster {
    /// The log index that is reached without waiting for a conversion.
    pub(super) fn index_after_next(&self) -> u64 {
        let is_quick = |entry: &&Applied| {
            !matches!(
                entry.command,
                Some(Command::Convert { .. } | Command::Restore { .. })
            )
        };
        let entries = self.applying.iter().flat_map(|applying| &applying.entries);
        let last = entries.take_while(is_quick).last();
        last.map_or(self.applied, |last| last.log_id.index)
    }

    /// The requests that were passed on and are among the executed ones.
    fn take_executed(&mut self) -> Vec<(Asked, Bytes)> {
        let Cluster { asked, requests, .. } = self;
        let server = self.server;
        let results = |id: Uuid, asked: &Asked| {
            let name = match asked {
                Asked::Transaction(_) => Request { server, id },
                Asked::Conversion(_) => of_conversion(id),
            };
            requests.get(&name).cloned()
        };
        let executed = asked.extract_if(.., |id, asked| results(*id, asked).is_some());
        let executed = executed.map(|(id, asked)| (id, results(id, &asked).unwrap_or_default(), asked));
        let executed: Vec<(Uuid, Bytes, Asked)> = executed.collect();
        let forgotten = executed.into_iter().map(|(id, results, asked)| {
            self.forget(id);
            (asked, results)
        });
        forgotten.collect()
    }
}

/// What leads from one state to another of the same schema; `_version`s that differ alone are no difference.
fn difference(from: &Snapshot, to: &Snapshot) -> Vec<RowChange> {
    let mut changes = Vec::new();
    for index in 0..to.tables.len() {
        let table = TableIdx(index as u16);
        let (old, new) = (from.table(table), to.table(table));
        let gone = old.iter().filter(|(uuid, _)| !new.contains_key(*uuid));
        changes.extend(gone.map(|(uuid, row)| RowChange {
            table,
            uuid: *uuid,
            old: Some(row.clone()),
            new: None,
        }));
        for (uuid, row) in new {
            let before = old.get(uuid);
            let same = before.is_some_and(|before| before.same_values(row));
            if !same {
                changes.push(RowChange {
                    table,
                    uuid: *uuid,
                    old: before.cloned(),
                    new: Some(row.clone()),
                });
            }
        }
    }
    changes.sort_by_key(|change| (change.table, change.uuid));
    changes
}

impl OpenDatabase {
    /// A request's entry has come: if a client of this member asked for it by way of the leader, it is told.
    fn tell_asked(&mut self, sessions: &BTreeMap<SessionId, Session>, request: &Request, results: Bytes) {
        let Model::Clustered(cluster) = &mut self.model else {
            return;
        };
        if request.server == cluster.server
            && let Some(Asked::Transaction(txn)) = cluster.asked.remove(&request.id)
        {
            cluster.forget(request.id);
            self.tell(sessions, txn.asker, results);
        }
    }

    /// Replies to whoever asked, after what its monitors lag behind.
    pub(crate) fn tell(&mut self, sessions: &BTreeMap<SessionId, Session>, asker: Asker, results: Bytes) {
        match asker {
            Asker::Client(session, request) => {
                self.catch_up(session);
                if let Some(session) = sessions.get(&session) {
                    session.link.send(reply::text_result(&request, &results));
                }
            }
            Asker::Member(passed) => passed.reply(results),
        }
    }
}
