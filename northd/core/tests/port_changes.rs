//! What a change of a port makes again, and what it leaves alone.

use northd_core::nodes::Node;
use northd_core::{Northd, Side};
use ovn_schemas::Db;
use ovn_schemas::rows::ovn_northbound::{LogicalSwitch, LogicalSwitchPort};
use ovn_schemas::rows::ovn_southbound::{Chassis, DatapathBinding, PortBinding};
use ovsdb_data::typed::{Columns, Table};
use ovsdb_data::{RowChange, Uuid};

const SWITCH: u128 = 1;
const CHASSIS: u128 = 2;
const DATAPATH: u128 = 3;

fn row<T: Table<'static>>(db: Db, n: u128, columns: Columns<T>) -> RowChange {
    let schema = ovn_schemas::schema(db);
    let uuid = Uuid::from_u128(n);
    let row = columns.into_row(uuid, uuid, schema.table(T::TABLE_INDEX).iter().count());
    RowChange {
        table: T::TABLE_INDEX,
        uuid,
        old: None,
        new: Some(row),
    }
}

/// Uuids as they are in life: the first bits differ.
fn port_id(n: u128) -> u128 {
    (n % 64) << 122 | (1000 + n)
}

fn switch(n_ports: u128) -> RowChange {
    let columns = Columns::new().set(LogicalSwitch::NAME, "sw0").set(
        LogicalSwitch::PORTS,
        (0..n_ports).map(|n| Uuid::from_u128(port_id(n))),
    );
    row(Db::OvnNorthbound, SWITCH, columns)
}

fn port(n: u128) -> RowChange {
    let columns = Columns::new().set(LogicalSwitchPort::NAME, format!("p{n}")).set(
        LogicalSwitchPort::ADDRESSES,
        [format!("00:00:00:00:00:{n:02x} 10.0.0.{n}")],
    );
    row(Db::OvnNorthbound, port_id(n), columns)
}

fn binding(n: u128, chassis: Option<u128>) -> RowChange {
    let columns = Columns::new()
        .set(PortBinding::LOGICAL_PORT, format!("p{n}"))
        .set(PortBinding::TUNNEL_KEY, n as i64 + 1)
        .set(PortBinding::DATAPATH, Uuid::from_u128(DATAPATH))
        .set(PortBinding::CHASSIS, chassis.map(Uuid::from_u128));
    row(Db::OvnSouthbound, 2000 + n, columns)
}

#[test]
fn little_is_made_again() {
    let mut northd = Northd::new();
    let chassis = Columns::new().set(Chassis::NAME, "ch1");
    let of = [("logical-switch", Uuid::from_u128(SWITCH).to_string())];
    let datapath = Columns::new().set(DatapathBinding::EXTERNAL_IDS, of);
    let mut bindings = vec![
        row(Db::OvnSouthbound, CHASSIS, chassis),
        row(Db::OvnSouthbound, DATAPATH, datapath),
    ];
    bindings.extend((0..20).map(|n| binding(n, None)));
    northd.change(Side::Sb, &bindings);
    let ports = (0..20).map(port);
    northd.change(Side::Nb, &ports.chain([switch(20)]).collect::<Vec<_>>());
    northd.settle();
    let mut check = |what: &str, side: Side, changes: &[RowChange], expected: [u64; 4]| {
        let nodes = [
            Node::SwitchPortBindings,
            Node::PortKeyClaim,
            Node::NbSwitchPortRow,
            Node::PortKeys,
        ];
        let made_of = |northd: &Northd| nodes.map(|node| northd.count(node).made);
        let before = made_of(&northd);
        northd.change(side, changes);
        northd.settle();
        let after = made_of(&northd);
        assert_eq!([0, 1, 2, 3].map(|i| after[i] - before[i]), expected, "{what}");
    };
    let changed = |before: RowChange, after: RowChange| RowChange {
        old: before.new,
        ..after
    };
    check(
        "a port is claimed",
        Side::Sb,
        &[changed(binding(3, None), binding(3, Some(CHASSIS)))],
        [1, 1, 1, 0],
    );
    check(
        "a port more",
        Side::Nb,
        &[port(20), changed(switch(20), switch(21))],
        [1, 1, 1, 1],
    );
    check("its row follows", Side::Sb, &[binding(20, None)], [1, 1, 1, 0]);
}

#[test]
fn what_goes_and_comes_back_at_once_is_there() {
    let mut northd = Northd::new();
    northd.change(Side::Nb, &[port(1), port(0), switch(2)]);
    northd.settle();
    let before = northd.all();
    let gone = RowChange {
        old: switch(2).new,
        new: None,
        ..switch(2)
    };
    northd.change(Side::Nb, &[gone]);
    northd.change(Side::Nb, &[switch(2)]);
    northd.settle();
    assert_eq!(northd.all(), before);
}
