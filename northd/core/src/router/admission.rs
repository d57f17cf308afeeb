//! What a router takes in at all: by Ethernet address, port by port (ovn-northd(8) "Ingress Table 0: L2 Admission
//! Control").

use ovn_schemas::rows::ovn_northbound::LogicalSwitchPort;
use ovsdb_data::Uuid;

use super::packet_length::{Gateway, GatewayMtu};
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::{Addresses, Mac};
use crate::model::config::Config;
use crate::model::kube_ovn::release;
use crate::model::router_port::RouterPort;
use crate::model::switch::SwitchTraits;
use crate::model::switch_port::{Peer, SwitchPort};
use crate::nodes::{Node, NodeId};
use crate::switch::port_security::TOO_BIG;
use crate::view::View;

/// The flows of a router.
pub enum AdmissionFlows {}

impl Derivation for AdmissionFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::AdmissionFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |_, flows| {
            let stage = Stage::LrInAdmission;
            let config = view.get::<Config>(());
            let drop = &config.drop;
            if !config.kube_ovn.has_old(release::V22_12) {
                let too_big = format!("{TOO_BIG} && flags.tunnel_rx == 1");
                flows.add(stage, 110, too_big, drop.clone());
            }
            flows.add(stage, 100, "vlan.present || eth.src[40]", drop.clone());
            flows.add(stage, 0, "1", drop.clone());
        })
    }
}

/// The flows of a port.
pub enum PortAdmissionFlows {}

impl Derivation for PortAdmissionFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortAdmissionFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, _, flows| {
            if port.is_gateway && !view.get::<Config>(()).kube_ovn.has_old(release::V22_12) {
                flows.add(
                    Stage::LrInAdmission,
                    120,
                    format!(
                        "{TOO_BIG} && eth.dst == {} && !{} && flags.tunnel_rx == 1",
                        port.mac_text,
                        port.is_resident()
                    ),
                    format!("outport <-> inport; inport = {}; next;", port.key),
                );
            }
            if !port.is_enabled {
                return;
            }
            let mtu = view.get::<GatewayMtu>(uuid);
            let mac = port.addresses.mac;
            // The address of the port that a packet came in by is kept: later stages need not ask for the port.
            let actions = format!("xreg0[0..47] = {mac}; next;");
            let mut admit = |what: String| check_length(flows, port, &mtu, what, &actions);
            admit(format!("eth.mcast && inport == {}", port.key));
            let macs = match proxy_mac(view, port) {
                Some(proxy) => format!("{{ {proxy}, {mac} }}"),
                None => mac.to_string(),
            };
            let resident = match port.is_gateway && !has_vtep(view, uuid) {
                true => format!(" && {}", port.is_resident()),
                false => String::new(),
            };
            admit(format!("eth.dst == {macs} && inport == {}{resident}", port.key));
        })
    }
}

fn check_length(flows: &mut Flows, port: &RouterPort, mtu: &Option<Gateway>, r#match: String, actions: &str) {
    let check = mtu.as_ref().map(Gateway::check).unwrap_or_default();
    let stage = Stage::LrInAdmission;
    if let Some(bypass) = mtu.as_ref().and_then(|mtu| mtu.bypass.as_ref()) {
        flows
            .add(stage, 55, format!("{match} && ({bypass})"), actions)
            .hint(port.uuid);
    }
    flows
        .add(stage, 50, r#match, format!("{check}{actions}"))
        .hint(port.uuid);
}

/// The Ethernet address by which a switch port that leads to a router port answers for others (`arp_proxy`).
fn proxy_mac(view: &View<'_>, port: &RouterPort) -> Option<Mac> {
    let leading = view.holders(LogicalSwitchPort::OPTIONS, &*port.name).into_iter();
    let mut leading = leading.filter(|lsp| *view.get::<Peer>(*lsp) == Some(port.uuid));
    leading.find_map(|lsp| {
        let lsp = view.get::<SwitchPort>(lsp);
        let proxy = lsp.as_ref().as_ref()?.options.get("arp_proxy")?;
        let mac = Addresses::parse(proxy)?.mac;
        (mac != Mac::default()).then_some(mac)
    })
}

/// Whether a router port's switch has a port to a VTEP gateway, which needs an answer on every chassis.
fn has_vtep(view: &View<'_>, port: Uuid) -> bool {
    let switch = super::peer_switch(view, port);
    switch.is_some_and(|switch| !view.get::<SwitchTraits>(switch).vtep.is_empty())
}
