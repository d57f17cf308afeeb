//! What northd writes to `Logical_Switch_Port` (ovn-nb(5)): `up`, `dynamic_addresses`, `tag`.

use ovn_schemas::rows::ovn_northbound::LogicalSwitchPort;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::alloc::ipam::{DynamicAddress, HasIpam, PortIpam};
use crate::alloc::tag;
use crate::desired::Desired;
use crate::graph::Derivation;
use crate::model::binding::{Binding, OwnBinding};
use crate::model::chassis;
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The columns of a port.
pub enum NbSwitchPortRow {}

impl Derivation for NbSwitchPortRow {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::NbSwitchPortRow;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Vec::new();
        };
        let mut columns = Columns::new();
        if let Some(binding) = &*view.get::<OwnBinding>(uuid) {
            columns = columns.set(LogicalSwitchPort::UP, Some(is_up(view, port, binding)));
        }
        // Ports that lead elsewhere ask for nothing, and what they have is not ours, unless nothing is chosen here.
        if !*view.get::<HasIpam>(port.switch) {
            columns = columns.set(LogicalSwitchPort::DYNAMIC_ADDRESSES, None::<&str>);
        } else if !view.get::<PortIpam>(uuid).has_peer {
            let chosen = view.get::<DynamicAddress>(uuid);
            columns = columns.set(LogicalSwitchPort::DYNAMIC_ADDRESSES, chosen.as_deref());
        }
        if let Some(tag) = tag::of(view, port) {
            columns = columns.set(LogicalSwitchPort::TAG, Some(tag));
        }
        vec![Desired::update(uuid, columns)]
    }
}

fn is_up(view: &View<'_>, port: &SwitchPort, binding: &Binding) -> bool {
    match (port.r#type, binding.chassis) {
        (Type::Router | Type::Switch, _) => true,
        (_, None) => false,
        (_, Some(chassis)) => binding.up == Some(true) || chassis::is_remote(view, chassis),
    }
}
