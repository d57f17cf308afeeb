//! Executes a transaction's operations on the latest state, without side effects (RFC 7047 §4.1.3, §5.2).

use std::collections::BTreeSet;
use std::time::Duration;

use ovsdb_data::operation::{OpResult, PartialRow, Until};
use ovsdb_data::{
    ColumnIdx, Condition, Datum, Operation, OvsdbError, Row, RowChange, Symbols, TableIdx, TableSchema, Uuid,
};
use serde_json::Value;

use crate::database::Database;
use crate::rbac::{self, Access, Identity};
use crate::txn::Txn;

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
    /// A `wait` does not hold yet: run again when `table` changes, or at the deadline.
    Wait {
        /// Time since the first run at which the wait fails; none is never.
        deadline: Option<Duration>,
        /// The table whose changes may make it hold.
        table: TableIdx,
    },
}

/// What stops a transaction at an operation.
enum Stop {
    Error(OvsdbError),
    Wait(Option<Duration>, TableIdx),
}

impl From<OvsdbError> for Stop {
    fn from(error: OvsdbError) -> Self {
        Stop::Error(error)
    }
}

impl Database {
    /// Runs a transaction. Each operation is parsed just before it runs, as the order of errors is visible.
    pub fn execute(&self, operations: &[Value], cx: &mut Context<'_>) -> Outcome {
        let mut run = Run {
            txn: Txn::new(self),
            comment: None,
            durable: false,
        };
        let mut results = Vec::with_capacity(operations.len());
        {
            let mut symbols = Symbols::new(&mut *cx.fresh);
            let rules = Rules {
                read_only: cx.read_only,
                identity: cx.identity,
                holds_lock: cx.holds_lock,
                elapsed: cx.elapsed,
            };
            for (i, json) in operations.iter().enumerate() {
                let parsed =
                    Operation::from_json(json, i + 1, operations.len(), &self.head.schema, &mut symbols);
                let ran = parsed.map_err(Stop::from).and_then(|operation| {
                    let result = run.operation(&operation, &rules, &mut symbols)?;
                    run.check_writable(&operation, &rules)?;
                    Ok(result)
                });
                match ran {
                    Ok(result) => results.push(result),
                    Err(Stop::Wait(deadline, table)) => return Outcome::Wait { deadline, table },
                    Err(Stop::Error(error)) => {
                        let mut replies: Vec<OpReply> = results.into_iter().map(|r| Some(Ok(r))).collect();
                        replies.push(Some(Err(error)));
                        replies.resize_with(operations.len(), || None);
                        return Outcome::Failed { replies };
                    }
                }
            }
        }
        let Run {
            txn,
            comment,
            durable,
            ..
        } = run;
        match txn.commit(cx.fresh) {
            Ok(changes) => Outcome::Done {
                replies: results,
                changes,
                comment,
                durable,
            },
            Err(error) => {
                let mut replies: Vec<OpReply> = results.into_iter().map(|r| Some(Ok(r))).collect();
                replies.push(Some(Err(error)));
                Outcome::Failed { replies }
            }
        }
    }
}

/// The parts of the context that stay the same from operation to operation.
struct Rules<'a> {
    read_only: bool,
    identity: Option<&'a Identity>,
    holds_lock: &'a dyn Fn(&str) -> bool,
    elapsed: Duration,
}

struct Run<'a> {
    txn: Txn<'a>,
    comment: Option<String>,
    durable: bool,
}

impl Run<'_> {
    fn operation(
        &mut self,
        operation: &Operation,
        rules: &Rules<'_>,
        symbols: &mut Symbols<'_>,
    ) -> Result<OpResult, Stop> {
        let schema = self.txn.db.head.schema.clone();
        match operation {
            Operation::Insert {
                table,
                uuid,
                uuid_given,
                row,
            } => {
                let key = (*table, *uuid);
                if *uuid_given && self.txn.is_taken(key) {
                    return Err(OvsdbError::at(
                        "duplicate uuid",
                        &Value::from(uuid.to_string()),
                        "This UUID would duplicate a UUID already present within the table or deleted within \
                         the same transaction.",
                    )
                    .into());
                }
                let row = schema
                    .table(*table)
                    .new_row(*uuid, symbols.fresh(), row.clone())?;
                rbac::check(&self.txn, rules.identity, *table, &Access::Insert(&row))?;
                self.txn.put(key, Some(row));
                Ok(OpResult::Uuid(*uuid))
            }
            Operation::Select {
                table,
                condition,
                columns,
                sort,
            } => {
                let mut rows = self.matching(*table, condition);
                if !sort.is_empty() {
                    rows.sort_by(|a, b| {
                        let key = |row: &Row| sort.iter().map(|c| row.get(*c).clone()).collect::<Vec<_>>();
                        key(a).cmp(&key(b))
                    });
                }
                if !columns.contains(&ColumnIdx::UUID) {
                    let mut seen = BTreeSet::new();
                    rows.retain(|row| {
                        seen.insert(columns.iter().map(|c| row.get(*c).clone()).collect::<Vec<_>>())
                    });
                }
                Ok(OpResult::Rows {
                    table: *table,
                    columns: columns.clone(),
                    rows,
                })
            }
            Operation::Update {
                table,
                condition,
                row,
            } => {
                let columns: Vec<ColumnIdx> = row.iter().map(|(c, _)| *c).collect();
                rbac::check(
                    &self.txn,
                    rules.identity,
                    *table,
                    &Access::Update(condition, &columns),
                )?;
                let rows = self.matching(*table, condition);
                for old in &rows {
                    if row.iter().any(|(c, value)| old.get(*c) != value) {
                        self.txn
                            .put((*table, old.uuid()), Some(old.with(row.iter().cloned())));
                    }
                }
                Ok(OpResult::Count(rows.len()))
            }
            Operation::Mutate {
                table,
                condition,
                mutations,
            } => {
                let columns: Vec<ColumnIdx> = mutations.iter().map(|m| m.column).collect();
                if !mutations.is_empty() {
                    rbac::check(
                        &self.txn,
                        rules.identity,
                        *table,
                        &Access::Mutate(condition, &columns),
                    )?;
                }
                let rows = self.matching(*table, condition);
                for old in &rows {
                    let mut new = old.clone();
                    for mutation in mutations {
                        let value = mutation.apply(new.get(mutation.column), schema.table(*table))?;
                        if value != *new.get(mutation.column) {
                            new = new.with_column(mutation.column, value);
                        }
                    }
                    if !new.same(old) {
                        self.txn.put((*table, old.uuid()), Some(new));
                    }
                }
                Ok(OpResult::Count(rows.len()))
            }
            Operation::Delete { table, condition } => {
                rbac::check(&self.txn, rules.identity, *table, &Access::Delete(condition))?;
                let rows = self.matching(*table, condition);
                for row in &rows {
                    self.txn.put((*table, row.uuid()), None);
                }
                Ok(OpResult::Count(rows.len()))
            }
            Operation::Wait {
                timeout_ms,
                table,
                condition,
                columns,
                until,
                rows,
            } => {
                let timeout = timeout_ms.map(Duration::from_millis);
                let holds = self.is_equal(*table, condition, columns, rows)? == (*until == Until::Equal);
                if holds {
                    return Ok(OpResult::Empty);
                }
                match timeout {
                    Some(timeout) if rules.elapsed >= timeout => {
                        let elapsed_ms = rules.elapsed.as_millis();
                        Err(Stop::Error(OvsdbError::new(
                            "timed out",
                            match elapsed_ms {
                                0 => "\"where\" clause test failed".to_owned(),
                                _ => format!("\"wait\" timed out after {elapsed_ms} ms"),
                            },
                        )))
                    }
                    // Its own time, not the shortest of all waits: it would run again and again for nothing.
                    _ => Err(Stop::Wait(timeout, *table)),
                }
            }
            Operation::Commit { durable } => {
                self.durable |= durable;
                Ok(OpResult::Empty)
            }
            Operation::Abort => Err(OvsdbError::new("aborted", "aborted by request").into()),
            Operation::Comment(text) => {
                match &mut self.comment {
                    Some(comment) if !comment.is_empty() => {
                        comment.push('\n');
                        comment.push_str(text);
                    }
                    // An empty comment is none, and adds no line.
                    comment => *comment = Some(text.clone()).filter(|text| !text.is_empty()),
                }
                Ok(OpResult::Empty)
            }
            Operation::Assert { lock } if (rules.holds_lock)(lock) => Ok(OpResult::Empty),
            Operation::Assert { lock } => {
                Err(OvsdbError::new("not owner", format!("Asserted lock {lock} not held.")).into())
            }
        }
    }

    /// Read-only sessions and reserved databases refuse writes, after every other error of the operation.
    fn check_writable(&self, operation: &Operation, rules: &Rules<'_>) -> Result<(), OvsdbError> {
        if operation.is_read_only() {
            return Ok(());
        }
        let name = &self.txn.db.head.schema.name;
        let op = operation.name();
        if rules.read_only {
            return Err(OvsdbError::new(
                "not allowed",
                format!("{op} operation not allowed when database server is in read only mode"),
            ));
        }
        if name.starts_with('_') {
            return Err(OvsdbError::new(
                "not allowed",
                format!("{op} operation not allowed on table in reserved database {name}"),
            ));
        }
        Ok(())
    }

    fn matching(&self, table: TableIdx, condition: &Condition) -> Vec<Row> {
        self.txn.matching(table, condition).cloned().collect()
    }

    /// Compares what `condition` selects with `expected`, as sets, in the columns named.
    fn is_equal(
        &self,
        table: TableIdx,
        condition: &Condition,
        columns: &[ColumnIdx],
        expected: &[PartialRow],
    ) -> Result<bool, OvsdbError> {
        let schema = self.txn.db.head.schema.table(table);
        let expected: BTreeSet<Vec<Datum>> = expected
            .iter()
            .map(|row| columns.iter().map(|c| value(schema, row, *c)).collect())
            .collect();
        let actual: BTreeSet<Vec<Datum>> = self
            .matching(table, condition)
            .iter()
            .map(|row| columns.iter().map(|c| row.get(*c).clone()).collect())
            .collect();
        Ok(actual == expected)
    }
}

fn value(schema: &TableSchema, row: &PartialRow, column: ColumnIdx) -> Datum {
    let named = row
        .iter()
        .find(|(c, _)| *c == column)
        .map(|(_, value)| value.clone());
    named.unwrap_or_else(|| schema.column_schema(column).default.clone())
}
