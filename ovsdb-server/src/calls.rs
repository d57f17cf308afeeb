//! What the server does for each method (RFC 7047 §4.1, ovsdb-server(7) §4.1).
//!
//! In: typed calls. Out: replies on the caller's link, notices to others. Transactions live in `triggers`,
//! monitors' contents in `dump`.

use std::sync::Arc;

use ovsdb_data::monitor::{MonitorSpec, MonitorVersion};
use ovsdb_data::{DatabaseSchema, OvsdbError, json};
use ovsdb_wire::method::{Call, DbCall, LockCall, LockVerb, MonitorCall};
use ovsdb_wire::reply;
use serde_json::{Map, Value};

use crate::asker::Asker;
use crate::cluster::{Conversion, Initiator, Wish};
use crate::database::{Model, OpenDatabase};
use crate::dump::Want;
use crate::fanout::MonitorName;
use crate::link::SessionId;
use crate::server::Server;

impl Server {
    pub(crate) fn call(&mut self, session: SessionId, id: Value, call: Call) {
        match self.try_call(session, &id, call) {
            Ok(Some(result)) => self.send(session, reply::result(&id, &result)),
            Ok(None) => {}
            Err(error) => self.send(session, reply::error(&id, &error)),
        }
    }

    /// The result to send now, or none when the reply comes by another way.
    fn try_call(&mut self, session: SessionId, id: &Value, call: Call) -> Result<Option<Value>, Value> {
        let empty = || Ok(Some(Value::Object(Map::new())));
        match call {
            Call::ListDbs => Ok(Some(Value::Array(
                self.databases
                    .keys()
                    .map(|name| Value::from(name.as_str()))
                    .collect(),
            ))),
            Call::GetSchema(call) => Ok(Some(self.available(&call)?.snapshot().schema.to_json())),
            Call::Transact(call) => {
                let name = self.available(&call)?.name.clone();
                if self
                    .databases
                    .values()
                    .any(|db| db.waiting.find(session, id).is_some())
                {
                    return Err(call.syntax("transact: duplicate request ID"));
                }
                let mut operations = call.into_params();
                operations.remove(0);
                self.transact(session, id.clone(), &name, operations);
                Ok(None)
            }
            Call::Monitor(version, call) => {
                if version != MonitorVersion::V1 && !self.monitor_cond {
                    return Err(Value::from("unknown method"));
                }
                self.monitor(session, id, version, call)?;
                Ok(None)
            }
            Call::MonitorCondChange {
                id: monitor,
                new_id,
                requests,
            } => {
                if !self.monitor_cond {
                    return Err(Value::from("unknown method"));
                }
                self.monitor_cond_change(session, id, &monitor, new_id, &requests)?;
                Ok(None)
            }
            Call::MonitorCancel { id: monitor } => {
                let name = monitor_name(session, &monitor);
                if self.databases.values_mut().any(|db| db.fanout.remove(&name)) {
                    empty()
                } else {
                    Err(Value::from("unknown monitor"))
                }
            }
            Call::Lock(call) => self.lock(session, &call).map(Some),
            Call::GetServerId => Ok(Some(Value::from(self.server_id.to_string()))),
            Call::SetDbChangeAware(aware) => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.change_aware = aware;
                }
                empty()
            }
            Call::Convert(call) => self.convert(session, id, &call).map(|()| None),
            Call::Echo(params) => Ok(Some(Value::Array(params))),
        }
    }

    /// The database that a call names, if clients may use it.
    fn available(&self, call: &DbCall) -> Result<&OpenDatabase, Value> {
        match self.databases.get(call.db()) {
            None => Err(call.unknown_database()),
            Some(db) if !db.is_available() => Err(call.database_not_available()),
            Some(db) => Ok(db),
        }
    }

    fn lock(&mut self, session: SessionId, call: &LockCall) -> Result<Value, Value> {
        if self.sessions.get(&session).is_some_and(|s| s.profile.read_only) {
            return Err(Value::from(
                "lock and unlock methods not allowed, DB server is read only.",
            ));
        }
        let name = call.name()?;
        let refused = |error: OvsdbError| call.syntax(error.details.as_deref().unwrap_or_default());
        let (result, notices) = match call.verb {
            LockVerb::Unlock => {
                let notices = self.locks.unlock(session.0, name).map_err(refused)?;
                (serde_json::json!({}), notices)
            }
            verb => {
                let steal = verb == LockVerb::Steal;
                let (locked, notices) = self.locks.lock(session.0, name, steal).map_err(refused)?;
                (serde_json::json!({ "locked": locked }), notices)
            }
        };
        self.notify_locks(notices);
        Ok(result)
    }

    fn monitor(
        &mut self,
        session: SessionId,
        request: &Value,
        version: MonitorVersion,
        call: DbCall,
    ) -> Result<(), Value> {
        let db = self.available(&call)?.name.clone();
        let MonitorCall {
            id: monitor,
            requests,
            since,
        } = MonitorCall::parse(version, call)?;
        let name = monitor_name(session, &monitor);
        if self.databases.values().any(|db| db.fanout.contains(&name)) {
            return Err(reply::error_value(&OvsdbError::syntax(
                &monitor,
                "duplicate monitor ID",
            )));
        }
        let Server {
            databases, sessions, ..
        } = self;
        let (Some(open), Some(s)) = (databases.get_mut(&db), sessions.get(&session)) else {
            return Ok(());
        };
        let spec = MonitorSpec::from_json(&requests, &open.snapshot().schema, version)
            .map_err(|e| reply::error_value(&e))?;
        let spec = open
            .fanout
            .insert(name.clone(), monitor, version, spec, s.link.clone());
        let want = match since.and_then(|since| open.history.since(since)) {
            Some(changes) => Want::Since(changes),
            None => Want::Initial,
        };
        self.load(&db, name, request.clone(), version, spec, want);
        Ok(())
    }

    fn monitor_cond_change(
        &mut self,
        session: SessionId,
        request: &Value,
        monitor: &Value,
        new_id: Value,
        requests: &Value,
    ) -> Result<(), Value> {
        let name = monitor_name(session, monitor);
        let new_name = monitor_name(session, &new_id);
        let syntax = |at: &Value, details: &str| reply::error_value(&OvsdbError::syntax(at, details));
        let Some(db) = self.databases.values_mut().find(|db| db.fanout.contains(&name)) else {
            return Err(syntax(monitor, "unknown monitor session"));
        };
        let Some((old, version)) = db.fanout.spec(&name) else {
            return Ok(());
        };
        if name != new_name && db.fanout.contains(&new_name) {
            return Err(syntax(&new_id, "duplicate monitor ID"));
        }
        let schema = &db.snapshot().schema;
        let spec = match version {
            MonitorVersion::V1 => old.check_conditions(requests, schema).map(|()| (*old).clone()),
            MonitorVersion::V2 | MonitorVersion::V3 => old.with_conditions(requests, schema),
        };
        let spec = spec.map_err(|e| reply::error_value(&e))?;
        db.flush(&name);
        if let Some(spec) = db.fanout.recondition(&name, new_name.clone(), new_id, spec) {
            let db = db.name.clone();
            self.load(
                &db,
                new_name,
                request.clone(),
                version,
                spec,
                Want::Recondition(old),
            );
        }
        Ok(())
    }

    fn convert(&mut self, session: SessionId, request: &Value, call: &DbCall) -> Result<(), Value> {
        let fail = |e: &OvsdbError| reply::error_value(e);
        let open = self.available(call)?;
        let (name, old) = (open.name.clone(), open.snapshot().schema.clone());
        if let Some(s) = self.sessions.get(&session) {
            let rbac = s
                .profile
                .identity
                .as_ref()
                .filter(|_| old.table_idx("RBAC_Role").is_some());
            if let Some(identity) = rbac {
                return Err(fail(&OvsdbError::new(
                    "permission error",
                    format!(
                        "RBAC rules for client \"{}\" role \"{}\" prohibit \"convert\" of database {name} \
                         (only the root role may convert databases)",
                        identity.id.as_deref().unwrap_or("(null)"),
                        identity.role
                    ),
                )));
            }
            let served_here = matches!(
                open.model,
                Model::Standalone | Model::ActiveBackup(None) | Model::Clustered(_)
            );
            if s.profile.read_only || !served_here {
                return Err(fail(&OvsdbError::new(
                    "not allowed",
                    format!("conversion is not allowed for read-only database {name}"),
                )));
            }
        }
        let [new] = call.args() else {
            return Err(call.syntax("array expected"));
        };
        if let Model::Clustered(_) = open.model {
            let wish = Wish::Schema(open.check_conversion(new).map_err(|e| fail(&e))?);
            let id = self.host.fresh_uuid();
            let initiator = Initiator::Client(session, request.clone());
            self.convert_in_cluster(&name, Conversion { id, initiator, wish });
            return Ok(());
        }
        let schema = new_schema(&name, new).map_err(|e| fail(&e))?;
        let Some(mut open) = self.databases.remove(&name) else {
            return Ok(());
        };
        let result = self.convert_alone(&mut open, schema);
        let outcome = match result {
            Ok(()) => {
                self.send_after_end(&mut open, session, request);
                Ok(())
            }
            Err(error) => Err(fail(&error)),
        };
        self.databases.insert(name, open);
        self.refresh_server_rows();
        outcome
    }

    /// After a conversion: the initiator's reply goes out after its monitors ended, and only if it is aware of
    /// database changes; otherwise it is disconnected like every session that is not.
    fn send_after_end(&mut self, open: &mut OpenDatabase, session: SessionId, request: &Value) {
        self.end_service(open);
        if self.sessions.get(&session).is_some_and(|s| s.change_aware) {
            self.send(session, reply::result(request, &Value::Object(Map::new())));
        }
    }

    /// Ends every monitor and waiting transaction of a database that goes or changes its schema. Sessions that are
    /// not aware of such changes are disconnected, all of them, since any may hold the old schema.
    pub(crate) fn end_service(&mut self, db: &mut OpenDatabase) {
        for (session, id) in db.fanout.clear() {
            if self.sessions.get(&session).is_some_and(|s| s.change_aware) {
                self.send(session, reply::notification("monitor_canceled", &[id]));
            }
        }
        for asker in db.take_unanswered() {
            match asker {
                Asker::Client(session, request) => {
                    if self.sessions.get(&session).is_some_and(|s| s.change_aware) {
                        self.send(session, reply::error(&request, &Value::from("canceled")));
                    }
                }
                Asker::Member(passed) => passed.refuse(),
            }
        }
        db.triggers = Default::default();
        for (id, request) in db.dumps.take_waiting() {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.end_load();
                session
                    .link
                    .send(reply::error(&request, &Value::from("canceled")));
            }
        }
        for watcher in db.watchers.drain(..) {
            if let Some(watcher) = watcher.upgrade() {
                watcher.close();
            }
        }
        db.history.clear();
        db.history.start(db.snapshot().txn_id);
        self.disconnect_unaware(&format!("database {} changed", db.name));
    }

    /// Closes every session that did not say it could live with databases coming, going and changing.
    pub(crate) fn disconnect_unaware(&self, reason: &str) {
        let unaware: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, s)| !s.change_aware)
            .map(|(id, _)| *id)
            .collect();
        for session in unaware {
            self.close(session, reason);
        }
    }
}

/// A schema to convert a database to.
pub(crate) fn new_schema(db: &str, schema: &Value) -> Result<Arc<DatabaseSchema>, OvsdbError> {
    let schema = DatabaseSchema::from_json(schema)?;
    if *schema.name != *db {
        return Err(OvsdbError::new(
            "invalid parameters",
            format!(
                "new schema name ({}) does not match database name ({db})",
                schema.name
            ),
        ));
    }
    Ok(Arc::new(schema))
}

/// A monitor's name: ids are compared by structure, which canonical text does.
pub(crate) fn monitor_name(session: SessionId, id: &Value) -> MonitorName {
    MonitorName {
        session,
        id: json::to_string(id),
    }
}
