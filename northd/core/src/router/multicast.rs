//! IP multicast through routers: passed on with `mcast_relay`, to the ports with `mcast_flood` even unasked
//! (ovn-northd(8) "Ingress Table 15: IP Routing"). Never here: groups that hosts have joined.

use std::collections::BTreeSet;

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::Mac;
use crate::model::config::Config;
use crate::model::router::{Router, RouterPorts};
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What a router does with multicast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Multicast {
    /// It passes it on.
    pub is_relay: bool,
    /// Some port takes all of it.
    pub has_flood: bool,
}

impl Derivation for Multicast {
    type Key = Uuid;
    type Value = Multicast;
    const NODE: NodeId = Node::Multicast;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Multicast>) -> Multicast {
        let router = view.get::<Router>(uuid);
        let Some(router) = router.as_ref() else {
            return Multicast::default();
        };
        let floods = |port: &Uuid| {
            let port = view.get::<RouterPort>(*port);
            let port = port.as_ref().as_ref();
            port.is_some_and(|port| port.is_enabled && port.options.is_true("mcast_flood", false))
        };
        Multicast {
            is_relay: router.options.is_true("mcast_relay", false),
            has_flood: view.get::<RouterPorts>(uuid).iter().any(floods),
        }
    }
}

/// The flows of a router.
pub enum RouterMulticastFlows {}

impl Derivation for RouterMulticastFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::RouterMulticastFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |_, flows| {
            let stage = Stage::LrInIpRouting;
            let drop = &view.get::<Config>(()).drop;
            let multicast = view.get::<Multicast>(uuid);
            flows.add(stage, 10550, "nd_rs || nd_ra", drop.clone());
            if !multicast.is_relay {
                return;
            }
            if !multicast.has_flood {
                flows.add(stage, 10450, "ip4.mcast || ip6.mcast", drop.clone());
                return;
            }
            // Reports are flooded as they are, so the router's own ones must not come round again.
            for mac in macs(view, uuid) {
                flows.add(stage, 10550, format!("eth.src == {mac} && igmp"), drop.clone());
                flows.add(
                    stage,
                    10550,
                    format!("eth.src == {mac} && (mldv1 || mldv2)"),
                    drop.clone(),
                );
            }
            let flood = r#"clone { outport = "_MC_static"; next; };"#;
            flows.add(stage, 10460, "igmp", flood);
            flows.add(stage, 10460, "mldv1 || mldv2", flood);
            flows.add(
                stage,
                10450,
                "ip4.mcast || ip6.mcast",
                r#"clone { outport = "_MC_static"; ip.ttl--; next; };"#,
            );
        })
    }
}

fn macs(view: &View<'_>, router: Uuid) -> BTreeSet<Mac> {
    let ports = view.get::<RouterPorts>(router);
    let mac = |port: &Uuid| {
        let port = view.get::<RouterPort>(*port);
        port.as_ref().as_ref().map(|port| port.addresses.mac)
    };
    ports.iter().filter_map(mac).collect()
}
