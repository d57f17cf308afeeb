//! Conditions: the `where` of operations (all clauses must hold) and of monitors (any clause suffices)
//! (RFC 7047 §5.1 `<condition>`, ovsdb-server(7) §4.1.12).

use serde_json::Value;

use crate::datum::Datum;
use crate::error::OvsdbError;
use crate::row::Row;
use crate::schema::{ColumnIdx, TableSchema};
use crate::symbols::Symbols;

/// `<function>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `includes`
    Includes,
    /// `excludes`
    Excludes,
}

/// One clause.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Clause {
    /// A constant; monitors and operations may both use it.
    Bool(bool),
    /// A column compared with a value.
    Compare {
        /// The column.
        column: ColumnIdx,
        /// The comparison.
        function: Function,
        /// The value.
        arg: Datum,
    },
}

/// A list of clauses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The clauses, in the client's order.
    pub clauses: Vec<Clause>,
}

impl Condition {
    /// Parses an array of clauses against a table.
    pub fn from_json(
        _json: &Value,
        _table: &TableSchema,
        _symbols: Option<&mut Symbols<'_>>,
    ) -> Result<Condition, OvsdbError> {
        todo!()
    }

    /// True when every clause holds (`where` of an operation; empty holds).
    pub fn matches_all(&self, _row: &Row, _table: &TableSchema) -> bool {
        todo!()
    }

    /// The uuid that rows must have, when a clause says `_uuid == U`: the fast path of every IDL write.
    pub fn uuid(&self) -> Option<uuid::Uuid> {
        todo!()
    }
}
