//! Database, table and column schemas (RFC 7047 §3.2), parsed and resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::base_type::ColumnType;
use crate::datum::Datum;
use crate::error::OvsdbError;

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
            _ => 2 + self.columns[2..].binary_search_by(|column| (*column.name).cmp(name)).ok()?,
        };
        Some(ColumnIdx(position as u16))
    }

    /// The schema of a column.
    pub fn column_schema(&self, column: ColumnIdx) -> &ColumnSchema {
        &self.columns[column.0 as usize]
    }

    /// Every column's position with its schema.
    pub fn iter(&self) -> impl Iterator<Item = (ColumnIdx, &ColumnSchema)> {
        self.columns.iter().enumerate().map(|(i, column)| (ColumnIdx(i as u16), column))
    }
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
    pub fn from_json(_json: &Value) -> Result<DatabaseSchema, OvsdbError> {
        todo!()
    }

    /// The schema's JSON notation, members sorted.
    pub fn to_json(&self) -> Value {
        todo!()
    }

    /// The table of a name.
    pub fn table_idx(&self, name: &str) -> Option<TableIdx> {
        self.tables.binary_search_by(|table| (*table.name).cmp(name)).ok().map(|i| TableIdx(i as u16))
    }

    /// The schema of a table.
    pub fn table(&self, table: TableIdx) -> &Arc<TableSchema> {
        &self.tables[table.0 as usize]
    }

    /// Every table's position with its schema.
    pub fn iter(&self) -> impl Iterator<Item = (TableIdx, &Arc<TableSchema>)> {
        self.tables.iter().enumerate().map(|(i, table)| (TableIdx(i as u16), table))
    }

    /// This schema with every ephemeral column made persistent (clusters do not support ephemeral columns), and
    /// the names of the columns changed, by table.
    pub fn into_persistent(self) -> (DatabaseSchema, BTreeMap<String, Vec<String>>) {
        todo!()
    }
}
