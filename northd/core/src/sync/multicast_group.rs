//! `Multicast_Group`: the built-in groups of switches and routers, and those that have been learned (ovn-sb(5)). A group
//! without members does not exist.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ovn_schemas::rows::ovn_southbound::{DatapathBinding, MulticastGroup};
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, SetOf, Table};

use crate::desired::{Desired, identity};
use crate::graph::Derivation;
use crate::model::datapath::Datapath;
use crate::model::router::Router;
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::switch::multicast::{
    BuiltIn, Group, Learned, RouterFloods, RouterLearned, SwitchFloods, SwitchLearned,
};
use crate::sync::datapath_binding::datapath_id;
use crate::view::View;

/// Names and tunnel keys of the built-in groups, in the order of [`Group::ALL`].
const BUILT_IN: [(&str, i64); Group::ALL.len()] = [
    ("_MC_flood", 32768),
    ("_MC_unknown", 32769),
    ("_MC_mrouter_flood", 32770),
    ("_MC_static", 32771),
    ("_MC_flood_l2", 32772),
];

/// Tunnel keys of learned groups: what is left of those of groups.
const FIRST_LEARNED: i64 = 32773;
const LAST_LEARNED: i64 = 65535;

/// The groups of a switch or a router.
pub enum MulticastGroups {}

impl Derivation for MulticastGroups {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::MulticastGroups;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some((built_in, learned)) = groups(view, uuid) else {
            return Vec::new();
        };
        let built_in = Group::ALL.iter().zip(BUILT_IN).map(|(group, (name, key))| {
            let mut members = built_in.members(*group).clone();
            if *group == Group::MrouterFlood {
                learned.mrouters.iter().for_each(|port| members.insert(*port));
            }
            row(uuid, name, key, members)
        });
        let mut rows: Vec<Option<Desired>> = built_in.collect();
        if !learned.groups.is_empty() {
            let keys = view.get::<LearnedKeys>(uuid);
            let with_key = learned.groups.values();
            rows.extend(with_key.filter_map(|group| {
                let key = *keys.get(&group.name)?;
                Some(row(uuid, &group.name, key, group.ports.iter().copied().collect()))
            }));
        }
        rows.into_iter().flatten().collect()
    }
}

fn groups(view: &View<'_>, uuid: Uuid) -> Option<(BuiltIn, Arc<Learned>)> {
    if view.get::<Switch>(uuid).is_some() {
        let built_in = view.get::<SwitchFloods>(uuid).groups.clone();
        return Some((built_in, view.get::<SwitchLearned>(uuid)));
    }
    view.get::<Router>(uuid).is_some().then(|| {
        let built_in = BuiltIn::clone(&view.get::<RouterFloods>(uuid));
        (built_in, view.get::<RouterLearned>(uuid))
    })
}

fn row(datapath: Uuid, name: &str, key: i64, ports: SetOf<Uuid>) -> Option<Desired> {
    if ports.view().is_empty() {
        return None;
    }
    let id = identity(
        MulticastGroup::TABLE_NAME,
        &[datapath.as_bytes(), name.as_bytes()],
    );
    let columns = Columns::new()
        .set(MulticastGroup::DATAPATH, datapath_id(datapath))
        .set(MulticastGroup::NAME, name)
        .set(MulticastGroup::TUNNEL_KEY, key)
        .set(MulticastGroup::PORTS, ports);
    Some(Desired::row(id, columns))
}

/// The tunnel keys of the learned groups of a switch or a router, by name.
pub enum LearnedKeys {}

impl Derivation for LearnedKeys {
    type Key = Uuid;
    type Value = BTreeMap<Arc<str>, i64>;
    const NODE: NodeId = Node::LearnedKeys;

    fn derive(view: &View<'_>, uuid: Uuid, before: Option<&Self::Value>) -> Self::Value {
        let Some((_, learned)) = groups(view, uuid) else {
            return BTreeMap::new();
        };
        let mut kept = match view.get::<SouthboundDatapaths>(()).get(&uuid) {
            Some(datapath) => given(view, *datapath),
            None => BTreeMap::new(),
        };
        kept.extend(
            before
                .into_iter()
                .flatten()
                .map(|(name, key)| (name.clone(), *key)),
        );
        let names: Vec<Arc<str>> = learned.groups.values().map(|group| group.name.clone()).collect();
        give(&names, &kept)
    }
}

/// Keys that rows have already.
fn given(view: &View<'_>, datapath: Uuid) -> BTreeMap<Arc<str>, i64> {
    let rows = view.holders(MulticastGroup::DATAPATH, datapath);
    let rows = rows
        .into_iter()
        .filter_map(|row| view.row::<MulticastGroup<'_>>(row));
    rows.map(|row| (row.name().into(), row.tunnel_key())).collect()
}

fn give(names: &[Arc<str>], kept: &BTreeMap<Arc<str>, i64>) -> BTreeMap<Arc<str>, i64> {
    let mut keys = BTreeMap::new();
    let mut used = BTreeSet::new();
    for name in names {
        if let Some(key) = kept.get(name)
            && (FIRST_LEARNED..=LAST_LEARNED).contains(key)
            && used.insert(*key)
        {
            keys.insert(name.clone(), *key);
        }
    }
    let mut free = FIRST_LEARNED..=LAST_LEARNED;
    for name in names {
        if keys.contains_key(name) {
            continue;
        }
        match free.find(|key| !used.contains(key)) {
            Some(key) => keys.insert(name.clone(), key),
            None => {
                tracing::warn!("all multicast group tunnel ids exhausted");
                break;
            }
        };
    }
    keys
}

/// The rows of `Datapath_Binding` that there are, by northbound row.
pub enum SouthboundDatapaths {}

impl Derivation for SouthboundDatapaths {
    type Key = ();
    type Value = BTreeMap<Uuid, Uuid>;
    const NODE: NodeId = Node::SouthboundDatapaths;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let rows = view.rows::<DatapathBinding<'_>>();
        let of = |row: &DatapathBinding<'_>| {
            let of = Datapath::of(*row)?;
            Some((of.uuid(), row.uuid()))
        };
        rows.iter().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_learned_groups_stay() {
        let check = |kept: &[(&str, i64)], given: &[(&str, i64)]| {
            let map = |pairs: &[(&str, i64)]| -> BTreeMap<Arc<str>, i64> {
                pairs.iter().map(|(name, key)| ((*name).into(), *key)).collect()
            };
            let names = ["a", "b", "c"].map(Arc::from);
            assert_eq!(give(&names, &map(kept)), map(given));
        };
        check(&[], &[("a", 32773), ("b", 32774), ("c", 32775)]);
        check(&[("c", 32773)], &[("a", 32774), ("b", 32775), ("c", 32773)]);
        check(
            &[("b", 32773), ("c", 32773)],
            &[("a", 32774), ("b", 32773), ("c", 32775)],
        );
        check(&[("a", 32768)], &[("a", 32773), ("b", 32774), ("c", 32775)]);
    }
}
