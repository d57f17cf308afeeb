//! The side of a switch that faces routers.

use ovn_schemas::rows::ovn_northbound::LogicalSwitch;
use ovsdb_data::Uuid;

use super::switch::SwitchTraits;
use super::switch_port::Peer;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The ports of a switch that lead to routers, and the router ports that they lead to.
pub enum RouterSide {}

impl Derivation for RouterSide {
    type Key = Uuid;
    type Value = Vec<(Uuid, Uuid)>;
    const NODE: NodeId = Node::RouterSide;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let traits = view.get::<SwitchTraits>(uuid);
        let ports = traits.router.iter();
        ports
            .filter_map(|port| Some((*port, (*view.get::<Peer>(*port))?)))
            .collect()
    }
}

/// Whether all that is on a switch are routers: nobody else is to hear what they are asked.
pub enum HasOnlyRouters {}

impl Derivation for HasOnlyRouters {
    type Key = Uuid;
    type Value = bool;
    const NODE: NodeId = Node::HasOnlyRouters;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&bool>) -> bool {
        let row = view.row::<LogicalSwitch<'_>>(uuid);
        row.is_some_and(|row| row.ports().len() == view.get::<RouterSide>(uuid).len())
    }
}
