//! The engine of the C program as its operators and scripts see it (`inc-engine/…`): its nodes by name, and how often
//! each ran. Ours has derivations instead, many times as many; a node has run where one of its derivations was made.
//!
//! In: the counts of derivations after each run. Out: texts.

use northd_core::graph::Count;
use northd_core::nodes::{Node, NodeId};

/// The nodes, in the order in which the C program lists them.
const NODES: [&str; 70] = [
    "NB_acl",
    "SB_acl_id",
    "acl_id",
    "NB_mirror",
    "NB_static_mac_binding",
    "NB_chassis_template_var",
    "SB_chassis",
    "SB_mirror",
    "SB_meter",
    "SB_datapath_binding",
    "SB_dns",
    "SB_ha_chassis_group",
    "SB_ip_multicast",
    "SB_service_monitor",
    "SB_static_mac_binding",
    "SB_chassis_template_var",
    "SB_fdb",
    "NB_nb_global",
    "NB_logical_switch",
    "SB_sb_global",
    "NB_sampling_app",
    "sampling_app",
    "global_config",
    "SB_mac_binding",
    "SB_port_binding",
    "NB_logical_router",
    "NB_load_balancer",
    "NB_load_balancer_group",
    "lb_data",
    "northd",
    "sync_from_sb",
    "lr_nat",
    "lr_stateful",
    "SB_address_set",
    "NB_address_set",
    "NB_port_group",
    "sync_to_sb_addr_set",
    "SB_port_group",
    "port_group",
    "NB_meter",
    "sync_meters",
    "SB_load_balancer",
    "SB_logical_dp_group",
    "sync_to_sb_lb",
    "sync_to_sb_pb",
    "sync_to_sb",
    "SB_logical_flow",
    "SB_multicast_group",
    "NB_bfd",
    "SB_bfd",
    "bfd",
    "routes",
    "route_policies",
    "bfd_sync",
    "SB_learned_route",
    "learned_route_sync",
    "group_ecmp_route",
    "ls_stateful",
    "SB_igmp_group",
    "multicast_igmp",
    "lflow",
    "mac_binding_aging_waker",
    "mac_binding_aging",
    "fdb_aging_waker",
    "fdb_aging",
    "SB_ecmp_nexthop",
    "ecmp_nexthop",
    "dynamic_routes",
    "SB_advertised_route",
    "advertised_route_sync",
];

/// The last node, which runs whenever another does.
const OUTPUT: &str = "northd_output";

/// The node that does in the C program what a derivation does here.
fn node_of(node: NodeId) -> &'static str {
    match node {
        Node::Config | Node::Features => "global_config",
        Node::SampleDomains => "sampling_app",
        Node::AclIds | Node::AclId | Node::AclIdRows => "acl_id",
        Node::LoadBalancer
        | Node::VipTexts
        | Node::Buckets
        | Node::BucketTexts
        | Node::Vips
        | Node::HasVip
        | Node::BalancerServes
        | Node::GroupServes
        | Node::LbGroupRouters
        | Node::LbGroupSwitches => "lb_data",
        Node::Nat
        | Node::PlacedNat
        | Node::RouterNats
        | Node::NatTraits
        | Node::NatRank
        | Node::ExternalMacs => "lr_nat",
        Node::ForceSnat
        | Node::SnatIps
        | Node::RouterBalancers
        | Node::RouterHasVip
        | Node::IsServed
        | Node::LbRouter
        | Node::AnsweredVips
        | Node::AnswersVips => "lr_stateful",
        Node::Group
        | Node::Member
        | Node::BucketGroups
        | Node::SwitchGroups
        | Node::GroupMembers
        | Node::GroupSwitches
        | Node::PortGroups => "port_group",
        Node::Acl
        | Node::AclRefs
        | Node::BucketAcls
        | Node::HolderAcls
        | Node::SwitchAcls
        | Node::GroupKinds => "ls_stateful",
        Node::BfdIsUp | Node::HasBfd => "bfd",
        Node::BfdRows => "bfd_sync",
        Node::Route | Node::RouteRefs | Node::BucketRoutes | Node::PortTable | Node::RouteTables => "routes",
        Node::LearnedRoutes => "learned_route_sync",
        Node::EcmpGroups | Node::EcmpGroup => "group_ecmp_route",
        Node::NextHops
        | Node::PolicyRefs
        | Node::BucketPolicies
        | Node::PolicyChains
        | Node::PolicyGroups => "route_policies",
        Node::Redistribution | Node::HostAdvertisers => "dynamic_routes",
        Node::PortAdvertisedRoutes | Node::HostAdvertisedRoutes | Node::StaticAdvertisedRoutes => {
            "advertised_route_sync"
        }
        Node::EcmpNexthops => "ecmp_nexthop",
        Node::Reports
        | Node::SwitchReports
        | Node::SwitchLearned
        | Node::RouterLearned
        | Node::MulticastGroups
        | Node::LearnedKeys => "multicast_igmp",
        Node::Meters | Node::AclMeters => "sync_meters",
        Node::AddressSets | Node::GroupAddressSets | Node::MonitorAddressSet | Node::RouterVipSets => {
            "sync_to_sb_addr_set"
        }
        Node::LoadBalancers => "sync_to_sb_lb",
        Node::NatAddresses => "sync_to_sb_pb",
        Node::NbSwitchPortRow | Node::NbRouterPortRow => "sync_from_sb",
        other if makes_flows(other) => "lflow",
        _ => "northd",
    }
}

/// Derivations of flows are named so.
fn makes_flows(node: NodeId) -> bool {
    Node::ALL[node.place()].0.ends_with("Flows")
}

#[derive(Clone, Copy, Default)]
struct Stats {
    recompute: u64,
    compute: u64,
}

/// How often each node ran.
pub struct Engine {
    /// By the node's place, [`OUTPUT`] last.
    stats: [Stats; N_NODES],
    /// The place of the node of each derivation, by its place.
    node_of: Vec<usize>,
    /// What each derivation had made after the last run, by its place.
    made: Vec<u64>,
}

const N_NODES: usize = NODES.len() + 1;

impl Default for Engine {
    fn default() -> Engine {
        let places = (0..).take(Node::ALL.len());
        Engine {
            stats: [Stats::default(); N_NODES],
            node_of: places
                .map(|place| place_of(node_of(NodeId::new(place))))
                .collect(),
            made: vec![0; Node::ALL.len()],
        }
    }
}

/// The place of a node, which is one of them.
fn place_of(node: &str) -> usize {
    NODES.iter().position(|name| *name == node).unwrap_or(NODES.len())
}

impl Engine {
    /// Something was made of changes, or of everything from nothing.
    pub fn ran(&mut self, counts: impl Iterator<Item = (NodeId, Count)>, is_recompute: bool) {
        let mut has_run = [false; N_NODES];
        for (node, count) in counts {
            let before = std::mem::replace(&mut self.made[node.place()], count.made);
            if before != count.made {
                has_run[self.node_of[node.place()]] = true;
            }
        }
        if is_recompute {
            self.stats.iter_mut().for_each(|stats| stats.recompute += 1);
            return;
        }
        if !has_run.contains(&true) {
            return;
        }
        let is_sync = |node: &str| node.starts_with("sync_to_sb_") || node == "sync_meters";
        if NODES.iter().zip(has_run).any(|(node, ran)| ran && is_sync(node)) {
            has_run[place_of("sync_to_sb")] = true;
        }
        has_run[NODES.len()] = true;
        let ran = self.stats.iter_mut().zip(has_run).filter(|(_, ran)| *ran);
        ran.for_each(|(stats, _)| stats.compute += 1);
    }

    /// Forgets how often.
    pub fn clear(&mut self) {
        self.stats = [Stats::default(); N_NODES];
    }

    /// `inc-engine/show-stats [NODE [COUNTER]]`.
    pub fn show(&self, arguments: &[String]) -> String {
        let stats = |node: &str| self.stats[place_of(node)];
        let whole = |node: &str| {
            let Stats { recompute, compute } = stats(node);
            format!(
                "Node: {node}\n- recompute: {recompute:>12}\n- compute:   {compute:>12}\n- cancel:    {:>12}\n",
                0
            )
        };
        match arguments {
            [] => names().map(whole).collect(),
            [node, rest @ ..] => match (
                names().find(|name| name == node),
                rest.first().map(String::as_str),
            ) {
                (None, _) => String::new(),
                (Some(node), None) => whole(node),
                (Some(node), Some("recompute")) => stats(node).recompute.to_string(),
                (Some(node), Some("compute")) => stats(node).compute.to_string(),
                (Some(_), Some("cancel")) => "0".to_owned(),
                (Some(_), Some(other)) => format!("Invalid stat type : {other}"),
            },
        }
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    NODES.into_iter().chain([OUTPUT])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_derivation_is_of_a_node() {
        for place in (0..).take(Node::ALL.len()) {
            let node = node_of(NodeId::new(place));
            assert!(NODES.contains(&node), "{node}");
        }
    }
}
