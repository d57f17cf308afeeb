//! Chassis as northd needs them (ovn-sb(5) "Chassis"): ovn-controller owns the rows, northd refers to them.

use std::sync::Arc;

use ovn_schemas::rows::ovn_southbound::{Chassis, Encap};
use ovsdb_data::Uuid;

use super::config::Config;
use super::options::Options;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What of a chassis matters to ports.
#[derive(Clone, Debug, PartialEq)]
pub struct ChassisTraits {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it belongs to another availability zone.
    pub is_remote: bool,
}

impl Derivation for ChassisTraits {
    type Key = Uuid;
    type Value = Option<ChassisTraits>;
    const NODE: NodeId = Node::ChassisTraits;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<Chassis<'_>>(uuid)?;
        Some(ChassisTraits {
            name: row.name().into(),
            is_remote: Options::of(&row.other_config()).is_true("is-remote", false),
        })
    }
}

/// Whether a chassis belongs to another availability zone.
pub fn is_remote(view: &View<'_>, chassis: Uuid) -> bool {
    let traits = view.get::<ChassisTraits>(chassis);
    traits.as_ref().as_ref().is_some_and(|chassis| chassis.is_remote)
}

/// The chassis of a name, or else of a host's name.
pub fn find(view: &View<'_>, name: &str) -> Option<Uuid> {
    let named = view.holder(Chassis::NAME, name);
    named.or_else(|| view.holder(Chassis::HOSTNAME, name))
}

/// Whether keys have to fit into VXLAN.
pub enum VxlanMode {}

impl Derivation for VxlanMode {
    type Key = ();
    type Value = bool;
    const NODE: NodeId = Node::VxlanMode;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let is_vxlan = |encap| {
            let encap = view.row::<Encap<'_>>(encap);
            encap.is_some_and(|encap| encap.r#type() == "vxlan")
        };
        view.get::<Config>(()).vxlan_mode
            && view
                .rows::<Chassis<'_>>()
                .iter()
                .any(|chassis| chassis.encaps().iter().any(is_vxlan))
    }
}
