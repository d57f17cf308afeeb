//! `Learned_Route`: what a routing protocol has told a router goes with the router port (ovn-sb(5)). ovn-controller
//! writes the rows.

use ovn_schemas::rows::ovn_southbound::{LearnedRoute, PortBinding};
use ovsdb_data::Uuid;

use crate::desired::{Desired, Gone};
use crate::graph::Derivation;
use crate::model::router_port::is_known;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Whether a row is to go.
pub enum StaleLearnedRoute {}

impl Derivation for StaleLearnedRoute {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::StaleLearnedRoute;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<LearnedRoute<'_>>(uuid) else {
            return Vec::new();
        };
        let port = view.row::<PortBinding<'_>>(row.logical_port());
        match port.is_some_and(|port| is_known(view, port.logical_port())) {
            true => Vec::new(),
            false => vec![Desired::gone::<LearnedRoute<'static>>(uuid, Gone::Now)],
        }
    }
}
