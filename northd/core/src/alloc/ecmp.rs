//! Groups of routes that share their packets, and the numbers of groups and of their members.
//!
//! Members are numbered in the order of their rows, so a change of one costs its group.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;
use ovsdb_data::Uuid;

use super::number::give;
use crate::graph::Derivation;
use crate::model::route::{Route, RouteKey};
use crate::model::route_bucket;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// A group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its number.
    pub number: u16,
    /// Its routes; their numbers are their places, from 1 on.
    pub members: Arc<[Uuid]>,
}

impl Group {
    /// The number of a member.
    pub fn member(&self, route: Uuid) -> Option<usize> {
        let place = self.members.iter().position(|member| *member == route)?;
        Some(place + 1)
    }
}

/// The groups of a router, by what they are for.
pub enum EcmpGroups {}

impl Derivation for EcmpGroups {
    type Key = Uuid;
    type Value = BTreeMap<RouteKey, Group>;
    const NODE: NodeId = Node::EcmpGroups;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let of_buckets = route_bucket::of_router(view, router);
        let mut sharing: HashMap<&RouteKey, (Vec<Uuid>, bool), FixedState> = HashMap::default();
        for (key, route, is_symmetric) in of_buckets.iter().flat_map(|bucket| &bucket.shareable) {
            let (members, wants_group) = sharing.entry(key).or_default();
            members.push(*route);
            *wants_group |= is_symmetric;
        }
        sharing.retain(|_, (members, wants_group)| *wants_group || members.len() > 1);
        let sharing: BTreeMap<RouteKey, (Vec<Uuid>, bool)> = (sharing.into_iter())
            .map(|(key, group)| (key.clone(), group))
            .collect();
        let numbers = give(sharing.keys().cloned());
        let groups = sharing.into_iter().filter_map(|(key, (members, _))| {
            let number = *numbers.get(&key)?;
            let members = members.into();
            Some((key, Group { number, members }))
        });
        groups.collect()
    }
}

/// The group that a route is in.
pub enum EcmpGroup {}

impl Derivation for EcmpGroup {
    type Key = (Uuid, Uuid);
    type Value = Option<Group>;
    const NODE: NodeId = Node::EcmpGroup;

    fn derive(view: &View<'_>, route: (Uuid, Uuid), _: Option<&Self::Value>) -> Self::Value {
        let route = view.get::<Route>(route);
        let route = route.as_ref().as_ref().filter(|route| route.is_shareable())?;
        view.get::<EcmpGroups>(route.router).get(&route.key).cloned()
    }
}
