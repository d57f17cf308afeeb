//! The routes of a router, in buckets: one that comes or goes among thousands makes its bucket again, and not what is
//! made of all the others.

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalRouter;
use ovsdb_data::Uuid;

use super::bucket::{self, Bucket};
use super::route::{LearnedRoutes, Route, RouteKey};
use crate::graph::{Derivation, Parted};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// How many routes a bucket has, about.
const FILL: usize = 32;

/// What all routes of a router are asked for together, bucket by bucket.
pub fn of_router(view: &View<'_>, router: Uuid) -> Vec<Arc<BucketRoutes>> {
    let n_buckets = view.part::<RouteRefs>(router, bucket::HOW_MANY).len();
    let buckets = bucket::all(router, n_buckets);
    buckets.map(|bucket| view.get::<BucketRoutes>(bucket)).collect()
}

/// The rows of static and learned routes, by bucket.
pub enum RouteRefs {}

impl Derivation for RouteRefs {
    type Key = Uuid;
    type Value = Vec<Arc<[Uuid]>>;
    const NODE: NodeId = Node::RouteRefs;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LogicalRouter<'_>>(router);
        let r#static = row.iter().flat_map(|row| row.static_routes().iter());
        let mut routes: Vec<Uuid> = r#static.collect();
        routes.extend(view.get::<LearnedRoutes>(router).iter());
        routes.sort_unstable();
        bucket::split(&routes, FILL)
    }
}

/// Each bucket is a part.
impl Parted for RouteRefs {
    fn differing(before: &Self::Value, after: &Self::Value, tell: &mut dyn FnMut(Uuid)) {
        bucket::differing(before, after, tell);
    }
}

/// What the routes of a bucket are asked for together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BucketRoutes {
    /// Those that may share their packets: their rows, what they share them by, and whether they want a group even for
    /// themselves, because their replies are to go where the request came from.
    pub shareable: Vec<(RouteKey, Uuid, bool)>,
    /// The tables that they are in, in the order of the routes; the main one is not among them.
    pub tables: Vec<Arc<str>>,
}

impl Derivation for BucketRoutes {
    type Key = Bucket;
    type Value = BucketRoutes;
    const NODE: NodeId = Node::BucketRoutes;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        let refs = bucket::part(bucket, &view.part::<RouteRefs>(bucket.0, bucket.1));
        let mut routes = BucketRoutes::default();
        for row in refs.iter() {
            let route = view.get::<Route>((bucket.0, *row));
            let Some(route) = route.as_ref() else { continue };
            if route.is_shareable() {
                let wants_group = route.is_symmetric;
                routes.shareable.push((route.key.clone(), *row, wants_group));
            }
            let table = &route.key.table;
            if !table.is_empty() && !routes.tables.contains(table) {
                routes.tables.push(table.clone());
            }
        }
        routes
    }
}
