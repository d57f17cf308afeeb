//! Which addresses the load balancers of a router serve: what address translation has to know about them.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use foldhash::fast::FixedState;
use ovn_schemas::rows::ovn_northbound::{LoadBalancerGroup, LogicalRouter};
use ovsdb_data::Uuid;

use super::answered_vips::Answerable;
use super::load_balancer::LoadBalancer;
use super::nat::Nat;
use super::vips::{VipTexts, Vips as ParsedVips, buckets};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The addresses that a load balancer serves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vips {
    /// The column `vips` is not empty.
    pub has_any: bool,
    /// Addresses, as flows have them; names of templates.
    pub ips: HashSet<Arc<str>, FixedState>,
    /// Those that routers answer for.
    pub answerable: Answerable,
}

/// Those of one load balancer.
pub enum BalancerVips {}

impl Derivation for BalancerVips {
    type Key = Uuid;
    type Value = Vips;
    const NODE: NodeId = Node::BalancerServes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Vips>) -> Vips {
        let mut vips = Vips {
            has_any: view.get::<VipTexts>(uuid).iter().any(|texts| !texts.is_empty()),
            ..Vips::default()
        };
        if let Some(lb) = &*view.get::<LoadBalancer>(uuid) {
            for bucket in buckets(view, uuid) {
                for vip in view.get::<ParsedVips>(bucket).iter() {
                    vips.ips.insert(vip.ip.clone());
                    vips.answerable.add(vip, lb.answers);
                }
            }
        }
        vips.answerable.settle();
        vips
    }
}

/// Those of the load balancers of a group.
pub enum GroupVips {}

impl Derivation for GroupVips {
    type Key = Uuid;
    type Value = Vips;
    const NODE: NodeId = Node::GroupServes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Vips>) -> Vips {
        let mut vips = Vips::default();
        let Some(row) = view.row::<LoadBalancerGroup<'_>>(uuid) else {
            return vips;
        };
        for balancer in row.load_balancer().iter() {
            let of = view.get::<BalancerVips>(balancer);
            vips.has_any |= of.has_any;
            vips.ips.extend(of.ips.iter().cloned());
            vips.answerable.extend(&of.answerable);
        }
        vips.answerable.settle();
        vips
    }
}

/// The load balancers and groups of a router.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouterBalancers {
    balancers: Vec<Uuid>,
    groups: Vec<Uuid>,
}

impl Derivation for RouterBalancers {
    type Key = Uuid;
    type Value = RouterBalancers;
    const NODE: NodeId = Node::RouterBalancers;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LogicalRouter<'_>>(uuid);
        row.map_or_else(RouterBalancers::default, |row| RouterBalancers {
            balancers: row.load_balancer().iter().collect(),
            groups: row.load_balancer_group().iter().collect(),
        })
    }
}

impl RouterBalancers {
    /// Each of them.
    pub fn vips<'a>(&'a self, view: &'a View<'_>) -> impl Iterator<Item = Arc<Vips>> + 'a {
        let balancers = self.balancers.iter().map(|uuid| view.get::<BalancerVips>(*uuid));
        balancers.chain(self.groups.iter().map(|uuid| view.get::<GroupVips>(*uuid)))
    }
}

/// Whether a router has load balancers that serve anything.
pub enum HasVip {}

impl Derivation for HasVip {
    type Key = Uuid;
    type Value = bool;
    const NODE: NodeId = Node::RouterHasVip;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&bool>) -> bool {
        view.get::<RouterBalancers>(uuid)
            .vips(view)
            .any(|vips| vips.has_any)
    }
}

/// Whether a load balancer of a router serves the address outside of a rule.
pub enum IsServed {}

impl Derivation for IsServed {
    /// The router and the rule.
    type Key = (Uuid, Uuid);
    type Value = bool;
    const NODE: NodeId = Node::IsServed;

    fn derive(view: &View<'_>, (router, nat): (Uuid, Uuid), _: Option<&bool>) -> bool {
        let nat = view.get::<Nat>(nat);
        let serves = |vips: Arc<Vips>| {
            nat.as_ref()
                .as_ref()
                .is_some_and(|nat| vips.ips.contains(&nat.external_text))
        };
        view.get::<RouterBalancers>(router).vips(view).any(serves)
    }
}

/// Every address that the load balancers of a router serve.
pub fn all(view: &View<'_>, router: Uuid) -> BTreeSet<Arc<str>> {
    let balancers = view.get::<RouterBalancers>(router);
    balancers
        .vips(view)
        .flat_map(|vips| vips.ips.iter().cloned().collect::<Vec<_>>())
        .collect()
}
