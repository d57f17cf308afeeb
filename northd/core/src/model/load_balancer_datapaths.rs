//! Which switches and routers a load balancer is on: directly, by group, and on switches because of their router
//! (`install_ls_lb_from_router`); and what routers and switches need to know of theirs.
//!
//! Sets are sorted and shared: a thousand load balancers of one group have the group's set.

use std::collections::BTreeSet;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LoadBalancerGroup, LogicalRouter, LogicalSwitch, LogicalSwitchPort};
use ovsdb_data::Uuid;

use super::address::{Addresses, V4, V6};
use super::block::{Range, ranges};
use super::config::Config;
use super::nat::ForceSnat;
use super::router::{GatewayPorts, Router, RouterPorts};
use super::router_port::RouterPort;
use super::switch_port::{Peer, SwitchPort};
use crate::flow::Set;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::switch::forward::Forward;
use crate::view::View;

/// All that are in one of the sets; the set itself where only one has anything.
fn union(sets: Vec<Set>) -> Set {
    let mut sets: Vec<Set> = sets.into_iter().filter(|set| !set.is_empty()).collect();
    sets.dedup();
    match &sets[..] {
        [] => Set::default(),
        [one] => one.clone(),
        _ => {
            let all: BTreeSet<Uuid> = sets.iter().flat_map(|set| set.iter().copied()).collect();
            all.into_iter().collect()
        }
    }
}

fn routers(view: &View<'_>, holders: Vec<Uuid>) -> Set {
    let counts = |router: &Uuid| view.get::<Router>(*router).is_some();
    holders.into_iter().filter(counts).collect()
}

/// The switches of routers, if load balancers of routers are on them too.
fn inherited(view: &View<'_>, routers: &[Uuid]) -> Vec<Set> {
    if !view.get::<Config>(()).install_ls_lb_from_router {
        return Vec::new();
    }
    let of_router = |router: &Uuid| Set::clone(&view.get::<RouterSwitches>(*router));
    routers.iter().map(of_router).collect()
}

/// The switches that a router has ports on.
pub enum RouterSwitches {}

impl Derivation for RouterSwitches {
    type Key = Uuid;
    type Value = Set;
    const NODE: NodeId = Node::RouterSwitches;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Set>) -> Set {
        let mut switches = BTreeSet::new();
        for port in view.get::<RouterPorts>(uuid).iter() {
            let Some(port) = &*view.get::<RouterPort>(*port) else {
                continue;
            };
            let peers = leading_to(view, port).into_iter();
            switches.extend(peers.filter_map(|peer| Some((*view.get::<SwitchPort>(peer)).as_ref()?.switch)));
        }
        switches.into_iter().collect()
    }
}

/// The switch ports that lead to a router port.
fn leading_to(view: &View<'_>, port: &RouterPort) -> Vec<Uuid> {
    let named = view.holders(LogicalSwitchPort::OPTIONS, &*port.name).into_iter();
    named
        .filter(|lsp| *view.get::<Peer>(*lsp) == Some(port.uuid))
        .collect()
}

/// The routers of a group.
pub enum LbGroupRouters {}

impl Derivation for LbGroupRouters {
    type Key = Uuid;
    type Value = Set;
    const NODE: NodeId = Node::LbGroupRouters;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Set>) -> Set {
        routers(view, view.holders(LogicalRouter::LOAD_BALANCER_GROUP, uuid))
    }
}

/// The switches of a group.
pub enum LbGroupSwitches {}

impl Derivation for LbGroupSwitches {
    type Key = Uuid;
    type Value = Set;
    const NODE: NodeId = Node::LbGroupSwitches;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Set>) -> Set {
        let mut sets = inherited(view, &view.get::<LbGroupRouters>(uuid));
        sets.push(view.holders(LogicalSwitch::LOAD_BALANCER_GROUP, uuid).into());
        union(sets)
    }
}

/// The group to which a load balancer owes all its datapaths; none where it has some otherwise.
pub enum LbHome {}

impl Derivation for LbHome {
    type Key = Uuid;
    type Value = Option<Uuid>;
    const NODE: NodeId = Node::LbHome;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let groups = view.holders(LoadBalancerGroup::LOAD_BALANCER, uuid);
        let is_alone = view.holders(LogicalSwitch::LOAD_BALANCER, uuid).is_empty()
            && view.holders(LogicalRouter::LOAD_BALANCER, uuid).is_empty();
        match groups[..] {
            [group] if is_alone => Some(group),
            _ => None,
        }
    }
}

/// Load balancers with the same datapaths: those of a group that have no others, or a single one. What these datapaths
/// are like is found once for all of them.
pub type Alike = (Uuid, Uuid);

/// Whom a load balancer is like.
pub fn alike(view: &View<'_>, lb: Uuid) -> Alike {
    match *view.get::<LbHome>(lb) {
        Some(group) => (group, Uuid::nil()),
        None => (Uuid::nil(), lb),
    }
}

/// Their routers.
fn routers_of(view: &View<'_>, (group, lb): Alike) -> Set {
    match lb.is_nil() {
        true => Set::clone(&view.get::<LbGroupRouters>(group)),
        false => Set::clone(&view.get::<LbRouters>(lb)),
    }
}

/// Their switches.
pub fn switches_of(view: &View<'_>, (group, lb): Alike) -> Set {
    match lb.is_nil() {
        true => Set::clone(&view.get::<LbGroupSwitches>(group)),
        false => Set::clone(&view.get::<LbSwitches>(lb)),
    }
}

/// The routers of a load balancer.
pub enum LbRouters {}

impl Derivation for LbRouters {
    type Key = Uuid;
    type Value = Set;
    const NODE: NodeId = Node::LbRouters;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Set>) -> Set {
        let groups = view.holders(LoadBalancerGroup::LOAD_BALANCER, uuid);
        let mut sets: Vec<Set> = groups
            .iter()
            .map(|g| Set::clone(&view.get::<LbGroupRouters>(*g)))
            .collect();
        sets.push(routers(view, view.holders(LogicalRouter::LOAD_BALANCER, uuid)));
        union(sets)
    }
}

/// The switches of a load balancer.
pub enum LbSwitches {}

impl Derivation for LbSwitches {
    type Key = Uuid;
    type Value = Set;
    const NODE: NodeId = Node::LbSwitches;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Set>) -> Set {
        let groups = view.holders(LoadBalancerGroup::LOAD_BALANCER, uuid);
        let mut sets: Vec<Set> = groups
            .iter()
            .map(|g| Set::clone(&view.get::<LbGroupSwitches>(*g)))
            .collect();
        sets.push(view.holders(LogicalSwitch::LOAD_BALANCER, uuid).into());
        let direct = routers(view, view.holders(LogicalRouter::LOAD_BALANCER, uuid));
        sets.extend(inherited(view, &direct));
        union(sets)
    }
}

/// What a router's flows of load balancers depend on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LbRouter {
    /// What it balances gets an address of its own as source (`lb_force_snat_ip`).
    pub forces_snat: bool,
    /// It is a gateway router.
    pub is_gateway: bool,
    /// The names of its distributed gateway ports and of their chassisredirect ports, in quotation marks.
    pub gateways: Vec<(Arc<str>, Arc<str>)>,
}

impl Derivation for LbRouter {
    type Key = Uuid;
    type Value = LbRouter;
    const NODE: NodeId = Node::LbRouter;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&LbRouter>) -> LbRouter {
        let router = view.get::<Router>(uuid);
        let Some(router) = router.as_ref() else {
            return LbRouter::default();
        };
        let force = view.get::<ForceSnat>(uuid);
        let names = |port: &Uuid| {
            let port = view.get::<RouterPort>(*port);
            port.as_ref()
                .as_ref()
                .map(|port| (port.key.clone(), port.redirect_key()))
        };
        LbRouter {
            forces_snat: force.lb.is_some() || force.lb_router_ip,
            is_gateway: router.is_gateway(),
            gateways: view.get::<GatewayPorts>(uuid).iter().filter_map(names).collect(),
        }
    }
}

/// The routers of load balancers by what they do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouterKinds {
    /// All.
    pub all: Set,
    /// Those that force a source, and those that do not.
    pub forcing: [Set; 2],
    /// Those without distributed gateway ports.
    pub plain: Set,
    /// Of these, those that force a source, and those that do not.
    pub plain_forcing: [Set; 2],
    /// Those with distributed gateway ports.
    pub distributed: Vec<(Uuid, Arc<LbRouter>)>,
}

impl Derivation for RouterKinds {
    type Key = Alike;
    type Value = RouterKinds;
    const NODE: NodeId = Node::LbRouterKinds;

    fn derive(view: &View<'_>, alike: Alike, _: Option<&RouterKinds>) -> RouterKinds {
        let all = routers_of(view, alike);
        let of = |uuid: &Uuid| (*uuid, view.get::<LbRouter>(*uuid));
        let routers: Vec<(Uuid, Arc<LbRouter>)> = all.iter().map(of).collect();
        let select = |counts: &dyn Fn(&LbRouter) -> bool| -> Set {
            let found = routers.iter().filter(|(_, router)| counts(router));
            let found: Vec<Uuid> = found.map(|(uuid, _)| *uuid).collect();
            match found.len() == all.len() {
                true => all.clone(),
                false => found.into(),
            }
        };
        let is_plain = |router: &LbRouter| router.gateways.is_empty();
        RouterKinds {
            forcing: [true, false].map(|forces| select(&|router| router.forces_snat == forces)),
            plain: select(&is_plain),
            plain_forcing: [true, false]
                .map(|forces| select(&|router| router.forces_snat == forces && is_plain(router))),
            distributed: routers
                .iter()
                .filter(|(_, router)| !is_plain(router))
                .cloned()
                .collect(),
            all,
        }
    }
}

/// Networks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Networks {
    v4: Vec<V4>,
    v6: Vec<V6>,
}

impl Networks {
    /// The first and the last address of each.
    pub fn ranges(&self) -> impl Iterator<Item = Range> {
        ranges(&self.v4, &self.v6)
    }

    fn add(&mut self, addresses: &Addresses) {
        self.v4.extend(&addresses.v4);
        self.v6.extend(&addresses.v6);
    }
}

/// All networks of a router.
pub enum RouterNetworks {}

impl Derivation for RouterNetworks {
    type Key = Uuid;
    type Value = Networks;
    const NODE: NodeId = Node::LbNetworks;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Networks>) -> Networks {
        let mut networks = Networks::default();
        for port in view.get::<RouterPorts>(uuid).iter() {
            if let Some(port) = &*view.get::<RouterPort>(*port) {
                networks.add(&port.addresses);
            }
        }
        networks
    }
}

/// A switch's port that leads to an enabled port of a router.
#[derive(Clone, Debug, PartialEq)]
pub struct Front {
    /// The way to the router.
    pub forward: Forward,
    /// The router port's networks.
    pub networks: Networks,
}

/// Where a router is seen from switches.
pub enum Fronts {}

impl Derivation for Fronts {
    type Key = Uuid;
    type Value = Vec<Front>;
    const NODE: NodeId = Node::Fronts;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Vec<Front>>) -> Vec<Front> {
        let mut fronts = Vec::new();
        for port in view.get::<RouterPorts>(uuid).iter() {
            let port = view.get::<RouterPort>(*port);
            let Some(port) = port.as_ref().as_ref().filter(|port| port.is_enabled) else {
                continue;
            };
            for peer in leading_to(view, port) {
                let Some(peer) = &*view.get::<SwitchPort>(peer) else {
                    continue;
                };
                let mut networks = Networks::default();
                networks.add(&port.addresses);
                fronts.push(Front {
                    forward: Forward::to(view, peer),
                    networks,
                });
            }
        }
        fronts
    }
}
