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

/// What was asked for last, and when that was seen, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    nb_cfg: i64,
    at: i64,
}

/// The operation that brings `NB_Global` up to date, if there is anything to say.
pub fn operation(databases: &Databases, asked: &mut Asked, now_ms: i64) -> Option<Value> {
    let nb: NbGlobal<'_> = databases.only()?;
    let sb: SbGlobal<'_> = databases.only()?;
    let nb_cfg = nb.nb_cfg();
    if nb_cfg != sb.nb_cfg() && nb_cfg != asked.nb_cfg {
        *asked = Asked { nb_cfg, at: now_ms };
    }
    let mut columns: Columns<NbGlobal<'static>> = Columns::new();
    if let Some(reached) = sb_cfg(nb.sb_cfg(), sb.nb_cfg()) {
        columns = columns
            .set(NbGlobal::SB_CFG, reached)
            .set(NbGlobal::SB_CFG_TIMESTAMP, now_ms);
        // It may have been asked for in another life.
        if reached == asked.nb_cfg {
            columns = columns.set(NbGlobal::NB_CFG_TIMESTAMP, asked.at);
        }
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
        let of = row
            .chassis()
            .and_then(|of| databases.row(Side::Sb, Chassis::TABLE_INDEX, of));
        if of.is_none() {
            let name = row.name();
            tracing::warn!(target: "ovn_northd", rl = true, "Chassis does not exist for Chassis_Private record, name: {name}");
        }
        let is_remote = of.is_some_and(|of| Chassis::of(of).other_config().get("is-remote") == Some("true"));
        (!is_remote).then(|| Progress {
            cfg: row.nb_cfg(),
            at: row.nb_cfg_timestamp(),
        })
    })
}

fn is(uuid: Uuid) -> Value {
    json!([["_uuid", "==", ["uuid", uuid.to_string()]]])
}

#[cfg(test)]
mod tests {
    use northd_core::northd::Translation;
    use ovn_schemas::Db;
    use ovsdb_data::RowChange;

    use super::*;

    /// Databases with these rows, and a chassis's private one that no row of `Chassis` belongs to.
    fn databases(nb: Columns<NbGlobal<'static>>, sb: Columns<SbGlobal<'static>>, done: i64) -> Databases {
        let private = Columns::new()
            .set(ChassisPrivate::NAME, "ch1")
            .set(ChassisPrivate::NB_CFG, done)
            .set(ChassisPrivate::NB_CFG_TIMESTAMP, 5);
        let mut databases = Databases::new::<Translation>();
        databases.change(Side::Nb, &[row(Db::OvnNorthbound, nb)], &mut |_| {});
        let rows = [row(Db::OvnSouthbound, sb), row(Db::OvnSouthbound, private)];
        databases.change(Side::Sb, &rows, &mut |_| {});
        databases
    }

    fn row<T: Table<'static>>(db: Db, columns: Columns<T>) -> RowChange {
        let schema = ovn_schemas::schema(db);
        let n_columns = schema.table(T::TABLE_INDEX).iter().count();
        RowChange {
            table: T::TABLE_INDEX,
            uuid: Uuid::from_u128(1),
            old: None,
            new: Some(columns.into_row(Uuid::from_u128(1), Uuid::nil(), n_columns)),
        }
    }

    #[test]
    fn what_is_asked_for_is_answered_with_its_time() {
        let mut asked = Asked::default();
        let mut check = |now: i64, [nb_cfg, sb_cfg, hv_cfg]: [i64; 3], sb: i64, done: i64, row: Value| {
            let nb = Columns::new()
                .set(NbGlobal::NB_CFG, nb_cfg)
                .set(NbGlobal::SB_CFG, sb_cfg)
                .set(NbGlobal::HV_CFG, hv_cfg);
            let databases = databases(nb, Columns::new().set(SbGlobal::NB_CFG, sb), done);
            let operation = operation(&databases, &mut asked, now);
            let written = operation.map_or(Value::Null, |operation| operation["row"].clone());
            assert_eq!(written, row, "at {now}");
        };
        // What a northd before this one was asked for has no time.
        check(10, [3, 2, 3], 3, 3, json!({"sb_cfg": 3, "sb_cfg_timestamp": 10}));
        check(20, [4, 3, 3], 3, 3, Value::Null);
        check(30, [4, 3, 3], 3, 3, Value::Null);
        check(
            40,
            [4, 3, 3],
            4,
            3,
            json!({"sb_cfg": 4, "sb_cfg_timestamp": 40, "nb_cfg_timestamp": 20}),
        );
        check(50, [4, 4, 3], 4, 4, json!({"hv_cfg": 4, "hv_cfg_timestamp": 5}));
        check(60, [4, 4, 4], 4, 4, Value::Null);
    }
}
