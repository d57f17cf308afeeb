//! `HA_Chassis_Group` and `HA_Chassis`: only those that a distributed gateway port or a port of type `external` uses
//! (ovn-sb(5)). Older configurations have `Gateway_Chassis` instead, from which a group of the port's name is made.

use std::collections::BTreeSet;

use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound::{Chassis, HaChassis, HaChassisGroup};
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, Table};

use super::port_binding::ha_group_id;
use crate::desired::{Desired, identity};
use crate::graph::Derivation;
use crate::model::ha_group::watchers;
use crate::model::router_port::RouterPort;
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The rows of a northbound group.
pub enum HaGroupRows {}

impl Derivation for HaGroupRows {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::HaGroupRows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(group) = view.row::<nb::HaChassisGroup<'_>>(uuid) else {
            return Vec::new();
        };
        let gateway = |port: Uuid| {
            Some(
                (*view.get::<RouterPort>(port))
                    .as_ref()
                    .filter(|p| p.is_gateway)?
                    .router,
            )
        };
        let gateways = view.holders(nb::LogicalRouterPort::HA_CHASSIS_GROUP, uuid);
        let routers: BTreeSet<Uuid> = gateways.into_iter().filter_map(gateway).collect();
        let is_external = |port: &Uuid| {
            (*view.get::<SwitchPort>(*port))
                .as_ref()
                .is_some_and(|p| p.r#type == Type::External)
        };
        let users = view.holders(nb::LogicalSwitchPort::HA_CHASSIS_GROUP, uuid);
        if routers.is_empty() && !users.iter().any(is_external) {
            return Vec::new();
        }
        let members = group
            .ha_chassis()
            .iter()
            .filter_map(|member| view.row::<nb::HaChassis<'_>>(member));
        let members = members.map(|member| (member.uuid(), member.chassis_name(), member.priority()));
        rows(view, group.name(), &members.collect::<Vec<_>>(), routers)
    }
}

/// The rows made of the gateway chassis of a router port.
pub enum GatewayChassisRows {}

impl Derivation for GatewayChassisRows {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::GatewayChassisRows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<RouterPort>(uuid);
        let Some(port) = port.as_ref().as_ref().filter(|port| port.is_gateway) else {
            return Vec::new();
        };
        let row = view.row::<nb::LogicalRouterPort<'_>>(uuid);
        let Some(row) = row.filter(|row| row.ha_chassis_group().is_none()) else {
            return Vec::new();
        };
        let members: Vec<_> = row
            .gateway_chassis()
            .iter()
            .filter_map(|member| view.row::<nb::GatewayChassis<'_>>(member))
            .map(|member| (member.uuid(), member.chassis_name(), member.priority()))
            .collect();
        let of_name = view.holders(nb::HaChassisGroup::NAME, &*port.name);
        if of_name
            .into_iter()
            .any(|group| !view.get::<HaGroupRows>(group).is_empty())
        {
            tracing::warn!(
                "Logical_Router_Port {}: HA_Chassis_Group has a group of this name, its gateway_chassis do not count",
                port.name
            );
            return Vec::new();
        }
        match members.is_empty() {
            true => Vec::new(),
            false => rows(view, &port.name, &members, [port.router]),
        }
    }
}

/// A group and its members, each with its northbound row, its chassis' name and its priority.
fn rows(
    view: &View<'_>,
    name: &str,
    members: &[(Uuid, &str, i64)],
    routers: impl IntoIterator<Item = Uuid>,
) -> Vec<Desired> {
    let id = |member: &Uuid| identity("HA_Chassis", &[name.as_bytes(), member.as_bytes()]);
    let mut rows = Vec::new();
    for (member, chassis, priority) in members {
        // A chassis that has gone may come back: its name stays.
        let columns = Columns::new()
            .set(HaChassis::CHASSIS, view.holder(Chassis::NAME, *chassis))
            .set(HaChassis::PRIORITY, *priority)
            .set(HaChassis::EXTERNAL_IDS, [("chassis-name", *chassis)]);
        rows.push(Desired::row(id(member), columns));
    }
    let watchers = match members.len() > 1 {
        true => watchers(view, routers),
        false => BTreeSet::new(),
    };
    let columns = Columns::new()
        .set(HaChassisGroup::NAME, name)
        .set(
            HaChassisGroup::HA_CHASSIS,
            members.iter().map(|(member, ..)| id(member)),
        )
        .set(HaChassisGroup::REF_CHASSIS, watchers);
    rows.push(Desired::row(ha_group_id(name), columns));
    rows
}
