//! A transaction that a database refuses: which rows are to blame, and the others written all the same.
//!
//! In: the operations, what became of each attempt ([`Search`]). Out: transactions to attempt, and at last the
//! operations that are left out ([`LeftOut`]). Never here: connections, when to try again.
//!
//! What is refused is halved, down to operations that are refused by themselves. What refers to a row that could not
//! be inserted is left out with it. Rows that exist only while others refer to them come with the first who do.

use std::collections::{BTreeMap, BTreeSet};

use ovsdb_data::DatabaseSchema;
use ovsdb_data::base_type::{BaseType, ColumnType, RefKind};
use serde_json::Value;

/// After so many operations that were refused by themselves it is not the rows that are to blame.
const PATIENCE: usize = 200;

/// An operation on one row.
#[derive(Clone, Debug)]
struct Operation {
    value: Value,
    /// The row's uuid.
    row: String,
    /// The rows that must be there for it.
    needs: Vec<String>,
}

impl Operation {
    fn of(value: Value, schema: &DatabaseSchema) -> Operation {
        let row = value["uuid"]
            .as_str()
            .or_else(|| value["where"][0][2][1].as_str());
        let row = row.unwrap_or_default().to_owned();
        let table = value["table"].as_str().and_then(|name| schema.table_idx(name));
        let columns = value["row"].as_object().into_iter().flatten();
        let mut needs = Vec::new();
        for (name, value) in columns {
            let column = table.and_then(|table| {
                let table = schema.table(table);
                Some(table.column_schema(table.column(name)?))
            });
            if column.is_some_and(|column| is_strong(&column.ty)) {
                references(value, &mut needs);
            }
        }
        Operation { value, row, needs }
    }

    fn is(&self, kind: &str) -> bool {
        self.value["op"] == kind
    }
}

/// Whether a column of a type must refer to rows that are there.
fn is_strong(ty: &ColumnType) -> bool {
    let bases = [Some(&ty.key), ty.value.as_ref()];
    let mut references = bases.into_iter().flatten().filter_map(BaseType::reference);
    references.any(|(_, kind)| kind == RefKind::Strong)
}

/// Every `["uuid", …]` in a value.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(values) => match &values[..] {
            [Value::String(tag), Value::String(uuid)] if tag == "uuid" => found.push(uuid.clone()),
            values => values.iter().for_each(|value| references(value, found)),
        },
        Value::Object(columns) => columns.values().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Operations that are refused, and what refers to rows that they would have inserted.
#[derive(Debug, Default)]
pub struct LeftOut {
    operations: BTreeSet<String>,
    rows: BTreeSet<String>,
}

impl LeftOut {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// These, too.
    pub fn add(&mut self, more: LeftOut) {
        self.operations.extend(more.operations);
        self.rows.extend(more.rows);
    }

    /// Operations without these.
    pub fn without(&mut self, mut operations: Vec<Value>, schema: &DatabaseSchema) -> Vec<Value> {
        if self.is_empty() {
            return operations;
        }
        operations.retain(|value| {
            let operation = Operation::of(value.clone(), schema);
            let lacks = operation.needs.iter().any(|row| self.rows.contains(row));
            let is_left_out = lacks || self.operations.contains(&value.to_string());
            // What was refused may have changed, and come now.
            match (operation.is("insert"), is_left_out) {
                (true, true) => _ = self.rows.insert(operation.row),
                (true, false) => _ = self.rows.remove(&operation.row),
                (false, _) => {}
            }
            !is_left_out
        });
        operations
    }
}

/// The search for what is refused.
pub struct Search {
    /// To be attempted, the next last.
    queue: Vec<Vec<Operation>>,
    /// Attempted now.
    attempted: Vec<Operation>,
    /// Inserts of rows that need somebody who refers to them, and were not written yet.
    companions: BTreeMap<String, Operation>,
    /// Refused by themselves, and why.
    refused: Vec<(Operation, String)>,
    /// Not attempted, for they refer to rows that are not there.
    dependent: Vec<Operation>,
    /// Rows that could not be inserted.
    missing: BTreeSet<String>,
    /// Something was written since refused operations were attempted last.
    has_written: bool,
    n_refused: usize,
}

impl Search {
    /// Among these operations, which together were refused.
    pub fn new(operations: Vec<Value>, schema: &DatabaseSchema) -> Search {
        let is_companion = |operation: &Operation| {
            let table = operation.value["table"]
                .as_str()
                .and_then(|name| schema.table_idx(name));
            operation.is("insert") && table.is_some_and(|table| !schema.table(table).is_root)
        };
        // Rows come before those that refer to them, and go after them. That all is there is said last.
        let operations = operations.into_iter().map(|value| Operation::of(value, schema));
        let (deletes, others): (Vec<_>, Vec<_>) = operations.partition(|operation| operation.is("delete"));
        let (companions, others): (Vec<_>, Vec<_>) = others.into_iter().partition(is_companion);
        let (last, others): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|operation| operation.value["table"] == "SB_Global");
        let all: Vec<Operation> = others
            .into_iter()
            .chain(deletes.into_iter().rev())
            .chain(last)
            .collect();
        Search {
            queue: vec![all],
            attempted: Vec::new(),
            companions: companions
                .into_iter()
                .map(|companion| (companion.row.clone(), companion))
                .collect(),
            refused: Vec::new(),
            dependent: Vec::new(),
            missing: BTreeSet::new(),
            has_written: false,
            n_refused: 0,
        }
    }

    /// The next attempt; none where the search has ended.
    pub fn attempt(&mut self) -> Option<Vec<Value>> {
        while !self.has_given_up() {
            let Some(batch) = self.queue.pop() else {
                if !std::mem::take(&mut self.has_written) || self.refused.is_empty() {
                    return None;
                }
                // It may have been in the way of what is written by now, or the other way round.
                let again = std::mem::take(&mut self.refused)
                    .into_iter()
                    .map(|(operation, _)| operation);
                let again: Vec<Operation> = again.chain(std::mem::take(&mut self.dependent)).collect();
                self.missing.clear();
                self.queue.push(again);
                continue;
            };
            for operation in batch {
                match self.lacks(&operation) {
                    false => self.attempted.push(operation),
                    true => {
                        if operation.is("insert") {
                            self.missing.insert(operation.row.clone());
                        }
                        self.dependent.push(operation);
                    }
                }
            }
            if !self.attempted.is_empty() {
                let mut operations = Vec::new();
                let mut seen = BTreeSet::new();
                for operation in &self.attempted {
                    self.accompany(operation, &mut seen, &mut operations);
                    operations.push(operation.value.clone());
                }
                return Some(operations);
            }
        }
        None
    }

    /// Whether a row that an operation needs cannot be there.
    fn lacks(&self, operation: &Operation) -> bool {
        let is_lacking = |row: &String| {
            self.missing.contains(row) || self.companions.get(row).is_some_and(|row| self.lacks(row))
        };
        operation.needs.iter().any(is_lacking)
    }

    /// Adds the rows that need an operation to refer to them.
    fn accompany(&self, operation: &Operation, seen: &mut BTreeSet<String>, operations: &mut Vec<Value>) {
        for row in &operation.needs {
            if let Some(companion) = self.companions.get(row)
                && seen.insert(row.clone())
            {
                self.accompany(companion, seen, operations);
                operations.push(companion.value.clone());
            }
        }
    }

    /// The attempt was committed.
    pub fn was_committed(&mut self) {
        self.has_written = true;
        let mut written: Vec<Operation> = std::mem::take(&mut self.attempted);
        while let Some(operation) = written.pop() {
            written.extend(
                operation
                    .needs
                    .iter()
                    .filter_map(|row| self.companions.remove(row)),
            );
        }
    }

    /// The attempt was refused.
    pub fn was_refused(&mut self, error: &str) {
        let mut attempted = std::mem::take(&mut self.attempted);
        if attempted.len() > 1 {
            let second = attempted.split_off(attempted.len() / 2);
            self.queue.extend([second, attempted]);
        } else if let Some(operation) = attempted.pop() {
            self.n_refused += 1;
            if operation.is("insert") {
                self.missing.insert(operation.row.clone());
            }
            self.refused.push((operation, error.to_owned()));
        }
    }

    /// Whether so much was refused that no row can be to blame.
    pub fn has_given_up(&self) -> bool {
        self.n_refused > PATIENCE
    }

    /// What was refused by itself: the table, the row, and why.
    pub fn refused(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.refused.iter().map(|(operation, error)| {
            let table = operation.value["table"].as_str().unwrap_or_default();
            (table, &*operation.row, &**error)
        })
    }

    /// What is to be left out.
    pub fn left_out(self) -> LeftOut {
        LeftOut {
            operations: self
                .refused
                .iter()
                .map(|(operation, _)| operation.value.to_string())
                .collect(),
            rows: self.missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use ovn_schemas::Db;
    use serde_json::json;

    use super::*;

    /// A database that refuses some rows, and rows that refer to none.
    struct Refusing {
        rows: BTreeSet<String>,
        refused: Vec<&'static str>,
        schema: DatabaseSchema,
    }

    impl Refusing {
        fn execute(&mut self, operations: &[Value]) -> bool {
            let operations = operations.iter().cloned();
            let operations: Vec<Operation> = operations
                .map(|value| Operation::of(value, &self.schema))
                .collect();
            let mut rows = self.rows.clone();
            rows.extend(
                operations
                    .iter()
                    .filter(|op| op.is("insert"))
                    .map(|op| op.row.clone()),
            );
            // What nobody refers to, and is no root, is collected.
            let referred: BTreeSet<&String> = operations.iter().flat_map(|op| &op.needs).collect();
            let is_group = |op: &Operation| op.value["table"] == "Logical_DP_Group";
            rows.retain(|row| {
                let mut groups = operations.iter().filter(|op| is_group(op));
                groups.all(|op| op.row != *row) || referred.contains(row)
            });
            let is_refused = operations
                .iter()
                .any(|op| self.refused.contains(&&*op.row) || op.needs.iter().any(|row| !rows.contains(row)));
            if !is_refused {
                self.rows = rows;
            }
            !is_refused
        }
    }

    fn insert(table: &str, row: &str, column: &str, to: &str) -> Value {
        json!({"op": "insert", "table": table, "uuid": row, "row": {column: ["uuid", to]}})
    }

    #[test]
    fn what_is_refused_is_found_and_the_rest_is_written() {
        let check = |refused: &[&'static str], found: &[&str], written: &[&str]| {
            let operations = vec![
                insert("SB_Global", "global", "", ""),
                insert("Datapath_Binding", "dp1", "", ""),
                insert("Datapath_Binding", "dp2", "", ""),
                insert("Port_Binding", "port1", "datapath", "dp1"),
                insert("Port_Binding", "port2", "datapath", "dp2"),
                insert("Logical_DP_Group", "group", "datapaths", "dp2"),
                insert("Logical_Flow", "flow1", "logical_dp_group", "group"),
                insert("Logical_Flow", "flow2", "logical_dp_group", "group"),
                insert("Logical_Flow", "flow3", "logical_datapath", "dp2"),
            ];
            let mut database = Refusing {
                rows: BTreeSet::new(),
                refused: refused.to_vec(),
                schema: ovn_schemas::schema(Db::OvnSouthbound),
            };
            let mut search = Search::new(operations.clone(), &database.schema);
            while let Some(attempt) = search.attempt() {
                match database.execute(&attempt) {
                    true => search.was_committed(),
                    false => search.was_refused("it is"),
                }
            }
            assert!(!search.has_given_up(), "{refused:?}");
            let mut blamed: Vec<&str> = search.refused().map(|(_, row, _)| row).collect();
            blamed.sort_unstable();
            assert_eq!(blamed, found, "{refused:?}");
            let rows: Vec<&str> = database.rows.iter().map(|row| &**row).collect();
            assert_eq!(rows, written, "{refused:?}");
            let left = search.left_out().without(operations, &database.schema);
            let mut left: Vec<String> = left
                .into_iter()
                .map(|value| Operation::of(value, &database.schema).row)
                .collect();
            left.sort_unstable();
            assert_eq!(left, written, "{refused:?}");
        };
        let all = [
            "dp1", "dp2", "flow1", "flow2", "flow3", "global", "group", "port1", "port2",
        ];
        check(&[], &[], &all);
        check(
            &["flow1"],
            &["flow1"],
            &[
                "dp1", "dp2", "flow2", "flow3", "global", "group", "port1", "port2",
            ],
        );
        check(
            &["port1", "flow3"],
            &["flow3", "port1"],
            &["dp1", "dp2", "flow1", "flow2", "global", "group", "port2"],
        );
        check(
            &["dp2"],
            &["dp2"],
            &["dp1", "flow1", "flow2", "global", "group", "port1"],
        );
    }
}
