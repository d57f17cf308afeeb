//! The database against a naive one: rows in one map, everything recomputed from all rows at each commit. Random
//! schemas, random transactions; both must give the same results, errors and rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ovsdb_data::base_type::RefKind;
use ovsdb_data::monitor::{MonitorSpec, MonitorVersion};
use ovsdb_data::operation::{OpResult, PartialRow, Until};
use ovsdb_data::{
    Atom, AtomicType, BaseType, ColumnIdx, ColumnType, Condition, DatabaseSchema, Datum, Operation, Row,
    RowChange, Symbols, TableIdx, TxnId, Uuid,
};
use ovsdb_engine::pending::Pending;
use ovsdb_engine::{Context, Database, History, Outcome, Snapshot, monitor};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

// --- the naive database ---

type Key = (TableIdx, Uuid);

/// Rows, their `_version`s all zero.
#[derive(Clone, Debug, Default, PartialEq)]
struct Naive {
    rows: BTreeMap<Key, Row>,
}

/// What an operation yields, rows as a set.
#[derive(Debug, PartialEq)]
enum Reply {
    Uuid(Uuid),
    Count(usize),
    Rows(BTreeSet<String>),
    Empty,
}

/// The replies up to the first error, and its tag.
type Replies = (Vec<Reply>, Option<String>);

fn violation(what: &str) -> String {
    what.to_owned()
}

impl Naive {
    /// Runs a transaction; the state stays as it was when it fails.
    fn transact(&mut self, schema: &DatabaseSchema, operations: &[Value]) -> Replies {
        let mut next = self.clone();
        let mut replies = Vec::new();
        let mut fresh = Uuid::max;
        let mut symbols = Symbols::new(&mut fresh);
        for (i, json) in operations.iter().enumerate() {
            let parsed = Operation::from_json(json, i + 1, operations.len(), schema, &mut symbols);
            let ran = parsed
                .map_err(|error| error.tag.into_owned())
                .and_then(|operation| self.operation(&mut next, schema, operation));
            match ran {
                Ok(reply) => replies.push(reply),
                Err(tag) => return (replies, Some(tag)),
            }
        }
        match next.commit(schema) {
            Ok(()) => *self = next,
            Err(tag) => return (replies, Some(tag)),
        }
        (replies, None)
    }

    fn operation(
        &self,
        next: &mut Naive,
        schema: &DatabaseSchema,
        operation: Operation,
    ) -> Result<Reply, String> {
        let count = |rows: &[Row]| Ok(Reply::Count(rows.len()));
        match operation {
            Operation::Insert { table, uuid, row, .. } => {
                if self.rows.contains_key(&(table, uuid)) || next.rows.contains_key(&(table, uuid)) {
                    return Err(violation("duplicate uuid"));
                }
                let row = schema.table(table).new_row(uuid, Uuid::nil(), row);
                let row = row.map_err(|error| error.tag.into_owned())?;
                next.rows.insert((table, uuid), row);
                Ok(Reply::Uuid(uuid))
            }
            Operation::Select {
                table,
                condition,
                columns,
                ..
            } => Ok(Reply::Rows(shown(
                &next.matching(schema, table, &condition),
                &columns,
            ))),
            Operation::Update {
                table,
                condition,
                row,
            } => {
                let rows = next.matching(schema, table, &condition);
                for old in &rows {
                    next.rows.insert((table, old.uuid()), old.with(row.clone()));
                }
                count(&rows)
            }
            Operation::Mutate {
                table,
                condition,
                mutations,
            } => {
                let rows = next.matching(schema, table, &condition);
                for old in &rows {
                    let mut row = old.clone();
                    for mutation in &mutations {
                        let value = mutation.apply(row.get(mutation.column), schema.table(table));
                        let value = value.map_err(|error| error.tag.into_owned())?;
                        row = row.with([(mutation.column, value)]);
                    }
                    next.rows.insert((table, old.uuid()), row);
                }
                count(&rows)
            }
            Operation::Delete { table, condition } => {
                let rows = next.matching(schema, table, &condition);
                for row in &rows {
                    next.rows.remove(&(table, row.uuid()));
                }
                count(&rows)
            }
            Operation::Wait {
                table,
                condition,
                columns,
                until,
                rows,
                ..
            } => {
                let expected: Vec<Row> = rows.into_iter().map(|row| of(schema, table, row)).collect();
                let actual = next.matching(schema, table, &condition);
                let equal = shown(&actual, &columns) == shown(&expected, &columns);
                match equal == (until == Until::Equal) {
                    true => Ok(Reply::Empty),
                    false => Err(violation("timed out")),
                }
            }
            Operation::Abort => Err(violation("aborted")),
            Operation::Assert { .. } => Err(violation("not owner")),
            Operation::Comment(_) | Operation::Commit { .. } => Ok(Reply::Empty),
        }
    }

    fn matching(&self, schema: &DatabaseSchema, table: TableIdx, condition: &Condition) -> Vec<Row> {
        self.rows
            .iter()
            .filter(|((t, _), row)| *t == table && condition.matches_all(row, schema.table(table)))
            .map(|(_, row)| row.clone())
            .collect()
    }

    fn commit(&mut self, schema: &DatabaseSchema) -> Result<(), String> {
        for (from, row) in &self.rows {
            for (to, kind) in references(schema, *from, row) {
                if kind == RefKind::Strong && !self.rows.contains_key(&to) {
                    return Err(violation("referential integrity violation"));
                }
            }
        }
        self.collect_garbage(schema);
        for (table, table_schema) in schema.iter() {
            let n_rows = self.rows.keys().filter(|(t, _)| *t == table).count();
            if table_schema.max_rows.is_some_and(|max| n_rows > max as usize) {
                return Err(violation("constraint violation"));
            }
        }
        // One row at a time, lowest first, with the garbage that it makes.
        while let Some((key, row)) = self.without_dangling(schema) {
            for (column, column_schema) in schema.table(key.0).iter() {
                if row.get(column).len() < column_schema.ty.n_min as usize {
                    return Err(violation("constraint violation"));
                }
            }
            self.rows.insert(key, row);
            self.collect_garbage(schema);
        }
        for (table, table_schema) in schema.iter() {
            for index in &table_schema.indexes {
                let mut seen = BTreeSet::new();
                for (_, row) in self.rows.iter().filter(|((t, _), _)| *t == table) {
                    if !seen.insert(shown(std::slice::from_ref(row), index)) {
                        return Err(violation("constraint violation"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Deletes rows of non-root tables that no other row refers to strongly, until there is none.
    fn collect_garbage(&mut self, schema: &DatabaseSchema) {
        loop {
            let mut referenced = BTreeSet::new();
            for (from, row) in &self.rows {
                for (to, kind) in references(schema, *from, row) {
                    if kind == RefKind::Strong && to != *from {
                        referenced.insert(to);
                    }
                }
            }
            let before = self.rows.len();
            self.rows
                .retain(|key, _| schema.table(key.0).is_root || referenced.contains(key));
            if self.rows.len() == before {
                return;
            }
        }
    }

    /// The first row with weak references to nothing, without them.
    fn without_dangling(&self, schema: &DatabaseSchema) -> Option<(Key, Row)> {
        self.rows.iter().find_map(|(key, row)| {
            let new = schema.table(key.0).iter().fold(row.clone(), |row, (column, c)| {
                let dangles = |atom: &Atom, base: Option<&BaseType>| {
                    let reference = base.and_then(BaseType::reference);
                    matches!((reference, atom), (Some((table, RefKind::Weak)), Atom::Uuid(uuid))
                        if !self.rows.contains_key(&(table, *uuid)))
                };
                let (key, value) = (Some(&c.ty.key), c.ty.value.as_ref());
                let old = row.get(column);
                let new = if c.ty.is_map() {
                    let kept = old
                        .pairs()
                        .filter(|(k, v)| !dangles(k, key) && !dangles(v, value));
                    Datum::map_unique(kept.map(|(k, v)| (k.clone(), v.clone())))
                } else {
                    Datum::set_unique(old.atoms().filter(|atom| !dangles(atom, key)).cloned())
                };
                row.with([(column, new)])
            });
            (new != *row).then_some((*key, new))
        })
    }
}

/// A row of which a request names some columns.
fn of(schema: &DatabaseSchema, table: TableIdx, row: PartialRow) -> Row {
    schema.table(table).row_of(Uuid::nil(), Uuid::nil(), row)
}

fn shown(rows: &[Row], columns: &[ColumnIdx]) -> BTreeSet<String> {
    let show = |row: &Row| format!("{:?}", columns.iter().map(|c| row.get(*c)).collect::<Vec<_>>());
    rows.iter().map(show).collect()
}

/// Every reference that a row holds.
fn references(schema: &DatabaseSchema, from: Key, row: &Row) -> Vec<(Key, RefKind)> {
    let mut found = Vec::new();
    for (column, c) in schema.table(from.0).iter() {
        let mut note = |atom: &Atom, base: Option<&BaseType>| {
            if let (Some((table, kind)), Atom::Uuid(uuid)) = (base.and_then(BaseType::reference), atom) {
                found.push(((table, *uuid), kind));
            }
        };
        let datum = row.get(column);
        if c.ty.is_map() {
            for (key, value) in datum.pairs() {
                note(key, Some(&c.ty.key));
                note(value, c.ty.value.as_ref());
            }
        } else {
            datum.atoms().for_each(|atom| note(atom, Some(&c.ty.key)));
        }
    }
    found
}

// --- random schemas and transactions: small numbers, given a meaning by the schema ---

const N_ROWS: u8 = 4;

#[derive(Clone, Debug)]
struct TablePlan {
    is_root: bool,
    max_rows: Option<u8>,
    index: u8,
    /// Kind, and the table that it refers to.
    columns: Vec<(u8, u8)>,
}

#[derive(Clone, Debug)]
struct Step {
    kind: u8,
    table: u8,
    row: u8,
    condition: u8,
    /// Columns, each with what its value is made of.
    columns: Vec<(u8, Vec<u8>)>,
}

fn schema_plan() -> impl Strategy<Value = Vec<TablePlan>> {
    let table = (
        prop::bool::weighted(0.5),
        prop::option::weighted(0.2, 1..5_u8),
        0..12_u8,
        vec((0..50_u8, any::<u8>()), 1..5),
    );
    let table = table.prop_map(|(is_root, max_rows, index, columns)| TablePlan {
        is_root,
        max_rows,
        index,
        columns,
    });
    vec(table, 1..4)
}

fn transaction() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        0..40_u8,
        any::<u8>(),
        0..N_ROWS,
        0..7_u8,
        vec((any::<u8>(), vec(any::<u8>(), 0..4)), 1..5),
    );
    let step = step.prop_map(|(kind, table, row, condition, columns)| Step {
        kind,
        table,
        row,
        condition,
        columns,
    });
    vec(step, 1..6)
}

/// Columns `n` (an integer) and `s` (a string) in every table, then those of the plan.
fn schema(plan: &[TablePlan]) -> DatabaseSchema {
    let mut tables = Map::new();
    for (t, table) in plan.iter().enumerate() {
        let mut columns = Map::new();
        columns.insert(
            "n".into(),
            json!({"type": {"key": {"type": "integer", "minInteger": 0, "maxInteger": 6}}}),
        );
        columns.insert("s".into(), json!({"type": "string"}));
        for (c, (kind, target)) in table.columns.iter().enumerate() {
            let target = format!("T{}", usize::from(*target) % plan.len());
            let strong = json!({"type": "uuid", "refTable": target});
            let weak = json!({"type": "uuid", "refTable": target, "refType": "weak"});
            let ty = match kind {
                // What must not be empty makes rows of the table hard to insert: few of them.
                0 => json!({"key": strong}),
                1 => json!({"key": weak}),
                2 | 3 => json!({"key": weak, "min": 1, "max": 3}),
                4..=13 => json!({"key": strong, "min": 0, "max": 1}),
                14..=25 => json!({"key": strong, "min": 0, "max": "unlimited"}),
                26..=34 => json!({"key": weak, "min": 0, "max": "unlimited"}),
                35..=39 => json!({"key": "string", "value": strong, "min": 0, "max": 3}),
                40..=44 => json!({"key": strong, "value": weak, "min": 0, "max": "unlimited"}),
                _ => json!({"key": weak, "value": strong, "min": 0, "max": "unlimited"}),
            };
            columns.insert(format!("c{c}"), json!({"type": ty}));
        }
        let mut object = json!({"columns": columns, "isRoot": table.is_root});
        if let Some(max_rows) = table.max_rows {
            object["maxRows"] = max_rows.into();
        }
        match table.index {
            0 => object["indexes"] = json!([["n"]]),
            1 => object["indexes"] = json!([["s", "n"], ["c0"]]),
            _ => {}
        }
        tables.insert(format!("T{t}"), object);
    }
    let json = json!({"name": "D", "version": "1.0.0", "tables": tables});
    DatabaseSchema::from_json(&json).expect("plans make valid schemas")
}

fn row_uuid(table: usize, row: u8) -> Uuid {
    // Rows 4 and 5 are never inserted; row 6 is the default.
    match row % 7 {
        6 => Uuid::nil(),
        row => Uuid::from_u128(((table as u128) << 64) + u128::from(row) + 1),
    }
}

fn atom(base: &BaseType, seed: u8) -> Value {
    match (base.reference(), base.atomic) {
        // Mostly rows that may exist.
        (Some((table, _)), _) => {
            let row = if seed > 220 { seed % 7 } else { seed % N_ROWS };
            json!(["uuid", row_uuid(table.0.into(), row).to_string()])
        }
        (None, AtomicType::Integer) => json!(i64::from(if seed > 240 { 7 } else { seed % 7 })),
        (None, AtomicType::String) => json!(["", "a", "b", "c"][usize::from(seed % 4)]),
        (None, other) => unreachable!("no column holds {other:?}"),
    }
}

fn datum(ty: &ColumnType, seed: &[u8]) -> Value {
    let at = |i: usize| seed.get(i).copied().unwrap_or(0);
    if ty.n_max == 1 && ty.n_min == 1 {
        return atom(&ty.key, at(0));
    }
    let mut members = BTreeMap::new();
    for (i, byte) in seed.iter().enumerate() {
        let key = atom(&ty.key, *byte);
        let value = ty.value.as_ref().map(|base| atom(base, at(i + 1)));
        members.insert(key.to_string(), (key, value));
    }
    let n_max = ty.n_max.min(3) as usize;
    if members.is_empty() && ty.n_min == 1 {
        return atom(&ty.key, 0);
    }
    let members = members.into_values().take(n_max);
    match ty.is_map() {
        true => json!(["map", members.map(|(k, v)| json!([k, v])).collect::<Vec<_>>()]),
        false => json!(["set", members.map(|(k, _)| k).collect::<Vec<_>>()]),
    }
}

fn operation(schema: &DatabaseSchema, step: &Step) -> Value {
    let t = usize::from(step.table) % schema.tables.len();
    let table = schema.table(TableIdx(t as u16));
    let column = |i: u8| ColumnIdx(2 + u16::from(i) % (table.columns.len() as u16 - 2));
    let mut row = Map::new();
    for (i, seed) in &step.columns {
        let c = table.column_schema(column(*i));
        row.insert(c.name.to_string(), datum(&c.ty, seed));
    }
    let (first, seed) = match step.columns.first() {
        Some((i, seed)) => (column(*i), seed.clone()),
        None => (column(0), vec![step.row]),
    };
    let first = match table.column_schema(first) {
        // Strings cannot be mutated; other columns are of more interest anyway.
        string if &*string.name == "s" => table.column_schema(table.column("n").expect("in every table")),
        other => other,
    };
    let (name, value) = (&*first.name, datum(&first.ty, &seed));
    let uuid = row_uuid(t, step.row);
    let condition = match step.condition {
        0 => json!([]),
        1 => json!([["n", "<", 2]]),
        2 => json!([["s", "!=", "a"]]),
        3 => json!([[name, "includes", value]]),
        4 => json!([[name, "==", value], ["n", ">=", 1]]),
        _ => json!([["_uuid", "==", ["uuid", uuid.to_string()]]]),
    };
    let table = &*table.name;
    match step.kind {
        0..=12 => json!({"op": "insert", "table": table, "uuid": uuid.to_string(), "row": row}),
        13..=18 => json!({"op": "update", "table": table, "where": condition, "row": row}),
        19..=25 => {
            let mutator = match (first.ty.is_scalar(), step.row % 2) {
                (true, 0) => "+=",
                (true, _) => "-=",
                (false, 0) => "delete",
                (false, _) => "insert",
            };
            json!({"op": "mutate", "table": table, "where": condition, "mutations": [[name, mutator, value]]})
        }
        26..=32 => json!({"op": "delete", "table": table, "where": condition}),
        33..=35 => {
            json!({"op": "select", "table": table, "where": condition, "columns": ["_uuid", "n", "s", "c0"]})
        }
        36 => json!({"op": "wait", "timeout": 0, "table": table, "where": condition, "columns": [name],
            "until": "==", "rows": [{name: value}]}),
        37 => json!({"op": "wait", "timeout": 0, "table": table, "where": condition, "columns": [name],
            "until": "!=", "rows": [{name: value}]}),
        38 => json!({"op": "comment", "comment": "a"}),
        _ if step.row == 0 => json!({"op": "abort"}),
        _ => json!({"op": "commit", "durable": false}),
    }
}

/// A transaction's operations. Mostly, rows that its new rows refer to and that do not exist are
/// inserted first, and what exists is updated rather than inserted.
fn operations(schema: &DatabaseSchema, present: &Naive, steps: &[Step]) -> Vec<Value> {
    let mut operations = Vec::new();
    let mut present: BTreeSet<Key> = present.rows.keys().copied().collect();
    for step in steps {
        let mut operation = operation(schema, step);
        let mut fresh = Uuid::max;
        let parsed = Operation::from_json(&operation, 1, 1, schema, &mut Symbols::new(&mut fresh));
        if let (Ok(Operation::Insert { table, uuid, row, .. }), 1..) = (parsed, step.kind) {
            if !present.insert((table, uuid)) {
                let condition = json!([["_uuid", "==", ["uuid", operation["uuid"].take()]]]);
                let row = operation["row"].take();
                operation =
                    json!({"op": "update", "table": operation["table"], "where": condition, "row": row});
            }
            for (to, _) in references(schema, (table, uuid), &of(schema, table, row)) {
                if !to.1.is_nil() && present.insert(to) {
                    let table = &*schema.table(to.0).name;
                    operations
                        .push(json!({"op": "insert", "table": table, "uuid": to.1.to_string(), "row": {}}));
                }
            }
        }
        operations.push(operation);
    }
    operations
}

// --- the comparison ---

fn rows_of(snapshot: &Snapshot) -> BTreeMap<Key, Row> {
    let tables = snapshot.schema.iter();
    tables
        .flat_map(|(table, _)| {
            snapshot
                .table(table)
                .iter()
                .map(move |(uuid, row)| ((table, *uuid), row.clone()))
        })
        .collect()
}

fn unversioned(rows: &BTreeMap<Key, Row>) -> BTreeMap<Key, Row> {
    let zero = || [(ColumnIdx::VERSION, Datum::One(Atom::Uuid(Uuid::nil())))];
    rows.iter().map(|(key, row)| (*key, row.with(zero()))).collect()
}

/// What leads from one state to another.
fn difference(from: &BTreeMap<Key, Row>, to: &BTreeMap<Key, Row>) -> Vec<RowChange> {
    let keys: BTreeSet<&Key> = from.keys().chain(to.keys()).collect();
    keys.into_iter()
        .map(|key| RowChange {
            table: key.0,
            uuid: key.1,
            old: from.get(key).cloned(),
            new: to.get(key).cloned(),
        })
        .filter(|change| change.old != change.new)
        .collect()
}

fn simple(result: OpResult) -> Reply {
    match result {
        OpResult::Uuid(uuid) => Reply::Uuid(uuid),
        OpResult::Count(n) => Reply::Count(n),
        OpResult::Empty => Reply::Empty,
        OpResult::Rows { columns, rows, .. } => Reply::Rows(shown(&rows, &columns)),
    }
}

/// Runs a transaction and applies it.
fn execute(
    db: &mut Database,
    id: TxnId,
    operations: &[Value],
    fresh: &mut dyn FnMut() -> Uuid,
) -> (Replies, Vec<RowChange>) {
    let mut context = Context {
        fresh,
        read_only: false,
        identity: None,
        holds_lock: &|_| false,
        elapsed: Duration::ZERO,
    };
    match db.execute(operations, &mut context) {
        Outcome::Done { replies, changes, .. } => {
            db.apply(&changes, id);
            ((replies.into_iter().map(simple).collect(), None), changes)
        }
        Outcome::Failed { replies } => {
            let mut simpler = Vec::new();
            for reply in replies {
                match reply {
                    Some(Ok(result)) => simpler.push(simple(result)),
                    Some(Err(error)) => return ((simpler, Some(error.tag.into_owned())), Vec::new()),
                    None => panic!("what failed has an error"),
                }
            }
            panic!("what failed has an error")
        }
        Outcome::Wait { .. } => panic!("waits have no time here"),
    }
}

/// What a client that watches rows with a small `n` knows, after it was told of changes.
fn tell(spec: &MonitorSpec, known: &mut BTreeMap<Key, Row>, changes: &[RowChange]) {
    for change in changes.iter().filter_map(|change| monitor::view(spec, change)) {
        let key = (change.table, change.uuid);
        assert_eq!(
            known.contains_key(&key),
            change.old.is_some(),
            "told of {change:?}"
        );
        match change.new {
            Some(row) => drop(known.insert(key, row)),
            None => drop(known.remove(&key)),
        }
    }
}

/// Sums up what happened, so that a run in which nothing ever succeeds is seen.
#[derive(Debug, Default)]
struct Seen {
    tags: BTreeMap<String, u32>,
    /// Rows that vanished without a `delete`.
    n_collected: usize,
}

fn check(plan: &[TablePlan], transactions: &[Vec<Step>], seen: &mut Seen) {
    let schema = Arc::new(schema(plan));
    let start = TxnId(Uuid::from_u128(1));
    let mut db = Database::new(schema.clone(), start);
    let mut copy = Database::new(schema.clone(), start);
    let mut naive = Naive::default();
    let mut n_fresh = 1 << 100;
    let mut fresh = || {
        n_fresh += 1;
        Uuid::from_u128(n_fresh)
    };
    let (mut pending, mut at_last_take) = (Pending::default(), rows_of(db.snapshot()));
    let mut history = History::default();
    history.start(start);
    let watched: Map<String, Value> = schema
        .iter()
        .map(|(_, table)| {
            (
                table.name.to_string(),
                json!([{"columns": ["n", "c0"], "where": [["n", "<", 3]]}]),
            )
        })
        .collect();
    let spec =
        MonitorSpec::from_json(&watched.into(), &schema, MonitorVersion::V3).expect("the columns exist");
    // One client is told each commit, one what merged, one from history.
    let [mut prompt, mut slow, mut late] = [const { BTreeMap::new() }; 3];

    for (i, steps) in transactions.iter().enumerate() {
        let operations = operations(&schema, &naive, steps);
        let shown_operations = Value::from(operations.clone()).to_string();
        let before = rows_of(db.snapshot());
        let id = TxnId(Uuid::from_u128(2 + i as u128));
        let (replies, changes) = execute(&mut db, id, &operations, &mut fresh);
        let expected = naive.transact(&schema, &operations);
        assert_eq!(replies, expected, "{shown_operations}");
        let after = rows_of(db.snapshot());
        assert_eq!(unversioned(&after), naive.rows, "{shown_operations}");
        assert_eq!(db.check_invariants(), Ok(()), "{shown_operations}");
        *seen
            .tags
            .entry(replies.1.unwrap_or("success".into()))
            .or_default() += 1;
        let nobody_deletes = operations.iter().all(|operation| operation["op"] != "delete");
        let n_deleted = changes.iter().filter(|change| change.new.is_none()).count();
        seen.n_collected += if nobody_deletes { n_deleted } else { 0 };

        // The changes are net, sorted, and every changed row has a version of its own.
        assert_eq!(changes, difference(&before, &after), "{shown_operations}");
        for change in &changes {
            if let (Some(old), Some(new)) = (&change.old, &change.new) {
                assert!(
                    !old.same_values(new) && old.version() != new.version(),
                    "{change:?}"
                );
            }
        }
        let replayed = copy.replay(changes.clone(), id, &mut || panic!("all versions are given"));
        assert_eq!(replayed, Ok(()), "{shown_operations}");
        assert_eq!(rows_of(copy.snapshot()), after, "{shown_operations}");
        assert_eq!(copy.check_invariants(), Ok(()), "{shown_operations}");

        pending.absorb(&changes);
        history.push(id, changes.clone().into(), usize::MAX);
        tell(&spec, &mut prompt, &changes);
        if i % 3 == 2 || i + 1 == transactions.len() {
            let merged = pending.take(db.snapshot());
            assert_eq!(merged, difference(&at_last_take, &after));
            assert!(pending.is_empty());
            tell(&spec, &mut slow, &merged);
            at_last_take = after;
        }
    }
    let merged = history.since(start).expect("nothing was forgotten");
    assert_eq!(merged, difference(&BTreeMap::new(), &at_last_take));
    tell(&spec, &mut late, &merged);
    let initial: Vec<(TableIdx, &Row)> =
        monitor::initial(&spec, db.snapshot(), ovsdb_engine::by_value::NONE).collect();
    for client in [prompt, slow, late] {
        let known: Vec<(TableIdx, Uuid, Vec<Datum>)> = client
            .iter()
            .map(|(key, row)| (key.0, key.1, watched_columns(&spec, key.0, row)))
            .collect();
        let truth: Vec<_> = initial
            .iter()
            .map(|(table, row)| (*table, row.uuid(), watched_columns(&spec, *table, row)))
            .collect();
        assert_eq!(known, truth);
    }
}

fn watched_columns(spec: &MonitorSpec, table: TableIdx, row: &Row) -> Vec<Datum> {
    let columns = spec.tables[&table].columns.iter();
    columns.map(|(column, _)| row.get(*column).clone()).collect()
}

#[test]
fn the_database_does_what_a_naive_one_does() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(4000)
    });
    let seen = std::cell::RefCell::new(Seen::default());
    let cases = (schema_plan(), vec(transaction(), 1..25));
    let result = runner.run(&cases, |(plan, transactions)| {
        check(&plan, &transactions, &mut seen.borrow_mut());
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    let seen = seen.into_inner();
    for tag in [
        "success",
        "referential integrity violation",
        "constraint violation",
        "duplicate uuid",
        "timed out",
        "aborted",
    ] {
        assert!(
            seen.tags.get(tag).is_some_and(|n| *n >= 50),
            "{tag} is rare: {seen:?}"
        );
    }
    assert!(seen.n_collected >= 15, "garbage is rare: {seen:?}");
}
