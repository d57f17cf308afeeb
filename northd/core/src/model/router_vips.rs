//! Which addresses the load balancers of a router serve: what address translation has to know about them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalRouter;
use ovsdb_data::Uuid;

use super::block::Range;
use super::nat::Nat;
use super::served::{Address, BalancerServes, Gist, GroupGist, GroupServes, between, in_group};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The load balancers and groups of a router.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouterBalancers {
    /// The load balancers.
    pub balancers: Vec<Uuid>,
    /// The groups.
    pub groups: Vec<Uuid>,
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
    /// Calls `with` for what each of them serves besides addresses.
    pub fn gists(&self, view: &View<'_>, mut with: impl FnMut(&Gist)) {
        for balancer in &self.balancers {
            with(&view.get::<BalancerServes>(*balancer).gist);
        }
        for group in &self.groups {
            with(&view.get::<GroupGist>(*group));
        }
    }

    /// Calls `with` for each address that they serve between two others.
    pub fn between(&self, view: &View<'_>, range: Range, mut with: impl FnMut(&Address)) {
        for balancer in &self.balancers {
            let served = view.get::<BalancerServes>(*balancer);
            between(&served.addresses, range).iter().for_each(&mut with);
        }
        for group in &self.groups {
            in_group(view, *group, range, &mut with);
        }
    }

    /// Whether they serve an address, as flows have it.
    pub fn serve(&self, view: &View<'_>, text: &str) -> bool {
        let mut found = false;
        self.gists(view, |gist| found |= gist.templates.contains(text));
        if let Ok(addr) = text.parse::<IpAddr>() {
            self.between(view, (addr, addr), |address| found |= *address.text == *text);
        }
        found
    }
}

/// Whether a router has load balancers that serve anything.
pub enum HasVip {}

impl Derivation for HasVip {
    type Key = Uuid;
    type Value = bool;
    const NODE: NodeId = Node::RouterHasVip;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&bool>) -> bool {
        let mut has_any = false;
        view.get::<RouterBalancers>(uuid)
            .gists(view, |gist| has_any |= gist.has_any);
        has_any
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
        let balancers = view.get::<RouterBalancers>(router);
        nat.as_ref()
            .as_ref()
            .is_some_and(|nat| balancers.serve(view, &nat.external_text))
    }
}

/// Every address that the load balancers of a router serve.
pub fn all(view: &View<'_>, router: Uuid) -> BTreeSet<Arc<str>> {
    let balancers = view.get::<RouterBalancers>(router);
    let single = balancers
        .balancers
        .iter()
        .map(|uuid| view.get::<BalancerServes>(*uuid));
    let of_group = |uuid: &Uuid| (*view.get::<GroupServes>(*uuid)).clone();
    let parts = single.chain(balancers.groups.iter().flat_map(of_group));
    let mut texts = BTreeSet::new();
    for served in parts {
        texts.extend(served.addresses.iter().map(|address| address.text.clone()));
        texts.extend(served.gist.templates.iter().cloned());
    }
    texts
}
