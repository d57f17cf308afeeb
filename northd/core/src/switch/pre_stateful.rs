//! The stages of switches in which packets go to connection tracking, and what load balancers' stages do with all
//! others (ovn-northd(8) "Ingress Table 6: Pre-stateful", "12", "13", "14", "Egress Table 4: Pre-stateful").

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a switch.
pub enum PreStatefulFlows {}

impl Derivation for PreStatefulFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PreStatefulFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        if view.get::<Switch>(uuid).is_none() {
            return flows;
        }
        flows.add(
            Stage::LsInPreStateful,
            115,
            "reg0[2] == 1 && ip.is_frag",
            "reg0[19] = 1; ct_lb_mark;",
        );
        for stage in [Stage::LsInPreStateful, Stage::LsOutPreStateful] {
            flows.add(stage, 110, "reg0[2] == 1", "ct_lb_mark;");
            flows.add(stage, 100, "reg0[0] == 1", "ct_next;");
            flows.add(stage, 0, "1", "next;");
        }
        for stage in [Stage::LsInLbAffCheck, Stage::LsInLb, Stage::LsInLbAffLearn] {
            flows.add(stage, 0, "1", "next;");
        }
        flows
    }
}
