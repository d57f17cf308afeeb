//! External ports: machines behind a localnet port. Only the chassis where an external port is takes what it sends to
//! routers (ovn-northd(8) "Ingress Table 27").

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::v6_text;
use crate::model::config::Config;
use crate::model::name::is_resident;
use crate::model::router_side::RouterSide;
use crate::model::switch::SwitchTraits;
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::switch::arp_nd::addresses;
use crate::view::View;

/// The flows of a switch.
pub enum SwitchExternalFlows {}

impl Derivation for SwitchExternalFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchExternalFlows;

    fn derive(_: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        flows.add(Stage::LsInExternalPort, 0, "1", "next;");
        flows
    }
}

/// The flows of a port.
pub enum ExternalFlows {}

impl Derivation for ExternalFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::ExternalFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on(port.switch);
        if port.r#type != Type::External {
            return flows;
        }
        let drop = view.get::<Config>(()).drop.clone();
        let elsewhere = format!("!{}", is_resident(&port.key));
        let traits = view.get::<SwitchTraits>(port.switch);
        let routers = view.get::<RouterSide>(port.switch);
        let routers: Vec<_> = routers
            .iter()
            .map(|(lsp, _)| view.get::<SwitchPort>(*lsp))
            .collect();
        let theirs: Vec<_> = routers
            .iter()
            .filter_map(|router| router.as_ref().as_ref())
            .flat_map(|router| addresses(view, router))
            .collect();
        for localnet in &traits.localnet {
            let localnet = view.get::<SwitchPort>(*localnet);
            let Some(localnet) = localnet.as_ref() else {
                continue;
            };
            let mut refuse = |r#match: String, why: &'static str| {
                flows
                    .add(Stage::LsInExternalPort, 100, r#match, drop.clone())
                    .hint(uuid)
                    .tag(&localnet.name)
                    .describe(why);
            };
            for own in &port.addresses {
                let from = format!("inport == {} && eth.src == {}", localnet.key, own.mac);
                for router in &theirs {
                    for v4 in &router.v4 {
                        refuse(
                            format!("{from} && {elsewhere} && arp.tpa == {} && arp.op == 1", v4.addr),
                            "Drop ARP for unknown router ports",
                        );
                    }
                    for v6 in &router.v6 {
                        let (ip, group) = (v6_text(v6.addr), v6_text(v6.solicited_node()));
                        refuse(
                            format!(
                                "{from} && {elsewhere} && nd_ns && ip6.dst == {{{ip}, {group}}} && nd.target == {ip}"
                            ),
                            "Drop ND for unbound router ports",
                        );
                    }
                    refuse(
                        format!("{from} && eth.dst == {} && {elsewhere}", router.mac),
                        "Packet does not come from a chassis resident",
                    );
                }
            }
        }
        flows
    }
}
