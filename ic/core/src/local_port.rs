//! Ports of this zone on transit switches: what the other zones hear of them (ovn-ic-sb(5) "Port_Binding").

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ovn_schemas::rows::{
    ovn_ic_northbound as icnb, ovn_ic_southbound as icsb, ovn_northbound as nb, ovn_southbound as sb,
};
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::transit_switch::{LocalSwitch, NAME_KEY};
use crate::view::View;
use crate::zone::Zone;

/// The highest key of a port.
const KEY_MAX: i64 = 32_767;

/// A port of a transit switch that leads to a router or a switch of this zone.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalPort {
    /// Its name.
    pub name: Arc<str>,
    /// The transit switch.
    pub transit_switch: Uuid,
    /// Its name.
    pub switch_name: Arc<str>,
    /// The router port that it leads to; none where it leads to a switch.
    pub router_port: Option<Arc<str>>,
}

impl Derivation for LocalPort {
    type Key = Uuid;
    type Value = Option<LocalPort>;
    const NODE: NodeId = Node::LocalPort;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<nb::LogicalSwitchPort<'_>>(uuid)?;
        let is_router = match row.r#type() {
            "router" => true,
            "switch" => false,
            _ => return None,
        };
        let (transit_switch, switch_name) = transit_switch_of(view, uuid)?;
        let router_port = row.options().get("router-port").map(Into::into);
        if is_router && router_port.is_none() {
            tracing::warn!(
                "Logical_Switch_Port {} on transit switch {switch_name} names no router port",
                row.name()
            );
            return None;
        }
        Some(LocalPort {
            name: row.name().into(),
            transit_switch,
            switch_name,
            router_port: router_port.filter(|_| is_router),
        })
    }
}

/// The transit switch that a port is on, and its name.
pub(crate) fn transit_switch_of(view: &View<'_>, port: Uuid) -> Option<(Uuid, Arc<str>)> {
    let switch = view.holder(nb::LogicalSwitch::PORTS, port)?;
    let switch = view.row::<nb::LogicalSwitch<'_>>(switch)?;
    let name = switch.other_config().get(NAME_KEY)?;
    let found = view.holder(icnb::TransitSwitch::NAME, name)?;
    (switch.name() == name).then(|| (found, name.into()))
}

/// What the southbound database says of a port.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The address that others reach it by, if there is one.
    pub address: Arc<str>,
    /// The chassis that packets for it go to, if they go to one.
    pub gateway: Arc<str>,
    /// The router that it leads to.
    pub router: Option<Uuid>,
}

impl Derivation for Binding {
    type Key = Uuid;
    type Value = Option<Binding>;
    const NODE: NodeId = Node::Binding;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<LocalPort>(uuid);
        let port = port.as_ref().as_ref()?;
        let bound = |name: &str| {
            let binding = view.holder(sb::PortBinding::LOGICAL_PORT, name)?;
            view.row::<sb::PortBinding<'_>>(binding)
        };
        let chassis = |binding: sb::PortBinding<'_>| -> Option<Arc<str>> {
            Some(view.row::<sb::Chassis<'_>>(binding.chassis()?)?.name().into())
        };
        let own = bound(&port.name)?;
        let peer = own.options().get("peer").and_then(bound);
        let redirect = peer.and_then(|peer| bound(&format!("cr-{}", peer.logical_port())));
        let is_switch = port.router_port.is_none();
        let address = match (is_switch, peer) {
            (true, _) => "unknown",
            (false, Some(peer)) => peer.mac().iter().next().unwrap_or_default(),
            (false, None) => "",
        };
        let gateway = redirect.and_then(chassis);
        let gateway = gateway.or_else(|| is_switch.then(|| chassis(own)).flatten());
        let datapath = peer.and_then(|peer| view.row::<sb::DatapathBinding<'_>>(peer.datapath()));
        let router = datapath.and_then(|row| row.external_ids().get("logical-router")?.parse().ok());
        Some(Binding {
            address: address.into(),
            gateway: gateway.unwrap_or_default(),
            router,
        })
    }
}

/// The tunnel keys of this zone's ports on a transit switch, by the ports' names: those that they have, or else the
/// lowest that no zone's port has.
pub enum PortKeys {}

impl Derivation for PortKeys {
    type Key = Uuid;
    type Value = BTreeMap<Arc<str>, i64>;
    const NODE: NodeId = Node::PortKeys;

    fn derive(view: &View<'_>, switch: Uuid, before: Option<&Self::Value>) -> Self::Value {
        let local = view.get::<LocalSwitch>(switch);
        let Some(local) = local.as_ref() else {
            return BTreeMap::new();
        };
        let rows = view
            .holders(icsb::PortBinding::TRANSIT_SWITCH, &*local.name)
            .into_iter();
        let rows = rows.filter_map(|row| view.row::<icsb::PortBinding<'_>>(row));
        let written: BTreeMap<&str, i64> = rows.map(|row| (row.logical_port(), row.tunnel_key())).collect();
        let ports = local
            .switch
            .and_then(|switch| view.row::<nb::LogicalSwitch<'_>>(switch));
        let ports = ports.into_iter().flat_map(|switch| switch.ports().iter());
        let names =
            ports.filter_map(|port| Some(view.get::<LocalPort>(port).as_ref().as_ref()?.name.clone()));
        give(names.collect(), &written, before, &local.name)
    }
}

fn give(
    names: BTreeSet<Arc<str>>,
    written: &BTreeMap<&str, i64>,
    before: Option<&BTreeMap<Arc<str>, i64>>,
    switch: &str,
) -> BTreeMap<Arc<str>, i64> {
    let mut used: BTreeSet<i64> = written.values().copied().collect();
    let mut keys: BTreeMap<Arc<str>, i64> = BTreeMap::new();
    for name in &names {
        let kept = before.and_then(|before| before.get(name)).copied();
        let kept = match written.get(&**name) {
            Some(key) => Some(*key),
            None => kept.filter(|key| used.insert(*key)),
        };
        keys.extend(kept.map(|key| (name.clone(), key)));
    }
    let mut next = 1;
    for name in names {
        if keys.contains_key(&name) {
            continue;
        }
        while used.contains(&next) {
            next += 1;
        }
        if next > KEY_MAX {
            tracing::warn!("transit switch {switch}: all transit port tunnel ids exhausted");
            break;
        }
        used.insert(next);
        keys.insert(name, next);
    }
    keys
}

/// `Port_Binding` in `OVN_IC_Southbound`, and the key that it got in the port's own row.
pub enum LocalPortRows {}

impl Derivation for LocalPortRows {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::LocalPortRows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        rows(view, uuid).unwrap_or_default()
    }
}

fn rows(view: &View<'_>, uuid: Uuid) -> Option<Vec<Desired>> {
    let zone = (*view.get::<Zone>(()))?;
    let port = view.get::<LocalPort>(uuid);
    let port = port.as_ref().as_ref()?;
    let binding = view.get::<Binding>(uuid);
    let binding = binding.as_ref().as_ref()?;
    let name = &port.name;
    let known = view.holder(icsb::PortBinding::LOGICAL_PORT, &**name);
    let known = known.and_then(|row| view.row::<icsb::PortBinding<'_>>(row));
    if let Some(other) = known.filter(|known| known.availability_zone() != zone) {
        let of = view.row::<icsb::AvailabilityZone<'_>>(other.availability_zone());
        tracing::warn!(
            "Logical_Switch_Port {name} on transit switch {}: zone {} has a port of this name",
            port.switch_name,
            of.map_or("?", icsb::AvailabilityZone::name)
        );
        return None;
    }
    let mut rows = Vec::new();
    if let Some(key) = view.get::<PortKeys>(port.transit_switch).get(name) {
        let columns = Columns::new()
            .set(icsb::PortBinding::AVAILABILITY_ZONE, zone)
            .set(icsb::PortBinding::TRANSIT_SWITCH, port.switch_name.clone())
            .set(icsb::PortBinding::LOGICAL_PORT, name.clone())
            .set(icsb::PortBinding::TUNNEL_KEY, *key)
            .set(icsb::PortBinding::ADDRESS, binding.address.clone())
            .set(icsb::PortBinding::GATEWAY, binding.gateway.clone());
        let router = binding.router.map(|router| ("router-id", router.to_string()));
        let ids = Columns::new().set(icsb::PortBinding::EXTERNAL_IDS, router);
        let row = Desired::row::<icsb::PortBinding<'static>>(named("Port_Binding", name), columns);
        rows.push(row.pairs::<icsb::PortBinding<'static>>(ids));
    }
    if let Some(known) = known {
        let key = ("requested-tnl-key", known.tunnel_key().to_string());
        let options = Columns::new().set(nb::LogicalSwitchPort::OPTIONS, [key]);
        let row = Desired::update::<nb::LogicalSwitchPort<'static>>(uuid, Columns::new());
        rows.push(row.pairs::<nb::LogicalSwitchPort<'static>>(options));
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_given_once() {
        let check = |written: &[(&str, i64)], before: &[(&str, i64)], given: &[(&str, i64)]| {
            let before = before
                .iter()
                .map(|(name, key)| (Arc::from(*name), *key))
                .collect();
            let names = ["a", "b"].map(Arc::from).into();
            let keys = give(names, &written.iter().copied().collect(), Some(&before), "ts");
            let keys: Vec<(&str, i64)> = keys.iter().map(|(name, key)| (&**name, *key)).collect();
            assert_eq!(keys, given);
        };
        check(&[], &[], &[("a", 1), ("b", 2)]);
        check(&[("other", 1), ("b", 2)], &[], &[("a", 3), ("b", 2)]);
        check(&[("other", 1)], &[("a", 1), ("b", 4)], &[("a", 2), ("b", 4)]);
    }
}
