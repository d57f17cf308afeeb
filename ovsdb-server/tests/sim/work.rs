//! What clients do: transactions whose effects can be counted, and what each means to a cluster that does one thing
//! after the other.
//!
//! Every transaction that writes leaves a row in `Done` with its own tag: so the log tells which were executed, how
//! often and in which order. A backup has one as well: it takes the place of all that was done before.

use std::collections::BTreeSet;

use ovsdb_data::Uuid;
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

pub const DB: &str = "Sim";
pub const N_COUNTERS: usize = 3;
pub const N_REGISTERS: usize = 2;
/// Keys of slots are below this.
pub const N_KEYS: i64 = 12;

/// A transaction that changes something.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Nothing but the tag.
    Mark,
    Add {
        counter: usize,
        by: i64,
    },
    /// Compare and set, waiting so long for the value to be as expected.
    Cas {
        register: usize,
        from: i64,
        to: i64,
        timeout_ms: u64,
    },
    /// Keys that are free after others were deleted.
    Slots {
        delete: Vec<i64>,
        insert: Vec<i64>,
    },
    /// A row and the rows that live as long as it.
    Family {
        name: i64,
        n_children: usize,
    },
    /// The end of families: their children are garbage.
    Bury {
        name: i64,
    },
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    Write(Write),
    /// Everything that writes can move.
    Read,
    /// Operations that write, where nothing matches.
    Nothing,
    /// A transaction that is given up by its last operation.
    Abort,
    /// Another schema.
    Convert(usize),
}

/// The schema, in one of two versions.
pub fn schema(version: usize) -> Value {
    let mut schema = json!({
        "name": DB,
        "version": "1.0.0",
        "tables": {
            "Done": {"columns": {"tag": {"type": "string"}}, "isRoot": true},
            "Counter": {"columns": {"name": {"type": "integer"}, "n": {"type": "integer"}},
                        "indexes": [["name"]], "isRoot": true},
            "Register": {"columns": {"name": {"type": "integer"}, "value": {"type": "integer"}},
                         "indexes": [["name"]], "isRoot": true},
            "Slot": {"columns": {"key": {"type": "integer"}}, "indexes": [["key"]], "isRoot": true},
            "Parent": {"columns": {"name": {"type": "integer"},
                                   "children": {"type": {"key": {"type": "uuid", "refTable": "Child"},
                                                         "min": 0, "max": "unlimited"}}}, "isRoot": true},
            "Child": {"columns": {"value": {"type": "integer"}}},
        },
    });
    if version % 2 == 1 {
        schema["version"] = "1.1.0".into();
        schema["tables"]["Counter"]["columns"]["note"] = json!({"type": "string"});
    }
    schema
}

/// The rows that a cluster is founded with, as a record.
pub fn first_rows() -> Value {
    let mut tables = json!({"Counter": {}, "Register": {}});
    for i in 0..N_COUNTERS {
        let uuid = format!("00000000-0000-4000-8000-0000000000{i:02x}");
        tables["Counter"][uuid] = json!({"name": i, "n": 0});
    }
    for i in 0..N_REGISTERS {
        let uuid = format!("00000000-0000-4000-8000-0000000001{i:02x}");
        tables["Register"][uuid] = json!({"name": i, "value": 0});
    }
    tables
}

/// What the tag begins with that a backup has in `Done`.
const RESTORED: &str = "restored-";

/// The tag of a backup, one of many.
pub fn restored_tag(n: usize) -> String {
    format!("{RESTORED}{n}")
}

/// Whether a tag is that of a backup.
pub fn is_restored(tag: &str) -> bool {
    tag.starts_with(RESTORED)
}

/// The rows of a backup, as a record.
pub fn restored_rows(tag: &str, uuid: Uuid) -> Value {
    let mut tables = first_rows();
    tables["Done"] = json!({uuid.to_string(): {"tag": tag}});
    tables
}

impl Op {
    /// Something to do, given what the registers hold.
    pub fn random(rng: &mut StdRng, registers: &[i64]) -> Op {
        let key = |rng: &mut StdRng| rng.random_range(0..N_KEYS);
        Op::Write(match rng.random_range(0..100) {
            0..15 => Write::Mark,
            15..35 => Write::Add {
                counter: rng.random_range(0..N_COUNTERS),
                by: rng.random_range(1..10),
            },
            35..50 => {
                let register = rng.random_range(0..N_REGISTERS);
                let from = match rng.random_bool(0.8) {
                    true => registers[register],
                    false => rng.random_range(0..1000),
                };
                Write::Cas {
                    register,
                    from,
                    to: rng.random_range(0..1000),
                    timeout_ms: if rng.random_bool(0.5) {
                        0
                    } else {
                        rng.random_range(1..400)
                    },
                }
            }
            50..65 => {
                let mut keys = |n: usize| -> Vec<i64> {
                    let keys: BTreeSet<i64> = (0..n).map(|_| key(rng)).collect();
                    keys.into_iter().collect()
                };
                Write::Slots {
                    insert: keys(3),
                    delete: keys(4),
                }
            }
            65..70 => Write::Family {
                name: rng.random_range(0..4),
                n_children: rng.random_range(0..3),
            },
            70..74 => Write::Bury {
                name: rng.random_range(0..4),
            },
            74..92 => return Op::Read,
            92..95 => return Op::Nothing,
            95..98 => return Op::Abort,
            _ => return Op::Convert(rng.random_range(0..2)),
        })
    }

    /// The parameters of `transact`, the database's name included.
    pub fn operations(&self, tag: &str) -> Vec<Value> {
        let mark = json!({"op": "insert", "table": "Done", "row": {"tag": tag}});
        let mut operations = vec![Value::from(DB)];
        match self {
            Op::Write(write) => {
                operations.extend(write.operations());
                operations.push(mark);
            }
            Op::Read => operations.extend([
                json!({"op": "select", "table": "Done", "where": [], "columns": ["tag"]}),
                json!({"op": "select", "table": "Counter", "where": [], "columns": ["name", "n"]}),
                json!({"op": "select", "table": "Register", "where": [], "columns": ["name", "value"]}),
                json!({"op": "select", "table": "Slot", "where": [], "columns": ["key"]}),
            ]),
            Op::Nothing => operations.extend([
                json!({"op": "delete", "table": "Done", "where": [["tag", "==", "nobody's"]]}),
                json!({"op": "update", "table": "Slot", "where": [["key", "==", -1]], "row": {"key": -2}}),
            ]),
            Op::Abort => operations.extend([mark, json!({"op": "abort"})]),
            Op::Convert(version) => operations.push(schema(*version)),
        }
        operations
    }
}

impl Write {
    fn operations(&self) -> Vec<Value> {
        match self {
            Write::Mark => Vec::new(),
            Write::Add { counter, by } => vec![json!({
                "op": "mutate", "table": "Counter", "where": [["name", "==", counter]], "mutations": [["n", "+=", by]]
            })],
            Write::Cas {
                register,
                from,
                to,
                timeout_ms,
            } => vec![
                json!({
                    "op": "wait", "table": "Register", "where": [["name", "==", register]], "columns": ["value"],
                    "until": "==", "rows": [{"value": from}], "timeout": timeout_ms
                }),
                json!({
                    "op": "update", "table": "Register", "where": [["name", "==", register]], "row": {"value": to}
                }),
            ],
            Write::Slots { delete, insert } => {
                let delete = delete
                    .iter()
                    .map(|key| json!({"op": "delete", "table": "Slot", "where": [["key", "==", key]]}));
                let insert = insert
                    .iter()
                    .map(|key| json!({"op": "insert", "table": "Slot", "row": {"key": key}}));
                delete.chain(insert).collect()
            }
            Write::Family { name, n_children } => {
                let child = |i| json!({"op": "insert", "table": "Child", "row": {"value": i}, "uuid-name": format!("c{i}")});
                let named: Vec<Value> = (0..*n_children)
                    .map(|i| json!(["named-uuid", format!("c{i}")]))
                    .collect();
                let parent = json!({
                    "op": "insert", "table": "Parent", "row": {"name": name, "children": ["set", named]}
                });
                (0..*n_children).map(child).chain([parent]).collect()
            }
            Write::Bury { name } => {
                vec![json!({"op": "delete", "table": "Parent", "where": [["name", "==", name]]})]
            }
        }
    }
}

/// What the writes executed so far have led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Serial {
    pub done: BTreeSet<String>,
    pub counters: [i64; N_COUNTERS],
    pub registers: [i64; N_REGISTERS],
    pub slots: BTreeSet<i64>,
    /// By name.
    pub parents: [usize; 4],
}

impl Serial {
    /// What a backup holds.
    pub fn restored(tag: &str) -> Serial {
        Serial {
            done: BTreeSet::from([tag.to_owned()]),
            ..Serial::default()
        }
    }

    /// Executes a write; the counts that its `update`, `mutate` and `delete` operations report, in order. An error
    /// where it should have failed.
    pub fn execute(&mut self, tag: &str, write: &Write) -> Result<Vec<usize>, String> {
        if !self.done.insert(tag.to_owned()) {
            return Err("it was executed twice".to_owned());
        }
        match write {
            Write::Mark => Ok(Vec::new()),
            Write::Add { counter, by } => {
                self.counters[*counter] += by;
                Ok(vec![1])
            }
            Write::Cas {
                register, from, to, ..
            } => {
                let value = &mut self.registers[*register];
                if value != from {
                    return Err(format!("register {register} was {value}, not {from}"));
                }
                *value = *to;
                Ok(vec![1])
            }
            Write::Slots { delete, insert } => {
                let counts = delete
                    .iter()
                    .map(|key| usize::from(self.slots.remove(key)))
                    .collect();
                match insert.iter().find(|key| !self.slots.insert(**key)) {
                    Some(key) => Err(format!("slot {key} was taken")),
                    None => Ok(counts),
                }
            }
            Write::Family { name, .. } => {
                self.parents[*name as usize] += 1;
                Ok(Vec::new())
            }
            Write::Bury { name } => Ok(vec![std::mem::take(&mut self.parents[*name as usize])]),
        }
    }

    /// What [`Op::Read`] shows of a state, in the form of [`Serial`]; parents are not read.
    pub fn of_read(results: &Value) -> Option<Serial> {
        let rows = |i: usize| results.get(i)?.get("rows")?.as_array();
        let mut read = Serial::default();
        for row in rows(0)? {
            read.done.insert(row["tag"].as_str()?.to_owned());
        }
        for row in rows(1)? {
            *read.counters.get_mut(row["name"].as_u64()? as usize)? = row["n"].as_i64()?;
        }
        for row in rows(2)? {
            *read.registers.get_mut(row["name"].as_u64()? as usize)? = row["value"].as_i64()?;
        }
        for row in rows(3)? {
            read.slots.insert(row["key"].as_i64()?);
        }
        Some(read)
    }

    /// Itself without what a read does not show.
    pub fn as_read(&self) -> Serial {
        Serial {
            parents: Default::default(),
            ..self.clone()
        }
    }
}
