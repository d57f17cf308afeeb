//! Requests for virtual addresses of a router go to the router, not to everybody (ovn-northd(8) "Ingress Table 28:
//! Destination Lookup").

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::load_balancer::{Answers, LoadBalancer};
use crate::model::load_balancer_datapaths::{Front, Fronts, LbRouters};
use crate::model::name::is_resident;
use crate::model::vip::{Family, Vip};
use crate::model::vips::{Bucket, Vips};
use crate::nodes::Node;
use crate::view::View;

/// The flows of virtual addresses of a load balancer, on the switches of its routers.
pub enum VipForwardingFlows {}

impl Derivation for VipForwardingFlows {
    type Key = Bucket;
    type Value = Flows;
    const NODE: Node = Node::VipForwardingFlows;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Flows>) -> Flows {
        let uuid = bucket.0;
        let mut flows = Flows::on(uuid);
        let lb = view.get::<LoadBalancer>(uuid);
        if lb.as_ref().as_ref().is_none_or(|lb| lb.answers == Answers::None) {
            return flows;
        }
        let vips = view.get::<Vips>(bucket);
        for router in view.get::<LbRouters>(uuid).iter() {
            for front in view.get::<Fronts>(*router).iter() {
                for vip in vips.iter() {
                    if vip.addr.is_some_and(|addr| front.networks.contain(addr)) {
                        forward(front, vip, &mut flows);
                    }
                }
            }
        }
        flows
    }
}

fn forward(front: &Front, vip: &Vip, flows: &mut Flows) {
    let asks = match vip.family {
        Family::V4 => format!("flags[1] == 0 && arp.op == 1 && arp.tpa == {}", vip.ip),
        Family::V6 => format!("flags[1] == 0 && nd_ns && nd.target == {}", vip.ip),
    };
    let mut to = |r#match: String, port: &str| {
        let actions = match front.is_among_routers {
            true => format!("outport = {port}; output;"),
            false => {
                format!("clone {{outport = {port}; output; }}; outport = \"_MC_flood_l2\"; output;")
            }
        };
        flows
            .add_on(front.switch, Stage::LsInL2Lkup, 80, r#match, actions)
            .hint(front.port);
    };
    match &front.redirect {
        None => to(asks, &front.key),
        Some(redirect) => {
            let here = is_resident(redirect);
            to(format!("{asks} && {here}"), &front.key);
            to(format!("{asks} && !{here}"), redirect);
        }
    }
}
