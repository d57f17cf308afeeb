//! Logical switches (ovn-nb(5) "Logical_Switch").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LogicalSwitch, LogicalSwitchPort};
use ovsdb_data::Uuid;

use super::bucket::Bucket;
use super::options::Options;
use super::switch_bucket::{BucketPorts, buckets};
use super::switch_port::SwitchPort;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// A logical switch, without what it refers to.
#[derive(Clone, Debug, PartialEq)]
pub struct Switch {
    /// Its row.
    pub uuid: Uuid,
    /// Its name.
    pub name: Arc<str>,
    /// `other_config`.
    pub other_config: Options,
    /// `external_ids`.
    pub external_ids: Options,
    /// Control plane protection.
    pub copp: Option<Uuid>,
}

impl Switch {
    /// Whether it connects availability zones.
    pub fn is_transit(&self) -> bool {
        self.other_config.get("interconn-ts").is_some()
    }

    /// Whether tagged frames pass.
    pub fn passes_vlans(&self) -> bool {
        self.other_config.is_true("vlan-passthru", false)
    }
}

impl Derivation for Switch {
    type Key = Uuid;
    type Value = Option<Switch>;
    const NODE: NodeId = Node::Switch;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LogicalSwitch<'_>>(uuid)?;
        Some(Switch {
            uuid,
            name: row.name().into(),
            other_config: Options::of(&row.other_config()),
            external_ids: Options::of(&row.external_ids()),
            copp: row.copp(),
        })
    }
}

/// The ports of a switch, in the order of the column `ports`.
pub enum SwitchPorts {}

impl Derivation for SwitchPorts {
    type Key = Uuid;
    type Value = Vec<Uuid>;
    const NODE: NodeId = Node::SwitchPorts;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut ports = Vec::new();
        for bucket in buckets(view, uuid) {
            ports.extend_from_slice(&view.get::<BucketPorts>(bucket));
        }
        ports
    }
}

/// What the ports of a switch mean for the whole of it. Plain ports come and go without changing it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SwitchTraits {
    /// Ports of type `router`, in the order of the column `ports`.
    pub router: Vec<Uuid>,
    /// Those of type `localnet`.
    pub localnet: Vec<Uuid>,
    /// Those of type `vtep`.
    pub vtep: Vec<Uuid>,
    /// Those of type `remote`.
    pub remote: Vec<Uuid>,
    /// Whether a port, on or off, takes what is for unknown addresses.
    pub has_unknown: bool,
    /// Whether there is a port that does not lead to a router.
    pub has_others: bool,
}

impl Derivation for SwitchTraits {
    type Key = Uuid;
    type Value = SwitchTraits;
    const NODE: NodeId = Node::SwitchTraits;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut traits = SwitchTraits::default();
        for bucket in buckets(view, uuid) {
            let of_bucket = view.get::<BucketTraits>(bucket);
            traits.router.extend_from_slice(&of_bucket.router);
            traits.localnet.extend_from_slice(&of_bucket.localnet);
            traits.vtep.extend_from_slice(&of_bucket.vtep);
            traits.remote.extend_from_slice(&of_bucket.remote);
            traits.has_unknown |= of_bucket.has_unknown;
            traits.has_others |= of_bucket.has_others;
        }
        traits
    }
}

/// The same of the ports of a bucket.
pub enum BucketTraits {}

impl Derivation for BucketTraits {
    type Key = Bucket;
    type Value = SwitchTraits;
    const NODE: NodeId = Node::BucketTraits;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Self::Value>) -> Self::Value {
        let mut traits = SwitchTraits::default();
        for port in view.get::<BucketPorts>(bucket).iter() {
            let Some(port) = &*view.get::<SwitchPort>(*port) else {
                continue;
            };
            use super::switch_port::Type;
            match port.r#type {
                Type::Router => traits.router.push(port.uuid),
                Type::Localnet => traits.localnet.push(port.uuid),
                Type::Vtep => traits.vtep.push(port.uuid),
                Type::Remote => traits.remote.push(port.uuid),
                _ => {}
            }
            traits.has_unknown |= port.has_unknown;
            traits.has_others |= port.r#type != Type::Router;
        }
        traits
    }
}

/// The switch that a port is on, by the ports column: the first, if there were several.
pub(super) fn holder_of(view: &View<'_>, port: Uuid) -> Option<Uuid> {
    let switches = view.holders(LogicalSwitch::PORTS, port);
    if switches.len() > 1 {
        let name = view
            .row::<LogicalSwitchPort<'_>>(port)
            .map(|row| row.name().to_owned());
        tracing::warn!(
            "duplicate logical port {}: it is on {} switches, of which the first counts",
            name.unwrap_or_default(),
            switches.len()
        );
    }
    switches.first().copied()
}

/// The port of a name that counts: the first of several (ovn-nb(5) demands that there be one).
pub(super) fn named(view: &View<'_>, name: &str) -> Option<Uuid> {
    let ports = view.holders(LogicalSwitchPort::NAME, name);
    ports.into_iter().find(|port| holder_of(view, *port).is_some())
}
