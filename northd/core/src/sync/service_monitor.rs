//! `Service_Monitor`: a row for each backend that ovn-controller is to watch (ovn-sb(5)). What it finds it writes to
//! `status`; a backend whose port is not up is offline, whatever was found.

use ovn_schemas::rows::ovn_northbound::{LoadBalancer as NbLoadBalancer, LoadBalancerHealthCheck};
use ovn_schemas::rows::ovn_southbound::{Chassis, ServiceMonitor};
use ovsdb_data::typed::{Columns, Table};
use ovsdb_data::{Row, Uuid};

use crate::desired::{Desired, Hasher};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::health::{Health, Watched};
use crate::model::load_balancer::LoadBalancer;
use crate::model::options::Options;
use crate::model::vip::{Backend, Monitor};
use crate::model::vips::{Vips, buckets};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Whether a load balancer's backends are watched.
pub(crate) fn is_watched(row: &Row) -> bool {
    !NbLoadBalancer::of(row).health_check().is_empty()
}

/// The rows of a load balancer.
pub enum ServiceMonitors {}

impl Derivation for ServiceMonitors {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::ServiceMonitors;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let lb = view.get::<LoadBalancer>(uuid);
        let Some(lb) = lb.as_ref() else {
            return Vec::new();
        };
        let mut rows = Vec::new();
        if lb.checks.is_empty() {
            return rows;
        }
        for bucket in buckets(view, uuid) {
            let (vips, health) = (view.get::<Vips>(bucket), view.get::<Health>(bucket));
            for (vip, health) in vips.iter().zip(health.iter()) {
                let Some(check) = vip
                    .health_check
                    .and_then(|check| view.row::<LoadBalancerHealthCheck<'_>>(check))
                else {
                    continue;
                };
                let options = Options::of(&check.options());
                for (backend, watched) in vip.backends.iter().zip(health) {
                    if let (Some(monitor), Some(watched)) = (&backend.monitor, watched) {
                        rows.push(row(view, lb, backend, monitor, watched, &options));
                    }
                }
            }
        }
        rows
    }
}

fn row(
    view: &View<'_>,
    lb: &LoadBalancer,
    backend: &Backend,
    monitor: &Monitor,
    watched: &Watched,
    options: &Options,
) -> Desired {
    let port = i64::from(backend.port.unwrap_or(0));
    let mut id = Hasher::new("Service_Monitor");
    id.text(&monitor.port);
    id.text(&backend.ip);
    id.number(port.unsigned_abs());
    id.text(lb.protocol);
    let mut columns = Columns::new()
        .set(ServiceMonitor::IP, &*backend.ip)
        .set(ServiceMonitor::PORT, port)
        .set(ServiceMonitor::LOGICAL_PORT, &*monitor.port)
        .set(ServiceMonitor::PROTOCOL, Some(lb.protocol))
        .set(ServiceMonitor::OPTIONS, options.iter())
        .set(
            ServiceMonitor::SRC_MAC,
            &*view.get::<Config>(()).svc_monitor_mac.to_string(),
        )
        .set(ServiceMonitor::SRC_IP, &*monitor.source);
    let chassis = watched.chassis.and_then(|row| view.row::<Chassis<'_>>(row));
    // Where the port was last is good enough until it is somewhere again.
    let mut at_first = Columns::new();
    match chassis {
        Some(chassis) => columns = columns.set(ServiceMonitor::CHASSIS_NAME, chassis.name()),
        None => at_first = at_first.set(ServiceMonitor::CHASSIS_NAME, ""),
    }
    if watched.status.as_deref() == Some("online") && !watched.is_up {
        columns = columns.set(ServiceMonitor::STATUS, Some("offline"));
    }
    Desired::row::<ServiceMonitor<'static>>(id.finish(), columns)
        .at_first::<ServiceMonitor<'static>>(at_first)
}
