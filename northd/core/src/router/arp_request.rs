//! Asking for the Ethernet address of a next hop (ovn-northd(8) "Ingress Table 25: ARP Request").

use ovn_schemas::rows::ovn_northbound::{LogicalRouter, LogicalRouterStaticRoute};
use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::{V6, v6_text};
use crate::model::copp::meter;
use crate::model::router::Router;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Packets whose Ethernet address nobody knows yet.
const UNKNOWN: &str = "eth.dst == 00:00:00:00:00:00 && reg9[9] ==";

/// The flows of a router.
pub enum ArpRequestFlows {}

impl Derivation for ArpRequestFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::ArpRequestFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |router, flows| {
            let stage = Stage::LrInArpRequest;
            flows
                .add(
                    stage,
                    100,
                    format!("{UNKNOWN} 1"),
                    "arp { eth.dst = ff:ff:ff:ff:ff:ff; arp.spa = reg5; arp.tpa = reg0; arp.op = 1; output; }; output;",
                )
                .meter(meter(view, router.copp, "arp-resolve"));
            flows
                .add(
                    stage,
                    100,
                    format!("{UNKNOWN} 0"),
                    "nd_ns { nd.target = xxreg0; output; }; output;",
                )
                .meter(meter(view, router.copp, "nd-ns-resolve"));
            flows.add(stage, 0, "1", "output;");
        })
    }
}

/// The flows of a static route with an IPv6 next hop.
pub enum NextHopRequestFlows {}

impl Derivation for NextHopRequestFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::NextHopRequestFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let routers = view.holders(LogicalRouter::STATIC_ROUTES, uuid);
        super::of_routers(view, uuid, routers, |router, flows| {
            request(view, router, uuid, flows);
        })
    }
}

fn request(view: &View<'_>, router: &Router, uuid: Uuid, flows: &mut Flows) -> Option<()> {
    let row = view.row::<LogicalRouterStaticRoute<'_>>(uuid)?;
    let nexthop = row.nexthop();
    let v6 = V6::parse(nexthop).filter(|v6| v6.plen == 128)?;
    flows
        .add(
            Stage::LrInArpRequest,
            200,
            format!("{UNKNOWN} 0 && xxreg0 == {nexthop}"),
            format!(
                "nd_ns {{ eth.dst = {}; ip6.dst = {}; nd.target = {nexthop}; output; }}; output;",
                v6.solicited_node_mac(),
                v6_text(v6.solicited_node())
            ),
        )
        .hint(uuid)
        .meter(meter(view, router.copp, "nd-ns-resolve"));
    Some(())
}
