//! `Logical_Flow` and `Logical_DP_Group`: a flow names its datapath, or the group of its datapaths (ovn-sb(5)).

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use ovn_schemas::rows::ovn_southbound::{LogicalDpGroup, LogicalFlow};
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, Table};

use crate::databases::Side;
use crate::desired::{Desired, RowId};
use crate::flow::table::{FlowId, FlowTable, Merged, group_id};
use crate::sync::datapath_binding::datapath_id;

/// What a group of flows' datapaths is told apart by.
const POOL: &str = "Logical_DP_Group";

/// The rows of flows and of their groups.
#[derive(Default)]
pub struct FlowRows {
    /// The group of a flow, where it has several datapaths.
    of_flow: HashMap<FlowId, Option<Uuid>, foldhash::fast::FixedState>,
    groups: HashMap<Uuid, Group, foldhash::fast::FixedState>,
    /// Sets of datapaths that were seen lately, and their groups: many flows share a long one.
    known: VecDeque<(Arc<[Uuid]>, Uuid)>,
}

/// How many sets are remembered.
const N_KNOWN: usize = 8;

struct Group {
    datapaths: Arc<[Uuid]>,
    n_flows: usize,
    /// The group that lost its last flow to this one: a switch that comes or goes changes one row, not every flow's.
    succeeds: Option<Uuid>,
}

impl FlowRows {
    /// A flow changed, or is gone.
    pub fn change(&mut self, id: FlowId, flow: Option<Merged>, touched: &mut BTreeSet<RowId>) {
        touched.insert((Side::Sb, LogicalFlow::TABLE_INDEX, id));
        let group = |uuid: Uuid| (Side::Sb, LogicalDpGroup::TABLE_INDEX, uuid);
        let before = self.of_flow.remove(&id).flatten();
        if let Some(flow) = flow {
            let of = (flow.datapaths.len() > 1).then(|| self.group_of(&flow.datapaths));
            if let Some(uuid) = of {
                let fresh = || Group {
                    datapaths: flow.datapaths.clone(),
                    n_flows: 0,
                    succeeds: None,
                };
                let entry = self.groups.entry(uuid).or_insert_with(fresh);
                entry.n_flows += 1;
                if entry.n_flows == 1 {
                    touched.insert(group(uuid));
                }
            }
            self.of_flow.insert(id, of);
        }
        if let Some(uuid) = before
            && let Some(entry) = self.groups.get_mut(&uuid)
        {
            entry.n_flows -= 1;
            if entry.n_flows == 0 {
                self.groups.remove(&uuid);
                touched.insert(group(uuid));
                let now = self.of_flow.get(&id).copied().flatten();
                if let Some(heir) = now.and_then(|now| self.groups.get_mut(&now)) {
                    heir.succeeds = Some(uuid);
                }
            }
        }
    }

    fn group_of(&mut self, datapaths: &Arc<[Uuid]>) -> Uuid {
        let found = self.known.iter().find(|(set, _)| Arc::ptr_eq(set, datapaths));
        if let Some((_, group)) = found {
            return *group;
        }
        let group = group_id(POOL, datapaths);
        self.known.truncate(N_KNOWN - 1);
        self.known.push_front((datapaths.clone(), group));
        group
    }

    /// Every row's id.
    pub fn ids(&self) -> impl Iterator<Item = RowId> {
        let flows = self
            .of_flow
            .keys()
            .map(|id| (Side::Sb, LogicalFlow::TABLE_INDEX, *id));
        flows.chain(
            self.groups
                .keys()
                .map(|id| (Side::Sb, LogicalDpGroup::TABLE_INDEX, *id)),
        )
    }

    /// Whether a row is to be.
    pub fn contains(&self, (side, table, id): RowId) -> bool {
        match (side, table) {
            (Side::Sb, LogicalFlow::TABLE_INDEX) => self.of_flow.contains_key(&id),
            (Side::Sb, LogicalDpGroup::TABLE_INDEX) => self.groups.contains_key(&id),
            _ => false,
        }
    }

    /// The group whose flows have all gone, the last of them to this one.
    pub fn predecessor(&self, (side, table, id): RowId) -> Option<Uuid> {
        let is_group = (side, table) == (Side::Sb, LogicalDpGroup::TABLE_INDEX);
        is_group.then(|| self.groups.get(&id)?.succeeds).flatten()
    }

    /// A row as it is to be.
    pub fn desired(&self, (side, table, id): RowId, flows: &FlowTable) -> Option<Desired> {
        match (side, table) {
            (Side::Sb, LogicalFlow::TABLE_INDEX) => Some(row(id, &flows.get(id)?, *self.of_flow.get(&id)?)),
            (Side::Sb, LogicalDpGroup::TABLE_INDEX) => {
                let group = self.groups.get(&id)?;
                let datapaths = group.datapaths.iter().map(|uuid| datapath_id(*uuid));
                let columns = Columns::new().set(LogicalDpGroup::DATAPATHS, datapaths);
                Some(Desired::row(id, columns))
            }
            _ => None,
        }
    }
}

fn row(id: FlowId, Merged { flow, datapaths, .. }: &Merged, group: Option<Uuid>) -> Desired {
    let datapath = match group {
        Some(_) => None,
        None => datapaths.first().map(|uuid| datapath_id(*uuid)),
    };
    let columns = Columns::new()
        .set(LogicalFlow::PIPELINE, flow.stage.pipeline().name())
        .set(LogicalFlow::TABLE_ID, i64::from(flow.stage.table()))
        .set(LogicalFlow::PRIORITY, i64::from(flow.priority))
        .set(LogicalFlow::MATCH, &*flow.r#match)
        .set(LogicalFlow::ACTIONS, &*flow.actions)
        .set(LogicalFlow::CONTROLLER_METER, flow.meter.as_deref())
        .set(LogicalFlow::LOGICAL_DATAPATH, datapath)
        .set(LogicalFlow::LOGICAL_DP_GROUP, group);
    let mut ids = vec![
        ("stage-name", flow.stage.name().to_owned()),
        ("source", source(flow.source)),
    ];
    if let Some(hint) = flow.hint {
        ids.push(("stage-hint", hint.to_string()[..8].to_owned()));
    }
    if flow.skips_tracking {
        ids.push(("kube-ovn-hint", "kube-ovn: skip conntrack".to_owned()));
    }
    let at_first = Columns::new()
        .set(LogicalFlow::EXTERNAL_IDS, ids)
        .set(
            LogicalFlow::TAGS,
            flow.in_out_port.iter().map(|port| ("in_out_port", &**port)),
        )
        .set(LogicalFlow::FLOW_DESC, flow.description);
    Desired::row::<LogicalFlow<'static>>(id, columns).at_first::<LogicalFlow<'static>>(at_first)
}

/// The file and the line, without the folders.
pub(crate) fn source(at: &std::panic::Location<'_>) -> String {
    let file = at.file().rsplit("src/").next().unwrap_or_default();
    format!("{file}:{}", at.line())
}
