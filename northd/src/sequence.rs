//! Sequence numbers: `nb_cfg` asks, `sb_cfg` says that the southbound database has it, `hv_cfg` that every chassis has
//! it (ovn-nb(5) "NB_Global").
//!
//! In: what both databases say. Out: columns of `NB_Global` to be written. `sb_cfg` follows what a southbound
//! transaction that is acknowledged has brought, never what is still under way.

use northd_core::Side;
use northd_core::databases::Databases;
use northd_core::sync::nb_global::{Progress, hv_cfg, sb_cfg};
use ovn_schemas::rows::ovn_northbound::NbGlobal;
use ovn_schemas::rows::ovn_southbound::{Chassis, ChassisPrivate, SbGlobal};
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, Table};
use serde_json::{Value, json};

/// The operation that brings `NB_Global` up to date, if there is anything to say.
pub fn operation(databases: &Databases, now_ms: i64) -> Option<Value> {
    let nb: NbGlobal<'_> = databases.only()?;
    let sb: SbGlobal<'_> = databases.only()?;
    let mut columns: Columns<NbGlobal<'static>> = Columns::new();
    if let Some(reached) = sb_cfg(nb.sb_cfg(), sb.nb_cfg()) {
        columns = columns
            .set(NbGlobal::SB_CFG, reached)
            .set(NbGlobal::SB_CFG_TIMESTAMP, now_ms)
            .set(NbGlobal::NB_CFG_TIMESTAMP, now_ms);
    }
    let everywhere = hv_cfg(nb.nb_cfg(), chassis(databases));
    if nb.hv_cfg() != everywhere.cfg {
        columns = columns
            .set(NbGlobal::HV_CFG, everywhere.cfg)
            .set(NbGlobal::HV_CFG_TIMESTAMP, everywhere.at);
    }
    let row = columns.to_json();
    let is_empty = row.as_object().is_none_or(serde_json::Map::is_empty);
    (!is_empty)
        .then(|| json!({"op": "update", "table": NbGlobal::TABLE_NAME, "where": is(nb.uuid()), "row": row}))
}

/// What each chassis of this zone has done.
fn chassis(databases: &Databases) -> impl Iterator<Item = Progress> {
    let rows = databases.rows(Side::Sb, ChassisPrivate::TABLE_INDEX);
    rows.map(ChassisPrivate::of).filter_map(|row| {
        let of = databases.row(Side::Sb, Chassis::TABLE_INDEX, row.chassis()?)?;
        let is_remote = Chassis::of(of).other_config().get("is-remote") == Some("true");
        (!is_remote).then(|| Progress {
            cfg: row.nb_cfg(),
            at: row.nb_cfg_timestamp(),
        })
    })
}

fn is(uuid: Uuid) -> Value {
    json!([["_uuid", "==", ["uuid", uuid.to_string()]]])
}
