//! Connections that ACLs let in are committed (ovn-northd(8) "Ingress Table 21", "Egress Table 10").

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::nodes::Node;
use crate::view::View;

/// The flows of a switch.
pub enum StatefulFlows {}

impl Derivation for StatefulFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: Node = Node::StatefulFlows;

    fn derive(_: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        for stage in [Stage::LsInStateful, Stage::LsOutStateful] {
            flows.add(stage, 0, "1", "next;");
            flows.add(
                stage,
                100,
                "reg0[1] == 1 && reg0[13] == 1",
                "ct_commit { ct_mark.blocked = 0; ct_mark.allow_established = reg0[20]; \
                 ct_mark.obs_stage = reg8[19..20]; ct_mark.obs_collector_id = reg8[8..15]; \
                 ct_label.obs_point_id = reg9; ct_label.acl_id = reg2[16..31]; }; next;",
            );
            flows.add(
                stage,
                100,
                "reg0[1] == 1 && reg0[13] == 0",
                "ct_commit { ct_mark.blocked = 0; ct_mark.allow_established = reg0[20]; \
                 ct_label.acl_id = reg2[16..31]; }; next;",
            );
        }
        flows
    }
}
