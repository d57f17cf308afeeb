//! The tables in which rows are ours, referenced ones first, and what tells their rows apart.

use ovn_incremental::Side;
use ovn_incremental::reconcile::Part::{self, At, Column, Within};

type Tables = &'static [(&'static str, &'static [Part])];

/// Those of a database.
pub(crate) fn tables(side: Side) -> Tables {
    match side {
        Side::Nb => NB,
        Side::Sb => SB,
        Side::IcNb => IC_NB,
        Side::IcSb => IC_SB,
    }
}

const NB: Tables = &[
    ("Logical_Switch", &[At("other_config", "interconn-ts")]),
    ("Logical_Switch_Port", &[Column("name")]),
    (
        "Logical_Router_Static_Route",
        &[
            Within("Logical_Router", "static_routes"),
            Column("route_table"),
            Column("ip_prefix"),
            Column("nexthop"),
            At("options", "origin"),
        ],
    ),
];

const SB: Tables = &[
    ("Encap", &[Column("chassis_name"), Column("type"), Column("ip")]),
    ("Chassis", &[Column("name")]),
];

const IC_NB: Tables = &[("IC_NB_Global", &[])];

const IC_SB: Tables = &[
    ("IC_SB_Global", &[]),
    ("Availability_Zone", &[Column("name")]),
    ("Encap", &[Column("gateway_name"), Column("type"), Column("ip")]),
    ("Gateway", &[Column("name")]),
    ("Datapath_Binding", &[Column("transit_switch")]),
    ("Port_Binding", &[Column("logical_port")]),
    (
        "Route",
        &[
            Column("transit_switch"),
            Column("route_table"),
            Column("ip_prefix"),
            Column("nexthop"),
        ],
    ),
];
