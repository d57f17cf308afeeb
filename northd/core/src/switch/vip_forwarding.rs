//! Requests for virtual addresses of a router go to the router, not to everybody (ovn-northd(8) "Ingress Table 28:
//! Destination Lookup").

use crate::flow::Flows;
use crate::graph::Derivation;
use crate::model::load_balancer::{Answers, LoadBalancer};
use crate::model::load_balancer_datapaths::{LbFronts, alike};
use crate::model::vip::Family;
use crate::model::vips::{Bucket, Vips};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of virtual addresses of a load balancer, on the switches of its routers.
pub enum VipForwardingFlows {}

impl Derivation for VipForwardingFlows {
    type Key = Bucket;
    type Value = Flows;
    const NODE: NodeId = Node::VipForwardingFlows;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Flows>) -> Flows {
        let uuid = bucket.0;
        let mut flows = Flows::on(uuid);
        let lb = view.get::<LoadBalancer>(uuid);
        if lb.as_ref().as_ref().is_none_or(|lb| lb.answers == Answers::None) {
            return flows;
        }
        let vips = view.get::<Vips>(bucket);
        for front in view
            .get::<LbFronts>(alike(view, uuid))
            .iter()
            .flat_map(|of| of.iter())
        {
            for vip in vips.iter() {
                if vip.addr.is_some_and(|addr| front.networks.contain(addr)) {
                    front
                        .forward
                        .requests(vip.family == Family::V6, &vip.ip, &mut flows);
                }
            }
        }
        flows
    }
}
