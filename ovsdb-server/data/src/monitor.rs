//! Monitor requests (RFC 7047 §4.1.5, ovsdb-server(7) §4.1.12–§4.1.15): which tables, columns, kinds of change and
//! rows a client wants to hear of.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::condition::{Clause, Condition};
use crate::error::OvsdbError;
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
}

/// A monitor's condition, compiled: any clause suffices; no clause means every row.
///
/// Clauses `column == scalar` are kept as hashed sets by column, so that thousands of them cost one look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorCondition {
    condition: Condition,
}

impl MonitorCondition {
    /// Compiles a parsed condition.
    pub fn new(condition: Condition) -> Self {
        MonitorCondition { condition }
    }

    /// True when every row matches.
    pub fn is_true(&self) -> bool {
        self.condition.clauses.is_empty() || self.condition.clauses.contains(&Clause::Bool(true))
    }

    /// True when the row matches.
    pub fn matches(&self, _row: &Row, _table: &TableSchema) -> bool {
        todo!()
    }
}

/// One table of a monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableMonitor {
    /// The columns sent, ascending, with the kinds of change each is sent for.
    pub columns: Vec<(ColumnIdx, Select)>,
    /// The union of the columns' selects.
    pub select: Select,
    /// Which rows.
    pub condition: MonitorCondition,
}

/// A monitor's tables. Two equal specs at the same version are sent the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorSpec {
    /// By table.
    pub tables: BTreeMap<TableIdx, TableMonitor>,
}

impl MonitorSpec {
    /// Parses `<monitor-requests>`; `where` only for V2 and V3.
    pub fn from_json(
        _json: &Value,
        _schema: &DatabaseSchema,
        _version: MonitorVersion,
    ) -> Result<MonitorSpec, OvsdbError> {
        todo!()
    }

    /// Parses the requests of `monitor_cond_change`: the tables named get the new conditions, the others keep
    /// theirs. All or nothing.
    pub fn with_conditions(
        &self,
        _json: &Value,
        _schema: &DatabaseSchema,
    ) -> Result<MonitorSpec, OvsdbError> {
        todo!()
    }
}
