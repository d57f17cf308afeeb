//! The whole: changes of rows in, rows as they are to be out.
//!
//! ```text
//!   changes ──► Graph ──► flows ──► FlowTable ──┐
//!                    └──► rows ─────────────────┴──► what changed, row by row; `sync` brings databases in line
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ovsdb_data::{RowChange, TableIdx, Uuid};

use crate::databases::{Databases, Side};
use crate::desired::Desired;
use crate::flow::Flows;
use crate::flow::table::{FlowId, FlowTable, Merged, Owner};
use crate::graph::{Changed, Count, Graph};
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
    desired: HashMap<RowId, BTreeMap<Owner, Vec<Desired>>, foldhash::fast::FixedState>,
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
                let flows = |value: &Option<crate::graph::Value>| {
                    value.clone().and_then(|value| value.downcast::<Flows>().ok())
                };
                self.flows
                    .change(owner, flows(&before).as_deref(), flows(&after).as_deref());
                continue;
            }
            let rows = |value: &Option<crate::graph::Value>| -> Vec<Desired> {
                let rows = value
                    .as_ref()
                    .and_then(|value| value.downcast_ref::<Vec<Desired>>());
                rows.cloned().unwrap_or_default()
            };
            self.change_rows(owner, &rows(&before), rows(&after), &mut touched);
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
        after: Vec<Desired>,
        touched: &mut BTreeSet<RowId>,
    ) {
        let id = |row: &Desired| (row.side, row.table, row.id);
        for row in before {
            if after.contains(row) {
                continue;
            }
            touched.insert(id(row));
            if let Some(owners) = self.desired.get_mut(&id(row)) {
                owners.remove(&owner);
                if owners.is_empty() {
                    self.desired.remove(&id(row));
                }
            }
        }
        for row in after {
            if before.contains(&row) {
                continue;
            }
            touched.insert(id(&row));
            self.desired
                .entry(id(&row))
                .or_default()
                .entry(owner)
                .or_default()
                .push(row);
        }
    }

    /// A row as it is to be; none where it is not to be, or is nobody's here.
    pub fn desired(&self, id: RowId) -> Option<Desired> {
        if let Some(row) = self.flow_rows.desired(id, &self.flows) {
            return Some(row);
        }
        let mut said = self.desired.get(&id)?.values().flatten();
        let mut row = said.next()?.clone();
        // Several may own columns of one row.
        for more in said {
            row.is_update &= more.is_update;
            row.replaces = row.replaces.or(more.replaces);
            for (mine, others) in [
                (&mut row.columns, &more.columns),
                (&mut row.at_first, &more.at_first),
            ] {
                for (column, value) in others {
                    if mine.iter().all(|(other, _)| other != column) {
                        mine.push((*column, value.clone()));
                    }
                }
            }
        }
        Some(row)
    }

    /// Whether a row is to be, as far as it is known here.
    pub fn is_desired(&self, id: RowId) -> bool {
        self.desired.contains_key(&id) || self.flow_rows.contains(id)
    }

    /// Every row as it is to be, by table and identity.
    pub fn all(&self) -> Vec<Desired> {
        let ids: BTreeSet<RowId> = self.desired.keys().copied().chain(self.flow_rows.ids()).collect();
        ids.into_iter().filter_map(|id| self.desired(id)).collect()
    }

    /// A flow, and who says it.
    pub fn flow(&self, id: FlowId) -> Option<Merged> {
        self.flows.get(id)
    }

    /// Every flow, and all who say it.
    pub fn flows(&self) -> &FlowTable {
        &self.flows
    }

    /// The rows that all this comes from.
    pub fn databases(&self) -> &Databases {
        self.graph.databases()
    }

    /// How often each derivation ran.
    pub fn counts(&self) -> Vec<(Node, Count)> {
        self.graph.counts()
    }

    /// Forgets how often.
    pub fn clear_counts(&mut self) {
        self.graph.clear_counts();
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
