//! What a change of an ACL or of a port group makes again, and what it leaves alone.

use northd_core::nodes::Node;
use northd_core::{Northd, Side};
use ovn_schemas::rows::ovn_northbound::{Acl, LogicalSwitch, LogicalSwitchPort, PortGroup};
use ovsdb_data::typed::{Columns, Table};
use ovsdb_data::{Row, RowChange, Uuid};

fn row<T: Table<'static>>(n: u128, columns: Columns<T>) -> (Uuid, RowChange) {
    let schema = ovn_schemas::schema(ovn_schemas::Db::OvnNorthbound);
    let uuid = Uuid::from_u128(n);
    let row: Row = columns.into_row(uuid, uuid, schema.table(T::TABLE_INDEX).iter().count());
    let change = RowChange {
        table: T::TABLE_INDEX,
        uuid,
        old: None,
        new: Some(row),
    };
    (uuid, change)
}

/// Three switches with two ports each.
fn network() -> Vec<RowChange> {
    let mut changes = Vec::new();
    for switch in [1, 2, 3] {
        let ports = [switch * 10, switch * 10 + 1].map(|port| {
            let columns = Columns::new().set(LogicalSwitchPort::NAME, format!("p{port}"));
            let addresses = [format!("00:00:00:00:00:{port} 10.0.0.{port}")];
            row(port, columns.set(LogicalSwitchPort::ADDRESSES, addresses))
        });
        let columns = Columns::new().set(LogicalSwitch::NAME, format!("sw{switch}"));
        let uuids = ports.iter().map(|(uuid, _)| *uuid);
        changes.push(row(switch, columns.set(LogicalSwitch::PORTS, uuids)).1);
        changes.extend(ports.map(|(_, change)| change));
    }
    changes
}

fn group(n: u128, ports: &[u128]) -> RowChange {
    let columns = Columns::new()
        .set(PortGroup::NAME, format!("pg{n}"))
        .set(PortGroup::PORTS, ports.iter().copied().map(Uuid::from_u128))
        .set(PortGroup::ACLS, [n + 1, n + 2].map(Uuid::from_u128));
    row(n, columns).1
}

fn acl(n: u128, r#match: &str) -> RowChange {
    let columns = Columns::new()
        .set(Acl::ACTION, "allow-related")
        .set(Acl::DIRECTION, "to-lport")
        .set(Acl::MATCH, r#match);
    row(n, columns).1
}

#[test]
fn little_is_made_again() {
    let mut northd = Northd::new();
    let mut changes = network();
    changes.extend([group(100, &[10, 20]), group(200, &[11, 20, 21])]);
    changes.extend([101, 102, 201, 202].map(|n| acl(n, "ip4")));
    northd.change(Side::Nb, &changes);
    northd.settle();
    let mut check = |what: &str, before: RowChange, after: RowChange, made: [u64; 4]| {
        let nodes = [
            Node::AclFlows,
            Node::SwitchAclFlows,
            Node::PortGroups,
            Node::GroupAddressSets,
        ];
        let made_of = |northd: &Northd| nodes.map(|node| northd.count(node).made);
        let counted = made_of(&northd);
        let change = RowChange {
            old: before.new,
            ..after
        };
        northd.change(Side::Nb, &[change]);
        northd.settle();
        let now = made_of(&northd);
        assert_eq!([0, 1, 2, 3].map(|i| now[i] - counted[i]), made, "{what}");
    };
    check("an ACL's match", acl(101, "ip4"), acl(101, "ip6"), [1, 0, 0, 0]);
    check(
        "a port on a switch that the group is on",
        group(100, &[10, 20]),
        group(100, &[10, 11, 20]),
        [0, 0, 1, 1],
    );
    check(
        "a port on another switch, which has no ACLs yet",
        group(100, &[10, 11, 20]),
        group(100, &[10, 11, 20, 30]),
        [2, 1, 1, 1],
    );
    check(
        "a port on a switch that has others' ACLs",
        group(200, &[11, 20, 21]),
        group(200, &[11, 20, 21, 31]),
        [2, 0, 1, 1],
    );
}

/// Uuids as they are in life: the first bits differ.
fn spread(n: u128) -> u128 {
    (n % 64) << 122 | (1000 + n)
}

fn switch(n_acls: u128) -> RowChange {
    let columns = Columns::new().set(LogicalSwitch::NAME, "sw").set(
        LogicalSwitch::ACLS,
        (0..n_acls).map(|n| Uuid::from_u128(spread(n))),
    );
    row(1, columns).1
}

#[test]
fn of_many_few_are_summed_up_again() {
    const MANY: u128 = 500;
    let mut northd = Northd::new();
    let acls = (0..MANY).map(|n| acl(spread(n), "ip4"));
    northd.change(Side::Nb, &acls.chain([switch(MANY)]).collect::<Vec<_>>());
    northd.settle();
    let mut check = |what: &str, changes: &[RowChange], made: [u64; 4]| {
        let nodes = [
            Node::BucketAcls,
            Node::HolderAcls,
            Node::SwitchAcls,
            Node::AclFlows,
        ];
        let made_of = |northd: &Northd| nodes.map(|node| northd.count(node).made);
        let counted = made_of(&northd);
        northd.change(Side::Nb, changes);
        northd.settle();
        let now = made_of(&northd);
        assert_eq!([0, 1, 2, 3].map(|i| now[i] - counted[i]), made, "{what}");
        assert_eq!(northd.all(), northd.again().all(), "{what}");
    };
    let instead = |before: RowChange, after: RowChange| RowChange {
        old: before.new,
        ..after
    };
    let last = |r#match: &str| acl(spread(MANY), r#match);
    check(
        "one more",
        &[last("ip4"), instead(switch(MANY), switch(MANY + 1))],
        [1, 0, 1, 1],
    );
    check("its match", &[instead(last("ip4"), last("ip6"))], [1, 0, 0, 1]);
    let gone = RowChange {
        old: last("ip6").new,
        new: None,
        ..last("ip6")
    };
    check(
        "it goes",
        &[gone, instead(switch(MANY + 1), switch(MANY))],
        [1, 0, 1, 0],
    );
}
