//! Transit switches: a logical switch in every zone, under one tunnel key in all of them (ovn-ic-nb(5)
//! "Transit_Switch", ovn-ic-sb(5) "Datapath_Binding").

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use ovn_schemas::rows::ovn_ic_northbound::{IcNbGlobal, TransitSwitch};
use ovn_schemas::rows::ovn_ic_southbound::{DatapathBinding, Encap};
use ovn_schemas::rows::ovn_northbound::LogicalSwitch;
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, Table};

use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::settings::is_true;
use crate::view::View;
use crate::zone::Zone;

/// Keys of transit switches.
const KEYS: RangeInclusive<i64> = 16_711_681..=16_777_215;

/// Those that fit into VXLAN.
const VXLAN_KEYS: RangeInclusive<i64> = 1024..=4095;

/// What says in `other_config` of a logical switch that it is a transit switch.
pub const NAME_KEY: &str = "interconn-ts";

/// Whether keys have to fit into VXLAN: it is asked for, and some gateway uses it.
pub enum VxlanMode {}

impl Derivation for VxlanMode {
    type Key = ();
    type Value = bool;
    const NODE: NodeId = Node::VxlanMode;

    fn derive(view: &View<'_>, (): (), _: Option<&bool>) -> bool {
        let global = view.rows::<IcNbGlobal<'_>>().first().copied();
        global.is_some_and(|global| is_true(&global.options(), "vxlan_mode"))
            && view.holder(Encap::TYPE, "vxlan").is_some()
    }
}

/// The tunnel keys of all transit switches: those that they have, or else free ones. A switch that got none is not
/// here.
pub enum SwitchKeys {}

impl Derivation for SwitchKeys {
    type Key = ();
    type Value = BTreeMap<Uuid, i64>;
    const NODE: NodeId = Node::SwitchKeys;

    fn derive(view: &View<'_>, (): (), before: Option<&Self::Value>) -> Self::Value {
        let range = match *view.get::<VxlanMode>(()) {
            true => VXLAN_KEYS,
            false => KEYS,
        };
        let rows = view.rows::<DatapathBinding<'_>>();
        let written: BTreeMap<&str, i64> = rows
            .iter()
            .rev()
            .map(|row| (row.transit_switch(), row.tunnel_key()))
            .collect();
        let switches = view.rows::<TransitSwitch<'_>>();
        let kept = switches.iter().filter_map(|switch| {
            let uuid = switch.uuid();
            let key = written.get(switch.name()).or_else(|| before?.get(&uuid));
            Some((uuid, *key?))
        });
        let all: Vec<Uuid> = view.uuids::<TransitSwitch<'_>>();
        let used = written.values().copied().collect();
        give(&all, &kept.collect(), used, range)
    }
}

/// The lowest of a range is given last: so it has always been done.
fn give(
    all: &[Uuid],
    kept: &BTreeMap<Uuid, i64>,
    mut used: BTreeSet<i64>,
    range: RangeInclusive<i64>,
) -> BTreeMap<Uuid, i64> {
    used.extend(kept.values());
    let mut keys: BTreeMap<Uuid, i64> = BTreeMap::new();
    let mut free = (range.start() + 1..=*range.end()).chain([*range.start()]);
    for uuid in all {
        let key = match kept.get(uuid).filter(|key| range.contains(key)) {
            Some(key) => Some(*key),
            None => free.find(|key| !used.contains(key)),
        };
        match key {
            Some(key) => {
                keys.insert(*uuid, key);
            }
            None => tracing::warn!("transit switch {uuid}: all transit switch datapath tunnel ids exhausted"),
        }
    }
    keys
}

/// The tunnel key of a transit switch.
pub enum SwitchKey {}

impl Derivation for SwitchKey {
    type Key = Uuid;
    type Value = Option<i64>;
    const NODE: NodeId = Node::SwitchKey;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        view.get::<SwitchKeys>(()).get(&uuid).copied()
    }
}

/// A transit switch as a logical switch of this zone.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalSwitch {
    /// Its name.
    pub name: Arc<str>,
    /// The row, where it is there already.
    pub switch: Option<Uuid>,
}

impl Derivation for LocalSwitch {
    type Key = Uuid;
    type Value = Option<LocalSwitch>;
    const NODE: NodeId = Node::LocalSwitch;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let name = view.row::<TransitSwitch<'_>>(uuid)?.name();
        let found = view.holders(LogicalSwitch::OTHER_CONFIG, name).into_iter();
        let is_it = |uuid: &Uuid| {
            view.row::<LogicalSwitch<'_>>(*uuid)
                .is_some_and(|row| row.name() == name)
        };
        Some(LocalSwitch {
            name: name.into(),
            switch: found.into_iter().find(is_it),
        })
    }
}

/// The identity of the logical switch of a transit switch.
pub fn switch_id(name: &str) -> Uuid {
    named("Logical_Switch", name)
}

/// `Logical_Switch`: only what makes it a transit switch. Its key is told when all zones can know it.
pub enum LocalSwitchRow {}

impl Derivation for LocalSwitchRow {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::LocalSwitchRow;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<TransitSwitch<'_>>(uuid);
        let (Some(row), true) = (row, view.get::<Zone>(()).is_some()) else {
            return Vec::new();
        };
        let name = row.name();
        let is_vxlan = *view.get::<VxlanMode>(());
        let told = view.holder(DatapathBinding::TRANSIT_SWITCH, name);
        let told = told.and_then(|binding| view.row::<DatapathBinding<'_>>(binding));
        let mut pairs = vec![
            (NAME_KEY, name.to_owned()),
            ("ic-vxlan_mode", is_vxlan.to_string()),
        ];
        if let Some(told) = told {
            pairs.push(("requested-tnl-key", told.tunnel_key().to_string()));
        }
        let switch = Desired::row::<LogicalSwitch<'static>>(switch_id(name), Columns::new())
            .at_first::<LogicalSwitch<'static>>(Columns::new().set(LogicalSwitch::NAME, name))
            .pairs::<LogicalSwitch<'static>>(Columns::new().set(LogicalSwitch::OTHER_CONFIG, pairs));
        vec![switch]
    }
}

/// `Datapath_Binding`, for all zones.
pub enum SwitchKeyRow {}

impl Derivation for SwitchKeyRow {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::SwitchKeyRow;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<TransitSwitch<'_>>(uuid);
        let (Some(row), Some(key), true) =
            (row, *view.get::<SwitchKey>(uuid), view.get::<Zone>(()).is_some())
        else {
            return Vec::new();
        };
        let columns = Columns::new()
            .set(DatapathBinding::TRANSIT_SWITCH, row.name())
            .set(DatapathBinding::TUNNEL_KEY, key);
        let id = named("Datapath_Binding", row.name());
        vec![Desired::row::<DatapathBinding<'static>>(id, columns)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_given_once() {
        let check = |kept: &[(u128, i64)], used: &[i64], given: &[(u128, i64)]| {
            let map = |pairs: &[(u128, i64)]| -> BTreeMap<Uuid, i64> {
                pairs.iter().map(|(n, key)| (Uuid::from_u128(*n), *key)).collect()
            };
            let all = [1, 2].map(Uuid::from_u128);
            let keys = give(&all, &map(kept), used.iter().copied().collect(), 10..=12);
            assert_eq!(keys, map(given));
        };
        check(&[], &[], &[(1, 11), (2, 12)]);
        check(&[(2, 11)], &[], &[(1, 12), (2, 11)]);
        check(&[], &[11], &[(1, 12), (2, 10)]);
        check(&[(1, 99), (2, 12)], &[99], &[(1, 11), (2, 12)]);
        check(&[], &[11, 12], &[(1, 10)]);
    }
}
