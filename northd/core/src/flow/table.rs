//! The table of all logical flows: who says which flow, on which datapaths, and the rows that this makes.
//!
//! In: flows of owners that changed. Out: which flows changed ([`FlowTable::take_touched`]), and what each is now.
//! Never here: rows as they are in the southbound database.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ovsdb_data::Uuid;
use smallvec::SmallVec;

use super::flows::{Datapaths, Flow, Flows, Part};
use super::sets::{Moved, Set, SetName, Sets};
use crate::desired::{Hasher, identity};
use crate::graph::Owner;

/// What identifies a flow, made short: also its row's uuid.
pub type FlowId = Uuid;

/// All who say a flow, nearly always one; an owner may say it for several datapaths.
type Said = SmallVec<[(Owner, Arc<Flow>); 1]>;

/// A flow as it is to be in the southbound database.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// As its first owner says it.
    pub flow: Arc<Flow>,
    /// The owner.
    pub owner: Owner,
    /// All datapaths, sorted; at least one.
    pub datapaths: Set,
    /// The set that these are, where it has a name.
    pub set: Option<SetName>,
}

/// All flows.
#[derive(Default)]
pub struct FlowTable {
    flows: HashMap<FlowId, Said, foldhash::fast::FixedState>,
    touched: BTreeSet<FlowId>,
    /// Those that are said more than once.
    shared: BTreeSet<FlowId>,
    sets: Sets,
}

/// Who of all who say a flow decides what is said about it. An owner may say it in several places.
fn rank((owner, flow): &(Owner, Arc<Flow>)) -> impl Ord + use<'_> {
    let about = (flow.hint, flow.in_out_port.as_deref(), flow.description);
    (flow.yields, *owner, about, flow.source.file(), flow.source.line())
}

/// What identifies a flow.
pub fn flow_id(flow: &Flow) -> FlowId {
    flow_id_of(
        flow.stage.name(),
        flow.priority,
        &flow.r#match,
        &flow.actions,
        flow.meter.as_deref(),
    )
}

/// What identifies a flow with these parts.
pub fn flow_id_of(stage: &str, priority: u16, r#match: &str, actions: &str, meter: Option<&str>) -> FlowId {
    let mut hasher = Hasher::new("Logical_Flow");
    hasher.text(stage);
    hasher.number(u64::from(priority));
    hasher.text(r#match);
    hasher.text(actions);
    hasher.text(meter.unwrap_or_default());
    hasher.finish()
}

impl FlowTable {
    /// An owner says something else than before. What it goes on saying at either end costs a comparison each.
    pub fn change(&mut self, owner: Owner, before: Option<&Flows>, after: Option<&Flows>) {
        self.change_parts(before, after);
        self.sets.change(
            before.map_or(&[][..], Flows::sets),
            after.map_or(&[][..], Flows::sets),
        );
        let (before, after) = (
            before.map_or(&[][..], Flows::as_slice),
            after.map_or(&[][..], Flows::as_slice),
        );
        let same = |(a, b): &(&Arc<Flow>, &Arc<Flow>)| a == b;
        let n_first = before.iter().zip(after).take_while(same).count();
        let (before, after) = (&before[n_first..], &after[n_first..]);
        let n_last = before
            .iter()
            .rev()
            .zip(after.iter().rev())
            .take_while(same)
            .count();
        for flow in &before[..before.len() - n_last] {
            let id = flow_id(flow);
            self.touched.insert(id);
            let Some(said) = self.flows.get_mut(&id) else {
                continue;
            };
            if let Some(at) = said.iter().position(|(of, said)| *of == owner && said == flow) {
                said.swap_remove(at);
            }
            if said.len() < 2 {
                self.shared.remove(&id);
            }
            if said.is_empty() {
                self.flows.remove(&id);
            }
        }
        for flow in &after[..after.len() - n_last] {
            let id = flow_id(flow);
            self.touched.insert(id);
            let said = self.flows.entry(id).or_default();
            said.push((owner, flow.clone()));
            if said.len() > 1 {
                self.shared.insert(id);
            }
        }
    }

    fn change_parts(&mut self, before: Option<&Flows>, after: Option<&Flows>) {
        let part = |flows: Option<&Flows>, owner: &Owner| -> Option<Arc<Flows>> {
            flows?.parts().get(owner).map(|part| part.0.clone())
        };
        for (owner, Part(now)) in after.into_iter().flat_map(Flows::parts) {
            let was = part(before, owner);
            if was.as_ref().is_none_or(|was| !Arc::ptr_eq(was, now)) {
                self.change(*owner, was.as_deref(), Some(now));
            }
        }
        for (owner, Part(was)) in before.into_iter().flat_map(Flows::parts) {
            if part(after, owner).is_none() {
                self.change(*owner, Some(was), None);
            }
        }
    }

    /// Which sets changed since the last time.
    pub fn take_moved(&mut self) -> Vec<Moved> {
        let moved = self.sets.take_moved();
        for Moved { name, before, now } in &moved {
            let uses = |said: &Said| {
                said.iter()
                    .any(|(_, flow)| flow.datapaths == Datapaths::Named(*name))
            };
            // Between one datapath and several a flow says in another column where it is.
            match before.len() > 1 && now.len() > 1 {
                true => {
                    let shared = self
                        .shared
                        .iter()
                        .filter(|id| self.flows.get(id).is_some_and(uses));
                    self.touched.extend(shared);
                }
                false => {
                    let all = self.flows.iter().filter(|(_, said)| uses(said));
                    self.touched.extend(all.map(|(id, _)| *id));
                }
            }
        }
        moved
    }

    /// Which flows changed since the last time.
    pub fn take_touched(&mut self) -> BTreeSet<FlowId> {
        std::mem::take(&mut self.touched)
    }

    /// A flow, if anybody says it.
    pub fn get(&self, id: FlowId) -> Option<Merged> {
        let said = self.flows.get(&id)?;
        let (owner, flow) = said.iter().min_by(|a, b| rank(a).cmp(&rank(b)))?;
        let (datapaths, set) = match (&said[..], &flow.datapaths) {
            ([_], Datapaths::One(one)) => (Set::from([*one]), None),
            ([_], Datapaths::Set(set)) => (set.clone(), None),
            ([_], Datapaths::Named(name)) => (self.sets.get(*name)?.clone(), Some(*name)),
            (said, _) => {
                let each = said.iter().flat_map(|(_, flow)| self.members(&flow.datapaths));
                let mut all: Vec<Uuid> = each.copied().collect();
                all.sort_unstable();
                all.dedup();
                (all.into(), None)
            }
        };
        (!datapaths.is_empty()).then(|| Merged {
            flow: flow.clone(),
            owner: *owner,
            datapaths,
            set,
        })
    }

    fn members<'a>(&'a self, datapaths: &'a Datapaths) -> &'a [Uuid] {
        match datapaths {
            Datapaths::One(one) => std::slice::from_ref(one),
            Datapaths::Set(set) => set,
            Datapaths::Named(name) => self.sets.get(*name).map_or(&[], |set| set),
        }
    }

    /// Who says a flow, and how: first who decides what is said about it.
    pub fn said(&self, id: FlowId) -> Vec<&(Owner, Arc<Flow>)> {
        let said = self.flows.get(&id).map_or(&[][..], |said| &said[..]);
        let mut said: Vec<&(Owner, Arc<Flow>)> = said.iter().collect();
        said.sort_by(|a, b| rank(a).cmp(&rank(b)));
        said
    }

    /// Every flow's id.
    pub fn ids(&self) -> impl Iterator<Item = FlowId> {
        let flows = self.flows.iter().filter(|(_, said)| self.is_somewhere(said));
        flows.map(|(id, _)| *id)
    }

    /// Whether anybody says a flow.
    pub fn contains(&self, id: FlowId) -> bool {
        self.flows.get(&id).is_some_and(|said| self.is_somewhere(said))
    }

    /// Sets may have no members.
    fn is_somewhere(&self, said: &Said) -> bool {
        said.iter()
            .any(|(_, flow)| !self.members(&flow.datapaths).is_empty())
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
