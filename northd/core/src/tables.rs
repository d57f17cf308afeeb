//! The tables whose rows are ours.

use ovn_incremental::reconcile::Part::{self, At, Column};

/// The southbound tables whose rows are ours, referenced ones first, and what tells their rows apart. Where nothing
/// does, rows are found by uuid alone.
pub(crate) const TABLES: &[(&str, &[Part])] = &[
    ("SB_Global", &[At("options", "the only row")]),
    (
        "Datapath_Binding",
        &[
            At("external_ids", "logical-switch"),
            At("external_ids", "logical-router"),
        ],
    ),
    (
        "Meter_Band",
        &[Column("action"), Column("rate"), Column("burst_size")],
    ),
    ("Meter", &[Column("name")]),
    ("Mirror", &[]),
    (
        "HA_Chassis",
        &[
            At("external_ids", "chassis-name"),
            Column("priority"),
            Column("chassis"),
        ],
    ),
    ("HA_Chassis_Group", &[Column("name")]),
    ("Port_Binding", &[Column("logical_port")]),
    ("Logical_DP_Group", &[Column("datapaths")]),
    (
        "Logical_Flow",
        &[
            Column("pipeline"),
            Column("table_id"),
            Column("priority"),
            Column("match"),
            Column("actions"),
            Column("controller_meter"),
        ],
    ),
    ("Multicast_Group", &[Column("datapath"), Column("name")]),
    ("IP_Multicast", &[Column("datapath")]),
    ("Address_Set", &[Column("name")]),
    ("Port_Group", &[Column("name")]),
    ("Load_Balancer", &[]),
    (
        "Service_Monitor",
        &[
            Column("logical_port"),
            Column("ip"),
            Column("port"),
            Column("protocol"),
        ],
    ),
    ("Static_MAC_Binding", &[]),
    ("BFD", &[Column("logical_port"), Column("dst_ip")]),
    ("DNS", &[]),
    ("DHCP_Options", &[Column("name")]),
    ("DHCPv6_Options", &[Column("name")]),
    ("Chassis_Template_Var", &[]),
    (
        "RBAC_Permission",
        &[
            Column("table"),
            Column("authorization"),
            Column("insert_delete"),
            Column("update"),
        ],
    ),
    ("RBAC_Role", &[Column("name")]),
    (
        "Advertised_Route",
        &[
            Column("datapath"),
            Column("logical_port"),
            Column("ip_prefix"),
            Column("tracked_port"),
        ],
    ),
    ("ECMP_Nexthop", &[Column("nexthop"), Column("port")]),
    ("ACL_ID", &[]),
];
