//! Sequence numbers: `nb_ic_cfg` asks, `sb_ic_cfg` says that every zone has answered (ovn-ic-nb(5) "IC_NB_Global").

use ovn_schemas::rows::ovn_ic_northbound::IcNbGlobal;
use ovn_schemas::rows::ovn_ic_southbound::{AvailabilityZone, IcSbGlobal};
use ovsdb_data::typed::{Columns, Table};

use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;
use crate::zone::Zone;

/// The two rows that there are once, made where they are missing.
pub enum Sequence {}

impl Derivation for Sequence {
    type Key = ();
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::Sequence;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        if view.get::<Zone>(()).is_none() {
            return Vec::new();
        }
        let nb = view.rows::<IcNbGlobal<'_>>().first().copied();
        let sb = view.rows::<IcSbGlobal<'_>>().first().copied();
        let asked = nb.map_or(0, IcNbGlobal::nb_ic_cfg);
        let zones = view.rows::<AvailabilityZone<'_>>();
        let is_answered = !zones.is_empty() && zones.iter().all(|zone| zone.nb_ic_cfg() == asked);
        for late in zones.iter().filter(|zone| asked - zone.nb_ic_cfg() > 1) {
            let (name, cfg) = (late.name(), late.nb_ic_cfg());
            tracing::warn!(
                "zone {name}: Availability_Zone has nb_ic_cfg {cfg}, {asked} was asked for: its ovn-ic does not answer; \
                 if it is gone for good, remove the zone's rows with ovn-ic-sbctl"
            );
        }
        let (mut of_nb, mut of_sb) = (Columns::new(), Columns::new());
        if is_answered {
            of_nb = of_nb.set(IcNbGlobal::SB_IC_CFG, asked);
            of_sb = of_sb.set(IcSbGlobal::NB_IC_CFG, asked);
        }
        let nb = nb.map_or_else(|| named("IC_NB_Global", ""), Table::uuid);
        let sb = sb.map_or_else(|| named("IC_SB_Global", ""), Table::uuid);
        vec![
            Desired::row::<IcNbGlobal<'static>>(nb, of_nb),
            Desired::row::<IcSbGlobal<'static>>(sb, of_sb),
        ]
    }
}
