//! What `Port_Binding` rows say back: what ovn-controller wrote there, and what northd gave away once (ovn-sb(5)
//! "Port_Binding").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LogicalRouterPort, LogicalSwitchPort};
use ovn_schemas::rows::ovn_southbound::PortBinding;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Table;

use super::datapath::Datapath;
use super::name::chassis_redirect;
use super::options::Options;
use super::switch_port::RedirectPort;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The row of a port as it is, as far as northd looks at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The row.
    pub row: Uuid,
    /// The northbound row of its datapath.
    pub datapath: Option<Uuid>,
    /// `tunnel_key`.
    pub tunnel_key: i64,
    /// `type`.
    pub r#type: Arc<str>,
    /// Whether it has a `parent_port`.
    pub has_parent: bool,
    /// Where it is.
    pub chassis: Option<Uuid>,
    /// Where it is besides.
    pub additional_chassis: Vec<Uuid>,
    /// `up`.
    pub up: Option<bool>,
    /// `options:qdisc_queue_id`.
    pub queue: Option<i64>,
    /// `options:additional-chassis-activated`.
    pub activated: Option<Arc<str>>,
    /// `options:is-remote-nb-bound`: northd itself put it on a chassis of another zone.
    pub is_bound_by_us: bool,
    /// `options:ipv6_ra_pd_list`: delegated prefixes.
    pub delegated: Option<Arc<str>>,
}

/// The row of a northbound port.
pub enum OwnBinding {}

impl Derivation for OwnBinding {
    type Key = Uuid;
    type Value = Option<Binding>;
    const NODE: NodeId = Node::OwnBinding;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        binding(view, name(view, uuid)?)
    }
}

/// The row of a northbound port's chassisredirect port.
pub enum RedirectBinding {}

impl Derivation for RedirectBinding {
    type Key = Uuid;
    type Value = Option<Binding>;
    const NODE: NodeId = Node::RedirectBinding;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        binding(view, &chassis_redirect(name(view, uuid)?))
    }
}

fn name<'v>(view: &View<'v>, uuid: Uuid) -> Option<&'v str> {
    match view.row::<LogicalSwitchPort<'_>>(uuid) {
        Some(row) => Some(row.name()),
        None => view.row::<LogicalRouterPort<'_>>(uuid).map(|row| row.name()),
    }
}

fn binding(view: &View<'_>, name: &str) -> Option<Binding> {
    let row = view.row::<PortBinding<'_>>(view.holder(PortBinding::LOGICAL_PORT, name)?)?;
    let options = Options::of(&row.options());
    let queue = options.number("qdisc_queue_id", 0);
    Some(Binding {
        row: row.uuid(),
        datapath: Datapath::find(view, row.datapath()).map(Datapath::uuid),
        tunnel_key: row.tunnel_key(),
        r#type: row.r#type().into(),
        has_parent: row.parent_port().is_some(),
        chassis: row.chassis(),
        additional_chassis: row.additional_chassis().iter().collect(),
        up: row.up(),
        queue: (queue > 0).then_some(queue),
        activated: options.get("additional-chassis-activated").map(Into::into),
        is_bound_by_us: options.is_true("is-remote-nb-bound", false),
        delegated: options.get("ipv6_ra_pd_list").map(Into::into),
    })
}

/// The chassis where a switch port or its chassisredirect port is.
pub enum PortChassis {}

impl Derivation for PortChassis {
    type Key = Uuid;
    type Value = Vec<Uuid>;
    const NODE: NodeId = Node::PortChassis;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let own = view.get::<OwnBinding>(uuid);
        // Most ports have none, and nobody looks for it.
        let redirect = view.get::<RedirectPort>(uuid).is_some();
        let redirect = redirect.then(|| view.get::<RedirectBinding>(uuid));
        let rows = own.iter().chain(redirect.as_deref().into_iter().flatten());
        rows.flat_map(|row| row.chassis.iter().chain(&row.additional_chassis))
            .copied()
            .collect()
    }
}
