//! Addresses that are learned from traffic, by ports that take what is for unknown ones (ovn-northd(8) "Ingress Table
//! 2", "3", "Egress Table 0", "1"). Rows of `FDB` are ovn-controller's.

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::kube_ovn::release;
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a switch.
pub enum SwitchFdbFlows {}

impl Derivation for SwitchFdbFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchFdbFlows;

    fn derive(_: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        for stage in [
            Stage::LsInLookupFdb,
            Stage::LsInPutFdb,
            Stage::LsOutLookupFdb,
            Stage::LsOutPutFdb,
        ] {
            flows.add(stage, 0, "1", "next;");
        }
        flows
    }
}

/// The flows of a port.
pub enum FdbFlows {}

impl Derivation for FdbFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::FdbFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on(port.switch);
        let learns = match port.r#type {
            Type::Vif | Type::Switch | Type::Remote => true,
            Type::Localnet => port.options.is_true("localnet_learn_fdb", false),
            _ => false,
        };
        if !learns || !port.has_unknown || !port.port_security.is_empty() {
            return flows;
        }
        // What comes from another zone has been through its ingress there.
        let (lookup, put) = match port.r#type {
            Type::Remote => (Stage::LsOutLookupFdb, Stage::LsOutPutFdb),
            _ => (Stage::LsInLookupFdb, Stage::LsInPutFdb),
        };
        let mark = match port.r#type {
            Type::Localnet if !is_old(view) => "flags.localnet = 1; ",
            _ => "",
        };
        let key = &port.key;
        flows
            .add(
                lookup,
                100,
                format!("inport == {key}"),
                format!("{mark}reg0[11] = lookup_fdb(inport, eth.src); next;"),
            )
            .hint(uuid)
            .tag(&port.name);
        flows
            .add(
                put,
                100,
                format!("inport == {key} && reg0[11] == 0"),
                "put_fdb(inport, eth.src); next;",
            )
            .hint(uuid)
            .tag(&port.name);
        flows
    }
}

/// Whether there are controllers that do not know what comes from a localnet port.
fn is_old(view: &View<'_>) -> bool {
    view.get::<Config>(()).kube_ovn.has_old(release::V22_03)
}
