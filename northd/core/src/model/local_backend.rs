//! Backends by chassis, for load balancers that prefer those where the client is (`options:prefer_local_backend`, an
//! option of Kube-OVN): `ip_port_mappings` says which switch port each is behind, `Port_Binding` where that is. With a
//! health check a mapping counts only if it says from where to ask, too.

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

/// The switch ports of a load balancer's backends, by their keys in `ip_port_mappings`; none where it does not prefer
/// any.
pub enum BackendPorts {}

impl Derivation for BackendPorts {
    type Key = Uuid;
    type Value = BTreeMap<Arc<str>, Arc<str>>;
    const NODE: NodeId = Node::BackendPorts;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<nb::LoadBalancer<'_>>(uuid) else {
            return BTreeMap::new();
        };
        if !Options::of(&row.options()).is_true("prefer_local_backend", false) {
            return BTreeMap::new();
        }
        let mappings = row.ip_port_mappings();
        let pairs = mappings.iter().map(|(key, port)| {
            let port = port.split_once(':').map_or(port, |(port, _)| port);
            (key.into(), port.into())
        });
        pairs.collect()
    }
}

/// The backends of a virtual address on one chassis.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// The port of the first.
    pub port: Arc<str>,
    /// Their places among all backends.
    pub places: Vec<usize>,
}

/// For each virtual address of a bucket, its backends by chassis, in the order of the first on each.
pub enum LocalBackends {}

impl Derivation for LocalBackends {
    type Key = Bucket;
    type Value = Vec<Vec<Local>>;
    const NODE: NodeId = Node::LocalBackends;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        let ports = view.get::<BackendPorts>(bucket.0);
        if ports.is_empty() {
            return Vec::new();
        }
        let vips = view.get::<Vips>(bucket);
        vips.iter().map(|vip| by_chassis(view, &ports, vip)).collect()
    }
}

fn by_chassis(view: &View<'_>, ports: &BTreeMap<Arc<str>, Arc<str>>, vip: &Vip) -> Vec<Local> {
    let family = vip.certain_family();
    let mut all: Vec<(Uuid, Local)> = Vec::new();
    for (place, backend) in vip.backends.iter().enumerate() {
        let port = match (vip.health_check, &backend.monitor) {
            (None, _) => ports.get(&*backend.mapping_key(family)),
            (Some(_), monitor) => monitor.as_ref().map(|monitor| &monitor.port),
        };
        let Some((port, chassis)) = port.and_then(|port| Some((port, chassis_of(view, port)?))) else {
            continue;
        };
        match all.iter_mut().find(|(on, _)| *on == chassis) {
            Some((_, local)) => local.places.push(place),
            None => {
                let (port, places) = (port.clone(), vec![place]);
                all.push((chassis, Local { port, places }));
            }
        }
    }
    all.into_iter().map(|(_, local)| local).collect()
}

/// The chassis that a switch port is on.
fn chassis_of(view: &View<'_>, port: &str) -> Option<Uuid> {
    switch::named(view, port)?;
    let binding = view.row::<PortBinding<'_>>(view.holder(PortBinding::LOGICAL_PORT, port)?)?;
    binding.chassis()
}
