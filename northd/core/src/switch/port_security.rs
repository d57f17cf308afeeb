//! Port security: what may come in from a port and go out to it. ovn-controller does the checking, from
//! `Port_Binding.port_security`; flows say where (ovn-northd(8) "Ingress Table 0", "1", "Egress Table 11", "12").

use ovsdb_data::Uuid;

use crate::alloc::queue;
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::kube_ovn::release;
use crate::model::name::{chassis_redirect, is_resident};
use crate::model::router::Router;
use crate::model::router_port::RouterPort;
use crate::model::switch::{Switch, SwitchTraits};
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The option of a `Port_Binding` that names its queue.
const QUEUE_ID: &str = "qdisc_queue_id";

/// Packets that say that another was too big.
pub const TOO_BIG: &str =
    "((ip4 && icmp4.type == 3 && icmp4.code == 4) || (ip6 && icmp6.type == 2 && icmp6.code == 0))";

/// The flows of a switch.
pub enum SwitchPortSecurityFlows {}

impl Derivation for SwitchPortSecurityFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchPortSecurityFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let switch = view.get::<Switch>(uuid);
        let Some(switch) = switch.as_ref() else {
            return flows;
        };
        let config = view.get::<Config>(());
        let drop = &config.drop;
        if !config.kube_ovn.has_old(release::V22_12) {
            flows
                .add(
                    Stage::LsInCheckPortSec,
                    105,
                    format!("{TOO_BIG} && flags.tunnel_rx == 1"),
                    drop.clone(),
                )
                .describe("ICMP: packet too big");
        }
        if !switch.passes_vlans() {
            flows
                .add(Stage::LsInCheckPortSec, 100, "vlan.present", drop.clone())
                .describe("VLANs blocked due to vlan-passthru option");
        }
        flows
            .add(Stage::LsInCheckPortSec, 100, "eth.src[40]", drop.clone())
            .describe("Incoming Broadcast/multicast source address is invalid");
        flows.add(
            Stage::LsInCheckPortSec,
            50,
            "1",
            format!("{}next;", if_new(&config, "reg0[15] = check_in_port_sec(); ")),
        );
        flows
            .add(Stage::LsInApplyPortSec, 50, "reg0[15] == 1", drop.clone())
            .describe("Broadcast/multicast port security invalid");
        flows.add(Stage::LsInApplyPortSec, 0, "1", "next;");
        flows.add(Stage::LsOutCheckPortSec, 100, "eth.mcast", "reg0[15] = 0; next;");
        flows.add(
            Stage::LsOutCheckPortSec,
            0,
            "1",
            format!("{}next;", if_new(&config, "reg0[15] = check_out_port_sec(); ")),
        );
        flows
            .add(Stage::LsOutApplyPortSec, 50, "reg0[15] == 1", drop.clone())
            .describe("Packet does not follow port security rules");
        flows.add(Stage::LsOutApplyPortSec, 0, "1", "output;");
        flows
    }
}

/// The flows of a port.
pub enum PortSecurityFlows {}

impl Derivation for PortSecurityFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortSecurityFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on(port.switch);
        check(view, port, &mut flows);
        too_big(view, port, &mut flows);
        flows
    }
}

/// Checks that controllers of OVN 22.03 do not know.
fn if_new<'a>(config: &Config, check: &'a str) -> &'a str {
    match config.kube_ovn.has_old(release::V22_03) {
        true => "",
        false => check,
    }
}

/// What a port's own packets go through.
fn check(view: &View<'_>, port: &SwitchPort, flows: &mut Flows) {
    if port.r#type == Type::External {
        return;
    }
    let mut add = |key: &str, name: &str, priority: u16, actions: String| {
        flows
            .add(
                Stage::LsInCheckPortSec,
                priority,
                format!("inport == {key}"),
                actions,
            )
            .hint(port.uuid)
            .tag(name);
    };
    let mut both = |priority: u16, actions: &str| {
        add(&port.key, &port.name, priority, actions.to_owned());
        if let Some(redirect) = &port.redirect(view) {
            add(
                redirect,
                &chassis_redirect(&port.name),
                priority,
                actions.to_owned(),
            );
        }
    };
    if !port.is_enabled {
        return both(100, "reg0[15] = 1; next;");
    }
    let queue = queue_of(view, port).map(|queue| format!("set_queue({queue}); "));
    match (port.r#type, queue) {
        (Type::Router, _) => both(70, "reg0[18] = 1; next;"),
        (Type::Vtep, queue) => {
            let queue = queue.unwrap_or_default();
            let actions = format!("{queue}reg0[14] = 1; next(pipeline=ingress, table=17);");
            add(&port.key, &port.name, 70, actions);
        }
        (_, Some(queue)) => {
            let check = if_new(&view.get::<Config>(()), "reg0[15] = check_in_port_sec(); ");
            let actions = format!("{queue}{check}next;");
            add(&port.key, &port.name, 70, actions);
            to_physical_network(view, port, &queue, flows);
        }
        _ => {}
    }
}

/// What leaves for a physical network takes the queue of the port that it came from, or of the localnet port.
fn to_physical_network(view: &View<'_>, port: &SwitchPort, queue: &str, flows: &mut Flows) {
    let mut add = |priority: u16, r#match: String, localnet: &SwitchPort| {
        flows
            .add(
                Stage::LsOutApplyPortSec,
                priority,
                r#match,
                format!("{queue}output;"),
            )
            .hint(localnet.uuid)
            .tag(&localnet.name);
    };
    if port.r#type == Type::Localnet {
        return add(100, format!("outport == {}", port.key), port);
    }
    let traits = view.get::<SwitchTraits>(port.switch);
    let first = traits
        .localnet
        .first()
        .map(|first| view.get::<SwitchPort>(*first));
    if let Some(Some(first)) = first.as_deref() {
        add(
            110,
            format!("outport == {} && inport == {}", first.key, port.key),
            first,
        );
    }
}

/// A word that a packet was too big goes back to who sent the packet: it comes with source and destination as they are
/// seen from the other end of a tunnel.
fn too_big(view: &View<'_>, port: &SwitchPort, flows: &mut Flows) {
    let key = &port.key;
    if view.get::<Config>(()).kube_ovn.has_old(release::V22_12) {
        return;
    }
    if port.r#type != Type::Router {
        for own in &port.addresses {
            flows.add(
                Stage::LsInCheckPortSec,
                110,
                format!(
                    "{TOO_BIG} && eth.src == {} && outport == {key} && !{} && flags.tunnel_rx == 1",
                    own.mac,
                    is_resident(key)
                ),
                "outport <-> inport; next;",
            );
        }
        return;
    }
    let peer = port.peer(view).map(|peer| view.get::<RouterPort>(peer));
    let Some(Some(peer)) = peer.as_deref() else { return };
    let router = view.get::<Router>(peer.router);
    let mac = &peer.mac_text;
    match router.as_ref().as_ref().is_some_and(Router::is_gateway) {
        true => flows.add(
            Stage::LsInCheckPortSec,
            120,
            format!("{TOO_BIG} && eth.src == {mac} && outport == {key} && flags.tunnel_rx == 1"),
            "outport <-> inport; next;",
        ),
        false => flows.add(
            Stage::LsInCheckPortSec,
            120,
            format!("{TOO_BIG} && eth.dst == {mac} && flags.tunnel_rx == 1"),
            "outport <-> inport; next(pipeline=ingress,table=28);",
        ),
    };
}

/// The queue of a port with a limited rate, or the one that it was given by hand.
fn queue_of(view: &View<'_>, port: &SwitchPort) -> Option<String> {
    match queue::of(view, port) {
        Some(queue) => Some(queue.to_string()),
        None => port.options.get(QUEUE_ID).map(Into::into),
    }
}
