//! Which virtual addresses a router answers ARP and ND for (`neighbor_responder`).
//!
//! Thousands of load balancers are in one group, and hundreds of routers have that group: what may be answered for is
//! gathered once for each group, and a router looks up what is in its own networks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LoadBalancerGroup;
use ovsdb_data::Uuid;

use super::load_balancer::{Answers, LoadBalancer};
use super::load_balancer_datapaths::RouterNetworks;
use super::router::Router;
use super::router_vips::RouterBalancers;
use super::vip::Vip;
use super::vips::{Vips, buckets};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Virtual addresses that a router answers ARP and ND for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnsweredVips {
    /// IPv4 addresses.
    pub v4: BTreeSet<Arc<str>>,
    /// IPv6 addresses, and template variables.
    pub v6: BTreeSet<Arc<str>>,
}

impl AnsweredVips {
    fn add(&mut self, addr: Option<IpAddr>, text: &Arc<str>) {
        match addr {
            Some(IpAddr::V4(_)) => self.v4.insert(text.clone()),
            _ => self.v6.insert(text.clone()),
        };
    }

    fn extend(&mut self, other: &AnsweredVips) {
        self.v4.extend(other.v4.iter().cloned());
        self.v6.extend(other.v6.iter().cloned());
    }
}

/// Virtual addresses that routers answer for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answerable {
    /// Whatever the router.
    always: AnsweredVips,
    /// If they are in one of its networks, with their texts.
    reachable: BTreeMap<IpAddr, BTreeSet<Arc<str>>>,
}

impl Answerable {
    fn add(&mut self, vip: &Vip, answers: Answers) {
        match (answers, vip.addr) {
            (Answers::All, addr) => self.always.add(addr, &vip.ip),
            (Answers::Reachable, Some(addr)) => {
                self.reachable.entry(addr).or_default().insert(vip.ip.clone());
            }
            (Answers::Reachable, None) | (Answers::None, _) => {}
        }
    }

    fn extend(&mut self, other: &Answerable) {
        self.always.extend(&other.always);
        for (addr, texts) in &other.reachable {
            self.reachable
                .entry(*addr)
                .or_default()
                .extend(texts.iter().cloned());
        }
    }
}

/// Those of one load balancer.
pub enum BalancerAnswers {}

impl Derivation for BalancerAnswers {
    type Key = Uuid;
    type Value = Answerable;
    const NODE: NodeId = Node::BalancerAnswers;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Answerable>) -> Answerable {
        let mut answerable = Answerable::default();
        if let Some(lb) = view.get::<LoadBalancer>(uuid).as_ref() {
            for bucket in buckets(view, uuid) {
                let vips = view.get::<Vips>(bucket);
                vips.iter().for_each(|vip| answerable.add(vip, lb.answers));
            }
        }
        answerable
    }
}

/// Those of the load balancers of a group.
pub enum GroupAnswers {}

impl Derivation for GroupAnswers {
    type Key = Uuid;
    type Value = Answerable;
    const NODE: NodeId = Node::GroupAnswers;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Answerable>) -> Answerable {
        let mut answerable = Answerable::default();
        if let Some(row) = view.row::<LoadBalancerGroup<'_>>(uuid) {
            for balancer in row.load_balancer().iter() {
                answerable.extend(&view.get::<BalancerAnswers>(balancer));
            }
        }
        answerable
    }
}

impl Derivation for AnsweredVips {
    type Key = Uuid;
    type Value = AnsweredVips;
    const NODE: NodeId = Node::AnsweredVips;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&AnsweredVips>) -> AnsweredVips {
        let mut answered = AnsweredVips::default();
        if view.get::<Router>(uuid).is_none() {
            return answered;
        }
        let networks = view.get::<RouterNetworks>(uuid);
        let balancers = view.get::<RouterBalancers>(uuid);
        for answerable in balancers.answers(view) {
            answered.extend(&answerable.always);
            for (first, last) in networks.ranges() {
                for (addr, texts) in answerable.reachable.range(first..=last) {
                    texts.iter().for_each(|text| answered.add(Some(*addr), text));
                }
            }
        }
        answered
    }
}

/// Whether a router answers ARP, and ND, for virtual addresses.
pub enum AnswersVips {}

impl Derivation for AnswersVips {
    type Key = Uuid;
    type Value = (bool, bool);
    const NODE: NodeId = Node::AnswersVips;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&(bool, bool)>) -> (bool, bool) {
        let answered = view.get::<AnsweredVips>(uuid);
        (!answered.v4.is_empty(), !answered.v6.is_empty())
    }
}
