//! VLAN tags of containers in virtual machines (ovn-nb(5) "Logical_Switch_Port" `tag_request`): asked for, or else the
//! lowest that no other port of the same parent has.

use std::collections::BTreeSet;

use ovn_schemas::rows::ovn_northbound::LogicalSwitchPort;
use ovsdb_data::Uuid;

use crate::graph::Derivation;
use crate::model::switch_port::SwitchPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The tag that is to be in a port's row, if it asks for one ([`Tag`]).
pub fn of(view: &View<'_>, port: &SwitchPort) -> Option<i64> {
    port.asks_for_tag.then(|| *view.get::<Tag>(port.uuid)).flatten()
}

/// The tag that is to be in a port's row; none where northd does not choose it.
pub enum Tag {}

impl Derivation for Tag {
    type Key = Uuid;
    type Value = Option<i64>;
    const NODE: NodeId = Node::Tag;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        let port = port.as_ref().as_ref()?;
        let row = view.row::<LogicalSwitchPort<'_>>(uuid)?;
        match row.tag_request()? {
            0 => {
                let parent = port.parent.as_deref()?;
                row.tag().or_else(|| free(view, parent, uuid))
            }
            asked => Some(asked),
        }
    }
}

/// The tag of a port that has none yet. Its siblings without one are served in the order of their uuids.
fn free(view: &View<'_>, parent: &str, port: Uuid) -> Option<i64> {
    let (mut used, mut waiting) = (BTreeSet::new(), Vec::new());
    for sibling in view.holders(LogicalSwitchPort::PARENT_NAME, parent) {
        let Some(row) = view.row::<LogicalSwitchPort<'_>>(sibling) else {
            continue;
        };
        match (row.tag(), row.tag_request()) {
            (Some(tag), _) => {
                used.insert(tag);
            }
            (None, Some(0)) => waiting.push(sibling),
            (None, _) => {}
        }
    }
    let mut free = (1..4096).filter(|tag| !used.contains(tag));
    let place = waiting.iter().position(|waiting| *waiting == port)?;
    let tag = free.nth(place);
    if tag.is_none() {
        tracing::warn!("out of vlans for logical switch ports with parent {parent}");
    }
    tag
}
