//! The table of all logical flows: who says which flow, on which datapaths, and the rows that this makes.
//!
//! In: flows of owners that changed. Out: which flows changed ([`FlowTable::take_touched`]), and what each is now.
//! Never here: rows as they are in the southbound database.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ovsdb_data::Uuid;

use super::flows::{Datapaths, Flow, Flows};
use crate::desired::{Hasher, identity};
use crate::graph::Key;
use crate::nodes::Node;

/// Whose flows they are.
pub type Owner = (Node, Key);

/// What identifies a flow, made short: also its row's uuid.
pub type FlowId = Uuid;

/// One flow, and all who say it.
struct Entry {
    /// By owner; an owner may say it for several datapaths.
    said: Vec<(Owner, Flow)>,
}

/// A flow as it is to be in the southbound database.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// As its first owner says it.
    pub flow: Flow,
    /// The owner.
    pub owner: Owner,
    /// All datapaths, sorted; at least one.
    pub datapaths: Arc<[Uuid]>,
}

/// All flows.
#[derive(Default)]
pub struct FlowTable {
    flows: HashMap<FlowId, Entry, foldhash::fast::FixedState>,
    touched: BTreeSet<FlowId>,
}

/// What identifies a flow.
pub fn flow_id(flow: &Flow) -> FlowId {
    let mut hasher = Hasher::new("Logical_Flow");
    hasher.text(flow.stage.name());
    hasher.number(u64::from(flow.priority));
    hasher.text(&flow.r#match);
    hasher.text(&flow.actions);
    hasher.text(flow.meter.as_deref().unwrap_or_default());
    hasher.finish()
}

impl FlowTable {
    /// An owner says something else than before.
    pub fn change(&mut self, owner: Owner, before: Option<&Flows>, after: Option<&Flows>) {
        // What it goes on saying word for word is not touched.
        let ids = |flows: Option<&Flows>| -> HashMap<FlowId, Vec<Flow>, foldhash::fast::FixedState> {
            let mut ids: HashMap<FlowId, Vec<Flow>, _> = HashMap::default();
            for flow in flows.into_iter().flat_map(Flows::iter) {
                ids.entry(flow_id(flow)).or_default().push(flow.clone());
            }
            ids
        };
        let (mut before, after) = (ids(before), ids(after));
        for (id, flows) in after {
            if before.remove(&id).is_some_and(|said| said == flows) {
                continue;
            }
            let entry = self.flows.entry(id).or_insert_with(|| Entry { said: Vec::new() });
            entry.said.retain(|(of, _)| *of != owner);
            entry.said.extend(flows.into_iter().map(|flow| (owner, flow)));
            self.touched.insert(id);
        }
        for id in before.into_keys() {
            if let Some(entry) = self.flows.get_mut(&id) {
                entry.said.retain(|(of, _)| *of != owner);
                if entry.said.is_empty() {
                    self.flows.remove(&id);
                }
            }
            self.touched.insert(id);
        }
    }

    /// Which flows changed since the last time.
    pub fn take_touched(&mut self) -> BTreeSet<FlowId> {
        std::mem::take(&mut self.touched)
    }

    /// A flow, if anybody says it.
    pub fn get(&self, id: FlowId) -> Option<Merged> {
        let entry = self.flows.get(&id)?;
        let (owner, flow) = entry
            .said
            .iter()
            .min_by_key(|(owner, flow)| (*owner, flow.hint))?;
        let datapaths: Arc<[Uuid]> = match (&entry.said[..], &flow.datapaths) {
            ([_], Datapaths::Set(set)) => set.clone(),
            (said, _) => {
                let mut all: Vec<Uuid> = said.iter().flat_map(|(_, flow)| flow.datapaths.iter()).collect();
                all.sort_unstable();
                all.dedup();
                all.into()
            }
        };
        (!datapaths.is_empty()).then(|| Merged {
            flow: flow.clone(),
            owner: *owner,
            datapaths,
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.flows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }
}

/// The uuid of the row of `Logical_DP_Group` for a set of datapaths, of flows or of load balancers.
pub fn group_id(pool: &str, datapaths: &[Uuid]) -> Uuid {
    let bytes: Vec<&[u8]> = datapaths.iter().map(|uuid| uuid.as_bytes().as_slice()).collect();
    identity(pool, &bytes)
}
