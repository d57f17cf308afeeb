//! What comes from a hardware VTEP: straight to the lookup of where to go, and through the router where that is
//! (ovn-northd(8) "Ingress Table 17", "22").

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::router_port::RouterPort;
use crate::model::router_side::RouterSide;
use crate::model::switch::SwitchTraits;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a switch.
pub enum VtepFlows {}

impl Derivation for VtepFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::VtepFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        if view.get::<SwitchTraits>(uuid).vtep.is_empty() {
            return flows;
        }
        flows.add(
            Stage::LsInHairpin,
            1000,
            "reg0[14] == 1",
            "next(pipeline=ingress, table=28);",
        );
        for (_, peer) in view.get::<RouterSide>(uuid).iter() {
            let peer = view.get::<RouterPort>(*peer);
            if let Some(peer) = peer.as_ref().as_ref().filter(|peer| peer.is_gateway) {
                flows.add(
                    Stage::LsInHairpin,
                    2000,
                    format!("reg0[14] == 1 && {}", peer.is_resident()),
                    "next;",
                );
            }
        }
        flows.add(
            Stage::LsInArpRsp,
            65535,
            "reg0[14] == 1 && (arp || nd_ns)",
            "flags.loopback = 1; next;",
        );
        flows
    }
}
