//! The operations of a transaction, parsed against the schema (RFC 7047 §5.2), and their results.

use serde_json::Value;
use uuid::Uuid;

use crate::condition::Condition;
use crate::datum::Datum;
use crate::error::OvsdbError;
use crate::json::parse_uuid;
use crate::members::{Members, kind};
use crate::mutation::Mutation;
use crate::row::Row;
use crate::schema::{ColumnIdx, DatabaseSchema, TableIdx, TableSchema};
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
        json: &Value,
        index: usize,
        n: usize,
        schema: &DatabaseSchema,
        symbols: &mut Symbols<'_>,
    ) -> Result<Operation, OvsdbError> {
        let what = format_args!("ovsdb operation {index} of {n}");
        let mut members = Members::new(json, &what);
        let Some(op) = members.required("op", kind::ID).and_then(Value::as_str) else {
            return Err(members.into_error());
        };
        // Each parser takes its members first and calls `finish`: a superfluous member outdoes every later error.
        match op {
            "insert" => insert(members, schema, symbols),
            "select" => select(members, schema, symbols),
            "update" => update(members, json, schema, symbols),
            "mutate" => mutate(members, schema, symbols),
            "delete" => delete(members, schema, symbols),
            "wait" => wait(members, schema, symbols),
            "commit" => {
                let durable = members
                    .required("durable", kind::BOOLEAN)
                    .and_then(Value::as_bool);
                members.finish()?;
                Ok(Operation::Commit {
                    durable: durable.unwrap_or(false),
                })
            }
            "abort" => members.finish().map(|()| Operation::Abort),
            "comment" => {
                let comment = members.required("comment", kind::STRING).and_then(Value::as_str);
                members.finish()?;
                Ok(Operation::Comment(comment.unwrap_or_default().to_owned()))
            }
            "assert" => {
                let lock = members.required("lock", kind::ID).and_then(Value::as_str);
                members.finish()?;
                Ok(Operation::Assert {
                    lock: lock.unwrap_or_default().to_owned(),
                })
            }
            _ => {
                members.raise(format_args!("No operation \"{op}\""));
                Err(members.into_error())
            }
        }
    }

    /// The operation's name, as in `"op"`.
    pub const fn name(&self) -> &'static str {
        match self {
            Operation::Insert { .. } => "insert",
            Operation::Select { .. } => "select",
            Operation::Update { .. } => "update",
            Operation::Mutate { .. } => "mutate",
            Operation::Delete { .. } => "delete",
            Operation::Wait { .. } => "wait",
            Operation::Commit { .. } => "commit",
            Operation::Abort => "abort",
            Operation::Comment(_) => "comment",
            Operation::Assert { .. } => "assert",
        }
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

type TableRef<'a> = (TableIdx, &'a TableSchema);

/// Takes the member `table`.
fn table<'a>(members: &mut Members<'_>, schema: &'a DatabaseSchema) -> Option<TableRef<'a>> {
    let name = members.required("table", kind::ID)?.as_str()?;
    let Some(table) = schema.table_idx(name) else {
        members.raise(format_args!("No table named {name}."));
        return None;
    };
    Some((table, schema.table(table)))
}

fn insert(
    mut members: Members<'_>,
    schema: &DatabaseSchema,
    symbols: &mut Symbols<'_>,
) -> Result<Operation, OvsdbError> {
    let table = table(&mut members, schema);
    let given = members.optional("uuid", kind::STRING);
    let name = members.optional("uuid-name", kind::ID);
    let row = members.required("row", kind::OBJECT);
    let (Some((table, table_schema)), Some(row)) = (table, row) else {
        return Err(members.into_error());
    };
    members.finish()?;

    let given = match given {
        Some(json) => match json.as_str().and_then(parse_uuid) {
            Some(uuid) => Some(uuid),
            None => return Err(OvsdbError::syntax(json, "bad uuid")),
        },
        None => None,
    };
    let uuid = match (name, given) {
        (Some(name), _) => {
            let symbol = symbols.get(name.as_str().unwrap_or_default());
            if symbol.created {
                let details = "This \"uuid-name\" appeared on an earlier \"insert\" operation.";
                return Err(OvsdbError::at("duplicate uuid-name", name, details));
            }
            symbol.created = true;
            symbol.uuid = given.unwrap_or(symbol.uuid);
            symbol.uuid
        }
        (None, Some(uuid)) => uuid,
        (None, None) => symbols.fresh(),
    };
    let row = table_schema.row_from_json(row, Some(symbols))?;
    Ok(Operation::Insert {
        table,
        uuid,
        uuid_given: given.is_some(),
        row,
    })
}

fn select(
    mut members: Members<'_>,
    schema: &DatabaseSchema,
    symbols: &mut Symbols<'_>,
) -> Result<Operation, OvsdbError> {
    let table = table(&mut members, schema);
    let condition = members.required("where", kind::ARRAY);
    let columns = members.optional("columns", kind::ARRAY);
    let sort = members.optional("sort", kind::ARRAY);
    let (Some((table, table_schema)), Some(condition)) = (table, condition) else {
        return Err(members.into_error());
    };
    members.finish()?;

    let condition = Condition::from_json(condition, table_schema, Some(symbols))?;
    let columns = column_set(columns, table_schema)?;
    let sort = sort.map_or(Ok(Vec::new()), |sort| table_schema.columns_from_json(sort))?;
    Ok(Operation::Select {
        table,
        condition,
        columns,
        sort,
    })
}

fn update(
    mut members: Members<'_>,
    json: &Value,
    schema: &DatabaseSchema,
    symbols: &mut Symbols<'_>,
) -> Result<Operation, OvsdbError> {
    let table = table(&mut members, schema);
    let condition = members.required("where", kind::ARRAY);
    let row = members.required("row", kind::OBJECT);
    let (Some((table, table_schema)), Some(condition), Some(row)) = (table, condition, row) else {
        return Err(members.into_error());
    };
    members.finish()?;

    let row = table_schema.row_from_json(row, Some(&mut *symbols))?;
    for (column, _) in &row {
        let column = table_schema.column_schema(*column);
        if !column.mutable {
            let details = format!(
                "Cannot update immutable column {} in table {}.",
                column.name, table_schema.name
            );
            return Err(OvsdbError::at("constraint violation", json, details));
        }
    }
    let condition = Condition::from_json(condition, table_schema, Some(symbols))?;
    Ok(Operation::Update {
        table,
        condition,
        row,
    })
}

fn mutate(
    mut members: Members<'_>,
    schema: &DatabaseSchema,
    symbols: &mut Symbols<'_>,
) -> Result<Operation, OvsdbError> {
    let table = table(&mut members, schema);
    let condition = members.required("where", kind::ARRAY);
    let mutations = members.required("mutations", kind::ARRAY);
    let (Some((table, table_schema)), Some(condition), Some(mutations)) = (table, condition, mutations)
    else {
        return Err(members.into_error());
    };
    members.finish()?;

    let mutations = Mutation::list_from_json(mutations, table_schema, Some(&mut *symbols))?;
    let condition = Condition::from_json(condition, table_schema, Some(symbols))?;
    Ok(Operation::Mutate {
        table,
        condition,
        mutations,
    })
}

fn delete(
    mut members: Members<'_>,
    schema: &DatabaseSchema,
    symbols: &mut Symbols<'_>,
) -> Result<Operation, OvsdbError> {
    let condition = members.required("where", kind::ARRAY);
    let table = table(&mut members, schema);
    let (Some((table, table_schema)), Some(condition)) = (table, condition) else {
        return Err(members.into_error());
    };
    members.finish()?;

    let condition = Condition::from_json(condition, table_schema, Some(symbols))?;
    Ok(Operation::Delete { table, condition })
}

fn wait(
    mut members: Members<'_>,
    schema: &DatabaseSchema,
    symbols: &mut Symbols<'_>,
) -> Result<Operation, OvsdbError> {
    let timeout = members.optional("timeout", kind::INTEGER);
    let condition = members.required("where", kind::ARRAY);
    let columns = members.optional("columns", kind::ARRAY);
    let until = members.required("until", kind::STRING);
    let rows = members.required("rows", kind::ARRAY).and_then(Value::as_array);
    let table = table(&mut members, schema);
    let (Some((table, table_schema)), Some(condition), Some(until), Some(rows)) =
        (table, condition, until, rows)
    else {
        return Err(members.into_error());
    };
    members.finish()?;

    let condition = Condition::from_json(condition, table_schema, Some(&mut *symbols))?;
    let columns = column_set(columns, table_schema)?;
    let timeout_ms = match timeout {
        Some(json) => match json.as_u64() {
            Some(timeout_ms) => Some(timeout_ms),
            None => return Err(OvsdbError::syntax(json, "timeout must be nonnegative")),
        },
        None => None,
    };
    let until = match until.as_str() {
        Some("==") => Until::Equal,
        Some("!=") => Until::NotEqual,
        _ => return Err(OvsdbError::syntax(until, "\"until\" must be \"==\" or \"!=\"")),
    };
    let mut expected = Vec::with_capacity(rows.len());
    for row in rows {
        let mut row = table_schema.row_from_json(row, Some(&mut *symbols))?;
        row.retain(|(column, _)| columns.binary_search(column).is_ok());
        expected.push(row);
    }
    Ok(Operation::Wait {
        timeout_ms,
        table,
        condition,
        columns,
        until,
        rows: expected,
    })
}

/// The columns of an array of names, ascending; all of them when there is no array.
fn column_set(json: Option<&Value>, table: &TableSchema) -> Result<Vec<ColumnIdx>, OvsdbError> {
    let Some(json) = json else {
        return Ok(table.all_columns());
    };
    let mut columns = table.columns_from_json(json)?;
    columns.sort_unstable();
    Ok(columns)
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
