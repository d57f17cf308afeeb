//! JSON as the C server reads and writes it (RFC 7159 with OVSDB's quirks), and the notation of values.
//!
//! Numbers are integers whenever they are exactly representable as `i64`, else doubles written with 15 significant
//! digits; NUL in a string is refused; objects are written with sorted members.

use serde_json::Value;

use crate::base_type::ColumnType;
use crate::datum::Datum;
use crate::error::OvsdbError;
use crate::symbols::Symbols;

/// Deepest nesting accepted (`JSON_MAX_HEIGHT` of the C server).
pub const MAX_DEPTH: usize = 1000;

/// Why a text is not JSON that OVSDB accepts.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ParseError(pub String);

/// Parses one JSON text.
pub fn parse(_text: &[u8]) -> Result<Value, ParseError> {
    todo!()
}

/// Appends a value's text, members sorted, no blanks.
pub fn write(_value: &Value, _out: &mut Vec<u8>) {
    todo!()
}

/// A value's text, members sorted, no blanks.
pub fn to_string(value: &Value) -> String {
    let mut out = Vec::new();
    write(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends a string's JSON notation, quotes included.
pub fn write_str(_text: &str, _out: &mut Vec<u8>) {
    todo!()
}

impl Datum {
    /// Parses a value of a column's type and checks its constraints. `symbols` resolves `named-uuid`; without it
    /// they are refused.
    pub fn from_json(
        _json: &Value,
        _ty: &ColumnType,
        _symbols: Option<&mut Symbols<'_>>,
    ) -> Result<Datum, OvsdbError> {
        todo!()
    }

    /// Appends the notation of this value of a column's type.
    pub fn write_json(&self, _ty: &ColumnType, _out: &mut Vec<u8>) {
        todo!()
    }

    /// The notation of this value of a column's type.
    pub fn to_json(&self, _ty: &ColumnType) -> Value {
        todo!()
    }
}
