//! Addresses outside of the routers on a switch: questions for them, and frames for their Ethernet addresses, go to the
//! router (ovn-northd(8) "Ingress Table 28: Destination Lookup").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{self as nb, LogicalRouter};
use ovsdb_data::Uuid;

use crate::flow::{Datapaths, Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::Mac;
use crate::model::config::Config;
use crate::model::nat::{Kind, Nat, OwnIps, Placed, Rank};
use crate::model::router::RouterPorts;
use crate::model::router_port::{RouterPort, SwitchPeer};
use crate::model::router_vips::IsServed;
use crate::model::switch_port::SwitchPort;
use crate::nodes::{Node, NodeId};
use crate::switch::forward::Forward;
use crate::view::View;

/// The flows of a rule, on every switch that a router with it is on.
pub enum SwitchNatFlows {}

impl Derivation for SwitchNatFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchNatFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on_all(Datapaths::Set(Arc::default()));
        let nat = view.get::<Nat>(uuid);
        let frames_for = frames_for(view, uuid);
        for router in view.holders(LogicalRouter::NAT, uuid) {
            let forwarded = nat
                .as_ref()
                .as_ref()
                .filter(|nat| is_forwarded(view, nat, router));
            for port in view.get::<RouterPorts>(router).iter() {
                let port = view.get::<RouterPort>(*port);
                let Some(port) = port.as_ref() else {
                    continue;
                };
                let leading = view
                    .get::<SwitchPeer>(port.uuid)
                    .map(|peer| view.get::<SwitchPort>(peer));
                let Some(leading) = leading.as_ref().and_then(|leading| leading.as_ref().as_ref()) else {
                    continue;
                };
                if let Some(nat) = forwarded.filter(|_| port.is_enabled) {
                    Forward::to(view, leading).requests(nat.family() == '6', &nat.external_text, &mut flows);
                }
                if let Some(frames_for) = frames_for.as_ref().filter(|_| port.is_gateway) {
                    let actions = deliver(view, leading);
                    flows
                        .add_on(leading.switch, Stage::LsInL2Lkup, 50, &**frames_for, actions)
                        .hint(leading.uuid);
                }
            }
        }
        flows
    }
}

/// Whether it is this rule's business that questions for its address outside reach the router: the addresses that load
/// balancers serve, and those of the router's ports, are others' business.
fn is_forwarded(view: &View<'_>, nat: &Nat, router: Uuid) -> bool {
    view.get::<Placed>((router, nat.uuid)).is_some()
        && view.get::<Rank>((router, nat.uuid)).speaks
        && !*view.get::<IsServed>((router, nat.uuid))
        && !(nat.kind == Kind::Snat && view.get::<OwnIps>(router).contains(&*nat.external_text))
}

/// Frames for the Ethernet address of a rule that asks a port's chassis to translate, where that port is. Nothing else
/// that the rule says counts.
fn frames_for(view: &View<'_>, rule: Uuid) -> Option<String> {
    let row = view.row::<nb::Nat<'_>>(rule)?;
    let port = row.logical_port().filter(|_| row.r#type() == "dnat_and_snat")?;
    let mac = Mac::parse(row.external_mac()?)?;
    Some(format!("eth.dst == {mac} && is_chassis_resident(\"{port}\")"))
}

fn deliver(view: &View<'_>, port: &SwitchPort) -> String {
    match port.is_enabled {
        true => format!("outport = {}; output;", port.key),
        false => view.get::<Config>(()).drop.to_string(),
    }
}
