//! Whether the backends of load balancers are alive: what ovn-controller found (ovn-sb(5) "Service_Monitor").

use std::sync::Arc;

use ovn_schemas::rows::ovn_southbound::{PortBinding, ServiceMonitor};
use ovsdb_data::Uuid;

use super::bucket::Bucket;
use super::load_balancer::LoadBalancer;
use super::switch;
use super::switch_port::SwitchPort;
use super::vip::{Backend, Monitor, Vip};
use super::vips::Vips;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// How a backend that is watched does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// What ovn-controller found; none where it has not said anything yet.
    pub status: Option<Arc<str>>,
    /// Its port is up.
    pub is_up: bool,
    /// The chassis that its port is on.
    pub chassis: Option<Uuid>,
}

impl Watched {
    /// What counts: who is not up is not online.
    pub fn is_active(&self) -> bool {
        match self.status.as_deref() {
            None => true,
            Some("online") => self.is_up,
            Some(_) => false,
        }
    }
}

/// What is known of each backend of each virtual address of a bucket; none where nobody watches it.
pub enum Health {}

impl Derivation for Health {
    type Key = Bucket;
    type Value = Vec<Vec<Option<Watched>>>;
    const NODE: NodeId = Node::Health;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        let lb = view.get::<LoadBalancer>(bucket.0);
        let Some(lb) = lb.as_ref() else {
            return Vec::new();
        };
        let of_vip = |vip: &Vip| vip.backends.iter().map(|b| watched(view, lb, b)).collect();
        view.get::<Vips>(bucket).iter().map(of_vip).collect()
    }
}

fn watched(view: &View<'_>, lb: &LoadBalancer, backend: &Backend) -> Option<Watched> {
    let name = &*backend.monitor.as_ref()?.port;
    let port = view.get::<SwitchPort>(switch::named(view, name)?);
    port.as_ref().as_ref().filter(|port| port.is_enabled)?;
    let monitors = view.holders(ServiceMonitor::LOGICAL_PORT, name);
    let mut monitors = monitors
        .into_iter()
        .filter_map(|row| view.row::<ServiceMonitor<'_>>(row));
    let monitor = monitors.find(|row| is_of(*row, lb, backend));
    let binding = view
        .holder(PortBinding::LOGICAL_PORT, name)
        .and_then(|row| view.row::<PortBinding<'_>>(row));
    Some(Watched {
        status: monitor.and_then(|row| row.status()).map(Into::into),
        is_up: binding.and_then(|row| row.up()).unwrap_or(false),
        chassis: binding.and_then(|row| row.chassis()),
    })
}

/// Whether a row is of a backend, if it is of its port.
fn is_of(row: ServiceMonitor<'_>, lb: &LoadBalancer, backend: &Backend) -> bool {
    row.ip() == &*backend.ip
        && row.port() == i64::from(backend.port.unwrap_or(0))
        && row.protocol() == Some(lb.protocol)
}

/// The switch port that a backend is behind, if it exists.
pub fn backend_port(view: &View<'_>, monitor: &Monitor) -> Option<Arc<Option<SwitchPort>>> {
    let port = view.get::<SwitchPort>(switch::named(view, &monitor.port)?);
    port.is_some().then_some(port)
}
