//! `Datapath_Binding`: one row for each switch and each enabled router (ovn-sb(5)).

use std::collections::BTreeMap;

use ovn_schemas::rows::ovn_southbound::DatapathBinding;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::alloc::datapath_key::DatapathKey;
use crate::desired::{Desired, identity};
use crate::graph::Derivation;
use crate::model::ageing::Thresholds;
use crate::model::options::Options;
use crate::model::router::Router;
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The identity of a datapath's row.
pub fn datapath_id(datapath: Uuid) -> Uuid {
    identity("Datapath_Binding", &[datapath.as_bytes()])
}

/// The row of a switch or a router.
pub enum DatapathBindings {}

impl Derivation for DatapathBindings {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::DatapathBindings;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(ids) = switch_ids(view, uuid).or_else(|| router_ids(view, uuid)) else {
            return Vec::new();
        };
        let Some(key) = *view.get::<DatapathKey>(uuid) else {
            return Vec::new();
        };
        let columns = Columns::new()
            .set(DatapathBinding::TUNNEL_KEY, key)
            .set(DatapathBinding::EXTERNAL_IDS, ids);
        vec![Desired::row(datapath_id(uuid), columns)]
    }
}

fn switch_ids(view: &View<'_>, uuid: Uuid) -> Option<BTreeMap<String, String>> {
    let switch = view.get::<Switch>(uuid);
    let switch = switch.as_ref().as_ref()?;
    let config = &switch.other_config;
    let mut ids = ids(
        "logical-switch",
        uuid,
        &switch.name,
        switch.external_ids.get("neutron:network_name"),
        config,
    );
    if let Some(ts) = config.get("interconn-ts") {
        ids.insert("interconn-ts".into(), ts.into());
    }
    let age = config.number("fdb_age_threshold", 0);
    if age > 0 {
        ids.insert("fdb_age_threshold".into(), age.to_string());
    }
    Some(ids)
}

fn router_ids(view: &View<'_>, uuid: Uuid) -> Option<BTreeMap<String, String>> {
    let router = view.get::<Router>(uuid);
    let router = router.as_ref().as_ref()?;
    let options = &router.options;
    let mut ids = ids(
        "logical-router",
        uuid,
        &router.name,
        router.external_ids.get("neutron:router_name"),
        options,
    );
    let zone = options.number("snat-ct-zone", -1);
    if zone >= 0 {
        ids.insert("snat-ct-zone".into(), zone.to_string());
    }
    if !options.is_true("always_learn_from_arp_request", true) {
        ids.insert("always_learn_from_arp_request".into(), "false".into());
    }
    let ages = options
        .get("mac_binding_age_threshold")
        .and_then(Thresholds::parse);
    let age = ages.map_or(0, |ages| ages.shortest());
    if age > 0 {
        ids.insert("mac_binding_age_threshold".into(), age.to_string());
    }
    Some(ids)
}

fn ids(
    kind: &str,
    uuid: Uuid,
    name: &str,
    name2: Option<&str>,
    options: &Options,
) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::from([
        (kind.to_owned(), uuid.to_string()),
        ("name".to_owned(), name.to_owned()),
    ]);
    if let Some(name2) = name2.filter(|name| !name.is_empty()) {
        ids.insert("name2".into(), name2.into());
    }
    let limit = options.number("ct-zone-limit", -1);
    if limit > 0 {
        ids.insert("ct-zone-limit".into(), limit.to_string());
    }
    ids
}
