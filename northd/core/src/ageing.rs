//! What goes because time has passed: rows that others have written and not refreshed.
//!
//! In: rows with the times at which they are to go ([`crate::desired::Gone::At`]), what time it is. Out: operations
//! that delete them, and when to look again. Never here: how old a row may grow, a clock.

use ovn_schemas::rows::ovn_northbound::NbGlobal;
use ovn_schemas::rows::ovn_southbound::{Fdb, MacBinding};
use ovsdb_data::TableIdx;
use ovsdb_data::typed::Table;
use serde_json::Value;

use crate::databases::Databases;
use crate::model::options::Options;
use crate::northd::Northd;
use crate::northd::Reconcile;

/// The tables, and the options that say how many rows go at once (ovn-nb(5) "NB_Global"); zero is any number.
const TABLES: [(TableIdx, &str); 2] = [
    (MacBinding::TABLE_INDEX, "mac_binding_removal_limit"),
    (Fdb::TABLE_INDEX, "fdb_removal_limit"),
];

/// After as many rows as may go at once nothing goes for so long, in milliseconds.
const REST: i64 = 5000;

/// Until when each table has rest.
#[derive(Default)]
pub struct Ageing([Option<i64>; TABLES.len()]);

impl Ageing {
    /// The operations that delete what is too old at a time (milliseconds since 1970), in a transaction that is to be
    /// sent now.
    pub fn operations(&mut self, northd: &Northd, reconcile: &Reconcile, now: i64) -> Vec<Value> {
        let mut operations = Vec::new();
        for ((table, option), rest) in TABLES.into_iter().zip(&mut self.0) {
            if rest_ends(*rest, now).is_some() {
                continue;
            }
            let limit = limit(northd.databases(), option);
            let before = operations.len();
            operations.extend(reconcile.delete_due(table, now).take(limit));
            *rest = (operations.len() - before == limit).then(|| now.saturating_add(REST));
        }
        operations
    }

    /// When there is something to delete next.
    pub fn next(&self, reconcile: &Reconcile, now: i64) -> Option<i64> {
        let times = TABLES.into_iter().zip(&self.0).filter_map(|((table, _), rest)| {
            let due = reconcile.next_due(table)?;
            Some(rest_ends(*rest, now).map_or(due, |end| due.max(end)))
        });
        times.min()
    }
}

/// When a rest ends that is not over: never later than it may last, whatever happens to the clock.
fn rest_ends(rest: Option<i64>, now: i64) -> Option<i64> {
    rest.filter(|end| (now + 1..=now.saturating_add(REST)).contains(end))
}

fn limit(databases: &Databases, option: &str) -> usize {
    let global: Option<NbGlobal<'_>> = databases.only();
    let limit = global.map(|global| Options::of(&global.options()).number(option, 0));
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX)
}
