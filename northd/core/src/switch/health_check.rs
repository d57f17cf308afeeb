//! Who asks backends whether they are alive has an address: switches answer for it (ovn-northd(8) "Ingress Table 22:
//! ARP/ND responder").

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::bucket::Bucket;
use crate::model::config::Config;
use crate::model::health::backend_port;
use crate::model::vip::Family;
use crate::model::vips::Vips;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of virtual addresses of a load balancer, on the switches of their backends.
pub enum HealthCheckFlows {}

impl Derivation for HealthCheckFlows {
    type Key = Bucket;
    type Value = Flows;
    const NODE: NodeId = Node::HealthCheckFlows;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Flows>) -> Flows {
        let uuid = bucket.0;
        let mut flows = Flows::on(uuid);
        for vip in view.get::<Vips>(bucket).iter() {
            for monitor in vip.backends.iter().filter_map(|backend| backend.monitor.as_ref()) {
                let Some(port) = backend_port(view, monitor) else {
                    continue;
                };
                let Some(port) = &*port else { continue };
                let (ip, mac) = (&monitor.source, view.get::<Config>(()).svc_monitor_mac);
                let (r#match, actions) = match vip.certain_family() {
                    Family::V4 => (
                        format!("arp.tpa == {ip} && arp.op == 1"),
                        format!(
                            "eth.dst = eth.src; eth.src = {mac}; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; \
                             arp.sha = {mac}; arp.tpa = arp.spa; arp.spa = {ip}; outport = inport; \
                             flags.loopback = 1; output;"
                        ),
                    ),
                    Family::V6 => (
                        format!("nd_ns && nd.target == {ip}"),
                        format!(
                            "nd_na {{ eth.dst = eth.src; eth.src = {mac}; ip6.src = {ip}; nd.target = {ip}; \
                             nd.tll = {mac}; outport = inport; flags.loopback = 1; output; }};"
                        ),
                    ),
                };
                flows
                    .add_on(port.switch, Stage::LsInArpRsp, 110, r#match, actions)
                    .hint(uuid);
            }
        }
        flows
    }
}
