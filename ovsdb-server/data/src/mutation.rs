//! Mutations (RFC 7047 §5.1 `<mutation>`).

use serde_json::Value;

use crate::datum::Datum;
use crate::error::OvsdbError;
use crate::schema::{ColumnIdx, TableSchema};
use crate::symbols::Symbols;

/// `<mutator>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutator {
    /// `+=`
    Add,
    /// `-=`
    Sub,
    /// `*=`
    Mul,
    /// `/=`
    Div,
    /// `%=`
    Mod,
    /// `insert`
    Insert,
    /// `delete`
    Delete,
}

/// One mutation of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    /// The column.
    pub column: ColumnIdx,
    /// What is done to it.
    pub mutator: Mutator,
    /// The argument; for `delete` on a map either pairs or keys.
    pub arg: Datum,
}

impl Mutation {
    /// Parses the array of a `mutate` operation.
    pub fn list_from_json(
        _json: &Value,
        _table: &TableSchema,
        _symbols: Option<&mut Symbols<'_>>,
    ) -> Result<Vec<Mutation>, OvsdbError> {
        todo!()
    }

    /// The mutated value of a column, checked against its constraints.
    pub fn apply(&self, _old: &Datum, _table: &TableSchema) -> Result<Datum, OvsdbError> {
        todo!()
    }
}
