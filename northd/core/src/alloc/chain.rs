//! Numbers of policy chains (ovn-nb(5) "Logical_Router_Policy" `chain`) and of policies that have several next hops.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovsdb_data::Uuid;

use super::number::give;
use crate::graph::{Derivation, Parted};
use crate::model::policy_bucket;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The policy chains of a router by name.
pub enum PolicyChains {}

impl Derivation for PolicyChains {
    type Key = Uuid;
    type Value = BTreeMap<Arc<str>, u16>;
    const NODE: NodeId = Node::PolicyChains;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let of_buckets = policy_bucket::of_router(view, router);
        give(of_buckets.iter().flat_map(|bucket| bucket.chains.iter().cloned()))
    }
}

/// The policies of a router that choose among next hops, and their numbers.
pub enum PolicyGroups {}

impl Derivation for PolicyGroups {
    type Key = Uuid;
    type Value = BTreeMap<Uuid, u16>;
    const NODE: NodeId = Node::PolicyGroups;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let of_buckets = policy_bucket::of_router(view, router);
        give(
            of_buckets
                .iter()
                .flat_map(|bucket| bucket.choosing.iter().copied()),
        )
    }
}

/// Each policy is a part.
impl Parted for PolicyGroups {
    fn differing(before: &Self::Value, after: &Self::Value, tell: &mut dyn FnMut(Uuid)) {
        let tell_others = |some: &Self::Value, others: &Self::Value, tell: &mut dyn FnMut(Uuid)| {
            let differ = some
                .iter()
                .filter(|(policy, number)| others.get(policy) != Some(number));
            differ.for_each(|(policy, _)| tell(*policy));
        };
        tell_others(before, after, tell);
        tell_others(after, before, tell);
    }
}

/// The number of a policy that chooses among next hops; none where there are too many.
pub fn group(view: &View<'_>, router: Uuid, policy: Uuid) -> Option<u16> {
    view.part::<PolicyGroups>(router, policy).get(&policy).copied()
}
