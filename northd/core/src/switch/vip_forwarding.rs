//! Requests for virtual addresses of a router go to the router, not to everybody (ovn-northd(8) "Ingress Table 28:
//! Destination Lookup").

use ovsdb_data::Uuid;

use crate::flow::Flows;
use crate::graph::Derivation;
use crate::model::load_balancer_datapaths::Fronts;
use crate::model::router::Router;
use crate::model::router_vips::RouterBalancers;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of the virtual addresses of a router, on the switches that it is on.
pub enum VipForwardingFlows {}

impl Derivation for VipForwardingFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::VipForwardingFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        if view.get::<Router>(uuid).is_none() {
            return flows;
        }
        let balancers = view.get::<RouterBalancers>(uuid);
        for front in view.get::<Fronts>(uuid).iter() {
            for range in front.networks.ranges() {
                balancers.between(view, range, |address| {
                    if address.is_answerable {
                        front
                            .forward
                            .requests(address.addr.is_ipv6(), &address.text, &mut flows);
                    }
                });
            }
        }
        flows
    }
}
