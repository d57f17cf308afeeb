//! Forwarding groups: one address for several ports (ovn-nb(5) "Forwarding_Group").

use ovn_schemas::rows::ovn_northbound::{ForwardingGroup, LogicalSwitch};
use ovsdb_data::Uuid;
use ovsdb_data::typed::Table;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::switch::arp_nd::arp_reply;
use crate::view::View;

/// The flows of a switch.
pub enum ForwardingGroupFlows {}

impl Derivation for ForwardingGroupFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::ForwardingGroupFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let Some(switch) = view.row::<LogicalSwitch<'_>>(uuid) else {
            return flows;
        };
        let groups = switch.forwarding_groups().iter();
        for group in groups.filter_map(|group| view.row::<ForwardingGroup<'_>>(group)) {
            if group.child_port().is_empty() {
                continue;
            }
            let (vip, vmac) = (group.vip(), group.vmac());
            flows
                .add(
                    Stage::LsInArpRsp,
                    50,
                    format!("arp.tpa == {vip} && arp.op == 1"),
                    arp_reply(vmac, vip),
                )
                .hint(group.uuid());
            let liveness = match group.liveness() {
                true => "liveness=\"true\",",
                false => "",
            };
            let children: Vec<String> = group
                .child_port()
                .iter()
                .map(|child| format!("\"{child}\""))
                .collect();
            flows
                .add(
                    Stage::LsInL2Lkup,
                    50,
                    format!("eth.dst == {vmac}"),
                    format!("fwd_group({liveness}childports={});", children.join(",")),
                )
                .hint(group.uuid());
        }
        flows
    }
}
