//! Every derivation, in the order in which they may read one another, and every output.

use ovn_schemas::rows::ovn_northbound as nb;
use ovsdb_data::typed::Table;
use ovsdb_data::{TableIdx, Uuid};

use crate::databases::Side;
use crate::graph::{Derivation, Graph, Key};
use crate::{switch, sync};

/// A derivation. One reads only those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    // Rows as what OVN means by them.
    /// Options of the whole.
    Config,
    /// What every chassis can do.
    Features,
    /// A router.
    Router,
    /// A router's port.
    RouterPort,
    /// A router's ports.
    RouterPorts,
    /// A router's distributed gateway ports.
    GatewayPorts,
    /// A switch.
    Switch,
    /// The switch of a port.
    SwitchOf,
    /// A switch's port.
    SwitchPort,
    /// A switch's ports.
    SwitchPorts,
    /// What its ports mean for a switch.
    SwitchTraits,
    /// The router port behind a switch port.
    Peer,
    /// The switch port that leads to a router port.
    SwitchPeer,
    /// The router port that a router port is connected to.
    RouterPeer,
    /// The chassisredirect port that stands for a switch port.
    RedirectPort,
    /// Router ports on the same switch.
    Neighbors,

    // Keys and addresses that are given once.
    /// Tunnel keys of all datapaths.
    DatapathKeys,
    /// The tunnel key of a datapath.
    DatapathKey,

    // What switches and their multicast are, for flows and rows.
    /// The ports of a switch that lead to routers.
    RouterSide,
    /// Whether all that is on a switch are routers.
    HasOnlyRouters,
    /// Whether a router on a switch answers in the place of others.
    HasProxy,
    /// The router port that relays a switch's DHCP requests.
    DhcpRelayPort,
    /// Ethernet addresses of a router's NAT rules.
    ExternalMacs,
    /// Whether a port group has stateful ACLs.
    IsStatefulGroup,
    /// Whether packets of a switch go through connection tracking.
    TracksConnections,
    /// Which DHCP options a port has.
    DhcpOf,
    /// The queue of a port.
    PortQueue,
    /// What a port means for multicast groups.
    MulticastPort,
    /// Whether there is a router on a switch that relays multicast.
    IsRelayed,
    /// The built-in multicast groups of a switch.
    SwitchGroups,
    /// Those of a router.
    RouterGroups,
    /// Where a switch sends multicast besides.
    SwitchBesides,
    /// What has been heard of multicast groups.
    Reports,
    /// What has been heard on a switch.
    SwitchReports,
    /// The multicast groups that a switch has learned.
    SwitchLearned,
    /// Those that a router has learned.
    RouterLearned,

    // Flows of switches.
    /// Port security of a switch.
    SwitchPortSecurityFlows,
    /// Port security of a port.
    PortSecurityFlows,
    /// Routing daemons behind a switch port.
    RoutingProtocolFlows,
    /// Learning addresses on a switch.
    SwitchFdbFlows,
    /// Learning addresses from a port.
    FdbFlows,
    /// What comes from a hardware VTEP.
    VtepFlows,
    /// Answers to ARP and neighbor discovery, of a switch.
    SwitchArpNdFlows,
    /// Answers for a port.
    ArpNdFlows,
    /// Forwarding groups of a switch.
    ForwardingGroupFlows,
    /// DHCP of a switch.
    SwitchDhcpFlows,
    /// DHCP for a port.
    DhcpFlows,
    /// DNS of a switch.
    DnsFlows,
    /// External ports of a switch.
    SwitchExternalFlows,
    /// An external port.
    ExternalFlows,
    /// Where frames go on a switch.
    SwitchL2LookupFlows,
    /// What goes to a port.
    L2LookupFlows,
    /// What a router asks itself.
    SelfOriginatedFlows,
    /// Multicast of a switch.
    MulticastFlows,
    /// Multicast that a switch has learned.
    SwitchLearnedFlows,
    /// Multicast that a router has learned.
    RouterLearnedFlows,

    // Rows.
    /// `Datapath_Binding`.
    DatapathBindings,
    /// The rows of `Datapath_Binding` that there are.
    SouthboundDatapaths,
    /// Tunnel keys of learned multicast groups.
    LearnedKeys,
    /// `Multicast_Group`.
    MulticastGroups,
    /// `IP_Multicast`.
    IpMulticastRow,
    /// `DNS`.
    DnsRow,
    /// `DHCP_Options` and `DHCPv6_Options`.
    DhcpOptionRows,
}

/// Of what there is an output each.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    /// One in all.
    Once,
    /// One for each row of a table.
    Rows(Side, TableIdx),
}

/// An output: flows or rows that are to be.
pub(crate) struct Output {
    pub of: Of,
    pub want: fn(&mut Graph, Uuid),
    pub drop: fn(&mut Graph, Uuid),
}

const fn once<D: Derivation>() -> Output {
    output::<D>(Of::Once)
}

const fn each<T: Table<'static>, D: Derivation>(side: Side) -> Output {
    output::<D>(Of::Rows(side, T::TABLE_INDEX))
}

const fn output<D: Derivation>(of: Of) -> Output {
    Output {
        of,
        want: |graph, uuid| graph.want::<D>(D::Key::from(Key(uuid, Uuid::nil()))),
        drop: |graph, uuid| graph.drop_output::<D>(D::Key::from(Key(uuid, Uuid::nil()))),
    }
}

/// Every output.
pub(crate) const OUTPUTS: &[Output] = &[
    each::<nb::LogicalSwitch<'static>, switch::port_security::SwitchPortSecurityFlows>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, switch::port_security::PortSecurityFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, switch::routing_protocols::RoutingProtocolFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::fdb::SwitchFdbFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::vtep::VtepFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::arp_nd::SwitchArpNdFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::forwarding_group::ForwardingGroupFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::dhcp::SwitchDhcpFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::dns::DnsFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::external::SwitchExternalFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::l2_lookup::SwitchL2LookupFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::multicast::MulticastFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::multicast::SwitchLearnedFlows>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, switch::fdb::FdbFlows>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, switch::arp_nd::ArpNdFlows>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, switch::dhcp::DhcpFlows>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, switch::external::ExternalFlows>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, switch::l2_lookup::L2LookupFlows>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, switch::l2_lookup::SelfOriginatedFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, switch::multicast::RouterLearnedFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, sync::datapath_binding::DatapathBindings>(Side::Nb),
    each::<nb::LogicalRouter<'static>, sync::datapath_binding::DatapathBindings>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, sync::multicast_group::MulticastGroups>(Side::Nb),
    each::<nb::LogicalRouter<'static>, sync::multicast_group::MulticastGroups>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, sync::ip_multicast::IpMulticastRow>(Side::Nb),
    each::<nb::Dns<'static>, sync::dns::DnsRow>(Side::Nb),
    once::<sync::dhcp_options::DhcpOptionRows>(),
];
