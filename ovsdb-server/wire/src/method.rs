//! The methods a server answers, with typed parameters (`ovsdb-server(7)` §4.1).

use ovsdb_data::monitor::MonitorVersion;
use ovsdb_data::{OvsdbError, TxnId, json};
use serde_json::Value;

use crate::reply::error_value;

/// A request with the parameters that every method fixes by itself; what depends on a schema stays JSON until the
/// database is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// `list_dbs`.
    ListDbs,
    /// `get_schema`.
    GetSchema(DbCall),
    /// `transact`: the operations are the call's [`DbCall::args`].
    Transact(DbCall),
    /// `monitor`, `monitor_cond`, `monitor_cond_since`; see [`MonitorCall`].
    Monitor(MonitorVersion, DbCall),
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
    /// `lock`, `steal` and `unlock`.
    Lock(LockCall),
    /// `get_server_id`.
    GetServerId,
    /// `set_db_change_aware`.
    SetDbChangeAware(bool),
    /// `convert`.
    Convert(DbCall),
    /// `echo`; connections answer it themselves, so a server sees none.
    Echo(Vec<Value>),
}

/// A call whose first parameter names a database.
#[derive(Clone, Debug, PartialEq)]
pub struct DbCall {
    method: &'static str,
    params: Vec<Value>,
}

/// What is done to a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockVerb {
    /// `lock`
    Lock,
    /// `steal`
    Steal,
    /// `unlock`
    Unlock,
}

/// A call about a lock. The name is checked after the session's right to lock, so it may still be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct LockCall {
    /// What is done.
    pub verb: LockVerb,
    params: Vec<Value>,
}

/// The parameters of a monitor method after the database.
#[derive(Clone, Debug, PartialEq)]
pub struct MonitorCall {
    /// The client's name for the monitor.
    pub id: Value,
    /// `<monitor-requests>`.
    pub requests: Value,
    /// `last-txn-id` of `monitor_cond_since`; none when it is the zero uuid.
    pub since: Option<TxnId>,
}

impl Call {
    /// Types a request's parameters; an error is the `error` member of the reply.
    pub fn parse(method: &str, params: Vec<Value>) -> Result<Call, Value> {
        let db = |method, params| DbCall::new(method, params);
        let lock = |verb, params| Ok(Call::Lock(LockCall { verb, params }));
        match method {
            "list_dbs" => Ok(Call::ListDbs),
            "get_schema" => db("get_schema", params).map(Call::GetSchema),
            "transact" => db("transact", params).map(Call::Transact),
            "monitor" => Ok(Call::Monitor(MonitorVersion::V1, db("monitor", params)?)),
            "monitor_cond" => Ok(Call::Monitor(MonitorVersion::V2, db("monitor_cond", params)?)),
            "monitor_cond_since" => Ok(Call::Monitor(
                MonitorVersion::V3,
                db("monitor_cond_since", params)?,
            )),
            "monitor_cond_change" => match <[Value; 3]>::try_from(params) {
                Ok([id, new_id, requests]) => Ok(Call::MonitorCondChange { id, new_id, requests }),
                Err(params) => Err(syntax(&params, "invalid parameters")),
            },
            "monitor_cancel" => match <[Value; 1]>::try_from(params) {
                Ok([id]) => Ok(Call::MonitorCancel { id }),
                Err(_) => Err(Value::from("invalid parameters")),
            },
            "lock" => lock(LockVerb::Lock, params),
            "steal" => lock(LockVerb::Steal, params),
            "unlock" => lock(LockVerb::Unlock, params),
            "get_server_id" => Ok(Call::GetServerId),
            "set_db_change_aware" => match params.as_slice() {
                [Value::Bool(aware)] => Ok(Call::SetDbChangeAware(*aware)),
                _ => Err(syntax(&params, "true or false parameter expected")),
            },
            "convert" => db("convert", params).map(Call::Convert),
            "echo" => Ok(Call::Echo(params)),
            _ => Err(Value::from("unknown method")),
        }
    }
}

impl DbCall {
    fn new(method: &'static str, params: Vec<Value>) -> Result<DbCall, Value> {
        match params.first() {
            Some(Value::String(_)) => Ok(DbCall { method, params }),
            _ => Err(syntax(
                &params,
                &format!("{method} request params must begin with <db-name>"),
            )),
        }
    }

    /// The database's name.
    pub fn db(&self) -> &str {
        self.params.first().and_then(Value::as_str).unwrap_or_default()
    }

    /// The parameters after the database.
    pub fn args(&self) -> &[Value] {
        &self.params[1..]
    }

    /// All parameters, the database first.
    pub fn into_params(self) -> Vec<Value> {
        self.params
    }

    /// The error where no database has that name.
    pub fn unknown_database(&self) -> Value {
        let details = format!("{} request specifies unknown database {}", self.method, self.db());
        let error = OvsdbError::syntax(&Value::Array(self.params.clone()), details);
        error_value(&OvsdbError {
            tag: "unknown database".into(),
            ..error
        })
    }

    /// The error where the database has no contents yet.
    pub fn database_not_available(&self) -> Value {
        error_value(&OvsdbError::new(
            "database not available",
            format!(
                "{} request specifies database {} which is not yet available because it has not completed joining \
                 its cluster",
                self.method,
                self.db()
            ),
        ))
    }

    /// A syntax error about the parameters as a whole.
    pub fn syntax(&self, details: &str) -> Value {
        syntax(&self.params, details)
    }
}

impl LockCall {
    /// The lock's name.
    pub fn name(&self) -> Result<&str, Value> {
        match self.params.as_slice() {
            [Value::String(name)] if is_id(name) => Ok(name),
            _ => Err(self.syntax(&format!("{} request params must be <id>", self.verb.name()))),
        }
    }

    /// A syntax error about the parameters.
    pub fn syntax(&self, details: &str) -> Value {
        syntax(&self.params, details)
    }
}

impl LockVerb {
    /// The method's name.
    pub const fn name(self) -> &'static str {
        match self {
            LockVerb::Lock => "lock",
            LockVerb::Steal => "steal",
            LockVerb::Unlock => "unlock",
        }
    }
}

impl MonitorCall {
    /// Types the parameters of a monitor method.
    pub fn parse(version: MonitorVersion, call: DbCall) -> Result<MonitorCall, Value> {
        let n_expected = match version {
            MonitorVersion::V1 => 3..=usize::MAX,
            MonitorVersion::V2 => 3..=3,
            MonitorVersion::V3 => 4..=4,
        };
        if !n_expected.contains(&call.params.len()) {
            return Err(call.syntax("invalid parameters"));
        }
        let mut args = call.params.into_iter().skip(1);
        let (id, requests) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
        if !requests.is_object() {
            return Err(error_value(&OvsdbError::syntax(
                &requests,
                "monitor-requests must be object",
            )));
        }
        let since = match args.next() {
            Some(last) if version == MonitorVersion::V3 => {
                let Value::String(text) = &last else {
                    return Err(error_value(&OvsdbError::syntax(
                        &last,
                        "last-txn-id must be string",
                    )));
                };
                let Some(uuid) = json::parse_uuid(text) else {
                    return Err(error_value(&OvsdbError::syntax(
                        &last,
                        "last-txn-id must be UUID format.",
                    )));
                };
                Some(TxnId(uuid)).filter(|id| !id.0.is_nil())
            }
            _ => None,
        };
        Ok(MonitorCall { id, requests, since })
    }
}

fn syntax(params: &[Value], details: &str) -> Value {
    error_value(&OvsdbError::syntax(&Value::Array(params.to_vec()), details))
}

/// `<id>` of RFC 7047 §3.1.
fn is_id(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, params: &str, expected: &str) {
        let Value::Array(params) = json::parse(params.as_bytes()).unwrap() else {
            panic!("{params}")
        };
        let outcome = Call::parse(method, params).and_then(|call| match call {
            Call::Monitor(version, db) => MonitorCall::parse(version, db).map(|_| ()),
            Call::Lock(lock) => lock.name().map(|_| ()),
            _ => Ok(()),
        });
        let rendered = outcome.map_or_else(|error| json::to_string(&error), |()| "ok".to_owned());
        assert_eq!(rendered, expected, "{method}");
    }

    #[test]
    fn parameters_are_typed() {
        check("list_dbs", "[1]", "ok");
        check("nope", "[]", r#""unknown method""#);
        check(
            "get_schema",
            "[]",
            r#"{"details":"get_schema request params must begin with <db-name>","error":"syntax error","syntax":"[]"}"#,
        );
        check(
            "monitor",
            r#"["d",1]"#,
            r#"{"details":"invalid parameters","error":"syntax error","syntax":"[\"d\",1]"}"#,
        );
        check("monitor", r#"["d",1,{}]"#, "ok");
        check(
            "monitor_cond_since",
            r#"["d",1,{},"x"]"#,
            r#"{"details":"last-txn-id must be UUID format.","error":"syntax error","syntax":"\"x\""}"#,
        );
        check("monitor_cancel", "[]", r#""invalid parameters""#);
        check(
            "lock",
            r#"["0"]"#,
            r#"{"details":"lock request params must be <id>","error":"syntax error","syntax":"[\"0\"]"}"#,
        );
    }
}
