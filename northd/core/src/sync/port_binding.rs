//! `Port_Binding` of switch ports, and of the chassisredirect ports that stand for some (ovn-sb(5)).
//!
//! In: ports, their keys and queues, what the rows say back. Out: every column that northd owns, but for
//! `nat_addresses` of ports that lead to routers. Never here: where a port is (`chassis`, `encap`, `up`), which is
//! ovn-controller's to say, but for ports of other availability zones.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LogicalSwitchPort, Mirror};
use ovn_schemas::rows::ovn_southbound::PortBinding;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use super::datapath_binding::datapath_id;
use crate::alloc::{port_key, queue, tag};
use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::model::binding::{Binding, OwnBinding, RedirectBinding};
use crate::model::name::chassis_redirect;
use crate::model::router::Router;
use crate::model::router_port::RouterPort;
use crate::model::switch::{Switch, SwitchTraits};
use crate::model::switch_port::{SwitchPort, Type};
use crate::model::{chassis, ha_group, switch_link};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// `options` of a row.
pub type OptionMap = BTreeMap<String, String>;

type PortColumns = Columns<PortBinding<'static>>;

/// The identity of a port's row.
pub fn port_binding_id(port: &str) -> Uuid {
    named("Port_Binding", port)
}

/// The identity of a group's row.
pub fn ha_group_id(name: &str) -> Uuid {
    named("HA_Chassis_Group", name)
}

/// A port's row: ovn-controller says that it is up only where it was said before that it is not, and somebody may have
/// taken that away since.
pub fn row(name: &str, binding: Option<&Binding>, columns: PortColumns) -> Desired {
    let mut columns = columns.set(PortBinding::LOGICAL_PORT, name);
    if binding.is_some_and(|binding| binding.up.is_none()) {
        columns = columns.set(PortBinding::UP, Some(false));
    }
    Desired::row(port_binding_id(name), columns)
        .at_first::<PortBinding<'static>>(Columns::new().set(PortBinding::UP, Some(false)))
}

/// The rows of a switch port.
pub enum SwitchPortBindings {}

impl Derivation for SwitchPortBindings {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::SwitchPortBindings;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        let (Some(port), Some(nb)) = (&*port, view.row::<LogicalSwitchPort<'_>>(uuid)) else {
            return Vec::new();
        };
        let keys = port_key::of(view, port.switch, uuid);
        let mut rows = Vec::new();
        if let Some(key) = keys.own {
            let binding = view.get::<OwnBinding>(uuid);
            let binding = binding.as_ref().as_ref();
            let columns = common(view, port, nb).set(PortBinding::TUNNEL_KEY, key);
            let columns = match port.r#type {
                Type::Router => to_router(view, port, binding, columns),
                _ => plain(view, port, nb, binding, columns),
            };
            let is_other = |binding: &&Binding| is_other_kind(binding, nb);
            let replaced = binding.filter(is_other).map(|binding| binding.row);
            rows.push(row(&port.name, binding, columns).replacing(replaced));
        }
        if let Some(key) = keys.redirect {
            let columns = common(view, port, nb)
                .set(PortBinding::TUNNEL_KEY, key)
                .set(PortBinding::TYPE, "chassisredirect")
                .set(PortBinding::OPTIONS, [("distributed-port", &*port.name)])
                .set(PortBinding::HA_CHASSIS_GROUP, gateway_group(view, port));
            let binding = view.get::<RedirectBinding>(uuid);
            let binding = binding.as_ref().as_ref();
            let columns = leave_remote(view, binding, columns);
            rows.push(row(&chassis_redirect(&port.name), binding, columns));
        }
        // Nearly always one.
        rows.shrink_to_fit();
        rows
    }
}

/// What the row of a port and that of its chassisredirect port have in common.
fn common(view: &View<'_>, port: &SwitchPort, nb: LogicalSwitchPort<'_>) -> PortColumns {
    let ids = nb.external_ids();
    let mut external_ids: BTreeMap<&str, &str> = ids.iter().collect();
    if let Some(name) = ids.get("neutron:port_name").filter(|name| !name.is_empty()) {
        // Of two names the first in the alphabet stays.
        let named = external_ids.entry("name").or_insert(name);
        *named = name.min(*named);
    }
    let mirrors = nb.mirror_rules().iter();
    let mirrors = mirrors.filter(|mirror| view.row::<Mirror<'_>>(*mirror).is_some());
    Columns::new()
        .set(PortBinding::DATAPATH, datapath_id(port.switch))
        .set(PortBinding::PARENT_PORT, nb.parent_name())
        .set(PortBinding::TAG, tag::of(view, port).or(nb.tag()))
        .set(PortBinding::MAC, nb.addresses().iter())
        .set(PortBinding::PORT_SECURITY, nb.port_security().iter())
        .set(PortBinding::EXTERNAL_IDS, external_ids)
        .set(PortBinding::MIRROR_RULES, mirrors)
        .set(PortBinding::GATEWAY_CHASSIS, None::<Uuid>)
}

/// The group of the gateway port that a switch port leads to.
fn gateway_group(view: &View<'_>, port: &SwitchPort) -> Option<Uuid> {
    let peer = view.get::<RouterPort>(port.peer(view)?);
    let group = ha_group::of_gateway_port(view, peer.as_ref().as_ref()?)?;
    Some(ha_group_id(&group))
}

/// A port of type `router`.
fn to_router(
    view: &View<'_>,
    port: &SwitchPort,
    binding: Option<&Binding>,
    columns: PortColumns,
) -> PortColumns {
    let peer = port.peer(view).map(|peer| view.get::<RouterPort>(peer));
    let peer = peer.as_ref().and_then(|peer| peer.as_ref().as_ref());
    let router = peer.map(|peer| view.get::<Router>(peer.router));
    let router = router.as_ref().and_then(|router| router.as_ref().as_ref());
    let chassis = router.and_then(|router| router.options.get("chassis"));
    let mut options = OptionMap::new();
    // A peer that is off may come back: its name is all that is known of it.
    let named = port.options.get("router-port");
    if let Some(named) = named {
        let peer = peer.map_or(named, |peer| &peer.name);
        options.insert("peer".into(), peer.into());
    }
    if let Some(chassis) = chassis {
        options.insert("l3gateway-chassis".into(), chassis.into());
    }
    let r#type = if chassis.is_some() { "l3gateway" } else { "patch" };
    let columns = columns
        .set(PortBinding::TYPE, r#type)
        .set(PortBinding::OPTIONS, options)
        .set(PortBinding::HA_CHASSIS_GROUP, None::<Uuid>);
    leave_remote(view, binding, columns)
}

/// A port that leads nowhere beyond the switch is not on a chassis of another zone.
fn leave_remote(view: &View<'_>, binding: Option<&Binding>, columns: PortColumns) -> PortColumns {
    let chassis = binding.and_then(|binding| binding.chassis);
    match chassis.is_some_and(|chassis| chassis::is_remote(view, chassis)) {
        true => columns.set(PortBinding::CHASSIS, None::<Uuid>),
        false => columns,
    }
}

/// A port of any other type.
fn plain(
    view: &View<'_>,
    port: &SwitchPort,
    nb: LogicalSwitchPort<'_>,
    binding: Option<&Binding>,
    mut columns: PortColumns,
) -> PortColumns {
    let mut options: OptionMap = port.options.iter().map(|(k, v)| (k.into(), v.into())).collect();
    let mut add = |key: &str, value: &str| options.insert(key.into(), value.into());
    if let Some(queue) = queue::of(view, port) {
        if let Some(network) = physical_network(view, port.switch) {
            add("qos_physical_network", &network);
        }
        add("qdisc_queue_id", &queue.to_string());
    }
    if (*view.get::<Switch>(port.switch))
        .as_ref()
        .is_some_and(Switch::passes_vlans)
    {
        add("vlan-passthru", "true");
    }
    if let Some(peer) = switch_link::of(view, port)
        && let Some(peer) = &*view.get::<SwitchPort>(peer)
    {
        add("peer", &peer.name);
    }
    let requested = requested(view, port);
    let (first, more) = match requested.split_first() {
        Some((first, more)) => (Some(*first), more),
        None => (None, [].as_slice()),
    };
    if let Some(activated) = binding.and_then(|binding| binding.activated.as_deref())
        && !more.is_empty()
    {
        add("additional-chassis-activated", activated);
    }
    if port.r#type == Type::Remote || !more.is_empty() {
        // Nobody else binds a port to a chassis of another zone.
        if let Some(remote) = first.filter(|chassis| chassis::is_remote(view, *chassis)) {
            columns = columns.set(PortBinding::CHASSIS, Some(remote));
            add("is-remote-nb-bound", "true");
        } else if binding.is_some_and(|binding| binding.is_bound_by_us) {
            columns = columns.set(PortBinding::CHASSIS, None::<Uuid>);
            add("is-remote-nb-bound", "false");
        }
    } else {
        columns = leave_remote(view, binding, columns);
    }
    match port.r#type {
        Type::Switch => columns = columns.set(PortBinding::TYPE, "patch"),
        Type::Unknown => tracing::warn!(
            "Unknown port type '{}' set on logical switch '{}'.",
            nb.r#type(),
            port.name
        ),
        _ => columns = columns.set(PortBinding::TYPE, nb.r#type()),
    }
    let group = match port.r#type {
        Type::External => nb
            .ha_chassis_group()
            .and_then(|group| ha_group::named(view, group)),
        _ => None,
    };
    columns
        .set(PortBinding::OPTIONS, options)
        .set(PortBinding::NAT_ADDRESSES, [""; 0])
        .set(PortBinding::REQUESTED_CHASSIS, first)
        .set(PortBinding::REQUESTED_ADDITIONAL_CHASSIS, more.iter().copied())
        .set(
            PortBinding::HA_CHASSIS_GROUP,
            group.map(|group| ha_group_id(&group)),
        )
}

/// The chassis that a port is meant for (`options:requested-chassis`, a list).
fn requested(view: &View<'_>, port: &SwitchPort) -> Vec<Uuid> {
    let names = port
        .options
        .get("requested-chassis")
        .unwrap_or_default()
        .split(',');
    let find = |name: &str| {
        let found = chassis::find(view, name);
        if found.is_none() {
            tracing::warn!(
                "Unknown chassis '{name}' set in options:requested-chassis on LSP '{}'.",
                port.name
            );
        }
        found
    };
    names.filter(|name| !name.is_empty()).filter_map(find).collect()
}

/// The physical network of a switch: that of its first localnet port.
fn physical_network(view: &View<'_>, switch: Uuid) -> Option<Arc<str>> {
    let first = *view.get::<SwitchTraits>(switch).localnet.first()?;
    let port = view.get::<SwitchPort>(first);
    port.as_ref()
        .as_ref()?
        .options
        .get("network_name")
        .map(Into::into)
}

/// Whether a port has become of another kind than its row, in a way that ovn-controller takes in only from a new row:
/// into a container's port or a virtual one, or out of it.
fn is_other_kind(binding: &Binding, nb: LogicalSwitchPort<'_>) -> bool {
    match (&*binding.r#type, nb.r#type()) {
        ("", "") => binding.has_parent != nb.parent_name().is_some(),
        (was, is) => was != is && [was, is].contains(&"virtual"),
    }
}
