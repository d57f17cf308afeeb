//! Executes a transaction's operations on the latest state, without side effects (RFC 7047 §4.1.3, §5.2).

use std::time::Duration;

use ovsdb_data::operation::OpResult;
use ovsdb_data::{OvsdbError, RowChange, Uuid};
use serde_json::Value;

use crate::database::Database;
use crate::rbac::Identity;

/// What execution needs to know beside the database.
pub struct Context<'a> {
    /// Random uuids (row ids, `_version`, unnamed symbols).
    pub fresh: &'a mut dyn FnMut() -> Uuid,
    /// Whether the session or the server may not write.
    pub read_only: bool,
    /// The session's role and id, when RBAC applies to it.
    pub identity: Option<&'a Identity>,
    /// Whether the session holds a lock.
    pub holds_lock: &'a dyn Fn(&str) -> bool,
    /// Time since the transaction first ran, for `wait`.
    pub elapsed: Duration,
}

/// The result element of one operation, or none where it did not run.
pub type OpReply = Option<Result<OpResult, OvsdbError>>;

/// What a transaction comes to.
#[derive(Debug)]
pub enum Outcome {
    /// Every operation ran and the commit checks hold.
    Done {
        /// One result for each operation.
        replies: Vec<OpResult>,
        /// What changes, garbage collection and weak references included, with fresh `_version`s; sorted by table
        /// and uuid, net changes only. Empty for a transaction that changes nothing.
        changes: Vec<RowChange>,
        /// The comments, joined by newlines.
        comment: Option<String>,
        /// Whether a `commit` asked for durability.
        durable: bool,
    },
    /// An operation failed, or the commit did (an extra last element); nothing changes.
    Failed {
        /// The whole reply array, in order.
        replies: Vec<OpReply>,
    },
    /// A `wait` does not hold yet: run again when one of `tables` changes, or at the deadline.
    Wait {
        /// Time since the first run at which the wait fails; none is never.
        deadline: Option<Duration>,
        /// The tables whose changes may make it hold.
        table: ovsdb_data::TableIdx,
    },
}

impl Database {
    /// Runs a transaction. Each operation is parsed just before it runs, as the order of errors is visible.
    pub fn execute(&self, _operations: &[Value], _cx: &mut Context<'_>) -> Outcome {
        todo!()
    }
}
