//! The flows of logical routers: one feature, one file.

use ovsdb_data::Uuid;

use crate::flow::Flows;
use crate::model::router::Router;
use crate::model::router_port::{RouterPort, SwitchPeer};
use crate::model::switch_port::SwitchPort;
use crate::view::View;

pub mod admission;
pub mod affinity;
pub mod arp_request;
pub mod arp_resolve;
pub mod defrag;
pub mod delivery;
pub mod dhcp_relay;
pub mod dnat;
pub mod ecmp;
pub mod egress_loop;
pub mod force_snat;
pub mod gateway_redirect;
pub mod icmp;
pub mod ip_input;
pub mod kube_ovn;
pub mod load_balancer;
pub mod load_balancer_arp;
pub mod multicast;
pub mod nat;
pub mod nat_input;
pub mod nat_resolve;
pub mod nat_stages;
pub mod nd_ra;
pub mod neighbor;
pub mod offered;
pub mod own_address;
pub mod packet_length;
pub mod policy;
pub mod routable;
pub mod routing;
pub mod snat;
pub mod undnat;
pub mod unsnat;

/// Flows of a router that counts.
pub(crate) fn of_router(view: &View<'_>, uuid: Uuid, make: impl FnOnce(&Router, &mut Flows)) -> Flows {
    let mut flows = Flows::on(uuid);
    if let Some(router) = view.get::<Router>(uuid).as_ref() {
        make(router, &mut flows);
    }
    flows
}

/// Flows of a row that several routers may have, on each of these that counts.
pub(crate) fn of_routers(
    view: &View<'_>,
    row: Uuid,
    routers: Vec<Uuid>,
    mut make: impl FnMut(&Router, &mut Flows),
) -> Flows {
    let mut flows = Flows::on(row);
    for uuid in routers {
        if let Some(router) = view.get::<Router>(uuid).as_ref() {
            flows.go_on(uuid);
            make(router, &mut flows);
        }
    }
    flows
}

/// Flows of a router port that counts, on its router.
pub(crate) fn of_port(
    view: &View<'_>,
    uuid: Uuid,
    make: impl FnOnce(&RouterPort, &Router, &mut Flows),
) -> Flows {
    let port = view.get::<RouterPort>(uuid);
    let Some(port) = port.as_ref() else {
        return Flows::on(uuid);
    };
    let mut flows = Flows::on(port.router);
    if let Some(router) = view.get::<Router>(port.router).as_ref() {
        make(port, router, &mut flows);
    }
    flows
}

/// The switch that a router port is on.
pub(crate) fn peer_switch(view: &View<'_>, port: Uuid) -> Option<Uuid> {
    let peer = view.get::<SwitchPort>((*view.get::<SwitchPeer>(port))?);
    peer.as_ref().as_ref().map(|peer| peer.switch)
}

/// Several texts as a set in an expression; one stands for itself.
pub(crate) fn set(texts: &[String]) -> String {
    match texts {
        [one] => one.clone(),
        several => format!("{{{}}}", several.join(", ")),
    }
}
