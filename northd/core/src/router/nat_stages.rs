//! What the stages of address translation do whatever the rules are (ovn-northd(8) "Ingress Table 5", "6", "9", "Egress
//! Table 0" to "5").

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::features::Features;
use crate::model::nat::{ForceSnat, NatTraits};
use crate::model::router::{GatewayPorts, Router};
use crate::model::router_port::RouterPort;
use crate::model::router_vips::HasVip;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What is the same for all routers.
pub enum NatStageFlows {}

impl Derivation for NatStageFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::NatStageFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        if view.get::<Router>(uuid).is_none() {
            return flows;
        }
        for stage in [
            Stage::LrInUnsnat,
            Stage::LrInPostUnsnat,
            Stage::LrInDnat,
            Stage::LrOutUndnat,
            Stage::LrOutPostUndnat,
            Stage::LrOutSnat,
            Stage::LrOutPostSnat,
            Stage::LrOutEgrLoop,
        ] {
            flows.add(stage, 0, "1", "next;");
        }
        flows.add(Stage::LrOutChkDnatLocal, 0, "1", "reg9[4] = 0; next;");
        // ovn-controller sends these itself; conntrack need not see them.
        flows.add(Stage::LrOutSnat, 120, "nd_ns", "next;");
        flows
    }
}

/// What depends on whether a router translates or balances at all.
pub enum StatefulRouterFlows {}

impl Derivation for StatefulRouterFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::StatefulRouterFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let router = view.get::<Router>(uuid);
        let Some(router) = router.as_ref() else {
            return flows;
        };
        let gateways = view.get::<GatewayPorts>(uuid);
        if !router.is_gateway() && gateways.is_empty() {
            return flows;
        }
        let traits = *view.get::<NatTraits>(uuid);
        let has_vip = *view.get::<HasVip>(uuid);
        let force = *view.get::<ForceSnat>(uuid);
        let is_stateful =
            traits.is_stateful || has_vip || force.dnat.is_some() || force.lb.is_some() || force.lb_router_ip;
        let commits_all = is_stateful && router.options.is_true("ct-commit-all", false);
        if router.is_gateway() && (traits.has_any || has_vip) {
            // All of it passes the zone of destinations, so that answers become what they were.
            flows.add(Stage::LrOutUndnat, 100, "nd || nd_rs || nd_ra", "next;");
            flows.add(Stage::LrOutUndnat, 50, "ip", "flags.loopback = 1; ct_dnat;");
            if !commits_all {
                flows.add(
                    Stage::LrOutPostUndnat,
                    50,
                    "ip && ct.new",
                    "ct_commit { } ; next; ",
                );
            }
        }
        if commits_all {
            commit_all(view, router, &gateways, &mut flows);
        }
        if traits.has_any && view.get::<Config>(()).use_common_zone {
            let natted = "ip && ct_mark.natted == 1";
            flows
                .add(Stage::LrOutChkDnatLocal, 50, natted, "reg9[4] = 1; next;")
                .hint(uuid);
        }
        flows
    }
}

/// Every connection is committed (`ct-commit-all`): on gateway routers all, on others what passes a gateway port where
/// that is.
fn commit_all(view: &View<'_>, router: &Router, gateways: &[Uuid], flows: &mut Flows) {
    let features = view.get::<Features>(());
    if !(features.ct_commit_to_zone && features.ct_next_zone) {
        return;
    }
    if router.is_gateway() {
        commit_all_at("", "", flows);
    }
    for port in gateways {
        if let Some(port) = &*view.get::<RouterPort>(*port) {
            let at = |field: &str| format!(" && {field} == {} && {}", port.key, port.is_resident());
            commit_all_at(&at("inport"), &at("outport"), flows);
        }
    }
}

fn commit_all_at(into: &str, out_of: &str, flows: &mut Flows) {
    // A packet that is an answer in one zone is one in the other, too.
    let unknown = "ip && (!ct.trk || !ct.rpl)";
    let mut add = |stage: Stage, r#match: String, actions: &str| {
        flows.add(stage, 10, r#match, actions);
    };
    add(Stage::LrInDefrag, format!("{unknown}{into}"), "ct_next(dnat);");
    add(
        Stage::LrInDnat,
        format!("ip && ct.new{into}"),
        "ct_commit_to_zone(dnat);",
    );
    // The zone of destinations comes between: flags keep what the zone of sources said.
    add(
        Stage::LrInPostUnsnat,
        format!("ip && ct.new{into}"),
        "flags.unsnat_new = 1; next;",
    );
    add(
        Stage::LrInPostUnsnat,
        format!("ip && !ct.trk{into}"),
        "flags.unsnat_not_tracked = 1; next;",
    );
    add(
        Stage::LrOutPostUndnat,
        format!("{unknown} && flags.unsnat_not_tracked == 1{out_of}"),
        "ct_next(snat);",
    );
    add(
        Stage::LrOutPostUndnat,
        format!("ip && flags.unsnat_new == 1{out_of}"),
        "next;",
    );
    add(
        Stage::LrOutSnat,
        format!("{unknown} && flags.unsnat_new == 1{out_of}"),
        "ct_commit_to_zone(snat);",
    );
    add(
        Stage::LrOutSnat,
        format!("ip && ct.new{out_of}"),
        "ct_commit_to_zone(snat);",
    );
}
