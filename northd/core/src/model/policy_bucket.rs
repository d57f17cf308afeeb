//! The policies of a router, in buckets: one that comes, goes or changes among thousands makes its bucket again, and
//! what is made of that.

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LogicalRouter, LogicalRouterPolicy};
use ovsdb_data::Uuid;

use super::bucket::{self, Bucket};
use super::policy::NextHops;
use crate::graph::{Derivation, Parted};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// How many policies a bucket has, about.
const FILL: usize = 32;

/// What all policies of a router are asked for together, bucket by bucket.
pub fn of_router(view: &View<'_>, router: Uuid) -> Vec<Arc<BucketPolicies>> {
    let n_buckets = view.part::<PolicyRefs>(router, bucket::HOW_MANY).len();
    let buckets = bucket::all(router, n_buckets);
    buckets.map(|bucket| view.get::<BucketPolicies>(bucket)).collect()
}

/// The column `policies`, by bucket.
pub enum PolicyRefs {}

impl Derivation for PolicyRefs {
    type Key = Uuid;
    type Value = Vec<Arc<[Uuid]>>;
    const NODE: NodeId = Node::PolicyRefs;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LogicalRouter<'_>>(router);
        let policies: Vec<Uuid> = row.iter().flat_map(|row| row.policies().iter()).collect();
        bucket::split(&policies, FILL)
    }
}

/// Each bucket is a part.
impl Parted for PolicyRefs {
    fn differing(before: &Self::Value, after: &Self::Value, tell: &mut dyn FnMut(Uuid)) {
        bucket::differing(before, after, tell);
    }
}

/// What the policies of a bucket are asked for together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BucketPolicies {
    /// The chains that they are in, in the order of the policies.
    pub chains: Vec<Arc<str>>,
    /// Those that choose among next hops.
    pub choosing: Vec<Uuid>,
}

impl Derivation for BucketPolicies {
    type Key = Bucket;
    type Value = BucketPolicies;
    const NODE: NodeId = Node::BucketPolicies;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&BucketPolicies>) -> BucketPolicies {
        let router = bucket.0;
        let refs = bucket::part(bucket, &view.part::<PolicyRefs>(router, bucket.1));
        let mut policies = BucketPolicies::default();
        for policy in refs.iter() {
            let row = view.row::<LogicalRouterPolicy<'_>>(*policy);
            let chain = row.and_then(|row| row.chain()).filter(|chain| !chain.is_empty());
            if let Some(chain) = chain
                && !policies.chains.iter().any(|known| **known == *chain)
            {
                policies.chains.push(chain.into());
            }
            let hops = view.get::<NextHops>((router, *policy));
            if hops.asked > 1 && !hops.valid.is_empty() {
                policies.choosing.push(*policy);
            }
        }
        policies
    }
}
