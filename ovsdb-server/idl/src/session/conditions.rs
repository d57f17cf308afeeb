//! Which rows of each table the session follows, changed while it follows them (ovsdb-server(7)
//! "monitor_cond_change").
//!
//! In: conditions of the program, answers of the server. Out: one request at a time, the number of the change that the
//! contents match. A server whose monitors know no conditions sends every row, which is no less than was asked for.
//!
//! ```text
//!   wanted ──sent──► requested ──answered──► acked: what the contents match
//!                        └─ the connection ended first: nobody knows, everything is read anew
//! ```

use std::collections::BTreeMap;

use ovsdb_data::monitor::MonitorVersion;
use ovsdb_data::{DatabaseSchema, TxnId};
use serde_json::{Map, Value, json};

use super::{Event, Session, State, failed};
use crate::condition::Where;
use crate::refusal::Refusal;
use crate::tables::{OtherDatabase, Schema, Table};

/// The conditions of a session.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    tables: BTreeMap<String, TableCondition>,
    /// Counts the changes that the program made.
    asked: u64,
    /// The change that the contents match.
    met: u64,
    /// The request that is not answered: its id, and the change that its answer brings the contents to.
    in_flight: Option<(u64, u64)>,
    /// The change that the first contents of the monitor asked for will match.
    filling: u64,
}

/// The clauses of one table at three points of their way.
#[derive(Debug)]
struct TableCondition {
    acked: Value,
    requested: Value,
    wanted: Value,
    /// The change that made it what is wanted.
    changed: u64,
}

impl Session {
    /// Follows only these rows of their table, on this connection and later ones. Returns the number of the change: the
    /// contents match once [`Session::conditions_met`] has come to it.
    pub fn set_where<T: Table<'static>>(&mut self, rows: &Where<T>) -> Result<u64, OtherDatabase> {
        OtherDatabase::check(T::Schema::NAME, self.db())?;
        Ok(self.set_condition(T::TABLE_NAME, rows.to_json()))
    }

    /// [`Session::set_where`] with clauses as ovsdb-server(7) §4.1.12 writes them.
    pub fn set_condition(&mut self, table: &str, clauses: Value) -> u64 {
        let conditions = &mut self.conditions;
        let of_table = conditions
            .tables
            .entry(table.to_owned())
            .or_insert_with(|| TableCondition {
                acked: json!([true]),
                requested: json!([true]),
                wanted: json!([true]),
                changed: 0,
            });
        if of_table.wanted != clauses {
            conditions.asked += 1;
            of_table.wanted = clauses;
            of_table.changed = conditions.asked;
        }
        let changed = of_table.changed;
        self.send_conditions();
        changed
    }

    /// The number of the last change of conditions that the contents match.
    pub fn conditions_met(&self) -> u64 {
        self.conditions.met
    }

    /// Asks for what is wanted and was not asked for, if no answer is awaited.
    pub(super) fn send_conditions(&mut self) {
        let State::Following(version) = self.state else {
            return;
        };
        if self.conditions.in_flight.is_some() {
            return;
        }
        let mut changed = Map::new();
        if version != MonitorVersion::V1 {
            let (requests, theirs) = (&self.requests, self.theirs.as_ref());
            for (name, table) in &mut self.conditions.tables {
                if table.requested != table.wanted && requests.get(name).is_some() {
                    table.requested = table.wanted.clone();
                    let clauses = understood(name, &table.requested, theirs);
                    changed.insert(name.clone(), json!([{"where": clauses}]));
                }
            }
        }
        let asked = self.conditions.asked;
        if changed.is_empty() {
            self.conditions_are_met(asked);
            return;
        }
        let monid = json!(["monid", self.config.db]);
        let params = vec![monid.clone(), monid, Value::Object(changed)];
        let id = self.request("monitor_cond_change", params);
        self.conditions.in_flight = Some((id, asked));
    }

    /// Whether this is the answer to a change of conditions; the updates that it caused came before it.
    pub(super) fn take_conditions_reply(
        &mut self,
        id: u64,
        result: &Result<Value, Value>,
    ) -> Result<bool, Refusal> {
        let Some((_, asked)) = self.conditions.in_flight.filter(|(asked, _)| *asked == id) else {
            return Ok(false);
        };
        if let Err(error) = result {
            return Err(failed("monitor_cond_change", error));
        }
        self.conditions.in_flight = None;
        for table in self.conditions.tables.values_mut() {
            table.acked.clone_from(&table.requested);
        }
        self.conditions_are_met(asked);
        self.send_conditions();
        Ok(true)
    }

    /// The monitor is gone. An answer that is missing leaves open which rows the contents are.
    pub(super) fn interrupt_conditions(&mut self) {
        if self.conditions.in_flight.take().is_some() {
            self.last = TxnId::default();
        }
    }

    /// A monitor is to be asked for: from its beginning with what is wanted now, else from where the contents are, with
    /// what they match.
    pub(super) fn restart_conditions(&mut self) {
        let anew = self.last == TxnId::default();
        let conditions = &mut self.conditions;
        conditions.filling = if anew { conditions.asked } else { conditions.met };
        for table in conditions.tables.values_mut() {
            if anew {
                table.acked.clone_from(&table.wanted);
            }
            table.requested.clone_from(&table.acked);
        }
    }

    /// The monitor requests with the conditions that hold at first.
    pub(super) fn conditional_requests(&self, version: MonitorVersion) -> Value {
        let mut requests = self.requests.clone();
        if version == MonitorVersion::V1 {
            return requests;
        }
        for (name, table) in &self.conditions.tables {
            let clauses = understood(name, &table.acked, self.theirs.as_ref());
            if let Some(request) = requests.get_mut(name).and_then(|list| list.get_mut(0))
                && clauses != json!([true])
            {
                request["where"] = clauses;
            }
        }
        requests
    }

    /// The first contents are there.
    pub(super) fn conditions_filled(&mut self) {
        self.conditions_are_met(self.conditions.filling);
        self.send_conditions();
    }

    fn conditions_are_met(&mut self, asked: u64) {
        if self.conditions.met < asked {
            self.conditions.met = asked;
            self.events.push_back(Event::ConditionsMet(asked));
        }
    }
}

/// The clauses, or `true` where one names a column that the server lacks: it would refuse them all.
fn understood(table: &str, clauses: &Value, theirs: Option<&DatabaseSchema>) -> Value {
    let table = theirs.and_then(|schema| Some(schema.table(schema.table_idx(table)?)));
    let knows = |clause: &Value| match (clause.get(0).and_then(Value::as_str), table) {
        (Some(column), Some(table)) => table.column(column).is_some(),
        _ => true,
    };
    match clauses.as_array().is_none_or(|clauses| clauses.iter().all(knows)) {
        true => clauses.clone(),
        false => json!([true]),
    }
}
