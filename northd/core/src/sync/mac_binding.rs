//! `MAC_Binding`: what routers have learned of their neighbors goes with the router and the port, and when it is too
//! old (ovn-sb(5)). ovn-controller writes the rows; a row of a switch, which only people write, they may keep.

use ovn_schemas::rows::ovn_southbound::MacBinding;
use ovsdb_data::Uuid;

use crate::desired::{Desired, Gone};
use crate::graph::Derivation;
use crate::model::ageing::{NeighborAges, too_old_at};
use crate::model::datapath::Datapath;
use crate::model::router_port::is_known;
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Whether a row is to go.
pub enum StaleMacBinding {}

impl Derivation for StaleMacBinding {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::StaleMacBinding;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let when = when(view, uuid);
        when.map(|when| Desired::gone::<MacBinding<'static>>(uuid, when))
            .into_iter()
            .collect()
    }
}

fn when(view: &View<'_>, uuid: Uuid) -> Option<Gone> {
    let row = view.row::<MacBinding<'_>>(uuid)?;
    let datapath = Datapath::find(view, row.datapath()).filter(|_| is_known(view, row.logical_port()));
    match datapath {
        Some(Datapath::Router(router)) => {
            if let Some(ages) = &*view.get::<NeighborAges>(router) {
                return too_old_at(row.timestamp(), ages.of(row.ip())).map(Gone::At);
            }
        }
        Some(Datapath::Switch(switch)) if view.get::<Switch>(switch).is_some() => return None,
        _ => {}
    }
    Some(Gone::Now)
}
