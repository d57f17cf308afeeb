//! Who this zone is among the others (ovn-ic-sb(5) "Availability_Zone").

use ovn_schemas::rows::ovn_ic_northbound::IcNbGlobal;
use ovn_schemas::rows::ovn_ic_southbound::AvailabilityZone;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::{Desired, Kind, named};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::settings::Settings;
use crate::twin::HasTwin;
use crate::view::View;

/// The zone's row: the one of its name, or the one that it had before it was renamed, unless it shares that with another
/// zone. None for a zone without a name.
pub enum Zone {}

impl Derivation for Zone {
    type Key = ();
    type Value = Option<Uuid>;
    const NODE: NodeId = Node::Zone;

    fn derive(view: &View<'_>, (): (), before: Option<&Self::Value>) -> Self::Value {
        let settings = view.get::<Settings>(());
        let name = &*settings.as_ref().as_ref()?.name;
        let known = view.holder(AvailabilityZone::NAME, name);
        let had = || before.copied().flatten().filter(|_| !*view.get::<HasTwin>(()));
        let new = || {
            let id = named("Availability_Zone", name);
            match view.row::<AvailabilityZone<'_>>(id) {
                None => id,
                // That was its row, and is now another zone's.
                Some(_) => named("Availability_Zone of its own", name),
            }
        };
        Some(known.or_else(had).unwrap_or_else(new))
    }
}

/// `Availability_Zone`. Its `nb_ic_cfg` says which state of the northbound interconnection database the rows of the
/// same transaction were made of.
pub enum ZoneRow {}

impl Derivation for ZoneRow {
    type Key = ();
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::ZoneRow;

    fn derive(view: &View<'_>, (): (), before: Option<&Self::Value>) -> Self::Value {
        let settings = view.get::<Settings>(());
        let (Some(zone), Some(settings)) = (*view.get::<Zone>(()), settings.as_ref()) else {
            return Vec::new();
        };
        let global = view.rows::<IcNbGlobal<'_>>().first().copied();
        let columns = Columns::new()
            .set(AvailabilityZone::NAME, settings.name.clone())
            .set(
                AvailabilityZone::NB_IC_CFG,
                global.map_or(0, IcNbGlobal::nb_ic_cfg),
            );
        let mut rows = vec![Desired::row::<AvailabilityZone<'static>>(zone, columns)];
        // A row that was shared with another zone stays for that.
        let had = before.into_iter().flatten().filter(|row| row.id != zone);
        let shared = had.filter(|row| row.kind == Kind::Update || *view.get::<HasTwin>(()));
        rows.extend(shared.map(|row| Desired::update::<AvailabilityZone<'static>>(row.id, Columns::new())));
        rows
    }
}
