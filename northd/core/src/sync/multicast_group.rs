//! `Multicast_Group`: the built-in groups of switches and routers, and those that have been learned (ovn-sb(5)). A group
//! without members does not exist.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ovn_schemas::rows::ovn_southbound::{DatapathBinding, MulticastGroup};
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, Table};

use crate::desired::{Desired, identity};
use crate::graph::Derivation;
use crate::model::datapath::Datapath;
use crate::model::router::Router;
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::switch::multicast::{BuiltIn, Learned, RouterFloods, RouterLearned, SwitchFloods, SwitchLearned};
use crate::sync::datapath_binding::datapath_id;
use crate::view::View;

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
        let mrouters = built_in.mrouter_flood.iter().chain(&learned.mrouters);
        let mut rows = vec![
            row(uuid, "_MC_flood", 32768, built_in.flood.iter()),
            row(uuid, "_MC_unknown", 32769, built_in.unknown.iter()),
            row(uuid, "_MC_mrouter_flood", 32770, mrouters),
            row(uuid, "_MC_static", 32771, built_in.r#static.iter()),
            row(uuid, "_MC_flood_l2", 32772, built_in.flood_l2.iter()),
        ];
        if !learned.groups.is_empty() {
            let keys = view.get::<LearnedKeys>(uuid);
            let with_key = learned.groups.values();
            rows.extend(with_key.filter_map(|group| {
                let key = *keys.get(&group.name)?;
                Some(row(uuid, &group.name, key, group.ports.iter()))
            }));
        }
        rows.into_iter().flatten().collect()
    }
}

fn groups(view: &View<'_>, uuid: Uuid) -> Option<(Arc<BuiltIn>, Arc<Learned>)> {
    if view.get::<Switch>(uuid).is_some() {
        return Some((view.get::<SwitchFloods>(uuid), view.get::<SwitchLearned>(uuid)));
    }
    view.get::<Router>(uuid)
        .is_some()
        .then(|| (view.get::<RouterFloods>(uuid), view.get::<RouterLearned>(uuid)))
}

fn row<'a>(datapath: Uuid, name: &str, key: i64, ports: impl Iterator<Item = &'a Uuid>) -> Option<Desired> {
    let mut ports: Vec<Uuid> = ports.copied().collect();
    // There may be hundreds: numbers are sorted faster than atoms, and the ports of each bucket are in order.
    ports.sort_by_key(Uuid::as_u128);
    if ports.is_empty() {
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
