//! Conditions: the `where` of operations (all clauses must hold) and of monitors (any clause suffices)
//! (RFC 7047 §5.1 `<condition>`, ovsdb-server(7) §4.1.12).

use std::cmp::Ordering;

use serde_json::Value;
use uuid::Uuid;

use crate::atom::{Atom, AtomicType};
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

impl Function {
    /// The function's notation.
    pub const fn name(self) -> &'static str {
        match self {
            Function::Eq => "==",
            Function::Ne => "!=",
            Function::Lt => "<",
            Function::Le => "<=",
            Function::Gt => ">",
            Function::Ge => ">=",
            Function::Includes => "includes",
            Function::Excludes => "excludes",
        }
    }

    fn from_name(name: &str) -> Result<Function, OvsdbError> {
        Ok(match name {
            "==" => Function::Eq,
            "!=" => Function::Ne,
            "<" => Function::Lt,
            "<=" => Function::Le,
            ">" => Function::Gt,
            ">=" => Function::Ge,
            "includes" => Function::Includes,
            "excludes" => Function::Excludes,
            _ => {
                return Err(OvsdbError::new(
                    "unknown function",
                    format!("No function named {name}."),
                ));
            }
        })
    }

    /// True when a column's value and a clause's argument satisfy the function. An order between anything but two
    /// single atoms never holds.
    pub fn holds(self, value: &Datum, arg: &Datum) -> bool {
        let ordered = |holds: fn(Ordering) -> bool| match (value, arg) {
            (Datum::One(value), Datum::One(arg)) => holds(value.cmp(arg)),
            _ => false,
        };
        match self {
            Function::Eq => value == arg,
            Function::Ne => value != arg,
            Function::Lt => ordered(Ordering::is_lt),
            Function::Le => ordered(Ordering::is_le),
            Function::Gt => ordered(Ordering::is_gt),
            Function::Ge => ordered(Ordering::is_ge),
            Function::Includes => value.includes_all(arg),
            Function::Excludes => value.excludes_all(arg),
        }
    }
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

impl Clause {
    /// Parses one clause against a table.
    fn from_json(
        json: &Value,
        table: &TableSchema,
        symbols: Option<&mut Symbols<'_>>,
    ) -> Result<Clause, OvsdbError> {
        if let Value::Bool(constant) = json {
            return Ok(Clause::Bool(*constant));
        }
        let Some([Value::String(name), Value::String(function), arg]) = json.as_array().map(Vec::as_slice)
        else {
            return Err(OvsdbError::syntax(json, "Parse error in condition."));
        };
        let column = table
            .column(name)
            .ok_or_else(|| table.unknown_column(json, name))?;
        let function = Function::from_name(function)?;
        let ty = &table.column_schema(column).ty;
        let arg = match function {
            Function::Eq | Function::Ne => Datum::from_json(arg, ty, symbols)?,
            Function::Lt | Function::Le | Function::Gt | Function::Ge => {
                let is_single = ty.is_scalar() || ty.is_optional_scalar();
                if !is_single || !matches!(ty.key.atomic, AtomicType::Integer | AtomicType::Real) {
                    let details = format!(
                        "Type mismatch: \"{}\" operator may not be applied to column {name} of type {ty}.",
                        function.name()
                    );
                    return Err(OvsdbError::syntax(json, details));
                }
                Datum::from_json(arg, &ty.with_min(1), symbols)?
            }
            Function::Includes | Function::Excludes if ty.is_scalar() => Datum::from_json(arg, ty, symbols)?,
            // The argument may be smaller than the column may be, and for `excludes` larger too.
            Function::Includes => Datum::from_json(arg, &ty.with_min(0), symbols)?,
            Function::Excludes => Datum::from_json(arg, &ty.of_any_length(), symbols)?,
        };
        Ok(Clause::Compare {
            column,
            function,
            arg,
        })
    }

    /// True when the row satisfies the clause.
    #[inline]
    pub fn matches(&self, row: &Row) -> bool {
        match self {
            Clause::Bool(constant) => *constant,
            Clause::Compare {
                column,
                function,
                arg,
            } => function.holds(row.get(*column), arg),
        }
    }

    /// The notation of this clause.
    pub fn to_json(&self, table: &TableSchema) -> Value {
        match self {
            Clause::Bool(constant) => Value::Bool(*constant),
            Clause::Compare {
                column,
                function,
                arg,
            } => {
                let column = table.column_schema(*column);
                Value::Array(vec![
                    (*column.name).into(),
                    function.name().into(),
                    arg.to_json(&column.ty),
                ])
            }
        }
    }
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
        json: &Value,
        table: &TableSchema,
        mut symbols: Option<&mut Symbols<'_>>,
    ) -> Result<Condition, OvsdbError> {
        let Value::Array(clauses) = json else {
            return Err(OvsdbError::syntax(json, "array expected"));
        };
        let parse = |clause| Clause::from_json(clause, table, symbols.as_deref_mut());
        Ok(Condition {
            clauses: clauses.iter().map(parse).collect::<Result<_, _>>()?,
        })
    }

    /// True when every clause holds (`where` of an operation; empty holds).
    #[inline]
    pub fn matches_all(&self, row: &Row, _table: &TableSchema) -> bool {
        self.clauses.iter().all(|clause| clause.matches(row))
    }

    /// True when any clause holds (`where` of a monitor; empty holds).
    #[inline]
    pub fn matches_any(&self, row: &Row) -> bool {
        self.clauses.is_empty() || self.clauses.iter().any(|clause| clause.matches(row))
    }

    /// The uuid that rows must have, when a clause says `_uuid == U`: the fast path of every IDL write.
    #[inline]
    pub fn uuid(&self) -> Option<Uuid> {
        self.clauses.iter().find_map(|clause| match clause {
            Clause::Compare {
                column: ColumnIdx::UUID,
                function: Function::Eq | Function::Includes,
                arg: Datum::One(Atom::Uuid(uuid)),
            } => Some(*uuid),
            _ => None,
        })
    }

    /// The notation of this condition.
    pub fn to_json(&self, table: &TableSchema) -> Value {
        Value::Array(self.clauses.iter().map(|clause| clause.to_json(table)).collect())
    }
}
