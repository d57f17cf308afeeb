//! What is done with a packet once ACLs have given their verdict, or nobody has and the next tier is asked
//! (ovn-northd(8) "Ingress Table 10", "20", "Egress Table 8").

use ovsdb_data::Uuid;

use crate::flow::{Flows, Pipeline, Stage};
use crate::graph::Derivation;
use crate::model::acl::{At, SwitchAcls};
use crate::model::config::Config;
use crate::model::copp;
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a switch.
pub enum AclActionFlows {}

impl Derivation for AclActionFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::AclActionFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let acls = view.get::<SwitchAcls>(uuid).acls;
        if !acls.has_any {
            for at in At::ALL {
                flows.add(at.action(), 0, "1", "next;");
            }
            return flows;
        }
        let config = view.get::<Config>(());
        let drop = &config.implicit_drop;
        let unmatched = if config.default_acl_drop { drop } else { "next;" };
        let switch = view.get::<Switch>(uuid);
        let copp = switch.as_ref().as_ref().and_then(|switch| switch.copp);
        let meter = copp::meter(view, copp, "reject");
        for at in At::ALL {
            let (stage, max_tier) = (at.action(), acls.max_tier(at));
            let tier = if max_tier > 0 { "reg8[30..31] = 0; " } else { "" };
            let clear = format!("reg8[16] = 0; reg8[17] = 0; reg8[18] = 0; {tier}");
            flows.add(stage, 1000, "reg8[16] == 1", format!("{clear}next;"));
            flows.add(stage, 1000, "reg8[17] == 1", format!("{clear}{drop}"));
            flows
                .add(
                    stage,
                    1000,
                    "reg8[18] == 1",
                    format!("{clear}{}", reject(stage.pipeline())),
                )
                .meter(meter.clone());
            flows.add(stage, 0, "1", format!("{clear}{unmatched}"));
            let (pipeline, eval) = (stage.pipeline().name(), at.eval().table());
            for tier in 0..max_tier {
                flows.add(
                    stage,
                    500,
                    format!("reg8[30..31] == {tier}"),
                    format!(
                        "reg8[30..31] = {}; next(pipeline={pipeline},table={eval});",
                        tier + 1
                    ),
                );
            }
        }
        flows
    }
}

/// Sends a refusal back where the packet came from.
fn reject(pipeline: Pipeline) -> String {
    let back = match pipeline {
        Pipeline::Ingress => Stage::LsOutQos,
        Pipeline::Egress => Stage::LsInL2Lkup,
    };
    format!(
        "reg0 = 0; reject {{ /* eth.dst <-> eth.src; ip.dst <-> ip.src; is implicit. */ outport <-> inport; \
         next(pipeline={},table={}); }};",
        back.pipeline().name(),
        back.table()
    )
}
