//! Out of a router (ovn-northd(8) "Egress Table 6: Delivery").

use ovsdb_data::Uuid;

use super::multicast::Multicast;
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a router.
pub enum DeliveryFlows {}

impl Derivation for DeliveryFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::DeliveryFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |_, flows| {
            flows.add(Stage::LrOutDelivery, 0, "1", view.get::<Config>(()).drop.clone());
        })
    }
}

/// The flows of a port.
pub enum PortDeliveryFlows {}

impl Derivation for PortDeliveryFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortDeliveryFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, router, flows| {
            if !port.is_enabled {
                return;
            }
            let out = format!("outport == {}", port.key);
            if view.get::<Multicast>(router.uuid).is_relay {
                // Nobody routed it, so it has nobody's address yet.
                flows.add(
                    Stage::LrOutDelivery,
                    110,
                    format!("(ip4.mcast || ip6.mcast) && {out}"),
                    format!("eth.src = {}; output;", port.addresses.mac),
                );
            }
            flows.add(Stage::LrOutDelivery, 100, out, "output;");
        })
    }
}
