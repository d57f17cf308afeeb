//! Another zone of the same name, by an operator's mistake. Each takes the rows of the other for leftovers of its own
//! and deletes them; what tells them from leftovers is that they come back. From then on they are left alone, until
//! there are none: so other zones see the rows of both, and nobody writes without end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ovn_schemas::rows::{ovn_ic_southbound as icsb, ovn_northbound as nb, ovn_southbound as sb};
use ovsdb_data::Uuid;

use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::settings::{Settings, is_true};
use crate::view::View;

/// A row that is deleted so often comes back because somebody wants it. A backup that is put back brings it back once.
const TIMES: u32 = 3;

/// Of so many rows that went it is remembered how often.
const REMEMBERED: usize = 1000;

/// A table and what its row is called.
type Row = (&'static str, Arc<str>);

/// What is known of a zone of the same name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Twin {
    /// Whether there is one.
    is_there: bool,
    /// The name that it has in common with this one.
    name: Arc<str>,
    /// The row of that name.
    row: Option<Uuid>,
    /// Rows in this zone's name that have no reason here.
    strange: BTreeSet<Row>,
    /// How often such rows went.
    gone: BTreeMap<Row, u32>,
}

impl Derivation for Twin {
    type Key = ();
    type Value = Twin;
    const NODE: NodeId = Node::Twin;

    fn derive(view: &View<'_>, (): (), before: Option<&Twin>) -> Twin {
        let mut now = before.cloned().unwrap_or_default();
        let settings = view.get::<Settings>(());
        let Some(settings) = settings.as_ref() else {
            return Twin::default();
        };
        let is_renamed = now.name != settings.name;
        now.name = settings.name.clone();
        let Some(zone) = view.holder(icsb::AvailabilityZone::NAME, &*settings.name) else {
            // The operator renames this zone, or the other one takes the row along as it gets another name.
            let other = now.row.filter(|_| !is_renamed);
            let other = other.and_then(|row| view.row::<icsb::AvailabilityZone<'_>>(row));
            if let Some(other) = other {
                now.is_there = true;
                tracing::warn!(
                    "zone {}: its Availability_Zone row was renamed to {} by another ovn-ic: it gets a new one",
                    now.name,
                    other.name()
                );
            }
            return now;
        };
        now.row = Some(zone);
        let strange = strange(view, zone);
        for went in now.strange.difference(&strange) {
            *now.gone.entry(went.clone()).or_default() += 1;
        }
        now.gone.retain(|row, _| !is_of_here(view, row));
        if now.gone.len() > REMEMBERED {
            now.gone.clear();
        }
        let back = strange
            .iter()
            .find(|row| now.gone.get(*row).is_some_and(|n| *n >= TIMES));
        if let Some((table, name)) = back.filter(|_| !now.is_there) {
            now.is_there = true;
            tracing::warn!(
                "zone {}: {table} {name} comes back whenever it is deleted: another ovn-ic has the same zone name; \
                 set another name in NB_Global of one of them",
                now.name
            );
        }
        if strange.is_empty() && now.is_there {
            now.is_there = false;
            now.gone.clear();
            tracing::info!("zone {}: no other ovn-ic has this zone name any more", now.name);
        }
        now.strange = strange;
        now
    }
}

/// The rows in a zone's name that nothing here is the reason of.
fn strange(view: &View<'_>, zone: Uuid) -> BTreeSet<Row> {
    let gateways = view.rows::<icsb::Gateway<'_>>().into_iter();
    let gateways = gateways.filter(|row| row.availability_zone() == zone);
    let gateways = gateways.map(|row| ("Gateway", row.name().into()));
    let ports = view.rows::<icsb::PortBinding<'_>>().into_iter();
    let ports = ports.filter(|row| row.availability_zone() == zone);
    let ports = ports.map(|row| ("Port_Binding", row.logical_port().into()));
    gateways
        .chain(ports)
        .filter(|row| !is_of_here(view, row))
        .collect()
}

fn is_of_here(view: &View<'_>, (table, name): &Row) -> bool {
    if *table == "Port_Binding" {
        return view.holder(nb::LogicalSwitchPort::NAME, &**name).is_some();
    }
    let chassis = view.holder(sb::Chassis::NAME, &**name);
    let chassis = chassis.and_then(|chassis| view.row::<sb::Chassis<'_>>(chassis));
    chassis.is_some_and(|chassis| is_true(&chassis.other_config(), "is-interconn"))
}

/// Whether there is another zone of the same name.
pub enum HasTwin {}

impl Derivation for HasTwin {
    type Key = ();
    type Value = bool;
    const NODE: NodeId = Node::HasTwin;

    fn derive(view: &View<'_>, (): (), _: Option<&bool>) -> bool {
        view.get::<Twin>(()).is_there
    }
}
