//! ICMP that a router sends: echo replies, "unreachable" for its own addresses, "time exceeded" (ovn-northd(8)
//! "Ingress Table 3: IP Input").

use ovsdb_data::Uuid;

use super::ip_input::{v4_set, v6_set};
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::v6_text;
use crate::model::copp::meter;
use crate::model::network::Prefix;
use crate::model::router::{GatewayPorts, Router};
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

const STAGE: Stage = Stage::LrInIpInput;

/// The flows of a port.
pub enum PortIcmpFlows {}

impl Derivation for PortIcmpFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PortIcmpFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_port(view, uuid, |port, router, flows| {
            echo(port, flows);
            let mut icmp = Icmp {
                view,
                port,
                router,
                flows,
            };
            // Elsewhere NAT and load balancers may have use for any of its ports.
            if !router.is_gateway() && view.get::<GatewayPorts>(router.uuid).is_empty() {
                for v4 in &port.addresses.v4 {
                    icmp.unreachable("4", &v4.addr.to_string(), "icmp4.type = 3; icmp4.code =", (3, 2));
                }
                for v6 in &port.addresses.v6 {
                    icmp.unreachable("6", &v6_text(v6.addr), "icmp6.type = 1; icmp6.code =", (4, 3));
                }
            }
            icmp.time_exceeded();
        })
    }
}

fn echo(port: &RouterPort, flows: &mut Flows) {
    for (family, own, (request, reply)) in [("4", v4_set(port), (8, 0)), ("6", v6_set(port), (128, 129))] {
        let Some(own) = own else { continue };
        flows
            .add(
                STAGE,
                90,
                format!(
                    "ip{family}.dst == {own} && icmp{family}.type == {request} && icmp{family}.code == 0"
                ),
                format!(
                    "ip{family}.dst <-> ip{family}.src; ip.ttl = 255; icmp{family}.type = {reply}; \
                     flags.loopback = 1; next; "
                ),
            )
            .hint(port.uuid);
    }
}

/// Sends errors.
struct Icmp<'a, 'g> {
    view: &'a View<'g>,
    port: &'a RouterPort,
    router: &'a Router,
    flows: &'a mut Flows,
}

impl Icmp<'_, '_> {
    fn add(&mut self, priority: u16, r#match: String, actions: String, protocol: &str) {
        let meter = meter(self.view, self.router.copp, protocol);
        let flow = self.flows.add(STAGE, priority, r#match, actions);
        flow.hint(self.port.uuid).meter(meter);
    }

    /// Nobody listens at an address of the router, neither at a port nor with another protocol.
    fn unreachable(&mut self, family: &str, own: &str, kind: &str, (port, protocol): (u8, u8)) {
        let for_own = format!("ip{family} && ip{family}.dst == {own} && !ip.later_frag");
        let back = format!("eth.dst <-> eth.src; ip{family}.dst <-> ip{family}.src;");
        let meter = format!("icmp{family}-error");
        let icmp = |code: u8| format!("icmp{family} {{{back} ip.ttl = 255; {kind} {code}; next; }};");
        self.add(80, format!("{for_own} && udp"), icmp(port), &meter);
        self.add(
            80,
            format!("{for_own} && tcp"),
            format!("tcp_reset {{{back} next; }};"),
            "tcp-reset",
        );
        self.add(
            80,
            format!("{for_own} && sctp"),
            format!("sctp_abort {{{back} next; }};"),
            "tcp-reset",
        );
        self.add(70, for_own, icmp(protocol), &meter);
    }

    fn time_exceeded(&mut self) {
        let (key, is_gateway) = (&self.port.key, self.port.is_gateway);
        let addresses = &self.port.addresses;
        // A gateway port's address may be somewhere else, the packet's destination is as good.
        let source = |family: &str, own: String| match is_gateway {
            true => format!("ip{family}.dst <-> ip{family}.src"),
            false => format!("ip{family}.dst = ip{family}.src; ip{family}.src = {own}"),
        };
        let out = format!("outport = {key}; flags.loopback = 1; output; }};");
        let late = "ip.ttl == {0, 1} && !ip.later_frag";
        for v4 in &addresses.v4 {
            let source = source("4", v4.addr.to_string());
            self.add(
                31,
                format!("inport == {key} && ip4 && {late}"),
                format!(
                    "icmp4 {{eth.dst <-> eth.src; icmp4.type = 11; /* Time exceeded */ icmp4.code = 0; \
                     /* TTL exceeded in transit */ {source} ; ip.ttl = 254; {out}"
                ),
                "icmp4-error",
            );
        }
        for v6 in addresses
            .v6
            .iter()
            .filter(|v6| !Prefix::from(**v6).is_link_local())
        {
            let source = source("6", v6_text(v6.addr));
            self.add(
                31,
                format!("inport == {key} && ip6 && ip6.src == {} && {late}", Prefix::from(*v6)),
                format!(
                    "icmp6 {{eth.dst <-> eth.src; {source} ; ip.ttl = 254; icmp6.type = 3; /* Time exceeded */ \
                     icmp6.code = 0; /* TTL exceeded in transit */ {out}"
                ),
                "icmp6-error",
            );
        }
    }
}
