//! Packets that are too long for what is behind a port with `gateway_mtu`: who sent one is told (ovn-northd(8)
//! "Ingress Table 22: Check packet length", "23: Handle larger packets").

use ovn_schemas::rows::ovn_northbound::LogicalSwitchPort;
use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::v6_text;
use crate::model::copp::meter;
use crate::model::router::{Router, RouterPorts};
use crate::model::router_port::RouterPort;
use crate::model::switch::SwitchTraits;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What a port with `gateway_mtu` lets through.
#[derive(Clone, Debug, PartialEq)]
pub struct Gateway {
    /// The longest IP packet.
    pub mtu: i64,
    /// The longest frame.
    pub frame: i64,
    /// What is not checked, an expression.
    pub bypass: Option<String>,
}

impl Gateway {
    /// The action that checks.
    pub fn check(&self) -> String {
        format!("reg9[1] = check_pkt_larger({}); ", self.frame)
    }
}

/// What a port lets through; none where it does not say.
pub enum GatewayMtu {}

impl Derivation for GatewayMtu {
    type Key = Uuid;
    type Value = Option<Gateway>;
    const NODE: NodeId = Node::GatewayMtu;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<RouterPort>(uuid);
        let port = port.as_ref().as_ref()?;
        let mtu = port.options.number("gateway_mtu", 0);
        (mtu > 0).then(|| Gateway {
            mtu,
            frame: mtu + if is_tagged(view, uuid) { 18 } else { 14 },
            bypass: port.options.get("gateway_mtu_bypass").map(Into::into),
        })
    }
}

/// Whether frames leave the router port's switch with a VLAN tag.
fn is_tagged(view: &View<'_>, port: Uuid) -> bool {
    let Some(switch) = super::peer_switch(view, port) else {
        return false;
    };
    let traits = view.get::<SwitchTraits>(switch);
    traits.localnet.iter().any(|port| {
        view.row::<LogicalSwitchPort<'_>>(*port).is_some_and(|row| {
            let has_parent = row.parent_name().is_some_and(|name| !name.is_empty());
            row.tag_request().is_some_and(|tag| tag != 0 || has_parent)
        })
    })
}

/// The flows of a router.
pub enum PacketLengthFlows {}

impl Derivation for PacketLengthFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PacketLengthFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |_, flows| {
            flows.add(Stage::LrInChkPktLen, 0, "1", "next;");
            flows.add(Stage::LrInLargerPkts, 0, "1", "next;");
        })
    }
}

/// The flows of a port with `gateway_mtu`.
pub enum PortPacketLengthFlows {}

impl Derivation for PortPacketLengthFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortPacketLengthFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, router, flows| {
            let mtu = view.get::<GatewayMtu>(uuid);
            let Some(gateway) = mtu.as_ref() else { return };
            let out = format!("outport == {}", port.key);
            let stage = Stage::LrInChkPktLen;
            if let Some(bypass) = &gateway.bypass {
                flows
                    .add(stage, 55, format!("{out} && ({bypass})"), "next;")
                    .hint(uuid);
            }
            flows
                .add(stage, 50, out, format!("{}next;", gateway.check()))
                .hint(uuid);
            let mut tell = Tell {
                view,
                router,
                flows,
                mtu: gateway.mtu,
            };
            tell.too_big(port, None);
            for other in view
                .get::<RouterPorts>(port.router)
                .iter()
                .filter(|p| **p != uuid)
            {
                if let Some(other) = view.get::<RouterPort>(*other).as_ref() {
                    tell.too_big(other, Some(port));
                }
            }
        })
    }
}

/// Tells the sender.
struct Tell<'a, 'g> {
    view: &'a View<'g>,
    router: &'a Router,
    flows: &'a mut Flows,
    mtu: i64,
}

impl Tell<'_, '_> {
    /// A packet came in by a port, on its way out by another one if that is known.
    fn too_big(&mut self, port: &RouterPort, out: Option<&RouterPort>) {
        let v4 = port.addresses.v4.first().map(|v4| v4.addr.to_string());
        let v6 = port.addresses.v6.first().map(|v6| v6_text(v6.addr));
        for (family, source) in [("4", v4), ("6", v6)] {
            let Some(source) = source else { continue };
            let what = format!("ip{family} && reg9[1] && reg9[0] == 0");
            let Some(out) = out else {
                let came_in = format!("inport == {} && {what}", port.key);
                let actions = self.error(port, family, &source, "");
                self.add(port, family, Stage::LrInIpInput, 150, came_in, actions);
                continue;
            };
            let came_in = format!("inport == {} && outport == {} && {what}", port.key, out.key);
            // What was translated on its way in is translated again.
            let translated = format!("{came_in} && ct.trk && ct.rpl && ct.dnat");
            let actions = self.error(port, family, &source, "flags.icmp_snat = 1; ");
            self.add(port, family, Stage::LrInLargerPkts, 160, translated, actions);
            let actions = self.error(port, family, &source, "");
            self.add(port, family, Stage::LrInLargerPkts, 150, came_in, actions);
        }
    }

    fn error(&self, port: &RouterPort, family: &str, source: &str, first: &str) -> String {
        let kind = match family {
            "4" => {
                "icmp4.type = 3; /* Destination Unreachable. */ icmp4.code = 4; /* Frag Needed and DF was Set. */"
            }
            _ => "icmp6.type = 2; /* Packet Too Big. */ icmp6.code = 0;",
        };
        format!(
            "icmp{family}_error {{{first}reg9[0] = 1; reg9[1] = 0; eth.dst = {mac}; ip{family}.dst = ip{family}.src; \
             ip{family}.src = {source}; ip.ttl = 255; {kind} icmp{family}.frag_mtu = {mtu}; \
             next(pipeline=ingress, table=0); }};",
            mac = port.addresses.mac,
            mtu = self.mtu,
        )
    }

    fn add(
        &mut self,
        port: &RouterPort,
        family: &str,
        stage: Stage,
        priority: u16,
        r#match: String,
        actions: String,
    ) {
        let meter = meter(self.view, self.router.copp, &format!("icmp{family}-error"));
        let flow = self.flows.add(stage, priority, r#match, actions);
        flow.hint(port.uuid).meter(meter);
    }
}
