//! The whole: changes of rows in, rows as they are to be out.
//!
//! ```text
//!   changes ──► Graph ──► flows ──► FlowTable ──┐
//!                    └──► rows ─────────────────┴──► what changed, row by row; `sync` brings databases in line
//! ```

use std::collections::{BTreeSet, HashMap};

use ovsdb_data::{RowChange, TableIdx, Uuid};
use smallvec::SmallVec;

use crate::databases::{Databases, Side};
use crate::desired::Desired;
use crate::flow::Flows;
use crate::flow::table::{FlowId, FlowTable, Merged, Owner};
use crate::graph::{Changed, Count, Graph, Value};
use crate::nodes::{Node, OUTPUTS, Of};
use crate::sync::logical_flow::FlowRows;

/// A row of a database.
pub type RowId = (Side, TableIdx, Uuid);

/// All that is known and all that follows from it.
#[derive(Default)]
pub struct Northd {
    graph: Graph,
    flows: FlowTable,
    flow_rows: FlowRows,
    /// Who owns columns of a row, sorted, nearly always one: what they want of it is among their values.
    owners: HashMap<RowId, SmallVec<[Owner; 1]>, foldhash::fast::FixedState>,
}

impl Northd {
    /// Over empty databases.
    pub fn new() -> Northd {
        let mut northd = Northd::default();
        for output in OUTPUTS.iter().filter(|output| matches!(output.of, Of::Once)) {
            (output.want)(&mut northd.graph, Uuid::nil());
        }
        northd
    }

    /// Takes changes of one database's rows.
    pub fn change(&mut self, side: Side, changes: &[RowChange]) {
        self.graph
            .apply(|databases, touched| databases.change(side, changes, touched));
        for RowChange {
            table,
            uuid,
            old,
            new,
        } in changes
        {
            let of_table = |output: &&crate::nodes::Output| matches!(output.of, Of::Rows(s, t) if (s, t) == (side, *table));
            for output in OUTPUTS.iter().filter(of_table) {
                match (old, new) {
                    (None, Some(_)) => (output.want)(&mut self.graph, *uuid),
                    (Some(_), None) => (output.drop)(&mut self.graph, *uuid),
                    _ => {}
                }
            }
        }
    }

    /// Finds what comes of the changes: the rows that are to be otherwise than before.
    pub fn settle(&mut self) -> BTreeSet<RowId> {
        let mut touched = BTreeSet::new();
        for Changed {
            node,
            key,
            before,
            after,
        } in self.graph.settle()
        {
            let owner = (node, key);
            let is_flows = [&before, &after]
                .into_iter()
                .flatten()
                .any(|value| value.is::<Flows>());
            if is_flows {
                let flows = |value: &Option<Value>| {
                    value.clone().and_then(|value| value.downcast::<Flows>().ok())
                };
                self.flows
                    .change(owner, flows(&before).as_deref(), flows(&after).as_deref());
                continue;
            }
            self.change_rows(owner, rows(before.as_ref()), rows(after.as_ref()), &mut touched);
        }
        for id in self.flows.take_touched() {
            self.flow_rows.change(id, self.flows.get(id), &mut touched);
        }
        touched
    }

    fn change_rows(
        &mut self,
        owner: Owner,
        before: &[Desired],
        after: &[Desired],
        touched: &mut BTreeSet<RowId>,
    ) {
        for row in before.iter().filter(|row| !after.contains(row)) {
            touched.insert(row_id(row));
            if after.iter().any(|other| row_id(other) == row_id(row)) {
                continue;
            }
            if let Some(owners) = self.owners.get_mut(&row_id(row)) {
                owners.retain(|other| *other != owner);
                if owners.is_empty() {
                    self.owners.remove(&row_id(row));
                }
            }
        }
        for row in after.iter().filter(|row| !before.contains(row)) {
            touched.insert(row_id(row));
            let owners = self.owners.entry(row_id(row)).or_default();
            if let Err(at) = owners.binary_search(&owner) {
                owners.insert(at, owner);
            }
        }
    }

    /// A row as it is to be; none where it is not to be, or is nobody's here.
    pub fn desired(&self, id: RowId) -> Option<Desired> {
        if let Some(row) = self.flow_rows.desired(id, &self.flows) {
            return Some(row);
        }
        let values = self.owners.get(&id)?.iter().filter_map(|owner| self.graph.value(*owner));
        let mut whole: Option<Desired> = None;
        for value in values {
            for more in rows(Some(&value)).iter().filter(|row| row_id(row) == id) {
                match &mut whole {
                    // Several may own columns of one row.
                    Some(row) => row.merge(more),
                    None => whole = Some(more.clone()),
                }
            }
        }
        whole
    }

    /// Whether a row is to be, as far as it is known here.
    pub fn is_desired(&self, id: RowId) -> bool {
        self.owners.contains_key(&id) || self.flow_rows.contains(id)
    }

    /// Every row as it is to be, by table and identity.
    pub fn all(&self) -> Vec<Desired> {
        let ids: BTreeSet<RowId> = self.owners.keys().copied().chain(self.flow_rows.ids()).collect();
        ids.into_iter().filter_map(|id| self.desired(id)).collect()
    }

    /// A flow, and who says it.
    pub fn flow(&self, id: FlowId) -> Option<Merged> {
        self.flows.get(id)
    }

    /// The rows that all this comes from.
    pub fn databases(&self) -> &Databases {
        self.graph.databases()
    }

    /// How often each derivation ran.
    pub fn counts(&self) -> Vec<(Node, Count)> {
        self.graph.counts()
    }

    /// The same from nothing: what this must be equal to, always.
    pub fn again(&self) -> Northd {
        let mut fresh = Northd::new();
        for side in [Side::Nb, Side::Sb] {
            let changes: Vec<RowChange> = self.databases().all(side).collect();
            fresh.change(side, &changes);
        }
        fresh.settle();
        fresh
    }
}

fn row_id(row: &Desired) -> RowId {
    (row.side, row.table, row.id)
}

/// The rows that a value has.
fn rows(value: Option<&Value>) -> &[Desired] {
    value
        .and_then(|value| value.downcast_ref::<Vec<Desired>>())
        .map_or(&[], Vec::as_slice)
}
