//! `Mirror`: a copy of each, under its own uuid (ovn-sb(5)).

use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound::Mirror;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::Desired;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The row of a mirror.
pub enum Mirrors {}

impl Derivation for Mirrors {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::Mirrors;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<nb::Mirror<'_>>(uuid) else {
            return Vec::new();
        };
        let columns = Columns::new()
            .set(Mirror::NAME, row.name())
            .set(Mirror::FILTER, row.filter())
            .set(Mirror::INDEX, row.index())
            .set(Mirror::SINK, row.sink())
            .set(Mirror::TYPE, row.r#type());
        vec![Desired::row(uuid, columns)]
    }
}
