//! What of a switch goes through connection tracking because of load balancers (ovn-northd(8) "Ingress Table 5:
//! Pre-LB", "Egress Table 3: Pre-LB").

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::acl::SwitchAcls;
use crate::model::copp;
use crate::model::switch::{Switch, SwitchTraits};
use crate::model::switch_port::{Peer, SwitchPort};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a switch.
pub enum PreLbFlows {}

impl Derivation for PreLbFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PreLbFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let switch = view.get::<Switch>(uuid);
        let Some(switch) = switch.as_ref() else {
            return flows;
        };
        for stage in [Stage::LsInPreLb, Stage::LsOutPreLb] {
            flows.add(stage, 110, "eth.mcast", "next;");
            flows.add(stage, 110, "nd || nd_rs || nd_ra || mldv1 || mldv2", "next;");
            flows.add(stage, 110, "reg0[16] == 1", "next;");
            flows.add(stage, 0, "1", "next;");
        }
        flows.add(
            Stage::LsInPreLb,
            110,
            "((ip4 && icmp4.type == 3 && icmp4.code == 4) ||(ip6 && icmp6.type == 2 && icmp6.code == 0)) && \
             flags.tunnel_rx == 1",
            "next;",
        );
        flows.add(Stage::LsInPreLb, 110, "eth.dst == $svc_monitor_mac", "next;");
        flows.add(Stage::LsOutPreLb, 110, "eth.src == $svc_monitor_mac", "next;");
        let traits = view.get::<SwitchTraits>(uuid);
        snoop_between_zones(view, switch, &traits, &mut flows);

        let SwitchAcls { acls, has_vip } = *view.get::<SwitchAcls>(uuid);
        let out = match acls.has_related {
            true => "next;",
            false => "ct_clear; next;",
        };
        let routers = traits.router.iter();
        let routers = routers.filter(|port| view.get::<Peer>(**port).is_some());
        let localnets = traits.localnet.iter().filter(|_| !has_vip);
        for port in routers.chain(localnets) {
            let Some(port) = &*view.get::<SwitchPort>(*port) else {
                continue;
            };
            let key = &port.key;
            let mut skip = |stage: Stage, r#match: String, actions: &str| {
                flows
                    .add(stage, 110, r#match, actions)
                    .hint(port.uuid)
                    .tag(&port.name);
            };
            skip(Stage::LsInPreLb, format!("ip && inport == {key}"), "next;");
            skip(Stage::LsOutPreLb, format!("ip && outport == {key}"), out);
        }
        if has_vip {
            flows.add(Stage::LsInPreLb, 100, "ip", "reg0[2] = 1; next;");
            flows.add(Stage::LsOutPreLb, 100, "ip", "reg0[2] = 1; next;");
        }
        flows
    }
}

/// Reports of multicast groups that come from another availability zone.
fn snoop_between_zones(view: &View<'_>, switch: &Switch, traits: &SwitchTraits, flows: &mut Flows) {
    if !switch.is_transit() || !switch.other_config.is_true("mcast_snoop", false) {
        return;
    }
    let meter = copp::meter(view, switch.copp, "igmp");
    for port in &traits.remote {
        let Some(port) = &*view.get::<SwitchPort>(*port) else {
            continue;
        };
        for what in ["igmp", "(mldv1 || mldv2)"] {
            let r#match = format!("inport == {} && {what}", port.key);
            flows
                .add(Stage::LsOutPreLb, 120, r#match, "clone { igmp; }; next;")
                .meter(meter.clone());
        }
    }
}
