//! Groups of routes that share their packets, and the numbers of groups and of their members.
//!
//! Members are numbered in the order of their rows, so a change of one costs its group.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalRouter;
use ovsdb_data::Uuid;

use super::number::give;
use crate::graph::Derivation;
use crate::model::route::{LearnedRoutes, Route, RouteKey};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What a route that may share its packets shares them by, and whether it wants a group even for itself, because its
/// replies are to go where the request came from.
pub enum Sharing {}

impl Derivation for Sharing {
    type Key = (Uuid, Uuid);
    type Value = Option<(RouteKey, bool)>;
    const NODE: NodeId = Node::Sharing;

    fn derive(view: &View<'_>, route: (Uuid, Uuid), _: Option<&Self::Value>) -> Self::Value {
        let route = view.get::<Route>(route);
        let route = route.as_ref().as_ref().filter(|route| route.is_shareable())?;
        Some((route.key.clone(), route.is_symmetric))
    }
}

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
        let row = view.row::<LogicalRouter<'_>>(router);
        let mut routes: Vec<Uuid> = row.iter().flat_map(|row| row.static_routes().iter()).collect();
        routes.extend(view.get::<LearnedRoutes>(router).iter());
        let mut sharing: BTreeMap<RouteKey, (Vec<Uuid>, bool)> = BTreeMap::new();
        for route in routes {
            if let Some((key, is_symmetric)) = view.get::<Sharing>((router, route)).as_ref() {
                let (members, wants_group) = sharing.entry(key.clone()).or_default();
                members.push(route);
                *wants_group |= is_symmetric;
            }
        }
        sharing.retain(|_, (members, wants_group)| *wants_group || members.len() > 1);
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
