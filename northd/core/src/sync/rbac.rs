//! `RBAC_Role` and `RBAC_Permission`: what ovn-controller may write (ovn-sb(5) "RBAC_Role"). Nothing changes them.

use ovn_schemas::rows::ovn_southbound::{RbacPermission, RbacRole};
use ovsdb_data::typed::Columns;

use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The role of ovn-controller.
pub const ROLE: &str = "ovn-controller";

/// A table, the column that says whose a row is, whether rows may come and go, the columns that may be written.
type Permission = (&'static str, &'static str, bool, &'static [&'static str]);

const PERMISSIONS: [Permission; 10] = [
    (
        "Chassis",
        "name",
        true,
        &[
            "nb_cfg",
            "external_ids",
            "encaps",
            "vtep_logical_switches",
            "other_config",
            "transport_zones",
        ],
    ),
    (
        "Chassis_Private",
        "name",
        true,
        &["nb_cfg", "nb_cfg_timestamp", "chassis", "external_ids"],
    ),
    (
        "Controller_Event",
        "",
        true,
        &["chassis", "event_info", "event_type", "seq_num"],
    ),
    ("Encap", "chassis_name", true, &["type", "options", "ip"]),
    ("FDB", "", true, &["dp_key", "mac", "port_key", "timestamp"]),
    (
        "Port_Binding",
        "",
        false,
        &[
            "chassis",
            "additional_chassis",
            "encap",
            "additional_encap",
            "up",
            "virtual_parent",
            "options",
        ],
    ),
    (
        "MAC_Binding",
        "",
        true,
        &["logical_port", "ip", "mac", "datapath", "timestamp"],
    ),
    ("Service_Monitor", "chassis_name", false, &["status"]),
    (
        "IGMP_Group",
        "chassis_name",
        true,
        &["address", "protocol", "chassis", "datapath", "ports"],
    ),
    ("BFD", "chassis_name", false, &["status"]),
];

/// The rows.
pub enum RbacRows {}

impl Derivation for RbacRows {
    type Key = ();
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::RbacRows;

    fn derive(_: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let id = |table: &str| named("RBAC_Permission", table);
        let row = |(table, authorization, may_insert, update): &Permission| {
            let columns = Columns::new()
                .set(RbacPermission::TABLE, *table)
                .set(RbacPermission::AUTHORIZATION, [*authorization])
                .set(RbacPermission::INSERT_DELETE, *may_insert)
                .set(RbacPermission::UPDATE, update.iter().copied());
            Desired::row(id(table), columns)
        };
        let role = Columns::new().set(RbacRole::NAME, ROLE).set(
            RbacRole::PERMISSIONS,
            PERMISSIONS.map(|(table, ..)| (table, id(table))),
        );
        let mut rows: Vec<Desired> = PERMISSIONS.iter().map(row).collect();
        rows.push(Desired::row(named("RBAC_Role", ROLE), role));
        rows
    }
}
