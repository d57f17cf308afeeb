//! Who has ACLs, a switch or a port group: its ACLs in buckets, and what they come to. One of thousands that comes, goes
//! or changes is summed up again with its bucket, and nobody looks at the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalSwitch;
use ovsdb_data::Uuid;

use super::acl::{Acl, AclTraits, SharedSample};
use super::bucket::{self, Bucket};
use super::port_group::Group;
use crate::graph::{Derivation, Parted};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// How many ACLs a bucket has, about.
const FILL: usize = 32;

/// The ACLs of a holder, by bucket.
pub enum AclRefs {}

impl Derivation for AclRefs {
    type Key = Uuid;
    type Value = Vec<Arc<[Uuid]>>;
    const NODE: NodeId = Node::AclRefs;

    fn derive(view: &View<'_>, holder: Uuid, _: Option<&Self::Value>) -> Self::Value {
        if let Some(switch) = view.row::<LogicalSwitch<'_>>(holder) {
            let acls: Vec<Uuid> = switch.acls().iter().collect();
            return bucket::split(&acls, FILL);
        }
        let group = view.get::<Group>(holder);
        let acls = group.as_ref().as_ref().map_or(&[][..], |group| &group.acls);
        bucket::split(acls, FILL)
    }
}

/// Each bucket is a part.
impl Parted for AclRefs {
    fn differing(before: &Self::Value, after: &Self::Value, tell: &mut dyn FnMut(Uuid)) {
        bucket::differing(before, after, tell);
    }
}

/// What ACLs come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AclSum {
    /// What holds for all of them.
    pub traits: AclTraits,
    /// What is sampled of several of them by the same flows.
    pub samples: BTreeSet<SharedSample>,
}

/// Those of a bucket.
pub enum BucketAcls {}

impl Derivation for BucketAcls {
    type Key = Bucket;
    type Value = AclSum;
    const NODE: NodeId = Node::BucketAcls;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&AclSum>) -> AclSum {
        let refs = bucket::part(bucket, &view.part::<AclRefs>(bucket.0, bucket.1));
        let mut sum = AclSum::default();
        for acl in refs.iter() {
            if let Some(acl) = &*view.get::<Acl>(*acl) {
                sum.traits.add(&AclTraits::of(acl));
                sum.samples.extend(acl.shared_samples());
            }
        }
        sum
    }
}

/// Those of a holder.
pub enum HolderAcls {}

impl Derivation for HolderAcls {
    type Key = Uuid;
    type Value = AclSum;
    const NODE: NodeId = Node::HolderAcls;

    fn derive(view: &View<'_>, holder: Uuid, _: Option<&AclSum>) -> AclSum {
        let n_buckets = view.part::<AclRefs>(holder, bucket::HOW_MANY).len();
        let mut all = AclSum::default();
        for bucket in bucket::all(holder, n_buckets) {
            let sum = view.get::<BucketAcls>(bucket);
            all.traits.add(&sum.traits);
            all.samples.extend(sum.samples.iter());
        }
        all
    }
}
