//! The whole: changes of rows in, rows as they are to be out.
//!
//! ```text
//!   changes ──► Graph ──► rows ────────────────────┬──► what changed, row by row; `reconcile` brings databases in line
//!                    └──► the program's own ──rows─┘
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ovsdb_data::{RowChange, Uuid};

use crate::databases::{Databases, Side};
use crate::desired::{Desired, Kind, RowId};
use crate::graph::{Changed, Count, Graph, Owner, Value};
use crate::node::NodeId;
use crate::program::{Of, Output, Program};

/// All that is known and all that follows from it.
pub struct Machine<P> {
    graph: Graph,
    program: P,
    desired: HashMap<RowId, BTreeMap<Owner, Vec<Desired>>, foldhash::fast::FixedState>,
}

impl<P: Program> Default for Machine<P> {
    fn default() -> Self {
        Machine::new()
    }
}

impl<P: Program> Machine<P> {
    /// Over empty databases.
    pub fn new() -> Machine<P> {
        let mut machine = Machine {
            graph: Graph::new::<P>(),
            program: P::default(),
            desired: HashMap::default(),
        };
        for output in P::OUTPUTS.iter().filter(|output| matches!(output.of, Of::Once)) {
            (output.want)(&mut machine.graph, Uuid::nil());
        }
        machine
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
            let of_table = |output: &&Output| matches!(output.of, Of::Rows(s, t) if (s, t) == (side, *table));
            for output in P::OUTPUTS.iter().filter(of_table) {
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
            let is_rows = |value: &Value| value.is::<Vec<Desired>>();
            if ![&before, &after].into_iter().flatten().any(is_rows) {
                self.program.change(owner, before.as_ref(), after.as_ref());
                continue;
            }
            let rows = |value: &Option<Value>| -> Vec<Desired> {
                let rows = value
                    .as_ref()
                    .and_then(|value| value.downcast_ref::<Vec<Desired>>());
                rows.cloned().unwrap_or_default()
            };
            self.change_rows(owner, &rows(&before), rows(&after), &mut touched);
        }
        self.program.settle(&mut touched);
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
        if let Some(row) = self.program.desired(id) {
            return Some(row);
        }
        let mut said = self.desired.get(&id)?.values().flatten();
        let mut row = said.next()?.clone();
        // Several may own columns of one row.
        for more in said {
            row.kind = row.kind.min(more.kind);
            row.replaces = row.replaces.or(more.replaces);
            row.within = row.within.or(more.within);
            for (mine, others) in [
                (&mut row.columns, &more.columns),
                (&mut row.at_first, &more.at_first),
                (&mut row.pairs, &more.pairs),
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
        let rows = self.desired.get(&id).into_iter().flat_map(BTreeMap::values);
        rows.flatten().any(|row| row.kind == Kind::Row) || self.program.is_desired(id)
    }

    /// Every row as it is to be, by table and identity.
    pub fn all(&self) -> Vec<Desired> {
        let ids: BTreeSet<RowId> = self.desired.keys().copied().chain(self.program.ids()).collect();
        ids.into_iter().filter_map(|id| self.desired(id)).collect()
    }

    /// The rows that all this comes from.
    pub fn databases(&self) -> &Databases {
        self.graph.databases()
    }

    /// What its outputs say in another form than rows.
    pub fn program(&self) -> &P {
        &self.program
    }

    /// The name of a derivation.
    pub fn name(&self, node: NodeId) -> &'static str {
        self.graph.name(node)
    }

    /// How often each derivation ran.
    pub fn counts(&self) -> Vec<(NodeId, Count)> {
        self.graph.counts()
    }

    /// The same from nothing: what this must be equal to, always.
    pub fn again(&self) -> Machine<P> {
        let mut fresh = Machine::new();
        for side in P::SIDES {
            let changes: Vec<RowChange> = self.databases().all(*side).collect();
            fresh.change(*side, &changes);
        }
        fresh.settle();
        fresh
    }
}
