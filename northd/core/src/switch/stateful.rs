//! Connections that ACLs let in are committed (ovn-northd(8) "Ingress Table 21", "Egress Table 10").

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::kube_ovn::release;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a switch.
pub enum StatefulFlows {}

impl Derivation for StatefulFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::StatefulFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        // Controllers of OVN 24.03 do not know what else connections remember.
        let is_old = view.get::<Config>(()).kube_ovn.has_old(release::V24_03);
        let commit = |remember: &str| match is_old {
            true => "ct_commit { ct_mark.blocked = 0; }; next;".to_owned(),
            false => format!("ct_commit {{ ct_mark.blocked = 0; {remember}}}; next;"),
        };
        for stage in [Stage::LsInStateful, Stage::LsOutStateful] {
            flows.add(stage, 0, "1", "next;");
            flows.add(
                stage,
                100,
                "reg0[1] == 1 && reg0[13] == 1",
                commit(
                    "ct_mark.allow_established = reg0[20]; ct_mark.obs_stage = reg8[19..20]; \
                     ct_mark.obs_collector_id = reg8[8..15]; ct_label.obs_point_id = reg9; \
                     ct_label.acl_id = reg2[16..31]; ",
                ),
            );
            flows.add(
                stage,
                100,
                "reg0[1] == 1 && reg0[13] == 0",
                commit("ct_mark.allow_established = reg0[20]; ct_label.acl_id = reg2[16..31]; "),
            );
        }
        flows
    }
}
