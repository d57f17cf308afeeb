//! Backends by chassis, for load balancers that prefer those where the client is (`options:prefer_local_backend`, an
//! option of Kube-OVN): `ip_port_mappings` says which switch port each is behind, `Port_Binding` where that is. With a
//! health check a mapping counts only if it says from where to ask, too.
//!
//! A virtual address may be in a physical network, where one node answers for it: then those backends count that are
//! there. `external_ids` names the node's switch port, under the address and the port.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound::PortBinding;
use ovsdb_data::Uuid;

use super::bucket::Bucket;
use super::options::Options;
use super::switch;
use super::vip::Vip;
use super::vips::Vips;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Where in `external_ids` the port of a node is, before a virtual address with its port.
const ENTRY: &str = "kube-ovn.io/local-external-vip/";

/// What a load balancer says of switch ports; nothing where it does not prefer any backends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BackendPorts {
    /// Those of backends, by their keys in `ip_port_mappings`.
    backends: BTreeMap<Arc<str>, Arc<str>>,
    /// Those of nodes that answer the physical network, by virtual address and port.
    entries: BTreeMap<Arc<str>, Arc<str>>,
}

impl Derivation for BackendPorts {
    type Key = Uuid;
    type Value = BackendPorts;
    const NODE: NodeId = Node::BackendPorts;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&BackendPorts>) -> BackendPorts {
        let Some(row) = view.row::<nb::LoadBalancer<'_>>(uuid) else {
            return BackendPorts::default();
        };
        if !Options::of(&row.options()).is_true("prefer_local_backend", false) {
            return BackendPorts::default();
        }
        let (mappings, ids) = (row.ip_port_mappings(), row.external_ids());
        let backends = mappings.iter().map(|(key, port)| {
            let port = port.split_once(':').map_or(port, |(port, _)| port);
            (key.into(), port.into())
        });
        let entries = ids
            .iter()
            .filter_map(|(key, port)| Some((key.strip_prefix(ENTRY)?.into(), port.into())));
        BackendPorts {
            backends: backends.collect(),
            entries: entries.collect(),
        }
    }
}

/// The backends of a virtual address on one chassis.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// A port there: that of the first, or of the node that answers the physical network.
    pub port: Arc<str>,
    /// Their places among all backends.
    pub places: Vec<usize>,
    /// The rows of their ports.
    pub rows: Vec<Uuid>,
}

/// The backends of a virtual address that are preferred.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearby {
    /// One node answers the physical network.
    pub has_entry: bool,
    /// By chassis, in the order of the first on each.
    pub locals: Vec<Local>,
}

/// For each virtual address of a bucket, what is preferred; nothing where the load balancer does not prefer any.
pub enum LocalBackends {}

impl Derivation for LocalBackends {
    type Key = Bucket;
    type Value = Vec<Nearby>;
    const NODE: NodeId = Node::LocalBackends;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        let ports = view.get::<BackendPorts>(bucket.0);
        if *ports == BackendPorts::default() {
            return Vec::new();
        }
        let vips = view.get::<Vips>(bucket);
        vips.iter().map(|vip| nearby(view, &ports, vip)).collect()
    }
}

fn nearby(view: &View<'_>, ports: &BackendPorts, vip: &Vip) -> Nearby {
    let mut all = by_chassis(view, &ports.backends, vip);
    let family = vip.certain_family();
    let entry = vip
        .port
        .as_ref()
        .and_then(|_| ports.entries.get(&*vip.text(family)));
    if let Some(entry) = entry {
        let there = whereabouts(view, entry).map(|(_, chassis)| chassis);
        all.retain(|(chassis, _)| Some(*chassis) == there);
        for (_, local) in &mut all {
            local.port = entry.clone();
        }
    }
    Nearby {
        has_entry: entry.is_some(),
        locals: all.into_iter().map(|(_, local)| local).collect(),
    }
}

fn by_chassis(view: &View<'_>, ports: &BTreeMap<Arc<str>, Arc<str>>, vip: &Vip) -> Vec<(Uuid, Local)> {
    let family = vip.certain_family();
    let mut all: Vec<(Uuid, Local)> = Vec::new();
    for (place, backend) in vip.backends.iter().enumerate() {
        let port = match (vip.health_check, &backend.monitor) {
            (None, _) => ports.get(&*backend.mapping_key(family)),
            (Some(_), monitor) => monitor.as_ref().map(|monitor| &monitor.port),
        };
        let found = port.and_then(|port| Some((port, whereabouts(view, port)?)));
        let Some((port, (row, chassis))) = found else {
            continue;
        };
        match all.iter_mut().find(|(on, _)| *on == chassis) {
            Some((_, local)) => {
                local.places.push(place);
                local.rows.push(row);
            }
            None => {
                let local = Local {
                    port: port.clone(),
                    places: vec![place],
                    rows: vec![row],
                };
                all.push((chassis, local));
            }
        }
    }
    all
}

/// The row of a switch port, and the chassis that it is on.
fn whereabouts(view: &View<'_>, port: &str) -> Option<(Uuid, Uuid)> {
    let row = switch::named(view, port)?;
    let binding = view.row::<PortBinding<'_>>(view.holder(PortBinding::LOGICAL_PORT, port)?)?;
    Some((row, binding.chassis()?))
}
