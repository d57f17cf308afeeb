//! Where a member stands: leading, following, cut off, gone; and what has to be done when that changes.

use std::sync::Arc;

use ovsdb_cluster::Kind;
use ovsdb_data::{OvsdbError, Uuid};
use ovsdb_raft::machine::Standing;

use super::convert::{Conversion, Initiator, Wish};
use super::{Asked, Cluster, ClusterEvent};
use crate::asker::Asker;
use crate::database::Model;
use crate::server::{Event, Server};

impl Server {
    /// Takes what a member reports.
    pub(crate) fn cluster_event(&mut self, name: &str, event: ClusterEvent) {
        match event {
            ClusterEvent::Apply(entries, done) => self.apply_entries(name, entries, done),
            ClusterEvent::Snapshot(to) => self.image(name, to),
            ClusterEvent::Install(pieces, last, done) => self.read(name, pieces, last, done),
            ClusterEvent::Read(loaded, last, done) => self.install(name, *loaded, last, done),
            ClusterEvent::Standing(standing) => self.standing(name, standing),
            ClusterEvent::Forwarded(forwarded, answer) => self.forwarded(name, forwarded, answer),
            ClusterEvent::Answered(request, results) => self.answered(name, request, results),
            ClusterEvent::Confirmed { round, leads } => self.confirmed(name, round, leads),
            ClusterEvent::StateHash(id, to) => self.tell_hash(name, id, to),
            ClusterEvent::Hashed(id, hash) => self.hashed(name, id, hash),
            ClusterEvent::Converted(converted) => self.converted(converted),
        }
    }

    fn standing(&mut self, name: &str, standing: Standing) {
        let Some(db) = self.databases.get_mut(name) else {
            return;
        };
        let Model::Clustered(cluster) = &mut db.model else {
            return;
        };
        let before = std::mem::replace(&mut cluster.standing, standing);
        let now = &cluster.standing;
        if (before.leads, before.leader) != (now.leads, now.leader) {
            let term = now.term;
            match (now.leads, now.leader) {
                (Some(_), _) => tracing::info!(target: "raft", "{name}: term {term}: this server leads"),
                (None, Some(leader)) if leader != cluster.server => {
                    tracing::info!(target: "raft", "{name}: term {term}: server {leader} leads");
                }
                (None, _) => tracing::info!(target: "raft", "{name}: term {term}: no leader is known"),
            }
        }
        if let Some(failure) = &now.failure {
            // What cannot be applied is told before this, and says more.
            let told = || OvsdbError::new("I/O error", failure);
            db.storage_error.get_or_insert_with(told);
        }
        if before.connected != now.connected {
            tracing::debug!(target: "raft", "raft_is_connected: {}", now.connected);
        }
        let leadership = (before.leads, now.leads);
        let removed = now.removed && !before.removed;
        if leadership.0 != leadership.1 {
            let taken_back = db.take_back();
            // What other members' clients wait for, they ask the next leader.
            for (id, parked) in db.waiting.take_if(|asker| matches!(asker, Asker::Member(_))) {
                db.triggers.remove(id);
                if let Asker::Member(passed) = parked.asker {
                    passed.refuse();
                }
            }
            // What was held is answered as a follower answers: who insists on a leader must have learned before.
            self.refresh_server_rows();
            self.run_again(name, taken_back);
            self.found(name);
            self.release_held(name);
            self.rerun_touched(name);
        }
        self.settle(name);
        self.refresh_server_rows();
        if removed {
            self.remove_left(name);
        }
    }

    /// The first contents of a cluster, proposed once by its first member.
    fn found(&mut self, name: &str) {
        let Some(cluster) = self.cluster(name) else { return };
        if !cluster.leads() || cluster.loaded || cluster.is_converting() {
            return;
        }
        let Some(file) = &cluster.file else { return };
        let Kind::Founding {
            schema,
            record,
            index,
        } = &file.kind
        else {
            return;
        };
        let wish = Wish::Contents(Arc::from(schema.as_str()), record.clone(), index + 1);
        let id = self.host.fresh_uuid();
        self.convert_in_cluster(
            name,
            Conversion {
                id,
                initiator: Initiator::Founder,
                wish,
            },
        );
    }

    /// The cluster has taken this member in.
    pub(super) fn joined(&mut self, name: &str) {
        if let Some(cluster) = self.cluster(name) {
            cluster.unsettled = true;
        }
        self.settle(name);
    }

    /// Once the folder holds everything, the file only names the member.
    pub(super) fn settle(&mut self, name: &str) {
        let Some(cluster) = self.cluster(name) else { return };
        if !cluster.unsettled || !cluster.loaded || !cluster.standing.member {
            return;
        }
        let (Some(file), Some(running)) = (cluster.file.clone(), &cluster.running) else {
            return;
        };
        let Some(id) = running.member().cluster() else {
            return;
        };
        cluster.unsettled = false;
        let name = name.to_owned();
        self.host.spawn(Box::new(move || {
            if let Err(error) = ovsdb_cluster::file::settle(&file, id) {
                tracing::warn!(target: "ovsdb", "{name}: {error}");
            }
            Event::Nothing
        }));
    }

    /// This member has been taken out of its cluster: its database is not served any more.
    fn remove_left(&mut self, name: &str) {
        tracing::info!(target: "ovsdb_server", "{name}: removing database because storage disconnected permanently");
        if let Some(cluster) = self.cluster(name)
            && let (Some(file), Some(running)) = (&cluster.file, &cluster.running)
            && let Some(id) = running.member().cluster()
            && let Err(error) = ovsdb_cluster::file::left(file, id)
        {
            tracing::warn!(target: "ovsdb", "{name}: {error}");
        }
        // Closing it is quick; its member ends elsewhere.
        let _ = self.remove_database(name);
    }

    /// Shows the index that comes of the entries about to be applied. Clients hear of it before they hear what the
    /// entries led to: whoever goes from member to member compares it, to see which of them knows less.
    pub(super) fn announce(&mut self, name: &str) {
        let Some(cluster) = self.cluster(name) else { return };
        cluster.announced = cluster.announced.max(cluster.index_after_next());
        self.refresh_server_rows();
    }
}

impl Cluster {
    /// The way to the cluster is there.
    pub fn connect(&mut self, consensus: Arc<dyn super::Consensus>) {
        for ask in std::mem::take(&mut self.early) {
            ask(&*consensus);
        }
        self.consensus = Some(consensus);
    }

    /// The member runs.
    pub(crate) fn start(&mut self, running: Arc<super::Running>, is_founding: bool) {
        self.connect(running.clone());
        self.running = Some(running);
        self.unsettled = is_founding;
    }

    /// The member, while it runs.
    pub fn member(&self) -> Option<&Arc<ovsdb_raft::Member>> {
        self.running.as_ref().map(|running| running.member())
    }

    /// Its cluster, once known (`_Server`).
    pub fn id(&self) -> Option<Uuid> {
        let of_file = || self.file.as_ref().and_then(|file| file.cluster);
        let of_member = self
            .running
            .as_ref()
            .and_then(|running| running.member().cluster());
        of_member.or_else(of_file).map(|id| id.0)
    }

    /// Whether it takes part, and has something to serve.
    pub fn is_connected(&self) -> bool {
        self.standing.connected && self.loaded
    }

    /// Makes a snapshot, in the background: writes go on.
    pub(crate) fn compact(&self, done: Box<dyn FnOnce(Result<(), String>) + Send>) {
        let Some(running) = self.running.clone() else {
            return done(Ok(()));
        };
        let member = running.member().clone();
        running.runtime().spawn(async move {
            done(member.snapshot().await.map_err(|error| error.to_string()));
        });
    }

    /// Requests of this member's clients that wait for the leader.
    pub(crate) fn n_asked(&self) -> usize {
        self.asked
            .values()
            .filter(|asked| matches!(asked, Asked::Transaction(_)))
            .count()
    }
}
