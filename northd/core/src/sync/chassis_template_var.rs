//! `Chassis_Template_Var`: copies of the northbound rows (ovn-sb(5)). They have their uuids.

use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound::ChassisTemplateVar;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::Desired;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The copy of a row.
pub enum ChassisTemplateVars {}

impl Derivation for ChassisTemplateVars {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::ChassisTemplateVars;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<nb::ChassisTemplateVar<'_>>(uuid) else {
            return Vec::new();
        };
        let columns = Columns::new()
            .set(ChassisTemplateVar::CHASSIS, row.chassis())
            .set(ChassisTemplateVar::VARIABLES, row.variables().iter());
        vec![Desired::row(uuid, columns)]
    }
}
