//! What the log means, said once more and as plainly as possible: one database, one entry after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ovsdb_cluster::{contents, state_hash};
use ovsdb_data::{DatabaseSchema, Row, TxnId, Uuid, json};
use ovsdb_engine::convert::convert;
use ovsdb_engine::{Database, Snapshot};
use ovsdb_raft::types::{Command, Request};

/// The state after a log entry.
pub struct State {
    /// None before the first contents.
    pub snapshot: Option<Snapshot>,
    pub hash: u64,
    pub index_base: u64,
}

/// The log and what it leads to.
pub struct Reference {
    /// By log index; there is one before the first entry.
    pub states: Vec<State>,
    db: Option<Database>,
    /// By the id of the state: the log index.
    by_id: BTreeMap<Uuid, usize>,
    requests: BTreeSet<Request>,
    /// The tags of executed transactions and of backups that were put in place, in order.
    pub executed: Vec<String>,
    /// By executed tag: the log index.
    pub tags: BTreeMap<String, usize>,
    pub n_void: usize,
    pub n_converted: usize,
    pub n_restored: usize,
    /// The log index of the last contents that took the place of everything.
    pub restored_at: usize,
}

impl Reference {
    pub fn new() -> Reference {
        Reference {
            states: vec![State {
                snapshot: None,
                hash: 0,
                index_base: 0,
            }],
            db: None,
            by_id: BTreeMap::new(),
            requests: BTreeSet::new(),
            executed: Vec::new(),
            tags: BTreeMap::new(),
            n_void: 0,
            n_converted: 0,
            n_restored: 0,
            restored_at: 0,
        }
    }

    /// The last log index.
    pub fn last(&self) -> usize {
        self.states.len() - 1
    }

    /// The state of an id, and its log index.
    pub fn of_id(&self, id: Uuid) -> Option<(usize, &Snapshot)> {
        let index = *self.by_id.get(&id)?;
        Some((index, self.states[index].snapshot.as_ref()?))
    }

    /// The present state; none before the first contents.
    pub fn now_if_any(&self) -> Option<&Snapshot> {
        self.states.last()?.snapshot.as_ref()
    }

    /// The present state.
    pub fn now(&self) -> &Snapshot {
        self.now_if_any().expect("contents come with the first entries")
    }

    /// Takes the next entry.
    pub fn take(&mut self, command: Option<&Command>) -> Result<(), String> {
        let mut index_base = self.states[self.last()].index_base;
        let index = self.states.len();
        let is_void = match command {
            None | Some(Command::ElectionTimer(_) | Command::Verify(_)) => false,
            Some(Command::Restore {
                id,
                schema,
                record,
                index_at_least,
            }) => {
                let db = contents::database(schema, record, TxnId(*id), &Uuid::nil);
                let db = db.map_err(|error| error.to_string())?;
                match (tags(db.snapshot()).pop(), self.executed.is_empty()) {
                    (Some(tag), _) => {
                        self.executed.push(tag.clone());
                        self.tags.insert(tag, index);
                        self.n_restored += 1;
                    }
                    (None, true) => {}
                    (None, false) => return Err("the first contents come again".to_owned()),
                }
                self.restored_at = index;
                self.db = Some(db);
                index_base = index_base.max(index_at_least.saturating_sub(index as u64));
                self.name(*id, index)?;
                false
            }
            Some(Command::Convert {
                id,
                prerequisite,
                schema,
            }) => {
                let db = self.db.as_mut().ok_or("a conversion of nothing")?;
                match db.snapshot().txn_id.0 != *prerequisite || self.by_id.contains_key(id) {
                    true => true,
                    false => {
                        let schema = json::parse(schema.as_bytes()).map_err(|error| error.to_string())?;
                        let schema = DatabaseSchema::from_json(&schema).map_err(|error| error.to_string())?;
                        let converted = convert(db.snapshot(), Arc::new(schema), TxnId(*id), &mut Uuid::nil);
                        *db = converted.map_err(|error| error.to_string())?;
                        self.n_converted += 1;
                        self.name(*id, index)?;
                        false
                    }
                }
            }
            Some(Command::Transaction(txn)) => {
                let db = self.db.as_mut().ok_or("a transaction on nothing")?;
                let known = txn
                    .request
                    .is_some_and(|request| self.requests.contains(&request));
                match known || db.snapshot().txn_id.0 != txn.prerequisite {
                    true => true,
                    false => {
                        let changes = contents::changes(&txn.record, db.snapshot(), &Uuid::nil);
                        let changes = changes.map_err(|error| format!("an entry's record: {error}"))?;
                        let done = db.snapshot().schema.table_idx("Done");
                        for change in &changes {
                            if let (true, None, Some(row)) =
                                (Some(change.table) == done, &change.old, &change.new)
                            {
                                let tag = row.iter().last().and_then(|(_, datum)| datum.one()?.as_str());
                                let tag = tag.ok_or("a row of Done without a tag")?.to_owned();
                                self.executed.push(tag.clone());
                                self.tags.insert(tag, index);
                            }
                        }
                        db.apply(&changes, TxnId(txn.id));
                        self.requests.extend(txn.request);
                        self.name(txn.id, index)?;
                        false
                    }
                }
            }
        };
        self.n_void += usize::from(is_void);
        let snapshot = self.db.as_ref().map(|db| db.snapshot().clone());
        let changed = !is_void && command.is_some();
        let hash = match &snapshot {
            Some(snapshot) if changed => state_hash(snapshot),
            _ => self.states[index - 1].hash,
        };
        self.states.push(State {
            snapshot,
            hash,
            index_base,
        });
        Ok(())
    }

    fn name(&mut self, id: Uuid, index: usize) -> Result<(), String> {
        match self.by_id.insert(id, index) {
            None => Ok(()),
            Some(other) => Err(format!(
                "log entries {other} and {index} lead to states of the same id"
            )),
        }
    }
}

/// The tags in `Done`.
pub fn tags(state: &Snapshot) -> Vec<String> {
    let table = state.schema.table_idx("Done").expect("a table of both schemas");
    let column = state.schema.table(table).column("tag").expect("its column");
    let tag = |row: &Row| Some(row.get(column).one()?.as_str()?.to_owned());
    state.table(table).values().filter_map(tag).collect()
}
