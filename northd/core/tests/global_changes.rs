//! What a change of `NB_Global` makes again, and what it leaves alone.

use northd_core::nodes::Node;
use northd_core::{Northd, Side};
use ovn_schemas::Db;
use ovn_schemas::rows::ovn_northbound::NbGlobal;
use ovsdb_data::typed::{Columns, Table};
use ovsdb_data::{Row, RowChange, Uuid};

fn global(version: u128, nb_cfg: i64, sb_cfg: i64, ipsec: bool) -> Row {
    let columns = Columns::new()
        .set(NbGlobal::NB_CFG, nb_cfg)
        .set(NbGlobal::SB_CFG, sb_cfg)
        .set(NbGlobal::IPSEC, ipsec);
    let schema = ovn_schemas::schema(Db::OvnNorthbound);
    let n_columns = schema.table(NbGlobal::TABLE_INDEX).iter().count();
    columns.into_row(Uuid::from_u128(1), Uuid::from_u128(version), n_columns)
}

#[test]
fn who_counts_disturbs_nobody() {
    let mut northd = Northd::new();
    let mut now = None;
    let mut check = |what: &str, new: Option<Row>, made: [u64; 2]| {
        let made_of = |northd: &Northd| [Node::Config, Node::SbGlobalRow].map(|node| northd.count(node).made);
        let before = made_of(&northd);
        let change = RowChange {
            table: NbGlobal::TABLE_INDEX,
            uuid: Uuid::from_u128(1),
            old: std::mem::replace(&mut now, new.clone()),
            new,
        };
        northd.change(Side::Nb, &[change]);
        northd.settle();
        let after = made_of(&northd);
        assert_eq!([0, 1].map(|i| after[i] - before[i]), made, "{what}");
        assert_eq!(northd.all(), northd.again().all(), "{what}");
    };
    check("it comes", Some(global(1, 0, 0, false)), [1, 1]);
    check("somebody asks", Some(global(2, 1, 0, false)), [0, 1]);
    check("it is answered", Some(global(3, 1, 1, false)), [0, 1]);
    check("nothing differs", Some(global(4, 1, 1, false)), [0, 1]);
    check("an option", Some(global(5, 1, 1, true)), [1, 1]);
    check("both", Some(global(6, 2, 1, false)), [1, 1]);
    check("it goes", None, [1, 1]);
}
