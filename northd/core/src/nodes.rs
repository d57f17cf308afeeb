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
    /// An ACL.
    Acl,
    /// A port group without its ports.
    Group,
    /// A switch port as its port groups see it.
    Member,
    /// The port groups of a switch.
    SwitchGroups,
    /// What the ports of a port group have.
    GroupMembers,
    /// The switches of a port group.
    GroupSwitches,
    /// What the ACLs of a switch or a port group come to.
    AclTraits,
    /// Whether a load balancer or a group of them has a VIP.
    HasVip,
    /// What ACLs and load balancers mean for a switch.
    SwitchAcls,
    /// The switches of a port group by what ACLs depend on.
    GroupKinds,
    /// The observation domains of ACL samples.
    SampleDomains,
    /// The samples that ACLs of a switch or a port group share.
    HolderSamples,

    // Keys and addresses that are given once.
    /// Tunnel keys of all datapaths.
    DatapathKeys,
    /// The tunnel key of a datapath.
    DatapathKey,
    /// The ids of all ACLs.
    AclIds,
    /// The id of an ACL.
    AclId,

    // Flows of switches.
    /// Port security of a switch.
    SwitchPortSecurityFlows,
    /// Port security of a port.
    PortSecurityFlows,
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

    // Rows.
    /// `Datapath_Binding`.
    DatapathBindings,
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
    each::<nb::LogicalSwitch<'static>, switch::pre_acl::PreAclFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::acl_hint::AclHintFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::acl::SwitchAclFlows>(Side::Nb),
    each::<nb::Acl<'static>, switch::acl::AclFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::acl_sample::AclSampleFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::acl_action::AclActionFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::qos::SwitchQosFlows>(Side::Nb),
    each::<nb::QoS<'static>, switch::qos::QosFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, switch::stateful::StatefulFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, sync::datapath_binding::DatapathBindings>(Side::Nb),
    each::<nb::LogicalRouter<'static>, sync::datapath_binding::DatapathBindings>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, sync::port_group::PortGroups>(Side::Nb),
    each::<nb::AddressSet<'static>, sync::address_set::AddressSets>(Side::Nb),
    each::<nb::PortGroup<'static>, sync::address_set::GroupAddressSets>(Side::Nb),
    once::<sync::address_set::MonitorAddressSet>(),
    each::<nb::Meter<'static>, sync::meter::Meters>(Side::Nb),
    each::<nb::Acl<'static>, sync::meter::AclMeters>(Side::Nb),
    each::<nb::Acl<'static>, sync::acl_id::AclIdRows>(Side::Nb),
    each::<nb::Mirror<'static>, sync::mirror::Mirrors>(Side::Nb),
];
