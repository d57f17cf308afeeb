//! Sequence numbers: `nb_cfg` asks, `sb_cfg` says that the southbound database has it, `hv_cfg` that every chassis has
//! it (ovn-nb(5) "NB_Global").
//!
//! In: what both databases say. Out: columns of `NB_Global` to be written. `sb_cfg` follows what a southbound
//! transaction that is acknowledged has brought, never what is still under way.

use northd_core::Side;
use northd_core::databases::Databases;
use ovn_schemas::rows::ovn_northbound::NbGlobal;
use ovn_schemas::rows::ovn_southbound::{Chassis, ChassisPrivate, SbGlobal};
use ovsdb_data::typed::{Columns, Table};
use ovsdb_data::{Row, Uuid};
use serde_json::{Value, json};

/// The operation that brings `NB_Global` up to date, if there is anything to say.
pub fn operation(databases: &Databases, now_ms: i64) -> Option<Value> {
    let nb = first(databases, Side::Nb, NbGlobal::TABLE_INDEX).map(NbGlobal::of)?;
    let sb = first(databases, Side::Sb, SbGlobal::TABLE_INDEX).map(SbGlobal::of)?;
    let mut columns: Columns<NbGlobal<'static>> = Columns::new();
    let reached = sb.nb_cfg();
    if reached != 0 && nb.sb_cfg() != reached {
        columns = columns
            .set(NbGlobal::SB_CFG, reached)
            .set(NbGlobal::SB_CFG_TIMESTAMP, now_ms);
        columns = columns.set(NbGlobal::NB_CFG_TIMESTAMP, now_ms);
    }
    let (everywhere, at) = chassis(databases, nb.nb_cfg());
    if nb.hv_cfg() != everywhere {
        columns = columns
            .set(NbGlobal::HV_CFG, everywhere)
            .set(NbGlobal::HV_CFG_TIMESTAMP, at);
    }
    let row = columns.to_json();
    let is_empty = row.as_object().is_none_or(serde_json::Map::is_empty);
    (!is_empty)
        .then(|| json!({"op": "update", "table": NbGlobal::TABLE_NAME, "where": is(nb.uuid()), "row": row}))
}

/// The least number that a chassis of this zone has reached, and when the last of those with it did; what is asked for
/// where there is no chassis.
fn chassis(databases: &Databases, asked: i64) -> (i64, i64) {
    let (mut least, mut at) = (asked, 0);
    for row in databases.rows(Side::Sb, ChassisPrivate::TABLE_INDEX) {
        let row = ChassisPrivate::of(row);
        let of = row
            .chassis()
            .and_then(|chassis| databases.row(Side::Sb, Chassis::TABLE_INDEX, chassis));
        let is_remote = |row| Chassis::of(row).other_config().get("is-remote") == Some("true");
        if of.is_none_or(is_remote) {
            continue;
        }
        // Numbers wrap around at 32 bits.
        let ahead = (row.nb_cfg() as i32).wrapping_sub(least as i32);
        if ahead < 0 {
            (least, at) = (row.nb_cfg(), row.nb_cfg_timestamp());
        } else if ahead == 0 {
            at = at.max(row.nb_cfg_timestamp());
        }
    }
    (least, at)
}

fn first(databases: &Databases, side: Side, table: ovsdb_data::TableIdx) -> Option<&Row> {
    databases.rows(side, table).next()
}

fn is(uuid: Uuid) -> Value {
    json!([["_uuid", "==", ["uuid", uuid.to_string()]]])
}
