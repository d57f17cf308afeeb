//! `Port_Group`: one row for each switch and each group with ports on it, so that a chassis need not know the ports
//! of other switches (ovn-sb(5)).

use ovn_schemas::rows::ovn_southbound::PortGroup;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::alloc::datapath_key::DatapathKey;
use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::model::port_group::{Group, SwitchGroups};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The rows of a switch.
pub enum PortGroups {}

impl Derivation for PortGroups {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::PortGroups;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(key) = *view.get::<DatapathKey>(uuid) else {
            return Vec::new();
        };
        let groups = view.get::<SwitchGroups>(uuid);
        let rows = groups.iter().filter_map(|(group, ports)| {
            let group = view.get::<Group>(*group);
            let name = format!("{key}_{}", group.as_ref().as_ref()?.name);
            let columns = Columns::new()
                .set(PortGroup::NAME, &name)
                .set(PortGroup::PORTS, ports.iter().cloned());
            Some(Desired::row(named("Port_Group", &name), columns))
        });
        rows.collect()
    }
}
