//! DHCP relay: requests of a switch's clients go to a server elsewhere, its answers back (ovn-northd(8) "Ingress
//! Table 4: DHCP Relay Request", "19", "20: DHCP Relay Response").

use std::net::{IpAddr, SocketAddr};

use ovn_schemas::rows::ovn_northbound::{DhcpRelay, LogicalRouterPort};
use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::network::ip_text;
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a router.
pub enum DhcpRelayFlows {}

impl Derivation for DhcpRelayFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::DhcpRelayFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |_, flows| {
            flows.add(Stage::LrInDhcpRelayReq, 0, "1", "next;");
            flows.add(Stage::LrInDhcpRelayRespChk, 0, "1", "next;");
            flows.add(Stage::LrInDhcpRelayResp, 0, "1", "next;");
        })
    }
}

/// The flows of a port.
pub enum PortDhcpRelayFlows {}

impl Derivation for PortDhcpRelayFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortDhcpRelayFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, _, flows| {
            let Some(own) = port.addresses.v4.first().map(|v4| v4.addr) else {
                return;
            };
            let Some(server) = server(view, uuid) else { return };
            let key = &port.key;
            let mut add = |stage: Stage, priority: u16, r#match: String, actions: String| {
                flows.add(stage, priority, r#match, actions).hint(uuid);
            };
            let request = |middle: &str| {
                format!(
                    "inport == {key} && ip4.src == 0.0.0.0 && ip4.dst == 255.255.255.255 && {middle}udp.src == 68 && \
                     udp.dst == 67"
                )
            };
            add(
                Stage::LrInIpInput,
                110,
                request("ip.frag == 0 && "),
                format!("reg9[7] = dhcp_relay_req_chk({own}, {server});next; /* DHCP_RELAY_REQ */"),
            );
            add(
                Stage::LrInIpInput,
                110,
                format!(
                    "ip4.src == {server} && ip4.dst == {own} && ip.frag == 0 && udp.src == 67 && udp.dst == 67"
                ),
                "next; /* DHCP_RELAY_RESP */".to_owned(),
            );
            add(
                Stage::LrInDhcpRelayReq,
                100,
                format!("{} && reg9[7]", request("")),
                format!("ip4.src = {own}; ip4.dst = {server}; udp.src = 67; next; /* DHCP_RELAY_REQ */"),
            );
            add(
                Stage::LrInDhcpRelayReq,
                1,
                format!("{} && reg9[7] == 0", request("")),
                "drop; /* DHCP_RELAY_REQ */".to_owned(),
            );
            add(
                Stage::LrInDhcpRelayRespChk,
                100,
                format!("ip4.src == {server} && ip4.dst == {own} && udp.src == 67 && udp.dst == 67"),
                format!(
                    "reg2 = ip4.dst; reg9[8] = dhcp_relay_resp_chk({own}, {server}); next; /* DHCP_RELAY_RESP */"
                ),
            );
            let response = format!("ip4.src == {server} && reg2 == {own} && udp.src == 67 && udp.dst == 67");
            add(
                Stage::LrInDhcpRelayResp,
                100,
                format!("{response} && reg9[8]"),
                format!("ip4.src = {own}; udp.dst = 68; outport = {key}; output; /* DHCP_RELAY_RESP */"),
            );
            add(
                Stage::LrInDhcpRelayResp,
                1,
                format!("{response} && reg9[8] == 0"),
                "drop; /* DHCP_RELAY_RESP */".to_owned(),
            );
        })
    }
}

/// The server of a port, whose switch must ask for relaying, too.
fn server(view: &View<'_>, port: Uuid) -> Option<String> {
    let relay = view.row::<LogicalRouterPort<'_>>(port)?.dhcp_relay()?;
    let switch = view.get::<Switch>(super::peer_switch(view, port)?);
    switch.as_ref().as_ref()?.other_config.get("dhcp_relay_port")?;
    let text = view.row::<DhcpRelay<'_>>(relay)?.servers()?;
    let addr = text.parse::<SocketAddr>().map(|addr| addr.ip());
    Some(ip_text(addr.or_else(|_| text.parse::<IpAddr>()).ok()?))
}
