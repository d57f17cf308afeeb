//! Address translation: each rule's flows, on every router that refers to it (ovn-northd(8) "Ingress Table 0", "3",
//! "5", "9", "21", "24", "Egress Table 0" to "5").
//!
//! Here: the rule on its router ([`Rule`]), and which stages it is translated in. The flows of a stage are in the file
//! of that stage's name; those that belong to no rule are in `nat_stages.rs`.

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalRouter;
use ovsdb_data::Uuid;

use super::{dnat, egress_loop, gateway_redirect, nat_input, nat_resolve, snat, undnat, unsnat};
use crate::flow::Flows;
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::nat::{Nat, Peers, Placed, Rank};
use crate::model::router::{GatewayPorts, Router};
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// A rule on a router.
pub struct Rule<'a> {
    /// The rule.
    pub nat: &'a Nat,
    /// What it is among the router's rules.
    pub rank: Rank,
    /// The router.
    pub router: &'a Router,
    /// The distributed gateway port where it translates; none on gateway routers.
    pub port: Option<&'a RouterPort>,
    /// The logical port whose chassis translates, if it is not the gateway port's.
    pub distributed_to: Option<Arc<str>>,
    /// One conntrack zone is for both ways of translation.
    pub is_common_zone: bool,
    /// `drop;`, or what stands for it.
    pub drop: Arc<str>,
}

impl Rule<'_> {
    /// Packets of the rule's IP version with an address in a field of that: `ip4.dst == 10.0.0.1`.
    pub fn address(&self, field: &str, address: &str) -> String {
        format!("ip{}.{field} == {address}", self.nat.family())
    }

    /// That they come in by, or go out by, the gateway port; nothing on gateway routers.
    pub fn at_port(&self, field: &str) -> String {
        self.port
            .map_or_else(String::new, |port| format!(" && {field} == {}", port.key))
    }

    /// That this is the chassis of the gateway port, if it is the one that translates.
    pub fn at_center(&self) -> String {
        match (&self.distributed_to, self.port) {
            (None, Some(port)) => format!(" && {}", port.is_resident()),
            _ => String::new(),
        }
    }

    /// That this is the chassis that translates; nothing on gateway routers.
    pub fn at_home(&self) -> String {
        match &self.distributed_to {
            Some(port) => format!(" && is_chassis_resident(\"{port}\")"),
            None => self.at_center(),
        }
    }

    /// That the other side is among those that the rule is for.
    pub fn with_peers(&self, field: &str) -> String {
        match &self.nat.peers {
            Peers::Allowed(set) => format!(" && {}", self.address(field, &format!("${set}"))),
            _ => String::new(),
        }
    }

    /// That the other side is not among those that the rule is for.
    pub fn without_peers(&self, field: &str) -> Option<String> {
        match &self.nat.peers {
            Peers::Exempted(set) => Some(format!(" && {}", self.address(field, &format!("${set}")))),
            _ => None,
        }
    }

    /// The rule's own match.
    pub fn own_match(&self) -> String {
        match &*self.nat.r#match {
            "" => String::new(),
            own => format!(" && ({own})"),
        }
    }

    /// The priority of rules with a match of their own, where it is not the other.
    pub fn priority(&self, otherwise: u16) -> u16 {
        match self.nat.r#match.is_empty() {
            true => otherwise,
            false => self.nat.priority.saturating_add(300),
        }
    }

    /// Ports outside, as an argument.
    pub fn ports(&self) -> String {
        match &*self.nat.port_range {
            "" => String::new(),
            range => format!(",{range}"),
        }
    }

    /// Sets the source's Ethernet address, where the chassis of a logical port translates.
    pub fn own_mac(&self) -> String {
        match (&self.distributed_to, &self.nat.mac) {
            (Some(_), Some((mac, _))) => format!("eth.src = {mac}; "),
            _ => String::new(),
        }
    }
}

/// The flows of a rule.
pub enum NatFlows {}

impl Derivation for NatFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::NatFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut all = Flows::on_all(crate::flow::Datapaths::Set(Arc::default()));
        let nat = view.get::<Nat>(uuid);
        let Some(nat) = nat.as_ref() else {
            return all;
        };
        for uuid in view.holders(LogicalRouter::NAT, nat.uuid) {
            let router = view.get::<Router>(uuid);
            let (Some(router), Some(placed)) = (router.as_ref(), *view.get::<Placed>((uuid, nat.uuid)))
            else {
                continue;
            };
            let mut flows = Flows::on(uuid);
            on_router(view, nat, router, placed, &mut flows);
            all.extend(flows);
        }
        all
    }
}

fn on_router(view: &View<'_>, nat: &Nat, router: &Router, placed: Placed, flows: &mut Flows) {
    let config = view.get::<Config>(());
    let port = placed.gateway_port.map(|port| view.get::<RouterPort>(port));
    let rule = Rule {
        nat,
        rank: *view.get::<Rank>((router.uuid, nat.uuid)),
        router,
        port: port.as_ref().and_then(|port| port.as_ref().as_ref()),
        distributed_to: nat.logical_port.clone().filter(|_| placed.is_distributed),
        is_common_zone: config.use_common_zone && !router.is_gateway(),
        drop: config.drop.clone(),
    };
    let gateways = view.get::<GatewayPorts>(router.uuid);
    nat_input::replies(view, &rule, &gateways, flows);
    // Only where all traffic passes one chassis, or one port, is anything translated.
    if rule.port.is_none() && !router.is_gateway() {
        return;
    }
    nat_input::admission(view, &rule, flows);
    unsnat::of_rule(&rule, flows);
    dnat::of_rule(view, &rule, flows);
    nat_resolve::of_rule(view, &rule, &gateways, flows);
    gateway_redirect::of_rule(view, &rule, &gateways, flows);
    undnat::of_rule(&rule, config.use_common_zone, flows);
    snat::of_rule(view, &rule, flows);
    egress_loop::of_rule(&rule, config.use_common_zone, flows);
}
