//! `IGMP_Group`: what a chassis has heard on a switch goes with the chassis and the switch (ovn-sb(5)). ovn-controller
//! writes the rows.

use ovn_schemas::rows::ovn_southbound::IgmpGroup;
use ovsdb_data::Uuid;

use crate::desired::{Desired, Gone};
use crate::graph::Derivation;
use crate::model::ageing::StationAge;
use crate::nodes::{Node, NodeId};
use crate::switch::multicast::switch_of;
use crate::view::View;

/// Whether a row is to go.
pub enum StaleIgmpGroup {}

impl Derivation for StaleIgmpGroup {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::StaleIgmpGroup;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<IgmpGroup<'_>>(uuid) else {
            return Vec::new();
        };
        let switch = switch_of(view, row);
        let is_switch = switch.is_some_and(|switch| view.get::<StationAge>(switch).is_some());
        match is_switch && row.chassis().is_some() {
            true => Vec::new(),
            false => vec![Desired::gone::<IgmpGroup<'static>>(uuid, Gone::Now)],
        }
    }
}
