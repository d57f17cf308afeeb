//! The virtual addresses of a load balancer, in buckets: one that changes among thousands makes its bucket again, and
//! what is made of it, and nothing else.

use std::hash::BuildHasher;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound as nb;
use ovsdb_data::Uuid;

use super::bucket::{self, Bucket};
use super::load_balancer::LoadBalancer;
use super::vip::{Monitor, Vip};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// How many virtual addresses a bucket has, about.
const FILL: usize = 64;

/// Pairs of `vips`.
type Texts = Arc<[(Arc<str>, Arc<str>)]>;

/// The buckets of a load balancer: at least one.
pub fn buckets(view: &View<'_>, lb: Uuid) -> impl Iterator<Item = Bucket> + use<> {
    bucket::all(lb, *view.get::<Buckets>(lb))
}

/// All pairs, by bucket.
pub enum VipTexts {}

impl Derivation for VipTexts {
    type Key = Uuid;
    type Value = Vec<Texts>;
    const NODE: NodeId = Node::VipTexts;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<nb::LoadBalancer<'_>>(uuid) else {
            return vec![Texts::default()];
        };
        let n_buckets = (row.vips().len() / FILL).next_power_of_two();
        let mut buckets = vec![Vec::new(); n_buckets];
        let hasher = foldhash::fast::FixedState::default();
        for (key, value) in row.vips().iter() {
            let idx = hasher.hash_one(key) as usize & (n_buckets - 1);
            buckets[idx].push((key.into(), value.into()));
        }
        buckets.into_iter().map(Into::into).collect()
    }
}

/// How many buckets there are.
pub enum Buckets {}

impl Derivation for Buckets {
    type Key = Uuid;
    type Value = usize;
    const NODE: NodeId = Node::Buckets;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&usize>) -> usize {
        view.get::<VipTexts>(uuid).len()
    }
}

/// The pairs of one bucket.
pub enum BucketTexts {}

impl Derivation for BucketTexts {
    type Key = Bucket;
    type Value = Texts;
    const NODE: NodeId = Node::BucketTexts;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Texts>) -> Texts {
        bucket::part(bucket, &view.get::<VipTexts>(bucket.0))
    }
}

/// The virtual addresses of a bucket that make sense.
pub enum Vips {}

impl Derivation for Vips {
    type Key = Bucket;
    type Value = Vec<Vip>;
    const NODE: NodeId = Node::Vips;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        let lb = view.get::<LoadBalancer>(bucket.0);
        let Some(lb) = lb.as_ref() else {
            return Vec::new();
        };
        let texts = view.get::<BucketTexts>(bucket);
        texts
            .iter()
            .filter_map(|(key, value)| parse(lb, key, value))
            .collect()
    }
}

fn parse(lb: &LoadBalancer, key: &str, value: &str) -> Option<Vip> {
    let parsed = match lb.is_template {
        true => Vip::parse_template(key, value, lb.family),
        false => Vip::parse(key, value),
    };
    let mut vip = match parsed {
        Ok(vip) => vip,
        Err(error) => {
            tracing::warn!("Load_Balancer {}: failed to initialize LB VIP: {error}", lb.uuid);
            return None;
        }
    };
    vip.health_check = lb.checks.get(key).copied();
    if vip.health_check.is_some() {
        let family = vip.certain_family();
        for backend in &mut vip.backends {
            let mapping = lb.mappings.get(&backend.mapping_key(family));
            backend.monitor = mapping.and_then(Monitor::parse);
        }
    }
    Some(vip)
}
