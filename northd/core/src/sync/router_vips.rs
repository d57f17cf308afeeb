//! `Address_Set`: the virtual addresses that a router answers for, one set for each version of IP.

use std::collections::BTreeSet;
use std::sync::Arc;

use ovn_schemas::rows::ovn_southbound::AddressSet;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::alloc::datapath_key::DatapathKey;
use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::model::answered_vips::AnsweredVips;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The name of a router's set.
pub fn set_name(key: i64, family: &str) -> String {
    format!("_rtr_lb_{key}_{family}")
}

/// The sets of a router.
pub enum RouterVipSets {}

impl Derivation for RouterVipSets {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::RouterVipSets;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let answered = view.get::<AnsweredVips>(uuid);
        let Some(key) = *view.get::<DatapathKey>(uuid) else {
            return Vec::new();
        };
        let set = |family: &str, vips: &BTreeSet<Arc<str>>| {
            let name = set_name(key, family);
            let columns = Columns::new()
                .set(AddressSet::NAME, &*name)
                .set(AddressSet::ADDRESSES, vips.iter().map(|vip| &**vip));
            Desired::row::<AddressSet<'static>>(named("Address_Set", &name), columns)
        };
        let sets = [("ip4", &answered.v4), ("ip6", &answered.v6)];
        let sets = sets.into_iter().filter(|(_, vips)| !vips.is_empty());
        sets.map(|(family, vips)| set(family, vips)).collect()
    }
}
