//! Next hops that are addresses outside (ovn-northd(8) "Ingress Table 21: ARP/ND Resolution").

use ovsdb_data::Uuid;

use super::nat::Rule;
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::router::RouterPorts;
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Whether a port of a router redirects by way of a bridge (`redirect-type`).
pub enum IsBridged {}

impl Derivation for IsBridged {
    type Key = Uuid;
    type Value = bool;
    const NODE: NodeId = Node::IsBridged;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&bool>) -> bool {
        let is_bridged = |port: &Uuid| {
            let port = view.get::<RouterPort>(*port);
            let r#type = port
                .as_ref()
                .as_ref()
                .and_then(|port| port.options.get("redirect-type"));
            r#type.is_some_and(|text| text.eq_ignore_ascii_case("bridged"))
        };
        view.get::<RouterPorts>(uuid).iter().any(is_bridged)
    }
}

/// The flows of a rule; the first with its address outside has them.
pub fn of_rule(view: &View<'_>, rule: &Rule<'_>, gateways: &[Uuid], flows: &mut Flows) {
    let Some(port) = rule.port.filter(|_| rule.rank.is_first) else {
        return;
    };
    let nat = rule.nat;
    let mut add = |priority: u16, r#match: String, actions: String| {
        flows
            .add(Stage::LrInArpResolve, priority, r#match, actions)
            .hint(nat.uuid);
    };
    // What came from outside and was not translated would go round and round.
    let unchanged = format!(
        "inport == {key} && outport == {key} && {}",
        rule.address("dst", &nat.external_text),
        key = port.key
    );
    add(150, unchanged, rule.drop.to_string());
    let (next_hop, lookup) = match nat.family() {
        '4' => ("reg0", "get_arp"),
        _ => ("xxreg0", "get_nd"),
    };
    let mac = match (&rule.distributed_to, &nat.mac) {
        (Some(_), Some((_, text))) => text.to_string(),
        _ => port.addresses.mac.to_string(),
    };
    add(
        100,
        format!("outport == {} && {next_hop} == {}", port.key, nat.external_text),
        format!("eth.dst = {mac}; next;"),
    );
    if rule.distributed_to.is_some()
        && *view.get::<IsBridged>(rule.router.uuid)
        && let Some(first) = gateways.first()
        && let Some(first) = &*view.get::<RouterPort>(*first)
    {
        let r#match = format!(
            "outport == {} && {}{}",
            first.key,
            rule.address("src", &nat.logical_text),
            rule.at_home()
        );
        add(90, r#match, format!("{lookup}(outport, {next_hop}); next;"));
    }
}
