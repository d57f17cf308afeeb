//! What log entries lead to, without anybody who is served: for folders that are only read.
//!
//! The same rules as on a member at work: an entry that was made on another state than the present one, or for a
//! request that was done already, is void.

use ovsdb_data::{TxnId, Uuid};
use ovsdb_engine::Database;
use ovsdb_engine::convert::convert;
use ovsdb_raft::Command;
use ovsdb_raft::machine::Pieces;
use ovsdb_raft::types::Transaction;
use ovsdb_store::Fresh;

use crate::contents::{self, ContentsError};
use crate::file::ELECTION_TIMER_MS;
use crate::image::{ImageError, read};
use crate::requests::{Requests, of_conversion};

/// A state.
pub(crate) struct State {
    /// None before the first `Restore`.
    pub db: Option<Database>,
    pub index_base: u64,
    /// None before one was agreed on.
    pub election_timer_ms: u64,
    requests: Requests,
}

/// What an entry did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// What it says.
    Done,
    /// Nothing, as on every member.
    Void,
}

impl State {
    /// The state before any entry.
    pub fn new() -> State {
        State {
            db: None,
            index_base: 0,
            election_timer_ms: ELECTION_TIMER_MS,
            requests: Requests::default(),
        }
    }

    /// The state that a snapshot is of.
    pub fn load(pieces: Pieces, fresh: Fresh<'_>) -> Result<State, ImageError> {
        let loaded = read(pieces, fresh)?;
        Ok(State {
            db: loaded.db,
            index_base: loaded.index_base,
            election_timer_ms: loaded.election_timer_ms,
            requests: loaded.requests,
        })
    }

    /// The id of the present state.
    fn id(&self) -> Option<Uuid> {
        self.db.as_ref().map(|db| db.snapshot().txn_id.0)
    }

    /// Takes the entry at `index` of the log. An error means that no member can take it.
    pub fn apply(&mut self, index: u64, command: Command, fresh: Fresh<'_>) -> Result<Effect, ContentsError> {
        match command {
            Command::Transaction(txn) => self.transaction(txn, fresh),
            Command::Convert {
                id,
                prerequisite,
                schema,
            } => match &self.db {
                Some(db) if db.snapshot().txn_id.0 == prerequisite && !self.is_converted(id) => {
                    self.requests.insert(of_conversion(id), Default::default());
                    let schema = contents::schema(&schema).ok();
                    let converted = schema
                        .and_then(|schema| convert(db.snapshot(), schema, TxnId(id), &mut || fresh()).ok());
                    Ok(self.replace(converted))
                }
                _ => Ok(Effect::Void),
            },
            Command::Restore {
                id,
                schema,
                record,
                index_at_least,
            } => {
                if self.is_converted(id) {
                    return Ok(Effect::Void);
                }
                self.requests.insert(of_conversion(id), Default::default());
                let restored = contents::database(&schema, &record, TxnId(id), fresh);
                let effect = self.replace(restored.ok());
                if effect == Effect::Done {
                    self.index_base = self.index_base.max(index_at_least.saturating_sub(index));
                }
                Ok(effect)
            }
            Command::ElectionTimer(ms) => {
                self.election_timer_ms = ms;
                Ok(Effect::Done)
            }
            Command::Verify(_) => Ok(Effect::Done),
        }
    }

    fn is_converted(&self, id: Uuid) -> bool {
        self.requests.get(&of_conversion(id)).is_some()
    }

    /// Contents that are not valid change nothing.
    fn replace(&mut self, db: Option<Database>) -> Effect {
        match db {
            Some(db) => {
                self.db = Some(db);
                Effect::Done
            }
            None => Effect::Void,
        }
    }

    fn transaction(&mut self, txn: Transaction, fresh: Fresh<'_>) -> Result<Effect, ContentsError> {
        let is_known = txn
            .request
            .is_some_and(|request| self.requests.get(&request).is_some());
        if is_known || self.id() != Some(txn.prerequisite) {
            return Ok(Effect::Void);
        }
        let Some(db) = &mut self.db else {
            return Ok(Effect::Void);
        };
        let changes = contents::changes(&txn.record, db.snapshot(), fresh)?;
        db.apply(&changes, TxnId(txn.id));
        if let Some(request) = txn.request {
            self.requests.insert(request, txn.reply);
        }
        Ok(Effect::Done)
    }
}
