//! The translation as a program of the machine: flows are merged before they become rows.
//!
//! ```text
//!   outputs that are flows ──► FlowTable ──► FlowRows ──► rows
//! ```

use std::collections::BTreeSet;

use ovn_incremental::desired::{Desired, RowId};
use ovn_incremental::graph::{Owner, Value};
use ovn_incremental::program::{Indexes, Output, Program};
use ovn_incremental::reconcile::Part;
use ovn_incremental::{Machine, Side};

use ovn_schemas::rows::ovn_southbound::{LogicalDpGroup, RbacPermission, RbacRole};
use ovsdb_data::typed::Table;
use ovsdb_data::{ColumnIdx, TableIdx, Uuid};

use crate::flow::Flows;
use crate::flow::table::{FlowId, FlowTable, Merged};
use crate::indexes::{COUNTERS, INDEXES};
use crate::nodes::{Node, OUTPUTS};
use crate::sync::logical_flow::FlowRows;
use crate::sync::rbac;
use crate::tables::TABLES;

/// All that is known of both databases and all that follows from it.
pub type Northd = Machine<Translation>;

/// What either database lacks of it.
pub type Reconcile = ovn_incremental::reconcile::Reconcile<Translation>;

/// Northbound to southbound.
#[derive(Default)]
pub struct Translation {
    flows: FlowTable,
    rows: FlowRows,
}

impl Translation {
    /// A flow, and who says it.
    pub fn flow(&self, id: FlowId) -> Option<Merged> {
        self.flows.get(id)
    }

    /// Every flow, and all who say it.
    pub fn flows(&self) -> &FlowTable {
        &self.flows
    }
}

impl Program for Translation {
    const SIDES: &'static [Side] = &[Side::Nb, Side::Sb];
    const INDEXES: Indexes = INDEXES;
    const COUNTERS: &'static [(Side, TableIdx, ColumnIdx)] = COUNTERS;
    const NODES: &'static [(&'static str, &'static str)] = Node::ALL;
    const OUTPUTS: &'static [Output] = OUTPUTS;

    fn tables(side: Side) -> &'static [(&'static str, &'static [Part])] {
        match side {
            Side::Sb => TABLES,
            _ => &[],
        }
    }

    fn change(&mut self, owner: Owner, before: Option<&Value>, after: Option<&Value>) {
        let flows = |value: Option<&Value>| value.cloned().and_then(|value| value.downcast::<Flows>().ok());
        self.flows
            .change(owner, flows(before).as_deref(), flows(after).as_deref());
    }

    fn settle(&mut self, touched: &mut BTreeSet<RowId>) {
        for moved in self.flows.take_moved() {
            self.rows.change_set(moved.name, moved.now);
        }
        for id in self.flows.take_touched() {
            self.rows.change(id, self.flows.get(id), touched);
        }
        self.rows.settle(touched);
    }

    fn desired(&self, id: RowId, is_new: bool) -> Option<Desired> {
        self.rows.desired(id, &self.flows, is_new)
    }

    fn is_desired(&self, id: RowId) -> bool {
        self.rows.contains(id, &self.flows)
    }

    fn predecessor(&self, id: RowId) -> Option<Uuid> {
        self.rows.predecessor(id)
    }

    fn is_leftover(machine: &Northd, (side, table, uuid): RowId) -> bool {
        match (side, table) {
            // Operators may have permissions and roles of their own.
            (Side::Sb, RbacPermission::TABLE_INDEX) => false,
            (Side::Sb, RbacRole::TABLE_INDEX) => {
                let row = machine.databases().row(side, table, uuid);
                row.is_some_and(|row| RbacRole::of(row).name() == rbac::ROLE)
            }
            _ => true,
        }
    }

    fn changes_hands(side: Side, table: TableIdx) -> bool {
        (side, table) == (Side::Sb, LogicalDpGroup::TABLE_INDEX)
    }

    fn ids(&self) -> impl Iterator<Item = RowId> {
        self.rows.ids(&self.flows)
    }
}
