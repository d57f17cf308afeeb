//! Monitor requests (RFC 7047 §4.1.5, ovsdb-server(7) §4.1.12–§4.1.15): which tables, columns, kinds of change and
//! rows a client wants to hear of.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use foldhash::HashSet;
use serde_json::Value;

use crate::atom::Atom;
use crate::condition::{Clause, Condition, Function};
use crate::datum::Datum;
use crate::error::OvsdbError;
use crate::members::{Members, kind};
use crate::row::Row;
use crate::schema::{ColumnIdx, DatabaseSchema, TableIdx, TableSchema};

/// Which of the three monitor methods, and so which notation of updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MonitorVersion {
    /// `monitor`, `update`.
    V1,
    /// `monitor_cond`, `update2`.
    V2,
    /// `monitor_cond_since`, `update3`.
    V3,
}

/// Kinds of change (`<monitor-select>`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Select {
    /// The rows present at the start.
    pub initial: bool,
    /// Inserted rows.
    pub insert: bool,
    /// Deleted rows.
    pub delete: bool,
    /// Modified rows.
    pub modify: bool,
}

impl Select {
    /// Everything, the default.
    pub const ALL: Select = Select {
        initial: true,
        insert: true,
        delete: true,
        modify: true,
    };

    /// Nothing: what a table without requests selects.
    pub const NONE: Select = Select {
        initial: false,
        insert: false,
        delete: false,
        modify: false,
    };

    /// What either selects.
    pub const fn union(self, other: Select) -> Select {
        Select {
            initial: self.initial | other.initial,
            insert: self.insert | other.insert,
            delete: self.delete | other.delete,
            modify: self.modify | other.modify,
        }
    }

    fn from_json(json: Option<&Value>, table: &TableSchema) -> Result<Select, OvsdbError> {
        let Some(json) = json else { return Ok(Select::ALL) };
        let what = format_args!("table {} select", table.name);
        let mut members = Members::new(json, &what);
        let mut take = |name| {
            members
                .optional(name, kind::BOOLEAN)
                .and_then(Value::as_bool)
                .unwrap_or(true)
        };
        let select = Select {
            initial: take("initial"),
            insert: take("insert"),
            delete: take("delete"),
            modify: take("modify"),
        };
        members.finish()?;
        Ok(select)
    }
}

/// A monitor's condition, compiled: any clause suffices; no clause means every row.
///
/// Clauses `column == value` are kept as hashed sets by column, so that thousands of them cost one look-up; so are
/// clauses `column includes element`. The clauses are sorted and distinct: two conditions are equal when they have
/// the same clauses in any order.
#[derive(Clone, Debug, Default)]
pub struct MonitorCondition {
    condition: Condition,
    is_true: bool,
    eq: Vec<EqSet<Datum>>,
    includes: Vec<EqSet<Atom>>,
    rest: Vec<Clause>,
}

/// The values of one column that match.
#[derive(Clone, Debug)]
pub struct EqSet<T> {
    /// The column.
    pub column: ColumnIdx,
    /// The values, ascending.
    pub values: Vec<T>,
    /// The values again, once there are many.
    hashed: HashSet<T>,
}

/// Up to here a walk over the values beats hashing the column.
const HASH_FROM: usize = 8;

impl<T: Eq + Hash + Clone> EqSet<T> {
    /// True for one of the values.
    pub fn contains(&self, value: &T) -> bool {
        if self.hashed.is_empty() {
            self.values.contains(value)
        } else {
            self.hashed.contains(value)
        }
    }

    /// Adds a value to the set of its column, the last one of `sets` or a new one.
    fn add(sets: &mut Vec<EqSet<T>>, column: ColumnIdx, value: T) {
        match sets.last_mut() {
            Some(set) if set.column == column => set.values.push(value),
            _ => sets.push(EqSet {
                column,
                values: vec![value],
                hashed: HashSet::default(),
            }),
        }
    }

    fn hash_if_many(&mut self) {
        if self.values.len() >= HASH_FROM {
            self.hashed = self.values.iter().cloned().collect();
        }
    }
}

impl MonitorCondition {
    /// Compiles a parsed condition.
    pub fn new(mut condition: Condition) -> Self {
        // By column, then function, then value: the clauses of one set become neighbours, its values ascend.
        condition.clauses.sort_unstable();
        condition.clauses.dedup();
        let mut compiled = MonitorCondition {
            is_true: condition.clauses.is_empty() || condition.clauses.contains(&Clause::Bool(true)),
            ..MonitorCondition::default()
        };
        for clause in &condition.clauses {
            match clause {
                Clause::Compare {
                    column,
                    function: Function::Eq,
                    arg,
                } => {
                    EqSet::add(&mut compiled.eq, *column, arg.clone());
                }
                Clause::Compare {
                    column,
                    function: Function::Includes,
                    arg: Datum::One(atom),
                } => {
                    EqSet::add(&mut compiled.includes, *column, atom.clone());
                }
                Clause::Bool(_) => {}
                Clause::Compare { .. } => compiled.rest.push(clause.clone()),
            }
        }
        compiled.eq.iter_mut().for_each(EqSet::hash_if_many);
        compiled.includes.iter_mut().for_each(EqSet::hash_if_many);
        compiled.condition = condition;
        compiled
    }

    /// The condition, its clauses sorted and distinct.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// True when every row matches.
    pub fn is_true(&self) -> bool {
        self.is_true
    }

    /// True when no row can match: the condition is `[false]`.
    pub fn is_false(&self) -> bool {
        self.condition.clauses == [Clause::Bool(false)]
    }

    /// The columns that the condition reads, ascending.
    pub fn columns(&self) -> impl Iterator<Item = ColumnIdx> {
        let columns: BTreeSet<ColumnIdx> = self
            .condition
            .clauses
            .iter()
            .filter_map(|clause| match clause {
                Clause::Compare { column, .. } => Some(*column),
                Clause::Bool(_) => None,
            })
            .collect();
        columns.into_iter()
    }

    /// The clauses `column == value`, by ascending column.
    pub fn eq_sets(&self) -> &[EqSet<Datum>] {
        &self.eq
    }

    /// The clauses `column includes element`, by ascending column.
    pub fn includes_sets(&self) -> &[EqSet<Atom>] {
        &self.includes
    }

    /// The clauses that are in neither kind of set, constants aside.
    pub fn other_clauses(&self) -> &[Clause] {
        &self.rest
    }

    /// True when the row matches.
    pub fn matches(&self, row: &Row) -> bool {
        self.is_true
            || self.eq.iter().any(|set| set.contains(row.get(set.column)))
            || self
                .includes
                .iter()
                .any(|set| row.get(set.column).atoms().any(|atom| set.contains(atom)))
            || self.rest.iter().any(|clause| clause.matches(row))
    }
}

impl PartialEq for MonitorCondition {
    fn eq(&self, other: &Self) -> bool {
        self.condition == other.condition
    }
}

impl Eq for MonitorCondition {}

impl Hash for MonitorCondition {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.condition.hash(state);
    }
}

/// One table of a monitor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableMonitor {
    /// The columns sent, ascending, with the kinds of change each is sent for.
    pub columns: Vec<(ColumnIdx, Select)>,
    /// The union of the columns' selects.
    pub select: Select,
    /// Which rows.
    pub condition: MonitorCondition,
}

/// A monitor's tables. Two equal specs at the same version are sent the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MonitorSpec {
    /// By table.
    pub tables: BTreeMap<TableIdx, TableMonitor>,
}

impl MonitorSpec {
    /// Parses `<monitor-requests>`; `where` only for V2 and V3.
    pub fn from_json(
        json: &Value,
        schema: &DatabaseSchema,
        version: MonitorVersion,
    ) -> Result<MonitorSpec, OvsdbError> {
        let Value::Object(requests) = json else {
            return Err(OvsdbError::syntax(json, "monitor-requests must be object"));
        };
        let mut tables = BTreeMap::new();
        for (name, requests) in requests {
            let (table, table_schema) = table_named(schema, name)?;
            let mut builder = TableBuilder::new(table_schema);
            // A single request may stand without its array.
            match requests {
                Value::Array(requests) => {
                    requests
                        .iter()
                        .try_for_each(|request| builder.add(request, version))?;
                }
                request => builder.add(request, version)?,
            }
            tables.insert(table, builder.finish());
        }
        Ok(MonitorSpec { tables })
    }

    /// Parses the requests of `monitor_cond_change`: the tables named get the new conditions, the others keep
    /// theirs. All or nothing.
    pub fn with_conditions(&self, json: &Value, schema: &DatabaseSchema) -> Result<MonitorSpec, OvsdbError> {
        let mut spec = self.clone();
        self.each_change(json, schema, |table, request| {
            let condition = changed_condition(request, schema.table(table))?;
            let condition = match condition {
                Some(json) => Condition::from_json(json, schema.table(table), None)?,
                None => Condition::default(),
            };
            // The last request for a table stands.
            if let Some(monitor) = spec.tables.get_mut(&table) {
                monitor.condition = MonitorCondition::new(condition);
            }
            Ok(())
        })?;
        Ok(spec)
    }

    /// Checks the requests of `monitor_cond_change` to a monitor without conditions ([`MonitorVersion::V1`]): they
    /// change nothing, and the conditions themselves are not looked at.
    pub fn check_conditions(&self, json: &Value, schema: &DatabaseSchema) -> Result<(), OvsdbError> {
        self.each_change(json, schema, |table, request| {
            changed_condition(request, schema.table(table)).map(|_| ())
        })
    }

    /// Calls `f` for every request of `monitor_cond_change`.
    fn each_change<'a>(
        &self,
        json: &'a Value,
        schema: &DatabaseSchema,
        mut f: impl FnMut(TableIdx, &'a Value) -> Result<(), OvsdbError>,
    ) -> Result<(), OvsdbError> {
        let error = |details: String| OvsdbError::new("syntax error", details);
        let Value::Object(requests) = json else {
            return Err(error("monitor-cond-change-requests must be object".into()));
        };
        for (name, requests) in requests {
            let (table, _) = table_named(schema, name)?;
            if !self.tables.contains_key(&table) {
                return Err(error(format!("no table named {name} in monitor session")));
            }
            let Value::Array(requests) = requests else {
                return Err(error(format!("table {name} no monitor-cond-change JSON array")));
            };
            requests.iter().try_for_each(|request| f(table, request))?;
        }
        Ok(())
    }
}

fn table_named<'a>(
    schema: &'a DatabaseSchema,
    name: &str,
) -> Result<(TableIdx, &'a TableSchema), OvsdbError> {
    match schema.table_idx(name) {
        Some(table) => Ok((table, schema.table(table))),
        None => Err(OvsdbError::new("syntax error", format!("no table named {name}"))),
    }
}

/// The `where` of one request of `monitor_cond_change`; without it every row matches.
fn changed_condition<'a>(json: &'a Value, table: &TableSchema) -> Result<Option<&'a Value>, OvsdbError> {
    let what = format_args!("table {}", table.name);
    let mut members = Members::new(json, &what);
    let columns = members.optional("columns", kind::ARRAY);
    members.optional("where", kind::ARRAY);
    members.finish()?;
    if columns.is_some() {
        return Err(OvsdbError::syntax(json, "changing columns is unsupported"));
    }
    Ok(json.get("where"))
}

/// Gathers the requests for one table.
struct TableBuilder<'a> {
    table: &'a TableSchema,
    columns: BTreeMap<ColumnIdx, Select>,
    select: Select,
    clauses: Vec<Clause>,
    has_unconditional: bool,
}

impl<'a> TableBuilder<'a> {
    fn new(table: &'a TableSchema) -> Self {
        TableBuilder {
            table,
            columns: BTreeMap::new(),
            select: Select::NONE,
            clauses: Vec::new(),
            has_unconditional: false,
        }
    }

    /// Adds one `<monitor-request>`.
    fn add(&mut self, json: &Value, version: MonitorVersion) -> Result<(), OvsdbError> {
        let what = format_args!("table {}", self.table.name);
        let mut members = Members::new(json, &what);
        let condition = match version {
            MonitorVersion::V1 => None,
            MonitorVersion::V2 | MonitorVersion::V3 => members.optional("where", kind::ARRAY),
        };
        let columns = members.optional("columns", kind::ARRAY);
        let select = members.optional("select", kind::OBJECT);
        members.finish()?;

        let select = Select::from_json(select, self.table)?;
        self.select = self.select.union(select);
        self.add_columns(columns, select)?;
        let condition = condition
            .map(|json| Condition::from_json(json, self.table, None))
            .transpose()?;
        let clauses = condition.unwrap_or_default().clauses;
        self.has_unconditional |= clauses.is_empty();
        self.clauses.extend(clauses);
        Ok(())
    }

    fn add_columns(&mut self, json: Option<&Value>, select: Select) -> Result<(), OvsdbError> {
        let error = |details: String| {
            let mut error = OvsdbError::new("syntax error", details);
            error.syntax = json.map(crate::json::to_string);
            error
        };
        let names = match json {
            Some(json) => json.as_array().into_iter().flatten().map(Value::as_str).collect(),
            // Every column but `_uuid`.
            None => self.table.columns[1..]
                .iter()
                .map(|column| Some(&*column.name))
                .collect::<Vec<_>>(),
        };
        for name in names {
            let name = name.ok_or_else(|| error("array of column names expected".into()))?;
            let Some(column) = self.table.column(name) else {
                return Err(error(format!("{name} is not a valid column name")));
            };
            if self.columns.insert(column, select).is_some() {
                return Err(error(format!("column {name} mentioned more than once")));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> TableMonitor {
        // One request without condition asks for every row, whatever the others say.
        if self.has_unconditional {
            self.clauses.clear();
        }
        TableMonitor {
            columns: self.columns.into_iter().collect(),
            select: self.select,
            condition: MonitorCondition::new(Condition {
                clauses: self.clauses,
            }),
        }
    }
}
