//! Which packets go to the connection tracker for the sake of ACLs (ovn-northd(8) "Ingress Table 4", "Egress Table
//! 2"). Never here: the tracking itself (`pre_stateful`), and what is tracked for load balancers (`pre_lb`).

use ovsdb_data::Uuid;

use super::acl::Saying;
use super::port_security::TOO_BIG;
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::acl::{Action, At, SwitchAcls};
use crate::model::router_port::RouterPort;
use crate::model::switch::SwitchTraits;
use crate::model::switch_port::{Peer, SwitchPort};
use crate::nodes::{Node, NodeId};
use crate::view::View;

const BOTH: [Stage; 2] = [Stage::LsInPreAcl, Stage::LsOutPreAcl];

/// The flows of a switch.
pub enum PreAclFlows {}

impl Derivation for PreAclFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PreAclFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        for stage in BOTH {
            flows.add(stage, 0, "1", "next;");
        }
        flows.add(Stage::LsInPreAcl, 110, "eth.dst == $svc_monitor_mac", "next;");
        flows.add(Stage::LsOutPreAcl, 110, "eth.src == $svc_monitor_mac", "next;");
        if !view.get::<SwitchAcls>(uuid).acls.has_related {
            return flows;
        }
        for stage in BOTH {
            flows.add(
                stage,
                110,
                "nd || nd_rs || nd_ra || mldv1 || mldv2 || (udp && udp.src == 546 && udp.dst == 547)",
                "next;",
            );
            flows.add(stage, 110, "eth.mcast", "next;");
            flows.add(stage, 100, "ip", "reg0[0] = 1; next;");
        }
        flows.add(
            Stage::LsInPreAcl,
            110,
            format!("{TOO_BIG} && flags.tunnel_rx == 1"),
            "next;",
        );
        let traits = view.get::<SwitchTraits>(uuid);
        for port in &traits.localnet {
            skip_port(view, *port, &mut flows);
        }
        for port in traits.router.iter().filter(|port| !is_tracked(view, **port)) {
            skip_port(view, *port, &mut flows);
        }
        flows
    }
}

/// Whether a router-type port is tracked like others (`enable_router_port_acl`), or leads nowhere.
fn is_tracked(view: &View<'_>, port: Uuid) -> bool {
    let peer = view.get::<Peer>(port).and_then(|peer| {
        let peer = view.get::<RouterPort>(peer);
        peer.as_ref().as_ref().map(|peer| peer.is_gateway)
    });
    let asks = || {
        let port = view.get::<SwitchPort>(port);
        let port = port.as_ref().as_ref();
        port.is_some_and(|port| port.options.is_true("enable_router_port_acl", false))
    };
    peer.is_none_or(|is_gateway| is_gateway && asks())
}

/// Both sides of a connection through this port need not pass the same chassis, so nobody could track it.
fn skip_port(view: &View<'_>, port: Uuid, flows: &mut Flows) {
    let port = view.get::<SwitchPort>(port);
    let Some(port) = port.as_ref() else { return };
    for (stage, field) in [(Stage::LsInPreAcl, "inport"), (Stage::LsOutPreAcl, "outport")] {
        flows
            .add(stage, 110, format!("ip && {field} == {}", port.key), "next;")
            .hint(port.uuid)
            .tag(&port.name);
    }
}

/// What a stateless ACL matches is not tracked, on switches where other packets are.
pub(super) fn add_stateless(to: &mut Saying<'_>) {
    let acl = to.acl;
    if acl.action != Action::AllowStateless || !to.kind.is_stateful {
        return;
    }
    let stage = match acl.at {
        At::FromLport | At::FromLportAfterLb => Stage::LsInPreAcl,
        At::ToLport => Stage::LsOutPreAcl,
    };
    to.add(stage, acl.priority, acl.r#match.clone(), "reg0[16] = 1; next;")
        .hint(acl.uuid);
}
