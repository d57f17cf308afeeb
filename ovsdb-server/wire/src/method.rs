//! The methods a server answers, with typed parameters (`ovsdb-server(7)` §4.1).

use ovsdb_data::TxnId;
use ovsdb_data::monitor::MonitorVersion;
use serde_json::Value;

/// A request with the parameters that every method fixes by itself; what depends on a schema stays JSON until the
/// database is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// `list_dbs`.
    ListDbs,
    /// `get_schema`.
    GetSchema {
        /// The database, and the params for error texts.
        db: DbName,
    },
    /// `transact`.
    Transact {
        /// The database.
        db: String,
        /// The operations.
        operations: Vec<Value>,
    },
    /// `monitor`, `monitor_cond`, `monitor_cond_since`.
    Monitor {
        /// Which of the three.
        version: MonitorVersion,
        /// The database.
        db: DbName,
        /// The client's name for the monitor.
        id: Value,
        /// `<monitor-requests>`.
        requests: Value,
        /// `last-txn-id`, for V3.
        since: Option<TxnId>,
    },
    /// `monitor_cond_change`.
    MonitorCondChange {
        /// The monitor.
        id: Value,
        /// Its name from now on.
        new_id: Value,
        /// The new conditions.
        requests: Value,
    },
    /// `monitor_cancel`.
    MonitorCancel {
        /// The monitor.
        id: Value,
    },
    /// `lock`.
    Lock(String),
    /// `steal`.
    Steal(String),
    /// `unlock`.
    Unlock(String),
    /// `get_server_id`.
    GetServerId,
    /// `set_db_change_aware`.
    SetDbChangeAware(bool),
    /// `convert`.
    Convert {
        /// The database.
        db: DbName,
        /// The new schema.
        schema: Value,
    },
    /// `echo`; connections answer it themselves, so a server sees none.
    Echo(Vec<Value>),
}

/// A database's name with the method and params it came in, for the error texts of an unknown database.
#[derive(Clone, Debug, PartialEq)]
pub struct DbName {
    /// The name.
    pub name: String,
}

impl Call {
    /// Types a request's parameters; an error is the `error` member of the reply.
    pub fn parse(_method: &str, _params: Vec<Value>) -> Result<Call, Value> {
        todo!()
    }
}
