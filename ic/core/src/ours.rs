//! Which rows of tables that others write to as well are this zone's to keep: those go when nothing wants them any
//! more. Rows of other zones, and what an operator has made, stay; in a zone that shares its name with another one nobody
//! knows which is which.

use ovn_schemas::rows::{ovn_ic_southbound as icsb, ovn_northbound as nb, ovn_southbound as sb};
use ovsdb_data::Uuid;
use ovsdb_data::typed::Table;

use crate::desired::Desired;
use crate::graph::Derivation;
use crate::learned_route::is_learned;
use crate::local_port::transit_switch_of;
use crate::nodes::{Node, NodeId};
use crate::remote_port::REMOTE;
use crate::settings::is_true;
use crate::transit_switch::NAME_KEY;
use crate::twin::HasTwin;
use crate::view::View;
use crate::zone::Zone;

/// Says of each row of a table whether it is ours, in a zone that has a name.
macro_rules! own {
    ($(#[$doc:meta] $name:ident: $table:ty, $is_ours:expr;)*) => {
        $(
            #[$doc]
            pub enum $name {}

            impl Derivation for $name {
                type Key = Uuid;
                type Value = Vec<Desired>;
                const NODE: NodeId = Node::$name;

                fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
                    let is_ours: fn(&View<'_>, Uuid, $table) -> bool = $is_ours;
                    match (*view.get::<Zone>(()), view.row::<$table>(uuid)) {
                        (Some(zone), Some(row)) if is_ours(view, zone, row) => vec![Desired::ours::<$table>(uuid)],
                        _ => Vec::new(),
                    }
                }
            }
        )*
    };
}

own! {
    /// Gateways of this zone.
    OwnGateways: icsb::Gateway<'_>, |view, zone, row| row.availability_zone() == zone && !*view.get::<HasTwin>(());
    /// Tunnels to them.
    OwnEncaps: icsb::Encap<'_>, |view, zone, row| {
        let gateways = view.holders(icsb::Gateway::ENCAPS, row.uuid()).into_iter();
        let mut gateways = gateways.filter_map(|gateway| view.row::<icsb::Gateway<'_>>(gateway));
        gateways.any(|gateway| gateway.availability_zone() == zone) && !*view.get::<HasTwin>(())
    };
    /// Keys of transit switches: every zone keeps them.
    OwnSwitchKeys: icsb::DatapathBinding<'_>, |_, _, _| true;
    /// Ports of this zone.
    OwnPorts: icsb::PortBinding<'_>, |view, zone, row| row.availability_zone() == zone && !*view.get::<HasTwin>(());
    /// Routes of this zone.
    OwnRoutes: icsb::Route<'_>, |view, zone, row| row.availability_zone() == zone && !*view.get::<HasTwin>(());
    /// Chassis that stand for gateways elsewhere.
    OwnChassis: sb::Chassis<'_>, |_, _, row| {
        let config = row.other_config();
        is_true(&config, "is-remote") && !is_true(&config, "is-interconn")
    };
    /// Tunnels to them.
    OwnChassisEncaps: sb::Encap<'_>, |view, _, row| {
        let chassis = view.holders(sb::Chassis::ENCAPS, row.uuid()).into_iter();
        let mut chassis = chassis.filter_map(|chassis| view.row::<sb::Chassis<'_>>(chassis));
        chassis.any(|chassis| is_true(&chassis.other_config(), "is-remote"))
    };
    /// Logical switches that stand for transit switches.
    OwnSwitches: nb::LogicalSwitch<'_>, |_, _, row| row.other_config().contains_key(NAME_KEY);
    /// Switch ports that stand for ports elsewhere.
    OwnRemotePorts: nb::LogicalSwitchPort<'_>, |view, _, row| {
        row.r#type() == REMOTE && transit_switch_of(view, row.uuid()).is_some()
    };
    /// Static routes that stand for routes elsewhere.
    OwnLearnedRoutes: nb::LogicalRouterStaticRoute<'_>, |_, _, row| is_learned(row);
}
