//! Which addresses load balancers and groups of them serve.
//!
//! Thousands of load balancers are in one group, and hundreds of routers have that group. What a group serves is gathered
//! once, in parts, and routers look at the blocks of addresses that they are concerned with: one virtual address more
//! costs a part, and the routers of its block.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LoadBalancerGroup;
use ovsdb_data::Uuid;

use super::block::{Block, Range};
use super::bucket::{self, Bucket};
use super::load_balancer::{Answers, LoadBalancer};
use super::vip::Vip;
use super::vips::{VipTexts, Vips, buckets};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// A virtual address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The address.
    pub addr: IpAddr,
    /// As flows have it.
    pub text: Arc<str>,
    /// Routers answer for it in their networks.
    pub is_answerable: bool,
}

/// Addresses that are served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// What there is besides addresses.
    pub gist: Gist,
    /// Sorted.
    pub addresses: Vec<Address>,
}

/// What every router looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gist {
    /// The column `vips` is not empty.
    pub has_any: bool,
    /// Those that routers answer for whatever their networks.
    pub always: Texts,
    /// Names of templates.
    pub templates: BTreeSet<Arc<str>>,
}

/// Addresses as flows have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// IPv4 addresses.
    pub v4: BTreeSet<Arc<str>>,
    /// IPv6 addresses, and template variables.
    pub v6: BTreeSet<Arc<str>>,
}

impl Texts {
    /// One more.
    pub fn add(&mut self, addr: Option<IpAddr>, text: &Arc<str>) {
        match addr {
            Some(IpAddr::V4(_)) => self.v4.insert(text.clone()),
            _ => self.v6.insert(text.clone()),
        };
    }

    /// Those of others, too.
    pub fn extend(&mut self, other: &Texts) {
        self.v4.extend(other.v4.iter().cloned());
        self.v6.extend(other.v6.iter().cloned());
    }
}

impl Gist {
    fn extend(&mut self, other: &Gist) {
        self.has_any |= other.has_any;
        self.always.extend(&other.always);
        self.templates.extend(other.templates.iter().cloned());
    }
}

impl Served {
    /// One more. [`Served::settle`] comes after the last.
    fn add(&mut self, vip: &Vip, answers: Answers) {
        if answers == Answers::All {
            self.gist.always.add(vip.addr, &vip.ip);
        }
        match vip.addr {
            Some(addr) => self.addresses.push(Address {
                addr,
                text: vip.ip.clone(),
                is_answerable: answers != Answers::None,
            }),
            None => drop(self.gist.templates.insert(vip.ip.clone())),
        }
    }

    fn extend(&mut self, other: &Served) {
        self.gist.extend(&other.gist);
        self.addresses.extend(other.addresses.iter().cloned());
    }

    fn settle(&mut self) {
        self.addresses.sort_unstable();
        self.addresses.dedup();
    }
}

/// Those between two addresses, both included.
pub fn between(addresses: &[Address], (first, last): Range) -> &[Address] {
    let from = addresses.partition_point(|address| address.addr < first);
    let to = addresses.partition_point(|address| address.addr <= last);
    &addresses[from..to.max(from)]
}

/// What a load balancer serves.
pub enum BalancerServes {}

impl Derivation for BalancerServes {
    type Key = Uuid;
    type Value = Served;
    const NODE: NodeId = Node::BalancerServes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Served>) -> Served {
        let mut served = Served::default();
        served.gist.has_any = view.get::<VipTexts>(uuid).iter().any(|texts| !texts.is_empty());
        if let Some(lb) = &*view.get::<LoadBalancer>(uuid) {
            for bucket in buckets(view, uuid) {
                for vip in view.get::<Vips>(bucket).iter() {
                    served.add(vip, lb.answers);
                }
            }
        }
        served.settle();
        served
    }
}

/// The load balancers of a group, in buckets.
pub enum GroupBalancers {}

/// How many load balancers a bucket has, about: as many as there are buckets of the largest groups.
const FILL: usize = 128;

impl Derivation for GroupBalancers {
    type Key = Uuid;
    type Value = Vec<Arc<[Uuid]>>;
    const NODE: NodeId = Node::GroupBalancers;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LoadBalancerGroup<'_>>(uuid);
        let balancers: Vec<Uuid> = row.map_or_else(Vec::new, |row| row.load_balancer().iter().collect());
        bucket::split(&balancers, FILL)
    }
}

/// Those of one bucket.
pub enum BucketBalancers {}

impl Derivation for BucketBalancers {
    type Key = Bucket;
    type Value = Arc<[Uuid]>;
    const NODE: NodeId = Node::BucketBalancers;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        bucket::part(bucket, &view.get::<GroupBalancers>(bucket.0))
    }
}

/// What those of one bucket serve.
pub enum BucketServes {}

impl Derivation for BucketServes {
    type Key = Bucket;
    type Value = Served;
    const NODE: NodeId = Node::BucketServes;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Served>) -> Served {
        let mut served = Served::default();
        for balancer in view.get::<BucketBalancers>(bucket).iter() {
            served.extend(&view.get::<BalancerServes>(*balancer));
        }
        served.settle();
        served
    }
}

/// What the load balancers of a group serve, by bucket.
pub enum GroupServes {}

impl Derivation for GroupServes {
    type Key = Uuid;
    type Value = Vec<Arc<Served>>;
    const NODE: NodeId = Node::GroupServes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let n_buckets = view.get::<GroupBalancers>(uuid).len();
        let buckets = bucket::all(uuid, n_buckets);
        buckets.map(|bucket| view.get::<BucketServes>(bucket)).collect()
    }
}

/// What there is in a group besides addresses.
pub enum GroupGist {}

impl Derivation for GroupGist {
    type Key = Uuid;
    type Value = Gist;
    const NODE: NodeId = Node::GroupGist;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Gist>) -> Gist {
        let mut gist = Gist::default();
        view.get::<GroupServes>(uuid)
            .iter()
            .for_each(|part| gist.extend(&part.gist));
        gist
    }
}

/// The addresses of a group between two others, sorted.
pub fn in_group(view: &View<'_>, group: Uuid, range: Range, with: &mut dyn FnMut(&Address)) {
    match Block::of(range) {
        Some(block) => {
            let addresses = view.get::<BlockServes>((group, block.id()));
            between(&addresses, range).iter().for_each(with);
        }
        None => gather(&view.get::<GroupServes>(group), range)
            .iter()
            .for_each(with),
    }
}

fn gather(parts: &[Arc<Served>], range: Range) -> Vec<Address> {
    let of_part = |part: &Arc<Served>| between(&part.addresses, range).to_vec();
    let mut all: Vec<Address> = parts.iter().flat_map(of_part).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The addresses of a group in a block.
pub enum BlockServes {}

impl Derivation for BlockServes {
    /// The group, and [`Block::id`].
    type Key = (Uuid, Uuid);
    type Value = Vec<Address>;
    const NODE: NodeId = Node::BlockServes;

    fn derive(view: &View<'_>, (group, block): Self::Key, _: Option<&Self::Value>) -> Self::Value {
        gather(&view.get::<GroupServes>(group), Block::from_id(block).range())
    }
}
