//! `SB_Global`: northbound options as they are written back, and what northd says of itself (ovn-sb(5)).

use ovn_schemas::rows::ovn_northbound::NbGlobal;
use ovn_schemas::rows::ovn_southbound::SbGlobal;
use ovsdb_data::typed::{Columns, Table};

use super::nb_global::GlobalOptions;
use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The row.
pub enum SbGlobalRow {}

impl Derivation for SbGlobalRow {
    type Key = ();
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::SbGlobalRow;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let nb = view.rows::<NbGlobal<'_>>().into_iter().next();
        let sb = view.rows::<SbGlobal<'_>>().into_iter().next();
        let mut options = (*view.get::<GlobalOptions>(())).clone();
        // ovn-sbctl keeps its own here.
        if let Some(interval) = sb.and_then(|sb| sb.options().get("sbctl_probe_interval")) {
            options.insert("sbctl_probe_interval".into(), interval.into());
        }
        options.insert("arp_ns_explicit_output".into(), "true".into());
        options.insert("register_consolidation".into(), "true".into());
        let nb_cfg = nb.and_then(|nb| view.counters::<NbGlobal<'_>>(nb.uuid()));
        let columns = Columns::new()
            .set(SbGlobal::OPTIONS, options)
            .set(SbGlobal::IPSEC, nb.is_some_and(|nb| nb.ipsec()))
            .set(SbGlobal::NB_CFG, nb_cfg.map_or(0, |nb| nb.nb_cfg()));
        vec![Desired::row(named("SB_Global", ""), columns)]
    }
}
