//! Numbers of policy chains (ovn-nb(5) "Logical_Router_Policy" `chain`) and of policies that have several next hops.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LogicalRouter, LogicalRouterPolicy};
use ovsdb_data::Uuid;

use super::number::give;
use crate::graph::Derivation;
use crate::model::policy::NextHops;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The chain that a policy is in, if it says one.
pub enum PolicyChain {}

impl Derivation for PolicyChain {
    type Key = Uuid;
    type Value = Option<Arc<str>>;
    const NODE: NodeId = Node::PolicyChain;

    fn derive(view: &View<'_>, policy: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LogicalRouterPolicy<'_>>(policy)?;
        row.chain().filter(|chain| !chain.is_empty()).map(Into::into)
    }
}

/// The policy chains of a router by name.
pub enum PolicyChains {}

impl Derivation for PolicyChains {
    type Key = Uuid;
    type Value = BTreeMap<Arc<str>, u16>;
    const NODE: NodeId = Node::PolicyChains;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let policies = policies(view, router);
        let chains = policies.filter_map(|policy| view.get::<PolicyChain>(policy).as_ref().clone());
        give(chains)
    }
}

/// Whether a policy chooses among next hops.
pub enum PolicyIsShared {}

impl Derivation for PolicyIsShared {
    type Key = (Uuid, Uuid);
    type Value = bool;
    const NODE: NodeId = Node::PolicyIsShared;

    fn derive(view: &View<'_>, policy: (Uuid, Uuid), _: Option<&bool>) -> bool {
        let hops = view.get::<NextHops>(policy);
        hops.asked > 1 && !hops.valid.is_empty()
    }
}

/// The policies of a router that choose among next hops, and their numbers.
pub enum PolicyGroups {}

impl Derivation for PolicyGroups {
    type Key = Uuid;
    type Value = BTreeMap<Uuid, u16>;
    const NODE: NodeId = Node::PolicyGroups;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let shared = policies(view, router).filter(|policy| *view.get::<PolicyIsShared>((router, *policy)));
        give(shared)
    }
}

/// The number of one of them.
pub enum PolicyGroup {}

impl Derivation for PolicyGroup {
    type Key = (Uuid, Uuid);
    type Value = Option<u16>;
    const NODE: NodeId = Node::PolicyGroup;

    fn derive(view: &View<'_>, (router, policy): (Uuid, Uuid), _: Option<&Self::Value>) -> Self::Value {
        view.get::<PolicyGroups>(router).get(&policy).copied()
    }
}

fn policies(view: &View<'_>, router: Uuid) -> impl Iterator<Item = Uuid> {
    let row = view.row::<LogicalRouter<'_>>(router);
    row.into_iter().flat_map(|row| row.policies().iter())
}
