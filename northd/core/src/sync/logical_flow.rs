//! `Logical_Flow` and `Logical_DP_Group`: a flow names its datapath, or the group of its datapaths (ovn-sb(5)).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use ovn_schemas::rows::ovn_southbound::{LogicalDpGroup, LogicalFlow};
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, Table};

use crate::databases::Side;
use crate::desired::{Desired, RowId};
use crate::flow::table::{FlowId, FlowTable, Merged, group_id};
use crate::flow::{Flow, Set, SetName};
use crate::sync::datapath_binding::datapath_id;

/// What a group of flows' datapaths is told apart by.
const POOL: &str = "Logical_DP_Group";

/// The rows of flows and of their groups.
#[derive(Default)]
pub struct FlowRows {
    /// Where the flows are that are not on one datapath.
    places: Hashed<FlowId, Place>,
    sets: Hashed<SetName, Named>,
    groups: Hashed<Uuid, Group>,
    /// Groups that lost their last user since the rows were settled, and the group that this one is in now.
    left: Vec<(Uuid, Option<Uuid>)>,
    /// Groups that are new since then.
    fresh: BTreeSet<Uuid>,
    /// Named sets whose group is another one since then: which it was, and is.
    moved: Vec<(SetName, Uuid, Uuid)>,
    /// New groups of the last settling that take over the row of another one, which has lost its last user, or most of
    /// its flows, to them: a switch that comes or goes changes one row, not every flow's.
    heirs: BTreeMap<Uuid, Uuid>,
    /// Sets of datapaths that were seen lately, and their groups: many flows share a long one.
    known: VecDeque<(Set, Uuid)>,
}

type Hashed<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// How many sets are remembered.
const N_KNOWN: usize = 8;

/// Where a flow is that has several datapaths.
#[derive(Clone, Copy)]
enum Place {
    /// On those of a group.
    Group(Uuid),
    /// On those of a set with a name, and so in its group.
    Named(SetName),
}

/// A named set that flows are on.
struct Named {
    /// None where it has one datapath.
    group: Option<Uuid>,
    n_flows: usize,
}

struct Group {
    datapaths: Set,
    /// Flows, and named sets.
    n_users: usize,
}

impl FlowRows {
    /// A flow changed, or is gone.
    pub fn change(&mut self, id: FlowId, flow: Option<Merged>, touched: &mut BTreeSet<RowId>) {
        touched.insert((Side::Sb, LogicalFlow::TABLE_INDEX, id));
        let before = self.places.remove(&id);
        let mut group = None;
        if let Some(flow) = flow.filter(|flow| flow.datapaths.len() > 1) {
            let place = match flow.set {
                Some(name) => Place::Named(name),
                None => Place::Group(self.id_of(&flow.datapaths)),
            };
            self.join(place, flow.datapaths);
            group = self.group_of(place);
            self.places.insert(id, place);
        }
        if let Some(place) = before {
            self.leave(place, group);
        }
    }

    fn group_of(&self, place: Place) -> Option<Uuid> {
        match place {
            Place::Group(group) => Some(group),
            Place::Named(name) => self.sets.get(&name)?.group,
        }
    }

    fn join(&mut self, place: Place, datapaths: Set) {
        match place {
            Place::Group(group) => self.use_group(group, datapaths),
            Place::Named(name) => {
                if let Some(set) = self.sets.get_mut(&name) {
                    set.n_flows += 1;
                    return;
                }
                let group = self.id_of(&datapaths);
                let named = Named {
                    group: Some(group),
                    n_flows: 1,
                };
                self.sets.insert(name, named);
                self.use_group(group, datapaths);
            }
        }
    }

    /// A flow is elsewhere now, in a group if it has several datapaths.
    fn leave(&mut self, place: Place, now: Option<Uuid>) {
        match place {
            Place::Group(group) => self.release(group, now),
            Place::Named(name) => {
                let Some(set) = self.sets.get_mut(&name) else {
                    return;
                };
                set.n_flows -= 1;
                if set.n_flows == 0
                    && let Some(group) = self.sets.remove(&name).and_then(|set| set.group)
                {
                    self.release(group, now);
                }
            }
        }
    }

    fn use_group(&mut self, group: Uuid, datapaths: Set) {
        let fresh = &mut self.fresh;
        let entry = self.groups.entry(group).or_insert_with(|| {
            fresh.insert(group);
            Group {
                datapaths,
                n_users: 0,
            }
        });
        entry.n_users += 1;
    }

    fn release(&mut self, group: Uuid, now: Option<Uuid>) {
        if let Some(entry) = self.groups.get_mut(&group) {
            entry.n_users -= 1;
            if entry.n_users == 0 {
                self.left.push((group, now));
            }
        }
    }

    /// A named set has other datapaths.
    pub fn change_set(&mut self, name: SetName, datapaths: Set) {
        let group = (datapaths.len() > 1).then(|| self.id_of(&datapaths));
        let Some(set) = self.sets.get_mut(&name) else {
            return;
        };
        let before = std::mem::replace(&mut set.group, group);
        if before == group {
            return;
        }
        if let Some(group) = group {
            self.use_group(group, datapaths);
        }
        if let Some(before) = before {
            self.release(before, group);
            self.moved.extend(group.map(|group| (name, before, group)));
        }
    }

    /// All has changed that was to change: finds which groups come, go, and take the rows of others over.
    pub fn settle(&mut self, touched: &mut BTreeSet<RowId>) {
        let fresh = std::mem::take(&mut self.fresh);
        self.heirs.clear();
        let mut gone = BTreeSet::new();
        for (left, now) in std::mem::take(&mut self.left) {
            let is_unused = |group: &Group| group.n_users == 0;
            if !self.groups.get(&left).is_some_and(is_unused) {
                continue;
            }
            self.groups.remove(&left);
            gone.insert(left);
            if let Some(now) = now.filter(|now| fresh.contains(now)) {
                self.heirs.entry(now).or_insert(left);
            }
        }
        // One that came in between was never told of.
        let told = gone.symmetric_difference(&fresh).copied();
        touched.extend(told.map(group_row));
        let mut moved = std::mem::take(&mut self.moved);
        moved.sort_by_key(|(name, ..)| Reverse(self.n_flows_on(*name)));
        let (mut others, mut stayed) = (BTreeSet::new(), BTreeSet::new());
        for (name, before, now) in moved {
            if self.heirs.get(&now) == Some(&before) {
                continue;
            }
            // Where few stay they are told of a new row, not those that have gone.
            match fresh.contains(&now) && self.may_leave(name, before, now) {
                true => {
                    self.heirs.insert(now, before);
                    touched.insert(group_row(before));
                    stayed.insert(before);
                }
                false => drop(others.insert(name)),
            }
        }
        if others.is_empty() && stayed.is_empty() {
            return;
        }
        let is_told = |place: &Place| match place {
            Place::Named(name) if others.contains(name) => true,
            place => self.group_of(*place).is_some_and(|group| stayed.contains(&group)),
        };
        let told = self.places.iter().filter(|(_, place)| is_told(place));
        touched.extend(told.map(|(id, _)| (Side::Sb, LogicalFlow::TABLE_INDEX, *id)));
    }

    /// Whether a named set that has gone from one group to a new one takes the row along: most flows go with it, and
    /// neither has had to do with another.
    fn may_leave(&self, name: SetName, before: Uuid, now: Uuid) -> bool {
        let is_free = !self.heirs.contains_key(&now) && self.heirs.values().all(|of| *of != before);
        is_free && self.groups.contains_key(&before) && self.n_flows_in(before) < self.n_flows_on(name)
    }

    /// How many flows are on a named set.
    fn n_flows_on(&self, name: SetName) -> usize {
        self.sets.get(&name).map_or(0, |set| set.n_flows)
    }

    /// How many flows a group has.
    fn n_flows_in(&self, group: Uuid) -> usize {
        let named = self.sets.values().filter(|set| set.group == Some(group));
        let n_users = self.groups.get(&group).map_or(0, |group| group.n_users);
        // Each set is a user itself.
        named.fold(n_users, |n, set| n - 1 + set.n_flows)
    }

    fn id_of(&mut self, datapaths: &Set) -> Uuid {
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
    pub fn ids(&self, flows: &FlowTable) -> impl Iterator<Item = RowId> {
        let of_flows = flows.ids().map(|id| (LogicalFlow::TABLE_INDEX, id));
        let groups = self.groups.keys().map(|id| (LogicalDpGroup::TABLE_INDEX, *id));
        of_flows.chain(groups).map(|(table, id)| (Side::Sb, table, id))
    }

    /// Whether a row is to be.
    pub fn contains(&self, (side, table, id): RowId, flows: &FlowTable) -> bool {
        match (side, table) {
            (Side::Sb, LogicalFlow::TABLE_INDEX) => flows.contains(id),
            (Side::Sb, LogicalDpGroup::TABLE_INDEX) => self.groups.contains_key(&id),
            _ => false,
        }
    }

    /// The group whose row this one has just taken over.
    pub fn predecessor(&self, (side, table, id): RowId) -> Option<Uuid> {
        let is_group = (side, table) == (Side::Sb, LogicalDpGroup::TABLE_INDEX);
        is_group.then(|| self.heirs.get(&id).copied()).flatten()
    }

    /// A row as it is to be; what it says only at first is not asked for of one that is there.
    pub fn desired(&self, (side, table, id): RowId, flows: &FlowTable, is_new: bool) -> Option<Desired> {
        match (side, table) {
            (Side::Sb, LogicalFlow::TABLE_INDEX) => {
                let group = self.places.get(&id).and_then(|place| self.group_of(*place));
                let flow = flows.get(id)?;
                let row = row(id, &flow, group);
                Some(match is_new {
                    true => row.at_first::<LogicalFlow<'static>>(at_first(&flow.flow)),
                    false => row,
                })
            }
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

fn group_row(id: Uuid) -> RowId {
    (Side::Sb, LogicalDpGroup::TABLE_INDEX, id)
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
        .set(LogicalFlow::MATCH, flow.r#match.clone())
        .set(LogicalFlow::ACTIONS, flow.actions.clone())
        .set(LogicalFlow::CONTROLLER_METER, flow.meter.as_deref())
        .set(LogicalFlow::LOGICAL_DATAPATH, datapath)
        .set(LogicalFlow::LOGICAL_DP_GROUP, group);
    Desired::row::<LogicalFlow<'static>>(id, columns)
}

fn at_first(flow: &Flow) -> Columns<LogicalFlow<'static>> {
    let (source, mut buffer) = (source(flow.source), Uuid::encode_buffer());
    let hint = flow
        .hint
        .map(|hint| &hint.hyphenated().encode_lower(&mut buffer)[..8]);
    let skips = flow.skips_tracking.then_some("kube-ovn: skip conntrack");
    let ids = [
        ("stage-name", Some(flow.stage.name())),
        ("source", Some(&source)),
        ("stage-hint", hint),
        ("kube-ovn-hint", skips),
    ];
    let ids = ids.into_iter().filter_map(|(key, value)| Some((key, value?)));
    Columns::new()
        .set(LogicalFlow::EXTERNAL_IDS, ids)
        .set(
            LogicalFlow::TAGS,
            flow.in_out_port.iter().map(|port| ("in_out_port", &**port)),
        )
        .set(LogicalFlow::FLOW_DESC, flow.description)
}

/// The file and the line, without the folders.
pub(crate) fn source(at: &std::panic::Location<'_>) -> String {
    let file = at.file().rsplit("src/").next().unwrap_or_default();
    format!("{file}:{}", at.line())
}
