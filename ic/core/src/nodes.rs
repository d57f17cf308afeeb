//! Every derivation, in the order in which they may read one another, and every output.

pub use ovn_incremental::NodeId;
use ovn_incremental::Side;
use ovn_incremental::program::{Output, each, once};
use ovn_schemas::rows::{
    ovn_ic_northbound as icnb, ovn_ic_southbound as icsb, ovn_northbound as nb, ovn_southbound as sb,
};

use crate::{
    advertised_route, gateway, learned_route, local_port, ours, remote_port, sequence, transit_switch, zone,
};

ovn_incremental::nodes! {
    /// Name and options of the zone.
    Settings,
    /// What is known of another zone of the same name.
    Twin,
    /// Whether there is one.
    HasTwin,
    /// The zone's row among all zones.
    Zone,
    /// Whether keys have to fit into VXLAN.
    VxlanMode,
    /// Tunnel keys of all transit switches.
    SwitchKeys,
    /// The tunnel key of a transit switch.
    SwitchKey,
    /// The logical switch that a transit switch is here.
    LocalSwitch,
    /// A switch port on a transit switch that is of this zone.
    LocalPort,
    /// What the southbound database says of it.
    Binding,
    /// Tunnel keys of this zone's ports of a transit switch.
    PortKeys,
    /// A router on a transit switch.
    TransitPort,
    /// The networks that a router is connected to.
    RouterNetworks,
    /// Where a router is on transit switches.
    RouterTransit,
    /// The routers of this zone on a transit switch.
    SwitchTransit,

    /// `Availability_Zone`.
    ZoneRow,
    /// `nb_ic_cfg` and `sb_ic_cfg`.
    Sequence,
    /// `Gateway` of a chassis here.
    GatewayRows,
    /// `Chassis` of a gateway elsewhere.
    RemoteChassisRows,
    /// `Logical_Switch` of a transit switch.
    LocalSwitchRow,
    /// `Datapath_Binding` of a transit switch.
    SwitchKeyRow,
    /// `Port_Binding` of a port here.
    LocalPortRows,
    /// `Logical_Switch_Port` of a port elsewhere.
    RemotePortRows,
    /// `Route` of a network of a router port.
    ConnectedRoutes,
    /// `Route` of a static route.
    StaticRoutes,
    /// `Logical_Router_Static_Route` of a route elsewhere.
    LearnedRoutes,
    /// Gateways of this zone.
    OwnGateways,
    /// Their encapsulations.
    OwnEncaps,
    /// Keys of transit switches.
    OwnSwitchKeys,
    /// Ports of this zone.
    OwnPorts,
    /// Routes of this zone.
    OwnRoutes,
    /// Chassis that stand for gateways elsewhere.
    OwnChassis,
    /// Their encapsulations.
    OwnChassisEncaps,
    /// Logical switches that stand for transit switches.
    OwnSwitches,
    /// Switch ports that stand for ports elsewhere.
    OwnRemotePorts,
    /// Static routes that stand for routes elsewhere.
    OwnLearnedRoutes,
}

/// Every output.
pub(crate) const OUTPUTS: &[Output] = &[
    once::<zone::ZoneRow>(),
    once::<sequence::Sequence>(),
    each::<sb::Chassis<'static>, gateway::GatewayRows>(Side::Sb),
    each::<icsb::Gateway<'static>, gateway::RemoteChassisRows>(Side::IcSb),
    each::<icnb::TransitSwitch<'static>, transit_switch::LocalSwitchRow>(Side::IcNb),
    each::<icnb::TransitSwitch<'static>, transit_switch::SwitchKeyRow>(Side::IcNb),
    each::<nb::LogicalSwitchPort<'static>, local_port::LocalPortRows>(Side::Nb),
    each::<icsb::PortBinding<'static>, remote_port::RemotePortRows>(Side::IcSb),
    each::<nb::LogicalRouterPort<'static>, advertised_route::ConnectedRoutes>(Side::Nb),
    each::<nb::LogicalRouterStaticRoute<'static>, advertised_route::StaticRoutes>(Side::Nb),
    each::<icsb::Route<'static>, learned_route::LearnedRoutes>(Side::IcSb),
    each::<icsb::Gateway<'static>, ours::OwnGateways>(Side::IcSb),
    each::<icsb::Encap<'static>, ours::OwnEncaps>(Side::IcSb),
    each::<icsb::DatapathBinding<'static>, ours::OwnSwitchKeys>(Side::IcSb),
    each::<icsb::PortBinding<'static>, ours::OwnPorts>(Side::IcSb),
    each::<icsb::Route<'static>, ours::OwnRoutes>(Side::IcSb),
    each::<sb::Chassis<'static>, ours::OwnChassis>(Side::Sb),
    each::<sb::Encap<'static>, ours::OwnChassisEncaps>(Side::Sb),
    each::<nb::LogicalSwitch<'static>, ours::OwnSwitches>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, ours::OwnRemotePorts>(Side::Nb),
    each::<nb::LogicalRouterStaticRoute<'static>, ours::OwnLearnedRoutes>(Side::Nb),
];
