//! Gateways: chassis through which zones reach each other (ovn-ic-sb(5) "Gateway"). Those of this zone are told to the
//! others, those of others become remote chassis here (ovn-sb(5) "Chassis" `other_config:is-remote`).

use ovn_schemas::rows::{ovn_ic_southbound as icsb, ovn_southbound as sb};
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::{Desired, identity, named};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::settings::is_true;
use crate::view::View;
use crate::zone::Zone;

/// `Gateway` and `Encap` of a chassis of this zone.
pub enum GatewayRows {}

impl Derivation for GatewayRows {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::GatewayRows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        rows_of_chassis(view, uuid).unwrap_or_default()
    }
}

fn rows_of_chassis(view: &View<'_>, uuid: Uuid) -> Option<Vec<Desired>> {
    let zone = (*view.get::<Zone>(()))?;
    let chassis = view.row::<sb::Chassis<'_>>(uuid)?;
    if !is_true(&chassis.other_config(), "is-interconn") {
        return None;
    }
    let name = chassis.name();
    let mut rows = Vec::new();
    for encap in chassis
        .encaps()
        .iter()
        .filter_map(|encap| view.row::<sb::Encap<'_>>(encap))
    {
        let of_ip = view.holders(icsb::Encap::IP, encap.ip()).into_iter();
        let mut others = of_ip
            .filter_map(|other| view.row::<icsb::Encap<'_>>(other))
            .filter(|other| other.r#type() == encap.r#type() && other.gateway_name() != name);
        if let Some(other) = others.next() {
            tracing::warn!(
                "chassis {name}: gateway {} of another name has the tunnel {} {}",
                other.gateway_name(),
                encap.r#type(),
                encap.ip()
            );
            return None;
        }
        let columns = Columns::new()
            .set(icsb::Encap::GATEWAY_NAME, name)
            .set(icsb::Encap::TYPE, encap.r#type())
            .set(icsb::Encap::IP, encap.ip())
            .set(icsb::Encap::OPTIONS, encap.options().iter());
        let id = encap_id("Encap of gateway", name, encap.r#type(), encap.ip());
        rows.push(Desired::row::<icsb::Encap<'static>>(id, columns));
    }
    let columns = Columns::new()
        .set(icsb::Gateway::AVAILABILITY_ZONE, zone)
        .set(icsb::Gateway::NAME, name)
        .set(icsb::Gateway::HOSTNAME, chassis.hostname())
        .set(icsb::Gateway::ENCAPS, rows.iter().map(|row| row.id));
    rows.push(Desired::row::<icsb::Gateway<'static>>(
        named("Gateway", name),
        columns,
    ));
    Some(rows)
}

/// `Chassis` and `Encap` of a gateway of another zone.
pub enum RemoteChassisRows {}

impl Derivation for RemoteChassisRows {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::RemoteChassisRows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        rows_of_gateway(view, uuid).unwrap_or_default()
    }
}

fn rows_of_gateway(view: &View<'_>, uuid: Uuid) -> Option<Vec<Desired>> {
    let zone = (*view.get::<Zone>(()))?;
    let gateway = view.row::<icsb::Gateway<'_>>(uuid)?;
    if gateway.availability_zone() == zone {
        return None;
    }
    let name = gateway.name();
    let of_name = view.holder(sb::Chassis::NAME, name);
    let of_name = of_name.and_then(|chassis| view.row::<sb::Chassis<'_>>(chassis));
    if of_name.is_some_and(|chassis| !is_true(&chassis.other_config(), "is-remote")) {
        tracing::warn!("gateway {name} of another zone has the name of a chassis of this one");
        return None;
    }
    let mut rows = Vec::new();
    for encap in gateway
        .encaps()
        .iter()
        .filter_map(|encap| view.row::<icsb::Encap<'_>>(encap))
    {
        let of_ip = view.holders(sb::Encap::IP, encap.ip()).into_iter();
        let mut others = of_ip
            .filter_map(|other| view.row::<sb::Encap<'_>>(other))
            .filter(|other| other.r#type() == encap.r#type() && other.chassis_name() != name);
        if let Some(other) = others.next() {
            tracing::warn!(
                "gateway {name} of another zone: chassis {} has the tunnel {} {}",
                other.chassis_name(),
                encap.r#type(),
                encap.ip()
            );
            return None;
        }
        let columns = Columns::new()
            .set(sb::Encap::CHASSIS_NAME, name)
            .set(sb::Encap::TYPE, encap.r#type())
            .set(sb::Encap::IP, encap.ip())
            .set(sb::Encap::OPTIONS, encap.options().iter());
        let id = encap_id("Encap of chassis", name, encap.r#type(), encap.ip());
        rows.push(Desired::row::<sb::Encap<'static>>(id, columns));
    }
    let columns = Columns::new()
        .set(sb::Chassis::HOSTNAME, gateway.hostname())
        .set(sb::Chassis::ENCAPS, rows.iter().map(|row| row.id));
    let chassis = Desired::row::<sb::Chassis<'static>>(named("Chassis", name), columns)
        .at_first::<sb::Chassis<'static>>(Columns::new().set(sb::Chassis::NAME, name))
        .pairs::<sb::Chassis<'static>>(
            Columns::new().set(sb::Chassis::OTHER_CONFIG, [("is-remote", "true")]),
        );
    rows.push(chassis);
    Some(rows)
}

fn encap_id(table: &str, owner: &str, r#type: &str, ip: &str) -> Uuid {
    identity(table, &[owner, r#type, ip].map(str::as_bytes))
}
