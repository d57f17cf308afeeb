//! What a server does for itself from time to time: expiring, compacting, cutting clients that never read.

use std::time::Duration;

use ovsdb_store::compact::ONLINE;

use crate::database::Model;
use crate::server::{Event, Server};

/// How long a database waits between automatic compactions at least; the file must also have grown a lot.
const COMPACT_MIN: Duration = Duration::from_secs(10 * 60);

/// How often [`Server::expire`] runs at least.
const TICK: Duration = Duration::from_secs(1);

impl Server {
    /// Looks at the clock: waits that are over, contents kept long enough, files that have grown.
    pub(crate) fn expire(&mut self) {
        self.expire_triggers();
        let now = self.host.now();
        let mut to_compact = Vec::new();
        for (name, db) in &mut self.databases {
            db.dumps.expire(now);
            let grew = db.file.as_ref().is_some_and(|file| file.log().grew_lots());
            if grew && now.saturating_sub(db.compacted_at) > COMPACT_MIN {
                to_compact.push(name.clone());
            }
        }
        if self
            .databases
            .values()
            .any(|db| matches!(db.model, Model::Relay(_)))
        {
            // Whether a relay counts as connected changes with time.
            self.refresh_server_rows();
        }
        for name in to_compact {
            tracing::info!(target: "ovsdb", "{name}: compacting: the file has grown");
            self.compact(&name, Box::new(|_| {}));
        }
        self.host.wake_at(now + TICK);
    }

    /// Compacts a database's file on another thread while commits go on; `done` learns the outcome.
    pub fn compact(&mut self, name: &str, done: Box<dyn FnOnce(Result<(), String>) + Send>) {
        let Some(db) = self.databases.get_mut(name) else {
            return done(Err("no database by that name".into()));
        };
        if let Model::Clustered(cluster) = &db.model {
            return cluster.compact(done);
        }
        let Some(file) = &db.file else { return done(Ok(())) };
        if db.compacting {
            return done(Ok(()));
        }
        db.compacting = true;
        db.compacted_at = self.host.now();
        let (compaction, snapshot) = (file.compaction(), db.snapshot().clone());
        let date_ms = self.host.date_ms();
        let name = name.to_owned();
        self.host.spawn(Box::new(move || {
            let written = compaction.write(&snapshot, ONLINE, date_ms);
            drop(snapshot);
            Event::Call(Box::new(move |server| {
                let Some(db) = server.databases.get_mut(&name) else {
                    return done(Ok(()));
                };
                db.compacting = false;
                let finished = match (&mut db.file, written) {
                    (Some(file), Ok(written)) => written.finish(file).map(|finished| {
                        server.host.spawn(Box::new(move || {
                            finished.settle();
                            Event::Nothing
                        }));
                    }),
                    (_, Err(error)) => Err(error),
                    (None, Ok(_)) => Ok(()),
                };
                if let Err(error) = &finished {
                    tracing::warn!(target: "ovsdb", "{name}: compaction failed: {error}");
                }
                done(finished.map_err(|error| error.to_string()));
            }))
        }));
    }
}
