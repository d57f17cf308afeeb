//! Rates, DSCP and packet marks of what matches a rule (ovn-nb(5) "QoS"; ovn-northd(8) "Ingress Table 11", "Egress
//! Table 9"). A rule's flow is the rule's, for all switches that have it.

use ovn_schemas::rows::ovn_northbound::{LogicalSwitch, QoS};
use ovsdb_data::Uuid;
use ovsdb_data::typed::Table;

use crate::flow::{Datapaths, Flows, Stage};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The highest value of six bits.
const DSCP_MAX: i64 = 63;

/// The flows of a switch.
pub enum SwitchQosFlows {}

impl Derivation for SwitchQosFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchQosFlows;

    fn derive(_: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        flows.add(Stage::LsInQos, 0, "1", "next;");
        flows.add(Stage::LsOutQos, 0, "1", "next;");
        flows
    }
}

/// The flow of a rule.
pub enum QosFlows {}

impl Derivation for QosFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::QosFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let switches = view.holders(LogicalSwitch::QOS_RULES, uuid);
        let mut flows = Flows::on_all(Datapaths::Set(switches.into()));
        if let Some(rule) = view.row::<QoS<'_>>(uuid) {
            let stage = match rule.direction() {
                "from-lport" => Stage::LsInQos,
                _ => Stage::LsOutQos,
            };
            flows
                .add(stage, rule.priority() as u16, rule.r#match(), actions(rule))
                .hint(uuid);
        }
        flows
    }
}

fn actions(rule: QoS<'_>) -> String {
    let mut actions = String::new();
    let (rate, burst) = (rule.bandwidth().get("rate"), rule.bandwidth().get("burst"));
    match (rate, burst) {
        (Some(rate), Some(burst)) => actions += &format!("set_meter({rate}, {burst}); "),
        (Some(rate), None) => actions += &format!("set_meter({rate}); "),
        (None, _) => {}
    }
    match rule.action().get("dscp") {
        Some(dscp) if dscp > DSCP_MAX => {
            tracing::warn!("Bad 'dscp' value {dscp} in QoS {}", rule.uuid());
        }
        Some(dscp) => actions += &format!("ip.dscp = {dscp}; "),
        None => {}
    }
    if let Some(mark) = rule.action().get("mark") {
        actions += &format!("pkt.mark = {mark}; ");
    }
    actions + "next;"
}
