//! Every derivation, in the order in which they may read one another, and every output.

use ovn_schemas::rows::ovn_northbound as nb;
use ovsdb_data::typed::Table;
use ovsdb_data::{TableIdx, Uuid};

use crate::databases::Side;
use crate::graph::{Derivation, Graph, Key};
use crate::{router, switch, sync};

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
    /// Addresses that a group of load balancers serves.
    GroupServes,
    /// The load balancers of a router.
    RouterBalancers,
    /// Whether the load balancers of a router serve anything.
    RouterHasVip,
    /// Whether the load balancers of a router serve the address outside of a translation rule.
    IsServed,
    /// Whether a router redirects by way of a bridge.
    IsBridged,
    /// Whether a switch has only ports that lead to routers.
    OnlyRouters,

    // Keys and addresses that are given once.
    /// Tunnel keys of all datapaths.
    DatapathKeys,
    /// The tunnel key of a datapath.
    DatapathKey,

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

    // Rows.
    /// `Datapath_Binding`.
    DatapathBindings,
    /// `Port_Binding.nat_addresses`.
    NatAddresses,
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
    each::<nb::Nat<'static>, switch::nat::SwitchNatFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::nat_stages::NatStageFlows>(Side::Nb),
    each::<nb::Nat<'static>, router::nat::NatFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::nat_stages::StatefulRouterFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::gateway_redirect::GatewayRedirectFlows>(Side::Nb),
    each::<nb::LogicalRouter<'static>, router::force_snat::ForceSnatFlows>(Side::Nb),
    each::<nb::LogicalRouterPort<'static>, router::force_snat::PortSnatFlows>(Side::Nb),
    each::<nb::LogicalSwitch<'static>, sync::datapath_binding::DatapathBindings>(Side::Nb),
    each::<nb::LogicalRouter<'static>, sync::datapath_binding::DatapathBindings>(Side::Nb),
    each::<nb::LogicalSwitchPort<'static>, sync::nat_addresses::NatAddresses>(Side::Nb),
];

// Outputs that there is one of appear with the first of them.
const _: fn() -> Output = once::<crate::model::config::Config>;
