//! What leaves by a distributed gateway port goes to that port's chassis, unless this one may translate it itself
//! (ovn-northd(8) "Ingress Table 24: Gateway Redirect").

use ovn_schemas::rows::ovn_northbound::LogicalSwitchPort;
use ovsdb_data::Uuid;

use super::nat::Rule;
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::nat::Peers;
use crate::model::router::{GatewayPorts, Router};
use crate::model::router_port::{RouterPort, SwitchPeer};
use crate::model::switch::SwitchTraits;
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a router that belong to no rule.
pub enum GatewayRedirectFlows {}

impl Derivation for GatewayRedirectFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::GatewayRedirectFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        if view.get::<Router>(uuid).is_none() {
            return flows;
        }
        flows.add(Stage::LrInGwRedirect, 0, "1", "next;");
        for port in view.get::<GatewayPorts>(uuid).iter() {
            let port = view.get::<RouterPort>(*port);
            let Some(port) = port.as_ref().as_ref().filter(|port| !has_vtep(view, port.uuid)) else {
                continue;
            };
            flows
                .add(
                    Stage::LrInGwRedirect,
                    50,
                    format!("outport == {}", port.key),
                    format!("outport = {}; next;", port.redirect_key()),
                )
                .hint(port.uuid);
        }
        flows
    }
}

/// Whether the switch of a router port has a port of type `vtep`: then every chassis sends for itself.
fn has_vtep(view: &View<'_>, port: Uuid) -> bool {
    let Some(peer) = *view.get::<SwitchPeer>(port) else {
        return false;
    };
    let peer = view.get::<SwitchPort>(peer);
    let has = |peer: &SwitchPort| !view.get::<SwitchTraits>(peer.switch).vtep.is_empty();
    peer.as_ref().as_ref().is_some_and(has)
}

/// The flows of a rule.
pub fn of_rule(view: &View<'_>, rule: &Rule<'_>, gateways: &[Uuid], flows: &mut Flows) {
    let nat = rule.nat;
    let outward = format!(
        "{}{}",
        rule.address("src", &nat.logical_text),
        rule.at_port("outport")
    );
    if let (Some(logical_port), Some((_, mac))) = (&rule.distributed_to, &nat.mac) {
        // A virtual port that no chassis has claimed has no chassis that could translate.
        if is_virtual(view, logical_port) {
            flows
                .add(Stage::LrInGwRedirect, 80, outward.clone(), rule.drop.clone())
                .hint(nat.uuid);
        }
        let source = if nat.family() == '4' { "reg5" } else { "xxreg1" };
        flows
            .add(
                Stage::LrInGwRedirect,
                100,
                format!("{outward}{}", rule.at_home()),
                format!("eth.src = {mac}; {source} = {}; next;", nat.external_text),
            )
            .hint(nat.uuid);
    }
    for port in gateways.iter().filter(|_| nat.is_stateless) {
        let port = view.get::<RouterPort>(*port);
        if let Some(port) = port.as_ref().as_ref().filter(|port| !has_vtep(view, port.uuid)) {
            of_peers(rule, port, flows);
        }
    }
}

/// Without connection tracking the sources that a rule is for have to be told apart here. (The packaged northd means
/// to do so, too, but takes another flow's match and actions.)
fn of_peers(rule: &Rule<'_>, port: &RouterPort, flows: &mut Flows) {
    let (set, actions) = match &rule.nat.peers {
        Peers::All => return,
        Peers::Allowed(set) => (set, format!("outport = {}; next;", port.redirect_key())),
        Peers::Exempted(set) => (set, rule.drop.to_string()),
    };
    let to_outside = format!("ip && {}", rule.address("dst", &rule.nat.external_text));
    let source = rule.address("src", &format!("${set}"));
    flows
        .add(
            Stage::LrInGwRedirect,
            75,
            format!("{to_outside} && {source} && outport == {}", port.key),
            actions,
        )
        .hint(port.uuid);
    if let Peers::Allowed(_) = rule.nat.peers {
        flows.add(Stage::LrInGwRedirect, 70, to_outside, rule.drop.clone());
    }
}

fn is_virtual(view: &View<'_>, name: &str) -> bool {
    let mut named = view.holders(LogicalSwitchPort::NAME, name).into_iter();
    named.any(|port| {
        let port = view.get::<SwitchPort>(port);
        port.as_ref()
            .as_ref()
            .is_some_and(|port| port.r#type == Type::Virtual)
    })
}
