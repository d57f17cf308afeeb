//! A northd with its two databases in memory: what it wants written is written, and comes back as changes, as with
//! servers, but without them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use northd_core::ageing::Ageing;
use northd_core::desired::RowId;
use northd_core::{Northd, Reconcile, Side};
use ovn_schemas::Db;
use ovsdb_data::{OvsdbError, Row, RowChange, TableIdx, TxnId, Uuid};
use ovsdb_engine::{Context, Database, Outcome};
use serde_json::{Map, Value, json};

/// The three.
pub struct Live {
    /// Ours.
    pub northd: Northd,
    nb: Database,
    sb: Database,
    reconcile_nb: Reconcile,
    reconcile: Reconcile,
    ageing: Ageing,
    n_fresh: u128,
    /// Operations on the southbound database so far.
    pub n_operations: usize,
}

impl Default for Live {
    fn default() -> Self {
        Live {
            northd: Northd::new(),
            nb: Database::new(Arc::new(ovn_schemas::schema(Db::OvnNorthbound)), TxnId::default()),
            sb: Database::new(Arc::new(ovn_schemas::schema(Db::OvnSouthbound)), TxnId::default()),
            reconcile_nb: Reconcile::new(Side::Nb),
            reconcile: Reconcile::new(Side::Sb),
            ageing: Ageing::default(),
            n_fresh: 1 << 100,
            n_operations: 0,
        }
    }
}

impl Live {
    /// A northbound row as it is at present.
    pub fn nb(&self, table: TableIdx, uuid: Uuid) -> Option<&Row> {
        self.nb.snapshot().get(table, &uuid)
    }

    /// A transaction on the northbound database; false where the database refuses it.
    pub fn transact(&mut self, operations: &[Value]) -> bool {
        match run(&self.nb, operations, &mut self.n_fresh) {
            Ok(changes) => {
                self.nb.apply(&changes, TxnId(Uuid::from_u128(self.n_fresh)));
                self.northd.change(Side::Nb, &changes);
                self.reconcile_nb.changed(&changes);
                true
            }
            Err(_) => false,
        }
    }

    /// A transaction of somebody else on the southbound database; false where the database refuses it.
    pub fn transact_sb(&mut self, operations: &[Value]) -> bool {
        let changes = run(&self.sb, operations, &mut self.n_fresh);
        if let Ok(changes) = &changes {
            self.sb_changed(changes);
        }
        changes.is_ok()
    }

    /// The operation that makes a northbound row what it is to be.
    pub fn put(&self, table: TableIdx, row: &Row) -> Value {
        let schema = self.nb.snapshot().schema.table(table).clone();
        let columns: Map<String, Value> = (schema.iter().skip(2))
            .map(|(column, of)| (of.name.to_string(), row.get(column).to_json(&of.ty)))
            .collect();
        let (name, uuid) = (&*schema.name, row.uuid().to_string());
        match self.nb(table, row.uuid()) {
            None => json!({"op": "insert", "table": name, "uuid": uuid, "row": columns}),
            Some(_) => {
                json!({"op": "update", "table": name, "where": [["_uuid", "==", ["uuid", uuid]]], "row": columns})
            }
        }
    }

    /// Until nothing is to be written any more.
    pub fn settle(&mut self) {
        for round in 0.. {
            assert!(round < 20, "it does not come to rest");
            let touched = self.northd.settle();
            let n_written = self.write_nb(&touched);
            self.reconcile.touch(&self.northd, touched);
            if self.write_sb() + n_written == 0 {
                return;
            }
        }
    }

    fn write_nb(&mut self, touched: &BTreeSet<RowId>) -> usize {
        self.reconcile_nb.touch(&self.northd, touched.iter().copied());
        let operations = self.reconcile_nb.operations(&self.northd);
        assert!(
            operations.is_empty() || self.transact(&operations),
            "{operations:?}"
        );
        operations.len()
    }

    fn write_sb(&mut self) -> usize {
        let operations = self.reconcile.operations(&self.northd);
        if operations.is_empty() {
            return 0;
        }
        self.n_operations += operations.len();
        match run(&self.sb, &operations, &mut self.n_fresh) {
            Ok(changes) => self.sb_changed(&changes),
            Err((error, at)) => panic!("{error:?} at {:?}", at.and_then(|at| operations.get(at))),
        }
        operations.len()
    }

    fn sb_changed(&mut self, changes: &[RowChange]) {
        self.n_fresh += 1;
        self.sb.apply(changes, TxnId(Uuid::from_u128(self.n_fresh)));
        self.northd.change(Side::Sb, changes);
        self.reconcile.changed(changes);
    }

    /// At a time (milliseconds since 1970), what is too old then is deleted.
    pub fn pass(&mut self, now: i64) {
        self.settle();
        let operations = self.ageing.operations(&self.northd, &self.reconcile, now);
        assert!(self.transact_sb(&operations), "{operations:?}");
        self.settle();
    }

    /// When something is too old next.
    pub fn next(&self, now: i64) -> Option<i64> {
        self.ageing.next(&self.reconcile, now)
    }

    /// What is written when everything is made and looked at again: nothing, if all is well.
    pub fn recompute(&mut self) -> Vec<Value> {
        let touched = self.northd.remake();
        self.reconcile.touch(&self.northd, touched);
        self.reconcile.review(&self.northd);
        self.reconcile.operations(&self.northd)
    }

    /// What a fresh start would write: nothing, if all is well.
    pub fn what_is_missing(&mut self) -> Vec<serde_json::Value> {
        let fresh = self.northd.again();
        let mut reconcile = Reconcile::new(Side::Sb);
        let rows: Vec<RowChange> = fresh.databases().all(Side::Sb).collect();
        reconcile.changed(&rows);
        reconcile.touch(
            &fresh,
            fresh.all().iter().map(|row| (row.side, row.table, row.id)),
        );
        reconcile.operations(&fresh)
    }
}

/// What a transaction changes, or why it is refused, and at which operation.
fn run(
    database: &Database,
    operations: &[Value],
    n_fresh: &mut u128,
) -> Result<Vec<RowChange>, (Option<OvsdbError>, Option<usize>)> {
    let mut fresh = || {
        *n_fresh += 1;
        Uuid::from_u128(*n_fresh)
    };
    let mut context = Context {
        fresh: &mut fresh,
        read_only: false,
        identity: None,
        holds_lock: &|_: &str| true,
        elapsed: Duration::ZERO,
    };
    match database.execute(operations, &mut context) {
        Outcome::Done { changes, .. } => Ok(changes),
        Outcome::Failed { replies } => {
            let at = replies
                .iter()
                .position(|reply| reply.as_ref().is_some_and(Result::is_err));
            Err((replies.into_iter().flatten().find_map(Result::err), at))
        }
        Outcome::Wait { .. } => Err((None, None)),
    }
}
