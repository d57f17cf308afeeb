//! What kinds of ACLs a packet may meet, by the state of its connection, so that the ACLs' own matches stay short
//! (ovn-northd(8) "Ingress Table 7", "Egress Table 5").

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::acl::SwitchAcls;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// States of connections, and what may be done then: 7 an allow ACL that commits, 8 one that need not, 9 a drop ACL,
/// 10 one that has to block the connection.
const HINTS: [(u16, &str, &str); 7] = [
    (7, "ct.new && !ct.est", "reg0[7] = 1; reg0[9] = 1; next;"),
    (
        6,
        "!ct.new && ct.est && !ct.rpl && ct_mark.blocked == 1",
        "reg0[7] = 1; reg0[9] = 1; next;",
    ),
    (5, "!ct.trk", "reg0[8] = 1; reg0[9] = 1; next;"),
    (
        4,
        "!ct.new && ct.est && !ct.rpl && ct_mark.blocked == 0",
        "reg0[8] = 1; reg0[10] = 1; next;",
    ),
    (3, "!ct.est", "reg0[9] = 1; next;"),
    (2, "ct.est && ct_mark.blocked == 1", "reg0[9] = 1; next;"),
    (1, "ct.est && ct_mark.blocked == 0", "reg0[10] = 1; next;"),
];

/// The flows of a switch.
pub enum AclHintFlows {}

impl Derivation for AclHintFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::AclHintFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let switch = view.get::<SwitchAcls>(uuid);
        for stage in [Stage::LsInAclHint, Stage::LsOutAclHint] {
            let priority = if switch.has_any() { 0 } else { u16::MAX };
            flows.add(stage, priority, "1", "next;");
            if switch.is_stateful() {
                for (priority, r#match, actions) in HINTS {
                    flows.add(stage, priority, r#match, actions);
                }
            }
        }
        flows
    }
}
