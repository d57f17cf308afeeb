//! By what rows are found, besides references; and what changes without touching who reads the rest of a row.

use ovn_incremental::Side;
use ovn_incremental::program::Indexes;
use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound as sb;
use ovsdb_data::typed::Table;
use ovsdb_data::{ColumnIdx, TableIdx};

/// All of them.
pub(crate) const INDEXES: Indexes = Indexes {
    texts: TEXTS,
    keys: KEYS,
    unreferenced: FLOWS,
};

/// Sequence numbers and their times (ovn-nb(5) "NB_Global").
pub(crate) const COUNTERS: &[(Side, TableIdx, ColumnIdx)] = &[
    nb_global(nb::NbGlobal::NB_CFG.index),
    nb_global(nb::NbGlobal::NB_CFG_TIMESTAMP.index),
    nb_global(nb::NbGlobal::SB_CFG.index),
    nb_global(nb::NbGlobal::SB_CFG_TIMESTAMP.index),
    nb_global(nb::NbGlobal::HV_CFG.index),
    nb_global(nb::NbGlobal::HV_CFG_TIMESTAMP.index),
    (Side::Sb, sb::SbGlobal::TABLE_INDEX, sb::SbGlobal::NB_CFG.index),
];

const fn nb_global(column: ColumnIdx) -> (Side, TableIdx, ColumnIdx) {
    (Side::Nb, nb::NbGlobal::TABLE_INDEX, column)
}

/// Columns of text by which rows are found, besides references.
const TEXTS: &[(Side, TableIdx, ColumnIdx)] = &[
    (
        Side::Nb,
        nb::LogicalSwitch::TABLE_INDEX,
        nb::LogicalSwitch::NAME.index,
    ),
    (
        Side::Nb,
        nb::LogicalSwitchPort::TABLE_INDEX,
        nb::LogicalSwitchPort::NAME.index,
    ),
    (
        Side::Nb,
        nb::LogicalSwitchPort::TABLE_INDEX,
        nb::LogicalSwitchPort::PARENT_NAME.index,
    ),
    (
        Side::Nb,
        nb::LogicalRouterPort::TABLE_INDEX,
        nb::LogicalRouterPort::NAME.index,
    ),
    (
        Side::Nb,
        nb::LogicalRouterPort::TABLE_INDEX,
        nb::LogicalRouterPort::PEER.index,
    ),
    (Side::Nb, nb::Meter::TABLE_INDEX, nb::Meter::NAME.index),
    (
        Side::Nb,
        nb::HaChassisGroup::TABLE_INDEX,
        nb::HaChassisGroup::NAME.index,
    ),
    (Side::Nb, nb::Bfd::TABLE_INDEX, nb::Bfd::LOGICAL_PORT.index),
    (
        Side::Sb,
        sb::PortBinding::TABLE_INDEX,
        sb::PortBinding::LOGICAL_PORT.index,
    ),
    (Side::Sb, sb::Bfd::TABLE_INDEX, sb::Bfd::LOGICAL_PORT.index),
    (Side::Sb, sb::MacBinding::TABLE_INDEX, sb::MacBinding::IP.index),
    (
        Side::Sb,
        sb::ServiceMonitor::TABLE_INDEX,
        sb::ServiceMonitor::LOGICAL_PORT.index,
    ),
    (Side::Sb, sb::Chassis::TABLE_INDEX, sb::Chassis::NAME.index),
    (Side::Sb, sb::Chassis::TABLE_INDEX, sb::Chassis::HOSTNAME.index),
];

/// Tables by whose references nobody finds rows, and that have most of all rows.
const FLOWS: &[(Side, TableIdx)] = &[
    (Side::Sb, sb::LogicalFlow::TABLE_INDEX),
    (Side::Sb, sb::LogicalDpGroup::TABLE_INDEX),
];

/// Keys of map columns by whose value rows are found.
const KEYS: &[(Side, TableIdx, ColumnIdx, &str)] = &[
    (
        Side::Nb,
        nb::LogicalSwitchPort::TABLE_INDEX,
        nb::LogicalSwitchPort::OPTIONS.index,
        "router-port",
    ),
    (
        Side::Nb,
        nb::Acl::TABLE_INDEX,
        nb::Acl::OPTIONS.index,
        "persist-established",
    ),
    (
        Side::Sb,
        sb::DatapathBinding::TABLE_INDEX,
        sb::DatapathBinding::EXTERNAL_IDS.index,
        "logical-router",
    ),
];
