//! Routing daemons behind a switch port that speak for a router (`routing-protocol-redirect`, `routing-protocols` of a
//! router port): what comes for the router's addresses and their protocols goes to them (ovn-northd(8) "Ingress Table
//! 0", "28").

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::v6_text;
use crate::model::router_port::{RouterPort, SwitchPeer};
use crate::model::switch_port::SwitchPort;
use crate::nodes::{Node, NodeId};
use crate::switch::arp_nd::port_named;
use crate::view::View;

/// The flows of a router port, on the switch that it is on.
pub enum RoutingProtocolFlows {}

impl Derivation for RoutingProtocolFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::RoutingProtocolFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        flows(view, uuid).unwrap_or_else(|| Flows::on(uuid))
    }
}

fn flows(view: &View<'_>, uuid: Uuid) -> Option<Flows> {
    let port = view.get::<RouterPort>(uuid);
    let port = port.as_ref().as_ref()?;
    let daemon = port.options.get("routing-protocol-redirect")?;
    let leading = (*view.get::<SwitchPeer>(uuid))?;
    let leading = view.get::<SwitchPort>(leading);
    let leading = leading.as_ref().as_ref()?;
    let Some(redirect) = port_named(view, daemon) else {
        tracing::warn!(
            "Option 'routing-protocol-redirect' set on Logical Router Port '{}' refers to non-existent Logical \
             Switch Port. Routing protocol redirecting won't be configured.",
            port.name
        );
        return None;
    };
    let redirect = view.get::<SwitchPort>(redirect);
    if redirect.as_ref().as_ref()?.switch != leading.switch {
        tracing::warn!(
            "Logical Router Port '{}' is connected to a different switch than the Logical Switch Port '{daemon}' \
             defined in its 'routing-protocol-redirect' option. Routing protocol redirecting won't be configured.",
            port.name
        );
        return None;
    }
    let protocols = protocols(port);
    if protocols.is_empty() {
        tracing::warn!(
            "Option 'routing-protocol-redirect' is set on Logical Router Port '{}' but no known protocols were set \
             via 'routing-protocols' options. This configuration has no effect.",
            port.name
        );
        return None;
    }
    let mut flows = Flows::on(leading.switch);
    let v4 = port.addresses.v4.iter().map(|v4| (4, v4.addr.to_string()));
    let v6 = port.addresses.v6.iter().map(|v6| (6, v6_text(v6.addr)));
    for (version, ip) in v4.chain(v6) {
        for (transport, number) in &protocols {
            for end in ["dst", "src"] {
                flows.add(
                    Stage::LsInL2Lkup,
                    100,
                    format!("ip{version}.dst == {ip} && {transport}.{end} == {number}"),
                    format!("outport = \"{daemon}\"; output;"),
                );
            }
        }
        // Both have the address, so both hear who has the others.
        let answer = match version {
            4 => format!("arp.op == 2 && arp.tpa == {ip}"),
            _ => format!("ip6.dst == {ip} && nd_na"),
        };
        flows.add(
            Stage::LsInL2Lkup,
            100,
            answer,
            format!(
                "clone {{ outport = \"{daemon}\"; output; }}; outport = {}; output;",
                leading.key
            ),
        );
    }
    // Only the router answers for it.
    for answer in ["arp.op == 2", "nd_na", "nd_ra"] {
        flows.add(
            Stage::LsInCheckPortSec,
            80,
            format!("inport == \"{daemon}\" && {answer}"),
            "reg0[15] = 1; next;",
        );
    }
    Some(flows)
}

/// The transport protocols and port numbers of what is to go to the daemon.
fn protocols(port: &RouterPort) -> Vec<(&'static str, u16)> {
    let texts = port.options.get("routing-protocols").unwrap_or_default();
    let mut found = Vec::new();
    for text in texts.split(',').filter(|text| !text.is_empty()) {
        match text {
            "BGP" => found.push(("tcp", 179)),
            "BFD" => found.push(("udp", 3784)),
            _ => tracing::warn!("Option 'routing-protocols' encountered unknown value {text}"),
        }
    }
    found
}
