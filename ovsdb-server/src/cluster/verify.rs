//! What the contents come to at a log entry: looked at elsewhere, since a large database takes a while.

use std::collections::VecDeque;

use ovsdb_cluster::state_hash;
use ovsdb_data::Uuid;
use ovsdb_raft::StateHash;
use tokio::sync::oneshot;

use super::ClusterEvent;
use crate::database::Model;
use crate::server::{Event, Server};

/// Verifications that are remembered, and that may be waited for.
const N_MAX: usize = 16;

/// The latest verifications.
#[derive(Default)]
pub(crate) struct Hashes {
    known: VecDeque<(Uuid, StateHash)>,
    asked: VecDeque<(Uuid, oneshot::Sender<StateHash>)>,
}

impl Server {
    /// The entry of a verification has come.
    pub(super) fn verify(&mut self, name: &str, id: Uuid) {
        let Some(db) = self.databases.get(name) else {
            return;
        };
        let Model::Clustered(cluster) = &db.model else {
            return;
        };
        let (index, snapshot) = (cluster.applied, db.snapshot().clone());
        let db = name.to_owned();
        self.host.spawn(Box::new(move || {
            let hash = StateHash {
                index,
                hash: state_hash(&snapshot),
            };
            Event::Cluster(db, ClusterEvent::Hashed(id, hash))
        }));
    }

    pub(super) fn hashed(&mut self, name: &str, id: Uuid, hash: StateHash) {
        let Some(cluster) = self.cluster(name) else { return };
        let Hashes { known, asked } = &mut cluster.hashes;
        known.push_back((id, hash));
        if known.len() > N_MAX {
            known.pop_front();
        }
        let (now, later) = std::mem::take(asked).into_iter().partition(|(of, _)| *of == id);
        *asked = later;
        let now: VecDeque<(Uuid, oneshot::Sender<StateHash>)> = now;
        for (_, to) in now {
            // Who asked may have given up.
            let _ = to.send(hash);
        }
    }

    /// Somebody asks for what came of a verification, perhaps before its entry is here.
    pub(super) fn tell_hash(&mut self, name: &str, id: Uuid, to: oneshot::Sender<StateHash>) {
        let Some(cluster) = self.cluster(name) else { return };
        let Hashes { known, asked } = &mut cluster.hashes;
        match known.iter().find(|(of, _)| *of == id) {
            Some((_, hash)) => {
                // Who asked may have given up.
                let _ = to.send(*hash);
            }
            None => {
                asked.push_back((id, to));
                if asked.len() > N_MAX {
                    asked.pop_front();
                }
            }
        }
    }
}
