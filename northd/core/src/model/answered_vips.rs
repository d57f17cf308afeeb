//! Which virtual addresses a router answers ARP and ND for (`neighbor_responder`).
//!
//! Thousands of load balancers are in one group, and hundreds of routers have that group: what may be answered for is
//! gathered once for each group (`router_vips.rs`), and a router looks up what is in its own networks.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ovsdb_data::Uuid;

use super::load_balancer::Answers;
use super::load_balancer_datapaths::RouterNetworks;
use super::router::Router;
use super::router_vips::RouterBalancers;
use super::vip::Vip;
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
    /// All that are addresses, with their texts; sorted. It answers for those in its networks.
    addresses: Vec<(IpAddr, Arc<str>)>,
}

impl Answerable {
    /// One more. [`Answerable::settle`] comes after the last.
    pub fn add(&mut self, vip: &Vip, answers: Answers) {
        if answers == Answers::All {
            self.always.add(vip.addr, &vip.ip);
        }
        if let (Answers::All | Answers::Reachable, Some(addr)) = (answers, vip.addr) {
            self.addresses.push((addr, vip.ip.clone()));
        }
    }

    /// Those of another, too.
    pub fn extend(&mut self, other: &Answerable) {
        self.always.extend(&other.always);
        self.addresses.extend(other.addresses.iter().cloned());
    }

    /// All have been added.
    pub fn settle(&mut self) {
        self.addresses.sort_unstable();
        self.addresses.dedup();
    }

    /// Those between two addresses, both included.
    pub fn between(&self, first: IpAddr, last: IpAddr) -> impl Iterator<Item = &(IpAddr, Arc<str>)> {
        let from = self.addresses.partition_point(|(addr, _)| *addr < first);
        self.addresses[from..]
            .iter()
            .take_while(move |(addr, _)| *addr <= last)
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
        for vips in balancers.vips(view) {
            answered.extend(&vips.answerable.always);
            for (first, last) in networks.ranges() {
                for (addr, text) in vips.answerable.between(first, last) {
                    answered.add(Some(*addr), text);
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
