//! The whole: changes of rows in, rows as they are to be out.
//!
//! ```text
//!   changes ──► Graph ──► rows ────────────────────┬──► what changed, row by row; `reconcile` brings databases in line
//!                    └──► the program's own ──rows─┘
//! ```

use std::collections::{BTreeSet, HashMap};

use ovsdb_data::{RowChange, Uuid};
use smallvec::SmallVec;

use crate::databases::{Databases, Side};
use crate::desired::{Desired, Kind, RowId};
use crate::graph::{Changed, Count, Graph, Owner, Value};
use crate::node::NodeId;
use crate::program::{Of, Program};

/// All that is known and all that follows from it.
pub struct Machine<P> {
    graph: Graph,
    program: P,
    /// Who owns columns of a row, sorted, nearly always one: what they want of it is among their values.
    owners: HashMap<RowId, SmallVec<[Owner; 1]>, foldhash::fast::FixedState>,
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
            owners: HashMap::default(),
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
            for output in P::OUTPUTS {
                let is_of = match output.of {
                    Of::Rows(s, t, is_of) if (s, t) == (side, *table) => is_of,
                    _ => continue,
                };
                match [old, new].map(|row| row.as_ref().is_some_and(is_of)) {
                    [false, true] => (output.want)(&mut self.graph, *uuid),
                    [true, false] => (output.drop)(&mut self.graph, *uuid),
                    _ => {}
                }
            }
        }
    }

    /// Whether little comes of the changes: at most so many values are made again, now.
    pub fn makes_few(&mut self, n_most: usize) -> bool {
        self.graph.make_some(n_most)
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
            self.change_rows(owner, rows(before.as_ref()), rows(after.as_ref()), &mut touched);
        }
        self.program.settle(&mut touched);
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
            touched.insert(row.row_id());
            if after.iter().any(|other| other.row_id() == row.row_id()) {
                continue;
            }
            if let Some(owners) = self.owners.get_mut(&row.row_id()) {
                owners.retain(|other| *other != owner);
                if owners.is_empty() {
                    self.owners.remove(&row.row_id());
                }
            }
        }
        for row in after.iter().filter(|row| !before.contains(row)) {
            touched.insert(row.row_id());
            let owners = self.owners.entry(row.row_id()).or_default();
            if let Err(at) = owners.binary_search(&owner) {
                owners.insert(at, owner);
            }
        }
    }

    /// A row as it is to be; none where it is not to be, or is nobody's here.
    pub fn desired(&self, id: RowId) -> Option<Desired> {
        self.wanted(id, true)
    }

    /// The same; what it says only at first need not be known of a row that is not new.
    pub fn wanted(&self, id: RowId, is_new: bool) -> Option<Desired> {
        if let Some(row) = self.program.desired(id, is_new) {
            return Some(row);
        }
        let values = self
            .owners
            .get(&id)?
            .iter()
            .filter_map(|owner| self.graph.value(*owner));
        let mut whole: Option<Desired> = None;
        for value in values {
            for more in rows(Some(&value)).iter().filter(|row| row.row_id() == id) {
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
        let is_row = |owner: &Owner| {
            let value = self.graph.value(*owner);
            rows(value.as_ref())
                .iter()
                .any(|row| row.row_id() == id && row.kind == Kind::Row)
        };
        self.owners
            .get(&id)
            .is_some_and(|owners| owners.iter().any(is_row))
            || self.program.is_desired(id)
    }

    /// The identity whose row a desired row has just taken over.
    pub fn predecessor(&self, id: RowId) -> Option<Uuid> {
        self.program.predecessor(id)
    }

    /// Every row as it is to be, by table and identity.
    pub fn all(&self) -> Vec<Desired> {
        let ids: BTreeSet<RowId> = self.ids().collect();
        ids.into_iter().filter_map(|id| self.desired(id)).collect()
    }

    /// The rows that somebody here has something to say of; one may come twice.
    pub fn ids(&self) -> impl Iterator<Item = RowId> {
        self.owners.keys().copied().chain(self.program.ids())
    }

    /// Makes every value again: it must come out as it is. Returns the rows that are to be otherwise than before.
    pub fn remake(&mut self) -> BTreeSet<RowId> {
        self.graph.check();
        self.settle()
    }

    /// The rows that all this comes from.
    pub fn databases(&self) -> &Databases {
        self.graph.databases()
    }

    /// What its outputs say in another form than rows.
    pub fn program(&self) -> &P {
        &self.program
    }

    /// The derivations that ran, and how often.
    pub fn counts(&self) -> impl Iterator<Item = (NodeId, Count)> {
        self.graph.counts()
    }

    /// How often this one did.
    pub fn count(&self, node: NodeId) -> Count {
        self.graph.count(node)
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

/// The rows that a value has.
fn rows(value: Option<&Value>) -> &[Desired] {
    value
        .and_then(|value| value.downcast_ref::<Vec<Desired>>())
        .map_or(&[], Vec::as_slice)
}
