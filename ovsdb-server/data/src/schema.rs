//! Database, table and column schemas (RFC 7047 §3.2), parsed and resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::atom::{Atom, AtomicType};
use crate::base_type::{BaseType, ColumnType, Constraint, RefKind};
use crate::datum::Datum;
use crate::error::OvsdbError;
use crate::members::{Members, is_id, kind};
use crate::operation::PartialRow;
use crate::row::Row;
use crate::symbols::Symbols;

/// A table's position in its schema (tables are sorted by name).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableIdx(pub u16);

/// A column's position in its table: `_uuid`, `_version`, then the schema's columns sorted by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnIdx(pub u16);

impl ColumnIdx {
    /// `_uuid`.
    pub const UUID: ColumnIdx = ColumnIdx(0);
    /// `_version`.
    pub const VERSION: ColumnIdx = ColumnIdx(1);
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSchema {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: ColumnType,
    /// Whether a row may be changed here after its insert.
    pub mutable: bool,
    /// Whether the value survives a restart.
    pub persistent: bool,
    /// What an insert that does not name it stores.
    pub default: Datum,
}

/// One table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSchema {
    /// Its name.
    pub name: Arc<str>,
    /// Its columns, `_uuid` and `_version` first, then by name.
    pub columns: Vec<ColumnSchema>,
    /// The member `"mutable"`, which means nothing but is handed out again.
    pub mutable: bool,
    /// Most rows it may hold.
    pub max_rows: Option<u32>,
    /// Whether its rows live without being referenced (the effective value: true for every table of a schema in
    /// which no table says so).
    pub is_root: bool,
    /// Sets of columns whose values are unique together, in the schema's order.
    pub indexes: Vec<Vec<ColumnIdx>>,
}

impl TableSchema {
    /// The column of a name, `_uuid` and `_version` included.
    pub fn column(&self, name: &str) -> Option<ColumnIdx> {
        let position = match name {
            "_uuid" => 0,
            "_version" => 1,
            _ => {
                2 + self.columns[2..]
                    .binary_search_by(|column| (*column.name).cmp(name))
                    .ok()?
            }
        };
        Some(ColumnIdx(position as u16))
    }

    /// The schema of a column.
    #[inline]
    pub fn column_schema(&self, column: ColumnIdx) -> &ColumnSchema {
        &self.columns[column.0 as usize]
    }

    /// Every column's position with its schema.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = (ColumnIdx, &ColumnSchema)> {
        self.columns
            .iter()
            .enumerate()
            .map(|(i, column)| (ColumnIdx(i as u16), column))
    }

    /// A new row: the columns named, the others at their defaults. Fails when a default, being nobody's choice,
    /// violates its column's constraints.
    pub fn new_row(&self, uuid: Uuid, version: Uuid, row: PartialRow) -> Result<Row, OvsdbError> {
        let row = self.row_of(uuid, version, row);
        // What was named has been checked before; an empty default needs no check.
        for (column, schema) in self.iter().skip(2) {
            if schema.ty.n_min > 0 {
                row.get(column).check(&schema.ty)?;
            }
        }
        Ok(row)
    }

    /// A row of the columns named and the defaults of the others, unchecked.
    pub fn row_of(&self, uuid: Uuid, version: Uuid, row: PartialRow) -> Row {
        let mut columns: Vec<Datum> = self.columns.iter().map(|column| column.default.clone()).collect();
        for (column, datum) in row {
            columns[usize::from(column.0)] = datum;
        }
        columns[usize::from(ColumnIdx::UUID.0)] = Atom::Uuid(uuid).into();
        columns[usize::from(ColumnIdx::VERSION.0)] = Atom::Uuid(version).into();
        Row::new(columns)
    }

    /// Parses a `<row>`: the columns it names, ascending.
    pub fn row_from_json(
        &self,
        json: &Value,
        mut symbols: Option<&mut Symbols<'_>>,
    ) -> Result<PartialRow, OvsdbError> {
        let Some(object) = json.as_object() else {
            return Err(OvsdbError::syntax(json, "row must be JSON object"));
        };
        let mut row = PartialRow::with_capacity(object.len());
        for (name, value) in object {
            let column = self.column(name).ok_or_else(|| self.unknown_column(json, name))?;
            let ty = &self.column_schema(column).ty;
            row.push((column, Datum::from_json(value, ty, symbols.as_deref_mut())?));
        }
        // serde_json's members ascend by name, and so do columns, save for names between capitals and `_uuid`.
        row.sort_unstable_by_key(|(column, _)| *column);
        Ok(row)
    }

    /// Parses an array of distinct column names, in their order.
    pub(crate) fn columns_from_json(&self, json: &Value) -> Result<Vec<ColumnIdx>, OvsdbError> {
        let error = || OvsdbError::syntax(json, "array of distinct column names expected");
        let names = json.as_array().ok_or_else(error)?;
        let mut columns = Vec::with_capacity(names.len());
        let mut seen = vec![false; self.columns.len()];
        for name in names {
            let name = name.as_str().ok_or_else(error)?;
            let Some(column) = self.column(name) else {
                return Err(OvsdbError::syntax(
                    json,
                    format!("{name} is not a valid column name"),
                ));
            };
            if std::mem::replace(&mut seen[usize::from(column.0)], true) {
                return Err(error());
            }
            columns.push(column);
        }
        Ok(columns)
    }

    /// Every column, `_uuid` and `_version` included.
    pub(crate) fn all_columns(&self) -> Vec<ColumnIdx> {
        self.iter().map(|(column, _)| column).collect()
    }

    /// `unknown column`, with the JSON that names it.
    pub fn unknown_column(&self, at: &Value, name: &str) -> OvsdbError {
        OvsdbError::at(
            "unknown column",
            at,
            format!("No column {name} in table {}.", self.name),
        )
    }

    fn from_json(json: &Value, name: &str) -> Result<TableSchema, OvsdbError> {
        let what = format_args!("table schema for table {name}");
        let mut members = Members::new(json, &what);
        let columns = members
            .required("columns", kind::OBJECT)
            .and_then(Value::as_object);
        let mutable = members
            .optional("mutable", kind::BOOLEAN)
            .and_then(Value::as_bool);
        let max_rows = members.optional("maxRows", kind::INTEGER).and_then(Value::as_i64);
        let is_root = members.optional("isRoot", kind::BOOLEAN).and_then(Value::as_bool);
        let indexes = members.optional("indexes", kind::ARRAY).and_then(Value::as_array);
        members.finish()?;
        if max_rows.is_some_and(|n| n < 1) {
            return Err(OvsdbError::syntax(json, "maxRows must be at least 1"));
        }
        let no_columns = Map::new();
        let columns = columns.unwrap_or(&no_columns);
        if columns.is_empty() {
            return Err(OvsdbError::syntax(json, "table must have at least one column"));
        }
        if columns.len() > usize::from(u16::MAX) - 2 {
            return Err(OvsdbError::syntax(json, "table must have at most 65533 columns"));
        }
        let uuid = ColumnType::scalar(BaseType::plain(AtomicType::Uuid));
        let mut table = TableSchema {
            name: name.into(),
            columns: vec![
                ColumnSchema::new("_uuid", uuid.clone(), false, true),
                ColumnSchema::new("_version", uuid, false, false),
            ],
            mutable: mutable.unwrap_or(true),
            max_rows: max_rows
                .and_then(|n| u32::try_from(n).ok())
                .filter(|n| *n != u32::MAX),
            is_root: is_root.unwrap_or(false),
            indexes: Vec::new(),
        };
        for (name, column) in columns {
            check_name(json, name)?;
            table.columns.push(ColumnSchema::from_json(column, name)?);
        }
        for index in indexes.into_iter().flatten() {
            let columns = table.columns_from_json(index)?;
            if columns.is_empty() {
                return Err(OvsdbError::syntax(json, "index must have at least one column"));
            }
            if let Some(ephemeral) = columns
                .iter()
                .map(|column| table.column_schema(*column))
                .find(|column| !column.persistent)
            {
                let details = format!(
                    "ephemeral columns (such as {}) may not be indexed",
                    ephemeral.name
                );
                return Err(OvsdbError::syntax(json, details));
            }
            table.indexes.push(columns);
        }
        Ok(table)
    }

    fn to_json(&self, default_is_root: bool) -> Value {
        let mut object = Map::new();
        let columns = self.columns[2..]
            .iter()
            .map(|column| (column.name.to_string(), column.to_json()));
        object.insert("columns".into(), Value::Object(columns.collect()));
        if !self.mutable {
            object.insert("mutable".into(), false.into());
        }
        if self.is_root != default_is_root {
            object.insert("isRoot".into(), self.is_root.into());
        }
        if let Some(max_rows) = self.max_rows {
            object.insert("maxRows".into(), max_rows.into());
        }
        if !self.indexes.is_empty() {
            let name = |column: &ColumnIdx| Value::from(&*self.column_schema(*column).name);
            let indexes = self
                .indexes
                .iter()
                .map(|index| Value::Array(index.iter().map(name).collect()));
            object.insert("indexes".into(), Value::Array(indexes.collect()));
        }
        Value::Object(object)
    }
}

impl ColumnSchema {
    fn new(name: &str, ty: ColumnType, mutable: bool, persistent: bool) -> Self {
        let default = Datum::default_of(&ty);
        ColumnSchema {
            name: name.into(),
            ty,
            mutable,
            persistent,
            default,
        }
    }

    fn from_json(json: &Value, name: &str) -> Result<ColumnSchema, OvsdbError> {
        let what = format_args!("schema for column {name}");
        let mut members = Members::new(json, &what);
        let mutable = members
            .optional("mutable", kind::BOOLEAN)
            .and_then(Value::as_bool)
            .unwrap_or(true);
        let ephemeral = members
            .optional("ephemeral", kind::BOOLEAN)
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let ty = members.required("type", kind::STRING | kind::OBJECT);
        members.finish()?;
        let ty = ColumnType::from_json(ty.unwrap_or(&Value::Null))?;
        // A weak reference changes by itself when its target goes.
        let is_weak = |base: &BaseType| base.reference().is_some_and(|(_, kind)| kind == RefKind::Weak);
        let mutable = mutable || is_weak(&ty.key) || ty.value.as_ref().is_some_and(is_weak);
        Ok(ColumnSchema::new(name, ty, mutable, !ephemeral))
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        if !self.mutable {
            object.insert("mutable".into(), false.into());
        }
        if !self.persistent {
            object.insert("ephemeral".into(), true.into());
        }
        object.insert("type".into(), self.ty.to_json());
        Value::Object(object)
    }

    /// The references of the keys and of the values, with their names in messages.
    fn bases_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut BaseType)> {
        std::iter::once(("key", &mut self.ty.key)).chain(self.ty.value.as_mut().map(|value| ("value", value)))
    }
}

/// Checks the name of a table or column; errors show the JSON around it.
fn check_name(around: &Value, name: &str) -> Result<(), OvsdbError> {
    if name.starts_with('_') {
        Err(OvsdbError::syntax(
            around,
            "names beginning with \"_\" are reserved",
        ))
    } else if !is_id(name) {
        Err(OvsdbError::syntax(around, "name must be a valid id"))
    } else {
        Ok(())
    }
}

/// True for `x.y.z`, three decimal numbers.
fn is_version(version: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    version.split('.').count() == 3 && version.split('.').all(is_number)
}

/// A database's schema.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseSchema {
    /// Its name.
    pub name: Arc<str>,
    /// `x.y.z`; empty when absent.
    pub version: String,
    /// The opaque checksum; empty when absent.
    pub cksum: String,
    /// Its tables, sorted by name.
    pub tables: Vec<Arc<TableSchema>>,
}

impl DatabaseSchema {
    /// Parses and checks a schema; every rule and text of RFC 7047 §3.2 as the C server has them.
    pub fn from_json(json: &Value) -> Result<DatabaseSchema, OvsdbError> {
        let mut members = Members::new(json, &"database schema");
        let name = members.required("name", kind::ID).and_then(Value::as_str);
        let version = members.optional("version", kind::STRING).and_then(Value::as_str);
        let cksum = members.optional("cksum", kind::STRING).and_then(Value::as_str);
        let tables = members
            .required("tables", kind::OBJECT)
            .and_then(Value::as_object);
        members.finish()?;
        if let Some(version) = version
            && !is_version(version)
        {
            let details = format!("schema version \"{version}\" not in format x.y.z");
            return Err(OvsdbError::syntax(json, details));
        }
        let mut parsed = Vec::new();
        for (name, table) in tables.into_iter().flatten() {
            check_name(json, name)?;
            parsed.push(TableSchema::from_json(table, name)?);
        }
        if parsed.len() > usize::from(u16::MAX) {
            return Err(OvsdbError::syntax(json, "schema must have at most 65535 tables"));
        }
        // Schemas older than garbage collection have no root tables: there every row lives by itself.
        if !parsed.iter().any(|table| table.is_root) {
            parsed.iter_mut().for_each(|table| table.is_root = true);
        }
        resolve_references(&mut parsed)?;
        Ok(DatabaseSchema {
            name: name.unwrap_or_default().into(),
            version: version.unwrap_or_default().into(),
            cksum: cksum.unwrap_or_default().into(),
            tables: parsed.into_iter().map(Arc::new).collect(),
        })
    }

    /// The schema's JSON notation, members sorted.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("name".into(), (*self.name).into());
        if !self.version.is_empty() {
            object.insert("version".into(), (*self.version).into());
        }
        if !self.cksum.is_empty() {
            object.insert("cksum".into(), (*self.cksum).into());
        }
        let default_is_root = self.tables.iter().all(|table| table.is_root);
        let tables = self
            .tables
            .iter()
            .map(|table| (table.name.to_string(), table.to_json(default_is_root)));
        object.insert("tables".into(), Value::Object(tables.collect()));
        Value::Object(object)
    }

    /// The table of a name.
    pub fn table_idx(&self, name: &str) -> Option<TableIdx> {
        self.tables
            .binary_search_by(|table| (*table.name).cmp(name))
            .ok()
            .map(|i| TableIdx(i as u16))
    }

    /// The schema of a table.
    #[inline]
    pub fn table(&self, table: TableIdx) -> &Arc<TableSchema> {
        &self.tables[table.0 as usize]
    }

    /// Every table's position with its schema.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = (TableIdx, &Arc<TableSchema>)> {
        self.tables
            .iter()
            .enumerate()
            .map(|(i, table)| (TableIdx(i as u16), table))
    }

    /// This schema with every ephemeral column made persistent (clusters do not support ephemeral columns), and
    /// the names of the columns changed, by table.
    pub fn into_persistent(mut self) -> (DatabaseSchema, BTreeMap<String, Vec<String>>) {
        let mut changed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for table in &mut self.tables {
            if table.columns[2..].iter().all(|column| column.persistent) {
                continue;
            }
            let table = Arc::make_mut(table);
            for column in &mut table.columns[2..] {
                if !column.persistent {
                    column.persistent = true;
                    changed
                        .entry(table.name.to_string())
                        .or_default()
                        .push(column.name.to_string());
                }
            }
        }
        (self, changed)
    }
}

/// Gives every reference the position of its table. A column that holds strong references to a non-root table is
/// made persistent: else a replay of the log would collect rows which only it kept alive.
fn resolve_references(tables: &mut [TableSchema]) -> Result<(), OvsdbError> {
    let targets: Vec<(Arc<str>, bool)> = tables
        .iter()
        .map(|table| (table.name.clone(), table.is_root))
        .collect();
    for column in tables.iter_mut().flat_map(|table| &mut table.columns) {
        let mut keeps_alive = false;
        let name = column.name.clone();
        for (place, base) in column.bases_mut() {
            let Constraint::Reference {
                table,
                table_idx,
                kind,
            } = &mut base.constraint
            else {
                continue;
            };
            let Ok(position) = targets.binary_search_by(|(target, _)| target.cmp(table)) else {
                let details = format!("column {name} {place} refers to undefined table {table}");
                return Err(OvsdbError::new("syntax error", details));
            };
            *table_idx = TableIdx(position as u16);
            *table = targets[position].0.clone();
            keeps_alive |= *kind == RefKind::Strong && !targets[position].1;
        }
        column.persistent |= keeps_alive;
    }
    Ok(())
}
