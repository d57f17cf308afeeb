//! Text cases: each `cases/*.txt` starts with a schema; then a line is a transaction, run on what the lines before it
//! made of the database, and the lines indented below it are the replies, in order, and the rows that changed.
//!
//! Uuids are ordinals: `<0>` is the first that shows up after the schema, in what goes in or comes out. A case that
//! starts with `reset` starts from an empty database.

use std::sync::Arc;
use std::time::Duration;

use ovsdb_data::operation::OpResult;
use ovsdb_data::{ColumnIdx, DatabaseSchema, OvsdbError, RowChange, TxnId, Uuid, json};
use ovsdb_engine::rbac::Identity;
use ovsdb_engine::{Context, Database, Outcome};
use serde_json::{Map, Value};

/// Runs a file and compares the whole of it with what it would be if written afresh.
fn check(name: &str, text: &str) {
    let (schema, rest) = text.split_once("\n\n").expect("a schema ends with an empty line");
    let value = json::parse(schema.as_bytes()).expect("the schema is JSON");
    let schema_parsed = Arc::new(DatabaseSchema::from_json(&value).expect("the schema is valid"));
    let mut session = Session::new(schema_parsed.clone());
    let mut actual = format!("{schema}\n\n");
    for line in rest.lines() {
        match line {
            "" => actual.push('\n'),
            "reset" => {
                session = Session::new(schema_parsed.clone());
                actual.push_str("reset\n");
            }
            _ if line.starts_with('#') => actual.push_str(&format!("{line}\n")),
            _ if line.starts_with("  ") => {}
            _ => {
                actual.push_str(&format!("{line}\n"));
                for result in session.run(line) {
                    actual.push_str(&format!("  {result}\n"));
                }
            }
        }
    }
    assert_ne!(session.n_lines, 0, "{name} has transactions");
    if actual != text {
        let differs = |(a, b): &(&str, &str)| a != b;
        let at = actual.lines().zip(text.lines()).position(|pair| differs(&pair));
        let at = at.unwrap_or(actual.lines().count().min(text.lines().count()));
        let around = |text: &str| {
            text.lines()
                .skip(at.saturating_sub(2))
                .take(5)
                .collect::<Vec<_>>()
                .join("\n")
        };
        panic!(
            "{name} line {}:\n{}\n--- but it is ---\n{}\n--- the whole ---\n{actual}",
            at + 1,
            around(text),
            around(&actual)
        );
    }
}

struct Session {
    db: Database,
    /// Known uuids; the position is the ordinal.
    uuids: Vec<Uuid>,
    n_fresh: u128,
    n_lines: u128,
}

impl Session {
    fn new(schema: Arc<DatabaseSchema>) -> Session {
        Session {
            db: Database::new(schema, TxnId::default()),
            uuids: Vec::new(),
            n_fresh: 0,
            n_lines: 0,
        }
    }

    /// Runs `[after MS:] [read-only:] [as ROLE [ID]:] OPERATION,OPERATION …` (a JSON array without its brackets), or
    /// `convert SCHEMA`.
    fn run(&mut self, line: &str) -> Vec<String> {
        self.n_lines += 1;
        if let Some(schema) = line.strip_prefix("convert ") {
            return self.convert(schema);
        }
        let (mut line, mut elapsed, mut read_only, mut identity) = (line, Duration::ZERO, false, None);
        if let Some((ms, rest)) = line.strip_prefix("after ").and_then(|line| line.split_once(": ")) {
            elapsed = Duration::from_millis(ms.parse().expect("milliseconds"));
            line = rest;
        }
        if let Some(rest) = line.strip_prefix("read-only: ") {
            read_only = true;
            line = rest;
        }
        if let Some((who, rest)) = line.strip_prefix("as ").and_then(|line| line.split_once(": ")) {
            let (role, id) = who
                .split_once(' ')
                .map_or((who, None), |(role, id)| (role, Some(id)));
            identity = Some(Identity {
                role: role.to_owned(),
                id: id.map(str::to_owned),
            });
            line = rest;
        }
        let text = format!("[{}]", self.uuids_in(line));
        let Ok(Value::Array(operations)) = json::parse(text.as_bytes()) else {
            panic!("a transaction is JSON: {line}");
        };
        let n_fresh = &mut self.n_fresh;
        let mut context = Context {
            fresh: &mut || {
                *n_fresh += 1;
                // Descending, so that the order of uuids and that of their making differ.
                Uuid::from_u128(u128::MAX - *n_fresh)
            },
            read_only,
            identity: identity.as_ref(),
            holds_lock: &|lock| lock == "held",
            elapsed,
        };
        let outcome = self.db.execute(&operations, &mut context);
        let mut out = Vec::new();
        match outcome {
            Outcome::Done {
                replies,
                changes,
                comment,
                durable,
            } => {
                for reply in &replies {
                    let reply = self.reply(reply);
                    out.push(self.ordinals(&reply));
                }
                for change in &changes {
                    let change = self.change(change);
                    out.push(self.ordinals(&change));
                }
                out.extend(comment.map(|comment| format!("comment {comment:?}")));
                out.extend(durable.then(|| "durable".to_owned()));
                self.db.apply(&changes, TxnId(Uuid::from_u128(self.n_lines)));
                assert_eq!(self.db.check_invariants(), Ok(()), "after {line}");
            }
            Outcome::Failed { replies } => {
                for reply in &replies {
                    let reply = match reply {
                        Some(Ok(result)) => self.reply(result),
                        Some(Err(error)) => error_object(error),
                        None => "null".to_owned(),
                    };
                    out.push(self.ordinals(&reply));
                }
            }
            Outcome::Wait { deadline, table } => {
                let table = &self.db.snapshot().schema.table(table).name;
                out.push(format!("waits for {table} until {deadline:?}"));
            }
        }
        out
    }

    fn convert(&mut self, schema: &str) -> Vec<String> {
        let schema = json::parse(schema.as_bytes()).expect("a schema is JSON");
        let schema = Arc::new(DatabaseSchema::from_json(&schema).expect("a schema of a case is valid"));
        let n_fresh = &mut self.n_fresh;
        let mut fresh = || {
            *n_fresh += 1;
            Uuid::from_u128(u128::MAX - *n_fresh)
        };
        let txn_id = TxnId(Uuid::from_u128(self.n_lines));
        match ovsdb_engine::convert::convert(self.db.snapshot(), schema, txn_id, &mut fresh) {
            Ok(db) => {
                self.db = db;
                assert_eq!(self.db.check_invariants(), Ok(()), "after a conversion");
                vec!["{}".to_owned()]
            }
            Err(error) => {
                let error = error_object(&error);
                vec![self.ordinals(&error)]
            }
        }
    }

    fn reply(&self, result: &OpResult) -> String {
        match result {
            OpResult::Uuid(uuid) => format!("uuid {uuid}"),
            OpResult::Count(n) => format!("count {n}"),
            OpResult::Empty => "{}".to_owned(),
            OpResult::Rows { table, columns, rows } => {
                let schema = self.db.snapshot().schema.table(*table);
                let show = |row: &ovsdb_data::Row| {
                    let mut object = Map::new();
                    for column in columns {
                        let c = schema.column_schema(*column);
                        object.insert(c.name.to_string(), row.get(*column).to_json(&c.ty));
                    }
                    json::to_string(&object.into())
                };
                format!("rows {}", rows.iter().map(show).collect::<Vec<_>>().join(" "))
            }
        }
    }

    /// An insertion or modification with the columns that are new.
    fn change(&self, change: &RowChange) -> String {
        let schema = self.db.snapshot().schema.table(change.table);
        let verb = match (&change.old, &change.new) {
            (None, _) => "inserts",
            (_, None) => return format!("deletes {} {}", schema.name, change.uuid),
            _ => "modifies",
        };
        let mut object = Map::new();
        for (column, c) in schema.iter().filter(|(column, _)| *column > ColumnIdx::VERSION) {
            let new = change.new.as_ref().map(|row| row.get(column));
            if new != change.old.as_ref().map(|row| row.get(column))
                && let Some(new) = new
                && (change.old.is_some() || *new != c.default)
            {
                object.insert(c.name.to_string(), new.to_json(&c.ty));
            }
        }
        format!(
            "{verb} {} {} {}",
            schema.name,
            change.uuid,
            json::to_string(&object.into())
        )
    }

    /// Ordinals become uuids.
    fn uuids_in(&mut self, line: &str) -> String {
        let mut line = line.to_owned();
        while let Some((before, rest)) = line.split_once('<') {
            let Some((ordinal, after)) = rest.split_once('>') else {
                break;
            };
            let Ok(ordinal) = ordinal.parse::<usize>() else {
                break;
            };
            while self.uuids.len() <= ordinal {
                self.uuids
                    .push(Uuid::from_u128(0xabc << 96 | self.uuids.len() as u128));
            }
            line = format!("{before}{}{after}", self.uuids[ordinal]);
        }
        line
    }

    /// Uuids become ordinals; the zero uuid stays.
    fn ordinals(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut at = 0;
        while at < text.len() {
            let uuid = text
                .get(at..at + 36)
                .and_then(json::parse_uuid)
                .filter(|uuid| !uuid.is_nil());
            let Some(uuid) = uuid else {
                let next = text[at..].chars().next().expect("before the end");
                out.push(next);
                at += next.len_utf8();
                continue;
            };
            let known = self.uuids.iter().position(|u| *u == uuid);
            let ordinal = known.unwrap_or_else(|| {
                self.uuids.push(uuid);
                self.uuids.len() - 1
            });
            out.push_str(&format!("<{ordinal}>"));
            at += 36;
        }
        out
    }
}

fn error_object(error: &OvsdbError) -> String {
    let mut object = Map::new();
    object.insert("error".into(), error.tag.as_ref().into());
    object.extend(
        error
            .details
            .clone()
            .map(|details| ("details".to_owned(), details.into())),
    );
    object.extend(
        error
            .syntax
            .clone()
            .map(|syntax| ("syntax".to_owned(), syntax.into())),
    );
    json::to_string(&object.into())
}

/// A test for each file.
macro_rules! cases {
    ($($test:ident: $file:literal,)*) => {$(
        #[test]
        fn $test() {
            check($file, include_str!(concat!("cases/", $file)));
        }
    )*};
}

cases! {
    values_and_limits: "constraints.txt",
    references_and_garbage: "references.txt",
    uniqueness: "indexes.txt",
    operations_without_rows: "control.txt",
    roles: "rbac.txt",
    conversions: "convert.txt",
}
