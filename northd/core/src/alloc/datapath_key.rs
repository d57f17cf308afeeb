//! Tunnel keys of datapaths (ovn-sb(5) "Datapath_Binding" `tunnel_key`): asked for ones first, then those that are
//! kept, then the lowest that are free.

use std::collections::{BTreeMap, BTreeSet};

use ovn_schemas::rows::ovn_northbound::{LogicalRouter, LogicalSwitch};
use ovn_schemas::rows::ovn_southbound::DatapathBinding;
use ovsdb_data::Uuid;

use crate::graph::Derivation;
use crate::model::chassis::VxlanMode;
use crate::model::datapath::Datapath;
use crate::model::router::Router;
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The highest key of a VXLAN tunnel.
const VXLAN_MAX: i64 = 4095;

/// The highest key of all.
const MAX: i64 = 16_777_215;

/// The highest key outside the range that interconnection takes.
const LOCAL_MAX: i64 = 16_711_680;

/// The tunnel keys of all datapaths, by northbound row. A datapath that got none is not here.
pub enum DatapathKeys {}

impl Derivation for DatapathKeys {
    type Key = ();
    type Value = BTreeMap<Uuid, i64>;
    const NODE: NodeId = Node::DatapathKeys;

    fn derive(view: &View<'_>, (): (), before: Option<&Self::Value>) -> Self::Value {
        let mut asked = BTreeMap::new();
        let mut all = Vec::new();
        let mut has_ic_vxlan = false;
        let is_vxlan = *view.get::<VxlanMode>(());
        let mut add = |uuid: Uuid, requested: i64, is_transit: bool| {
            all.push(uuid);
            if requested == 0 {
                return;
            }
            if !(1..=MAX).contains(&requested) {
                tracing::warn!("Tunnel key {requested} for datapath {uuid} is out of range");
            } else if is_vxlan && requested > VXLAN_MAX && !is_transit {
                tracing::warn!("Tunnel key {requested} for datapath {uuid} is incompatible with VXLAN");
            } else {
                asked.insert(uuid, requested);
            }
        };
        for uuid in view.uuids::<LogicalSwitch<'_>>() {
            if let Some(switch) = &*view.get::<Switch>(uuid) {
                has_ic_vxlan |= switch.other_config.is_true("ic-vxlan_mode", false);
                add(
                    uuid,
                    switch.other_config.number("requested-tnl-key", 0),
                    switch.is_transit(),
                );
            }
        }
        for uuid in view.uuids::<LogicalRouter<'_>>() {
            if let Some(router) = &*view.get::<Router>(uuid) {
                add(uuid, router.options.number("requested-tnl-key", 0), false);
            }
        }
        let mut kept = given(view);
        // Of several that ask for one key, who has it keeps it.
        let held = asked.iter().filter(|(uuid, key)| kept.get(uuid) == Some(key));
        let held = held.map(|(uuid, key)| (*uuid, *key)).collect();
        kept.extend(before.into_iter().flatten());
        let max = match (has_ic_vxlan, is_vxlan) {
            (true, _) => 1023,
            (false, true) => VXLAN_MAX,
            (false, false) => LOCAL_MAX,
        };
        give(&all, [&held, &asked, &kept], max)
    }
}

/// Keys that rows have already.
fn given(view: &View<'_>) -> BTreeMap<Uuid, i64> {
    let rows = view.rows::<DatapathBinding<'_>>();
    let keys = rows.iter().filter_map(|row| {
        let of = Datapath::of(*row)?;
        Some((of.uuid(), row.tunnel_key()))
    });
    keys.collect()
}

/// Keys for all: wishes first, the more urgent before the others, then what is free.
fn give(all: &[Uuid], wishes: [&BTreeMap<Uuid, i64>; 3], max: i64) -> BTreeMap<Uuid, i64> {
    let mut keys = BTreeMap::new();
    let mut used = BTreeSet::new();
    for from in wishes {
        for uuid in all
            .iter()
            .filter(|uuid| !keys.contains_key(*uuid))
            .copied()
            .collect::<Vec<_>>()
        {
            let Some(key) = from.get(&uuid) else { continue };
            match used.insert(*key) {
                true => {
                    keys.insert(uuid, *key);
                }
                false => {
                    tracing::warn!("Cannot create datapath binding for {uuid} with key {key}: it is in use")
                }
            }
        }
    }
    let mut next = 1;
    for uuid in all {
        if keys.contains_key(uuid) {
            continue;
        }
        while used.contains(&next) {
            next += 1;
        }
        if next > max {
            tracing::warn!("all datapath tunnel ids exhausted");
            break;
        }
        used.insert(next);
        keys.insert(*uuid, next);
    }
    keys
}

/// The tunnel key of one datapath; none where there are not enough.
pub enum DatapathKey {}

impl Derivation for DatapathKey {
    type Key = Uuid;
    type Value = Option<i64>;
    const NODE: NodeId = Node::DatapathKey;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        view.get::<DatapathKeys>(()).get(&uuid).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_given_once() {
        let id = Uuid::from_u128;
        let check = |held: &[(u128, i64)],
                     asked: &[(u128, i64)],
                     kept: &[(u128, i64)],
                     max: i64,
                     given: &[(u128, i64)]| {
            let map = |pairs: &[(u128, i64)]| {
                pairs
                    .iter()
                    .map(|(u, k)| (id(*u), *k))
                    .collect::<BTreeMap<_, _>>()
            };
            let all = [1, 2, 3].map(id);
            assert_eq!(give(&all, [&map(held), &map(asked), &map(kept)], max), map(given));
        };
        check(&[], &[], &[], 10, &[(1, 1), (2, 2), (3, 3)]);
        check(&[], &[(3, 1)], &[], 10, &[(1, 2), (2, 3), (3, 1)]);
        check(&[], &[(3, 1)], &[(1, 1), (2, 7)], 10, &[(1, 2), (2, 7), (3, 1)]);
        check(&[], &[(1, 5), (2, 5)], &[], 10, &[(1, 5), (2, 1), (3, 2)]);
        check(&[(2, 5)], &[(1, 5), (2, 5)], &[], 10, &[(1, 1), (2, 5), (3, 2)]);
        check(&[], &[], &[(9, 1)], 2, &[(1, 1), (2, 2)]);
    }
}
