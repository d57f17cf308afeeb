//! The sets of datapaths that flows of load balancers are said on, by name, and what else such flows depend on.
//!
//! What flows read ([`LbKinds`]) stays as it is when one more datapath of a kind joins: only the set changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovsdb_data::Uuid;

use super::copp;
use super::load_balancer_datapaths::{Alike, LbRouter, RouterKinds, switches_of};
use super::router::Router;
use super::switch::Switch;
use crate::flow::{Datapaths, Flows, Set, SetName};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Which of load balancers' sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LbSet {
    /// Their switches.
    Switches,
    /// Their routers.
    Routers,
    /// Those that force a source.
    Forcing,
    /// Those that do not.
    Usual,
    /// Routers without distributed gateway ports.
    Plain,
    /// Of these, those that force a source.
    PlainForcing,
    /// Those that do not.
    PlainUsual,
}

impl LbSet {
    const ALL: [LbSet; 7] = [
        LbSet::Switches,
        LbSet::Routers,
        LbSet::Forcing,
        LbSet::Usual,
        LbSet::Plain,
        LbSet::PlainForcing,
        LbSet::PlainUsual,
    ];
}

fn name(alike: Alike, which: LbSet) -> SetName {
    SetName {
        of: of(alike),
        which: which as u8,
    }
}

/// The row whose the sets are: the group, or the load balancer.
fn of((group, lb): Alike) -> Uuid {
    if lb.is_nil() { group } else { lb }
}

/// The sets of load balancers that are alike, by name: those that have anything.
pub enum LbSets {}

impl Derivation for LbSets {
    type Key = Alike;
    type Value = Vec<(SetName, Set)>;
    const NODE: NodeId = Node::LbSets;

    fn derive(view: &View<'_>, alike: Alike, _: Option<&Self::Value>) -> Self::Value {
        let kinds = view.get::<RouterKinds>(alike);
        let members = |which: LbSet| match which {
            LbSet::Switches => switches_of(view, alike),
            LbSet::Routers => kinds.all.clone(),
            LbSet::Forcing => kinds.forcing[0].clone(),
            LbSet::Usual => kinds.forcing[1].clone(),
            LbSet::Plain => kinds.plain.clone(),
            LbSet::PlainForcing => kinds.plain_forcing[0].clone(),
            LbSet::PlainUsual => kinds.plain_forcing[1].clone(),
        };
        let sets = LbSet::ALL.map(|which| (name(alike, which), members(which)));
        sets.into_iter().filter(|(_, set)| !set.is_empty()).collect()
    }
}

/// The sets of a group of load balancers, for those that owe all their datapaths to it.
pub enum LbGroupSets {}

impl Derivation for LbGroupSets {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::LbGroupSets;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        define(view, (uuid, Uuid::nil()), &mut flows);
        flows
    }
}

/// Says what the sets of load balancers are.
pub fn define(view: &View<'_>, alike: Alike, flows: &mut Flows) {
    for (name, set) in view.get::<LbSets>(alike).iter() {
        flows.define(*name, set.clone());
    }
}

/// What flows of load balancers depend on besides the members of their sets.
#[derive(Clone, Debug, PartialEq)]
pub struct LbKinds {
    alike: Alike,
    /// The sets that have anything.
    sets: Vec<SetName>,
    /// The routers with distributed gateway ports.
    pub distributed: Vec<(Uuid, Arc<LbRouter>)>,
}

impl Derivation for LbKinds {
    type Key = Alike;
    type Value = LbKinds;
    const NODE: NodeId = Node::LbKinds;

    fn derive(view: &View<'_>, alike: Alike, _: Option<&LbKinds>) -> LbKinds {
        LbKinds {
            alike,
            sets: view.get::<LbSets>(alike).iter().map(|(name, _)| *name).collect(),
            distributed: view.get::<RouterKinds>(alike).distributed.clone(),
        }
    }
}

impl LbKinds {
    /// A set, if it has anything.
    pub fn set(&self, which: LbSet) -> Option<Datapaths> {
        let name = name(self.alike, which);
        self.sets.contains(&name).then_some(Datapaths::Named(name))
    }

    /// The datapaths of a set by the meter that limits a protocol there.
    pub fn by_meter(&self, view: &View<'_>, which: LbSet, protocol: Limited) -> Arc<Vec<Metered>> {
        let is_group = u64::from(self.alike.1.is_nil());
        let place = (which as u64) << 8 | protocol as u64;
        view.get::<ByMeter>((of(self.alike), Uuid::from_u64_pair(is_group, place)))
    }
}

/// What load balancers send to ovn-controller: a protocol of `Copp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Refusals.
    Reject,
    /// Connections for which there is no backend.
    EmptyBackends,
}

impl Limited {
    const ALL: [Limited; 2] = [Limited::Reject, Limited::EmptyBackends];

    fn protocol(self) -> &'static str {
        match self {
            Limited::Reject => "reject",
            Limited::EmptyBackends => "event-elb",
        }
    }

    /// The meter on one datapath.
    pub fn meter(self, view: &View<'_>, datapath: Uuid) -> Option<Arc<str>> {
        let copp = match &*view.get::<Switch>(datapath) {
            Some(switch) => switch.copp,
            None => view.get::<Router>(datapath).as_ref().as_ref()?.copp,
        };
        copp::meter(view, copp, self.protocol())
    }
}

/// A meter, and where it limits.
pub type Metered = (Option<Arc<str>>, Datapaths);

/// The datapaths of a set by meter: the set itself where there is one meter, or none.
pub enum ByMeter {}

impl Derivation for ByMeter {
    /// Whose set; whether that is a group, which set and which protocol ([`LbKinds::by_meter`]).
    type Key = (Uuid, Uuid);
    type Value = Vec<Metered>;
    const NODE: NodeId = Node::LbByMeter;

    fn derive(view: &View<'_>, (of, place): (Uuid, Uuid), _: Option<&Self::Value>) -> Self::Value {
        let (is_group, place) = place.as_u64_pair();
        let alike = match is_group {
            0 => (Uuid::nil(), of),
            _ => (of, Uuid::nil()),
        };
        let which = LbSet::ALL.into_iter().find(|which| *which as u64 == place >> 8);
        let limited = Limited::ALL
            .into_iter()
            .find(|limited| *limited as u64 == place & 0xff);
        let (Some(which), Some(limited)) = (which, limited) else {
            return Vec::new();
        };
        let name = name(alike, which);
        let sets = view.get::<LbSets>(alike);
        let Some((_, set)) = sets.iter().find(|(other, _)| *other == name) else {
            return Vec::new();
        };
        let mut parts: BTreeMap<Option<Arc<str>>, Vec<Uuid>> = BTreeMap::new();
        for datapath in set.iter() {
            let meter = limited.meter(view, *datapath);
            parts.entry(meter).or_default().push(*datapath);
        }
        let is_whole = parts.len() == 1;
        let on = |part: Vec<Uuid>| match is_whole {
            true => Datapaths::Named(name),
            false => Datapaths::Set(part.into()),
        };
        parts.into_iter().map(|(meter, part)| (meter, on(part))).collect()
    }
}
