//! Routers answer ARP and ND for virtual addresses (ovn-northd(8) "Ingress Table 3: IP Input"); which these are says an
//! address set (`sync/router_vips.rs`).

use ovsdb_data::Uuid;

use crate::alloc::datapath_key::DatapathKey;
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::answered_vips::AnswersVips;
use crate::model::copp;
use crate::model::router::Router;
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::sync::router_vips::set_name;
use crate::view::View;

/// The flows of a router's port.
pub enum VipArpFlows {}

impl Derivation for VipArpFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::VipArpFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let port = view.get::<RouterPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on(port.router);
        let (answers_arp, answers_nd) = *view.get::<AnswersVips>(port.router);
        let Some(key) = *view.get::<DatapathKey>(port.router) else {
            return flows;
        };
        let here = match port.is_gateway {
            true => format!(" && {}", port.is_resident()),
            false => String::new(),
        };
        let on = format!("inport == {}", port.key);
        if answers_arp {
            let set = set_name(key, "ip4");
            flows.add(
                Stage::LrInIpInput,
                90,
                format!("{on} && arp.op == 1 && arp.tpa == ${set}{here}"),
                "eth.dst = eth.src; eth.src = xreg0[0..47]; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; \
                 arp.sha = xreg0[0..47]; arp.tpa <-> arp.spa; outport = inport; flags.loopback = 1; output;",
            );
        }
        if answers_nd {
            let set = set_name(key, "ip6");
            let router = view.get::<Router>(port.router);
            let copp = router.as_ref().as_ref().and_then(|router| router.copp);
            flows
                .add(
                    Stage::LrInIpInput,
                    90,
                    format!("{on} && nd_ns && nd.target == ${set}{here}"),
                    "nd_na { eth.src = xreg0[0..47]; ip6.src = nd.target; nd.tll = xreg0[0..47]; outport = inport; \
                     flags.loopback = 1; output; };",
                )
                .meter(copp::meter(view, copp, "nd-na"));
        }
        flows
    }
}
