//! What a gateway router has translated or balanced on the way in leaves it with an address of the router's, so that
//! answers come back to it (ovn-nb(5) "dnat_force_snat_ip", "lb_force_snat_ip"; ovn-northd(8) "Ingress Table 5:
//! UNSNAT", "Egress Table 3: SNAT", "4: Post SNAT").

use std::net::IpAddr;

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::features::Features;
use crate::model::nat::ForceSnat;
use crate::model::network::ip_text;
use crate::model::router::Router;
use crate::model::router_port::{RouterPeer, RouterPort, SwitchPeer};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a router.
pub enum ForceSnatFlows {}

impl Derivation for ForceSnatFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::ForceSnatFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let router = view.get::<Router>(uuid);
        if !router.as_ref().as_ref().is_some_and(Router::is_gateway) {
            return flows;
        }
        let force = view.get::<ForceSnat>(uuid);
        for (why, force) in [("dnat", force.dnat), ("lb", force.lb)] {
            for ip in force.iter() {
                let (v, ip) = (version(ip), ip_text(ip));
                flows.add(
                    Stage::LrInUnsnat,
                    110,
                    format!("ip{v} && ip{v}.dst == {ip}"),
                    "ct_snat;",
                );
                flows.add(
                    Stage::LrOutSnat,
                    100,
                    format!("flags.force_snat_for_{why} == 1 && ip{v}"),
                    format!("ct_snat({ip});"),
                );
            }
        }
        flows
    }
}

fn version(ip: IpAddr) -> char {
    if ip.is_ipv4() { '4' } else { '6' }
}

/// The flows of a router's port: its own address, and the way back of ICMP errors.
pub enum PortSnatFlows {}

impl Derivation for PortSnatFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortSnatFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let port = view.get::<RouterPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on(port.router);
        if port.options.number("gateway_mtu", 0) > 0 && view.get::<Features>(()).ct_commit_nat_v2 {
            flows
                .add(
                    Stage::LrOutPostSnat,
                    100,
                    "icmp && flags.icmp_snat == 1",
                    "ct_commit_nat(snat);",
                )
                .hint(uuid);
        }
        let has_peer = || view.get::<SwitchPeer>(uuid).is_some() || view.get::<RouterPeer>(uuid).is_some();
        if !view.get::<ForceSnat>(port.router).lb_router_ip || !has_peer() {
            return flows;
        }
        // The last IPv6 address is the link-local one.
        let v4 = port.addresses.v4.first().map(|v4| IpAddr::from(v4.addr));
        let v6 = (port.addresses.v6.len() > 1).then(|| IpAddr::from(port.addresses.v6[0].addr));
        for ip in v4.into_iter().chain(v6) {
            let (v, ip, key) = (version(ip), ip_text(ip), &port.key);
            flows.add(
                Stage::LrInUnsnat,
                110,
                format!("inport == {key} && ip{v}.dst == {ip}"),
                "ct_snat;",
            );
            flows.add(
                Stage::LrOutSnat,
                110,
                format!("flags.force_snat_for_lb == 1 && ip{v} && outport == {key}"),
                format!("ct_snat({ip});"),
            );
        }
        flows
    }
}
