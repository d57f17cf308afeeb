//! Ports of other zones on transit switches: ports of type `remote` here (ovn-nb(5) "Logical_Switch_Port" `type`).

use ovn_schemas::rows::{
    ovn_ic_northbound as icnb, ovn_ic_southbound as icsb, ovn_northbound as nb, ovn_southbound as sb,
};
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, Table};

use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::local_port::transit_switch_of;
use crate::nodes::{Node, NodeId};
use crate::transit_switch::{LocalSwitch, switch_id};
use crate::view::View;
use crate::zone::Zone;

/// The type of such ports.
pub const REMOTE: &str = "remote";

/// `Logical_Switch_Port`, and the chassis of its `Port_Binding`.
pub enum RemotePortRows {}

impl Derivation for RemotePortRows {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::RemotePortRows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        rows(view, uuid).unwrap_or_default()
    }
}

fn rows(view: &View<'_>, uuid: Uuid) -> Option<Vec<Desired>> {
    let zone = (*view.get::<Zone>(()))?;
    let port = view.row::<icsb::PortBinding<'_>>(uuid)?;
    if port.availability_zone() == zone {
        return None;
    }
    let switch = view.holder(icnb::TransitSwitch::NAME, port.transit_switch())?;
    view.get::<LocalSwitch>(switch).as_ref().as_ref()?.switch?;
    let name = port.logical_port();
    let known = view.holder(nb::LogicalSwitchPort::NAME, name);
    let known = known.and_then(|known| view.row::<nb::LogicalSwitchPort<'_>>(known));
    if let Some(known) = known
        && (known.r#type() != REMOTE
            || transit_switch_of(view, known.uuid()).map(|(of, _)| of) != Some(switch))
    {
        let of = view.row::<icsb::AvailabilityZone<'_>>(port.availability_zone());
        tracing::warn!(
            "port {name} of zone {} on transit switch {}: a Logical_Switch_Port of this name is something else",
            of.map_or("?", icsb::AvailabilityZone::name),
            port.transit_switch()
        );
        return None;
    }
    let address = Some(port.address()).filter(|address| !address.is_empty());
    let columns = Columns::new()
        .set(nb::LogicalSwitchPort::TYPE, REMOTE)
        .set(nb::LogicalSwitchPort::ADDRESSES, address);
    let at_first = Columns::new()
        .set(nb::LogicalSwitchPort::NAME, name)
        .set(nb::LogicalSwitchPort::UP, Some(true));
    let key = ("requested-tnl-key", port.tunnel_key().to_string());
    let row = Desired::row::<nb::LogicalSwitchPort<'static>>(named("Logical_Switch_Port", name), columns)
        .at_first::<nb::LogicalSwitchPort<'static>>(at_first)
        .pairs::<nb::LogicalSwitchPort<'static>>(Columns::new().set(nb::LogicalSwitchPort::OPTIONS, [key]))
        .within(nb::LogicalSwitch::PORTS, switch_id(port.transit_switch()));
    let mut rows = vec![row];
    let is_requested = known.is_some_and(|known| known.options().contains_key("requested-chassis"));
    rows.extend(known.filter(|_| !is_requested).and_then(|_| bound(view, port)));
    Some(rows)
}

/// The chassis that a remote port is on.
fn bound(view: &View<'_>, port: icsb::PortBinding<'_>) -> Option<Desired> {
    let binding = view.holder(sb::PortBinding::LOGICAL_PORT, port.logical_port())?;
    let chassis = match port.gateway() {
        "" => None,
        gateway => Some(view.holder(sb::Chassis::NAME, gateway)?),
    };
    let columns = Columns::new().set(sb::PortBinding::CHASSIS, chassis);
    Some(Desired::update::<sb::PortBinding<'static>>(binding, columns))
}
