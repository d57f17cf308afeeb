//! Switches that are connected directly: ports of type `switch` that name each other (ovn-nb(5) "Logical_Switch_Port"
//! `peer`).

use ovn_schemas::rows::ovn_northbound::LogicalSwitchPort;
use ovsdb_data::Uuid;

use super::switch_port::{SwitchPort, Type};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The port of another switch that a port leads to ([`SwitchLink`]).
pub fn of(view: &View<'_>, port: &SwitchPort) -> Option<Uuid> {
    let leads_to_switch = port.r#type == Type::Switch;
    leads_to_switch
        .then(|| *view.get::<SwitchLink>(port.uuid))
        .flatten()
}

/// The port of another switch that a port of type `switch` leads to.
pub enum SwitchLink {}

impl Derivation for SwitchLink {
    type Key = Uuid;
    type Value = Option<Uuid>;
    const NODE: NodeId = Node::SwitchLink;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        let port = port
            .as_ref()
            .as_ref()
            .filter(|port| port.r#type == Type::Switch)?;
        let named = view.row::<LogicalSwitchPort<'_>>(uuid)?.peer()?;
        let mut peers = view.holders(LogicalSwitchPort::NAME, named).into_iter();
        peers.find(|peer| {
            let counts = (*view.get::<SwitchPort>(*peer))
                .as_ref()
                .is_some_and(|peer| peer.r#type == Type::Switch);
            let back = view
                .row::<LogicalSwitchPort<'_>>(*peer)
                .and_then(|peer| peer.peer());
            counts && back == Some(&*port.name)
        })
    }
}
