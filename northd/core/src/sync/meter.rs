//! `Meter`, `Meter_Band`: a copy of each meter, and one more of a fair meter for each ACL that logs by it, so that
//! ACLs do not take one another's share (ovn-nb(5) "Meter" `fair`).

use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound::{Meter, MeterBand};
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::{Desired, Hasher, named};
use crate::graph::Derivation;
use crate::model::acl::Acl;
use crate::nodes::{Node, NodeId};
use crate::switch::acl::fair_meter;
use crate::view::View;

/// The rows of a meter.
pub enum Meters {}

impl Derivation for Meters {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::Meters;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        match view.row::<nb::Meter<'_>>(uuid) {
            Some(meter) => rows(view, meter, meter.name()),
            None => Vec::new(),
        }
    }
}

/// The rows of the meter that an ACL has for itself.
pub enum AclMeters {}

impl Derivation for AclMeters {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::AclMeters;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let acl = view.get::<Acl>(uuid);
        let fair = acl.as_ref().as_ref().and_then(|acl| fair_meter(view, acl));
        let Some((meter, name)) = fair else {
            return Vec::new();
        };
        let meter = view.row::<nb::Meter<'_>>(meter);
        meter.map_or_else(Vec::new, |meter| rows(view, meter, &name))
    }
}

fn rows(view: &View<'_>, meter: nb::Meter<'_>, name: &str) -> Vec<Desired> {
    let mut bands: Vec<(i64, i64, &str)> = meter
        .bands()
        .iter()
        .filter_map(|uuid| view.row::<nb::MeterBand<'_>>(uuid))
        .map(|band| (band.rate(), band.burst_size(), band.action()))
        .collect();
    bands.sort_unstable();
    let mut rows = Vec::new();
    let mut ids = Vec::new();
    for (place, (rate, burst, action)) in bands.into_iter().enumerate() {
        // What a band says never changes: another rate is another band.
        let mut hasher = Hasher::new("Meter_Band");
        hasher.text(name);
        hasher.number(place as u64);
        hasher.number(rate as u64);
        hasher.number(burst as u64);
        hasher.text(action);
        let id = hasher.finish();
        let columns = Columns::new()
            .set(MeterBand::ACTION, action)
            .set(MeterBand::RATE, rate)
            .set(MeterBand::BURST_SIZE, burst);
        rows.push(Desired::row(id, columns));
        ids.push(id);
    }
    let columns = Columns::new()
        .set(Meter::NAME, name)
        .set(Meter::UNIT, meter.unit())
        .set(Meter::BANDS, ids);
    rows.push(Desired::row(named("Meter", name), columns));
    rows
}
