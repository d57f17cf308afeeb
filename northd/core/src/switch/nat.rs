//! Addresses outside of the routers on a switch: questions for them, and frames for their Ethernet addresses, go to the
//! router (ovn-northd(8) "Ingress Table 28: Destination Lookup").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalRouter;
use ovsdb_data::Uuid;

use crate::flow::{Datapaths, Flows, Stage};
use crate::graph::Derivation;
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
        let Some(nat) = nat.as_ref() else {
            return flows;
        };
        for router in view.holders(LogicalRouter::NAT, uuid) {
            let is_forwarded = is_forwarded(view, nat, router);
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
                if is_forwarded && port.is_enabled {
                    Forward::to(view, leading).requests(nat.family() == '6', &nat.external_text, &mut flows);
                }
                if port.is_gateway {
                    frames(view, nat, leading, &mut flows);
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

fn frames(view: &View<'_>, nat: &Nat, port: &SwitchPort, flows: &mut Flows) {
    let Some((logical_port, mac, _)) = nat.asks_distribution().filter(|_| nat.kind == Kind::Both) else {
        return;
    };
    let actions = match port.is_enabled {
        true => format!("outport = {}; output;", port.key),
        false => view.get::<Config>(()).drop.to_string(),
    };
    let r#match = format!("eth.dst == {mac} && is_chassis_resident(\"{logical_port}\")");
    flows
        .add_on(port.switch, Stage::LsInL2Lkup, 50, r#match, actions)
        .hint(port.uuid);
}
