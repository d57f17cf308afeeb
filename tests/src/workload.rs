//! Random work for database servers: transactions, monitors and conditions over a schema with every kind of column.
//!
//! The same seed gives the same work, whatever the servers answer but for success or failure of a transaction
//! ([`Generator::settle`]). Left out is what the C server gets wrong: `*=` with 0, which it does not survive, minus
//! zeros, and maps whose keys are weak references and whose values are strong ones, which corrupt its data.

use serde_json::{Map, Value, json};

use crate::client::Client;

/// The schema, database `D`.
pub const SCHEMA: &str = r#"{"name": "D", "version": "1.0.0", "tables": {
  "T": {"isRoot": true, "columns": {
    "i": {"type": {"key": {"type": "integer", "minInteger": -5, "maxInteger": 10}}},
    "r": {"type": "real"},
    "rr": {"type": {"key": {"type": "real", "minReal": -10, "maxReal": 10}}},
    "b": {"type": "boolean"},
    "s": {"type": {"key": {"type": "string", "maxLength": 4}}},
    "u": {"type": "uuid"},
    "en": {"type": {"key": {"type": "string", "enum": ["set", ["", "x", "y"]]}}},
    "ie": {"type": {"key": {"type": "integer", "enum": ["set", [0, 1, 3]]}}},
    "oi": {"type": {"key": "integer", "min": 0, "max": 1}},
    "or": {"type": {"key": "real", "min": 0, "max": 1}},
    "ob": {"type": {"key": "boolean", "min": 0, "max": 1}},
    "os": {"type": {"key": "string", "min": 0, "max": 1}},
    "ou": {"type": {"key": "uuid", "min": 0, "max": 1}},
    "si": {"type": {"key": "integer", "min": 0, "max": 3}},
    "ni": {"type": {"key": "integer", "min": 1, "max": 3}},
    "sr": {"type": {"key": "real", "min": 0, "max": "unlimited"}},
    "ss": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
    "su": {"type": {"key": "uuid", "min": 0, "max": 3}},
    "se": {"type": {"key": {"type": "string", "enum": ["set", ["x", "y"]]}, "min": 0, "max": 2}},
    "m": {"type": {"key": "string", "value": "integer", "min": 0, "max": "unlimited"}},
    "m1": {"type": {"key": "integer", "value": "string", "min": 0, "max": 1}},
    "mr": {"type": {"key": "real", "value": "boolean", "min": 0, "max": 2}},
    "mu": {"type": {"key": "uuid", "value": "uuid", "min": 0, "max": "unlimited"}},
    "im": {"type": "integer", "mutable": false},
    "e": {"type": "string", "ephemeral": true},
    "es": {"type": {"key": "integer", "min": 0, "max": "unlimited"}, "ephemeral": true},
    "child": {"type": {"key": {"type": "uuid", "refTable": "C"}, "min": 0, "max": "unlimited"}},
    "children": {"type": {"key": "string", "value": {"type": "uuid", "refTable": "C"}, "min": 0, "max": "unlimited"}},
    "ranks": {"type": {"key": {"type": "uuid", "refTable": "C"}, "value": "integer", "min": 0, "max": 2}},
    "weak": {"type": {"key": {"type": "uuid", "refTable": "W", "refType": "weak"}, "min": 0, "max": "unlimited"}},
    "wv": {"type": {"key": "string", "value": {"type": "uuid", "refTable": "W", "refType": "weak"},
      "min": 0, "max": "unlimited"}},
    "wk": {"type": {"key": {"type": "uuid", "refTable": "W", "refType": "weak"}, "value": "integer",
      "min": 0, "max": "unlimited"}},
    "ww": {"type": {"key": {"type": "uuid", "refTable": "W", "refType": "weak"},
      "value": {"type": "uuid", "refTable": "W", "refType": "weak"}, "min": 0, "max": "unlimited"}}}},
  "C": {"columns": {"name": {"type": "string"},
    "next": {"type": {"key": {"type": "uuid", "refTable": "C"}, "min": 0, "max": 1}},
    "w": {"type": {"key": {"type": "uuid", "refTable": "W", "refType": "weak"}, "min": 0, "max": "unlimited"}}}},
  "W": {"isRoot": true, "maxRows": 6, "indexes": [["name"]], "columns": {"name": {"type": "string"},
    "n": {"type": "integer"}}},
  "X": {"isRoot": true, "indexes": [["a", "b"], ["c"]], "columns": {
    "a": {"type": "string"},
    "b": {"type": {"key": "integer", "min": 0, "max": 2}},
    "c": {"type": {"key": "integer", "value": "string", "min": 0, "max": 2}},
    "w": {"type": {"key": {"type": "uuid", "refTable": "C", "refType": "weak"}, "min": 0, "max": "unlimited"}}}},
  "Y": {"isRoot": true, "columns": {
    "x": {"type": {"key": {"type": "uuid", "refTable": "X"}}},
    "one": {"type": {"key": {"type": "uuid", "refTable": "W", "refType": "weak"}}},
    "some": {"type": {"key": {"type": "uuid", "refTable": "W", "refType": "weak"}, "min": 1, "max": "unlimited"}},
    "n": {"type": "integer"}}}}}"#;

/// A small deterministic generator (xorshift64*): a failure is reproduced by its seed alone.
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed | 1)
    }

    /// Less than `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % n
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// What a column's key or value is.
#[derive(Clone)]
enum Base {
    Integer,
    Real,
    Boolean,
    Text,
    Uuid,
    Enum(Vec<Value>),
    /// A reference to rows of the table of this position.
    Row(usize),
}

#[derive(Clone)]
struct Column {
    name: String,
    key: Base,
    value: Option<Base>,
    min: u64,
    max: u64,
    mutable: bool,
}

impl Column {
    fn is_scalar(&self) -> bool {
        self.value.is_none() && self.min == 1 && self.max == 1
    }

    fn has_order(&self) -> bool {
        self.value.is_none() && self.max == 1 && self.is_number()
    }

    fn is_number(&self) -> bool {
        matches!(self.key, Base::Integer | Base::Real)
            || matches!(&self.key, Base::Enum(of) if of[0].is_number())
    }

    /// A new row without it is refused.
    fn is_mandatory(&self) -> bool {
        self.min == 1 && matches!(self.key, Base::Row(_))
    }
}

struct Table {
    name: String,
    columns: Vec<Column>,
    /// Columns in which rows must differ.
    unique: Vec<String>,
    /// Uuids of rows that may exist, oldest first; behind `n_settled` those of the transaction under way.
    rows: Vec<String>,
    n_settled: usize,
}

/// Makes work.
pub struct Generator {
    /// Where the chances come from; those who drive may draw on it too.
    pub random: Random,
    tables: Vec<Table>,
    next: u64,
    /// Whether everything made must be valid.
    is_strict: bool,
}

impl Generator {
    /// From a seed.
    pub fn new(seed: u64) -> Generator {
        Generator {
            random: Random::new(seed),
            tables: tables(),
            next: 0,
            is_strict: false,
        }
    }

    /// True once in `n` times, and never in work that must be valid.
    fn errs(&mut self, n: u64) -> bool {
        !self.is_strict && self.random.one_in(n)
    }

    /// Makes something that has no fault in it.
    fn strictly<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.is_strict, true);
        let made = make(self);
        self.is_strict = before;
        made
    }

    /// Says whether the last transaction was committed: else its rows do not exist.
    pub fn settle(&mut self, committed: bool) {
        for table in &mut self.tables {
            if !committed {
                table.rows.truncate(table.n_settled);
            }
            table.n_settled = table.rows.len();
        }
    }

    /// The parameters of `transact`: one to five operations.
    pub fn transaction(&mut self) -> Value {
        let n = 1 + self.random.below(5);
        let mut params = vec![json!("D")];
        params.extend((0..n).map(|_| self.operation()));
        Value::Array(params)
    }

    /// The parameters of a `transact` that may wait for other sessions' transactions, or needs a lock.
    pub fn transaction_with_others(&mut self, may_wait: bool) -> Value {
        let mut transaction = self.transaction();
        let operations = transaction.as_array_mut().expect("made above");
        if self.random.one_in(6) {
            operations.insert(1, json!({"op": "assert", "lock": self.lock_name()}));
        }
        if may_wait && self.random.one_in(4) {
            // First of all: what stands before a wait is run again by C whenever anything changes.
            operations.insert(1, self.long_wait());
        }
        transaction
    }

    /// A lock's name.
    pub fn lock_name(&mut self) -> &'static str {
        self.random.pick(&["l", "m"])
    }

    /// A wait for rows to come or go, for ever or nearly.
    fn long_wait(&mut self) -> Value {
        let (table, column) = self
            .random
            .pick(&[("W", "n"), ("Y", "n"), ("T", "ie"), ("T", "oi")]);
        let clause = json!([column, "==", self.random.below(5)]);
        let until = self.random.pick(&["==", "!=", "!="]);
        let mut wait = json!({"op": "wait", "table": table, "where": [clause], "columns": [column],
            "until": until, "rows": []});
        if self.random.one_in(2) {
            wait["timeout"] = 600_000.into();
        }
        wait
    }

    /// One operation of any kind, mostly valid.
    pub fn operation(&mut self) -> Value {
        let table = self.random.pick(&[0, 0, 0, 0, 1, 1, 2, 2, 3, 4]);
        match self.random.below(20) {
            0..=6 => self.insert(table),
            7..=10 => {
                let row = self.row(table, false);
                json!({"op": "update", "table": self.name(table), "where": self.condition(table), "row": row})
            }
            11..=13 => {
                let n = if self.random.one_in(4) { 2 } else { 1 };
                let mutations: Vec<Value> = (0..n).map(|_| self.mutation(table)).collect();
                json!({"op": "mutate", "table": self.name(table), "where": self.condition(table),
                    "mutations": mutations})
            }
            14 | 15 => json!({"op": "delete", "table": self.name(table), "where": self.condition(table)}),
            16 | 17 => self.select(table),
            18 => self.wait(table),
            _ => self
                .random
                .pick(&[
                    r#"{"op":"comment","comment":"c"}"#,
                    r#"{"op":"comment","comment":""}"#,
                    r#"{"op":"abort"}"#,
                    r#"{"op":"assert","lock":"l"}"#,
                    r#"{"op":"commit","durable":false}"#,
                    r#"{"op":"commit","durable":true}"#,
                    r#"{"op":"nope"}"#,
                    r#"{"op":"insert","table":"Absent","row":{}}"#,
                ])
                .parse()
                .expect("a literal of this file"),
        }
    }

    fn name(&self, table: usize) -> String {
        self.tables[table].name.clone()
    }

    fn column(&mut self, table: usize) -> Column {
        let columns = &self.tables[table].columns;
        columns[self.random.below(columns.len() as u64) as usize].clone()
    }

    fn insert(&mut self, table: usize) -> Value {
        self.next += 1;
        let uuid = format!("{:08x}-0000-4000-8000-{:012x}", self.next, table);
        let row = self.row(table, true);
        let mut insert = json!({"op": "insert", "table": self.name(table), "uuid": uuid, "row": row});
        if self.random.one_in(6) {
            insert["uuid-name"] = json!(self.row_name(table));
        }
        self.tables[table].rows.push(uuid);
        insert
    }

    /// The columns of a new row or an update.
    fn row(&mut self, table: usize, insert: bool) -> Value {
        let columns = self.tables[table].columns.clone();
        let n = columns.len() as u64;
        let mut row = Map::new();
        for column in columns {
            let wanted =
                if insert && (column.is_mandatory() || self.tables[table].unique.contains(&column.name)) {
                    true
                } else if !insert && !column.mutable {
                    self.random.one_in(50)
                } else {
                    // About three columns.
                    self.random.below(n.max(4)) < 3
                };
            if wanted {
                let value = self.value(&column);
                row.insert(column.name, value);
            }
        }
        if self.random.one_in(60) {
            row.insert("nonsense".into(), json!(1));
        }
        Value::Object(row)
    }

    fn mutation(&mut self, table: usize) -> Value {
        let column = self.column(table);
        let arithmetic = ["+=", "-=", "*=", "/=", "%="];
        let mutator = match self.random.below(12) {
            0 => self
                .random
                .pick(&["+=", "-=", "*=", "/=", "%=", "insert", "delete", "?="]),
            n if column.is_number() && column.value.is_none() && (column.is_scalar() || n < 3) => {
                self.random.pick(&arithmetic)
            }
            _ => self.random.pick(&["insert", "delete"]),
        };
        let mut value = if arithmetic.contains(&mutator) {
            self.atom(&column.key)
        } else if mutator == "delete" && column.value.is_some() && self.random.one_in(2) {
            self.many(4, |g| g.atom(&column.key))
        } else {
            self.value(&column)
        };
        match value.as_f64().filter(|_| matches!(mutator, "*=" | "/=")) {
            // The C server divides by the argument to find an overflow, and is gone or mistaken.
            Some(n) if value.is_i64() && mutator == "*=" && (n == 0.0 || n > 100.0) => value = 1.into(),
            // Never -0.
            Some(real) if value.is_f64() => value = json!(real.abs().max(0.5)),
            _ => {}
        }
        json!([column.name, mutator, value])
    }

    fn select(&mut self, table: usize) -> Value {
        let mut select = json!({"op": "select", "table": self.name(table), "where": self.condition(table)});
        let mut columns = self.names(table, 2);
        if self.random.one_in(3) {
            columns.push("_uuid".into());
        }
        select["columns"] = json!(columns);
        select
    }

    fn wait(&mut self, table: usize) -> Value {
        let column = self.column(table);
        let row = json!({&column.name: self.value(&column)});
        json!({"op": "wait", "table": self.name(table), "where": self.condition(table), "columns": [column.name],
            "timeout": 0, "until": self.random.pick(&["==", "!=", "!="]), "rows": [row]})
    }

    /// Some of a table's columns, one in `n` left out.
    fn names(&mut self, table: usize, n: u64) -> Vec<String> {
        let names: Vec<String> = self.tables[table]
            .columns
            .iter()
            .map(|c| c.name.clone())
            .collect();
        names.into_iter().filter(|_| !self.random.one_in(n)).collect()
    }

    /// The `where` of an operation: all rows, one row, or any function on any column.
    pub fn condition(&mut self, table: usize) -> Value {
        match self.random.below(8) {
            0 => json!([]),
            1..=3 => json!([["_uuid", "==", self.uuid(table)]]),
            n => {
                let clauses = if n == 7 { 2 } else { 1 };
                Value::Array((0..clauses).map(|_| self.clause(table)).collect())
            }
        }
    }

    fn clause(&mut self, table: usize) -> Value {
        if self.random.one_in(20) {
            let function = match self.errs(10) {
                true => "<",
                false => self.random.pick(&["==", "!=", "includes", "excludes"]),
            };
            return json!(["_uuid", function, self.uuid(table)]);
        }
        let column = self.column(table);
        let function = if self.errs(20) {
            self.random.pick(&["<", ">=", "~"])
        } else if column.has_order() {
            self.random
                .pick(&["==", "!=", "<", "<=", ">", ">=", "includes", "excludes"])
        } else {
            self.random.pick(&["==", "!=", "includes", "excludes"])
        };
        let value = match function {
            "<" | "<=" | ">" | ">=" if !self.errs(8) => self.atom(&column.key),
            _ => self.value(&column),
        };
        json!([column.name, function, value])
    }

    /// The `where` of a monitor: valid, since which of several faults is named follows hash order in C.
    pub fn monitor_condition(&mut self, table: usize) -> Value {
        let n = self.random.pick(&[0, 1, 1, 2, 3]);
        let mut clauses: Vec<Value> = self.strictly(|g| (0..n).map(|_| g.clause(table)).collect());
        if self.random.one_in(8) {
            clauses.push(json!(self.random.one_in(3)));
        }
        Value::Array(clauses)
    }

    /// The requests of a monitor.
    pub fn monitor(&mut self, conditional: bool) -> Value {
        let mut requests = Map::new();
        for table in 0..self.tables.len() {
            if self.random.one_in(6) {
                continue;
            }
            let clauses = self.monitor_condition(table);
            let mut columns = self.names(table, 4);
            if self.random.one_in(4) {
                columns.push("_uuid".into());
            }
            let n = self.random.pick(&[1, 1, 2, 3]);
            let mut of_table: Vec<Value> = (0..n)
                .map(|i| {
                    let of_this: Vec<&String> = columns.iter().skip(i).step_by(n).collect();
                    let mut request = json!({"columns": of_this});
                    if n == 1 && self.random.one_in(6) {
                        request = json!({});
                    }
                    if self.random.one_in(4) {
                        request["select"] = self.select_flags();
                    }
                    if conditional {
                        // With different ones in one table, which counts follows hash order in C.
                        request["where"] = clauses.clone();
                    }
                    request
                })
                .collect();
            let one_without_array = n == 1 && self.random.one_in(3);
            let of_table = if one_without_array {
                of_table.remove(0)
            } else {
                Value::Array(of_table)
            };
            requests.insert(self.name(table), of_table);
        }
        Value::Object(requests)
    }

    fn select_flags(&mut self) -> Value {
        let mut flags = Map::new();
        for kind in ["initial", "insert", "delete", "modify"] {
            if self.random.one_in(2) {
                flags.insert(kind.into(), json!(self.random.one_in(2)));
            }
        }
        Value::Object(flags)
    }

    /// The requests of a change of conditions, for some of the tables of a monitor's requests.
    pub fn condition_change(&mut self, monitor: &Value) -> Value {
        let mut requests = Map::new();
        for table in 0..self.tables.len() {
            let name = self.name(table);
            if monitor.get(&name).is_some() && !self.random.one_in(4) {
                requests.insert(name, json!([{"where": self.monitor_condition(table)}]));
            }
        }
        Value::Object(requests)
    }

    fn value(&mut self, column: &Column) -> Value {
        if self.errs(60) {
            // Something of a wrong type, perhaps.
            return self
                .random
                .pick(&[
                    "null",
                    "[]",
                    "true",
                    "\"text\"",
                    "7",
                    "[\"set\",[1,1]]",
                    "[\"map\",[]]",
                ])
                .parse()
                .expect("a literal of this file");
        }
        if column.is_scalar() {
            return self.atom(&column.key);
        }
        // One too many at times.
        let most = if self.errs(12) { column.max + 1 } else { column.max };
        let set = self.many(most.min(4), |g| g.atom(&column.key));
        let Some(value) = &column.value else {
            return match set[1].as_array().map(Vec::as_slice) {
                Some([]) if column.min > 0 => self.atom(&column.key),
                Some([one]) if self.random.one_in(2) => one.clone(),
                _ => set,
            };
        };
        let keys = set[1].as_array().cloned().unwrap_or_default();
        let pairs: Vec<Value> = keys
            .into_iter()
            .map(|key| json!([key, self.atom(value)]))
            .collect();
        json!(["map", pairs])
    }

    /// A set, its elements mostly distinct.
    fn many(&mut self, max: u64, mut element: impl FnMut(&mut Self) -> Value) -> Value {
        let n = self.random.below(max + 1);
        let mut elements: Vec<Value> = (0..n).map(|_| element(self)).collect();
        if !self.errs(20) {
            elements.sort_by_key(Value::to_string);
            elements.dedup();
        }
        json!(["set", elements])
    }

    fn atom(&mut self, base: &Base) -> Value {
        match base {
            Base::Integer if self.errs(40) => self.random.pick(&[i64::MAX - 100, -6, 11]).into(),
            Base::Integer => (self.random.below(9) as i64 - 3).into(),
            Base::Real if self.errs(20) => self.random.pick(&[1e3, 1e300]).into(),
            Base::Real => self.random.pick(&[0.0, 0.5, -1.25, 3.0, 0.1, -2.0]).into(),
            Base::Boolean => self.random.one_in(2).into(),
            Base::Text if self.errs(20) => "abcde".into(),
            Base::Text => self
                .random
                .pick(&["", "a", "b", "abc", "p", "q", "é€", "x\"y", "tab\t"])
                .into(),
            Base::Enum(of) if !self.errs(12) => of[self.random.below(of.len() as u64) as usize].clone(),
            Base::Enum(of) if of[0].is_number() => 7.into(),
            Base::Enum(_) => "z".into(),
            Base::Uuid => {
                let n = self.random.below(4);
                json!(["uuid", format!("{n:08x}-1111-4000-8000-{:012x}", n * 7 % 4)])
            }
            Base::Row(table) if self.errs(20) => json!(["named-uuid", self.row_name(*table)]),
            Base::Row(table) => self.uuid(*table),
        }
    }

    /// A `uuid-name`, of rows of one table only: C takes a row's reference to a row of another table for one to itself
    /// where the uuids are the same.
    fn row_name(&mut self, table: usize) -> String {
        format!("{}{}", self.tables[table].name, self.random.below(2))
    }

    fn uuid(&mut self, table: usize) -> Value {
        let known = self.tables[table].rows.len() as u64;
        if known == 0 || self.random.one_in(20) {
            return json!(["uuid", "00000000-dead-4000-8000-000000000000"]);
        }
        // Mostly the latest rows: the old ones are gone.
        let back = self.random.below(known.min(6));
        json!(["uuid", self.tables[table].rows[(known - 1 - back) as usize]])
    }
}

/// Whether a uuid is one that this workload made, and not the server.
pub fn is_known(uuid: &str) -> bool {
    uuid.contains("-4000-8000-") || uuid == "00000000-0000-0000-0000-000000000000"
}

/// The reply to a `select` of everything.
pub fn contents(client: &mut Client) -> Value {
    let tables = tables();
    let operations = tables
        .iter()
        .map(|table| json!({"op": "select", "table": table.name, "where": []}));
    let selects: Vec<Value> = std::iter::once(json!("D")).chain(operations).collect();
    client.transact(Value::Array(selects))
}

/// Whether a column is one that files do not keep.
pub fn is_ephemeral(column: &str) -> bool {
    matches!(column, "e" | "es")
}

/// Whether a server's rows have weak references to rows that do not exist.
pub fn dangles(client: &mut Client) -> bool {
    let tables = tables();
    let results = contents(client);
    let rows = |table: usize| results[table]["rows"].as_array().into_iter().flatten();
    let exists = |table: usize, uuid: &Value| rows(table).any(|row| row["_uuid"] == *uuid);
    let mut columns = tables
        .iter()
        .enumerate()
        .flat_map(|(t, table)| table.columns.iter().map(move |c| (t, c)));
    columns.any(|(table, column)| {
        let dangles = |atom: &Value, base: &Base| matches!(base, Base::Row(to) if !exists(*to, atom));
        rows(table).any(|row| match (&row[&column.name], &column.value) {
            (Value::Array(datum), None) if datum[0] == "set" => datum[1]
                .as_array()
                .into_iter()
                .flatten()
                .any(|atom| dangles(atom, &column.key)),
            (atom, None) => dangles(atom, &column.key),
            (map, Some(value)) => {
                let mut pairs = map[1].as_array().into_iter().flatten();
                pairs.any(|pair| dangles(&pair[0], &column.key) || dangles(&pair[1], value))
            }
        })
    })
}

/// The tables of the schema, the best referred to by position.
fn tables() -> Vec<Table> {
    const ORDER: [&str; 5] = ["T", "C", "W", "X", "Y"];
    let schema: Value = SCHEMA.parse().expect("a literal of this file");
    let base = |json: &Value| {
        if let Some(values) = json["enum"][1].as_array() {
            return Base::Enum(values.clone());
        }
        let name = json.as_str().or(json["type"].as_str()).unwrap_or_default();
        match name {
            "integer" => Base::Integer,
            "real" => Base::Real,
            "boolean" => Base::Boolean,
            "string" => Base::Text,
            _ => match ORDER.iter().position(|name| json["refTable"] == *name) {
                Some(table) => Base::Row(table),
                None => Base::Uuid,
            },
        }
    };
    let column = |(name, json): (&String, &Value)| {
        let ty = &json["type"];
        Column {
            name: name.clone(),
            key: base(if ty.is_string() { ty } else { &ty["key"] }),
            value: ty.get("value").map(base),
            min: ty["min"].as_u64().unwrap_or(1),
            max: ty["max"]
                .as_u64()
                .unwrap_or(if ty["max"].is_string() { u64::MAX - 1 } else { 1 }),
            mutable: json["mutable"] != false,
        }
    };
    let table = |name: &str| {
        let json = &schema["tables"][name];
        let mut columns: Vec<Column> = json["columns"]
            .as_object()
            .into_iter()
            .flatten()
            .map(column)
            .collect();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        let indexes = json["indexes"].as_array().into_iter().flatten();
        let unique = indexes.flat_map(|index| index.as_array().into_iter().flatten());
        Table {
            name: name.to_owned(),
            columns,
            unique: unique.filter_map(Value::as_str).map(str::to_owned).collect(),
            rows: Vec::new(),
            n_settled: 0,
        }
    };
    ORDER.iter().map(|name| table(name)).collect()
}
