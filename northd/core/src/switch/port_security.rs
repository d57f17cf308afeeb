//! Port security: what may come in from a port and go out to it. ovn-controller does the checking, from
//! `Port_Binding.port_security`; flows say where (ovn-northd(8) "Ingress Table 0", "1", "Egress Table 11", "12").

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::switch::Switch;
use crate::model::switch_port::{RedirectPort, SwitchPort, Type};
use crate::nodes::Node;
use crate::view::View;

/// Packets that say that another was too big.
pub const TOO_BIG: &str =
    "((ip4 && icmp4.type == 3 && icmp4.code == 4) || (ip6 && icmp6.type == 2 && icmp6.code == 0))";

/// The flows of a switch.
pub enum SwitchPortSecurityFlows {}

impl Derivation for SwitchPortSecurityFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: Node = Node::SwitchPortSecurityFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let switch = view.get::<Switch>(uuid);
        let Some(switch) = switch.as_ref() else {
            return flows;
        };
        let drop = &view.get::<Config>(()).drop;
        flows
            .add(
                Stage::LsInCheckPortSec,
                105,
                format!("{TOO_BIG} && flags.tunnel_rx == 1"),
                drop.clone(),
            )
            .describe("ICMP: packet too big");
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
            "reg0[15] = check_in_port_sec(); next;",
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
            "reg0[15] = check_out_port_sec(); next;",
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
    const NODE: Node = Node::PortSecurityFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on(port.switch);
        let mut check = |key: &str, actions: &str, priority: u16| {
            flows
                .add(
                    Stage::LsInCheckPortSec,
                    priority,
                    format!("inport == {key}"),
                    actions,
                )
                .hint(uuid)
                .tag(&port.name);
        };
        if port.r#type == Type::External {
            return flows;
        }
        if !port.is_enabled {
            check(&port.key, "reg0[15] = 1; next;", 100);
            return flows;
        }
        match port.r#type {
            Type::Vtep => check(&port.key, "reg0[14] = 1; next(pipeline=ingress, table=17);", 70),
            Type::Router => {
                check(&port.key, "reg0[18] = 1; next;", 70);
                if let Some(redirect) = &*view.get::<RedirectPort>(uuid) {
                    check(redirect, "reg0[18] = 1; next;", 70);
                }
            }
            _ => {}
        }
        flows
    }
}
