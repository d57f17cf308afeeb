//! DNS answers from records of the northbound database (ovn-northd(8) "Ingress Table 25", "26"). The records are in the
//! southbound one, and ovn-controller answers.

use ovn_schemas::rows::ovn_northbound::{Dns, LogicalSwitch};
use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::acl::SwitchAcls;
use crate::model::copp;
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a switch.
pub enum DnsFlows {}

impl Derivation for DnsFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::DnsFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        flows.add(Stage::LsInDnsLookup, 0, "1", "next;");
        flows.add(Stage::LsInDnsResponse, 0, "1", "next;");
        if !has_records(view, uuid) {
            return flows;
        }
        let switch = view.get::<Switch>(uuid);
        let copp = switch.as_ref().as_ref().and_then(|switch| switch.copp);
        flows
            .add(
                Stage::LsInDnsLookup,
                100,
                "udp.dst == 53",
                "reg0[4] = dns_lookup(); next;",
            )
            .meter(copp::meter(view, copp, "dns"));
        for ip in ["ip4", "ip6"] {
            flows.add(
                Stage::LsInDnsResponse,
                100,
                "udp.dst == 53 && reg0[4]",
                format!(
                    "eth.dst <-> eth.src; {ip}.src <-> {ip}.dst; udp.dst = udp.src; udp.src = 53; \
                     outport = inport; flags.loopback = 1; output;"
                ),
            );
        }
        // Whatever ACLs say, the answer gets to who asked.
        flows.add(
            Stage::LsOutAclEval,
            34000,
            "flags.from_ctrl && udp.src == 53",
            match view.get::<SwitchAcls>(uuid).is_stateful() {
                true => "reg8[16] = 1; ct_commit; next;",
                false => "reg8[16] = 1; next;",
            },
        );
        flows
    }
}

fn has_records(view: &View<'_>, switch: Uuid) -> bool {
    let Some(switch) = view.row::<LogicalSwitch<'_>>(switch) else {
        return false;
    };
    let mut rows = switch
        .dns_records()
        .iter()
        .filter_map(|dns| view.row::<Dns<'_>>(dns));
    rows.any(|dns| !dns.records().is_empty())
}
