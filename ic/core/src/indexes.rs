//! By what rows are found, besides references.

use ovn_incremental::Side;
use ovn_incremental::program::Indexes;
use ovn_schemas::rows::{
    ovn_ic_northbound as icnb, ovn_ic_southbound as icsb, ovn_northbound as nb, ovn_southbound as sb,
};
use ovsdb_data::typed::Table;
use ovsdb_data::{ColumnIdx, TableIdx};

/// All of them.
pub(crate) const INDEXES: Indexes = Indexes {
    texts: TEXTS,
    keys: KEYS,
    unreferenced: FLOWS,
};

const fn text<T: Table<'static>>(side: Side, column: ColumnIdx) -> (Side, TableIdx, ColumnIdx) {
    (side, T::TABLE_INDEX, column)
}

/// Columns of text.
const TEXTS: &[(Side, TableIdx, ColumnIdx)] = &[
    text::<nb::LogicalSwitchPort<'_>>(Side::Nb, nb::LogicalSwitchPort::NAME.index),
    text::<nb::LogicalRouterPort<'_>>(Side::Nb, nb::LogicalRouterPort::NAME.index),
    text::<nb::LogicalRouterPort<'_>>(Side::Nb, nb::LogicalRouterPort::NETWORKS.index),
    text::<nb::LogicalRouterStaticRoute<'_>>(Side::Nb, nb::LogicalRouterStaticRoute::IP_PREFIX.index),
    text::<sb::Chassis<'_>>(Side::Sb, sb::Chassis::NAME.index),
    text::<sb::Encap<'_>>(Side::Sb, sb::Encap::IP.index),
    text::<sb::PortBinding<'_>>(Side::Sb, sb::PortBinding::LOGICAL_PORT.index),
    text::<icnb::TransitSwitch<'_>>(Side::IcNb, icnb::TransitSwitch::NAME.index),
    text::<icsb::AvailabilityZone<'_>>(Side::IcSb, icsb::AvailabilityZone::NAME.index),
    text::<icsb::DatapathBinding<'_>>(Side::IcSb, icsb::DatapathBinding::TRANSIT_SWITCH.index),
    text::<icsb::Encap<'_>>(Side::IcSb, icsb::Encap::IP.index),
    text::<icsb::Encap<'_>>(Side::IcSb, icsb::Encap::TYPE.index),
    text::<icsb::Gateway<'_>>(Side::IcSb, icsb::Gateway::NAME.index),
    text::<icsb::PortBinding<'_>>(Side::IcSb, icsb::PortBinding::LOGICAL_PORT.index),
    text::<icsb::PortBinding<'_>>(Side::IcSb, icsb::PortBinding::TRANSIT_SWITCH.index),
];

/// Keys of map columns.
const KEYS: &[(Side, TableIdx, ColumnIdx, &str)] = &[
    (
        Side::Nb,
        nb::LogicalSwitch::TABLE_INDEX,
        nb::LogicalSwitch::OTHER_CONFIG.index,
        "interconn-ts",
    ),
    (
        Side::Nb,
        nb::LogicalSwitchPort::TABLE_INDEX,
        nb::LogicalSwitchPort::OPTIONS.index,
        "router-port",
    ),
];

/// What a zone has most of, and nothing here is made of.
const FLOWS: &[(Side, TableIdx)] = &[
    (Side::Sb, sb::LogicalFlow::TABLE_INDEX),
    (Side::Sb, sb::LogicalDpGroup::TABLE_INDEX),
];
