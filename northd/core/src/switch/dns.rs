//! DNS answers from records of the northbound database (ovn-northd(8) "Ingress Table 25", "26"). The records are in the
//! southbound one, and ovn-controller answers.

use ovn_schemas::rows::ovn_northbound::{
    Acl, Dns, LoadBalancer, LoadBalancerGroup, LogicalSwitch, PortGroup,
};
use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::copp;
use crate::model::switch::{Switch, SwitchPorts};
use crate::nodes::Node;
use crate::view::View;

/// The flows of a switch.
pub enum DnsFlows {}

impl Derivation for DnsFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: Node = Node::DnsFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        flows.add(Stage::LsInDnsLookup, 0, "1", "next;");
        flows.add(Stage::LsInDnsResponse, 0, "1", "next;");
        if !has_records(view, uuid) {
            return flows;
        }
        let switch = view.get::<Switch>(uuid);
        let copp = switch.as_ref().as_ref().and_then(|switch| switch.copp);
        flows
            .add(
                Stage::LsInDnsLookup,
                100,
                "udp.dst == 53",
                "reg0[4] = dns_lookup(); next;",
            )
            .meter(copp::meter(view, copp, "dns"));
        for ip in ["ip4", "ip6"] {
            flows.add(
                Stage::LsInDnsResponse,
                100,
                "udp.dst == 53 && reg0[4]",
                format!(
                    "eth.dst <-> eth.src; {ip}.src <-> {ip}.dst; udp.dst = udp.src; udp.src = 53; \
                     outport = inport; flags.loopback = 1; output;"
                ),
            );
        }
        // Whatever ACLs say, the answer gets to who asked.
        flows.add(
            Stage::LsOutAclEval,
            34000,
            "flags.from_ctrl && udp.src == 53",
            match *view.get::<TracksConnections>(uuid) {
                true => "reg8[16] = 1; ct_commit; next;",
                false => "reg8[16] = 1; next;",
            },
        );
        flows
    }
}

fn has_records(view: &View<'_>, switch: Uuid) -> bool {
    let Some(switch) = view.row::<LogicalSwitch<'_>>(switch) else {
        return false;
    };
    let mut rows = switch
        .dns_records()
        .iter()
        .filter_map(|dns| view.row::<Dns<'_>>(dns));
    rows.any(|dns| !dns.records().is_empty())
}

/// Whether packets of a switch go through connection tracking: it has stateful ACLs, its own or those of port groups, or
/// load balancers with addresses.
pub enum TracksConnections {}

impl Derivation for TracksConnections {
    type Key = Uuid;
    type Value = bool;
    const NODE: Node = Node::TracksConnections;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&bool>) -> bool {
        let Some(switch) = view.row::<LogicalSwitch<'_>>(uuid) else {
            return false;
        };
        let has_addresses = |lb: Uuid| {
            view.row::<LoadBalancer<'_>>(lb)
                .is_some_and(|lb| !lb.vips().is_empty())
        };
        let in_group = |group: Uuid| {
            let group = view.row::<LoadBalancerGroup<'_>>(group);
            group.is_some_and(|group| group.load_balancer().iter().any(has_addresses))
        };
        switch.acls().iter().any(|acl| is_stateful(view, acl))
            || switch.load_balancer().iter().any(has_addresses)
            || switch.load_balancer_group().iter().any(in_group)
            || view.get::<SwitchPorts>(uuid).iter().any(|port| {
                let groups = view.holders(PortGroup::PORTS, *port);
                groups
                    .into_iter()
                    .any(|group| *view.get::<IsStatefulGroup>(group))
            })
    }
}

/// Whether a port group has stateful ACLs.
pub enum IsStatefulGroup {}

impl Derivation for IsStatefulGroup {
    type Key = Uuid;
    type Value = bool;
    const NODE: Node = Node::IsStatefulGroup;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&bool>) -> bool {
        let group = view.row::<PortGroup<'_>>(uuid);
        group.is_some_and(|group| group.acls().iter().any(|acl| is_stateful(view, acl)))
    }
}

fn is_stateful(view: &View<'_>, acl: Uuid) -> bool {
    view.row::<Acl<'_>>(acl)
        .is_some_and(|acl| acl.action() == "allow-related")
}
