//! What routers do otherwise for Kube-OVN.
//!
//! - Routes by source come after those by destination, and before nothing but the main route: but one for a single
//!   source goes before that, too (`ls_in_ip_routing`).
//! - A port with `options:bfd-only` is there for BFD sessions alone: its gateway chassis holds them, and what comes for
//!   them elsewhere goes there (`lr_in_ip_input`). A session of such a port may watch next hops behind other ports.
//! - With several distributed gateway ports what is balanced is balanced at the one in whose network the virtual
//!   address is (`lr_in_dnat`); not so what is balanced without connection tracking.
//!
//! The first and the last are so where Kube-OVN is there (`model/kube_ovn.rs`), whatever its options.

use ovsdb_data::Uuid;

use super::ip_input::{v4_set, v6_set};
use crate::flow::{Flows, Stage};
use crate::model::copp::meter;
use crate::model::network::Prefix;
use crate::model::router::{GatewayPorts, Router};
use crate::model::router_port::RouterPort;
use crate::model::vip::Vip;
use crate::view::View;

/// The priority of a route by source.
pub fn source_priority(prefix: &Prefix) -> u16 {
    let is_host = match prefix.network {
        std::net::IpAddr::V4(_) => prefix.plen == 32,
        std::net::IpAddr::V6(_) => prefix.plen == 128,
    };
    if is_host { 5 } else { 1 }
}

/// Packets of sessions go to the chassis that holds them.
pub fn lead_bfd(view: &View<'_>, port: &RouterPort, router: &Router, flows: &mut Flows) {
    if !port.names_chassis || !port.is_for_bfd() {
        return;
    }
    for (family, own) in [("ip4", v4_set(port)), ("ip6", v6_set(port))] {
        let Some(own) = own else { continue };
        flows
            .add(
                Stage::LrInIpInput,
                115,
                format!(
                    "{family}.dst == {own} && udp.dst == 3784 && !{}",
                    port.is_resident()
                ),
                format!("outport = {}; output;", port.redirect_key()),
            )
            .hint(port.uuid)
            .meter(meter(view, router.copp, "bfd"));
    }
}

/// Where a router with several distributed gateway ports balances connections to an address; everywhere, where it is
/// in no port's network.
pub fn residence(view: &View<'_>, router: Uuid, vip: &Vip) -> Option<String> {
    let gateways = view.get::<GatewayPorts>(router);
    gateways.iter().find_map(|gateway| {
        let gateway = view.get::<RouterPort>(*gateway);
        let gateway = gateway.as_ref().as_ref()?;
        let has = match vip.addr? {
            std::net::IpAddr::V4(addr) => gateway.addresses.v4.iter().any(|v4| v4.contains(addr)),
            std::net::IpAddr::V6(addr) => gateway.addresses.v6.iter().any(|v6| v6.contains(addr)),
        };
        has.then(|| gateway.is_resident())
    })
}
