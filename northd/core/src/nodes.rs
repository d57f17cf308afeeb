//! Every derivation, in the order in which they may read one another, and every output.

pub use ovn_incremental::NodeId;
use ovn_incremental::Side;
use ovn_incremental::program::{Output, each, once, some};
use ovn_schemas::rows::{ovn_northbound as nb, ovn_southbound as sb};

use crate::model::{lb_sets, switch_port};
use crate::{load_balancing, router, switch, sync};

ovn_incremental::nodes! {
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
    /// A switch's column `ports`, by bucket.
    PortRefs,
    /// The switch of a port.
    SwitchOf,
    /// A switch's port.
    SwitchPort,
    /// A switch's ports in one bucket.
    BucketPorts,
    /// A switch's ports.
    SwitchPorts,
    /// What those in one bucket mean for it.
    BucketTraits,
    /// What its ports mean for a switch.
    SwitchTraits,
    /// How old neighbors of a router may grow.
    NeighborAges,
    /// How old what a switch has learned may grow.
    StationAge,
    /// Whether a router port is a distributed gateway port.
    IsGatewayPort,
    /// The router port behind a switch port.
    Peer,
    /// The ports of a switch that lead to routers.
    RouterSide,
    /// Whether all that is on a switch are routers.
    HasOnlyRouters,
    /// The switch port that leads to a router port.
    SwitchPeer,
    /// The router port that a router port is connected to.
    RouterPeer,
    /// The chassisredirect port that stands for a switch port.
    RedirectPort,
    /// Router ports on the same switch.
    Neighbors,
    /// A load balancer.
    LoadBalancer,
    /// Its virtual addresses as they were typed, in buckets.
    VipTexts,
    /// How many buckets there are.
    Buckets,
    /// Those of a bucket.
    BucketTexts,
    /// The virtual addresses of a bucket.
    Vips,
    /// A translation rule.
    Nat,
    /// A translation rule on a router.
    PlacedNat,
    /// The translation rules of a router.
    RouterNats,
    /// What its translation rules mean for a router.
    NatTraits,
    /// What a translation rule is among those of a router.
    NatRank,
    /// Addresses that a router gives to what it translated.
    ForceSnat,
    /// Addresses that a router gives to what leaves it.
    SnatIps,
    /// Addresses of a router's ports.
    OwnIps,
    /// Addresses that a load balancer serves.
    BalancerServes,
    /// The load balancers of a group, by bucket.
    GroupBalancers,
    /// The load balancers of a bucket of a group.
    BucketBalancers,
    /// Addresses that the load balancers of a bucket serve.
    BucketServes,
    /// Addresses that a group of load balancers serves.
    GroupServes,
    /// What a group of load balancers serves besides addresses.
    GroupGist,
    /// Addresses of a block that a group of load balancers serves.
    BlockServes,
    /// The load balancers of a router.
    RouterBalancers,
    /// Whether the load balancers of a router serve anything.
    RouterHasVip,
    /// Whether the load balancers of a router serve the address outside of a translation rule.
    IsServed,
    /// Whether a router redirects by way of a bridge.
    IsBridged,

    /// What of a chassis matters to ports.
    ChassisTraits,
    /// Whether keys have to fit into VXLAN.
    VxlanMode,
    /// A port's `Port_Binding` row as it is.
    OwnBinding,
    /// The `Port_Binding` row of a port's chassisredirect port as it is.
    RedirectBinding,
    /// Where a switch port is.
    PortChassis,
    /// The port that a port of type `switch` leads to.
    SwitchLink,
    /// The routers that a router is connected to.
    RouterLinks,
    /// Groups of connected routers.
    RouterGroups,
    /// The group of a router.
    RouterGroup,
    /// The chassis with ports of one bucket of a switch.
    BucketChassis,
    /// The chassis with ports of a switch.
    SwitchChassis,
    /// The chassis with ports of a group of routers.
    GroupChassis,
    /// An ACL.
    Acl,
    /// A port group without its ports.
    Group,
    /// A switch port as its port groups see it.
    Member,
    /// The port groups of a switch's ports in one bucket.
    BucketGroups,
    /// The port groups of a switch.
    SwitchGroups,
    /// What the ports of a port group have.
    GroupMembers,
    /// The switches of a port group.
    GroupSwitches,
    /// The ACLs of a switch or a port group, by bucket.
    AclRefs,
    /// What those of a bucket come to.
    BucketAcls,
    /// What they come to.
    HolderAcls,
    /// Whether a load balancer or a group of them has a VIP.
    HasVip,
    /// What ACLs and load balancers mean for a switch.
    SwitchAcls,
    /// The switches of a port group by what ACLs depend on.
    GroupKinds,
    /// The observation domains of ACL samples.
    SampleDomains,
    /// Whether a BFD session is up.
    BfdIsUp,
    /// Whether a router port has a BFD session.
    HasBfd,
    /// A router's ports with their addresses.
    RouterNetworks,
    /// A router's ports with networks in a block of addresses.
    BlockNetworks,
    /// The router ports that a switch leads to, with their addresses.
    SwitchRouters,
    /// A static or learned route.
    Route,
    /// What a router has learned.
    LearnedRoutes,
    /// A router's routes, by bucket.
    RouteRefs,
    /// What the routes of a bucket are asked for together.
    BucketRoutes,
    /// A policy's next hops.
    NextHops,
    /// What a router does with multicast.
    Multicast,
    /// The longest packet that a router port lets through.
    GatewayMtu,
    /// Whether a router connects zones.
    IsTransitRouter,
    /// A router's own addresses that NAT or load balancers give away.
    SharedAddresses,
    /// A load balancer's addresses that other routers may reach.
    RoutableVips,
    /// Those of a group of load balancers.
    GroupRoutableVips,
    /// What other routers may reach through a router port.
    Routable,
    /// What a router port tells routing protocols about.
    Redistribution,
    /// The router ports of a switch that advertise who is on it.
    HostAdvertisers,
    /// The switches that a router has ports on.
    RouterSwitches,
    /// The routers of a group of load balancers.
    LbGroupRouters,
    /// The switches of a group of load balancers.
    LbGroupSwitches,
    /// The group to which a load balancer owes all its datapaths.
    LbHome,
    /// The routers of a load balancer.
    LbRouters,
    /// The switches of a load balancer.
    LbSwitches,
    /// How a load balancer's backends do.
    Health,
    /// What load balancers need to know of a router.
    LbRouter,
    /// The routers of load balancers by what they do.
    LbRouterKinds,
    /// The sets of datapaths that load balancers' flows are on.
    LbSets,
    /// Those of a group of load balancers.
    LbGroupSets,
    /// What flows of load balancers depend on besides the members of their sets.
    LbKinds,
    /// Such a set by the meters that limit a protocol there.
    LbByMeter,
    /// All networks of a router.
    LbNetworks,
    /// The virtual addresses that a router answers for.
    AnsweredVips,
    /// Whether it answers for any.
    AnswersVips,
    /// Where a router is seen from switches.
    Fronts,

    // Keys and addresses that are given once.
    /// Tunnel keys of all datapaths.
    DatapathKeys,
    /// The tunnel key of a datapath.
    DatapathKey,
    /// What a port brings to the choice of its key.
    PortKeyClaim,
    /// What a switch's ports in one bucket bring to that.
    BucketClaims,
    /// Tunnel keys of a datapath's ports.
    PortKeys,
    /// Whether a port wants a queue.
    QueueClaim,
    /// The ports of a switch in one bucket that want queues.
    BucketQueues,
    /// The ports of a switch that want queues.
    SwitchQueues,
    /// All queues.
    Queues,
    /// A port's queue.
    Queue,
    /// A container's VLAN tag.
    Tag,
    /// The prefix of Ethernet addresses.
    MacPrefix,
    /// What a port has to do with the choice of addresses.
    PortIpam,
    /// What addresses of a switch's ports are chosen by.
    SwitchIpam,
    /// Whether OVN chooses addresses on a switch.
    HasIpam,
    /// Ethernet addresses of a datapath's ports.
    DatapathMacs,
    /// Addresses that OVN chose.
    DynamicAddresses,
    /// Addresses that OVN chose for a port.
    DynamicAddress,
    /// The ids of all ACLs.
    AclIds,
    /// The id of an ACL.
    AclId,

    // What switches and their multicast are, for flows and rows.
    /// Whether a router on a switch answers in the place of others.
    HasProxy,
    /// The router port that relays a switch's DHCP requests.
    DhcpRelayPort,
    /// Ethernet addresses of a router's NAT rules.
    ExternalMacs,
    /// Which DHCP options a port has.
    DhcpOf,
    /// What a port means for multicast groups.
    MulticastPort,
    /// Whether there is a router on a switch that relays multicast.
    IsRelayed,
    /// A switch's ports in one bucket in its built-in multicast groups.
    BucketFloods,
    /// The built-in multicast groups of a switch.
    SwitchFloods,
    /// Those of a router.
    RouterFloods,
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
    /// The route table of a router port's packets.
    PortTable,
    /// Numbers of a router's route tables.
    RouteTables,
    /// Groups of a router's routes that share their packets.
    EcmpGroups,
    /// The group of a route.
    EcmpGroup,
    /// A router's policies, by bucket.
    PolicyRefs,
    /// What the policies of a bucket are asked for together.
    BucketPolicies,
    /// Numbers of a router's policy chains.
    PolicyChains,
    /// Numbers of a router's policies that choose among next hops.
    PolicyGroups,

    // Flows of switches.
    /// Port security of a switch.
    SwitchPortSecurityFlows,
    /// Port security of a port.
    PortSecurityFlows,
    /// Addresses outside of routers on switches.
    SwitchNatFlows,

    // Flows of routers.
    /// Translation, for all routers.
    NatStageFlows,
    /// A translation rule.
    NatFlows,
    /// Translation, for a router that does any.
    StatefulRouterFlows,
    /// What goes to the chassis of a gateway port.
    GatewayRedirectFlows,
    /// Addresses for what a router translated.
    ForceSnatFlows,
    /// Addresses for what leaves by a port.
    PortSnatFlows,
    /// What a switch tracks for ACLs.
    PreAclFlows,
    /// ACL hints of a switch.
    AclHintFlows,
    /// What holds for all ACLs of a switch.
    SwitchAclFlows,
    /// An ACL.
    AclFlows,
    /// ACL samples of a switch.
    AclSampleFlows,
    /// What becomes of a switch's ACL verdicts.
    AclActionFlows,
    /// QoS of a switch.
    SwitchQosFlows,
    /// A QoS rule.
    QosFlows,
    /// Commits of a switch.
    StatefulFlows,
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
    /// What Kube-OVN asks of a switch.
    SwitchKubeOvnFlows,
    /// What it asks for a port.
    PortKubeOvnFlows,

    // More flows of routers.
    /// What a router takes in.
    AdmissionFlows,
    /// What a router port takes in.
    PortAdmissionFlows,
    /// Learning neighbours.
    NeighborFlows,
    /// Learning neighbours of a port.
    PortNeighborFlows,
    /// What a router answers and refuses.
    IpInputFlows,
    /// What a router port answers and refuses.
    PortIpInputFlows,
    /// ICMP of a router port.
    PortIcmpFlows,
    /// Packets for a router port itself.
    OwnAddressFlows,
    /// DHCP relay of a router.
    DhcpRelayFlows,
    /// DHCP relay of a port.
    PortDhcpRelayFlows,
    /// Router advertisements.
    NdRaFlows,
    /// Router advertisements of a port.
    PortNdRaFlows,
    /// Multicast of a router.
    RouterMulticastFlows,
    /// Routing of a router.
    RoutingFlows,
    /// Routes to the networks of a port.
    PortRoutingFlows,
    /// A static or learned route.
    RouteFlows,
    /// Routes to what a port offers to other routers.
    RoutableFlows,
    /// Policies of a router.
    RouterPolicyFlows,
    /// A policy.
    PolicyFlows,
    /// Ethernet addresses of next hops.
    ArpResolveFlows,
    /// Ethernet addresses that a router port knows of.
    PortArpResolveFlows,
    /// Addresses of a switch port for the routers on its switch.
    SwitchPortArpResolveFlows,
    /// Packets that are too long.
    PacketLengthFlows,
    /// Packets that are too long for a port.
    PortPacketLengthFlows,
    /// Asking for next hops.
    ArpRequestFlows,
    /// Asking for the next hop of a route.
    NextHopRequestFlows,
    /// Out of a router.
    DeliveryFlows,
    /// Out of a router port.
    PortDeliveryFlows,
    // Flows of load balancers.
    /// The ports of a load balancer's backends.
    BackendPorts,
    /// Its backends by chassis.
    LocalBackends,
    /// Pre-LB of a switch.
    PreLbFlows,
    /// Pre-stateful of a switch.
    PreStatefulFlows,
    /// Hairpins of a switch.
    HairpinFlows,
    /// Load balancing on switches.
    SwitchLbFlows,
    /// Virtual addresses that switches keep.
    LbPreStatefulFlows,
    /// Answers for who checks health.
    HealthCheckFlows,
    /// Requests for virtual addresses.
    VipForwardingFlows,
    /// Balanced connections of a router.
    RouterLbStateFlows,
    /// Load balancing on routers.
    RouterLbFlows,
    /// Packets to virtual addresses put together.
    LbDefragFlows,
    /// Answers for virtual addresses.
    VipArpFlows,
    /// All flows of a load balancer.
    LbFlows,

    // Rows.
    /// `Datapath_Binding`.
    DatapathBindings,
    /// `Port_Binding` of a switch port.
    SwitchPortBindings,
    /// `Port_Binding` of a router port.
    RouterPortBindings,
    /// `HA_Chassis_Group` of a northbound one.
    HaGroupRows,
    /// `HA_Chassis_Group` of gateway chassis.
    GatewayChassisRows,
    /// `NB_Global.options`.
    GlobalOptions,
    /// `NB_Global`.
    NbGlobalRow,
    /// `SB_Global`.
    SbGlobalRow,
    /// `RBAC_Role`, `RBAC_Permission`.
    RbacRows,
    /// `Static_MAC_Binding`.
    StaticMacBindings,
    /// `Chassis_Template_Var`.
    ChassisTemplateVars,
    /// Southbound BFD sessions as they are.
    BfdSessionStates,
    /// The southbound session of a northbound one.
    BfdSession,
    /// Source ports of BFD sessions.
    BfdPorts,
    /// `BFD`.
    BfdRows,
    /// Columns of northbound switch ports.
    NbSwitchPortRow,
    /// Columns of northbound router ports.
    NbRouterPortRow,
    /// `Port_Binding.nat_addresses`.
    NatAddresses,
    /// `Port_Group`.
    PortGroups,
    /// `Address_Set` of an address set.
    AddressSets,
    /// `Address_Set` of a port group.
    GroupAddressSets,
    /// `Address_Set` of health checks.
    MonitorAddressSet,
    /// `Meter`.
    Meters,
    /// `Meter` of an ACL.
    AclMeters,
    /// `ACL_ID`.
    AclIdRows,
    /// `Mirror`.
    Mirrors,
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
    /// `ECMP_Nexthop`.
    EcmpNexthops,
    /// `Advertised_Route` of a router port.
    PortAdvertisedRoutes,
    /// `Advertised_Route` of a switch port.
    HostAdvertisedRoutes,
    /// `Advertised_Route` of a static route.
    StaticAdvertisedRoutes,
    /// The rows of the datapaths that load balancers owe to a group.
    LbGroupRows,
    /// `Load_Balancer`.
    LoadBalancers,
    /// `Service_Monitor`.
    ServiceMonitors,
    /// `Address_Set` of routers' virtual addresses.
    RouterVipSets,

    // Rows that others have written, and that go.
    /// Datapaths by tunnel key.
    KeyedDatapaths,
    /// The datapath of a tunnel key.
    KeyedDatapath,
    /// Tunnel keys of a datapath's ports, as a set.
    TakenKeys,
    /// `FDB`.
    StaleFdb,
    /// `MAC_Binding`.
    StaleMacBinding,
    /// `IGMP_Group`.
    StaleIgmpGroup,
    /// `Learned_Route`.
    StaleLearnedRoute,
}

/// Every output.
pub(crate) const OUTPUTS: &[Output] = &[
    each::<nb::LogicalSwitch<'static>, switch::port_security::SwitchPortSecurityFlows>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, switch::port_security::PortSecurityFlows>(Side::Nb),
    each::<nb::Nat<'static>, switch::nat::SwitchNatFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::nat_stages::NatStageFlows>(Side::Nb),
    each::<nb::Nat<'static>, router::nat::NatFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::nat_stages::StatefulRouterFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::gateway_redirect::GatewayRedirectFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::force_snat::ForceSnatFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::force_snat::PortSnatFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, sync::datapath_binding::DatapathBindings>(Side::Nb),
    each::<nb::LogicalRouter<'static>, sync::datapath_binding::DatapathBindings>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, sync::port_binding::SwitchPortBindings>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, sync::router_port_binding::RouterPortBindings>(Side::Nb),
    each::<nb::HaChassisGroup<'static>, sync::ha_chassis_group::HaGroupRows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, sync::ha_chassis_group::GatewayChassisRows>(Side::Nb),
    once::<sync::nb_global::NbGlobalRow>(),
    once::<sync::global::SbGlobalRow>(),
    once::<sync::rbac::RbacRows>(),
    each::<nb::StaticMacBinding<'static>, sync::static_mac_binding::StaticMacBindings>(Side::Nb),
    each::<nb::ChassisTemplateVar<'static>, sync::chassis_template_var::ChassisTemplateVars>(Side::Nb),
    each::<nb::Bfd<'static>, sync::bfd::BfdRows>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, sync::nb_switch_port::NbSwitchPortRow>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, sync::nb_router_port::NbRouterPortRow>(Side::Nb),
    some::<nb::LogicalSwitchPort<'static>, sync::nat_addresses::NatAddresses>(
        Side::Nb,
        switch_port::leads_to_router,
    ),
    each::<nb::LogicalSwitch<'static>, switch::pre_acl::PreAclFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::acl_hint::AclHintFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::acl::SwitchAclFlows>(Side::Nb),
    each::<nb::Acl<'static>, switch::acl::AclFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::acl_sample::AclSampleFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::acl_action::AclActionFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::qos::SwitchQosFlows>(Side::Nb),
    each::<nb::QoS<'static>, switch::qos::QosFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::stateful::StatefulFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, sync::port_group::PortGroups>(Side::Nb),
    each::<nb::AddressSet<'static>, sync::address_set::AddressSets>(Side::Nb),
    each::<nb::PortGroup<'static>, sync::address_set::GroupAddressSets>(Side::Nb),
    once::<sync::address_set::MonitorAddressSet>(),
    each::<nb::Meter<'static>, sync::meter::Meters>(Side::Nb),
    each::<nb::Acl<'static>, sync::meter::AclMeters>(Side::Nb),
    each::<nb::Acl<'static>, sync::acl_id::AclIdRows>(Side::Nb),
    each::<nb::Mirror<'static>, sync::mirror::Mirrors>(Side::Nb),
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
    some::<nb::LogicalSwitchPort<'static>, switch::fdb::FdbFlows>(Side::Nb, switch_port::takes_unknown),
    each::<nb::LogicalSwitchPort<'static>, switch::arp_nd::ArpNdFlows>(Side::Nb),
    some::<nb::LogicalSwitchPort<'static>, switch::dhcp::DhcpFlows>(Side::Nb, switch::dhcp::has_options),
    some::<nb::LogicalSwitchPort<'static>, switch::external::ExternalFlows>(
        Side::Nb,
        switch_port::is_external,
    ),
    each::<nb::LogicalSwitchPort<'static>, switch::l2_lookup::L2LookupFlows>(Side::Nb),
    some::<nb::LogicalSwitchPort<'static>, switch::l2_lookup::SelfOriginatedFlows>(
        Side::Nb,
        switch_port::leads_to_router,
    ),
    each::<nb::LogicalRouter<'static>, switch::multicast::RouterLearnedFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::kube_ovn::SwitchKubeOvnFlows>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, switch::kube_ovn::PortKubeOvnFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, sync::multicast_group::MulticastGroups>(Side::Nb),
    each::<nb::LogicalRouter<'static>, sync::multicast_group::MulticastGroups>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, sync::ip_multicast::IpMulticastRow>(Side::Nb),
    each::<nb::Dns<'static>, sync::dns::DnsRow>(Side::Nb),
    once::<sync::dhcp_options::DhcpOptionRows>(),
    each::<nb::LogicalRouter<'static>, router::admission::AdmissionFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::admission::PortAdmissionFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::neighbor::NeighborFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::neighbor::PortNeighborFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::ip_input::IpInputFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::ip_input::PortIpInputFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::icmp::PortIcmpFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::own_address::OwnAddressFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::dhcp_relay::DhcpRelayFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::dhcp_relay::PortDhcpRelayFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::nd_ra::NdRaFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::nd_ra::PortNdRaFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::multicast::RouterMulticastFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::routing::RoutingFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::routing::PortRoutingFlows>(Side::Nb),
    each::<nb::LogicalRouterStaticRoute<'static>, router::routing::RouteFlows>(Side::Nb),
    each::<sb::LearnedRoute<'static>, router::routing::RouteFlows>(Side::Sb),
    each::<nb::LogicalRouterPort<'static>, router::routable::RoutableFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::policy::RouterPolicyFlows>(Side::Nb),
    each::<nb::LogicalRouterPolicy<'static>, router::policy::PolicyFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::arp_resolve::ArpResolveFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::arp_resolve::PortArpResolveFlows>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, router::arp_resolve::SwitchPortArpResolveFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::packet_length::PacketLengthFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::packet_length::PortPacketLengthFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::arp_request::ArpRequestFlows>(Side::Nb),
    each::<nb::LogicalRouterStaticRoute<'static>, router::arp_request::NextHopRequestFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::delivery::DeliveryFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::delivery::PortDeliveryFlows>(Side::Nb),
    each::<nb::LogicalRouterStaticRoute<'static>, sync::ecmp_nexthop::EcmpNexthops>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, sync::advertised_route::PortAdvertisedRoutes>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, sync::advertised_route::HostAdvertisedRoutes>(Side::Nb),
    each::<nb::LogicalRouterStaticRoute<'static>, sync::advertised_route::StaticAdvertisedRoutes>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::pre_lb::PreLbFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::pre_stateful::PreStatefulFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::hairpin::HairpinFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::load_balancer::RouterLbStateFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, switch::vip_forwarding::VipForwardingFlows>(Side::Nb),
    each::<nb::LoadBalancer<'static>, load_balancing::LbFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::load_balancer_arp::VipArpFlows>(Side::Nb),
    each::<nb::LoadBalancer<'static>, sync::load_balancer::LoadBalancers>(Side::Nb),
    each::<nb::LoadBalancerGroup<'static>, lb_sets::LbGroupSets>(Side::Nb),
    each::<nb::LoadBalancerGroup<'static>, sync::load_balancer::LbGroupRows>(Side::Nb),
    some::<nb::LoadBalancer<'static>, sync::service_monitor::ServiceMonitors>(
        Side::Nb,
        sync::service_monitor::is_watched,
    ),
    each::<nb::LogicalRouter<'static>, sync::router_vips::RouterVipSets>(Side::Nb),
    each::<sb::Fdb<'static>, sync::fdb::StaleFdb>(Side::Sb),
    each::<sb::MacBinding<'static>, sync::mac_binding::StaleMacBinding>(Side::Sb),
    each::<sb::IgmpGroup<'static>, sync::igmp_group::StaleIgmpGroup>(Side::Sb),
    each::<sb::LearnedRoute<'static>, sync::learned_route::StaleLearnedRoute>(Side::Sb),
];
