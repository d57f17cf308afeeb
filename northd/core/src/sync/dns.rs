//! `DNS`: the records of switches, for ovn-controller to answer from (ovn-sb(5)). A row has its northbound row's uuid.

use std::collections::BTreeMap;

use ovn_schemas::rows::ovn_northbound::{self as nb, LogicalSwitch};
use ovn_schemas::rows::ovn_southbound as sb;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::Desired;
use crate::graph::Derivation;
use crate::model::options::Options;
use crate::nodes::{Node, NodeId};
use crate::sync::datapath_binding::datapath_id;
use crate::view::View;

/// The row of a northbound one that a switch refers to.
pub enum DnsRow {}

impl Derivation for DnsRow {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::DnsRow;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let Some(row) = view.row::<nb::Dns<'_>>(uuid) else {
            return Vec::new();
        };
        let switches = view.holders(LogicalSwitch::DNS_RECORDS, uuid);
        if switches.is_empty() {
            return Vec::new();
        }
        let is_owned = Options::of(&row.options()).is_true("ovn-owned", false);
        // Others may have put something there.
        let there = view.row::<sb::Dns<'_>>(uuid);
        let mut options: BTreeMap<&str, &str> = there.iter().flat_map(|row| row.options().iter()).collect();
        options.insert("ovn-owned", if is_owned { "true" } else { "false" });
        let records = row.records().iter();
        let columns = Columns::new()
            .set(sb::Dns::DATAPATHS, switches.into_iter().map(datapath_id))
            .set(sb::Dns::OPTIONS, options)
            .set(
                sb::Dns::RECORDS,
                records.map(|(name, addresses)| (name, addresses.to_ascii_lowercase())),
            );
        vec![Desired::row(uuid, columns)]
    }
}
