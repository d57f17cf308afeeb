//! The operations of a transaction, parsed against the schema (RFC 7047 §5.2), and their results.

use serde_json::Value;
use uuid::Uuid;

use crate::condition::Condition;
use crate::datum::Datum;
use crate::error::OvsdbError;
use crate::mutation::Mutation;
use crate::row::Row;
use crate::schema::{ColumnIdx, DatabaseSchema, TableIdx};
use crate::symbols::Symbols;

/// The columns that a row in an operation names, in ascending order.
pub type PartialRow = Vec<(ColumnIdx, Datum)>;

/// `until` of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// `insert`; `uuid` is the row's, whether chosen by name, by the client or afresh.
    Insert {
        /// The table.
        table: TableIdx,
        /// The new row's uuid.
        uuid: Uuid,
        /// Whether the client chose the uuid, which then must be free.
        uuid_given: bool,
        /// The columns named.
        row: PartialRow,
    },
    /// `select`.
    Select {
        /// The table.
        table: TableIdx,
        /// Which rows.
        condition: Condition,
        /// Which columns, ascending.
        columns: Vec<ColumnIdx>,
        /// Columns to sort by, in that order.
        sort: Vec<ColumnIdx>,
    },
    /// `update`.
    Update {
        /// The table.
        table: TableIdx,
        /// Which rows.
        condition: Condition,
        /// The columns named.
        row: PartialRow,
    },
    /// `mutate`.
    Mutate {
        /// The table.
        table: TableIdx,
        /// Which rows.
        condition: Condition,
        /// What is done to them.
        mutations: Vec<Mutation>,
    },
    /// `delete`.
    Delete {
        /// The table.
        table: TableIdx,
        /// Which rows.
        condition: Condition,
    },
    /// `wait`.
    Wait {
        /// Milliseconds to wait at most; none is for ever.
        timeout_ms: Option<u64>,
        /// The table.
        table: TableIdx,
        /// Which rows.
        condition: Condition,
        /// Which columns are compared, ascending.
        columns: Vec<ColumnIdx>,
        /// Equal or not.
        until: Until,
        /// The expected rows, each with the values of `columns` it names (others default).
        rows: Vec<PartialRow>,
    },
    /// `commit`.
    Commit {
        /// Whether to reach the disk before the reply.
        durable: bool,
    },
    /// `abort`.
    Abort,
    /// `comment`.
    Comment(String),
    /// `assert`.
    Assert {
        /// The lock that the session must hold.
        lock: String,
    },
}

impl Operation {
    /// Parses operation number `index` (from 1) of `n`; texts as the C server's
    /// (`Parsing ovsdb operation I of N failed: …`).
    pub fn from_json(
        _json: &Value,
        _index: usize,
        _n: usize,
        _schema: &DatabaseSchema,
        _symbols: &mut Symbols<'_>,
    ) -> Result<Operation, OvsdbError> {
        todo!()
    }

    /// True where the operation cannot write: `select`, `wait`, `abort`, `comment`, `assert` (`commit` counts as a
    /// write). Read-only sessions may run these alone.
    pub fn is_read_only(&self) -> bool {
        matches!(
            self,
            Operation::Select { .. }
                | Operation::Wait { .. }
                | Operation::Abort
                | Operation::Comment(_)
                | Operation::Assert { .. }
        )
    }
}

/// What one operation yields.
#[derive(Clone, Debug, PartialEq)]
pub enum OpResult {
    /// `{"uuid": …}`.
    Uuid(Uuid),
    /// `{"rows": […]}`.
    Rows {
        /// The table.
        table: TableIdx,
        /// The columns of each row.
        columns: Vec<ColumnIdx>,
        /// The rows.
        rows: Vec<Row>,
    },
    /// `{"count": N}`.
    Count(usize),
    /// `{}`.
    Empty,
}
