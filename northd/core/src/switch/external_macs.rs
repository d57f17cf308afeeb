//! The Ethernet addresses under which a router answers for its NAT rules' external addresses.

use std::collections::BTreeSet;
use std::sync::Arc;

use ovsdb_data::Uuid;

use crate::graph::Derivation;
use crate::model::nat::{Nat, RouterNats};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The `external_mac`s of a router's NAT rules that make sense, as they were typed.
pub enum ExternalMacs {}

impl Derivation for ExternalMacs {
    type Key = Uuid;
    type Value = BTreeSet<Arc<str>>;
    const NODE: NodeId = Node::ExternalMacs;

    fn derive(view: &View<'_>, router: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let nats = view.get::<RouterNats>(router);
        let mac = |rule: &Uuid| {
            let nat = view.get::<Nat>(*rule);
            let nat = nat
                .as_ref()
                .as_ref()
                .filter(|nat| nat.translates_destinations())?;
            nat.mac.as_ref().map(|(_, text)| text.clone())
        };
        nats.rules.iter().filter_map(mac).collect()
    }
}
