//! `FDB`: what has been learned of who is behind which port of a switch goes with the switch and the port, and when it
//! is too old (ovn-sb(5)). ovn-controller writes the rows; they name switches and ports by their tunnel keys.

use std::collections::{BTreeMap, BTreeSet};

use ovn_schemas::rows::ovn_southbound::Fdb;
use ovsdb_data::Uuid;

use crate::alloc::datapath_key::DatapathKeys;
use crate::alloc::port_key::PortKeys;
use crate::desired::{Desired, Gone};
use crate::graph::{Derivation, Parted};
use crate::model::ageing::{StationAge, too_old_at};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// A tunnel key as the key of a derivation.
fn numbered(key: i64) -> Uuid {
    Uuid::from_u128(u128::from(key.unsigned_abs()))
}

/// The northbound rows of datapaths by tunnel key.
pub enum KeyedDatapaths {}

impl Derivation for KeyedDatapaths {
    type Key = ();
    type Value = BTreeMap<Uuid, Uuid>;
    const NODE: NodeId = Node::KeyedDatapaths;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let keys = view.get::<DatapathKeys>(());
        keys.iter().map(|(uuid, key)| (numbered(*key), *uuid)).collect()
    }
}

/// The northbound row of the datapath that has a tunnel key.
pub enum KeyedDatapath {}

impl Derivation for KeyedDatapath {
    type Key = Uuid;
    type Value = Option<Uuid>;
    const NODE: NodeId = Node::KeyedDatapath;

    fn derive(view: &View<'_>, key: Uuid, _: Option<&Self::Value>) -> Self::Value {
        view.get::<KeyedDatapaths>(()).get(&key).copied()
    }
}

/// The tunnel keys of a datapath's ports.
pub enum TakenKeys {}

impl Derivation for TakenKeys {
    type Key = Uuid;
    type Value = BTreeSet<i64>;
    const NODE: NodeId = Node::TakenKeys;

    fn derive(view: &View<'_>, datapath: Uuid, _: Option<&Self::Value>) -> Self::Value {
        view.get::<PortKeys>(datapath)
            .iter()
            .map(|(_, key)| *key)
            .collect()
    }
}

/// Each key is a part: the rows of other ports need not be looked at.
impl Parted for TakenKeys {
    fn differing(before: &Self::Value, after: &Self::Value, tell: &mut dyn FnMut(Uuid)) {
        let keys = before.symmetric_difference(after);
        keys.for_each(|key| tell(numbered(*key)));
    }
}

/// Whether a row is to go.
pub enum StaleFdb {}

impl Derivation for StaleFdb {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::StaleFdb;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let when = when(view, uuid);
        when.map(|when| Desired::gone::<Fdb<'static>>(uuid, when))
            .into_iter()
            .collect()
    }
}

fn when(view: &View<'_>, uuid: Uuid) -> Option<Gone> {
    let row = view.row::<Fdb<'_>>(uuid)?;
    let Some(switch) = *view.get::<KeyedDatapath>(numbered(row.dp_key())) else {
        return Some(Gone::Now);
    };
    let (key, age) = (row.port_key(), *view.get::<StationAge>(switch));
    let taken = view.part::<TakenKeys>(switch, numbered(key));
    match age {
        Some(age) if taken.contains(&key) => too_old_at(row.timestamp(), age).map(Gone::At),
        _ => Some(Gone::Now),
    }
}
